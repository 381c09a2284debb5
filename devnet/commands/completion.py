"""
Half a line: which words fit next, and what the next argument is.

Everything follows from the registry; no verb is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import UnfinishedLine, UnknownVerb
from devnet.commands.grammar import NAME, Token, tokens
from devnet.commands.paths import (
    CHAIN_FIELDS,
    FAULT_FIELDS,
    FED_FIELDS,
    TRANSFER_FIELDS,
)
from devnet.commands.registry import Command, Param, all_commands, find
from devnet.commands.types import Completion
from devnet.commands.values import Said, TransferRef, words
from devnet.engine.errors import DevnetError

STAGES = ("lock", "confirm", "proof", "claim", "claimed")


@dataclass(frozen=True, slots=True)
class Half:
    """
    A line up to the cursor.

    Args:
        words: the complete words of its last call, verb first.
        partial: what was typed of the next word, as typed.
        named: the call already has a name in front.
    """

    words: tuple[Token, ...]
    partial: str
    named: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where the cursor stands in a call.

    Args:
        command: the verb.
        param: the argument or flag value that comes next; None when no more fits.
        before: words that already belong to a parameter of several words.
        used: flags that were given.
        in_flag: the next word is the value of a flag.
    """

    command: Command
    param: Param | None
    before: tuple[Token, ...] = ()
    used: frozenset[str] = frozenset()
    in_flag: bool = False


def complete_line(text: str, session: Context) -> list[Completion]:
    """The words that fit at the end of this text, best first."""
    half = read_half(text)
    if half is None:
        return []
    try:
        found = list(_fitting(half, session))
    except DevnetError:
        return []
    start = half.partial.lower()
    return [one for one in found if one.text.lower().startswith(start)]


def read_half(text: str) -> Half | None:
    """The last call of this text, or None inside a string, JSON or comment."""
    found: list[Token] = []
    try:
        for token in tokens(text):
            found = [] if token.kind == "end" else [*found, token]
    except (UnfinishedLine, DevnetError):
        return None
    partial = ""
    if found and found[-1].end == len(text):
        last = found.pop()
        if last.kind not in ("word", "path"):
            return None
        partial = text[last.start :]
    elif "#" in text and not text.rstrip().endswith(_tail(found, text)):
        return None
    named = len(found) > 1 and found[1].text == "="
    return Half(tuple(found[2:] if named else found), partial, named)


def _tail(found: list[Token], text: str) -> str:
    """What the text ends with when no comment follows the last word."""
    return text[found[-1].start : found[-1].end] if found else ""


def _fitting(half: Half, session: Context) -> Iterable[Completion]:
    if half.partial.startswith("$"):
        return _names(half.partial, session)
    if not half.words:
        return [Completion(one.verb, one.summary) for one in all_commands()]
    place = find_place(half.words)
    if place is None:
        return [Completion(one.verb, one.summary) for one in all_commands()]
    if half.partial.startswith("--"):
        return _flags(place)
    found = list(_of_param(place, half, session))
    if not half.partial and not place.in_flag:
        found += _flags(place)
    return found


def find_place(call: tuple[Token, ...]) -> Place | None:
    """
    Where the next word of this call belongs. None: it is a verb (after `refuses CODE`).

    Raises:
        UnknownVerb: no verb has this name.
    """
    command = find(call[0].text)
    waiting, used = list(command.arguments), set()
    before: tuple[Token, ...] = ()
    rest = list(call[1:])
    while rest:
        if waiting and waiting[0].type.kind == "call":
            return find_place(tuple(rest))
        word = rest.pop(0)
        if word.is_flag:
            option, equals, _ = word.text.partition("=")
            used.add(option)
            param = command.flags.get(option)
            if param is None or param.plain_flag or equals:
                continue
            if not rest:
                return Place(command, param, (), frozenset(used), in_flag=True)
            rest.pop(0)
        elif waiting and waiting[0].type.rest:
            before = (*before, word)
        elif waiting:
            waiting.pop(0)
    if waiting and waiting[0].type.kind == "call":
        return None
    return Place(command, waiting[0] if waiting else None, before, frozenset(used))


def _of_param(place: Place, half: Half, session: Context) -> Iterable[Completion]:
    if place.param is None:
        return ()
    if place.param.type.kind == "test":
        return _test_words(place.before, half.partial, session)
    return place.param.type.complete(session)


def _flags(place: Place) -> list[Completion]:
    return [
        Completion(option, param.type.meaning)
        for option, param in place.command.flags.items()
        if option not in place.used
    ]


def _names(partial: str, session: Context) -> Iterable[Completion]:
    """`$d`, and after a point its fields."""
    root, point, _ = partial[1:].partition(".")
    if point and root in session.names:
        for name in _fields(session.names[root]):
            yield Completion(f"${root}.{name}")
        return
    for name, value in session.names.items():
        yield Completion(f"${name}", words(value)[:40])


def _fields(value: Any) -> Iterable[str]:
    if isinstance(value, TransferRef):
        return TRANSFER_FIELDS
    return map(str, value) if isinstance(value, dict) else ()


def _test_words(
    before: tuple[Token, ...], partial: str, session: Context
) -> Iterable[Completion]:
    """The path, then the operator, then values that fit the path."""
    if not before:
        return _paths(session)
    if len(before) == 1:
        meanings = {"~": "matches a regular expression", "in": "one of a,b,c"}
        return [
            Completion(operator, meanings.get(operator, ""))
            for operator in ("==", "!=", "<", "<=", ">", ">=", "~", "in")
        ]
    field = before[0].text.rpartition(".")[2]
    values = {
        "stage": STAGES,
        "rule": session.catalogue.engines() if field == "rule" else (),
        "backed": ("true", "false"),
        "frozen": ("true", "false"),
        "failed": ("true", "false"),
    }
    return [Completion(value) for value in values.get(field, ())]


def _paths(session: Context) -> Iterable[Completion]:
    for name, value in session.names.items():
        fields = ("stage",) if isinstance(value, TransferRef) else ()
        yield from (Completion(f"${name}.{field}", "transfer") for field in fields)
        if not fields:
            yield Completion(f"${name}", words(value)[:40])
    yield Completion("main.height", str(session.network.main_height()))
    for chain in session.network.sidechain_names():
        facts = session.network.show(chain)
        for field in CHAIN_FIELDS:
            if field in facts:
                yield Completion(f"{chain}.{field}", words(facts[field])[:40])
        for field in FED_FIELDS:
            yield Completion(f"fed.{chain}.{field}")
    for fault_id in session.network.fault_ids():
        yield from (Completion(f"fault.{fault_id}.{one}") for one in FAULT_FIELDS)


# Help.


def explain_line(text: str, session: Context) -> Said:
    """
    The signature of the verb in this half of a line, the next argument lit.

    Returns:
        A Said: value with verb, signature, next, example; text for people.

    Raises:
        UnknownVerb: no verb has this name.
    """
    half = read_half(text.rstrip("?"))
    if half is None or not half.words:
        verb = half.partial if half else ""
        if not NAME.fullmatch(verb.replace("-", "_")):
            raise UnknownVerb("a line starts with a verb", hint="help lists them all")
        half = Half((Token(verb, "word", 0, len(verb)),), "")
    place = find_place(half.words)
    if place is None:
        return Said({"verb": half.words[0].text, "next": "CALL"}, "next: a call")
    command, param = place.command, place.param
    lines = [_lit(command, param)]
    if param is not None:
        lines.append(f"  next: {param.label}, {param.type.explained}")
        known = [one.text for one in param.type.complete(session)]
        if known:
            lines.append(f"  known: {', '.join(known[:12])}")
    lines += ["", command.summary]
    lines += [command.details] if command.details else []
    lines.append(f"for example: {command.example}")
    value = {
        "verb": command.verb,
        "signature": command.signature,
        "next": param.label if param else None,
        "summary": command.summary,
        "example": command.example,
    }
    return Said(value, "\n".join(lines))


def _lit(command: Command, lit: Param | None) -> str:
    """The signature with one parameter between marks."""
    parts = [f"<{one.shown}>" if one is lit else one.shown for one in command.params]
    return " ".join((command.verb, *parts))
