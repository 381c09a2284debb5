"""`devnet export` and `devnet import`: a mainchain as a file, without a network."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from devnet.commands.errors import EXIT_DONE, exit_status
from devnet.commands.launch import hashing
from devnet.commands.verbs.exchange import read_lines, write_lines
from devnet.engine.errors import DevnetError
from devnet.exchange import base_chain, import_chain, raw_lines, read_entries
from devnet.repl.progress import Progress


def run_export(
    file: str, profile: str, *, empty: bool = False, as_json: bool = False
) -> int:
    """
    Write the chain that a world of this profile begins with; `-` is stdout.

    Raises:
        BadFile: the file cannot be written.
    """
    base = base_chain(profile, empty=empty)
    lines = list(raw_lines(base.tree, base.view.tip))
    if file == "-":
        print("\n".join(lines))
        return EXIT_DONE
    write_lines(file, lines)
    result = {
        "file": file, "profile": profile, "blocks": len(lines),
        "height": base.height, "tip": base.view.tip.hex(),
    }  # fmt: skip
    _say("export", result, f"{file}: {len(lines)} blocks of {profile}", as_json)
    return EXIT_DONE


def run_import(
    file: str, profile: str, *, empty: bool = False, as_json: bool = False
) -> int:
    """
    Judge the blocks of a file by every rule and say where they lead; `-` is stdin.

    Args:
        empty: begin at the genesis block, not at the end of the starter chain.

    Returns:
        0, or 3 when a block is refused: then nothing after it is taken.

    Raises:
        BadFile: the file cannot be read.
    """
    lines = sys.stdin.read().splitlines() if file == "-" else read_lines(file)
    progress = Progress("blocks", sum(1 for line in lines if line.strip()))
    base = base_chain(profile, empty=empty)
    try:
        with hashing(alone=True) as works:
            done = import_chain(
                base, read_entries(lines), works, int(time.time()), progress
            )
    except DevnetError as error:
        progress.end()
        return _refused(error, as_json)
    progress.end()
    tip = done.view.tip.hex()
    result = {
        "file": file, "profile": profile, "height": done.height, "tip": tip,
        "taken": done.n_taken, "known": done.n_known,
    }  # fmt: skip
    text = (
        f"{file}: {done.n_taken} blocks hold, {done.n_known} were known; "
        f"height {done.height}, tip {tip}"
    )
    _say("import", result, text, as_json)
    return EXIT_DONE


def _say(verb: str, result: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        facts = {"v": 1, "ok": True, "verb": verb, "result": result}
        print(json.dumps(facts, sort_keys=True))
    else:
        print(text)


def _refused(error: DevnetError, as_json: bool) -> int:
    """Words for people on stderr, the object for programs on stdout."""
    if as_json:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
        facts = {
            "v": 1, "ok": False, "verb": "import", "error": told,
            "height": error.facts.get("block_height"), "line": error.facts.get("line"),
        }  # fmt: skip
        print(json.dumps(facts, sort_keys=True))
    hint = f"\n  {error.hint}" if error.hint else ""
    sys.stderr.write(f"devnet: {error.message}{hint}\n")
    return exit_status(error)
