"""
From contracts as texts to programs.

    program of a contract with arguments, in `instantiate`:
        <argN> ... <arg1> DEPTH <body> 0 CHECKPREDICATE
        <argN> ... <arg1> <body> DEPTH OVER 0 CHECKPREDICATE   if it locks with itself

Whoever spends gives the clause's arguments, and behind them, if there are more clauses
than one, the number of the clause.

Source: Bytom/bytom v1.1.0, equity/compiler. Every program is Bytom's, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count

from devnet.engine.bc.opcodes import OPCODES
from devnet.engine.bc.pushes import push, push_int
from devnet.equity import checking
from devnet.equity import vocabulary as words
from devnet.equity.assembling import optimized, program_of
from devnet.equity.building import Builder
from devnet.equity.contracts import Clause, Contract, Value
from devnet.equity.errors import BadArguments, BadContract
from devnet.equity.expressions import Compiling, inside
from devnet.equity.parsing import parse
from devnet.equity.scope import Scope, world_scope
from devnet.equity.stack import Stack
from devnet.equity.statements import Statements
from devnet.equity.syntax import (
    ClauseText,
    ContractText,
    Define,
    If,
    Lock,
    Unlock,
    counts_in,
)

_DEPTH, _OVER = bytes((OPCODES["DEPTH"],)), bytes((OPCODES["OVER"],))
_END = bytes((0, OPCODES["CHECKPREDICATE"]))
_SELECTOR = "<clause selector>"

Argument = bool | int | bytes


def compile_source(source: str) -> tuple[Contract, ...]:
    """
    All contracts of a text. Each may lock with those before it and with itself.

    Raises:
        BadSyntax, BadContract: in Bytom's words.
    """
    texts = parse(source.encode("utf-8", "surrogatepass"))
    contracts = tuple(
        Contract(
            text,
            text.is_recursive(),
            tuple(Clause(one.name, one.parameters) for one in text.clauses),
        )
        for text in texts
    )
    scope = world_scope()
    for one in contracts:
        scope.add(one.name, words.CONTRACT, "contract", one)
    for one in contracts:
        with inside("compiling contract"):
            _compile(one, scope)
        for clause, text in zip(one.clauses, one.text.clauses, strict=True):
            clause.values += _values(one.text, text)
    return contracts


def instantiate(contract: Contract, arguments: Sequence[Argument]) -> bytes:
    """
    The program that locks value with a contract.

    Raises:
        BadArguments: another number of them, or one of another type.
    """
    parameters = contract.parameters
    if len(arguments) != len(parameters):
        raise BadArguments(f"got {len(arguments)} argument(s), want {len(parameters)}")
    for place, (one, given) in enumerate(zip(parameters, arguments, strict=True)):
        wanted = _KINDS.get(one.type)
        if wanted is not None and _kind_of(given) != wanted:
            raise BadArguments(f"type mismatch in arg {place} (want {wanted})")
    pushed = b"".join(
        push(one) if isinstance(one, bytes) else push_int(int(one))
        for one in reversed(arguments)
    )
    body = push(contract.body)
    if contract.is_recursive:
        return pushed + body + _DEPTH + _OVER + _END
    return pushed + _DEPTH + body + _END


_KINDS = {
    **dict.fromkeys((words.AMOUNT, words.INTEGER), "integer"),
    **dict.fromkeys(
        (
            words.ASSET, words.HASH, words.PROGRAM, words.PUBLIC_KEY, words.SIGNATURE,
            words.STRING,
        ),
        "string",
    ),
    words.BOOLEAN: "boolean",
}  # fmt: skip


def _kind_of(argument: Argument) -> str:
    if isinstance(argument, bool):
        return "boolean"
    return "integer" if isinstance(argument, int) else "string"


def _values(contract: ContractText, clause: ClauseText) -> list[Value]:
    """What the clause's own statements lock and unlock, not those in an if."""
    found = []
    for one in clause.statements:
        if isinstance(one, Lock):
            found.append(Value(str(one.amount), str(one.asset), str(one.program)))
        elif isinstance(one, Unlock):
            found.append(Value(contract.amount, contract.asset))
    return found


# One contract.


def _compile(contract: Contract, world: Scope) -> None:
    text = contract.text
    if not text.clauses:
        raise BadContract("empty contract")
    scope = Scope(world)
    for one in text.parameters:
        scope.add(one.name, one.type, "contract parameter")
    scope.add(text.amount, words.AMOUNT, "contract value")
    scope.add(text.asset, words.ASSET, "contract value")
    for clause in text.clauses:
        scope.add(clause.name, "", "clause")
    checking.check_parameters(text)
    names = [one.name for one in reversed(text.parameters)]
    names += [contract.name] * contract.is_recursive
    n_clauses = len(text.clauses)
    selector = [_SELECTOR] * (n_clauses > 1)
    out = Builder(Stack.of([*selector, *names]))
    numbers = count(1)
    if n_clauses == 1:
        _clause(out, contract, 0, scope, numbers)
    else:
        _clauses(out, contract, scope, numbers)
    opcodes = optimized(out.opcodes)
    contract.body, contract.opcodes = program_of(opcodes), opcodes


def _clauses(
    out: Builder, contract: Contract, scope: Scope, numbers: count[int]
) -> None:
    """Jumps to each clause but the first, and the clauses behind one another."""
    clauses, text = contract.clauses, contract.text
    if text.parameters:
        out.select(len(text.parameters) + contract.is_recursive)
    for number in range(len(clauses) - 1, 1, -1):
        out.push("DUP", _SELECTOR)
        out.number(number)
        out.replace("NUMEQUAL", 2, f"({_SELECTOR} == {number})")
        out.jump_if(clauses[number].name)
    selecting = out.stack
    out.jump_if(clauses[1].name)
    selected = out.stack
    for number, clause in enumerate(clauses):
        out.stack = selecting if number > 1 else selected
        out.label(clause.name)
        if number > 1:
            out.drop()
        with inside(f'compiling clause "{clause.name}"'):
            _clause(out, contract, number, scope, numbers)
        out.forget_verify()
        if number < len(clauses) - 1:
            out.jump("_end")
    out.label("_end")


def _clause(
    out: Builder, contract: Contract, number: int, outer: Scope, numbers: count[int]
) -> None:
    clause, text = contract.clauses[number], contract.text.clauses[number]
    scope = Scope(outer)
    for one in text.parameters:
        scope.add(one.name, one.type, "clause parameter")
    places = checking.places_of(text)
    out.stack = Stack.of([one.name for one in text.parameters] + out.stack.names)
    left: Counter[str] = Counter()
    for statement in text.statements:
        if isinstance(statement, Define) and statement.value is None:
            continue
        left += counts_in(statement)
        if isinstance(statement, If):
            for inner in (*statement.then, *statement.otherwise):
                left += counts_in(inner)
    compiling = Compiling(out, contract, clause, scope, left)
    Statements(compiling, text, places, numbers).all(text.statements)
    checking.check_types(contract.text, text, scope)
    checking.check_used(text.parameters, text)
