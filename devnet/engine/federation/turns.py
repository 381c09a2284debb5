"""
Whose turn it is. Of several who could do the same thing one is assigned by an id, and
after each few blocks of silence one more may.

A lock is claimed, and a withdrawal paid, by collectors; when all of them stay silent,
members may coordinate a payout, and at last anybody, who then takes no fee.

Source: protocol page "federation", sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

TURN_BLOCKS = 3
"""Mainchain blocks of silence after which the next may act as well."""

Key = TypeVar("Key")


def order_of(keys: Sequence[Key], subject_id: bytes) -> tuple[Key, ...]:
    """All of these, the assigned one first: the id is a big-endian number."""
    if not keys:
        return ()
    first = int.from_bytes(subject_id, "big") % len(keys)
    return (*keys[first:], *keys[:first])


def in_turn(
    keys: Sequence[Key], subject_id: bytes, age: int, turn_blocks: int = TURN_BLOCKS
) -> tuple[Key, ...]:
    """
    Those who may act, the assigned one first.

    Args:
        age: mainchain blocks since the first of them might.
    """
    if age < 0:
        return ()
    return order_of(keys, subject_id)[: 1 + age // turn_blocks]


def members_from(n_collectors: int) -> int:
    """The age from which on members may coordinate a payout."""
    return n_collectors * TURN_BLOCKS


def anybody_from(n_collectors: int, grace: int) -> int:
    """The age from which on anybody may coordinate a payout, without a fee."""
    return members_from(n_collectors) + grace
