"""
Verdicts remembered: many nodes of one process judge the same transaction.

A verdict is a function of the bytes (arguments included, which no id covers) and of
the place, so remembering it changes nothing but time.
"""

from __future__ import annotations

from devnet.engine.bc.transaction import Transaction
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.rules.verdict import Verdict

_Key = tuple[bytes, bool, int, int, bool, int]


class VerdictMemo:
    """`validate_transaction` with a memory of its newest answers."""

    def __init__(self, n_most: int = 8192) -> None:
        self._n_most = n_most
        self._verdicts: dict[_Key, Verdict] = {}

    def __call__(
        self,
        tx: Transaction,
        *,
        height: int,
        block_version: int = 1,
        first_in_block: bool = False,
        rule_aa_height: int = 0,
    ) -> Verdict:
        """As `validate_transaction`."""
        key = (tx.raw, tx.side, height, block_version, first_in_block, rule_aa_height)
        known = self._verdicts.get(key)
        if known is not None:
            return known
        verdict = validate_transaction(
            tx,
            height=height,
            block_version=block_version,
            first_in_block=first_in_block,
            rule_aa_height=rule_aa_height,
        )
        if len(self._verdicts) >= self._n_most:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = verdict
        return verdict
