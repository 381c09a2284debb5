"""
The project's own benchmarks: ratios of two things measured in the same run.

`devnet bench` is `main`; `run_bench` is the same for programs.
"""

from devnet.bench.report import main, run_bench

__all__ = ["main", "run_bench"]
