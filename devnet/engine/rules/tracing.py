"""
One input's program, step by step, with the very gas that validation gave it.

Source: Bytom/bytom v1.1.0, protocol/validation/tx.go, for the order of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devnet.engine.bc.programs import expand_program
from devnet.engine.bc.transaction import BTM, Coinbase, Issuance, Spend, Transaction
from devnet.engine.errors import TransactionError
from devnet.engine.rules.errors import GasCalculate, OverGasCredit
from devnet.engine.rules.inputs import run_input
from devnet.engine.rules.verdict import Gas
from devnet.engine.vm.errors import ProgramFailure
from devnet.engine.vm.trace import TraceStep, in_order


class NoProgram(TransactionError):
    """The input runs no program: it makes money, or is judged by other rules."""

    code = "tx.no-program"


class NoInput(TransactionError):
    """The transaction has fewer inputs."""

    code = "tx.no-input"


@dataclass(frozen=True, slots=True)
class InputTrace:
    """
    A run of one input's program.

    Args:
        program: as it locks; `executed` as it ran.
        gas_limit, gas_left: before the first step, after the last one.
        failure: how it failed, or None.
        unreached: validation stopped before, at another input: the reason, or nothing.
    """

    index: int
    program: bytes
    executed: bytes
    arguments: tuple[bytes, ...]
    gas_limit: int
    gas_left: int
    failure: ProgramFailure | None = field(compare=False)
    steps: tuple[TraceStep, ...]
    unreached: str = ""

    @property
    def gas_used(self) -> int:
        """What the program cost."""
        return self.gas_limit - self.gas_left


def trace_input(tx: Transaction, index: int, height: int) -> InputTrace:
    """
    Run the program of one input as a block of this height does.

    Raises:
        NoInput: there is no input of this index. NoProgram: it runs none.
    """
    if not 0 <= index < len(tx.inputs):
        raise NoInput(
            f"there is no input {index}, the transaction has {len(tx.inputs)}",
            hint="Inputs count from 0.",
        )
    given = tx.inputs[index]
    if not isinstance(given, Spend | Issuance):
        kind = type(given).__name__.lower()
        why = "its miner's reward" if isinstance(given, Coinbase) else "C1 to C18"
        raise NoProgram(
            f"input {index} is a {kind} and runs no program",
            hint=f"It is judged by {why}, not by the machine.",
        )
    gas_limit, unreached = _gas_before(tx, index, height)
    steps: list[TraceStep] = []
    left, failure = run_input(
        tx, index, height=height, gas_limit=gas_limit, trace=steps.append
    )
    return InputTrace(
        index,
        given.program,
        expand_program(given.program),
        given.arguments,
        gas_limit,
        left,
        failure,
        in_order(steps),
        unreached,
    )


def _gas_before(tx: Transaction, index: int, height: int) -> tuple[int, str]:
    """The gas that is left when an input's turn comes, and what stopped it before."""
    gas = Gas()
    fuel = [tx.value_of(given)[1] for given in tx.inputs if _is_fuel(tx, given)]
    if fuel:
        paid = sum(one.amount for one in tx.outputs if one.asset == BTM)
        gas.buy(max(sum(fuel) - paid, 0), tx.size)
    pays = [_is_fuel(tx, given) for given in tx.inputs]
    order = [at for at, first in enumerate(pays) if first]
    order += [at for at, first in enumerate(pays) if not first]
    try:
        for at in order:
            if not pays[at] and not gas.is_secured:
                gas.pay_storage()
            if at == index:
                return gas.left, ""
            if isinstance(tx.inputs[at], Spend | Issuance):
                left, failure = run_input(tx, at, height=height, gas_limit=gas.left)
                if failure is not None:
                    return left, f"input {at} failed before: {failure.message}"
                gas.pay_program(left)
            if pays[at]:
                gas.check_credit()
    except (GasCalculate, OverGasCredit) as error:
        return max(gas.left, 0), error.message
    raise AssertionError("every input has its turn")


def _is_fuel(tx: Transaction, given: object) -> bool:
    return isinstance(given, Spend) and given.asset == BTM
