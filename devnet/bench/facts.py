"""The facts of the machine that decide what a benchmark's numbers mean."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

import numpy as np

from devnet.bench.measure import load_average, n_cores
from devnet.engine.blas import blas_facts, one_blas_thread
from devnet.engine.seedtable import find_smix
from devnet.engine.tensority import best_engine


def machine_facts() -> dict[str, object]:
    """Everything that a number must be read with."""
    with one_blas_thread():
        blas = blas_facts()
    return {
        "cpu": cpu_name(),
        "cores": n_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "blas": f"{blas['library']} {blas['version']}",
        "blas_kernel": blas["kernel"],
        "blas_kernel_pinned": os.environ.get("OPENBLAS_CORETYPE", ""),
        "blas_threads": blas["threads"],
        "hash_engine": best_engine().name,
        "smix": find_smix().why_slow or "compiled",
        "signatures": signature_library(),
        "load_average": load_average(),
    }


def cpu_name() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def signature_library() -> str:
    """The library that verifies signatures, with its version."""
    for name in ("PyNaCl", "pycryptodome"):
        try:
            return f"{name} {version_of(name)}"
        except PackageNotFoundError:
            continue
    return "none"
