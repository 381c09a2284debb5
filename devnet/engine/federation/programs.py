"""
The federation's addresses: a family of multisig programs, one per recipient.

A lock's program is made from the members' keys, bent twice: by the sidechain's id, so
that one lock cannot be claimed on two sidechains, and by the claim script, so that it
cannot be claimed for another recipient. No list of addresses is kept anywhere: whoever
knows the members computes the program and compares.

Source: protocol page "federation", section 3. The 64-byte selector with its 32 leading
zero bytes is what Bytom/vapor computed before its Claim transactions were removed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from devnet.engine.bc.programs import multisig_script, p2wsh
from devnet.engine.codec import address_of_program, sha3
from devnet.engine.errors import RequestError
from devnet.engine.interfaces import quorum as quorum_of
from devnet.engine.keys import chainkd

TREASURY_SCRIPT = b""
"""Change and migrated funds live at the program of the empty claim script."""


class BadFederation(RequestError):
    """The members or their quorum cannot make a federation."""

    code = "request.bad-federation"
    default_hint = "List each root key once, with a quorum of 1 to their number."


@dataclass(frozen=True)
class Federation:
    """
    One membership epoch: the members' root xpubs (64 bytes each) in the order of the
    federation record, which is ascending (`federation_of` sees to that), and how many
    of them must sign. Another order makes other programs.
    """

    members: tuple[bytes, ...]
    quorum: int

    def __post_init__(self) -> None:
        n_members, n_different = len(self.members), len(set(self.members))
        if n_different != n_members or not 1 <= self.quorum <= n_members:
            raise BadFederation(
                f"{n_members} members, {n_different} different, quorum {self.quorum}"
            )


def federation_of(members: Iterable[bytes]) -> Federation:
    """The federation of these root xpubs, sorted; more than two thirds must sign."""
    xpubs = tuple(sorted(members))
    return Federation(xpubs, quorum_of(len(xpubs)))


def member_path(
    chain_id: bytes, root_xpub: bytes, claim_script: bytes
) -> tuple[bytes, bytes]:
    """
    Selectors from a member's root key to its key for one lock program. The member signs
    with the private key at the end of the same path.
    """
    return chain_id, _tweak(_chain_key(root_xpub, chain_id), claim_script)


@lru_cache(maxsize=16384)
def member_key(chain_id: bytes, root_xpub: bytes, claim_script: bytes) -> bytes:
    """A member's 32-byte public key in the script of one lock program."""
    chain_key = _chain_key(root_xpub, chain_id)
    child = chainkd.child_xpub(chain_key, _tweak(chain_key, claim_script))
    return chainkd.public_key(child)


def redeem_script(
    federation: Federation, chain_id: bytes, claim_script: bytes
) -> bytes:
    """The multisig script whose hash is the lock program, shown when it is spent."""
    keys = [member_key(chain_id, member, claim_script) for member in federation.members]
    return multisig_script(keys, federation.quorum)


@lru_cache(maxsize=4096)
def lock_program(federation: Federation, chain_id: bytes, claim_script: bytes) -> bytes:
    """The mainchain program that locks value for one recipient on one sidechain."""
    return p2wsh(sha3(redeem_script(federation, chain_id, claim_script)))


def lock_programs(
    federations: Iterable[Federation], chain_id: bytes, claim_script: bytes
) -> tuple[bytes, ...]:
    """A recipient's lock programs in several epochs, in their order."""
    return tuple(lock_program(one, chain_id, claim_script) for one in federations)


def holder_of(
    known: Sequence[Federation], chain_id: bytes, claim_script: bytes, program: bytes
) -> Federation | None:
    """The federation whose program for this claim script this is, or None."""
    for federation in known:
        if program == lock_program(federation, chain_id, claim_script):
            return federation
    return None


def treasury_program(federation: Federation, chain_id: bytes) -> bytes:
    """Where change of payouts goes. Nothing there can be claimed."""
    return lock_program(federation, chain_id, TREASURY_SCRIPT)


def lock_address(
    federation: Federation, chain_id: bytes, claim_script: bytes, hrp: str
) -> str:
    """The deposit address as a wallet shows it."""
    return address_of_program(lock_program(federation, chain_id, claim_script), hrp)


@lru_cache(maxsize=1024)
def _chain_key(root_xpub: bytes, chain_id: bytes) -> bytes:
    """A member's xpub for one sidechain."""
    return chainkd.child_xpub(root_xpub, chain_id)


def _tweak(chain_key: bytes, claim_script: bytes) -> bytes:
    return bytes(32) + hmac.digest(chain_key, claim_script, "sha256")
