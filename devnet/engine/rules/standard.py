"""
Which programs may hold BTM, and which gas a transaction may buy with it.

Source: Bytom/bytom v1.1.0, protocol/validation/tx.go, consensus/segwit/segwit.go,
consensus/general.go. Votes and bonds: bc/stakes.py.
"""

from __future__ import annotations

from devnet.engine.bc.programs import is_standard, is_unspendable
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.rules.errors import NotStandardTx


def may_hold_btm(program: bytes, *, side: bool) -> bool:
    """Is the program standard on this chain?"""
    return is_standard(program) or (side and stake_of(program) is not None)


def check_standard(tx: Transaction) -> None:
    """
    Every program that BTM leaves or enters must be standard. Retirements are exempt,
    so a note behind a FAIL is fine.

    Raises:
        NotStandardTx: with the place of the first program that is not.
    """
    for index, given in enumerate(tx.inputs):
        if isinstance(given, Spend) and given.asset == BTM:
            _check_program(given.program, f"input {index}", side=tx.side)
    for index, output in enumerate(tx.outputs):
        if output.asset == BTM and not is_unspendable(output.program):
            _check_program(output.program, f"output {index}", side=tx.side)


def _check_program(program: bytes, place: str, *, side: bool) -> None:
    if not may_hold_btm(program, side=side):
        raise NotStandardTx(
            f"the program {program.hex()[:24]} of {place} is not standard for BTM",
            place=place,
            program=program,
        )
