"""
Changed copies of frozen objects, where there are very many.

`dataclasses.replace` asks each field how it wants to be treated, and calls the
constructor. For what every step of a world changes that is more than half of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def changed(one: T, **changes: object) -> T:
    """
    As `dataclasses.replace`, for dataclasses with slots that compute nothing when they
    are made. AttributeError for a field that there is not.
    """
    copy = object.__new__(type(one))
    kind: Any = type(one)
    for read, write in _slots(kind):
        write(copy, read(one))
    for name, value in changes.items():
        object.__setattr__(copy, name, value)
    return copy


@cache
def _slots(
    kind: type[Any],
) -> tuple[tuple[Callable[[Any], Any], Callable[[Any, Any], None]], ...]:
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} computes something when it is made")
    slots = [getattr(kind, one.name) for one in fields(kind)]
    return tuple((slot.__get__, slot.__set__) for slot in slots)
