"""
Opening a network on the real parts: plug-ins, databases, starter chain.

The engine itself imports no plug-in and reads no file; it gets them here, as values.
"""

from __future__ import annotations

from pathlib import Path

from devnet.engine.interfaces import Store, WorkSource
from devnet.engine.network import Environment, Network, WorldConfig
from devnet.plugins import load_engine, load_store
from devnet.starter import load_starter


def open_network(
    config: WorldConfig, works: WorkSource, data_dir: Path | None = None
) -> Network:
    """
    A world on the starter chain of its profile, or on its genesis block alone.

    Args:
        works: computes proofs of work.
        data_dir: an existing folder for the databases; None keeps them in memory.

    Raises:
        DevnetError: what the config asks for cannot be.
    """
    for spec in config.sidechains:
        load_store(spec.store)

    def open_store(store_name: str, chain: str) -> Store:
        store = load_store(store_name)
        if data_dir is None:
            return store(None)
        return store(data_dir / f"{chain}.{store_name}")

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
    )
    return Network(config, environment)
