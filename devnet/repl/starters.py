"""`devnet starter`: check, or build, the chain that every world starts from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from devnet.commands.errors import EXIT_DONE, BadFile
from devnet.commands.launch import hashing
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
    path = Path(out) if out else starter_path(profile)
    with hashing() as works:
        if what == "verify":
            height = verify_starter(profile, works, _tell)
        else:
            starter = build_starter(profile, works, _tell)
            height = len(starter)
            try:
                save_starter(path, profile, starter)
            except OSError as error:
                reason = (error.strerror or "it cannot be written").lower()
                raise BadFile(f"{path}: {reason}", hint="--out FILE") from None
    tip = load_starter(profile)[-1][0].header.hash.hex()
    if as_json:
        facts = {"v": 1, "ok": True, "profile": profile, "height": height, "tip": tip}
        print(json.dumps(facts, sort_keys=True))
    else:
        done = "every rule and every proof of work holds" if what == "verify" else path
        print(f"starter chain of {profile}: height {height}, tip {tip}: {done}")
    return EXIT_DONE


def _tell(height: int, last: int) -> None:
    """Progress for people."""
    if sys.stderr.isatty():
        end = "\n" if height == last else ""
        sys.stderr.write(f"\r{height} of {last}{end}")
        sys.stderr.flush()
