"""`devnet replay` and `devnet verify`: recordings, shown or lived through again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from devnet.commands.errors import EXIT_DONE, EXIT_MISSED
from devnet.commands.launch import hashing, opened
from devnet.commands.recording import Recording, load_recording
from devnet.commands.replaying import replay
from devnet.commands.verifying import verify_folder
from devnet.engine.events import event_from_dict
from devnet.repl.eventlines import event_line, learn
from devnet.repl.script import interruptible


def print_recording(
    path: str, *, as_json: bool = False, ascii_signs: bool = False
) -> int:
    """Print the events of a recording, one line each."""
    decimals: dict[str, int] = {}
    for facts in load_recording(path).events:
        if as_json:
            print(json.dumps(facts, sort_keys=True))
            continue
        event = event_from_dict(facts)
        learn(decimals, event)
        print(event_line(event, decimals, ascii_signs=ascii_signs))
    return EXIT_DONE


def check_recording(path: str, *, as_json: bool = False) -> int:
    """
    Live through a recording again and compare every event and the last digest.

    Returns:
        0 when all is the same, 1 with the first difference otherwise.
    """
    return _check(path, load_recording(path), as_json)


def verify_path(path: str, *, as_json: bool = False, full: bool = False) -> int:
    """
    Check a recording, or the world in a data folder.

    Args:
        full: of a folder: compute each proof of work anew.
    """
    if not Path(path).is_dir():
        return check_recording(path, as_json=as_json)
    with hashing(alone=True) as works:
        facts = verify_folder(path, works, full=full)
    if as_json:
        print(json.dumps(facts, sort_keys=True))
        return EXIT_DONE if facts["ok"] else EXIT_MISSED
    chains = facts["sidechains"].items()
    heights = "".join(f", {name} {one['height']}" for name, one in chains)
    works_said = "work computed anew" if full else "work as stored"
    print(f"{path}: main {facts['height']}{heights}; every block judged, {works_said}")
    for name, one in chains:
        print(f"  {name}: final {one['final']}, state {one['state_digest']}")
    for what in facts["broken"]:
        sys.stderr.write(f"{path}: {what}\n")
    return EXIT_DONE if facts["ok"] else EXIT_MISSED


def _check(path: str, recording: Recording, as_json: bool) -> int:
    with opened(recording.options) as session, interruptible(session):
        verdict = replay(recording, session)
    facts = {
        "v": 1, "ok": verdict.same, "file": path, "events": verdict.n_events,
        "digest": verdict.digest, "difference": verdict.difference,
    }  # fmt: skip
    if as_json:
        print(json.dumps(facts, sort_keys=True))
    elif verdict.same:
        print(f"{path}: {verdict.n_events} events, the same; digest {verdict.digest}")
    if not verdict.same:
        sys.stderr.write(f"{path}: {verdict.difference}\n")
    return EXIT_DONE if verdict.same else EXIT_MISSED
