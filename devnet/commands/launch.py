"""
From options to a session with a network: the only place that joins the engine, the
plug-ins and the process that computes proofs of work.

Everything heavy is imported inside the functions, so that help costs nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, BadFile, did_you_mean
from devnet.commands.host import Host
from devnet.commands.options import SideOptions, WorldOptions
from devnet.commands.recording import save_recording
from devnet.commands.session import Session
from devnet.engine.errors import BadValue, DevnetError

if TYPE_CHECKING:
    from devnet.engine.interfaces import WorkSource
    from devnet.engine.network import Network, SidechainSpec, WorldConfig

RECORDING_NAME = "recording.jsonl"


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


def make_host(works: WorkSource, data: Path | None = None) -> Host:
    """What a session needs, on the real engine."""
    n_worlds = 0

    def make_network(options: WorldOptions) -> Network:
        from devnet.opening import open_network

        nonlocal n_worlds
        config = world_config(options)
        n_worlds += 1
        folder = None if data is None else _database_folder(data, n_worlds)
        return open_network(config, works, folder)

    return Host(
        make_network=make_network,
        works=works,
        catalogue=Plugins(),
        keep_wreck=lambda session: _keep_wreck(session, data),
    )


def _database_folder(data: Path, number: int) -> Path:
    """An empty folder for the databases of a world that begins now."""
    folder = data / f"world-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


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
) -> Iterator[Session]:
    """
    A session on the real engine; its worker ends with the block.

    Args:
        options: what `start` uses where it says nothing.
        attached: a front end drives the time.
        read_only: acting verbs are refused.
        speed: virtual time per wall time.
        data: a folder that keeps a recording of the world at the end.

    Raises:
        BadFile: the data folder cannot be made.
    """
    folder = data_folder(data) if data else None
    with hashing() as works:
        session = Session(
            make_host(works, folder), options, read_only=read_only, attached=attached
        )
        if speed is not None:
            session.pacer = session.pacer.at_speed(speed)
        try:
            yield session
        finally:
            if folder is not None and session.has_network:
                save_recording(session, str(folder / RECORDING_NAME))
            session.close()


def data_folder(path: str) -> Path:
    """The folder, made if it is not there. Raises BadFile."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or "it cannot be used").lower()
        raise BadFile(
            f"{path}: {reason}", hint="--data takes a folder that can be written"
        ) from None
    return folder


def _keep_wreck(session: Context, data: Path | None) -> str:
    """Write what led to a failure of the engine. Gives its path, or nothing."""
    folder = data or Path(tempfile.gettempdir())
    name = f"devnet-failed-seed{session.options.seed}-at{session.now_ms}.jsonl"
    try:
        save_recording(session, str(folder / name))
    except (DevnetError, OSError):
        return ""
    return str(folder / name)
