"""What an engine may know of a chain: validators, headers, certificates, rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Phase = Literal["vote", "prepare", "commit"]
"""What a signed vote says. Rules with certificates need the first one only."""


def quorum(n_validators: int) -> int:
    """How many of n equal validators certify: more than two thirds."""
    return 2 * n_validators // 3 + 1


@dataclass(frozen=True, slots=True)
class Validator:
    """
    One seat of an epoch's list: its name here, its 32-byte key, its weight.

    Args:
        bls_key: the 48-byte key of its votes where these are merged, or nothing.
    """

    name: str
    key: bytes
    weight: int = 1
    bls_key: bytes = b""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A block named by height and hash."""

    height: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    Votes of a quorum for one block. Bit i of the bitmap (least significant bit of
    byte 0 first) is validator i; signatures follow in ascending order of set bits, or
    there is one merged signature for all of them (`Rules.merges_votes`).
    """

    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()

    def voters(self) -> tuple[int, ...]:
        """Indexes of the validators whose bit is set, ascending."""
        return tuple(
            8 * byte_index + bit
            for byte_index, byte in enumerate(self.bitmap)
            for bit in range(8)
            if byte >> bit & 1
        )

    @staticmethod
    def of(signatures: Mapping[int, bytes]) -> Certificate:
        """The certificate of these votes, by validator index."""
        if not signatures:
            return Certificate()
        bitmap = bytearray(max(signatures) // 8 + 1)
        for index in signatures:
            bitmap[index // 8] |= 1 << index % 8
        return Certificate(
            bytes(bitmap), tuple(signatures[index] for index in sorted(signatures))
        )

    @staticmethod
    def joined(parts: Iterable[Certificate]) -> Certificate:
        """All votes of several lists of signatures, each voter's once."""
        signatures: dict[int, bytes] = {}
        for part in parts:
            signatures.update(zip(part.voters(), part.signatures, strict=True))
        return Certificate.of(signatures)

    @property
    def n_bytes(self) -> int:
        """How long bitmap and signatures are together."""
        return len(self.bitmap) + sum(map(len, self.signatures))


NO_CERTIFICATE = Certificate()
"""What blocks carry whose rule knows no certificates."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a consensus rule may know of a block. `justify` has its certificate here."""

    hash: bytes
    height: int
    previous: bytes
    time_ms: int
    epoch: int
    engine: str
    round: int
    justify: Checkpoint
    engine_data: bytes = b""
    signature: bytes = b""
    certificate: Certificate = NO_CERTIFICATE
    nonce: int = 0
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force in an epoch, from the block above `base` on."""

    epoch: int
    engine: str
    params: Mapping[str, int]
    validators: tuple[Validator, ...]
    base: Checkpoint

    @property
    def merges_votes(self) -> bool:
        """Are votes BLS signatures, many merged into one? The parameter `bls` says."""
        return bool(self.params.get("bls"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    Somebody who registered as validator, as the chain has it at a block.

    Args:
        address: text of the address that registered it, and acts for it.
        balance: what that address holds, in neu.
        weight: the sum of the balances of all addresses that approve it.
        n_approvals: how many addresses approve it.
    """

    name: str
    key: bytes
    address: str
    balance: int
    weight: int
    n_approvals: int


class ChainReader(Protocol):
    """What an engine can ask about the chain. Nothing here changes anything."""

    @property
    def chain_id(self) -> bytes:
        """The sidechain's id: the hash of its genesis block."""

    @property
    def genesis_ms(self) -> int:
        """Time of the genesis block, milliseconds since 1970."""

    @property
    def now_ms(self) -> int:
        """The virtual time, milliseconds since 1970."""

    def header(self, block_hash: bytes) -> Header | None:
        """A valid block's header, or None when this node does not have it."""

    def ancestor(self, block_hash: bytes, height: int) -> Header:
        """The ancestor of a known block (or the block itself) at a height."""

    def head(self) -> Header:
        """The tip that this node follows."""

    def rules(self, epoch: int) -> Rules:
        """The rules of an epoch, with the validators that it began with."""

    def rules_of(self, header: Header) -> Rules:
        """The rules that a block was made under, with the validators who act then."""

    def tally(self, block_hash: bytes) -> Mapping[bytes, int]:
        """Votes in neu by validator key, as they stand after a block."""

    def candidates(self, block_hash: bytes) -> tuple[Candidate, ...]:
        """All who are registered after a block, in the order of their addresses."""

    def banned(self, block_hash: bytes) -> frozenset[bytes]:
        """Keys that lost their bond for an offence: no election gives them a seat."""

    def work(self, block_hash: bytes) -> bytes:
        """Tensority of a block hash, with the chain's id as seed: 32 bytes."""

    def signed_by(self, header: Header, index: int) -> bool:
        """Is the header's signature validator `index`'s over this very block?"""

    def voted_for(
        self,
        block_hash: bytes,
        epoch: int,
        index: int,
        sig: bytes,
        phase: Phase = "vote",
        round: int = 0,
    ) -> bool:
        """
        Is `sig` validator `index`'s vote for this block?

        Args:
            round: the view, in the phases "prepare" and "commit".
        """

    def proves(self, block_hash: bytes, epoch: int, votes: Certificate) -> bool:
        """
        Are these votes for this block, each voter's bit set and its signature good?
        How much they weigh is another question.
        """

    def merged(self, epoch: int, parts: Sequence[Certificate]) -> Certificate:
        """
        Votes for one block, each good by `proves`, as one certificate. Merged
        signatures cannot be parted again: where parts share a voter, the greater stays.
        """

    def viewed(
        self, epoch: int, round: int, justify_hash: bytes, index: int, sig: bytes
    ) -> bool:
        """Is `sig` validator `index`'s signature under this change of view?"""
