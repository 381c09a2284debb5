"""What must hold of a clause before anything runs it."""

from __future__ import annotations

from collections.abc import Sequence

from devnet.equity import vocabulary as words
from devnet.equity.errors import BadContract
from devnet.equity.scope import Scope
from devnet.equity.syntax import (
    Assign,
    ClauseText,
    ContractText,
    Define,
    Expression,
    If,
    Lock,
    Parameter,
    Statement,
    Unlock,
    Verify,
    uses,
)

Places = dict[Lock, int]
"""Which output of the transaction each lock statement speaks of."""


def check_parameters(contract: ContractText) -> None:
    """
    A contract cannot know a signature when it is made, and uses all that it takes.

    Raises:
        BadContract: which parameter.
    """
    for one in contract.parameters:
        if one.type == words.SIGNATURE:
            raise BadContract(
                f'contract parameter "{one.name}" has type Signature, but contract '
                "parameters cannot have type Signature"
            )
    statements = [
        statement for clause in contract.clauses for statement in clause.statements
    ]
    for one in contract.parameters:
        if not any(uses(statement, one.name) for statement in statements):
            raise BadContract(f'parameter "{one.name}" is unused')


def check_used(parameters: Sequence[Parameter], clause: ClauseText) -> None:
    """Raise BadContract for a parameter that nothing in the clause uses."""
    for one in parameters:
        if not any(uses(statement, one.name) for statement in clause.statements):
            raise BadContract(
                f'parameter "{one.name}" is unused in clause "{clause.name}"'
            )


def places_of(clause: ClauseText) -> Places:
    """
    The outputs of a clause's lock statements, from 0 on; an unlock takes one as well.

    Raises:
        BadContract: the sides of an if take different numbers of outputs, and more
            statements follow.
    """
    places: Places = {}
    following, last = 0, len(clause.statements) - 1
    for number, statement in enumerate(clause.statements):
        following = _place(statement, following, number != last, places)
        if following < 0:
            raise BadContract(
                "Not support that the number of lock/unlock statement is not equal "
                "between ifbody and elsebody when the if-else is not the last "
                f'statement in clause "{clause.name}"'
            )
    return places


def _place(
    statement: Statement, following: int, is_followed: bool, places: Places
) -> int:
    """The number of the next output behind a statement; -1 where there is none."""
    if isinstance(statement, If):
        ends = []
        for side in (statement.then, statement.otherwise):
            end = following
            for one in side:
                end = _place(one, end, is_followed, places)
            ends.append(end)
        if ends[0] == ends[1]:
            return ends[0]
        return -1 if is_followed else following
    if isinstance(statement, Lock):
        places[statement] = following
    return following + isinstance(statement, Lock | Unlock)


def check_types(contract: ContractText, clause: ClauseText, scope: Scope) -> None:
    """
    Every statement gets values of the types that it takes.

    Raises:
        BadContract: which one does not.
    """
    for statement in clause.statements:
        _check(statement, contract, clause.name, scope)


def _check(
    statement: Statement, contract: ContractText, clause: str, scope: Scope
) -> None:
    match statement:
        case If(_, then, otherwise):
            for one in (*then, *otherwise):
                _check(one, contract, clause, scope)
        case Define(variable, value):
            if value is not None:
                _check_variable("define", value, variable.type, clause, scope)
        case Assign(name, value):
            meaning = scope.find(name)
            wanted = "" if meaning is None else meaning.type
            _check_variable("assign", value, wanted, clause, scope)
        case Verify(condition):
            found = scope.type_of(condition)
            if found != words.BOOLEAN:
                raise BadContract(
                    f'expression in verify statement in clause "{clause}" has type '
                    f'"{found}", must be Boolean'
                )
        case Lock(amount, asset, program):
            in_clause = f'in lock statement in clause "{clause}"'
            for what, given, types in (
                (f'lockedAmount expression "{amount}"', amount, words.NUMBERS),
                (f'lockedAsset expression "{asset}"', asset, (words.ASSET,)),
                ("program", program, (words.PROGRAM,)),
            ):
                _check_type(f"{what} {in_clause}", given, types, scope)
        case Unlock(amount, asset):
            _check_unlock(amount, asset, contract, clause, scope)


def _check_variable(
    what: str, value: Expression, wanted: str, clause: str, scope: Scope
) -> None:
    found = scope.type_of(value)
    if found != wanted and found not in words.HASH_SUBTYPES:
        raise BadContract(
            f'expression in {what} statement in clause "{clause}" has type "{found}", '
            f'must be "{wanted}"'
        )


def _check_type(
    what: str, value: Expression, types: Sequence[str], scope: Scope
) -> None:
    found = scope.type_of(value)
    if found not in types:
        raise BadContract(f'{what} has type "{found}", must be {types[-1]}')


def _check_unlock(
    amount: Expression,
    asset: Expression,
    contract: ContractText,
    clause: str,
    scope: Scope,
) -> None:
    in_clause = f'in unlock statement of clause "{clause}"'
    for what, one, types in (
        (f'unlockedAmount expression "{amount}"', amount, words.NUMBERS),
        (f'unlockedAsset expression "{asset}"', asset, (words.ASSET,)),
    ):
        _check_type(f"{what} {in_clause}", one, types, scope)
    if (str(amount), str(asset)) != (contract.amount, contract.asset):
        raise BadContract(
            f'amount "{amount}" of asset "{asset}" expression {in_clause} must be the '
            f'contract valueAmount "{contract.amount}" of valueAsset '
            f'"{contract.asset}"'
        )
