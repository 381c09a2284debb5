"""
The types of arguments. Each one parses, completes and explains itself.

A verb's signature names them: `def lock(session, who: Account, amount: Quantity, ...)`.
Registration refuses an annotation that is not in `TYPES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NewType

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, did_you_mean
from devnet.commands.grammar import Call, Token, parse_call, quoted
from devnet.commands.options import NAME_HINT, is_sidechain_name
from devnet.commands.values import (
    Amount,
    Quantity,
    TransferRef,
    parse_quantity,
    parse_span,
    parse_speed,
)
from devnet.engine.errors import BadValue, StorageError, UnknownName

Account = NewType("Account", str)
Holder = NewType("Holder", str)
Payee = NewType("Payee", str)
Recipient = NewType("Recipient", str)
Asset = NewType("Asset", str)
Chain = NewType("Chain", str)
Sidechain = NewType("Sidechain", str)
Engine = NewType("Engine", str)
Store = NewType("Store", str)
Transfer = NewType("Transfer", str)
NewName = NewType("NewName", str)
Number = NewType("Number", int)
Height = NewType("Height", str)
Text = NewType("Text", str)
File = NewType("File", str)
VerbName = NewType("VerbName", str)
Code = NewType("Code", str)
Topic = NewType("Topic", str)
Switch = NewType("Switch", bool)
Speed = NewType("Speed", float)
Span = NewType("Span", str)
Names = NewType("Names", tuple[str, ...])
Settings = NewType("Settings", dict[str, int])
SidechainList = NewType("SidechainList", str)


@dataclass(frozen=True, slots=True)
class TestWords:
    """The words of a test, read when it is asked: path, operator, value."""

    __test__ = False
    words: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that fits here, and what to say beside it."""

    text: str
    meta: str = ""


@dataclass(frozen=True, slots=True)
class ArgType:
    """
    One type of argument.

    Args:
        kind: its stable name, by which forms choose a field.
        label: how a signature shows it.
        meaning: one clause for help.
        parse: from a word to the value; raises DevnetError with a hint.
        complete: what fits here now.
        rest: it takes all remaining words, flags of its own included.
        recorded: a recording keeps it; not what only says where to write files.
    """

    kind: str
    label: str
    meaning: str
    parse: Callable[[Any, Context], Any]
    complete: Callable[[Context], Iterable[Completion]] = lambda _: ()
    rest: bool = False
    recorded: bool = True

    @property
    def explained(self) -> str:
        """The meaning with its article: `an account`; plurals and numbers stay."""
        first = self.meaning.split(",")[0].split(" ")[0]
        if first.endswith("s") or not first.isalpha() or first == "on":
            return self.meaning
        return f"{'an' if first[0] in 'aeiou' else 'a'} {self.meaning}"


def chosen(
    what: str, names: Callable[[Context], Iterable[str]]
) -> Callable[[Token, Context], str]:
    """A parser that takes one of the names and says which is nearest otherwise."""

    def parse(token: Token, session: Context) -> str:
        word = spelled(token, session)
        known = list(names(session))
        if word in known:
            return word
        raise UnknownName(
            f"there is no {what} {word!r}", hint=did_you_mean(word, known, what)
        )

    return parse


def spelled(token: Token, session: Context) -> str:
    """The word, or the value that a `$` path leads to."""
    if token.kind != "path":
        return token.text
    return str(session.value_of(token.text))


def _quantity(token: Token, session: Context) -> Quantity | Amount:
    value: Any = token.text
    if token.kind == "path":
        value = session.value_of(token.text)
        if isinstance(value, Amount):
            return value
    if (quantity := parse_quantity(str(value))) is not None:
        return quantity
    raise BadArgument(
        f"{str(value)[:40]!r} is not an amount",
        hint="write 250, 0.5, or 100neu for smallest units",
    )


def _number(token: Token, session: Context) -> int:
    word = spelled(token, session)
    if word.isascii() and word.isdecimal() and len(word) <= 12:
        return int(word)
    raise BadArgument(f"{word[:40]!r} is not a whole number", hint="for example 6")


def _height(token: Token, session: Context) -> str:
    word = spelled(token, session)
    digits = word.removeprefix("+")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 12:
        return word
    raise BadArgument(
        f"{word[:40]!r} is not a height",
        hint="write a height such as 120, or +12 for twelve blocks from now",
    )


def _switch(token: Token, session: Context) -> bool:
    word = spelled(token, session)
    if word in ("on", "off"):
        return word == "on"
    raise BadArgument(f"{word[:40]!r} is neither on nor off", hint="events on")


def _speed(token: Token, session: Context) -> float:
    return parse_speed(spelled(token, session))


def _span(token: Token, session: Context) -> str:
    word = spelled(token, session)
    parse_span(word)
    return word


def _names(token: Token, session: Context) -> tuple[str, ...]:
    names = tuple(name for name in spelled(token, session).split(",") if name)
    if not names:
        raise BadArgument("a list of names is empty", hint="write v1,v2,v3")
    return names


def settings_of(token: Token, session: Context) -> dict[str, int]:
    """A JSON object of whole numbers. Raises BadArgument on anything else."""
    value = token.value
    fits = isinstance(value, dict) and all(type(one) is int for one in value.values())
    if token.kind != "json" or not fits:
        raise BadArgument(
            f"settings are a JSON object of whole numbers, not {token.text[:40]!r}",
            hint='for example {"interval_ms": 500}',
        )
    return dict(value)


def _new_name(token: Token, session: Context) -> str:
    word = spelled(token, session)
    if is_sidechain_name(word):
        return word
    raise BadValue(f"{word[:40]!r} cannot name a sidechain", hint=NAME_HINT)


def _transfer(token: Token, session: Context) -> str:
    value: Any = token.text
    if token.kind == "path":
        value = session.value_of(token.text)
    if isinstance(value, TransferRef):
        return value.id
    known = [transfer.id for transfer in session.network.transfers()]
    if value in known:
        return str(value)
    raise UnknownName(
        f"there is no transfer {str(value)[:40]!r}",
        hint=did_you_mean(str(value), known[-8:], "transfer"),
    )


def _verb(token: Token, session: Context) -> str:
    return spelled(token, session)


def _tail_call(words: tuple[Token, ...], session: Context) -> Call:
    """The remaining words as a call of its own."""
    return parse_call(words, " ".join(source_of(word) for word in words))


def source_of(token: Token) -> str:
    """The word as it was written, or as it can be written again."""
    match token.kind:
        case "path":
            return f"${token.text}"
        case "json":
            return token.text
        case "string":
            return quoted(token.text) if token.text else '""'
    return token.text


def _accounts(session: Context) -> list[Completion]:
    return [Completion(name, "account") for name in session.network.accounts()]


def _account(token: Token, session: Context) -> str:
    word = spelled(token, session)
    known = session.network.accounts()
    if word in known:
        return word
    if word in holding.holder_names(session):
        raise UnknownName(
            f"{word} is an account of the wallet alone, and the world has no key of it",
            hint=f"this verb takes one of {', '.join(known)}",
        )
    raise UnknownName(
        f"there is no account {word!r}", hint=did_you_mean(word, known, "account")
    )


def _holder(token: Token, session: Context) -> str:
    word = spelled(token, session)
    holding.check_holder(session, word)
    return word


def _recipient(token: Token, session: Context) -> str:
    word = spelled(token, session)
    known = holding.holder_names(session)
    if word not in known and not holding.is_address(session, word):
        holding.check_holder(session, word)
    return word


def _holders(session: Context) -> list[Completion]:
    try:
        names = holding.holder_names(session)
    except StorageError:  # A damaged wallet is told by the verb, not while typing.
        return _accounts(session)
    return [Completion(name, "account") for name in names]


def _assets(session: Context) -> list[Completion]:
    return [
        Completion(name, f"{info.decimals} decimals")
        for name, info in session.network.assets().items()
    ]


def _sidechains(session: Context) -> list[Completion]:
    found = []
    for name in session.network.sidechain_names():
        facts = session.network.show(name)
        found.append(Completion(name, f"{facts['rule']}  height {facts['height']}"))
    return found


def _chains(session: Context) -> list[Completion]:
    main = Completion("main", f"pow  height {session.network.main_height()}")
    return [main, *_sidechains(session)]


def _transfers(session: Context) -> list[Completion]:
    return [
        Completion(transfer.id, f"{transfer.who} > {transfer.chain}  {transfer.stage}")
        for transfer in reversed(session.network.transfers())
    ]


def _topics(session: Context) -> list[Completion]:
    words = ("chains", "accounts", "assets", "transfers")
    closely = ("block", "tx", "asset", "account", "mempool", "program")
    return [
        *_chains(session),
        *(Completion(word, "a list") for word in words),
        *(Completion(word, "one of them closely") for word in closely),
        *_transfers(session),
    ]


def _engines(session: Context) -> list[Completion]:
    return [Completion(name, "consensus") for name in session.catalogue.engines()]


def _stores(session: Context) -> list[Completion]:
    return [Completion(name, "store") for name in session.catalogue.stores()]


def _verbs(session: Context) -> list[Completion]:
    return [Completion(verb, summary) for verb, summary in session.verbs.items()]


def _codes(session: Context) -> list[Completion]:
    from devnet.engine.errors import DevnetError

    return [
        Completion(code, (kind.__doc__ or "").strip().split("\n")[0])
        for code, kind in sorted(DevnetError.by_code.items())
    ]


def _texts(complete: Callable[[Context], list[Completion]]) -> Callable[..., list[str]]:
    return lambda session: [one.text for one in complete(session)]


def _fixed(*words: str) -> Callable[[Context], list[Completion]]:
    return lambda _: [Completion(word) for word in words]


def _one_of(
    kind: str, label: str, what: str, complete: Callable[[Context], list[Completion]]
) -> ArgType:
    return ArgType(kind, label, what, chosen(what, _texts(complete)), complete)


TYPES: dict[Any, ArgType] = {
    Account: ArgType("account", "WHO", "account", _account, _accounts),
    Holder: ArgType("account", "WHO", "account", _holder, _holders),
    Recipient: ArgType("account", "WHO", "account or address", _recipient, _holders),
    Payee: ArgType(
        "payee", "ADDRESS|NAME", "account or mainchain address", spelled, _holders
    ),
    Asset: _one_of("asset", "ASSET", "asset", _assets),
    Chain: _one_of("chain", "CHAIN", "chain", _chains),
    Sidechain: _one_of("sidechain", "SIDECHAIN", "sidechain", _sidechains),
    Engine: _one_of("engine", "ENGINE", "consensus engine", _engines),
    Store: _one_of("store", "STORE", "store", _stores),
    Topic: _one_of("topic", "WHAT", "chain, transfer, list or thing", _topics),
    Transfer: ArgType("transfer", "TRANSFER", "transfer", _transfer, _transfers),
    VerbName: ArgType("verb", "VERB", "verb", _verb, _verbs),
    Code: ArgType("code", "CODE", "code of a refusal", spelled, _codes),
    Quantity: ArgType("amount", "AMOUNT", "amount, such as 250 or 100neu", _quantity),
    Number: ArgType("number", "N", "whole number", _number),
    Height: ArgType("height", "HEIGHT", "height, or +N from now", _height),
    NewName: ArgType("new-name", "NAME", "new name", _new_name),
    Text: ArgType("text", "TEXT", "text", spelled),
    File: ArgType("file", "FILE", "file", spelled),
    Switch: ArgType("switch", "on|off", "on or off", _switch, _fixed("on", "off")),
    Speed: ArgType(
        "speed", "SPEED", "speed", _speed, _fixed("x1", "x2", "x10", "x50", "max")
    ),
    Span: ArgType("span", "SPAN", "20blocks or 30s", _span),
    Names: ArgType("names", "V1,V2,...", "names with commas", _names),
    Settings: ArgType("settings", "{JSON}", "settings of the rule", settings_of),
    SidechainList: ArgType(
        "sidechains", "NAME:ENGINE[:STORE],...", "sidechains to run", spelled
    ),
    TestWords: ArgType(
        "test",
        "TEST",
        "test, such as $d.stage == claimed",
        lambda words, _: TestWords(words),
        rest=True,
    ),
    Call: ArgType("call", "CALL", "call that must fail", _tail_call, rest=True),
}
"""What each annotation means."""
