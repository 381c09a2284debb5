"""
For comparison only: the federation programs of early Vapor, and what it took for a
proof. No rule here uses them.

Before its Claim transactions were removed, Bytom/vapor locked deposits at a compiled
contract that more than half of the members could open, and knew a form for all of them.
Our own programs (programs.py) keep its tweak and nothing else: they name the sidechain
too, and ask for two thirds.

Source: Bytom/vapor, parent of d09b7a78: equity/pegin_contract,
protocol/vm/vmutil/script.go. The shape for other numbers of members than those of the
vectors follows from them; no reference of it was run.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from devnet.engine.bc.merkle import check_loose
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.programs import multisig_script, push, push_int
from devnet.engine.keys import chainkd

_ROLL, _SWAP, _ROT, _TWO_ROT = b"\x7a", b"\x7c", b"\x7b", b"\x71"
_TO_ALT, _FROM_ALT = b"\x6b", b"\x6c"
_TX_SIG_HASH, _CHECK_MULTISIG = b"\xae", b"\xad"
_DEPTH, _FALSE, _CHECK_PREDICATE = b"\x74", b"\x00", b"\xc0"


def majority(n_members: int) -> int:
    """More than half."""
    return n_members // 2 + 1


def tweak(xpub: bytes, claim_script: bytes) -> bytes:
    """
    The 64-byte selector from a member's root key to its key for one recipient. Its
    first half is zero because the MAC was appended to a buffer that had its size.
    """
    return bytes(32) + hmac.digest(xpub, claim_script, "sha256")


def member_xpub(xpub: bytes, claim_script: bytes) -> bytes:
    """A member's derived xpub in the programs of one recipient."""
    return chainkd.child_xpub(xpub, tweak(xpub, claim_script))


def contract_form(public_keys: Sequence[bytes]) -> bytes:
    """
    The compiled contract: the keys in reverse, then a predicate over all that lies on
    the stack.

    Args:
        public_keys: 32 bytes each, in the members' order.
    """
    keys = b"".join(push(key) for key in reversed(public_keys))
    predicate = push(_majority_predicate(len(public_keys)))
    return keys + _DEPTH + predicate + _FALSE + _CHECK_PREDICATE


def all_of_n_form(public_keys: Sequence[bytes]) -> bytes:
    """An ordinary multisig program that every member must sign."""
    return multisig_script(list(public_keys), len(public_keys))


def accepts_proof(proof: MerkleBlock, matched: Sequence[bytes]) -> bool:
    """
    Would early Vapor have taken the proof? It walked as Bytom does, which needs no
    leaf, and read the flags as 0, 1, 2, ... whatever they were.

    Args:
        matched: transaction ids that the proof is said to show.
    """
    flags = tuple(range(len(proof.flags)))
    return check_loose(proof.tx_hashes, flags, matched, proof.header.tx_root)


def _majority_predicate(n_keys: int) -> bytes:
    """Lift the signatures over the keys, then the keys over both counts, and check."""
    n_signatures = majority(n_keys)
    signatures = b"".join(_roll(n_keys + index) for index in range(n_signatures))
    # The compiler writes two rolls from depth 5 as one 2ROT.
    keys = (_roll(n_keys + n_signatures) * n_keys).replace(_roll(5) * 2, _TWO_ROT)
    return (
        signatures + push_int(n_signatures) + _TO_ALT + _TX_SIG_HASH
        + keys + push_int(n_keys) + _FROM_ALT + _SWAP + _CHECK_MULTISIG
    )  # fmt: skip


def _roll(depth: int) -> bytes:
    """Bring an item to the top, by the short opcode where there is one."""
    short = {1: _SWAP, 2: _ROT}.get(depth)
    return short if short is not None else push_int(depth) + _ROLL
