"""
From options to a session with a network: the only place that joins the engine, the
plug-ins and the process that computes proofs of work.

Everything heavy is imported inside the functions, so that help costs nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, did_you_mean
from devnet.commands.folder import DataFolder, WorldKept, options_of
from devnet.commands.host import Host
from devnet.commands.options import SideOptions, WorldOptions
from devnet.commands.recording import save_recording
from devnet.commands.session import Session
from devnet.engine.errors import BadValue, DevnetError

if TYPE_CHECKING:
    from devnet.engine.interfaces import WorkSource
    from devnet.engine.network import Network, SidechainSpec, WorldConfig


@dataclass(frozen=True, slots=True)
class Plugins:
    """The names of plug-ins, asked for when they are needed."""

    def engines(self) -> tuple[str, ...]:
        """Consensus engines that can be chosen."""
        from devnet.plugins import engine_names

        return engine_names()

    def stores(self) -> tuple[str, ...]:
        """Stores that can be chosen."""
        from devnet.plugins import store_names

        return store_names()


def world_config(options: WorldOptions) -> WorldConfig:
    """The engine's configuration. Raises BadArgument for an unknown engine or store."""
    from devnet.engine.network import WorldConfig

    config = WorldConfig(
        seed=options.seed,
        profile=options.profile,
        depth=options.depth,
        relay_fee_ppm=options.relay_fee_ppm,
        n_collectors=options.collectors,
        unbond_blocks=options.unbond_blocks,
        federation_blocks=options.federation_blocks,
        empty=options.empty,
    )
    if options.sidechains is None:
        return config
    sides = tuple(side_spec(checked_side(side)) for side in options.sidechains)
    return replace(config, sidechains=sides)


def side_spec(side: SideOptions) -> SidechainSpec:
    """The engine's words for a sidechain."""
    from devnet.engine.network import SidechainSpec

    return SidechainSpec(
        name=side.name,
        engine=side.engine,
        store=side.store,
        n_validators=side.validators,
        params=tuple(sorted((side.params or {}).items())),
    )


def checked_side(side: SideOptions) -> SideOptions:
    """
    The same sidechain, when its engine, store and parameters exist.

    Raises:
        BadArgument: one of them does not.
    """
    plugins = Plugins()
    for what, name, known in (
        ("engine", side.engine, plugins.engines),
        ("store", side.store, plugins.stores),
    ):
        names = known()
        if name not in names:
            raise BadArgument(
                f"sidechain {side.name}: there is no {what} {name!r}",
                hint=did_you_mean(name, names, what),
            )
    if side.params:
        from devnet.engine.actors.birth import checked_params
        from devnet.plugins import load_engine

        try:
            checked_params(load_engine(side.engine).info, dict(side.params))
        except BadValue as error:
            raise BadArgument(
                f"sidechain {side.name}: {error.message}", hint=error.hint
            ) from None
    return side


def make_host(works: WorkSource, data: DataFolder | None = None) -> Host:
    """What a session needs, on the real engine."""

    def make_network(options: WorldOptions) -> Network:
        from devnet.opening import open_network

        config = world_config(options)
        if data is None:
            return open_network(config, works)
        if data.has_world:
            raise WorldKept(f"{data.path} keeps a world already")
        return data.open(config, works)

    def resume() -> tuple[Network, WorldOptions] | None:
        if data is None or not data.has_world:
            return None
        config = data.config()
        return data.open(config, works), options_of(config)

    return Host(
        make_network=make_network,
        works=works,
        catalogue=Plugins(),
        keep_wreck=lambda session: _keep_wreck(session, data),
        resume=resume,
    )


@contextmanager
def hashing(*, alone: bool = False) -> Iterator[WorkSource]:
    """
    The process that computes proofs of work, ended with the block.

    Args:
        alone: we only wait meanwhile, so the core that is kept for us hashes too.
    """
    from devnet.worker import HashPool
    from devnet.worker.pool import default_n_workers

    works = HashPool(default_n_workers(n_spared=0 if alone else 1))
    works.start()
    try:
        yield works
    finally:
        works.close()


@contextmanager
def opened(
    options: WorldOptions,
    *,
    attached: bool = False,
    read_only: bool = False,
    speed: float | None = None,
    data: str | None = None,
    works: WorkSource | None = None,
) -> Iterator[Session]:
    """
    A session on the real engine; its worker ends with the block.

    Args:
        options: what `start` uses where it says nothing.
        attached: a front end drives the time.
        read_only: acting verbs are refused.
        speed: virtual time per wall time.
        data: a folder in which the world lives on, with a recording of the session.
        works: what computes proofs of work; None: a process of its own.

    Raises:
        BadFile, ForeignFolder, OtherWorld, StorageError: the folder cannot be used.
    """
    folder = DataFolder(data) if data else None
    try:
        if folder is not None:
            folder.check(options)
            _warn_of_forgetting(folder, options)
        with hashing() if works is None else nullcontext(works) as source:
            session = Session(
                make_host(source, folder),
                options,
                read_only=read_only,
                attached=attached,
            )
            if folder is not None:
                session.held.folder = folder.path
            if speed is not None:
                session.pacer = session.pacer.at_speed(speed)
            try:
                yield session
            finally:
                if folder is not None and session.has_network:
                    save_recording(session, str(folder.new_recording()))
                session.close()
    finally:
        if folder is not None:
            folder.close()


def _warn_of_forgetting(folder: DataFolder, options: WorldOptions) -> None:
    """One line for each sidechain of a new world whose database is not on disk."""
    from devnet.plugins import load_store

    if folder.has_world:
        return  # The stream says which of them began again.
    for side in world_config(options).sidechains:
        store: Any = load_store(side.store)
        if not store.info.durable:
            sys.stderr.write(
                f"devnet: {side.store} keeps nothing on disk: {side.name} will begin "
                f"again whenever the world comes back\n"
            )


def _keep_wreck(session: Context, data: DataFolder | None) -> str:
    """Write what led to a failure of the engine. Gives its path, or nothing."""
    folder = Path(tempfile.gettempdir()) if data is None else data.path
    name = f"devnet-failed-seed{session.options.seed}-at{session.now_ms}.jsonl"
    try:
        save_recording(session, str(folder / name))
    except (DevnetError, OSError):
        return ""
    return str(folder / name)
