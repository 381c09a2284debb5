"""
Recordings: a file of JSON lines that leads to the same world again.

First a header (version, seed, profile, configuration), then the lines that acted on the
world with the moment at which they were accepted, then every event, then a digest of
the world at the end. A moment is a virtual time and the number of steps that the
network had taken; the time alone would not say which side of a step it was.

A recording of a world that came back from disk says so in its header: it begins in the
middle, so it can be read, and not lived through again.

`wait` and `mine` leave only the hurry that they caused, so a replay needs no tests and
an interrupted wait replays as well as any other. `import` leaves the blocks that it
handed in, each with the clock that it was judged by, so a replay needs no other file.
A refusal leaves the words that it put into the stream.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import BadFile
from devnet.commands.log import Entry
from devnet.commands.options import WorldOptions, options_from_dict
from devnet.engine.errors import DevnetError
from devnet.engine.events import Refused

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file of a recording says."""

    options: WorldOptions
    version: str
    entries: tuple[Entry, ...]
    events: tuple[dict[str, Any], ...]
    end: Entry
    digest: str
    resumed: bool = False


def save_recording(session: Context, path: str) -> dict[str, Any]:
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


def refusal_line(refused: Refused) -> str:
    """A refusal as a recording keeps it: its words, since reasons may change."""
    words = {
        "command": refused.command,
        "code": refused.code,
        "message": refused.message,
        "hint": refused.hint,
    }
    return f"refused {json.dumps(words, sort_keys=True)}"


def refusal_of(line: str) -> Refused:
    """What `refusal_line` wrote."""
    return Refused(**json.loads(line.removeprefix("refused ")))


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


def _lines(session: Context, digest: str) -> Iterator[dict[str, Any]]:
    from devnet import __version__

    options = session.options
    yield {
        "type": "header", "v": FORMAT, "product": "bystack-devnet",
        "version": __version__, "seed": options.seed, "profile": options.profile,
        "config": options.as_dict(), "resumed": session.resumed,
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
        raise BadFile(
            f"{path}: {reason}", hint="give a recording, or the folder of a world"
        ) from None
    except (ValueError, RecursionError):
        raise BadFile(
            f"{path} is not a recording: not every line is JSON",
            hint="save recording FILE writes one",
        ) from None
    try:
        return _recording(rows)
    except KeyError as error:
        reason = f"a line has no {error}"
    except (AttributeError, TypeError):
        reason = "not every line is an object as recordings have it"
    except (ValueError, DevnetError) as error:
        reason = str(error)
    raise BadFile(
        f"{path} is not a whole recording: {reason}",
        hint="save recording FILE writes one",
    )


def _recording(rows: list[dict[str, Any]]) -> Recording:
    if not rows:
        raise ValueError("it is empty")
    header, last = rows[0], rows[-1]
    if header.get("type") != "header" or header.get("product") != "bystack-devnet":
        raise ValueError("its first line is no header")
    if header["v"] != FORMAT:
        raise ValueError(f"it has format {header['v']}, this version reads {FORMAT}")
    if last.get("type") != "digest":
        raise ValueError("its end is missing")
    commands = [row for row in rows if row.get("type") == "command"]
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
            if row.get("type") == "event"
        ),
        end=Entry(int(last["at_ms"]), int(last["step"]), ""),
        digest=str(last["digest"]),
        resumed=bool(header.get("resumed")),
    )
