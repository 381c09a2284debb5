"""
What BBFT's validators say to one another, beside the block itself, which the host
carries (stage DISTRIBUTE).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.interfaces import Certificate, Checkpoint, Vote

Stage = Literal["aggregate", "exchange", "finalize"]


@dataclass(frozen=True, slots=True)
class Votes:
    """
    Votes for one block: of a member's zone on their way up or between gateways, or of a
    quorum on their way down. Height and round are for readers; nothing rests on them.
    """

    kind: Stage
    epoch: int
    height: int
    round: int
    block_hash: bytes
    votes: Certificate


def votes_of(vote: Vote) -> Votes:
    """A bare vote, as if its voter had sent it up."""
    own = {vote.index: vote.signature} if vote.index >= 0 else {}
    return Votes(
        "aggregate", vote.epoch, vote.height, vote.round, vote.block_hash,
        Certificate.of(own),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """
    "I leave for this round", with the highest certificate that the sender holds.

    Args:
        index: the sender's seat, whose signature it is.
    """

    epoch: int
    round: int
    index: int
    justify: Checkpoint
    certificate: Certificate
    signature: bytes

    @property
    def kind(self) -> str:
        """One short word: what is said."""
        return "view"

    @property
    def height(self) -> int:
        """The height of the certified block."""
        return self.justify.height
