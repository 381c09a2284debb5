"""
The laboratory's signer: what a validator must never forget, and what that forbids.

V1 and V2 in its own words, whatever the engine believes; written before anything is
signed, kept over a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from devnet.engine.interfaces import Header, Phase


@dataclass(frozen=True, slots=True)
class LabBallot:
    """What one validator signed in its epoch. None as an answer is a refusal."""

    voted_round: int = 0
    source_round: int = 0
    proposed_round: int = 0
    prepared_round: int = 0
    committed_round: int = 0
    view_round: int = 0
    kept: bytes = b""

    def after_vote(self, block: Header, source_round: int) -> LabBallot | None:
        """What to remember after a vote, or None when V1 or V2 forbids it."""
        if block.round <= self.voted_round or source_round < self.source_round:
            return None
        return replace(self, voted_round=block.round, source_round=source_round)

    def after_phase(
        self, phase: Phase, view: int, keep: bytes = b""
    ) -> LabBallot | None:
        """One vote for each phase of a view, none behind a view that was left."""
        prepares = phase == "prepare"
        last = self.prepared_round if prepares else self.committed_round
        entered = max(self.view_round, self.prepared_round, self.committed_round)
        if view <= last or view < entered:
            return None
        kept = keep or self.kept
        if prepares:
            return replace(self, prepared_round=view, kept=kept)
        return replace(self, committed_round=view, kept=kept)

    def after_view(self, view: int) -> LabBallot | None:
        """Views only grow."""
        if view <= self.view_round:
            return None
        return replace(self, view_round=view)

    def after_proposal(self, round_: int) -> LabBallot | None:
        """One proposal a round."""
        if round_ <= self.proposed_round:
            return None
        return replace(self, proposed_round=round_)
