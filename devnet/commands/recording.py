"""
Recordings: a file of JSON lines that leads to the same world again.

First a header (version, seed, profile, configuration), then the lines that acted on the
world with the moment at which they were accepted, then every event, then a digest of
the world at the end. A moment is a virtual time and the number of steps that the
network had taken; the time alone would not say which side of a step it was.

`wait` and `mine` leave only the hurry that they caused, so a replay needs no tests and
an interrupted wait replays as well as any other.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.errors import BadFile
from devnet.commands.options import WorldOptions, options_from_dict
from devnet.engine.errors import DevnetError

if TYPE_CHECKING:
    from devnet.commands.session import Session

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that acted, and when it was accepted."""

    at_ms: int
    step: int
    line: str


@dataclass(slots=True)
class Log:
    """What a session will write into its recording. Grows only."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, at_ms: int, step: int, line: str) -> None:
        """Keep a line that acted."""
        self.entries.append(Entry(at_ms, step, line))


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file of a recording says."""

    options: WorldOptions
    version: str
    entries: tuple[Entry, ...]
    events: tuple[dict[str, Any], ...]
    end: Entry
    digest: str


def save_recording(session: Session, path: str) -> dict[str, Any]:
    """
    Write what happened so far, whole or not at all.

    Returns:
        The facts: file, events, commands, digest.

    Raises:
        BadFile: the file cannot be written.
    """
    digest = session.network.digest()
    lines = "".join(
        json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n"
        for line in _lines(session, digest)
    )
    try:
        write_whole(Path(path), lines)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise BadFile(
            f"{path}: {reason}", hint="give a file in a folder that exists"
        ) from None
    return {
        "file": path,
        "events": len(session.network.events),
        "commands": len(session.log.entries),
        "digest": digest,
    }


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _lines(session: Session, digest: str) -> Iterator[dict[str, Any]]:
    from devnet import __version__

    options = session.options
    yield {
        "type": "header", "v": FORMAT, "product": "bystack-devnet",
        "version": __version__, "seed": options.seed, "profile": options.profile,
        "config": options.as_dict(),
    }  # fmt: skip
    for entry in session.log.entries:
        yield {
            "type": "command", "at_ms": entry.at_ms, "step": entry.step,
            "line": entry.line,
        }  # fmt: skip
    for event in session.network.events:
        yield {"type": "event", **event.as_dict()}
    yield {
        "type": "digest", "at_ms": session.now_ms, "step": session.n_steps,
        "n_events": len(session.network.events), "digest": digest,
    }  # fmt: skip


def load_recording(path: str) -> Recording:
    """
    Read a recording.

    Raises:
        BadFile: it cannot be read, is cut off, or is not a recording.
    """
    try:
        rows = [
            json.loads(line)
            for line in Path(path).read_text(encoding="utf-8").splitlines()
        ]
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadFile(f"{path}: {reason}", hint="give a recording") from None
    except (ValueError, RecursionError):
        raise BadFile(
            f"{path} is not a recording: not every line is JSON",
            hint="save recording FILE writes one",
        ) from None
    try:
        return _recording(rows)
    except (KeyError, IndexError, TypeError, ValueError, DevnetError) as error:
        raise BadFile(
            f"{path} is not a whole recording: {error}",
            hint="save recording FILE writes one",
        ) from None


def _recording(rows: list[dict[str, Any]]) -> Recording:
    header, last = rows[0], rows[-1]
    if header["type"] != "header" or header["product"] != "bystack-devnet":
        raise ValueError("its first line is no header")
    if header["v"] != FORMAT:
        raise ValueError(f"it has format {header['v']}, this version reads {FORMAT}")
    if last["type"] != "digest":
        raise ValueError("its end is missing")
    commands = [row for row in rows if row["type"] == "command"]
    return Recording(
        options=options_from_dict(header["config"]),
        version=str(header["version"]),
        entries=tuple(
            Entry(int(row["at_ms"]), int(row["step"]), str(row["line"]))
            for row in commands
        ),
        events=tuple(
            {key: value for key, value in row.items() if key != "type"}
            for row in rows
            if row["type"] == "event"
        ),
        end=Entry(int(last["at_ms"]), int(last["step"]), ""),
        digest=str(last["digest"]),
    )


# Replay.


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
    """
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
        session.hurry(int(rest))
        return None
    if verb == "acknowledge":
        return session.execute("resume").error
    return session.execute(line).error


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
