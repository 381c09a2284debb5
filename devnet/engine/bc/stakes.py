"""
Value that stands behind a key: vote outputs and bonds.

Both are ordinary outputs with a recognisable program, the owner's P2WPKH program as it
is executed behind a push that names the validator's key and is dropped at once:

    push36("BSV1" || key)  DROP  DUP HASH160 push20(owner) EQUALVERIFY
    TXSIGHASH SWAP CHECKSIG                       "BSB1" in a bond

So the owner spends them like any other coin, once the sidechain's rules let go.

Source: protocol page "claim", section 8. The bond's program is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VOTE_MAGIC, BOND_MAGIC = b"BSV1", b"BSB1"
N_STAKE_BYTES = 5 + 32 + 4 + 20 + 4

_PUSH_36 = b"\x24"
_MIDDLE = b"\x75\x76\xab\x14"
_TAIL = b"\x88\xae\x7c\xac"


@dataclass(frozen=True, slots=True)
class Stake:
    """
    What such a program says.

    Args:
        key: the validator's, 32 bytes.
        owner_hash: RIPEMD-160 of the owner's public key, 20 bytes.
    """

    kind: Literal["vote", "bond"]
    key: bytes
    owner_hash: bytes

    @property
    def program(self) -> bytes:
        """The control program."""
        magic = VOTE_MAGIC if self.kind == "vote" else BOND_MAGIC
        head = _PUSH_36 + magic + self.key
        return head + _MIDDLE + self.owner_hash + _TAIL


def vote_program(key: bytes, owner_hash: bytes) -> bytes:
    """Value locked here votes for this validator key."""
    return Stake("vote", key, owner_hash).program


def bond_program(key: bytes, owner_hash: bytes) -> bytes:
    """Value locked here vouches for this validator key."""
    return Stake("bond", key, owner_hash).program


def stake_of(program: bytes) -> Stake | None:
    """What a program stakes, or None: it is another program."""
    if len(program) != N_STAKE_BYTES or program[:1] != _PUSH_36:
        return None
    magic = program[1:5]
    if magic not in (VOTE_MAGIC, BOND_MAGIC):
        return None
    if program[37:41] != _MIDDLE or program[61:] != _TAIL:
        return None
    kind: Literal["vote", "bond"] = "vote" if magic == VOTE_MAGIC else "bond"
    return Stake(kind, program[5:37], program[41:61])
