"""
The hash worker: `python -m devnet.worker [FOLDER]`, frames in, frames out.

It is started by `HashPool` and ends when its standard input does, that is, when the
pool closes it or its parent dies in whatever way. FOLDER keeps seed tables.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO

from devnet.worker.frames import (
    ANSWER,
    ERROR,
    HASH,
    NOTE,
    READY,
    REQUEST,
    WORK,
    BadFrame,
    read_frame,
    write_frame,
    write_text,
)

NICENESS = 10
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""Read by the BLAS when numpy loads. This process is ours, so we may set them."""


def main(argv: list[str]) -> int:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the parent.
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    os.environ.update(ONE_THREAD)
    requests: SimpleQueue[bytes] = SimpleQueue()
    pipe_in, answers = _claim_pipes()
    Thread(target=_listen, args=(pipe_in, requests), daemon=True).start()
    try:
        _serve(requests, answers, Path(argv[0]) if argv else None)
    except BrokenPipeError:
        return 0  # Nobody reads any more.
    except BaseException as error:  # A broken library may even call sys.exit.
        with suppress(OSError):
            write_text(answers, ERROR, f"{type(error).__name__}: {error}")
    return 1


def _listen(stream: IO[bytes], requests: SimpleQueue[bytes]) -> None:
    """Take requests in; end the process, whatever it is doing, when they end."""
    try:
        while frame := read_frame(stream):
            kind, payload = frame
            if kind == HASH:
                requests.put(payload)
    except BadFrame:
        os._exit(2)
    os._exit(0)


def _claim_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Both pipes as ours alone: what a library reads or prints does not disturb us."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    return requests, answers


def _serve(
    requests: SimpleQueue[bytes], answers: IO[bytes], folder: Path | None
) -> None:
    """Prove that the hash is right here, then hash."""
    from devnet.engine.seedtable import INITIAL_SEED
    from devnet.engine.tensority import pick_engine
    from devnet.worker.tables import TableShelf

    shelf = TableShelf(folder, say=lambda text: write_text(answers, NOTE, text))
    picked = pick_engine(shelf.get(INITIAL_SEED))
    for reason in picked.dropped:
        write_text(answers, NOTE, f"hash engine dropped: {reason}")
    write_text(answers, READY, picked.engine.name)
    while True:
        seed, header_hash = REQUEST.unpack(requests.get())
        table = shelf.get(seed)
        began_ns = time.perf_counter_ns()
        work = picked.engine.hash_header(header_hash, table)
        took_us = min((time.perf_counter_ns() - began_ns) // 1000, 2**32 - 1)
        write_frame(answers, WORK, ANSWER.pack(seed, header_hash, work, took_us))


if __name__ == "__main__":
    # At once: the thread that reads is never done, and an orderly exit trips on it.
    os._exit(main(sys.argv[1:]))
