"""
How votes are signed, put together and checked: as a list of Ed25519 signatures, or
merged into one BLS signature. A chain's rules say which (`Rules.merges_votes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from devnet.engine.interfaces import Certificate, Rules, Validator
from devnet.engine.keys import bls, ed25519
from devnet.engine.keys.chainkd import sign

SEED_LABEL = b"bystack-bls-seed-1"


class Aggregation(Protocol):
    """One way to hold many votes for the same block."""

    name: str

    def sign(self, xprv: bytes, message: bytes) -> bytes:
        """A vote by the validator with this root key."""

    def merge(self, parts: Sequence[Certificate]) -> Certificate:
        """Good votes as one certificate; of parts with a common voter, see there."""

    def verify(
        self, validators: Sequence[Validator], message: bytes, votes: Certificate
    ) -> bool:
        """Is every voter's signature good? Any bytes give an answer."""

    def size(self, n_votes: int) -> int:
        """Bytes of the signatures of so many votes."""


class Ed25519List:
    """Every signature for itself, 64 bytes each."""

    name = "ed25519-list"

    def sign(self, xprv: bytes, message: bytes) -> bytes:
        """64 bytes by the validator's own key."""
        return sign(xprv, message)

    def merge(self, parts: Sequence[Certificate]) -> Certificate:
        """The union: each voter's signature once."""
        return Certificate.joined(parts)

    def verify(
        self, validators: Sequence[Validator], message: bytes, votes: Certificate
    ) -> bool:
        """One check for each voter."""
        voters = votes.voters()
        return (
            len(voters) == len(votes.signatures)
            and _are_seats(voters, validators)
            and all(
                ed25519.verify(validators[index].key, message, signature)
                for index, signature in zip(voters, votes.signatures, strict=True)
            )
        )

    def size(self, n_votes: int) -> int:
        """It grows with the voters."""
        return 64 * n_votes


class BlsMerged:
    """One signature of 96 bytes, however many signed. Needs the extra `bls`."""

    name = "bls"

    def sign(self, xprv: bytes, message: bytes) -> bytes:
        """96 bytes by the validator's BLS key."""
        return bls.sign(bls_secret(xprv), message)

    def merge(self, parts: Sequence[Certificate]) -> Certificate:
        """
        The sum of parts without a common voter, the greatest first: a sum cannot be
        taken apart, so a part that overlaps is left out.
        """
        taken: list[Certificate] = []
        voters: set[int] = set()
        for part in sorted(parts, key=lambda one: (-len(one.voters()), one.bitmap)):
            if voters.isdisjoint(part.voters()):
                taken.append(part)
                voters.update(part.voters())
        if len(taken) == 1:
            return taken[0]
        if not taken:
            return Certificate()
        merged = bls.merge([part.signatures[0] for part in taken])
        shape = Certificate.of(dict.fromkeys(voters, b""))
        return Certificate(shape.bitmap, (merged,))

    def verify(
        self, validators: Sequence[Validator], message: bytes, votes: Certificate
    ) -> bool:
        """One check for all, against the sum of the voters' keys."""
        voters = votes.voters()
        return (
            len(votes.signatures) == 1
            and _are_seats(voters, validators)
            and bls.verify(
                [validators[index].bls_key for index in voters],
                message,
                votes.signatures[0],
            )
        )

    def size(self, n_votes: int) -> int:
        """Always the same."""
        return bls.SIGNATURE_BYTES


ED25519_LIST, BLS_MERGED = Ed25519List(), BlsMerged()


def aggregation_of(rules: Rules) -> Aggregation:
    """The way that these rules take."""
    return BLS_MERGED if rules.merges_votes else ED25519_LIST


def bls_secret(xprv: bytes) -> int:
    """The secret number of a validator's BLS key, from its root key."""
    return bls.secret_key(SEED_LABEL + xprv)


def bls_key_of(xprv: bytes) -> bytes:
    """
    A validator's own 48-byte BLS key. Raises BlsMissing.

    Whoever founds a chain takes the keys from the validators themselves, as here from
    their root keys; others must see a proof of possession (keys/registration.py).
    """
    return bls.public_key(bls_secret(xprv))


def _are_seats(voters: tuple[int, ...], validators: Sequence[Validator]) -> bool:
    return bool(voters) and voters[-1] < len(validators)
