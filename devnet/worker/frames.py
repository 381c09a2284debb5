"""
What the devnet and a hash worker say to each other: frames of bytes over two pipes.

    kind (1 byte) | length of the payload (4 bytes, little-endian) | payload

    HASH   to the worker     seed (32), header hash (32)
    WORK   from the worker   seed (32), header hash (32), work (32), microseconds (4)
    READY  from the worker   name of its hash engine, in UTF-8
    NOTE   from the worker   a sentence for the screen, in UTF-8
    ERROR  from the worker   why it ends, in UTF-8
"""

from __future__ import annotations

import struct
from typing import IO

HASH, WORK, READY, NOTE, ERROR = b"H", b"W", b"R", b"N", b"E"
KINDS = (HASH, WORK, READY, NOTE, ERROR)

HEAD = struct.Struct("<cI")
REQUEST = struct.Struct("<32s32s")
ANSWER = struct.Struct("<32s32s32sI")
MOST_BYTES = 4096


class BadFrame(ValueError):
    """The other side sent what is not a frame. There is no way back into step."""


def write_frame(stream: IO[bytes], kind: bytes, payload: bytes) -> None:
    """Send one frame at once. Raises OSError when nobody reads any more."""
    stream.write(HEAD.pack(kind, len(payload)) + payload)
    stream.flush()


def write_text(stream: IO[bytes], kind: bytes, text: str) -> None:
    """Send a sentence; what is longer than a frame is cut."""
    write_frame(stream, kind, text.encode(errors="replace")[:MOST_BYTES])


def read_frame(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    """
    Wait for one frame.

    Returns:
        Kind and payload, or None when the stream has ended, even inside a frame.

    Raises:
        BadFrame: the bytes are no frame.
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, n_bytes = HEAD.unpack(head)
    if kind not in KINDS or n_bytes > MOST_BYTES:
        raise BadFrame(f"{head.hex()} does not begin a frame")
    payload = stream.read(n_bytes)
    return (kind, payload) if len(payload) == n_bytes else None
