"""Stores that break one rule each, for the suite to find. Not part of the product."""

from contextlib import contextmanager

from devnet.plugins.memory import MemoryStore
from devnet.plugins.store_parts import Changes
from devnet.plugins.tinydb_store import TinyStore


class ForgetsZeroBytes(MemoryStore):
    """S2: treats keys like C strings when it sorts them."""

    def iterate(self, prefix=b"", start=None, reverse=False):
        pairs = list(super().iterate(prefix, start))
        return iter(sorted(pairs, key=lambda p: p[0].rstrip(b"\0"), reverse=reverse))


class LeavesOutTheStart(MemoryStore):
    """S3: takes `start` as the place behind which it begins."""

    def iterate(self, prefix=b"", start=None, reverse=False):
        found = super().iterate(prefix, start, reverse)
        return (pair for pair in found if pair[0] != start)


class WritesAtOnce(MemoryStore):
    """S4: hands each write of a batch on before the batch ends."""

    @contextmanager
    def batch(self):
        store = self

        class AtOnce(Changes):
            def put(self, key, value):
                super().put(key, value)
                store._write({key: value})

            def delete(self, key):
                super().delete(key)
                store._write({key: None})

        yield AtOnce()


class WritesWhenClosed(TinyStore):
    """S4: keeps what it acknowledged in memory until it is closed."""

    def _write(self, changes):
        self._unwritten = {**getattr(self, "_unwritten", {}), **changes}

    def _close(self):
        super()._write(getattr(self, "_unwritten", {}))
        super()._close()

    def get(self, key):
        waiting = getattr(self, "_unwritten", {})
        return waiting[key] if key in waiting else super().get(key)


class LooksThrough(MemoryStore):
    """S6: its snapshot asks the store for single keys."""

    @contextmanager
    def snapshot(self):
        with super().snapshot() as reader:
            reader.get = self.get
            yield reader


class LetsEverybodyWrite(MemoryStore):
    """S7: has no idea who else is writing."""

    @contextmanager
    def batch(self):
        changes = Changes()
        yield changes
        self._write(changes.by_key)


class NoLock(TinyStore):
    """S9: opens a file twice."""

    def __init__(self, path=None):
        super().__init__(path)
        self._unlock()
