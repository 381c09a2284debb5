"""Expressions: what puts a value on the stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devnet.engine.bc.opcodes import OPCODES
from devnet.equity import vocabulary as words
from devnet.equity.building import Builder
from devnet.equity.contracts import Clause, Contract, HashCall
from devnet.equity.errors import BadContract
from devnet.equity.scope import Scope, builtin_of
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
from devnet.equity.vocabulary import Function, Operator

_DEPTH, _OVER = OPCODES["DEPTH"], OPCODES["OVER"]
_CHECKPREDICATE = OPCODES["CHECKPREDICATE"]


@contextmanager
def inside(where: str) -> Iterator[None]:
    """Errors from here say where they happened."""
    try:
        yield
    except BadContract as error:
        raise BadContract(f"{where}: {error.message}") from None


@dataclass(slots=True)
class Compiling:
    """
    A clause while it is compiled.

    Args:
        left: how often each name will still be needed; its last use takes it from
            the stack instead of copying it.
    """

    out: Builder
    contract: Contract
    clause: Clause
    scope: Scope
    left: Counter[str]

    def value(self, expression: Expression) -> None:
        """
        Put a value on the stack.

        Raises:
            BadContract: types do not fit, a name means nothing here, ...
        """
        match expression:
            case Binary(operator, left, right):
                self._binary(expression, operator, left, right)
            case Unary(operator, operand):
                self._unary(expression, operator, operand)
            case Call(function, arguments):
                self._call(expression, function, arguments)
            case Name(text):
                self.name(text)
            case Number(value):
                self.out.number(value)
            case Data(value):
                self.out.data(value)
            case Truth(value):
                self.out.push("TRUE" if value else "FALSE", str(expression))
            case Several():
                raise BadContract("encountered list outside of function-call context")

    def name(self, text: str) -> None:
        """A value that lies on the stack already: copied, or taken the last time."""
        depth = self.out.stack.find(text)
        if depth < 0:
            raise BadContract(f'undefined reference: "{text}"')
        is_last = False
        if self.left[text] > 0:
            self.left[text] -= 1
            is_last = not self.left[text]
        if is_last:
            self.out.roll(depth)
        else:
            self.out.pick(depth)

    def _binary(
        self, whole: Binary, operator: Operator, left: Expression, right: Expression
    ) -> None:
        sign = operator.sign
        with inside(f'in left operand of "{sign}" expression'):
            self.value(left)
        with inside(f'in right operand of "{sign}" expression'):
            self.value(right)
        left_type, right_type = self.scope.type_of(left), self.scope.type_of(right)
        for side, found in (("left", left_type), ("right", right_type)):
            fits = found in _allowed(operator.operand) or not operator.operand
            if not fits:
                raise BadContract(
                    f'in "{whole}", {side} operand has type "{found}", must be '
                    f'"{operator.operand}"'
                )
        if sign in ("==", "!="):
            self._compare(whole, left_type, right_type)
        self.out.replace(operator.opcodes, 2, str(whole))

    def _compare(self, whole: Binary, left_type: str, right_type: str) -> None:
        """Equal things have one type; a hash takes the narrower one of the other."""
        if left_type != right_type:
            if left_type == words.HASH and right_type in words.HASH_SUBTYPES:
                self._narrow(whole.left, right_type)
            elif right_type == words.HASH and left_type in words.HASH_SUBTYPES:
                self._narrow(whole.right, left_type)
            else:
                raise BadContract(
                    f'type mismatch in "{whole}": left operand has type '
                    f'"{left_type}", right operand has type "{right_type}"'
                )
        if left_type == words.BOOLEAN:
            raise BadContract(
                f'in "{whole}": using "{whole.operator.sign}" on Boolean values not '
                "allowed"
            )

    def _narrow(self, expression: Expression, type_name: str) -> None:
        if not isinstance(expression, Name):
            return
        meaning = self.scope.find(expression.text)
        if meaning is None:
            return
        meaning.type = type_name
        for one in (*self.contract.parameters, *self.clause.parameters):
            if one.name == expression.text:
                one.inferred = type_name
                return

    def _unary(self, whole: Unary, operator: Operator, operand: Expression) -> None:
        with inside(f'in "{operator.sign}" expression'):
            self.value(operand)
        found = self.scope.type_of(operand)
        if operator.operand and found != operator.operand:
            raise BadContract(
                f'in "{whole}", operand has type "{found}", must be '
                f'"{operator.operand}"'
            )
        # The entry keeps the operand's name, as in Bytom's compiler.
        self.out.word(operator.opcodes)

    # Calls.

    def _call(
        self, whole: Call, function: Expression, arguments: tuple[Expression, ...]
    ) -> None:
        builtin = builtin_of(function)
        if builtin is None:
            self._lock_program(whole, function, arguments)
            return
        if len(arguments) != len(builtin.takes):
            raise BadContract(
                f'wrong number of args for "{builtin.name}": have {len(arguments)}, '
                f"want {len(builtin.takes)}"
            )
        if builtin.name == words.MULTISIG:
            self._multisig(whole, *arguments)
            return
        n_taken = 0
        for place in reversed(range(len(arguments))):
            with inside(f"compiling argument {place} in call expression"):
                n_taken += self._argument(arguments[place])
        self._check_arguments(builtin, arguments)
        self.out.replace(builtin.opcodes, n_taken, str(whole))
        if builtin.name in ("sha3", "sha256"):
            argument = arguments[0]
            found = HashCall(builtin.name, str(argument), self.scope.type_of(argument))
            self.clause.hash_calls.append(found)

    def _check_arguments(
        self, builtin: Function, arguments: tuple[Expression, ...]
    ) -> None:
        for place, wanted in enumerate(builtin.takes):
            found = self.scope.type_of(arguments[place])
            if wanted and found != wanted:
                raise BadContract(
                    f'argument {place} to "{builtin.name}" has type "{found}", must '
                    f'be "{wanted}"'
                )

    def _argument(self, expression: Expression) -> int:
        """An argument; of a list all items and their number. Gives how many values."""
        if not isinstance(expression, Several):
            self.value(expression)
            return 1
        for item in reversed(expression.items):
            self.value(item)
        self.out.number(len(expression.items))
        return len(expression.items) + 1

    def _multisig(self, whole: Call, keys: Expression, signatures: Expression) -> None:
        for place, one in enumerate((keys, signatures)):
            if not isinstance(one, Several):
                found = _GO_NAMES[type(one)]
                raise BadContract(
                    f"checkTxMultiSig expects list literals, got {found} for argument "
                    f"{place}"
                )
        n_taken = self._argument(signatures)
        count = self.out.stack.at(0)
        self.out.drop("TOALTSTACK")
        self.out.push("TXSIGHASH", "<txsighash>")
        n_taken += self._argument(keys)
        self.out.push("FROMALTSTACK", count)
        self.out.roll(1)
        self.out.replace("CHECKMULTISIG", n_taken, str(whole))

    def _lock_program(
        self, whole: Call, function: Expression, arguments: tuple[Expression, ...]
    ) -> None:
        """
        The program of another contract, or of this one, with arguments: put together
        on the stack, for arguments are known only when the contract runs.
        """
        meaning = self.scope.find(function.text) if isinstance(function, Name) else None
        if meaning is None or meaning.contract is None:
            raise BadContract(f'unknown function "{function}"')
        called, partial = meaning.contract, f"{function}(...)"
        self.clause.contracts.append(called.name)
        self.out.data(b"")
        if len(arguments) != len(called.parameters):
            raise BadContract(
                f'contract "{called.name}" expects {len(called.parameters)} '
                f"argument(s), got {len(arguments)}"
            )
        for place in reversed(range(len(arguments))):
            self._check_contract_argument(called, place, arguments[place])
            self.value(arguments[place])
            self.out.replace("CATPUSHDATA", 2, partial)
        if called is self.contract:
            with inside("compiling contract call"):
                self.name(called.name)
            self.out.replace("CATPUSHDATA", 2, partial)
            self._cat(bytes((_DEPTH, _OVER)), partial)
        elif called.is_recursive:
            self._push_body(called, partial)
            self._cat(bytes((_DEPTH, _OVER)), partial)
        else:
            self._cat(bytes((_DEPTH,)), partial)
            self._push_body(called, partial)
        self.out.data(b"")
        self.out.replace("CATPUSHDATA", 2, partial)
        self._cat(bytes((_CHECKPREDICATE,)), str(whole))

    def _check_contract_argument(
        self, called: Contract, place: int, argument: Expression
    ) -> None:
        wanted, found = called.parameters[place].type, self.scope.type_of(argument)
        number_as_amount = (found, wanted) == (words.INTEGER, words.AMOUNT)
        if wanted and found != wanted and not number_as_amount:
            raise BadContract(
                f'argument {place} to contract "{called.name}" has type "{found}", '
                f'must be "{wanted}"'
            )

    def _push_body(self, called: Contract, partial: str) -> None:
        if not called.body:
            raise BadContract(f'contract "{called.name}" not defined')
        self.out.data(called.body)
        self.out.replace("CATPUSHDATA", 2, partial)

    def _cat(self, data: bytes, name: str) -> None:
        self.out.data(data)
        self.out.replace("CAT", 2, name)


_GO_NAMES = {
    Binary: "*compiler.binaryExpr",
    Unary: "*compiler.unaryExpr",
    Call: "*compiler.callExpr",
    Name: "compiler.varRef",
    Data: "compiler.bytesLiteral",
    Number: "compiler.integerLiteral",
    Truth: "compiler.booleanLiteral",
}
"""How Bytom's message calls what is no list."""


def _allowed(operand: str) -> tuple[str, ...]:
    """The types that may stand where an operator wants one."""
    return words.NUMBERS if operand == words.INTEGER else (operand,)
