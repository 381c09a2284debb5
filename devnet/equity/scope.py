"""Which names mean what, and of which type the values are."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.equity import vocabulary as words
from devnet.equity.contracts import Contract
from devnet.equity.errors import BadContract
from devnet.equity.syntax import (
    Binary,
    Call,
    Data,
    Expression,
    Name,
    Number,
    Several,
    Truth,
    Unary,
)
from devnet.equity.vocabulary import Function

VARIABLE = "clause variable"


@dataclass(slots=True)
class Meaning:
    """
    What a name stands for.

    Args:
        role: in words, as conflicts are told.
        contract: where it names one.
    """

    type: str
    role: str
    contract: Contract | None = None


class Scope:
    """Names in a scope, and those of the scopes around it."""

    def __init__(self, outer: Scope | None = None) -> None:
        self._names: dict[str, Meaning] = {}
        self._outer = outer

    def find(self, name: str) -> Meaning | None:
        """What a name stands for here, or None."""
        found = self._names.get(name)
        if found is None and self._outer is not None:
            return self._outer.find(name)
        return found

    def add(
        self, name: str, type_name: str, role: str, contract: Contract | None = None
    ) -> None:
        """
        One more name.

        Raises:
            BadContract: it has a meaning already.
        """
        taken = self.find(name)
        if taken is not None:
            raise BadContract(f'{role} "{name}" conflicts with {taken.role}')
        self._names[name] = Meaning(type_name, role, contract)

    def type_of(self, expression: Expression) -> str:
        """The type of a value; nothing where none is known."""
        match expression:
            case Binary(operator) | Unary(operator):
                return operator.result
            case Name(text):
                found = self.find(text)
                return "" if found is None else found.type
            case Data():
                return words.STRING
            case Number():
                return words.INTEGER
            case Truth():
                return words.BOOLEAN
            case Several():
                return words.LIST
            case Call(function, arguments):
                return self._type_of_call(function, arguments)

    def _type_of_call(
        self, function: Expression, arguments: tuple[Expression, ...]
    ) -> str:
        builtin = builtin_of(function)
        if builtin is not None:
            if len(arguments) != 1:
                return builtin.result
            hashed = builtin.name, self.type_of(arguments[0])
            return words.HASHES_OF.get(hashed, builtin.result)
        kind = self.type_of(function)
        return {words.PREDICATE: words.BOOLEAN, words.CONTRACT: words.PROGRAM}.get(
            kind, ""
        )


def world_scope() -> Scope:
    """The names that every text begins with."""
    scope = Scope()
    for word in words.KEYWORDS:
        scope.add(word, "", "keyword")
    for name in words.FUNCTIONS:
        scope.add(name, "", "built-in function")
    return scope


def builtin_of(function: Expression) -> Function | None:
    """The function of the language that is called, or None."""
    if not isinstance(function, Name):
        return None
    return words.FUNCTIONS.get(function.text)
