"""A contract as its text says it: expressions, statements, clauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from devnet.equity.vocabulary import Operator


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and a sign between them."""

    operator: Operator
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left} {self.operator.sign} {self.right})"


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before its operand."""

    operator: Operator
    operand: Expression

    def __str__(self) -> str:
        return f"{self.operator.sign}{self.operand}"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language, or another contract, with arguments."""

    function: Expression
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, variable, value, function or contract by its name."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes that stand in the text."""

    value: bytes

    def __str__(self) -> str:
        return f"0x{self.value.hex()}"


@dataclass(frozen=True, slots=True)
class Number:
    """An integer that stands in the text."""

    value: int

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Several:
    """A list; it can only be an argument."""

    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


Expression: TypeAlias = Binary | Unary | Call | Name | Data | Number | Truth | Several


def names_in(expression: Expression) -> Iterator[str]:
    """Every name in an expression, as often as it stands there."""
    match expression:
        case Name(text):
            yield text
        case Binary(_, left, right):
            yield from names_in(left)
            yield from names_in(right)
        case Unary(_, operand):
            yield from names_in(operand)
        case Call(function, arguments):
            yield from names_in(function)
            for one in arguments:
                yield from names_in(one)
        case Several(items):
            for one in items:
                yield from names_in(one)


@dataclass(slots=True)
class Parameter:
    """
    A parameter or variable.

    Args:
        inferred: a narrower type than the declared one, from how it is used.
    """

    name: str
    type: str
    inferred: str = ""


@dataclass(frozen=True, slots=True)
class Define:
    """A variable, and its first value if there is one."""

    variable: Parameter
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Assign:
    """A variable's next value."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """One of two lists of statements."""

    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Verify:
    """The transaction is good only if this holds."""

    condition: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Lock:
    """An output of the transaction must lock so much of an asset with a program."""

    amount: Expression
    asset: Expression
    program: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Unlock:
    """The contract's value goes wherever the transaction sends it."""

    amount: Expression
    asset: Expression


Statement: TypeAlias = Define | Assign | If | Verify | Lock | Unlock


def expressions_of(statement: Statement) -> tuple[Expression, ...]:
    """The expressions of a statement itself; of an if, its condition alone."""
    match statement:
        case Define(_, value):
            return () if value is None else (value,)
        case Assign(_, value):
            return (value,)
        case If(condition) | Verify(condition):
            return (condition,)
        case Lock(amount, asset, program):
            return amount, asset, program
        case Unlock(amount, asset):
            return amount, asset


def counts_in(statement: Statement) -> Counter[str]:
    """How often each name stands in a statement itself."""
    return Counter(name for one in expressions_of(statement) for name in names_in(one))


def uses(statement: Statement, name: str) -> bool:
    """Does a statement, or one inside it, name this?"""
    if name in counts_in(statement):
        return True
    if not isinstance(statement, If):
        return False
    return any(uses(one, name) for one in (*statement.then, *statement.otherwise))


@dataclass(frozen=True, slots=True)
class ClauseText:
    """One way to spend the contract's value."""

    name: str
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class ContractText:
    """
    One contract.

    Args:
        amount, asset: what the contract calls the value that it locks.
    """

    name: str
    parameters: tuple[Parameter, ...]
    amount: str
    asset: str
    clauses: tuple[ClauseText, ...] = field(default=())

    def is_recursive(self) -> bool:
        """Does it lock value with itself again?"""
        statements = [one for clause in self.clauses for one in clause.statements]
        return any(self._calls_itself(one) for one in statements)

    def _calls_itself(self, statement: Statement) -> bool:
        if isinstance(statement, If):
            inner = (*statement.then, *statement.otherwise)
            return any(self._calls_itself(one) for one in inner)
        if not isinstance(statement, Lock) or not isinstance(statement.program, Call):
            return False
        return self.name in names_in(statement.program.function)
