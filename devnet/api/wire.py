"""
JSON as the node writes and reads it.

Answers escape what Go's encoder escapes and end with a newline. Numbers of requests
stay as they were typed (`Number`, a kind of str): an asset's id hangs on their digits.
Source: protocol page "http-api", sections 2 and 3.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, NoReturn

from devnet.wallet.definitions import Typed as Number

_TOKEN = secrets.token_hex(8)
"""Nobody outside knows it, so no text of an answer is taken for a place of RawJson."""
_PLACE = re.compile(f'"{_TOKEN}:([0-9]+)"')
_MARKUP = re.compile("[<>&\u2028\u2029]|[\ud800-\udfff]")
_SHORT = re.compile(r"(?<!\\)((?:\\\\)*)\\([bf])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LETTERS = {"b": "\\u0008", "f": "\\u000c"}


class RawJson:
    """A JSON text that goes into an answer as it is."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def dumps(value: Any) -> bytes:
    """The text of an answer, with its last newline."""
    raws: list[str] = []

    def place(item: object) -> str:
        if not isinstance(item, RawJson):
            raise TypeError(f"a {type(item).__name__} has no place in an answer")
        raws.append(item.text)
        return f"{_TOKEN}:{len(raws) - 1}"

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=place)
    if "\\" in text:
        text = _SHORT.sub(lambda found: found[1] + _LETTERS[found[2]], text)
    text = _MARKUP.sub(_escaped, text)
    if raws:
        text = _PLACE.sub(lambda found: raws[int(found[1])], text)
    return text.encode() + b"\n"


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return "\ufffd" if letter >= "\ud800" else f"\\u{ord(letter):04x}"


class BadJson(ValueError):
    """The text does not begin with a JSON value. The words are the node's."""


def loads(body: bytes) -> Any:
    """
    The JSON value at the front of a body; what follows is not looked at.

    Raises:
        BadJson: there is none.
    """
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        raise BadJson("EOF")
    try:
        return _DECODER.raw_decode(text)[0]
    except RecursionError:
        raise BadJson("exceeded max depth") from None
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated"):
            raise BadJson("unexpected EOF") from None
        raise BadJson(f"invalid character {text[error.pos]!r}") from None
    except ValueError as error:
        raise BadJson(str(error)) from None


def clean(text: str) -> str:
    """The text with half surrogate pairs replaced, as the node reads it."""
    return _SURROGATE.sub("\ufffd", text)


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"invalid character {name[0]!r}")


_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_no_constant
)
