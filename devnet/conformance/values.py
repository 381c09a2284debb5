"""JSON values of a vector file: read strictly, written as the engine's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devnet.engine.codec import FormError, from_hex


class BadCase(Exception):
    """A value of a case is missing or has another form. The text is one sentence."""


def as_bytes(value: object, place: str) -> bytes:
    """The bytes of a hex string."""
    try:
        return from_hex(as_text(value, place))
    except FormError:
        raise BadCase(f"{place} is not hex") from None


def as_hash(value: object, place: str) -> bytes:
    """The 32 bytes of a hex string."""
    data = as_bytes(value, place)
    if len(data) != 32:
        raise BadCase(f"{place} has {len(data)} bytes, not 32")
    return data


def as_number(value: object, place: str) -> int:
    """The integer of a JSON number or a decimal string."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) < 1000:
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise BadCase(f"{place} is not an integer")


def answer_like(expected: object, got: object) -> object:
    """The engine's answer in JSON: bytes as hex, integers as text where text stands."""
    if isinstance(got, bytes):
        return got.hex()
    if isinstance(got, int) and not isinstance(got, bool) and isinstance(expected, str):
        return str(got)
    if isinstance(got, Sequence) and not isinstance(got, str):
        pattern = expected if isinstance(expected, list) else []
        padded = [*pattern, *[None] * max(0, len(got) - len(pattern))]
        pairs = zip(padded, got, strict=False)
        return [answer_like(wanted, item) for wanted, item in pairs]
    if isinstance(got, Mapping):
        model = expected if isinstance(expected, dict) else {}
        return {name: answer_like(model.get(name), item) for name, item in got.items()}
    return got


def as_text(value: object, place: str) -> str:
    """A string of whole letters."""
    if not isinstance(value, str):
        raise BadCase(f"{place} is not a text")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadCase(f"{place} holds half of a surrogate pair")
    return value


def is_same(one: object, two: object) -> bool:
    """Are two JSON values equal? True and 1 are not."""
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(is_same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(is_same(one[k], two[k]) for k in one)
    return type(one) is type(two) and one == two
