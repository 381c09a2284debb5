"""
How a block can break a rule, numbered in the order of the checks.

`text` is what Bytom's `submit-block` answers, without its ": invalid block". Source:
Bytom/bytom v1.1.0, protocol/validation/block.go.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import BlockError


class BlockRefusal(BlockError):
    """A block broke a rule. Concrete refusals follow, with the reference's text."""

    code = "block.refusal"
    text: ClassVar[str] = "invalid block"


class VersionRegression(BlockRefusal):
    """1. The version is exactly 1."""

    code = "block.version"
    text = "version regression"


class MisorderedHeight(BlockRefusal):
    """2. The height is the parent's plus one."""

    code = "block.height"
    text = "misordered block height"


class WrongBits(BlockRefusal):
    """3. The difficulty is the one that follows from the chain: nothing else."""

    code = "block.bits"
    text = "block bits is invalid"


class MismatchedParent(BlockRefusal):
    """4. The previous hash is the parent's."""

    code = "block.parent"
    text = "mismatched block"


class BadTimestamp(BlockRefusal):
    """5. Later than the median of the last 11 blocks, not far ahead of the clock."""

    code = "block.timestamp"
    text = "block timestamp is not in the valid range"


class WorkTooLow(BlockRefusal):
    """6. The proof of work meets the target."""

    code = "block.work"
    text = "invalid difficulty proof of work"


class BadTransaction(BlockRefusal):
    """7. No transaction is invalid; one that only pays its fee is allowed."""

    code = "block.transaction"
    text = "validate of transaction"


class TooMuchGas(BlockRefusal):
    """7. All transactions together use at most 10 000 000 gas."""

    code = "block.gas"
    text = "block's gas is over the limit"


class WrongCoinbase(BlockRefusal):
    """8. The first transaction has one output: the subsidy and all fees, exactly."""

    code = "block.coinbase"
    text = "wrong coinbase transaction"


class WrongTxRoot(BlockRefusal):
    """9. The header has the root over the transaction ids."""

    code = "block.tx-root"
    text = "mismatched merkle root"


class WrongStatusRoot(BlockRefusal):
    """10. The header has the root over the statuses."""

    code = "block.status-root"
    text = "mismatched merkle root"
