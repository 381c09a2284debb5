"""
Proof of work, computed beside the devnet: in a process of its own, never in ours.

`HashPool` is what a front end starts; `InProcessWorks` does the same without a process,
for tests. Both are a `WorkSource`. `python -m devnet.worker` is the process itself.
Nothing that is imported here imports numpy.
"""

from devnet.worker.inprocess import InProcessWorks
from devnet.worker.memo import Pair
from devnet.worker.pool import HashPool, HashStats, WorkerFailed

__all__ = ["HashPool", "HashStats", "InProcessWorks", "Pair", "WorkerFailed"]
