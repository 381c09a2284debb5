"""
Paths and tests: `$d.stage`, `alpha.height`, `fed.alpha.backed`, `bob.alpha.BTM`.

A path is read anew whenever it is asked for, so a test that waits sees the world move.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import NotComparable, UnknownPath, did_you_mean
from devnet.commands.grammar import Token, split_test
from devnet.commands.types import TestWords, source_of
from devnet.commands.values import (
    Amount,
    Quantity,
    TransferRef,
    parse_quantity,
    words,
)

CHAIN_FIELDS = ("height", "tip", "rule", "epoch", "final")
EPOCH_FIELDS = (
    "epoch", "members", "collectors", "wanted", "migrating", "expires", "treasury",
)  # fmt: skip
FED_FIELDS = ("backed", "frozen", "alarms", "written_off", *EPOCH_FIELDS)
FAULT_FIELDS = ("kind", "target", "at_work", "seen")
TRANSFER_FIELDS = (
    "stage", "done", "needed", "failed", "note", "who", "to", "chain", "asset",
    "amount", "transfer",
)  # fmt: skip
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]{1,9})\]")
_ROOT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class _ChainView:
    """A chain as the start of a path."""

    name: str


@dataclass(frozen=True, slots=True)
class _PurseView:
    """An account as the start of a path, then with a chain: `bob.alpha.BTM`."""

    who: str
    chain: str | None = None


@dataclass(frozen=True, slots=True)
class _FedView:
    """The federation, or what it says of one sidechain."""

    chain: str | None = None


@dataclass(frozen=True, slots=True)
class _FaultView:
    """A fault by its id, at work or over: `fault.f1.seen`."""

    id: str | None = None


def resolve(path: str, session: Context, *, named: bool) -> Any:
    """
    What a path leads to.

    Args:
        path: without the `$`.
        session: whose names and network.
        named: the path was written with a `$`, so it starts with a name.

    Raises:
        UnknownPath: a part of it does not exist.
    """
    root = _ROOT.match(path)
    if root is None:
        raise UnknownPath(f"{path!r} is not a path", hint="for example alpha.height")
    value = _named(root[0], session) if named else _rooted(root[0], session)
    at = root.end()
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise UnknownPath(
                f"{path!r} stops making sense at {path[at:]!r}",
                hint="parts are .field or [0]",
            )
        value = _follow(value, step[1] or int(step[2]), path[:at], session)
        at = step.end()
    if isinstance(value, _ChainView | _FedView | _PurseView | _FaultView):
        raise UnknownPath(
            f"{path!r} needs a field", hint=", ".join(_fields(value, session))
        )
    return value


def _named(name: str, session: Context) -> Any:
    if name not in session.names:
        raise UnknownPath(
            f"nothing is called ${name}",
            hint=did_you_mean(name, session.names, "name")
            + f"; {name} = CALL gives a result this name",
        )
    return session.names[name]


def _rooted(word: str, session: Context) -> Any:
    """The start of a path without `$`: a chain, the federation, or a transfer."""
    if word == "fed":
        return _FedView()
    if word == "fault":
        return _FaultView()
    chains = session.network.chain_names()
    if word in chains:
        return _ChainView(word)
    transfers = [transfer.id for transfer in session.network.transfers()]
    if word in transfers:
        return TransferRef(word)
    if word in session.network.accounts():
        return _PurseView(word)
    accounts = holding.holder_names(session)
    if word in accounts:
        return _PurseView(word)
    hint = did_you_mean(word, (*chains, "fed", "fault", *transfers, *accounts), "path")
    if word in session.names:
        hint = f"did you mean ${word}?"
    raise UnknownPath(
        f"{word!r} is neither a chain, nor fed, a transfer or an account", hint=hint
    )


def _follow(value: Any, step: str | int, so_far: str, session: Context) -> Any:
    """One step along a path."""
    match value, step:
        case dict(), str() if step in value:
            return value[step]
        case ((list() | tuple()), int()) if step < len(value):
            return value[step]
        case _FedView(None), str() if step in session.network.sidechain_names():
            return _FedView(step)
        case _FedView(str() as chain), "backed":
            return session.network.backed(chain)
        case _FedView(str() as chain), str() if step in EPOCH_FIELDS:
            return session.network.epoch_facts(chain)[step]
        case _FedView(str() as chain), "frozen":
            return session.network.frozen(chain)
        case _FedView(str() as chain), "written_off":
            return [
                Amount(units, asset, session.network.asset(asset).decimals)
                for asset, units in session.network.written_off(chain).items()
            ]
        case _FedView(str() as chain), "alarms":
            return session.network.alarms(chain)
        case _FaultView(None), str() if session.network.fault_story(step) is not None:
            return _FaultView(step)
        case _FaultView(str() as fault_id), str() if step in FAULT_FIELDS:
            story = session.network.fault_story(fault_id)
            return None if story is None else story[step]
        case _PurseView(who, None), str() if step in session.network.chain_names():
            return _PurseView(who, step)
        case _PurseView(who, str() as chain), str() if step in session.network.assets():
            info = session.network.asset(step)
            held = holding.balance_units(session, who, chain, step)
            return Amount(held, step, info.decimals)
        case _ChainView("main"), "height":
            return session.network.main_height()
        case _ChainView(name), str():
            facts = session.network.show(name)
            if step in facts:
                return facts[step]
        case TransferRef(), str() if step in TRANSFER_FIELDS:
            return _transfer_field(value.id, step, session)
    fields = list(_fields(value, session))
    if not fields:
        raise UnknownPath(
            f"{so_far} has no {step!r}", hint=f"it is {words(value)[:60]} and no more"
        )
    raise UnknownPath(
        f"{so_far} has no {step!r}",
        hint=did_you_mean(str(step), fields, "field of " + so_far),
    )


def _transfer_field(transfer_id: str, field: str, session: Context) -> Any:
    transfer = session.network.transfer(transfer_id)
    if field == "transfer":
        return transfer_id
    if field == "amount":
        decimals = session.network.asset(transfer.asset).decimals
        return Amount(transfer.amount, transfer.asset, decimals)
    return getattr(transfer, field)


def _fields(value: Any, session: Context) -> Iterable[str]:
    """What can follow this value in a path."""
    match value:
        case dict():
            return [str(key) for key in value]
        case _FedView(None):
            return session.network.sidechain_names()
        case _FedView():
            return FED_FIELDS
        case _FaultView(None):
            return session.network.fault_ids()
        case _FaultView():
            return FAULT_FIELDS
        case _PurseView(_, None):
            return session.network.chain_names()
        case _PurseView():
            return session.network.assets()
        case _ChainView(name):
            return session.network.show(name)
        case TransferRef():
            return TRANSFER_FIELDS
    return ()


# Tests.


@dataclass(frozen=True, slots=True)
class Test:
    """
    A test that can be asked again and again.

    Args:
        path: the left side as written.
        operator: one of == != < <= > >= ~ in.
        expected: the right side as written.
        read: gives the left side now.
        holds: compares.
    """

    __test__ = False
    path: str
    operator: str
    expected: str
    read: Callable[[], Any]
    holds: Callable[[Any], bool]

    def __call__(self) -> bool:
        """Does it hold now? Raises UsageError when it makes no sense."""
        return self.holds(self.read())

    def both_sides(self) -> str:
        """What a miss says: what was wanted and what is."""
        return (
            f"{self.path} {self.operator} {self.expected} does not hold: "
            f"{self.path} is {words(self.read())}"
        )


def make_test(test: TestWords, session: Context) -> Test:
    """
    The test that these words spell, tried once so that nonsense is refused at once.

    Raises:
        UsageError: no such path, no such operator, sides that do not compare.
    """
    left, operator, right = split_test(test.words)
    named = left.kind == "path"

    def read() -> Any:
        return resolve(left.text, session, named=named)

    expected = _right_side(right, session)
    made = Test(
        path=source_of(left),
        operator=operator,
        expected=source_of(right),
        read=read,
        holds=lambda actual: compare(actual, operator, expected),
    )
    made()
    return made


def _right_side(token: Token, session: Context) -> Any:
    """The value of the right side: a path's, JSON, or the word itself."""
    if token.kind == "path":
        return session.value_of(token.text)
    if token.kind == "json":
        return token.value
    return token.text


def compare(actual: Any, operator: str, expected: Any) -> bool:
    """
    Does `actual operator expected` hold? The left side decides how to compare.

    Raises:
        NotComparable: for example, a height against a word.
    """
    if operator == "~":
        try:
            return re.search(str(expected), words(actual)) is not None
        except re.error as error:
            raise NotComparable(
                f"{expected!r} is not a regular expression: {error}",
                hint="put \\ before a sign that stands for itself, as in \\(",
            ) from None
    if operator == "in":
        choices = expected.split(",") if isinstance(expected, str) else expected
        if not isinstance(choices, list | tuple):
            raise NotComparable(
                f"{words(expected)!r} is not a list",
                hint='write claim,claimed or ["claim", "claimed"]',
            )
        return any(compare(actual, "==", choice) for choice in choices)
    left, right = _alike(actual, expected)
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
    if not isinstance(left, Fraction):
        raise NotComparable(
            f"{words(actual)!r} has no order", hint="use == != ~ or in with it"
        )
    assert isinstance(right, Fraction)
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
    }[operator]  # fmt: skip


def _alike(actual: Any, expected: Any) -> tuple[Any, Any]:
    """Both sides as values of one sort: numbers as exact fractions, or as they are."""
    match actual:
        case bool() | None:
            return words(actual), words(expected)
        case Amount():
            return Fraction(actual.units), _units(actual, expected)
        case int():
            return Fraction(actual), _fraction(expected)
        case str():
            return actual, words(expected)
    return actual, expected


def _units(actual: Amount, expected: Any) -> Fraction:
    """The right side in smallest units of the left side's asset."""
    if isinstance(expected, Amount):
        if expected.asset != actual.asset:
            raise NotComparable(
                f"{actual} and {expected} are different assets",
                hint="compare amounts of one asset",
            )
        return Fraction(expected.units)
    quantity: Quantity | None
    if isinstance(expected, Quantity):
        quantity = expected
    else:
        quantity = parse_quantity(words(expected).removesuffix(f" {actual.asset}"))
    if quantity is None:
        raise NotComparable(
            f"{words(expected)!r} is not an amount", hint="write 250 or 100neu"
        )
    return quantity.as_fraction(actual.decimals)


def _fraction(expected: Any) -> Fraction:
    if type(expected) is int:
        return Fraction(expected)
    quantity = parse_quantity(words(expected).removeprefix("-"))
    if quantity is None or quantity.neu:
        raise NotComparable(
            f"{words(expected)!r} is not a number", hint="write 20, or 7.5"
        )
    sign = -1 if words(expected).startswith("-") else 1
    return sign * quantity.as_fraction(0)
