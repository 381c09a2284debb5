"""Judging plug-ins by name or file: which suite is for which, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from devnet.engine.interfaces import StorageError, Store
from devnet.plugins import (
    Kind,
    UnknownPlugin,
    describe_plugins,
    load_engine,
    load_store,
    register_file,
)
from devnet.plugins.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Subject:
    """A plug-in that is to be judged."""

    kind: Kind
    name: str
    origin: str

    def verdicts(self) -> Iterator[Verdict]:
        """
        What comes of each rule of its suite, as soon as it is known.

        Raises:
            PluginError: it cannot be loaded.
            StorageError: a store that cannot even be opened, for want of a server say.
        """
        if self.kind == "consensus":
            from devnet.plugins.engine_suite import engine_verdicts

            return engine_verdicts(type(load_engine(self.name)))
        from devnet.plugins.store_suite import store_verdicts

        store = load_store(self.name)
        _try_to_open(store)
        return store_verdicts(store)


def _try_to_open(store: Callable[..., Store]) -> None:
    """What refuses to open with a reason cannot be judged; the rules find the rest."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            store(Path(folder) / "store").close()
        except StorageError:
            raise
        except Exception:
            return


def subjects(name_or_file: str) -> tuple[Subject, ...]:
    """
    The plug-ins of this name, or those that a file defines.

    Raises:
        PluginError: there are none, or the file cannot be used.
    """
    lines = [line for line in describe_plugins() if line.name == name_or_file]
    usable = [line for line in lines if not line.trouble]
    if usable:
        return tuple(Subject(line.kind, line.name, line.origin) for line in usable)
    path = Path(name_or_file)
    if (name_or_file and path.exists()) or path.suffix == ".py" or "/" in name_or_file:
        found = register_file(path)
        return tuple(Subject(line.kind, line.name, line.origin) for line in found)
    names = sorted({line.name for line in describe_plugins() if not line.trouble})
    raise UnknownPlugin(
        f"there is no engine, store or file called {name_or_file[:80]!r}",
        hint=f"There are: {', '.join(names)}; or name a Python file.",
        name=name_or_file,
    )
