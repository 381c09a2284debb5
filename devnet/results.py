"""
What the Python interface gives and takes: results with attributes, transfers as they
are now, and Python values as the words of a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from devnet.commands.errors import BadArgument
from devnet.commands.grammar import Call, Token
from devnet.commands.session import Session
from devnet.commands.values import Amount, TransferRef
from devnet.commands.verbs.chains import transfer_facts


class Result(dict[str, Any]):
    """What a verb answered: a dict whose keys are attributes, too."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__((name, _dressed(value)) for name, value in facts.items())

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(self)
            raise AttributeError(f"the result has no {name}; it has {known}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})


class LiveTransfer:
    """A transfer by its id; its attributes are read whenever they are asked for."""

    def __init__(self, session: Session, transfer_id: str) -> None:
        self._session, self.id = session, transfer_id

    @property
    def arrival(self) -> str:
        """The test that holds when it has arrived."""
        last = "settled" if self.id.startswith("w") else "claimed"
        return f"{self.id}.stage == {last}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(Result(transfer_facts(self._session, self.id)), name)

    def __getitem__(self, name: str) -> Any:
        return transfer_facts(self._session, self.id)[name]

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<transfer {self.id}, {self.stage}>"


def result_of(session: Session, result: Any, handle: Any) -> Any:
    """A verb's result as Python programs like it."""
    if isinstance(handle, TransferRef):
        return LiveTransfer(session, handle.id)
    return _dressed(result)


def _dressed(value: Any) -> Any:
    if isinstance(value, dict) and not isinstance(value, Result):
        return Result(value)
    if isinstance(value, list | tuple):
        return [_dressed(one) for one in value]
    return value


def call_of(verb: str, words: Sequence[Any], flags: Mapping[str, Any]) -> Call:
    """
    The call of a verb. Nothing in a value is taken for an option, a path or a question.
    A flag of None or False is not there.

    Raises:
        BadArgument: a value has no spelling.
    """
    tokens = [_token(word) for word in words if word is not None]
    for name, value in flags.items():
        if value is None or value is False:
            continue
        option = "--" + name.strip("_").replace("_", "-")
        tokens.append(Token(option, "word", 0, 0))
        if value is not True:
            tokens.append(_token(value))
    text = " ".join((verb, *(token.text for token in tokens)))
    return Call(verb, tuple(tokens), text)


def _token(value: Any) -> Token:
    match value:
        case Mapping():
            return Token(str(value), "json", 0, 0, dict(value))
        case Amount():
            return Token(f"{value.units}neu", "string", 0, 0)
        case bool():
            return Token("on" if value else "off", "string", 0, 0)
        case str() | LiveTransfer():
            return Token(str(value), "string", 0, 0)
        case int():
            return Token(str(value), "string", 0, 0)
        case float() | Decimal():
            return Token(f"{Decimal(str(value)):f}", "string", 0, 0)
        case bytes():
            return Token(value.hex(), "string", 0, 0)
        case list() | tuple():
            return Token(",".join(_token(one).text for one in value), "string", 0, 0)
    raise BadArgument(
        f"a {type(value).__name__} is no word of a line",
        hint="give a text, a number, a dict, a list or a result",
    )
