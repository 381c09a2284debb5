"""Every format of vector files, and how a file is told apart by its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devnet.conformance.chains import CHAINS
from devnet.conformance.claims import CLAIM
from devnet.conformance.consensus import BBFT, DPOS
from devnet.conformance.difficulty import DIFFICULTY
from devnet.conformance.equity import EQUITY
from devnet.conformance.hashing import TENSORITY
from devnet.conformance.headers import GENESIS, HEADERS
from devnet.conformance.keyfiles import KEYS
from devnet.conformance.machine import VM
from devnet.conformance.pegin import PEGIN
from devnet.conformance.programs import ASSETS, PROGRAMS
from devnet.conformance.proofs import MERKLE, SPV_BLOCK
from devnet.conformance.sections import Family
from devnet.conformance.stories import HTTP_STORIES
from devnet.conformance.transactions import TRANSACTIONS

FAMILIES = (
    TENSORITY, HEADERS, GENESIS, DIFFICULTY, MERKLE, SPV_BLOCK, CHAINS,
    TRANSACTIONS, VM, KEYS, ASSETS, PROGRAMS, CLAIM, PEGIN, BBFT, DPOS, EQUITY,
    HTTP_STORIES,
)  # fmt: skip


def recognise(content: Mapping[str, Any]) -> Family | None:
    """
    The family most of whose sections stand in a file, or None.

    A file may hold some of a family's sections only. Its name plays no part.
    """

    def n_found(family: Family) -> int:
        return sum(mark.is_in(content) for mark in family.marks)

    best = max(FAMILIES, key=n_found)
    return best if n_found(best) else None
