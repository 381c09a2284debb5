"""
What evidence is judged against, and what a verdict is.

The answer never depends on blocks of other branches, on what a node has seen, or on the
time: whoever reads the chain later finds the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.errors import BlockError
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.state import SideEntry, SideTree


class BadEvidence(BlockError):
    """A block carries evidence that convicts nobody."""

    code = "block.evidence"


Rejudge = Callable[[SideBlock], object]
"""Judges what a block says and carries (`judge_body`); raises the rule it breaks."""


@dataclass(frozen=True, slots=True)
class Court:
    """
    Where evidence is judged: in a block on `parent`.

    Args:
        anchor: that block's; it is on the branch of the parent's.
    """

    tree: SideTree
    main: MainTree
    parent: SideEntry
    anchor: Checkpoint
    rejudge: Rejudge


@dataclass(frozen=True, slots=True)
class Conviction:
    """
    Whose key, and of what.

    Args:
        key: 32 bytes, as bonds name it.
        act: what was done, where a key may be convicted of several: a claim's
            transaction id. Nothing: the key loses its whole bond and its seat, once.
    """

    key: bytes
    offence: str
    act: bytes = b""

    @property
    def label(self) -> bytes:
        """What is convicted once and never again."""
        return self.act or self.key
