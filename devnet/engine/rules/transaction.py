"""
Is this transaction valid, and what does it cost?

The verdict has three values. A transaction whose BTM inputs are good and pay for its
gas, but which fails later, still goes into a block: its fee is paid, its BTM moves, and
nothing else of it happens. Read `validate_transaction` first; it names the checks in
their order.

Source: Bytom/bytom v1.1.0, protocol/validation/tx.go.
"""

from __future__ import annotations

from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Coinbase,
    Issuance,
    Transaction,
    is_side_record,
)
from devnet.engine.codec import FormError
from devnet.engine.rules.errors import (
    BadTimeRange,
    ClaimNotAlone,
    EmptyInputIDs,
    EmptyResults,
    GasCalculate,
    IssuanceOnSidechain,
    Malformed,
    NoSource,
    Overflow,
    TransactionRefusal,
    TxVersion,
    Unbalanced,
    ZeroAmount,
)
from devnet.engine.rules.inputs import NO_ENTRY, context_of, run_input, run_inputs
from devnet.engine.rules.standard import check_standard
from devnet.engine.rules.verdict import Gas, Verdict
from devnet.engine.vm.errors import ProgramFailure

__all__ = [
    "RULE_AA_HEIGHT", "Verdict", "context_of", "run_input", "validate_transaction",
]  # fmt: skip

RULE_AA_HEIGHT = 142_500
"""From this height on the mainnet refuses repeated inputs. A devnet does from 0."""

_AMOUNT_MAX = 2**63 - 1
_AMOUNT_MIN = -(2**63)


def validate_transaction(
    tx: Transaction,
    *,
    height: int,
    block_version: int = 1,
    first_in_block: bool = False,
    rule_aa_height: int = 0,
) -> Verdict:
    """
    Judge one transaction for a block of this height.

    Args:
        tx: of the mainchain, or of a sidechain (`tx.side`), whose rules differ: no
            issuance, no zero amounts but in records, and a Claim runs no program and
            pays no gas (its checks are C1 to C18, elsewhere).
        height: of the block, which BLOCKHEIGHT shows to programs.
        first_in_block: only transaction 0 may have a coinbase.
        rule_aa_height: from where on repeated inputs are refused. Below, the reference
            makes BTM from nothing; the vectors want its own 142500.

    Returns:
        Never raises for what a transaction holds; the error is in the verdict.
    """
    gas = Gas()
    error: TransactionRefusal | ProgramFailure | None = None
    try:
        _check_version_and_time(tx, block_version, height)
        _check_inputs(tx, height, rule_aa_height)
        check_standard(tx)
        _check_outputs(tx)
        left_over = _balance(tx)
        if _is_claim(tx):
            gas.is_secured = True
        else:
            if BTM in left_over:
                gas.buy(left_over[BTM], tx.size)
            run_inputs(tx, gas, height=height, first_in_block=first_in_block)
    except (TransactionRefusal, ProgramFailure) as caught:
        error = caught.with_traceback(None)
    except FormError as caught:
        error = Malformed(caught.message)
    return Verdict(
        "valid" if error is None else "gas_only" if gas.is_secured else "invalid",
        error,
        gas.fee,
        gas.used,
        gas.left,
        gas.storage,
        "" if error is None else error.name,
    )


def _is_claim(tx: Transaction) -> bool:
    """A Claim brings value in and buys no gas: its BTM must balance like any asset."""
    return tx.side and len(tx.inputs) > 0 and isinstance(tx.inputs[0], Claim)


# Form.


def _check_version_and_time(tx: Transaction, block_version: int, height: int) -> None:
    if block_version == 1 and tx.version != 1:
        raise TxVersion(
            f"a transaction of version {tx.version} in a block of version 1",
            version=tx.version,
        )
    if tx.time_range != 0 and tx.time_range < height:
        raise BadTimeRange(
            f"valid up to height {tx.time_range}, the block has height {height}",
            time_range=tx.time_range,
            height=height,
        )


def _check_inputs(tx: Transaction, height: int, rule_aa_height: int) -> None:
    if height >= rule_aa_height and NO_ENTRY in tx.input_ids:
        raise EmptyInputIDs(
            f"input {tx.input_ids.index(NO_ENTRY)} is there a second time"
        )
    for index, given in enumerate(tx.inputs):
        if isinstance(given, Claim):
            _check_claim_place(tx, index)
        elif isinstance(given, Issuance) and tx.side:
            raise IssuanceOnSidechain(
                f"input {index} issues asset {given.asset.hex()[:8]} on a sidechain",
                asset=given.asset,
            )


def _check_claim_place(tx: Transaction, index: int) -> None:
    if not tx.side:
        raise Malformed(f"input {index} is a Claim, which the mainchain does not know")
    if len(tx.inputs) > 1:
        raise ClaimNotAlone(f"input {index} is a Claim among {len(tx.inputs)} inputs")


def _check_outputs(tx: Transaction) -> None:
    if tx.version == 1 and not tx.outputs:
        raise EmptyResults("the transaction has no outputs")
    if not tx.side or (tx.inputs and isinstance(tx.inputs[0], Coinbase)):
        return
    for index, output in enumerate(tx.outputs):
        if output.amount == 0 and not is_side_record(output.program):
            raise ZeroAmount(f"output {index} has the amount 0")


# Value.


def _balance(tx: Transaction) -> dict[bytes, int]:
    """
    What is left over of each asset: 0 of all but BTM. The sums are signed 64-bit
    numbers, and each step is checked, as other implementations would overflow there.
    """
    left_over: dict[bytes, int] = {}
    for given in tx.inputs:
        asset, amount = tx.value_of(given)
        left_over[asset] = left_over.get(asset, 0) + amount
        if left_over[asset] > _AMOUNT_MAX:
            raise Overflow(f"the inputs of asset {asset.hex()[:8]} overflow")
    for index, output in enumerate(tx.outputs):
        if output.asset not in left_over:
            raise NoSource(
                f"output {index} pays asset {output.asset.hex()[:8]}, "
                "which no input brings",
                asset=output.asset,
            )
        left_over[output.asset] -= output.amount
        if left_over[output.asset] < _AMOUNT_MIN:
            raise Overflow(f"the outputs of asset {output.asset.hex()[:8]} overflow")
    for asset, amount in left_over.items():
        if amount != 0 and (asset != BTM or _is_claim(tx)):
            raise Unbalanced(
                f"asset {asset.hex()[:8]}: inputs less outputs is {amount}, not 0",
                asset=asset,
                left_over=amount,
            )
    if left_over.get(BTM, 0) < 0:
        raise GasCalculate(
            f"the outputs pay {-left_over[BTM]} neu more than the inputs bring",
            fee=left_over[BTM],
        )
    return left_over
