"""Statements: what a clause does, one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from devnet.equity.checking import Places
from devnet.equity.errors import BadContract
from devnet.equity.expressions import Compiling, inside
from devnet.equity.scope import VARIABLE, builtin_of
from devnet.equity.syntax import (
    Assign,
    Call,
    ClauseText,
    Define,
    Expression,
    If,
    Lock,
    Statement,
    Unlock,
    Verify,
    counts_in,
)


@dataclass(slots=True)
class Statements:
    """
    The statements of a clause, or of one side of an if.

    Args:
        places: the outputs that lock statements speak of.
        numbers: gives each if of the contract its number.
    """

    at: Compiling
    clause: ClauseText
    places: Places
    numbers: count[int]

    def all(self, statements: Sequence[Statement]) -> None:
        """
        Compile them in their order.

        Raises:
            BadContract: in which statement, and what is wrong.
        """
        for statement in statements:
            self._one(statement)

    def _one(self, statement: Statement) -> None:
        match statement:
            case If():
                self._if(statement)
            case Define():
                self._define(statement)
            case Assign():
                self._assign(statement)
            case Verify(condition):
                self._value(condition, "verify statement")
                self.at.out.verify()
                self._note_height(condition)
            case Lock():
                self._lock(statement)
            case Unlock():
                # The only statement of a clause: something true must be left.
                if len(self.clause.statements) == 1:
                    self.at.out.push("TRUE", "true")

    def _value(self, expression: Expression, what: str) -> None:
        with inside(f'in {what} in clause "{self.clause.name}"'):
            self.at.value(expression)

    def _note_height(self, condition: Expression) -> None:
        if not isinstance(condition, Call) or len(condition.arguments) != 1:
            return
        builtin = builtin_of(condition.function)
        if builtin is not None and builtin.name in ("below", "above"):
            self.at.clause.heights.append(str(condition.arguments[0]))

    def _if(self, statement: If) -> None:
        out, number = self.at.out, next(self.numbers)
        self._value(statement.condition, "check condition of ifStatement")
        out.replace("NOT", 1, f"!{out.stack.at(0)}")
        # Whoever counts clauses tells this jump from theirs by the NOP before it.
        out.word("NOP")
        out.jump_if(f"{'else' if statement.otherwise else 'endif'}_{number}")
        out.label(f"if_{number}")
        before, left = out.stack, self.at.left.copy()
        self._side(statement.then, self.at.left)
        if statement.otherwise:
            out.stack = before
            out.jump(f"endif_{number}")
            out.label(f"else_{number}")
            self._side(statement.otherwise, left)
        out.label(f"endif_{number}")

    def _side(self, statements: Sequence[Statement], left: Counter[str]) -> None:
        """One side of an if: what it uses is counted once more, as Bytom does."""
        for one in statements:
            left.update(counts_in(one))
        side = replace(self, at=replace(self.at, left=left))
        side.all(statements)

    def _define(self, statement: Define) -> None:
        variable = statement.variable
        self.at.scope.add(variable.name, variable.type, VARIABLE)
        if not self.at.left[variable.name]:
            raise BadContract(
                f'the defined variable "{variable.name}" is unused in clause '
                f'"{self.clause.name}"'
            )
        if statement.value is not None:
            self._value(statement.value, "define statement")
            self.at.out.stack.rename(variable.name)

    def _assign(self, statement: Assign) -> None:
        out, left, name = self.at.out, self.at.left, statement.name
        meaning = self.at.scope.find(name)
        if meaning is None:
            raise BadContract(
                f'the variable "{name}" is not defined before the assign statement in '
                f'clause "{self.clause.name}"'
            )
        if meaning.role != VARIABLE:
            raise BadContract(
                "the type of variable is not roleClauseVariable in assign statement in "
                f'clause "{self.clause.name}"'
            )
        n_own, n_left = counts_in(statement)[name], left[name]
        if n_own:
            left[name] = 1
        elif (depth := out.stack.find(name)) >= 0:
            out.roll(depth)
            out.drop()
        self._value(statement.value, "define statement")
        if n_own:
            left[name] = n_left - n_own
        out.stack.rename(name)

    def _lock(self, statement: Lock) -> None:
        out, text = self.at.out, self.at.contract.text
        out.number(self.places[statement])
        used = counts_in(statement)
        whole = (str(statement.amount), str(statement.asset)) == (
            text.amount, text.asset,
        )  # fmt: skip
        for word, value, own in (
            ("AMOUNT", statement.amount, text.amount),
            ("ASSET", statement.asset, text.asset),
        ):
            is_own = whole or str(value) == own
            if is_own or used[own]:
                if not is_own:
                    self.at.left[own] = used[own]
                out.push(word, own)
            if not is_own:
                self._value(value, "lock statement")
        out.number(1)
        self._value(statement.program, "lock statement")
        words = f"{statement.amount}, {statement.asset}, {statement.program}"
        out.replace("CHECKOUTPUT", 5, f"checkOutput({words})")
        out.verify()
