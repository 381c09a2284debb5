"""
The text of an asset's definition, as the wallet writes it: sorted keys, two spaces, and
every number with the digits that were typed.

(`engine/bc/definition.py` writes the form of the wallets before, whose numbers went
through a float.) Source: protocol page "http-api", section 9.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from devnet.engine.bc.definition import BadDefinition

_ESCAPED = re.compile('["\\\\<>&\u2028\u2029\x00-\x1f]')
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPACE_OR_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\s+', re.DOTALL)


class Typed(str):
    """A number, as it was typed."""

    __slots__ = ()


def canonical_text(definition: Mapping[str, Any], number: type[str] = Typed) -> str:
    """
    The text that is hashed into the asset's id.

    Args:
        definition: a JSON object.
        number: the class of its numbers, a kind of str.
    """
    try:
        return _encoded(definition, "\n", number)
    except RecursionError:
        raise BadDefinition("the definition is nested too deeply") from None


def compact(text: str) -> str:
    """A JSON text without the white space between its parts."""
    return _SPACE_OR_TEXT.sub(lambda found: found[0].strip(" \t\r\n"), text)


def object_text(raw: bytes) -> str:
    """The bytes of a definition as a compact JSON object; {} if they are none."""
    try:
        text = raw.decode()
        if isinstance(json.loads(text), dict):
            return compact(text)
    except (ValueError, RecursionError):
        pass
    return "{}"


def _encoded(value: object, line: str, number: type[str]) -> str:
    inner = line + "  "
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return str(value) if isinstance(value, number) else _quoted(value)
        case Mapping():
            members = {_clean(str(key)): item for key, item in value.items()}
            parts = [
                f"{_quoted(key)}: {_encoded(members[key], inner, number)}"
                for key in sorted(members, key=lambda key: key.encode())
            ]
            return _framed("{}", line, parts)
        case list():
            return _framed("[]", line, [_encoded(one, inner, number) for one in value])
    raise BadDefinition(f"a {type(value).__name__} cannot stand in a definition")


def _framed(brackets: str, line: str, parts: list[str]) -> str:
    if not parts:
        return brackets
    inner = f"{line}  "
    return f"{brackets[0]}{inner}{f',{inner}'.join(parts)}{line}{brackets[1]}"


def _clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, _clean(text))}"'


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"


def plain_text(value: Mapping[str, Any]) -> str:
    """A JSON object as compact text, in the order of its members."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case Typed():
            return json.loads(value)
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value
