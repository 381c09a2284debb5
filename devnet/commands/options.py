"""
What a world is made from, as people write it: options, `start`, a configuration file.

A frozen value with plain contents, so that a recording can carry it in its header. The
engine's own configuration is built from it in `launch.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from devnet.commands.errors import BadArgument, BadConfig, did_you_mean
from devnet.commands.values import parse_speed

PROFILES = ("fast", "solonet")
BLOCK_S = {"fast": 1, "solonet": 150}
"""Virtual seconds from one mainchain block to the next while something waits."""
MOST_SIDECHAINS = 32
NAME_HINT = "small letters, digits and -, at most 16, and neither main nor fed"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")


@dataclass(frozen=True, slots=True)
class SideOptions:
    """One sidechain to run. Empty strings and zero mean the default."""

    name: str
    engine: str
    store: str = "memory"
    validators: int = 4
    params: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """
    What `start` needs to know. None means: as the profile has it.

    Args:
        seed: where all chance comes from.
        profile: "fast" or "solonet".
        sidechains: which to run; None for the default three.
        depth: mainchain blocks that bury a lock before it can be claimed.
        relay_fee_ppm: what the collector keeps, in millionths.
        collectors: how many collect from the beginning.
        unbond_blocks: for so many sidechain blocks votes and bonds stay locked.
        federation_blocks: after so many sidechain blocks votes elect the federation.
        empty: begin at the genesis block alone, and mine only when asked.
        given: names of what somebody asked for; the rest is by default.
    """

    seed: int = 42
    profile: str = "fast"
    sidechains: tuple[SideOptions, ...] | None = None
    depth: int | None = None
    relay_fee_ppm: int = 0
    collectors: int = 2
    unbond_blocks: int = 400
    federation_blocks: int = 200
    empty: bool = False
    given: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def with_changes(self, **changes: Any) -> WorldOptions:
        """The options with what is not None replaced. Raises BadArgument."""
        given = {name: value for name, value in changes.items() if value is not None}
        return check(replace(self, **given, given=self.given | given.keys()))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the header of a recording."""
        values = asdict(self)
        del values["given"]
        return values


def options_from_dict(values: Mapping[str, Any]) -> WorldOptions:
    """What `as_dict` wrote. Raises BadArgument on anything else."""
    try:
        sides = values.get("sidechains")
        if sides is not None:
            sides = tuple(SideOptions(**side) for side in sides)
        return check(WorldOptions(**{**values, "sidechains": sides}))
    except TypeError as error:
        raise BadArgument(f"the configuration does not fit: {error}") from None


def check(options: WorldOptions) -> WorldOptions:
    """The same options, when each value is in its range. Raises BadArgument."""
    if options.profile not in PROFILES:
        raise BadArgument(
            f"there is no profile {options.profile!r}",
            hint=did_you_mean(options.profile, PROFILES, "profile"),
        )
    _in_range("seed", options.seed, 0, 2**63 - 1)
    _in_range("relay-fee", options.relay_fee_ppm, 0, 500_000)
    _in_range("collectors", options.collectors, 1, 4)
    _in_range("unbond", options.unbond_blocks, 1, 10_000_000)
    _in_range("federation-blocks", options.federation_blocks, 2, 10_000_000)
    if options.depth is not None:
        _in_range("depth", options.depth, 1, 100)
    names = [side.name for side in options.sidechains or ()]
    if len(names) > MOST_SIDECHAINS:
        raise BadArgument(f"at most {MOST_SIDECHAINS} sidechains, got {len(names)}")
    for name in names:
        if names.count(name) > 1:
            raise BadArgument(
                f"two sidechains are called {name!r}", hint="give each its own name"
            )
    for side in options.sidechains or ():
        _in_range(f"{side.name}: validators", side.validators, 1, 64)
    return options


def _in_range(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise BadArgument(
            f"{name} is {value!r}, and must be a whole number from {low} to {high}",
            hint=f"give a number such as {max(low, 3)}",
        )


def is_sidechain_name(text: str) -> bool:
    """Can a sidechain have this name?"""
    return _NAME.fullmatch(text) is not None and text not in ("main", "fed")


def parse_sidechains(text: str) -> tuple[SideOptions, ...]:
    """
    `alpha:poa,beta:solo:sqlite` as sidechains; `none` or nothing for no sidechain.

    Raises:
        BadArgument: a part does not read NAME:ENGINE[:STORE].
    """
    if text in ("", "none"):
        return ()
    return tuple(_parse_side(part) for part in text.split(","))


def _parse_side(part: str) -> SideOptions:
    pieces = part.strip().split(":")
    if len(pieces) not in (2, 3) or not all(pieces):
        raise BadArgument(
            f"{part!r} does not describe a sidechain",
            hint="write NAME:ENGINE or NAME:ENGINE:STORE, as in alpha:poa:sqlite",
        )
    name = pieces[0]
    if not is_sidechain_name(name):
        raise BadArgument(f"{name[:40]!r} cannot name a sidechain", hint=NAME_HINT)
    store = pieces[2] if len(pieces) == 3 else "memory"
    return SideOptions(name, pieces[1], store)


# The configuration file.


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a configuration file said: the world, and how to show it."""

    world: WorldOptions
    speed: str | None = None
    data: str | None = None


_WORLD_KEYS = {
    "seed": int, "profile": str, "depth": int, "relay_fee_ppm": int,
    "collectors": int, "unbond_blocks": int, "federation_blocks": int, "empty": bool,
}  # fmt: skip
_OTHER_KEYS = {"speed": str, "data": str}
_KINDS = {
    int: "a whole number", str: "a text in quotes", bool: "true or false",
    list: "a list of tables",
}  # fmt: skip
_SIDE_KEYS = {field.name for field in fields(SideOptions)}


def read_config(path: str) -> FileOptions:
    """
    The options of a TOML file.

    Raises:
        BadConfig: it cannot be read, is not TOML, or has an unknown or wrong value.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadConfig(
            f"{path}: {reason}", hint="give a file that --config can read"
        ) from None
    except UnicodeDecodeError:
        raise BadConfig(
            f"{path} is not text", hint="lines look like seed = 42"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(
            f"{path} is not TOML: {str(error).splitlines()[0]}",
            hint="lines look like seed = 42",
        ) from None
    try:
        return _file_options(path, values)
    except BadArgument as error:
        raise BadConfig(f"{path}: {error.message}", hint=error.hint) from None


def _file_options(path: str, values: dict[str, Any]) -> FileOptions:
    known = {**_WORLD_KEYS, **_OTHER_KEYS, "sidechains": list}
    for key, value in values.items():
        if key not in known:
            raise BadConfig(
                f"{path}: there is no setting {key!r}",
                hint=did_you_mean(key, known, "setting"),
            )
        if key != "sidechains" and type(value) is not known[key]:
            kind = _KINDS[known[key]]
            example = "seed = 42" if known[key] is int else 'speed = "x4"'
            raise BadConfig(
                f"{path}: {key} is {value!r}, and must be {kind}",
                hint=f"lines look like {example}",
            )
    world = {key: values[key] for key in _WORLD_KEYS if key in values}
    if "speed" in values:
        parse_speed(values["speed"])
    sides = _sides(path, values["sidechains"]) if "sidechains" in values else None
    return FileOptions(
        WorldOptions().with_changes(**world, sidechains=sides),
        values.get("speed"),
        values.get("data"),
    )


def _sides(path: str, value: Any) -> tuple[SideOptions, ...]:
    """Sidechains as a text (`"alpha:poa"`) or as a list of tables."""
    if isinstance(value, str):
        return parse_sidechains(value)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadConfig(
            f"{path}: sidechains must be a text or tables",
            hint='sidechains = "alpha:poa,beta:solo", or [[sidechains]] tables',
        )
    sides = []
    for table in value:
        for key in table:
            if key not in _SIDE_KEYS:
                raise BadConfig(
                    f"{path}: a sidechain has no setting {key!r}",
                    hint=did_you_mean(key, _SIDE_KEYS, "setting"),
                )
        params = table.get("params", {})
        if not isinstance(params, dict) or {type(one) for one in params.values()} - {
            int
        }:
            raise BadConfig(
                f"{path}: params of a sidechain must be whole numbers, not {params!r}",
                hint="lines look like params = { interval_ms = 500 }",
            )
        texts = [str(table.get(key, "")) for key in ("name", "engine")]
        side = _parse_side(":".join((*texts, str(table.get("store", "memory")))))
        sides.append(
            replace(
                side,
                validators=table.get("validators", side.validators),
                params=table.get("params"),
            )
        )
    return tuple(sides)
