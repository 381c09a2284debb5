"""
Live through a recording again: the same lines at the same moments, and what differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devnet.commands.errors import UsageError
from devnet.commands.holding import SIGNED, replay_signed
from devnet.commands.importing import BRING_CLAIM, EXPECT_LOCK, HAND_IN
from devnet.commands.log import Entry
from devnet.commands.recording import Recording, refusal_of
from devnet.commands.session import Session
from devnet.engine.errors import DevnetError


class NotFromStart(UsageError):
    """The recording begins in the middle of a world's life."""

    code = "usage.not-from-start"
    default_hint = "devnet verify DIR checks the folder of the world itself"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay found: the same, or the first difference."""

    same: bool
    n_events: int
    digest: str
    difference: str = ""


def replay(
    recording: Recording,
    session: Session,
    keep_going: Callable[[], bool] = lambda: True,
) -> Verdict:
    """
    Run the lines of a recording again at their moments and compare what happens.

    Args:
        recording: what was recorded.
        session: a fresh one; it ends up with the replayed world.
        keep_going: false ends the replay early.

    Raises:
        NotFromStart: it does not begin with the beginning of a world.
    """
    if recording.resumed:
        raise NotFromStart(
            "this recording begins in a world that came back from disk, so it cannot "
            "be lived through from the start"
        )
    session.start(recording.options)
    for entry in recording.entries:
        if not _reach(entry, session, keep_going):
            return _verdict(recording, session, _lost(entry, session))
        error = _act(entry.line, session)
        if error is not None:
            return _verdict(
                recording, session,
                f"{entry.line!r} at {entry.at_ms} ms is refused now: {error.message}",
            )  # fmt: skip
    if not _reach(recording.end, session, keep_going):
        return _verdict(recording, session, _lost(recording.end, session))
    return _verdict(recording, session, "")


def _lost(entry: Entry, session: Session) -> str:
    """Why a moment cannot be reached."""
    if session.fault is not None:
        return session.fault.message
    return (
        f"step {entry.step} at {entry.at_ms} ms is not reached: the world stands at "
        f"step {session.n_steps}, {session.now_ms} ms"
    )


def _reach(entry: Entry, session: Session, keep_going: Callable[[], bool]) -> bool:
    """Drive the network to a moment. False when it cannot be reached."""
    while session.n_steps < entry.step or session.now_ms < entry.at_ms:
        status = session.advance(
            entry.at_ms, lambda: session.n_steps < entry.step and keep_going()
        )
        if status == "work":
            session.host.works.wait(0.1)
        elif status != "stopped":
            break
        if not keep_going():
            return False
    return session.n_steps == entry.step and session.now_ms >= entry.at_ms


def _act(line: str, session: Session) -> DevnetError | None:
    """Do what a recorded line did."""
    verb, _, rest = line.partition(" ")
    if verb == "hurry":
        delta, _, mines = rest.partition(" ")
        session.hurry(int(delta), bool(mines))
        return None
    if verb == "refused":
        session.tell_refusal(refusal_of(line))
        return None
    if verb == HAND_IN:
        return _hand_in(rest, session)
    if verb == BRING_CLAIM:
        return _bring_claim(rest, session)
    if verb == EXPECT_LOCK:
        return _refusal_of(lambda: _expect_lock(rest, session))
    if verb == SIGNED:
        return _refusal_of(lambda: replay_signed(rest, session))
    if verb == "acknowledge":
        return session.execute("resume").error
    return session.execute(line).error


def _refusal_of(act: Callable[[], None]) -> DevnetError | None:
    try:
        act()
    except DevnetError as error:
        return error
    return None


def _hand_in(words: str, session: Session) -> DevnetError | None:
    """What a recording kept of a block from outside: its bytes and the clock."""
    from devnet.engine.bc.block import parse_block
    from devnet.engine.codec import from_hex

    raw, _, clock_s = words.partition(" ")
    try:
        block = parse_block(from_hex(raw))
        while session.network.take_block(block, int(clock_s)) == "work":
            session.host.works.wait(0.1)
    except DevnetError as error:
        return error
    session.record(f"{HAND_IN} {words}")
    return None


def _bring_claim(words: str, session: Session) -> DevnetError | None:
    """What a recording kept of a claim from outside: chain, lock, proof, script."""
    from devnet.engine.bc.merkleblock import parse_merkle_block
    from devnet.engine.codec import from_hex

    chain, *parts = words.split(" ")
    try:
        raw, proof, script = map(from_hex, parts)
        session.network.bring_claim(chain, raw, parse_merkle_block(proof), script)
    except DevnetError as error:
        return error
    session.record(f"{BRING_CLAIM} {words}")
    return None


def _expect_lock(words: str, session: Session) -> None:
    """What a recording kept of a deposit address: chain and claim script."""
    from devnet.engine.codec import from_hex

    chain, _, script = words.partition(" ")
    session.network.expect_lock(chain, from_hex(script))
    session.record(f"{EXPECT_LOCK} {words}")


def _verdict(recording: Recording, session: Session, reason: str) -> Verdict:
    """Compare the streams, then the digests."""
    events = session.network.events
    digest = session.network.digest()
    if not reason:
        reason = _first_difference(recording, events)
    if not reason and digest != recording.digest:
        reason = (
            f"the world's digest is {digest[:16]}, recorded was {recording.digest[:16]}"
        )
    return Verdict(not reason, len(events), digest, reason)


def _first_difference(recording: Recording, events: Any) -> str:
    """Where two streams part, or nothing."""
    for index, then in enumerate(recording.events):
        if index >= len(events):
            return f"event {index}, {then.get('kind')}, does not come any more"
        now = json.loads(json.dumps(events[index].as_dict()))
        if now != then:
            fields = [
                f"{name} is {now.get(name)!r}, recorded was {then.get(name)!r}"
                for name in sorted({*now, *then})
                if now.get(name) != then.get(name)
            ]
            return f"event {index}, {then.get('kind')}: {'; '.join(fields)[:400]}"
    if len(events) > len(recording.events):
        extra = events[len(recording.events)]
        return f"event {extra.seq}, {extra.kind} at {extra.at_ms} ms, is new"
    return ""
