"""
Opening a network on the real parts: plug-ins, databases, starter chain.

The engine itself imports no plug-in and reads no file; it gets them here, as values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from devnet.engine.actors.rebuilding import is_kept
from devnet.engine.actors.resuming import Resumed, resume_world
from devnet.engine.actors.turn import Tools
from devnet.engine.errors import StorageError
from devnet.engine.interfaces import Store, WorkSource
from devnet.engine.kept import Patient
from devnet.engine.network import Environment, Network, WorldConfig
from devnet.plugins import load_engine, load_store
from devnet.plugins.lessons import play_lesson
from devnet.starter import load_starter


class StoreMissing(StorageError):
    """A world is there, and the database of one of its sidechains is not."""

    code = "storage.missing"
    default_hint = "Bring the file back; nothing else was touched."


class Opener:
    """
    Opens a sidechain's database, in memory or in a folder. `only_existing`: while a
    world is read back, a durable one must be there already.
    """

    def __init__(self, data_dir: Path | None) -> None:
        self.data_dir = data_dir
        self.only_existing = False

    def __call__(self, store_name: str, chain: str) -> Store:
        store: Any = load_store(store_name)
        if self.data_dir is None:
            return cast(Store, store(None))
        path = self.data_dir / f"{chain}.{store_name}"
        if self.only_existing and store.info.durable and not path.exists():
            raise StoreMissing(f"{path}, the database of {chain}, is not there")
        return cast(Store, store(path))


def open_keep(path: Path) -> Store:
    """The store of a world that lives on disk. Raises StorageError."""
    return load_store("sqlite")(path)


def open_network(
    config: WorldConfig,
    works: WorkSource,
    data_dir: Path | None = None,
    keep: Store | None = None,
) -> Network:
    """
    A world on the starter chain of its profile, or on its genesis block alone.

    Args:
        config: of a new world; one that comes back has its own.
        works: computes proofs of work.
        data_dir: an existing folder for the databases; None keeps them in memory.
        keep: the world's own store. If it holds a world, that one comes back.

    Raises:
        DevnetError: what the config asks for cannot be, or the world cannot come back.
    """
    for spec in config.sidechains:
        load_store(spec.store)
    open_store = Opener(data_dir)
    open_store.only_existing = keep is not None and is_kept(keep)

    def remove_store(store_name: str, chain: str) -> None:
        # A store that brings no `remove` keeps its file; the next move empties it.
        remove = getattr(load_store(store_name), "remove", None)
        if data_dir is not None and remove is not None:
            remove(data_dir / f"{chain}.{store_name}")

    environment = Environment(
        works=works,
        engine=load_engine,
        check_store=load_store,
        open_store=open_store,
        remove_store=remove_store,
        starter=() if config.empty else load_starter(config.profile),
        keep=keep,
        lesson=play_lesson,
    )
    network = Network(config, environment)
    open_store.only_existing = False
    return network


def read_world(works: WorkSource, data_dir: Path, keep: Store) -> Resumed:
    """
    A world as it would come back, by every rule from genesis on. Nothing is written.
    Close its stores.

    Raises:
        DevnetError: it cannot come back.
    """
    open_store = Opener(data_dir)
    open_store.only_existing = True
    return resume_world(keep, open_store, Tools(Patient(works), load_engine))
