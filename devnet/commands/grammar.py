"""
The grammar of a line. One parser serves prompt, scripts and the TUI's command line.

    line     = [ name "=" ] call { ";" call } [ "#" comment ]
    call     = verb { argument } { "--" flag [ value ] }
    argument = word | "string" | amount | "$" path | { json }

Nothing here knows a verb: which words a flag swallows is the registry's business, so a
call keeps its words in order. A quote, brace or bracket that is still open at the end,
or a trailing backslash, means that the next line belongs to this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from devnet.commands.errors import BadLine, UnfinishedLine

Kind = Literal["word", "string", "path", "json", "end"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"""(?:[^\s;"\\]|\\(?!\r?\n|\Z))+""")
_BLANK = re.compile(r"(?:\s|\\(?=\r?\n))+")
_OPERATOR = re.compile(r"(==|!=|<=|>=|<|>|~)")
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~", "in")


@dataclass(frozen=True, slots=True)
class Token:
    """
    One word of a line, and where it stands in it.

    Args:
        text: the word; of a string its content, of a path all after the `$`.
        kind: "word", "string", "path", "json", or "end" for a semicolon.
        start: index of the first character in the line.
        end: index after the last one.
        value: the decoded value of a "json" token.
    """

    text: str
    kind: Kind
    start: int
    end: int
    value: Any = None

    @property
    def is_flag(self) -> bool:
        """Is this the name of a flag, such as `--at`?"""
        return self.kind == "word" and self.text.startswith("--")


@dataclass(frozen=True, slots=True)
class Call:
    """A verb with its words, and the name that its result gets."""

    verb: str
    tokens: tuple[Token, ...]
    text: str
    name: str | None = None


def parse_line(line: str) -> tuple[Call, ...]:
    """
    The calls of a line; none when it is empty or only a comment.

    Raises:
        UnfinishedLine: the line goes on in the next one.
        BadLine: it does not follow the grammar.
    """
    calls: list[Call] = []
    words: list[Token] = []
    for token in tokens(line):
        if token.kind == "end":
            calls += [_call(line, words)] if words else []
            words = []
        else:
            words.append(token)
    return (*calls, _call(line, words)) if words else tuple(calls)


def parse_call(words: Iterable[Token], text: str) -> Call:
    """A call within a call, for verbs such as `refuses`. Raises BadLine."""
    return replace(_call(text, list(words)), text=text)


def tokens(line: str) -> Iterator[Token]:
    """The words of a line in order, comments left out. Raises as `parse_line`."""
    at = 0
    while True:
        blank = _BLANK.match(line, at)
        at = blank.end() if blank else at
        if at >= len(line):
            return
        if line[at] == "#":
            newline = line.find("\n", at)
            if newline < 0:
                return
            at = newline
            continue
        if line[at:] == "\\":
            raise UnfinishedLine("the line ends with a backslash")
        token = _token(line, at)
        yield token
        at = token.end


def _token(line: str, at: int) -> Token:
    """The token that starts here."""
    match line[at]:
        case ";":
            return Token(";", "end", at, at + 1)
        case '"':
            return _string(line, at)
        case "{" | "[":
            return _json(line, at)
    found = _WORD.match(line, at)
    assert found is not None
    word = found[0]
    if word.startswith("$"):
        return Token(word[1:], "path", at, found.end())
    return Token(word, "word", at, found.end())


def _string(line: str, at: int) -> Token:
    """A quoted string with the escapes of JSON; it may hold a line end."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(line, at)
    except json.JSONDecodeError as error:
        if _closing_quote(line, at) is None:
            raise UnfinishedLine("a quote is open") from None
        raise BadLine(f"the string at column {at + 1}: {error.msg.lower()}") from None
    return Token(value, "string", at, end)


def _closing_quote(line: str, at: int) -> int | None:
    """Where the string that starts here ends, or None when it does not."""
    index = at + 1
    while index < len(line):
        if line[index] == "\\":
            index += 1
        elif line[index] == '"':
            return index
        index += 1
    return None


def _json(line: str, at: int) -> Token:
    """A JSON object or list."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(line, at)
    except json.JSONDecodeError as error:
        if _is_open(line, at):
            bracket = "brace" if line[at] == "{" else "bracket"
            raise UnfinishedLine(f"a {bracket} is open") from None
        raise BadLine(
            f"the JSON at column {at + 1} is wrong: {error.msg.lower()}",
            hint='an object looks like {"interval_ms": 500}',
        ) from None
    except RecursionError:
        raise BadLine(f"the JSON at column {at + 1} is nested too deeply") from None
    return Token(line[at:end], "json", at, end, value)


def _is_open(line: str, at: int) -> bool:
    """Are there more opening than closing brackets from here on?"""
    depth, index = 0, at
    while index < len(line):
        match line[index]:
            case '"':
                closing = _closing_quote(line, index)
                if closing is None:
                    return True
                index = closing
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
                if depth == 0:
                    return False
        index += 1
    return depth > 0


def _call(line: str, words: list[Token]) -> Call:
    """A call from its words: a name and "=" first, then the verb."""
    name = None
    if len(words) > 1 and words[1].kind == "word" and words[1].text == "=":
        if words[0].kind != "word" or not NAME.fullmatch(words[0].text):
            raise BadLine(
                f"{words[0].text!r} cannot be a name",
                hint="a name is letters, digits and _, as in d = lock ...",
            )
        name = words[0].text
        if len(words) == 2:
            raise BadLine(
                f"after {name} = comes a verb", hint=f"{name} = balance alice main BTM"
            )
        words = words[2:]
    head = words[0]
    if head.kind != "word" or head.text == "=":
        raise BadLine(
            f"a call starts with a verb, not with {line[head.start : head.end]!r}",
            hint="help lists the verbs",
        )
    text = line[head.start : words[-1].end]
    return Call(head.text, _join_neu(words[1:]), text, name)


def _join_neu(words: list[Token]) -> tuple[Token, ...]:
    """`100 neu` is the amount `100neu`."""
    joined: list[Token] = []
    for word in words:
        if word.kind == "word" and word.text == "neu" and joined:
            last = joined[-1]
            if last.kind == "word" and last.text.isdecimal():
                joined[-1] = replace(last, text=last.text + "neu", end=word.end)
                continue
        joined.append(word)
    return tuple(joined)


def split_test(words: tuple[Token, ...]) -> tuple[Token, str, Token]:
    """
    The path, the operator and the value of a test.

    Raises:
        BadLine: it does not read `path operator value`.
    """
    if words and len(words) < 3 and words[0].kind in ("word", "path"):
        words = (*_split_operator(words[0]), *words[1:])
    if len(words) != 3 or words[1].text not in _OPERATORS:
        raise BadLine(
            f"a test reads PATH OPERATOR VALUE, not {_joined(words) or 'nothing'!r}",
            hint="operators: == != < <= > >= ~ in; for example alpha.height > 20",
        )
    return words[0], words[1].text, words[2]


def _split_operator(word: Token) -> tuple[Token, ...]:
    """`main.height>3` as three words."""
    parts = _OPERATOR.split(word.text, maxsplit=1)
    return tuple(
        replace(word, text=part, kind=word.kind if index == 0 else "word")
        for index, part in enumerate(parts)
        if part
    )


def _joined(words: tuple[Token, ...]) -> str:
    return " ".join(word.text for word in words)


def is_open(text: str) -> bool:
    """Does this text need another line to be complete?"""
    try:
        for _ in tokens(text):
            pass
    except UnfinishedLine:
        return True
    except BadLine:
        return False
    return False


def logical_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """
    Lines joined where one goes on in the next: (number of its first line, text).

    What is still open at the end comes out as it is; parsing it says what is missing.
    """
    number, held = 0, ""
    for index, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n")
        number, held = (number, f"{held}\n{line}") if held else (index, line)
        if is_open(held):
            continue
        yield number, held
        held = ""
    if held:
        yield number, held


def quoted(text: str) -> str:
    """The word as a line must spell it: quoted when it would not be one word."""
    found = _WORD.fullmatch(text)
    if found and text[0] not in '#${[="' and not text.startswith("--"):
        return text
    return json.dumps(text)


_SECRET = re.compile(
    r"""(--(?:password|words)(?:\s*=\s*|\s+))("(?:\\.|[^"\\])*"?|'[^']*'?|[^\s;]+)"""
)


_UNLOCK = re.compile(r"(\bwallet\s+unlock\s+\S+\s+)(?!--|\*\*\*)[^;]+")


def without_secrets(text: str) -> str:
    """
    A line as it may be kept and shown: without passwords and words of keys, where they
    belong and where people put them by mistake.
    """
    return _UNLOCK.sub(r"\1***", _SECRET.sub(r"\1***", text))
