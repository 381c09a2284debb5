"""
How a transaction can break a rule, by Bytom's names.

`name` is what vectors and other implementations say, `btm_code` what Bytom's API
answers. Malformed is ours; the three rules behind it are the sidechains' own
(federation.md, claim.md). Source: Bytom/bytom v1.1.0, protocol/validation/tx.go,
api/errors.go.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import TransactionError


class TransactionRefusal(TransactionError):
    """A transaction broke a rule of its own. Concrete refusals follow."""

    code = "tx.refusal"
    btm_code: ClassVar[str] = "BTM000"

    @property
    def name(self) -> str:
        """Bytom's name of this refusal."""
        return type(self).__name__


class TxVersion(TransactionRefusal):
    """A version 1 block takes version 1 transactions only."""

    code = "tx.version"
    btm_code = "BTM730"


class BadTimeRange(TransactionRefusal):
    """The block height is past the last one at which the transaction is valid."""

    code = "tx.time-range"
    btm_code = "BTM732"
    default_hint = "make the transaction again with a later time range, or with none"


class NotStandardTx(TransactionRefusal):
    """BTM comes from, or goes to, a program that is not standard."""

    code = "tx.not-standard"
    btm_code = "BTM733"
    default_hint = "lock BTM by a key (P2WPKH) or by the hash of a script (P2WSH)"


class WrongCoinbaseTransaction(TransactionRefusal):
    """A coinbase input outside the first transaction of a block."""

    code = "tx.coinbase-place"
    btm_code = "BTM734"


class WrongCoinbaseAsset(TransactionRefusal):
    """A coinbase that pays something other than BTM."""

    code = "tx.coinbase-asset"
    btm_code = "BTM735"


class CoinbaseArbitraryOversize(TransactionRefusal):
    """A coinbase with more than 128 bytes of free data."""

    code = "tx.coinbase-arbitrary"
    btm_code = "BTM736"


class EmptyResults(TransactionRefusal):
    """A transaction without outputs."""

    code = "tx.no-outputs"
    btm_code = "BTM737"


class MismatchedPosition(TransactionRefusal):
    """An input that shares its entry with a later one, or a misplaced coinbase."""

    code = "tx.position"
    btm_code = "BTM739"


class NoSource(TransactionRefusal):
    """An output of an asset that no input brings."""

    code = "tx.no-source"
    btm_code = "BTM743"


class Overflow(TransactionRefusal):
    """A sum of amounts left the signed 64-bit range."""

    code = "tx.overflow"
    btm_code = "BTM744"


class Unbalanced(TransactionRefusal):
    """Inputs and outputs of an asset differ."""

    code = "tx.unbalanced"
    btm_code = "BTM746"


class OverGasCredit(TransactionRefusal):
    """The programs that secure the fee cost more than the credit, or than the fee."""

    code = "tx.gas-credit"
    btm_code = "BTM747"
    default_hint = "pay a higher fee, or spend fewer BTM outputs at once (at most 21)"


class GasCalculate(TransactionRefusal):
    """The fee is negative, or does not pay for the bytes of the transaction."""

    code = "tx.gas"
    btm_code = "BTM748"
    default_hint = "pay a higher fee: 200 neu buy one unit of gas, a byte costs one"


class EmptyInputIDs(TransactionRefusal):
    """Rule AA: two inputs are one and the same."""

    code = "tx.repeated-input"


class Malformed(TransactionRefusal):
    """A transaction that no bytes can be read as; only code can make one."""

    code = "tx.malformed"


class IssuanceOnSidechain(TransactionRefusal):
    """Assets are made on the mainchain only."""

    code = "tx.issuance-on-sidechain"
    default_hint = "issue on main, then lock the asset for the sidechain"


class ClaimNotAlone(TransactionRefusal):
    """A Claim that shares its transaction with another input."""

    code = "tx.claim-not-alone"


class ZeroAmount(TransactionRefusal):
    """An output of nothing on a sidechain; only records may have no amount."""

    code = "tx.zero-amount"


# Names of the reference that cannot come up here: WrongTransactionSize (the size is
# counted, not stored), MismatchedAssetID (the reader compares), MismatchedReference,
# MismatchedValue, MissingField and Position (links between entries; ours follow from
# the transaction).
