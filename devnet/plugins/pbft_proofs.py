"""
What validators of pbft show each other, and what a change of view obliges them to.

Votes sign a view and a block's hash. A quorum of commits makes a block committed, a
quorum of prepares makes it prepared. Whoever leaves a view says with its signature
which committed block it stands on (its base) and which block above it is prepared.

Why a committed block never forks. Say a quorum committed B in view v. Some honest
validator is in that quorum and in any quorum that changes to a later view. It signed
the change after its commit, so it shows B, prepared in v or later, or a base that is B
or stands on it. `select` takes the newest base and on it the block prepared in the
highest view, and nobody honest prepares anything else in that view; step by step that
is B in every later view. Bases are ordered by the view of their commits, which the
votes sign; a block's commits are always of later views than its parent's.

Source: consensus rules of this project, section "pbft"; M. Castro, B. Liskov, Practical
Byzantine Fault Tolerance, OSDI 1999, sections 4.2 to 4.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha3_256

from devnet.engine.interfaces import (
    Certificate,
    ChainReader,
    Checkpoint,
    ConsensusError,
    Header,
    Phase,
    Rules,
    Vote,
)
from devnet.plugins.certificate import check_certificate, needed_weight, weight_of
from devnet.plugins.header_rules import in_epoch

NO_PROOF = Certificate()
"""What the base of an epoch comes with: it is final already."""

# What is shown.


@dataclass(frozen=True, slots=True)
class Committed:
    """A final block: commits of a quorum, cast in one view; 0 for the epoch's base."""

    block: Checkpoint
    view: int
    certificate: Certificate = NO_PROOF


@dataclass(frozen=True, slots=True)
class Prepared:
    """Prepares of a quorum for a block, cast in one view."""

    block_hash: bytes
    view: int
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class ViewChange:
    """
    One validator leaves every view below `round`.

    Args:
        base: the newest block that it knows to be committed.
        prepared: the block above the base that it knows to be prepared, if any.
    """

    round: int
    base: Committed
    prepared: Prepared | None
    index: int
    signature: bytes

    @property
    def kind(self) -> str:
        return "view-change"

    @property
    def height(self) -> int:
        return self.base.block.height + 1


@dataclass(frozen=True, slots=True)
class NewView:
    """
    The leader of view `round` shows the changes of a quorum, and which block it
    proposes again; None: it makes a fresh one.
    """

    round: int
    named: bytes | None
    changes: tuple[ViewChange, ...]

    @property
    def kind(self) -> str:
        return "new-view"

    @property
    def height(self) -> int:
        return max((change.height for change in self.changes), default=0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A committed block with its proof, for a validator that missed the commits."""

    committed: Committed

    @property
    def kind(self) -> str:
        return "committed"

    @property
    def height(self) -> int:
        return self.committed.block.height

    @property
    def round(self) -> int:
        return self.committed.view


# Bytes.


def encode_view(view: int) -> bytes:
    """A view as a varint: 7 bits a byte, the lowest first."""
    out = bytearray()
    while view > 0x7F:
        out.append(view & 0x7F | 0x80)
        view >>= 7
    return bytes([*out, view])


def decode_view(data: bytes) -> int:
    """The number that `encode_view` wrote; other bytes give a number all the same."""
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data))


def claim_of(base: Committed, prepared: Prepared | None) -> bytes:
    """What a change of view signs besides the view: 32 bytes."""
    words = [base.block.hash, encode_view(base.view)]
    if prepared is not None:
        words += [prepared.block_hash, encode_view(prepared.view)]
    return sha3_256(b"".join(words)).digest()


def keep(prepared: Prepared) -> bytes:
    """A prepared block with its proof, as the signer stores it."""
    proof = prepared.certificate
    parts = [prepared.block_hash, encode_view(prepared.view), proof.bitmap]
    return b"".join(
        len(part).to_bytes(2, "big") + part for part in (*parts, *proof.signatures)
    )


def kept(data: bytes) -> Prepared | None:
    """What `keep` wrote, or None for nothing."""
    parts = []
    while data:
        n_bytes = int.from_bytes(data[:2], "big")
        parts.append(data[2 : 2 + n_bytes])
        data = data[2 + n_bytes :]
    if len(parts) < 3:
        return None
    block_hash, view, bitmap, *signatures = parts
    certificate = Certificate(bitmap, tuple(signatures))
    return Prepared(block_hash, decode_view(view), certificate)


# Looking proofs over.


def leader_of(view: int, rules: Rules) -> int:
    """Whose view it is."""
    return view % len(rules.validators)


def joining_weight(rules: Rules) -> int:
    """The weight among which somebody is honest: f+1 of equal validators."""
    total = sum(validator.weight for validator in rules.validators)
    return total - needed_weight(rules) + 1


def is_genuine(vote: Vote, rules: Rules, chain: ChainReader) -> bool:
    """Is this a prepare or commit that its validator signed?"""
    return (
        vote.epoch == rules.epoch
        and vote.phase in ("prepare", "commit")
        and 0 <= vote.index < len(rules.validators)
        and chain.voted_for(
            vote.block_hash, rules.epoch, vote.index, vote.signature, vote.phase,
            vote.round,
        )
    )  # fmt: skip


def is_proven(
    certificate: Certificate,
    block_hash: bytes,
    phase: Phase,
    view: int,
    rules: Rules,
    chain: ChainReader,
) -> bool:
    """Does the certificate hold a quorum of genuine votes of this phase and view?"""
    try:
        check_certificate(certificate, block_hash, rules, chain, phase, view)
    except ConsensusError:
        return False
    return True


def is_committed(shown: Committed, rules: Rules, chain: ChainReader) -> bool:
    """Does this show a committed block, as far as this node can tell?"""
    if shown.block == rules.base:
        return shown.view == 0
    block = chain.header(shown.block.hash)
    if block is not None and not (
        in_epoch(block, rules) and block.height == shown.block.height
    ):
        return False
    return shown.view > 0 and is_proven(
        shown.certificate, shown.block.hash, "commit", shown.view, rules, chain
    )


def is_sound(change: ViewChange, rules: Rules, chain: ChainReader) -> bool:
    """Is this change of view signed, and is what it shows true?"""
    base, prepared = change.base, change.prepared
    if not 0 <= change.index < len(rules.validators):
        return False
    if not 0 <= base.view < change.round:
        return False
    if prepared is not None and not base.view < prepared.view < change.round:
        return False
    claim = claim_of(base, prepared)
    if not chain.viewed(
        rules.epoch, change.round, claim, change.index, change.signature
    ):
        return False
    if not is_committed(base, rules, chain):
        return False
    if prepared is None:
        return True
    block = chain.header(prepared.block_hash)
    return (
        (block is None or stands_on(block, base.block, rules))
        and is_proven(
            prepared.certificate, prepared.block_hash, "prepare", prepared.view, rules,
            chain,
        )
    )  # fmt: skip


def stands_on(block: Header, base: Checkpoint, rules: Rules) -> bool:
    """
    Is the block one of those that compete to follow the base? The first of an epoch may
    have closing blocks below; its `justify` names the base.
    """
    return in_epoch(block, rules) and block.justify == base


# What a change of view obliges to.


def select(changes: Iterable[ViewChange]) -> tuple[Committed, Prepared | None]:
    """
    The base to build on, and the block that must be proposed again, if there is one:
    the newest base, and on it the block prepared in the highest view.
    """
    given = tuple(changes)
    base = max((change.base for change in given), key=lambda base: base.view)
    found = [
        change.prepared
        for change in given
        if change.prepared is not None and change.base.block == base.block
    ]
    return base, max(found, key=lambda prepared: prepared.view, default=None)


def is_obeyed(new_view: NewView, rules: Rules, chain: ChainReader) -> bool:
    """Does the leader show sound changes of a quorum, and name what they oblige to?"""
    changes = new_view.changes
    voters = {change.index for change in changes}
    if len(voters) != len(changes) or not all(
        change.round == new_view.round and is_sound(change, rules, chain)
        for change in changes
    ):
        return False
    if weight_of(voters, rules) < needed_weight(rules):
        return False
    _, prepared = select(changes)
    return prepared is None or prepared.block_hash == new_view.named


def may_prepare(
    block: Header,
    view: int,
    base: Committed,
    new_view: NewView | None,
    rules: Rules,
) -> bool:
    """
    May a validator in this view, standing on this base, prepare the block?

    In the view right after its parent's commits a block made for that view needs no
    more. In any other view the leader must have shown a quorum's changes (`new_view`,
    looked over): then it is the block that these name, or a fresh one of this view.
    """
    if not stands_on(block, base.block, rules) or block.round > view:
        return False
    if block.round == view == decode_view(block.engine_data) + 1:
        return True
    if new_view is None or new_view.round != view:
        return False
    if select(new_view.changes)[0].block != base.block:
        return False
    if new_view.named is None:
        return block.round == view
    return block.hash == new_view.named
