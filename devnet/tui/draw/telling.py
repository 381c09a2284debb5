"""Which words belong to which kind of event: the table, and how it is filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devnet.engine import events as ev
from devnet.tui.draw.text import money

Decimals = Mapping[str, int]
Tell = Callable[..., tuple[str, str, str]]
TELLS: dict[type[ev.Event], Tell] = {}
"""Kind of event to (tone, chain, words)."""


def tells(kind: type[ev.Event]) -> Callable[[Tell], Tell]:
    """Enter the words of a kind into the table."""

    def register(teller: Tell) -> Tell:
        TELLS[kind] = teller
        return teller

    return register


def coins(amount: int, asset: str, decimals: Decimals) -> str:
    """An amount with its asset."""
    return f"{money(amount, decimals.get(asset, 0))} {asset}"
