"""`devnet starter`: check, or build, the chain that every world starts from."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from devnet.commands.errors import EXIT_DONE, BadArgument, BadFile, did_you_mean
from devnet.commands.launch import hashing
from devnet.commands.options import PROFILES
from devnet.repl.progress import Progress
from devnet.starter import (
    build_starter,
    load_starter,
    save_starter,
    starter_path,
    verify_starter,
)


def run_starter(
    what: str, profile: str, out: str | None = None, *, as_json: bool = False
) -> int:
    """
    Check the shipped starter chain with all its work, or mine it anew.

    Args:
        what: "verify" or "build".
        profile: whose chain.
        out: where `build` writes; the shipped file if not given.
        as_json: one object at the end instead of words.

    Raises:
        DevnetError: no such chain, or it breaks a rule; BadFile: it cannot be written.
    """
    if profile not in PROFILES:
        raise BadArgument(
            f"there is no profile {profile!r}",
            hint=did_you_mean(profile, PROFILES, "profile"),
        )
    path = Path(out) if out else starter_path(profile)
    if what == "build":
        _check_writable(path)
    progress = Progress("blocks", 0)
    with hashing(alone=True) as works:
        try:
            if what == "verify":
                verify_starter(profile, works, progress)
                starter = load_starter(profile)
            else:
                starter = build_starter(profile, works, progress)
        finally:
            progress.end()
    if what == "build":
        try:
            save_starter(path, profile, starter)
        except OSError as error:
            raise _unwritable(path, error) from None
    header = starter[-1][0].header
    height, tip = header.height, header.hash.hex()
    if as_json:
        facts = {"v": 1, "ok": True, "profile": profile, "height": height, "tip": tip}
        print(json.dumps(facts, sort_keys=True))
    else:
        done = "every rule and every proof of work holds" if what == "verify" else path
        print(f"starter chain of {profile}: height {height}, tip {tip}: {done}")
    return EXIT_DONE


def _check_writable(path: Path) -> None:
    """Before the mining, not after it. Raises BadFile."""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> BadFile:
    reason = (error.strerror or "it cannot be written").lower()
    return BadFile(f"{path}: {reason}", hint="--out FILE in a folder that exists")
