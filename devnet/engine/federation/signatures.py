"""
Who signs what of a payout, and how the signatures become witnesses.

Its inputs may be held by several epochs. A member signs those that a federation holds
in which it sits, and a payout is complete when each input has the quorum of its own.

Source: protocol page "federation", sections 3 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from devnet.engine.bc.transaction import Spend, Transaction, with_arguments
from devnet.engine.chain.wallet import Key
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.programs import (
    Federation,
    holder_of,
    member_key,
    member_path,
    redeem_script,
)
from devnet.engine.keys import chainkd
from devnet.engine.keys.ed25519 import verify

Signatures: TypeAlias = "Mapping[bytes, Sequence[bytes]]"
"""One for each federation input, empty where the member has no seat; by root xpub."""


def holders_of(
    known: Sequence[Federation],
    chain_id: bytes,
    tx: Transaction,
    scripts: Sequence[bytes],
) -> tuple[Federation, ...]:
    """
    Who holds each of the federation's inputs, which come first.

    Args:
        known: every epoch that there was.

    Raises:
        ForeignInput: none of them holds it.
    """
    found = []
    for index, script in enumerate(scripts):
        given = tx.inputs[index] if index < len(tx.inputs) else None
        program = given.program if isinstance(given, Spend) else b""
        holder = holder_of(known, chain_id, script, program)
        if holder is None:
            raise errors.ForeignInput(
                f"input {index} is held by no federation that is known", index=index
            )
        found.append(holder)
    return tuple(found)


def signers_of(holders: Sequence[Federation]) -> tuple[bytes, ...]:
    """Root xpubs of all who can sign for these, each once, in order."""
    return tuple(sorted({member for holder in holders for member in holder.members}))


def sign_inputs(
    root_xprv: bytes,
    chain_id: bytes,
    tx: Transaction,
    scripts: Sequence[bytes],
    holders: Sequence[Federation] | None = None,
) -> tuple[bytes, ...]:
    """
    A member's signatures, one for each federation input, which come first; empty where
    it has no seat in the federation that holds the input.

    Args:
        root_xprv: the member's root private key. Child keys never leave this function:
            one of them and the parent's xpub give the parent's private key away.
        holders: of the inputs; None: the member sits in all of them.
    """
    root_xpub = chainkd.xpub(root_xprv)
    return tuple(
        chainkd.sign(
            chainkd.derive_xprv(root_xprv, member_path(chain_id, root_xpub, script)),
            tx.sig_hash(index),
        )
        if holders is None or root_xpub in holders[index].members
        else b""
        for index, script in enumerate(scripts)
    )


def check_signatures(
    member: bytes,
    chain_id: bytes,
    tx: Transaction,
    scripts: Sequence[bytes],
    signatures: Sequence[bytes],
    holders: Sequence[Federation] | None = None,
) -> None:
    """
    Are these the member's signatures over the federation's inputs?

    Args:
        holders: as for `sign_inputs`.

    Raises:
        BadSignature: the first that is not.
    """
    if len(signatures) != len(scripts):
        raise errors.BadSignature(
            f"{len(signatures)} signatures for {len(scripts)} inputs"
        )
    if holders is not None and all(member not in one.members for one in holders):
        raise errors.BadSignature(f"member {member.hex()[:8]} has no seat in any input")
    for index, (script, signature) in enumerate(zip(scripts, signatures, strict=True)):
        if holders is not None and member not in holders[index].members:
            is_good = not signature
        else:
            key = member_key(chain_id, member, script)
            is_good = verify(key, tx.sig_hash(index), signature)
        if not is_good:
            raise errors.BadSignature(
                f"member {member.hex()[:8]} did not sign input {index}", index=index
            )


def progress(
    holders: Sequence[Federation], signatures: Mapping[bytes, object]
) -> tuple[int, int]:
    """
    Signatures there are and signatures it takes, of the holder that lacks most.

    Args:
        signatures: by member's root xpub; each is over all inputs where it has a seat.
    """
    counts = [
        (sum(member in signatures for member in holder.members), holder.quorum)
        for holder in dict.fromkeys(holders)
    ]
    return min(counts, key=lambda count: (count[0] - count[1], -count[1]))


def is_complete(
    holders: Sequence[Federation], signatures: Mapping[bytes, object]
) -> bool:
    """Has each input the quorum of its holder?"""
    have, need = progress(holders, signatures)
    return have >= need


def assemble(
    holders: Federation | Sequence[Federation],
    chain_id: bytes,
    payout: Payout,
    signatures: Signatures,
    relayer: Key,
) -> Transaction:
    """
    The payout with all witnesses: for each input a quorum's signatures in key order and
    the script of its holder, and the relayer's own signature for the gas.

    Args:
        holders: of the federation's inputs, or the one that holds all of them.

    Raises:
        BadSignature: fewer than a quorum signed.
    """
    if isinstance(holders, Federation):
        holders = (holders,) * len(payout.scripts)
    tx = payout.tx
    for index, (holder, script) in enumerate(zip(holders, payout.scripts, strict=True)):
        signers = [member for member in holder.members if member in signatures]
        if len(signers) < holder.quorum:
            raise errors.BadSignature(
                f"{len(signers)} members signed, {holder.quorum} must"
            )
        signed = (signatures[member][index] for member in signers[: holder.quorum])
        redeem = redeem_script(holder, chain_id, script)
        tx = with_arguments(tx, index, (*signed, redeem))
    for index in range(len(payout.scripts), len(tx.inputs)):
        tx = with_arguments(tx, index, relayer.arguments(tx.sig_hash(index)))
    return tx
