"""What can be wrong with a contract's text, or with the arguments for it."""

from __future__ import annotations

from devnet.engine.errors import RequestError


class EquityError(RequestError):
    """A contract cannot be compiled or instantiated. Concrete refusals follow."""

    code = "equity"


class BadSyntax(EquityError):
    """The text does not follow the grammar."""

    code = "equity.syntax"
    default_hint = "Lines count from 1, columns from 0."

    def __init__(self, text: bytes, at: int, what: str) -> None:
        before = text[:at]
        line = before.count(b"\n") + 1
        column = at - (before.rfind(b"\n") + 1)
        super().__init__(f"line {line}, col {column}: {what}", line=line, column=column)


class BadContract(EquityError):
    """The text can be read, and what it says cannot be meant."""

    code = "equity.contract"
    default_hint = "docs/equity.md has the language on a page."


class BadArguments(EquityError):
    """The arguments are not those that the contract takes."""

    code = "equity.arguments"
    default_hint = "Give one value for each parameter, in their order."
