"""
Evidence of an offence: two signed objects, or one signed block, that convict a key.

Everything that the verdict needs is inside: whole headers (their hash is what was
signed), the key, the signatures. Certificates are left out, the hash does not cover
them.

A collector signs the very bytes that it hands in, proof and all, because the signature
inside a claim leaves out the witness: anybody could spoil an honest claim's proof. A
member's signature covers all of a payout but its witnesses, so those are left out.

Source: consensus rules of this project, section "Evidence"; record kind 40; protocol
page "federation", section 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from devnet.engine.bc.recordform import BadRecord, BaseRecord
from devnet.engine.bc.sideblock import SideHeader, parse_side_header
from devnet.engine.bc.transaction import Spend, Transaction, parse_transaction
from devnet.engine.codec import Reader, sha3, varint, varstr
from devnet.engine.interfaces import Certificate, Checkpoint, Phase

TWO_PROPOSALS, TWO_VOTES, VOTE_BEHIND, BAD_BLOCK, BAD_CLAIM = 1, 2, 3, 4, 5
BAD_PAYOUT, BAD_VOTE = 6, 7
OFFENCES = {
    TWO_PROPOSALS: "two proposals in one round",
    TWO_VOTES: "two votes in one round",
    VOTE_BEHIND: "a vote behind an earlier vote's source",
    BAD_BLOCK: "a signed block that breaks a rule",
    BAD_CLAIM: "a claim that breaks a rule",
    BAD_PAYOUT: "a payout that nothing is owed for",
    BAD_VOTE: "a vote for a block that breaks a rule",
}
PHASES: tuple[Phase, ...] = ("vote", "prepare", "commit")


@dataclass(frozen=True)
class Evidence(BaseRecord):
    """A key did what it must not: the offence, and the objects that prove it."""

    offence: int
    first: bytes
    second: bytes = b""
    kind: ClassVar[int] = 0x40

    def body(self) -> bytes:
        return bytes((self.offence,)) + varstr(self.first) + varstr(self.second)


@dataclass(frozen=True)
class SignedHeader:
    """A header under its proposer's signature, with the key that signed it."""

    header: SideHeader
    key: bytes

    @property
    def raw(self) -> bytes:
        """As evidence has it: without the certificate."""
        bare = replace(self.header, certificate=Certificate())
        return varstr(bare.raw) + self.key


@dataclass(frozen=True)
class SignedVote:
    """
    A vote with the header that it is for.

    Args:
        view: in the phases "prepare" and "commit", the view voted in; else 0.
        source: the header that the block names as `justify`; None for the epoch's base.
    """

    phase: Phase
    view: int
    header: SideHeader
    source: SideHeader | None
    key: bytes
    signature: bytes

    @property
    def raw(self) -> bytes:
        """As evidence has it: headers without their witness."""
        return b"".join(
            (
                bytes((PHASES.index(self.phase),)),
                varint(self.view),
                varstr(_bare(self.header)),
                varstr(b"" if self.source is None else _bare(self.source)),
                self.key,
                varstr(self.signature),
            )
        )

    @property
    def round(self) -> int:
        """The round voted in: the block's own, or the view."""
        return self.header.round if self.phase == "vote" else self.view

    @property
    def source_round(self) -> int:
        """The round of the block that the voted one builds on."""
        return 0 if self.source is None else self.source.round


@dataclass(frozen=True)
class HandIn:
    """
    A collector's word for a claim that it hands in: these very bytes are good on this
    sidechain, for a block with this anchor or a later one.

    Args:
        anchor: the mainchain block that the collector saw settled.
        key: the collector's, 32 bytes.
    """

    anchor: Checkpoint
    key: bytes
    signature: bytes

    @property
    def raw(self) -> bytes:
        """As evidence has it, as second object; the claim is the first."""
        anchor = varint(self.anchor.height) + self.anchor.hash
        return anchor + self.key + varstr(self.signature)


def hand_in_message(chain_id: bytes, anchor: Checkpoint, raw_claim: bytes) -> bytes:
    """What a collector signs when it hands in a claim."""
    place = varint(anchor.height) + anchor.hash
    return b"bystack-hand-1" + chain_id + place + sha3(raw_claim)


@dataclass(frozen=True)
class SignedPayout:
    """
    A mainchain transaction that spends what a federation holds, with the signature of
    one member over one of its inputs.

    Args:
        locked: the federation's inputs: index, and the claim script of the program.
        member: root xpub, 64 bytes.
        index: of the signed input, one of `locked`.
    """

    tx: Transaction
    locked: tuple[tuple[int, bytes], ...]
    member: bytes
    index: int
    signature: bytes

    @property
    def raw(self) -> bytes:
        """As evidence has it: without witnesses, which no signature covers."""
        locked = [varint(index) + varstr(script) for index, script in self.locked]
        bare = replace(
            self.tx,
            inputs=tuple(
                replace(one, arguments=()) if isinstance(one, Spend) else one
                for one in self.tx.inputs
            ),
            received=None,
        )
        return b"".join(
            (
                varstr(bare.raw),
                varint(len(locked)),
                *locked,
                self.member,
                varint(self.index),
                varstr(self.signature),
            )
        )

    @property
    def pin_id(self) -> bytes:
        """The first of the federation's outputs that it spends."""
        return self.tx.spent_output_ids[self.locked[0][0]] or b""


def _bare(header: SideHeader) -> bytes:
    return replace(header, signature=b"", certificate=Certificate()).raw


def read_evidence(reader: Reader) -> Evidence:
    """The body of the record."""
    record = Evidence(reader.byte(), reader.varstr(), reader.varstr())
    if record.offence not in OFFENCES:
        raise BadRecord(f"{record.offence} is no offence")
    return record


def parse_signed_header(raw: bytes) -> SignedHeader:
    """FormError when these bytes are no such object."""
    reader = Reader(raw, "a proposal")
    found = SignedHeader(_header(reader), reader.hash())
    reader.expect_end()
    return found


def parse_signed_vote(raw: bytes) -> SignedVote:
    """FormError when these bytes are no such object."""
    reader = Reader(raw, "a vote")
    phase = reader.byte()
    if phase >= len(PHASES):
        raise BadRecord(f"{phase} is no phase of a vote")
    view, header, source = reader.varint63(), _header(reader), reader.varstr()
    found = SignedVote(
        PHASES[phase],
        view,
        header,
        parse_side_header(source) if source else None,
        reader.hash(),
        reader.varstr(),
    )
    reader.expect_end()
    return found


def parse_hand_in(raw: bytes) -> HandIn:
    """FormError when these bytes are no such object."""
    reader = Reader(raw, "a hand-in")
    anchor = Checkpoint(reader.varint63(), reader.hash())
    found = HandIn(anchor, reader.hash(), reader.varstr())
    reader.expect_end()
    return found


def parse_signed_payout(raw: bytes) -> SignedPayout:
    """FormError when these bytes are no such object."""
    reader = Reader(raw, "a payout")
    tx = parse_transaction(reader.varstr())
    locked = tuple(
        [(reader.varint63(), reader.varstr()) for _ in range(reader.varint31())]
    )
    member = reader.hash() + reader.hash()
    found = SignedPayout(tx, locked, member, reader.varint63(), reader.varstr())
    reader.expect_end()
    indexes = [index for index, _ in locked]
    if found.index not in indexes or indexes != sorted(set(indexes)):
        raise BadRecord("a payout names its locked inputs in order, one of them signed")
    if indexes[-1] >= len(tx.inputs):
        raise BadRecord(f"a payout of {len(tx.inputs)} inputs has no {indexes[-1]}")
    return found


def _header(reader: Reader) -> SideHeader:
    return parse_side_header(reader.varstr())
