"""
The table of endpoints: path, fields, answer, and who carries it out.

Routing and validation come from it, and whatever else describes the interface. A
handler is a function of the node and the values of its fields; it returns the answer's
`data`, or NOTHING.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from devnet.api.fields import Field
from devnet.api.node import Node

Mark = Literal["must", "nice", "extra"]
Ask = dict[str, Any]
"""The values of a request's fields by name, all of them there."""
Handler = Callable[[Node, Ask], Any]


class _Nothing:
    """What an endpoint returns that has nothing to say."""


NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One path.

    Args:
        mark: how much clients need it.
        fields: of the request; without any the body is not read at all.
        answer: the names of the fields of `data`, for people.
        is_slow: the handler is a coroutine, because it may wait for proof of work.
    """

    path: str
    handler: Handler
    mark: Mark
    fields: tuple[Field, ...] = ()
    answer: str = ""
    is_slow: bool = False

    @property
    def reads_body(self) -> bool:
        """Does it look at the body?"""
        return bool(self.fields)

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


TABLE: dict[str, Endpoint] = {}


def endpoint(
    path: str,
    *fields: Field,
    mark: Mark = "must",
    answer: str = "",
    is_slow: bool = False,
) -> Callable[[Handler], Handler]:
    """Enter a handler into the table."""

    def enter(handler: Handler) -> Handler:
        assert path not in TABLE, path
        TABLE[path] = Endpoint(path, handler, mark, fields, answer, is_slow)
        return handler

    return enter
