"""
The bench on which a store is judged: it makes stores for a rule, holds the model that
they are compared with, and runs what might never come back in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread

from devnet.engine.interfaces import StorageError, Store
from devnet.plugins.store_parts import store_digest

StoreClass = Callable[[Path | None], Store]

# How long a call may need before it counts as waiting, and as never coming back.
PATIENCE_S = 0.2
ANSWER_LIMIT_S = 20.0


class Bench:
    """Makes stores for a rule, and closes them after it."""

    def __init__(self, store_class: StoreClass, folder: Path | None) -> None:
        self.store_class = store_class
        info = store_class.info  # type: ignore[attr-defined]
        self.folder = folder if info.durable else None
        self._opened: list[Store] = []
        self._suffix = info.file_suffix
        self._n_paths = 0

    @property
    def keeps_files(self) -> bool:
        """Is there anything on disk to judge?"""
        return self.folder is not None

    def new_path(self) -> Path | None:
        """A path that no store has used, or None in memory."""
        self._n_paths += 1
        if self.folder is None:
            return None
        return self.folder / f"store-{self._n_paths}{self._suffix}"

    def open(self, path: Path | None) -> Store:
        """A store at a path."""
        store = self.store_class(path)
        self._opened.append(store)
        return store

    def fresh(self, **pairs: bytes) -> Store:
        """An empty store, or one with these pairs."""
        store = self.open(self.new_path())
        for name, value in pairs.items():
            store.put(name.encode(), value)
        return store

    def close_all(self) -> None:
        """Close what the rule left open. A store may be closed twice."""
        for store in self._opened:
            with suppress(Exception):
                store.close()


class Model:
    """What a store should hold, as plainly as can be: a dict, sorted when asked."""

    def __init__(self, pairs: Mapping[bytes, bytes]) -> None:
        self._pairs = pairs

    def get(self, key: bytes) -> bytes | None:
        return self._pairs.get(key)

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        assert prefix == b"" and start is None and not reverse, "only whole and forward"
        return iter(sorted(self._pairs.items()))


def digest_of(pairs: Mapping[bytes, bytes]) -> str:
    """The digest that a store with these pairs must have."""
    return store_digest(Model(pairs))


class Call:
    """A call in a thread of its own, since a store may block it."""

    def __init__(self, run: Callable[[], None]) -> None:
        self.error: Exception | None = None
        self._run = run
        self._thread = Thread(target=self._go, daemon=True)
        self._thread.start()

    def is_waiting(self) -> bool:
        """Has it not come back after a moment?"""
        self._thread.join(PATIENCE_S)
        return self._thread.is_alive()

    def ended(self, limit_s: float = ANSWER_LIMIT_S) -> bool:
        """Did it come back in time?"""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _go(self) -> None:
        try:
            self._run()
        except Exception as error:
            self.error = error


def refuses(run: Callable[[], None]) -> bool:
    """Does it raise a StorageError?"""
    try:
        run()
    except StorageError:
        return True
    return False


def files_in(folder: Path | None) -> dict[str, bytes]:
    """All files of a folder, and of the folders in it, by name."""
    assert folder is not None
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
