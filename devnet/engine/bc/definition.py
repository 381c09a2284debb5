"""
Asset definitions as they stand on chain.

Consensus takes any bytes for a definition, but wallets write a JSON object, and its
exact bytes make the asset id. So the encoder has to be the reference's: two spaces,
sorted keys, numbers that went through a float, HTML escapes. Python's own differs in
several of these.

Source: Bytom/bytom v1.1.0, asset/asset.go (serializeAssetDef); Go's encoding/json.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

from devnet.engine.codec import FormError

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile('["\\\\<>&\u2028\u2029\x00-\x1f]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class BadDefinition(FormError):
    """Not a JSON object that an asset can be defined by."""

    code = "codec.bad-definition"
    kind = "bad_definition"
    default_hint = 'write a JSON object, for example {"name": "GOLD", "decimals": 0}'


def canonical_definition(definition: Mapping[str, object] | None) -> bytes:
    """
    The bytes that go on chain for a definition.

    Args:
        definition: what a JSON object holds: str, int, float, bool, None, sequences
            and mappings with string keys. None counts as empty.

    Raises:
        BadDefinition: a value of another type, a number that no 64-bit float holds, or
            a structure that is nested too deeply.
    """
    try:
        return _encoded({} if definition is None else definition, "\n").encode()
    except RecursionError:
        raise BadDefinition("the definition is nested too deeply") from None


def canonical_definition_of_text(text: str) -> bytes:
    """The bytes that go on chain for a JSON text: an object, or null. BadDefinition."""
    try:
        value = json.loads(text, parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadDefinition(f"the definition is not JSON: {error}") from None
    if value is not None and not isinstance(value, dict):
        raise BadDefinition("the definition is JSON, but not an object")
    return canonical_definition(value)


def _encoded(value: object, line: str) -> str:
    """One value; `line` is a line break with the indentation of where it stands."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(_clean(value))
        case int() | float():
            return _number(value)
        case Mapping():
            members = {_clean(_key(key)): item for key, item in value.items()}
            inner = line + "  "
            return _framed(
                "{}",
                line,
                (
                    f"{_quoted(key)}: {_encoded(members[key], inner)}"
                    for key in sorted(members)
                ),
            )
        case Sequence() if not isinstance(value, bytes | bytearray):
            inner = line + "  "
            return _framed("[]", line, (_encoded(item, inner) for item in value))
    raise BadDefinition(f"a {type(value).__name__} cannot stand in a definition")


def _framed(brackets: str, line: str, items: Iterable[str]) -> str:
    inner = f"{line}  "
    joined = f",{inner}".join(items)
    if not joined:
        return brackets
    return f"{brackets[0]}{inner}{joined}{line}{brackets[1]}"


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise BadDefinition(f"{key!r} is a key, and not a string")
    return key


def _clean(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    return _SHORT_ESCAPES.get(letter) or f"\\u{ord(letter):04x}"


def _number(value: int | float) -> str:
    # Every number passes through a float, so great integers lose their last digits.
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        raise BadDefinition("a number is too great for a 64-bit float")
    if real == 0 or 1e-6 <= abs(real) < 1e21:
        return f"{Decimal(repr(real)):f}".removesuffix(".0")
    digits, exponent = repr(real).split("e")
    return f"{digits}e{exponent[0]}{exponent[1:].lstrip('0')}"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
