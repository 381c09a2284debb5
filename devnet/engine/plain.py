"""
Frozen values as plain JSON and back, by the types that their fields declare.

What a stored text lacks takes the field's default, and what it has too much is left
aside, so that a text of an older version still reads. Bytes are hex.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_text(value: object) -> bytes:
    """A value as one line of JSON, the same for the same value."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode()


def from_text(kind: type[T], text: bytes) -> T:
    """
    What `to_text` wrote.

    Args:
        kind: a dataclass, or a type such as `tuple[Owner, ...]` or `dict[str, int]`.

    Raises:
        ValueError, TypeError, KeyError: the text is not such a value.
    """
    value: T = _shaped(kind, json.loads(text))
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) or hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _shaped(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        others = [one for one in inner if one is not type(None)]
        return None if value is None else _shaped(others[0], value)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_shaped(inner[0], item) for item in value)
        return tuple(_shaped(one, item) for one, item in zip(inner, value, strict=True))
    if origin is dict:
        return {key: _shaped(inner[1], item) for key, item in value.items()}
    if kind is bytes:
        return bytes.fromhex(value)
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        hints = _hints(kind)
        return kind(
            **{
                name: _shaped(hints[name], item)
                for name, item in value.items()
                if name in hints
            }
        )
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)
