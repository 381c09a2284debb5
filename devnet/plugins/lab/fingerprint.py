"""Values seen to the bottom: are two alike, and can anything in one be changed?"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

PLAIN = (int, float, str, bytes, bool, type(None), Enum)


def fingerprint(value: Any) -> Any:
    """A value of plain tuples that is equal for equal content, whatever the classes."""
    if isinstance(value, PLAIN):
        return value
    name = type(value).__name__
    if is_dataclass(value):
        parts = (getattr(value, field.name) for field in fields(value))
        return (name, *(fingerprint(part) for part in parts))
    if isinstance(value, Mapping):
        pairs = ((fingerprint(k), fingerprint(value[k])) for k in value)
        return (name, frozenset(pairs))
    if isinstance(value, tuple | list):
        return (name, *(fingerprint(part) for part in value))
    if isinstance(value, Set):
        return (name, frozenset(fingerprint(part) for part in value))
    if isinstance(value, bytearray):
        return (name, bytes(value))
    if hasattr(value, "__dict__"):
        return (name, fingerprint(vars(value)))
    return (name, repr(value))


def soft_spot(value: Any, path: str = "the state") -> str:
    """
    The first part that can be changed in place, by its path; "" when all is frozen. A
    mapping may be a dict: that nobody changes it is seen by its fingerprint.
    """
    if isinstance(value, list | set | bytearray):
        return f"{path} is a {type(value).__name__}"
    if is_dataclass(value):
        params: Any = getattr(type(value), "__dataclass_params__", None)
        if params is not None and not params.frozen:
            return f"{path} is a {type(value).__name__}, a dataclass not frozen"
        inner = ((field.name, getattr(value, field.name)) for field in fields(value))
        return _first((part, f"{path}.{name}") for name, part in inner)
    if isinstance(value, Mapping):
        return _first((value[key], f"{path}[{key!r:.20}]") for key in value)
    if isinstance(value, tuple):
        return _first((part, f"{path}[{i}]") for i, part in enumerate(value))
    if not isinstance(value, PLAIN) and hasattr(value, "__dict__"):
        return f"{path} is a {type(value).__name__}, an object that can be changed"
    return ""


def _first(parts: Any) -> str:
    return next((spot for one, path in parts if (spot := soft_spot(one, path))), "")
