"""
One thread for the BLAS under numpy, around the work and nowhere else.

A product of 256 x 256 is too small to share: two BLAS threads spin while they wait for
each other, and on a busy machine a hash then costs up to twenty times as much. The
setting belongs to the whole process, so it is the host's. We borrow it only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np  # noqa: F401 - it brings the BLAS that is looked for here.
from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Inside (or in the function decorated) the BLAS uses one thread."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


def blas_facts() -> dict[str, str | int]:
    """Which BLAS numpy has here: `library`, `version`, `kernel`, `threads` as it is."""
    found = [pool for pool in _controller().info() if pool["user_api"] == "blas"]
    if not found:
        return {"library": "unknown", "version": "", "kernel": "", "threads": 0}
    pool = found[0]
    return {
        "library": str(pool["internal_api"]),
        "version": str(pool["version"]),
        "kernel": str(pool.get("architecture", "unknown")),
        "threads": int(pool["num_threads"]),
    }


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Looks at every loaded library: once is enough."""
    return ThreadpoolController()
