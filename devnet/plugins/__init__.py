"""
Where engines and stores are found: a table of the built-in ones, files, entry points.

Listing names imports no plug-in; choosing one imports that one. Foreign ones come from
installed packages through the entry points `devnet.consensus` and `devnet.storage`:
name = the name to use here, object = the class; or from a file (`register_file`). A
broken one is refused by name and never stops the program; a built-in name cannot be
taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from devnet import __version__
from devnet.engine.interfaces import (
    API_VERSION,
    ConsensusEngine,
    EngineInfo,
    PluginError,
    Store,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "BUILTIN_ENGINES", "BUILTIN_STORES", "BrokenPlugin", "PluginInfo", "UnknownPlugin",
    "WrongApi", "describe_plugins", "engine_names", "load_engine", "load_store",
    "register_file", "store_names",
]  # fmt: skip

BUILTIN_ENGINES = {
    "solo": "devnet.plugins.solo:Solo",
    "poa": "devnet.plugins.poa:ProofOfAuthority",
    "pbft": "devnet.plugins.pbft:Pbft",
    "pow": "devnet.plugins.pow:ProofOfWork",
    "pos": "devnet.plugins.pos:ProofOfStake",
    "dpos": "devnet.plugins.dpos:Dpos",
    "dpos-bbft": "devnet.plugins.dpos_bbft:DposBbft",
    "bbft": "devnet.plugins.bbft:Bbft",
}
BUILTIN_STORES = {
    "memory": "devnet.plugins.memory:MemoryStore",
    "tinydb": "devnet.plugins.tinydb_store:TinyStore",
    "sqlite": "devnet.plugins.sqlite_store:SqliteStore",
    "postgres": "devnet.plugins.postgres_store:PostgresStore",
    "rocksdict": "devnet.plugins.rocksdict_store:RocksStore",
}

Kind = Literal["consensus", "storage"]
ENGINE_PARTS = ("check_header", "final_seen", "rank", "start", "step", "describe")
STORE_PARTS = ("get", "put", "delete", "iterate", "batch", "snapshot", "close")


class UnknownPlugin(PluginError):
    """No engine or store has this name."""

    code = "plugin.unknown"


class BrokenPlugin(PluginError):
    """The plug-in cannot be imported, or is not what it says it is."""

    code = "plugin.broken"
    default_hint = "Repair or remove the package; everything else works without it."


class WrongApi(PluginError):
    """The plug-in was written for another version of devnet.engine.interfaces."""

    code = "plugin.wrong-api"
    default_hint = "Install a version of it that fits this devnet."


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """
    One line of the list of plug-ins.

    Args:
        target: "module:class", as yet not imported.
        origin: "built in", the distribution or the file that brought it.
        trouble: why it cannot be used, or nothing.
        version: of whatever brought it, where that has one.
    """

    kind: Kind
    name: str
    target: str
    origin: str
    trouble: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class _FromFile:
    """A class that a file brought, and the line that lists it."""

    loaded: type
    line: PluginInfo


_FROM_FILES: dict[tuple[Kind, str], _FromFile] = {}
"""What `register_file` found; names are given while a program starts, and stay."""


def register_file(path: Path) -> tuple[PluginInfo, ...]:
    """
    Make known what a Python file defines, each under the name in its `info`.

    Raises:
        NoPluginFile, BrokenPluginFile: there is nothing to read a plug-in from.
        PluginNameTaken: built-in, or from another file.
        BrokenPlugin, WrongApi: it lacks a part, or is for another version.
    """
    # Listing and choosing others must not cost what only files need.
    from devnet.plugins.files import classes_in, version_of

    found = [_line_of(path, one, version_of(one)) for one in classes_in(path)]
    for each in found:
        kind, name = each.line.kind, each.line.name
        other = _FROM_FILES.get((kind, name))
        if name in _table(kind):
            _refuse_name(kind, name, path, "is built in")
        if other is not None and other.loaded is not each.loaded:
            _refuse_name(kind, name, path, f"comes from {other.line.origin} already")
    for each in found:
        kind, name = each.line.kind, each.line.name
        _FROM_FILES[kind, name] = each
        try:
            load_engine(name) if kind == "consensus" else load_store(name)
        except PluginError:
            del _FROM_FILES[kind, name]
            raise
    return tuple(each.line for each in found)


def _line_of(path: Path, loaded: Any, version: str) -> _FromFile:
    kind: Kind = "consensus" if isinstance(loaded.info, EngineInfo) else "storage"
    name, target = loaded.info.name, f"{path}:{loaded.__qualname__}"
    line = PluginInfo(kind, name, target, f"file {path}", version=version)
    return _FromFile(loaded, line)


def _refuse_name(kind: Kind, name: str, path: Path, why: str) -> None:
    from devnet.plugins.files import PluginNameTaken

    raise PluginNameTaken(
        f"{path} brings {_what(kind)} {name}, and {name} {why}",
        name=name,
        path=str(path),
    )


def engine_names() -> tuple[str, ...]:
    """Engines that can be chosen: built-in ones first. Imports none of them."""
    return _names("consensus")


def store_names() -> tuple[str, ...]:
    """Stores that can be chosen: built-in ones first. Imports none of them."""
    return _names("storage")


@cache
def load_engine(name: str) -> ConsensusEngine:
    """
    The consensus engine of this name, imported now; always the same object.

    Raises:
        UnknownPlugin, BrokenPlugin, WrongApi.
    """
    loaded = _load("consensus", name)
    try:
        engine: ConsensusEngine = loaded()
    except Exception as error:
        raise _broken("consensus", name, error) from error
    return engine


@cache
def load_store(name: str) -> Callable[..., Store]:
    """
    The class of a store, imported now. Call it with the path of its file, or None.

    Raises:
        UnknownPlugin, BrokenPlugin, WrongApi.
    """
    store: Callable[..., Store] = _load("storage", name)
    return store


def describe_plugins(try_all: bool = False) -> tuple[PluginInfo, ...]:
    """
    Every engine and store that is known, usable or not.

    Args:
        try_all: import each one, so that a broken one says so in `trouble`.
    """
    lines = [*_known("consensus"), *_known("storage")]
    return tuple(_tried(line) if try_all else line for line in lines)


# Finding.


def _names(kind: Kind) -> tuple[str, ...]:
    return tuple(line.name for line in _known(kind) if not line.trouble)


def _table(kind: Kind) -> dict[str, str]:
    return BUILTIN_ENGINES if kind == "consensus" else BUILTIN_STORES


def _known(kind: Kind) -> list[PluginInfo]:
    """Built-in plug-ins in the table's order, then files, then packages by name."""
    table = _table(kind)
    lines = [_built_in(kind, name) for name in table]
    lines += [each.line for key, each in _FROM_FILES.items() if key[0] == kind]
    for point in _entry_points(kind):
        trouble = ""
        if point.name in table:
            trouble = "a built-in name cannot be taken over"
        elif (kind, point.name) in _FROM_FILES:
            trouble = f"{_FROM_FILES[kind, point.name].line.origin} brings this name"
        elif any(line.name == point.name for line in lines):
            trouble = "another package brings this name already"
        version = point.dist.version if point.dist is not None else ""
        origin = _origin(point)
        lines.append(
            PluginInfo(kind, point.name, point.value, origin, trouble, version)
        )
    return lines


def _built_in(kind: Kind, name: str) -> PluginInfo:
    target = _table(kind)[name]
    return PluginInfo(kind, name, target, "built in", version=__version__)


def _entry_points(kind: Kind) -> list[EntryPoint]:
    # Reading what is installed costs tens of milliseconds that a start without foreign
    # plug-ins need not pay.
    from importlib.metadata import entry_points

    found = entry_points(group=f"devnet.{kind}")
    return sorted(found, key=lambda point: (point.name, point.value))


def _origin(point: EntryPoint) -> str:
    if point.dist is None:
        return "an unnamed package"
    return f"{point.dist.name} {point.dist.version}"


# Choosing.


def _load(kind: Kind, name: str) -> Any:
    """The class behind a name, imported and looked over."""
    line = _choose(kind, name)
    try:
        loaded = _imported(line)
        info = loaded.info
        api, own_name = info.api, info.name
    except PluginError:
        raise  # It says itself what it lacks.
    except (Exception, SystemExit) as error:
        raise _broken(kind, name, error) from error
    if api != API_VERSION:
        raise WrongApi(
            f"{_what(kind)} {name} ({line.origin}) is made for version {api} "
            f"of the plug-in page, this devnet has {API_VERSION}",
            name=name,
            api=api,
            wanted=API_VERSION,
        )
    parts = ENGINE_PARTS if kind == "consensus" else STORE_PARTS
    missing = [part for part in parts if not callable(getattr(loaded, part, None))]
    if missing:
        raise BrokenPlugin(
            f"{_what(kind)} {name} ({line.origin}) lacks {', '.join(missing)}",
            name=name,
            missing=tuple(missing),
        )
    if own_name != name:
        raise BrokenPlugin(
            f"{_what(kind)} {name} ({line.origin}) calls itself {own_name}",
            name=name,
            own_name=own_name,
        )
    return loaded


def _imported(line: PluginInfo) -> Any:
    """The class that a line stands for."""
    if (line.kind, line.name) in _FROM_FILES:
        return _FROM_FILES[line.kind, line.name].loaded
    module_name, _, class_name = line.target.partition(":")
    found: Any = import_module(module_name)
    for part in class_name.split("."):
        found = getattr(found, part)
    return found


def _choose(kind: Kind, name: str) -> PluginInfo:
    """The line of a name; only one from a package makes us read what is installed."""
    if name in _table(kind):
        return _built_in(kind, name)
    if (kind, name) in _FROM_FILES:
        return _FROM_FILES[kind, name].line
    usable = {line.name: line for line in _known(kind) if not line.trouble}
    if name not in usable:
        raise _unknown(kind, name, list(usable))
    return usable[name]


def _tried(line: PluginInfo) -> PluginInfo:
    """The line after an import, with the trouble that it met."""
    if line.trouble:
        return line
    try:
        load_engine(line.name) if line.kind == "consensus" else load_store(line.name)
    except PluginError as error:
        return replace(line, trouble=error.message)
    return line


def _what(kind: Kind) -> str:
    return "engine" if kind == "consensus" else "store"


def _unknown(kind: Kind, name: str, usable: list[str]) -> UnknownPlugin:
    near = get_close_matches(name, usable, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]}? " if near else ""
    return UnknownPlugin(
        f"there is no {_what(kind)} called {name!r}",
        hint=f"{guess}There are: {', '.join(usable)}.",
        name=name,
        usable=tuple(usable),
    )


def _broken(kind: Kind, name: str, error: BaseException) -> BrokenPlugin:
    return BrokenPlugin(
        f"{_what(kind)} {name} cannot be loaded: {type(error).__name__}: {error}",
        name=name,
    )
