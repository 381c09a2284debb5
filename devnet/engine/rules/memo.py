"""
Verdicts remembered: many nodes of one process judge the same transaction.

A verdict is a function of the transaction's bytes (arguments included, which no id
covers) and of the block's place, so remembering it changes nothing but time. Only
unconditional approval is remembered: whoever refuses has judged anew.
"""

from __future__ import annotations

from collections import OrderedDict

from devnet.engine.bc.transaction import Spend, Transaction
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.rules.verdict import Verdict

__all__ = ["VerdictMemo", "forget_verdicts", "remembered_verdict"]

_Key = tuple[bytes, bool, int, bool, int]
_P2WPKH, _N_P2WPKH = b"\x00\x14", 22


class VerdictMemo:
    """`validate_transaction` with a memory of its newest approvals."""

    def __init__(self, n_most: int = 16_384) -> None:
        self._n_most = n_most
        # A plain dict would look for its oldest entry ever longer.
        self._verdicts: OrderedDict[_Key, tuple[Verdict, int | None]] = OrderedDict()

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
        key = (tx.raw, tx.side, block_version, first_in_block, rule_aa_height)
        known = self._verdicts.get(key)
        if known is not None and known[1] in (None, height):
            return known[0]
        verdict = validate_transaction(
            tx,
            height=height,
            block_version=block_version,
            first_in_block=first_in_block,
            rule_aa_height=rule_aa_height,
        )
        if verdict.status != "valid":
            return verdict
        if len(self._verdicts) >= self._n_most:
            self._verdicts.popitem(last=False)
        self._verdicts[key] = (
            verdict,
            height if _sees_height(tx, rule_aa_height) else None,
        )
        return verdict

    def __len__(self) -> int:
        return len(self._verdicts)

    def forget(self) -> None:
        """Judge anew from now on: for those who measure or test."""
        self._verdicts.clear()


def _sees_height(tx: Transaction, rule_aa_height: int) -> bool:
    """
    Can the verdict depend on the block's height? Not where it has no last height, every
    program is a plain P2WPKH, which cannot ask for it, and rule AA always holds.
    """
    return bool(
        tx.time_range
        or rule_aa_height
        or not all(
            isinstance(given, Spend)
            and len(given.program) == _N_P2WPKH
            and given.program.startswith(_P2WPKH)
            for given in tx.inputs
        )
    )


remembered_verdict = VerdictMemo()
"""The memory of this process: all nodes of all its worlds judge by the same rules."""


def forget_verdicts() -> None:
    """Judge anew from now on: for those who measure, and for nobody else."""
    remembered_verdict.forget()
