"""
Running the inputs of a transaction: who pays goes first.

Source: Bytom/bytom v1.1.0, protocol/validation/{tx,vmcontext}.go.
"""

from __future__ import annotations

from devnet.engine.bc.programs import expand_program
from devnet.engine.bc.transaction import BTM, Coinbase, Issuance, Spend, Transaction
from devnet.engine.rules.errors import (
    CoinbaseArbitraryOversize,
    MismatchedPosition,
    WrongCoinbaseAsset,
    WrongCoinbaseTransaction,
)
from devnet.engine.rules.shortcut import p2wpkh_gas_left
from devnet.engine.rules.verdict import Gas
from devnet.engine.vm.errors import ProgramFailure
from devnet.engine.vm.machine import VmContext, run
from devnet.engine.vm.trace import Tracer

NO_ENTRY = bytes(32)
"""The id of an input that is there a second time."""
MOST_ARBITRARY_BYTES = 128


def run_inputs(tx: Transaction, gas: Gas, *, height: int, first_in_block: bool) -> None:
    """BTM first, for it pays; then the bytes; then all other inputs."""
    lost = [entry == NO_ENTRY for entry in tx.input_ids]
    pays = [
        isinstance(given, Coinbase) or (isinstance(given, Spend) and given.asset == BTM)
        for given in tx.inputs
    ]
    for index, given in enumerate(tx.inputs):
        if not pays[index] or lost[index]:
            continue
        if isinstance(given, Coinbase):
            _check_coinbase(tx, index, first_in_block)
            gas.storage = 0
        else:
            _run_input(tx, index, height, gas)
        gas.check_credit()
    gas.pay_storage()
    for index in range(len(tx.inputs)):
        kept = _kept_twin(tx, index) if lost[index] else index
        if not pays[index]:
            _run_input(tx, kept, height, gas)
        if kept != index:
            raise MismatchedPosition(f"input {index} is there again as input {kept}")


def _kept_twin(tx: Transaction, index: int) -> int:
    """
    The last input with the same entry. Only below rule AA: there the reference runs
    the shared entry once more before it sees that the positions differ.
    """
    return max(
        other
        for other in range(index + 1, len(tx.inputs))
        if _entry_key(tx, other) == _entry_key(tx, index)
    )


def _entry_key(tx: Transaction, index: int) -> tuple[object, ...]:
    given = tx.inputs[index]
    if isinstance(given, Issuance):
        return given.nonce, given.asset, given.amount
    return (tx.spent_output_ids[index],)


def _check_coinbase(tx: Transaction, index: int, first_in_block: bool) -> None:
    given = tx.inputs[index]
    assert isinstance(given, Coinbase), "asked of coinbase inputs only"
    if not first_in_block:
        raise WrongCoinbaseTransaction(
            "a coinbase input in a transaction that is not the first of its block"
        )
    if tx.outputs[0].asset != BTM:
        raise WrongCoinbaseAsset(
            f"the coinbase pays asset {tx.outputs[0].asset.hex()[:8]}, not BTM"
        )
    if len(given.arbitrary) > MOST_ARBITRARY_BYTES:
        raise CoinbaseArbitraryOversize(
            f"the coinbase carries {len(given.arbitrary)} bytes, at most "
            f"{MOST_ARBITRARY_BYTES} are allowed"
        )
    if index != 0:
        raise MismatchedPosition(f"the coinbase is input {index}, it must be input 0")


def _run_input(tx: Transaction, index: int, height: int, gas: Gas) -> None:
    left, failure = run_input(tx, index, height=height, gas_limit=gas.left)
    if failure is not None:
        raise failure
    gas.pay_program(left)


def run_input(
    tx: Transaction,
    index: int,
    *,
    height: int,
    gas_limit: int,
    trace: Tracer | None = None,
) -> tuple[int, ProgramFailure | None]:
    """
    Run the program of one input, a spend or an issuance, as validation does.

    Args:
        trace: called with each step, for a screen that walks through the program.

    Returns:
        Gas left, and the failure or None.
    """
    given = tx.inputs[index]
    assert isinstance(given, Spend | Issuance), "other inputs have no program"
    if trace is None and given.vm_version == 1:
        left = p2wpkh_gas_left(
            given.program, given.arguments, gas_limit, tx.sig_hash(index)
        )
        if left is not None:
            return left, None
    result = run(
        expand_program(given.program),
        given.arguments,
        gas_limit,
        context_of(tx, index, height),
        given.vm_version,
        trace,
    )
    return result.gas_left, result.error


def context_of(tx: Transaction, index: int, height: int) -> VmContext:
    """What the program of an input can learn about its transaction."""
    asset, amount = tx.value_of(tx.inputs[index])
    return VmContext(
        entry_id=tx.input_ids[index],
        tx_version=tx.version,
        block_height=height,
        asset_id=asset,
        amount=amount,
        destination_position=index,
        spent_output_id=tx.spent_output_ids[index],
        sig_hash=tx.sig_hash(index),
        outputs=tx.outputs,
    )
