"""
Stories recorded from a real node, told again to ours and compared.

A story says itself which values are random, which order does not matter and which
values must be remembered (`random`, `unordered`, `bind`). Of refusals the code and the
words for it are compared, of those without a code of their own also the root of the
explanation; see the protocol page "http-api", section 4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devnet.api.app import App, Request

_PART = re.compile(r"\.?([^.\[\]]+)|\[([0-9]+)\]")
_RANDOM = object()
Json = Any


@dataclass(frozen=True, slots=True)
class Told:
    """How a step went. `differences` is empty when it went as recorded."""

    number: int
    endpoint: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Did it go as recorded?"""
        return not self.differences


class Teller:
    """
    Tells a story, step by step, in its order.

    Args:
        wait: lets so many seconds pass.
    """

    def __init__(self, app: App, wait: Callable[[float], None]) -> None:
        self._app, self._wait = app, wait
        self._learnt: dict[str, str] = {}

    async def tell(self, step: Mapping[str, Json]) -> Told:
        """One step of `steps`."""
        action = step.get("action")
        if action == "wait":
            self._wait(float(step.get("seconds", 5)))
            return Told(step["n"], "wait", ())
        if action == "extend-chain":
            return await self._extend(step)
        body = step.get("request_raw")
        if body is None:
            request = step.get("request")
            body = "" if request is None else self._translated(json.dumps(request))
        reply = await self._app.answer(Request(step["endpoint"], body.encode()))
        got = json.loads(reply.body) if reply.body else None
        return Told(step["n"], step["endpoint"], self._judged(step, reply.status, got))

    async def _extend(self, step: Mapping[str, Json]) -> Told:
        wrong = []
        for raw in step["blocks"]:
            body = json.dumps({"raw_block": raw}).encode()
            reply = await self._app.answer(Request("/submit-block", body))
            if json.loads(reply.body).get("status") != "success":
                wrong.append(reply.body.decode()[:300])
        return Told(step["n"], "extend-chain", tuple(wrong[:1]))

    def _translated(self, text: str) -> str:
        for recorded, ours in self._learnt.items():
            text = text.replace(recorded, ours)
        return text

    def _judged(
        self, step: Mapping[str, Json], status: int, got: Json
    ) -> tuple[str, ...]:
        if not step["http_status"]:
            # The node fell silent; ours says what it misses.
            wanted = {"code": "BTM002", "status": "fail"}
            same = status == 400 and wanted.items() <= got.items()
            return () if same else (f"HTTP {status}: {str(got)[:200]}",)
        recorded = step["response"]
        for path in step.get("bind", ()):
            self._learn(_at(recorded, path), _at(got, path))
        wanted = json.loads(self._translated(json.dumps(recorded)))
        for path in step.get("random", ()):
            _blank(wanted, path)
            _blank(got, path)
        if step.get("unordered"):
            for side in (wanted, got):
                side.get("data", {}).get("tx_ids", []).sort()
        found = [] if status == step["http_status"] else [f"HTTP {status}"]
        return (*found, *differences(_plain(wanted), _plain(got)))

    def _learn(self, recorded: Json, ours: Json) -> None:
        if isinstance(recorded, str) and isinstance(ours, str):
            self._learnt[recorded] = ours
            # A token is told whole and used in parts.
            for old, new in zip(recorded.split(":"), ours.split(":"), strict=False):
                if len(old) > 12:
                    self._learnt[old] = new


def differences(wanted: Json, got: Json, place: str = "") -> Iterator[str]:
    """Where two answers differ, in words."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in {**wanted, **got}:
            if name not in got:
                yield f"{place}.{name} is missing"
            elif name not in wanted:
                yield f"{place}.{name} should not be there"
            else:
                yield from differences(wanted[name], got[name], f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            yield f"{place} has {len(got)} items, not {len(wanted)}"
        for at, (one, two) in enumerate(zip(wanted, got, strict=False)):
            yield from differences(one, two, f"{place}[{at}]")
    elif type(wanted) is not type(got) or wanted != got:
        yield f"{place}: {str(got)[:160]!r}, not {str(wanted)[:160]!r}"


def _plain(answer: Json) -> Json:
    """An answer without what nobody need imitate."""
    if not isinstance(answer, dict) or answer.get("status") != "fail":
        return answer
    kept = dict(answer)
    for name in ("detail", "error_detail"):
        if name in kept:
            root = str(kept[name]).rpartition(": ")[2]
            kept[name] = root if kept.get("code") == "BTM000" else ""
    return kept


def _parts(path: str) -> list[str | int]:
    return [
        int(index) if index else name for name, index in _PART.findall(path)
    ]  # fmt: skip


def _at(value: Json, path: str) -> Json:
    for part in _parts(path):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _blank(value: Json, path: str) -> None:
    """Put a mark where a random value stands, if one does."""
    *above, last = _parts(path)
    for part in above:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    try:
        value[last] = "random" if value[last] is not None else None
    except (KeyError, IndexError, TypeError):
        return
