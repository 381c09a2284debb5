"""Rules about an engine's form: what it says of itself, its state, its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from devnet.engine.interfaces import EngineInfo, Finality, Param
from devnet.plugins.engine_suite.bench import PASSED, EngineBench
from devnet.plugins.lab.outside import forbidden_imports

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PARAM = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SHARE = re.compile(r"floor\((\d*)n/(\d+)\)")


def e1_info(bench: EngineBench) -> str:
    """Its info is complete, and each default lies within its bounds."""
    info = bench.info
    if not isinstance(info, EngineInfo):
        return f"info is a {type(info).__name__}, not an EngineInfo"
    if not _NAME.fullmatch(info.name):
        return f"{info.name!r} is no name: small letters, digits and -, at most 32"
    if info.finality not in get_args(Finality):
        return f"finality {info.finality!r} is none of {', '.join(get_args(Finality))}"
    if not info.summary or "\n" in info.summary or len(info.summary) > 76:
        return f"the summary {info.summary!r:.40} is not one line of up to 76 signs"
    if not 1 <= info.least_validators <= 64:
        return f"least_validators is {info.least_validators}"
    for part in ("acting", "coming") if info.elects else ():
        if not callable(getattr(bench.make(), part, None)):
            return f"it elects, but has no part called {part}"
    for param in info.params:
        if trouble := _wrong(param):
            return f"parameter {param.name!r}: {trouble}"
    names = [param.name for param in info.params]
    if len(set(names)) < len(names):
        return f"two parameters have one name: {', '.join(names)}"
    defaults = {param.name: param.default for param in info.params}
    if closing_count(info.closing_blocks, bench.n_seats, defaults) is None:
        return (
            f"closing_blocks {info.closing_blocks!r} is no number, no parameter, and "
            "no share of n such as floor(n/2)"
        )
    return PASSED


def _wrong(param: Param) -> str:
    if not _PARAM.fullmatch(param.name):
        return "its name is not made of small letters, digits and _"
    if not param.meaning.strip():
        return "nothing says what it means"
    numbers = (param.low, param.default, param.high)
    if any(type(number) is not int for number in numbers):
        return f"{numbers} are not whole numbers"
    if not param.low <= param.default <= param.high:
        return f"default {param.default} is not in {param.low} to {param.high}"
    return ""


def closing_count(text: str, n: int, params: Mapping[str, int]) -> int | None:
    """What `closing_blocks` comes to with n validators; None when it says nothing."""
    if text.isdigit():
        return int(text)
    if text in params:
        return params[text]
    share = _SHARE.fullmatch(text.replace(" ", ""))
    if share is None or not int(share[2]):
        return None
    return int(share[1] or 1) * n // int(share[2])


def e2_frozen(bench: EngineBench) -> str:
    """Its state is frozen: a step gives a new one and leaves all others alone."""
    return bench.calm.watched.broken.get("E2", PASSED)


def e3_pure(bench: EngineBench) -> str:
    """The same inputs give the same answers, always and to everybody."""
    return bench.calm.watched.broken.get("E3", PASSED)


def e4_alone(bench: EngineBench) -> str:
    """It uses no clock, chance, thread, socket or file, and imports none of them."""
    if bench.calm.outside:
        return f"it called {bench.calm.outside[0]}"
    return forbidden_imports(type(bench.calm.watched.engine))


def e15_describe(bench: EngineBench) -> str:
    """`describe` gives one line of at most 60 cells."""
    return bench.calm.watched.broken.get("E15", PASSED)


def e17_effects(bench: EngineBench) -> str:
    """Effects are of the known kinds, timers first, and none lies in the past."""
    return bench.calm.watched.broken.get("E17", PASSED)
