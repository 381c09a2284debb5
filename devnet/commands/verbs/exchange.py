"""Verbs that bring the mainchain into a file, and blocks out of one."""

from __future__ import annotations

from pathlib import Path

from devnet.commands.context import Context
from devnet.commands.errors import BadFile
from devnet.commands.importing import Importing
from devnet.commands.recording import write_whole
from devnet.commands.registry import command
from devnet.commands.types import File
from devnet.commands.values import Said


@command(group="chains", example="export main.hex")
def export(session: Context, file: File) -> Said:
    """Write the mainchain: one raw block in hex a line, from the genesis block on.

    Those of a solonet world are what a stock Bytom node takes through submit-block.
    """
    network = session.network
    lines = list(network.raw_main_blocks())
    write_lines(file, lines)
    main = network.show("main")
    value = {
        "file": file, "blocks": len(lines), "height": main["height"],
        "tip": main["tip"],
    }  # fmt: skip
    return Said(value, f"{file}: {len(lines)} blocks, up to main {main['height']}")


@command(group="chains", example="import main.hex", acts=True, recorded=False)
def import_(session: Context, file: File) -> Importing:
    """Give the blocks of a file to the mainchain's first node, which tells the others.

    Each is judged by every rule, its proof of work included; the clock is the host's.
    The first that is refused ends it, and what came before stays.
    """
    from devnet.exchange import Incoming, read_entries

    entries = read_entries(read_lines(file))
    return Importing(Incoming(entries), session.date_s())


def read_lines(path: str) -> list[str]:
    """The lines of a file of blocks. Raises BadFile."""
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadFile(f"{path}: {reason}", hint="give a file of blocks") from None
    except UnicodeDecodeError:
        raise BadFile(
            f"{path} is not text", hint="one raw block in hex a line"
        ) from None


def write_lines(path: str, lines: list[str]) -> None:
    """Write a file of blocks, whole or not at all. Raises BadFile."""
    try:
        write_whole(Path(path), "".join(f"{line}\n" for line in lines))
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise BadFile(
            f"{path}: {reason}", hint="give a file in a folder that exists"
        ) from None
