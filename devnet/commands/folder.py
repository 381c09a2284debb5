"""
A `--data` folder: one world that lives on disk, and what sessions leave beside it.

    world.sqlite          the mainchain, transfers, accounts, what waits
    sidechains/NAME.STORE a database for each sidechain
    recording.jsonl       the first session; recording-2.jsonl and so on: later ones
    history               lines typed at the prompt

Whoever opens a folder holds it until the process ends. A folder that is in use, of
another version, damaged or not ours is refused and left as it is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.errors import BadFile, UsageError
from devnet.commands.options import SideOptions, WorldOptions
from devnet.engine.errors import RequestError

if TYPE_CHECKING:
    from devnet.engine.interfaces import Store, WorkSource
    from devnet.engine.network import Network, WorldConfig

WORLD_NAME = "world.sqlite"
SIDES_NAME = "sidechains"
RECORDING_NAME = "recording.jsonl"


class ForeignFolder(UsageError):
    """The folder holds files, and none of them is a world of ours."""

    code = "usage.foreign-folder"
    default_hint = "--data takes a new or empty folder, or one that --data made"


class OtherWorld(UsageError):
    """An option asks for another world than the folder keeps."""

    code = "usage.other-world"


class WorldKept(RequestError):
    """The folder keeps a world already, and a new one would need its place."""

    code = "request.world-kept"
    default_hint = "leave `start` out to go on with it, or take another --data folder"


class DataFolder:
    """
    An open folder. It is ours until `close`.

    Raises:
        BadFile: it cannot be made or written.
        ForeignFolder: it holds something else.
        StorageError: it is in use, damaged, or of another version.
    """

    def __init__(self, path: str) -> None:
        self.path = _made(path)
        self.keep = _open_world(self.path)
        self._is_taken = False

    @property
    def has_world(self) -> bool:
        """Does it keep a world, from an earlier session or from this one?"""
        from devnet.engine.actors.rebuilding import is_kept

        return self._is_taken or is_kept(self.keep)

    def config(self) -> WorldConfig:
        """What the kept world started from. Raises StorageError."""
        from devnet.engine.actors.rebuilding import kept_config

        return kept_config(self.keep)

    def check(self, options: WorldOptions) -> None:
        """
        Do the options that were given fit the world that is kept?

        Raises:
            OtherWorld: with both values.
        """
        if not self.has_world:
            return
        kept = options_of(self.config())
        for name in sorted(options.given):
            wanted, found = _shown(name, options), _shown(name, kept)
            if wanted != found:
                flag = _flag(name)
                raise OtherWorld(
                    f"{self.path} keeps a world with {flag} {found}, and {wanted} was "
                    f"asked for",
                    hint=f"leave {flag} out to go on with it, or take another folder",
                )

    def open(self, config: WorldConfig, works: WorkSource) -> Network:
        """
        The kept world, or a new one that is kept from now on.

        Raises:
            WorldKept: this session opened it before.
            StorageError, PluginError: it cannot come back; nothing was written.
        """
        from devnet.opening import open_network

        if self._is_taken:
            raise WorldKept(f"{self.path} keeps the present world")
        sides = self.path / SIDES_NAME
        sides.mkdir(exist_ok=True)
        network = open_network(config, works, sides, self.keep)
        self._is_taken = True
        return network

    def new_recording(self) -> Path:
        """Where this session's recording goes: never in the place of another."""
        first = self.path / RECORDING_NAME
        number, path = 1, first
        while path.exists():
            number += 1
            path = first.with_name(f"{first.stem}-{number}{first.suffix}")
        return path

    def close(self) -> None:
        """Let go of the folder."""
        self.keep.close()


def options_of(config: WorldConfig) -> WorldOptions:
    """The options that lead to this configuration."""
    return WorldOptions(
        seed=config.seed,
        profile=config.profile,
        sidechains=tuple(
            SideOptions(
                one.name, one.engine, one.store, one.n_validators, dict(one.params)
            )
            for one in config.sidechains
        ),
        depth=config.depth,
        relay_fee_ppm=config.relay_fee_ppm,
        collectors=config.n_collectors,
        unbond_blocks=config.unbond_blocks,
        federation_blocks=config.federation_blocks,
        empty=config.empty,
    )


def _flag(name: str) -> str:
    """How an option is called on the command line."""
    bare = name.removesuffix("_ppm")
    if name == "unbond_blocks":
        bare = "unbond"
    return "--" + bare.replace("_", "-")


def _shown(name: str, options: WorldOptions) -> Any:
    """A value of the options as people write it, for comparing and for telling."""
    value = getattr(options, name)
    if name == "sidechains":
        sides = (f"{one.name}:{one.engine}:{one.store}" for one in value or ())
        return ",".join(sides) or "none"
    if name == "depth" and value is None:
        from devnet.engine.mainchain.profile import profile_named

        return profile_named(options.profile).depth
    return value


def _made(path: str) -> Path:
    """The folder, made if it is not there, when it is ours or empty."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(one.name for one in folder.iterdir())
        foreign = [name for name in names if not _is_ours(name)]
        if WORLD_NAME not in names and foreign:
            older = any(name.startswith("world-") for name in foreign)
            whose = "databases of an older devnet" if older else "other files"
            raise ForeignFolder(f"{path} holds {whose}: {', '.join(foreign[:3])[:60]}")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or "it cannot be used").lower()
        raise BadFile(
            f"{path}: {reason}", hint="--data takes a folder that can be written"
        ) from None
    return folder


def _is_ours(name: str) -> bool:
    """Is it a file that sessions leave beside a world?"""
    return (
        name in ("history", SIDES_NAME)
        or name.startswith((WORLD_NAME, "devnet-failed-"))
        or (name.startswith("recording") and name.endswith(".jsonl"))
    )


def _open_world(folder: Path) -> Store:
    """The world's own store, held from now on."""
    from devnet.engine.actors.rebuilding import is_kept
    from devnet.opening import open_keep

    keep = open_keep(folder / WORLD_NAME)
    try:
        if not is_kept(keep) and next(keep.iterate(), None) is not None:
            raise ForeignFolder(f"{folder / WORLD_NAME} holds something else")
    except BaseException:
        keep.close()
        raise
    return keep
