"""
Fields of a request: what they may hold, and their value when they are missing.

A body is read once, leniently: names match without regard to case, unknown ones are
ignored, `null` is the same as missing. Source: protocol page "http-api", section 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from devnet.api.refusals import bad_body
from devnet.api.wire import BadJson, clean, loads
from devnet.wallet.definitions import Typed as Number

MAX_63, MAX_64 = 2**63 - 1, 2**64 - 1
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,19})")
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_UNIT_MS = {
    "ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6,
}  # fmt: skip


class WrongKind(ValueError):
    """A value is of another kind than its field. The words are for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What a field may hold.

    Args:
        read: from the JSON value to ours. Raises WrongKind.
        zero: makes the value of a field that is missing.
        schema: for the OpenAPI document.
    """

    name: str
    read: Callable[[Any], Any]
    zero: Callable[[], Any]
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request."""

    name: str
    kind: Kind
    note: str = ""


def read_body(body: bytes, fields: tuple[Field, ...]) -> dict[str, Any]:
    """
    The values of all fields.

    Raises:
        NotUnderstood: no JSON object, or a value of another kind.
    """
    try:
        found = loads(body)
    except BadJson as error:
        raise bad_body(str(error)) from None
    if found is None:
        found = {}
    if not isinstance(found, dict):
        raise bad_body(f"json: cannot unmarshal {kind_of(found)} into an object")
    try:
        return read_object(found, fields)
    except WrongKind as error:
        raise bad_body(str(error)) from None


def read_object(found: dict[str, Any], fields: tuple[Field, ...]) -> dict[str, Any]:
    """The values of all fields of an object. Raises WrongKind."""
    folded = {name.lower(): value for name, value in found.items()}
    values = {}
    for field in fields:
        value = folded.get(field.name)
        try:
            values[field.name] = (
                field.kind.zero() if value is None else field.kind.read(value)
            )
        except WrongKind as error:
            raise WrongKind(str(error).replace("%", field.name)) from None
    return values


def kind_of(value: Any) -> str:
    """JSON's name for the kind of a value, a number with its digits."""
    match value:
        case Number():
            return f"number {value[:30]}" if not _INTEGER.fullmatch(value) else "number"
        case bool():
            return "bool"
        case str():
            return "string"
        case list():
            return "array"
    return "object" if isinstance(value, dict) else "null"


def _wrong(value: Any, wanted: str) -> WrongKind:
    return WrongKind(
        f"json: cannot unmarshal {kind_of(value)} into %, which is {wanted}"
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        raise _wrong(value, "a string")
    return clean(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "a boolean")
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, Number):
            raise _wrong(value, "an integer")
        if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            raise WrongKind(
                f"json: cannot unmarshal number {value[:30]} into %: "
                f"an integer from {least} to {most} belongs there"
            )
        return int(value)

    return read


def hex_bytes(value: Any) -> bytes:
    """Bytes in hex, upper or lower case. Raises WrongKind."""
    text = _text(value)
    odd = next((c for c in text if c not in "0123456789abcdefABCDEF"), None)
    if odd is not None:
        raise WrongKind(f"encoding/hex: invalid byte: U+{ord(odd):04X} {odd!r}")
    if len(text) % 2:
        raise WrongKind("encoding/hex: odd length hex string")
    return bytes.fromhex(text)


def _sized(n_bytes: int, what: str) -> Callable[[Any], bytes]:
    def read(value: Any) -> bytes:
        text = _text(value)
        try:
            found = hex_bytes(value)
        except WrongKind:
            found = b""
        if len(found) != n_bytes:
            raise WrongKind(f"bad {what} string {len(text)}")
        return found

    return read


def _hash(value: Any) -> bytes:
    text = _text(value)
    if not text:
        return bytes(32)
    if len(text) != 64:
        raise WrongKind(f"bad length hash string {len(text)}")
    return hex_bytes(value)


def _items(kind: Kind) -> Callable[[Any], list[Any]]:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(value, "a list")
        return [kind.zero() if one is None else kind.read(one) for one in value]

    return read


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(value, "an object")
    return value


def _span_ms(value: Any) -> int:
    """Milliseconds, as a number or as a text such as 1h30m."""
    if isinstance(value, Number):
        return int(_whole(0, MAX_63)(value))
    text = _text(value)
    parts = _SPAN.findall(text)
    if not text or "".join(number + unit for number, unit in parts) != text:
        raise WrongKind(f"invalid duration {text[:30]!r}")
    return int(sum(float(number) * _UNIT_MS[unit] for number, unit in parts))


TEXT = Kind("text", _text, str, {"type": "string"})
FLAG = Kind("flag", _flag, bool, {"type": "boolean"})
UINT = Kind(
    "unsigned",
    _whole(0, MAX_64),
    int,
    {"type": "integer", "minimum": 0, "maximum": MAX_64},
)
INT = Kind("integer", _whole(-MAX_63 - 1, MAX_63), int, {"type": "integer"})
HEX = Kind(
    "hex", hex_bytes, bytes, {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"}
)
HASH = Kind(
    "hash", _hash, lambda: bytes(32), {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
)
XPUB = Kind(
    "xpub",
    _sized(64, "key"),
    bytes,
    {"type": "string", "pattern": "^[0-9a-fA-F]{128}$"},
)
XPRV = replace(XPUB, name="xprv")
OBJECT = Kind("object", _object, dict, {"type": "object"})
SPAN = Kind("span", _span_ms, int, {"type": ["integer", "string"]})


def list_of(kind: Kind) -> Kind:
    """A list of values of one kind."""
    return Kind(
        f"list of {kind.name}", _items(kind), list,
        {"type": "array", "items": kind.schema},
    )  # fmt: skip
