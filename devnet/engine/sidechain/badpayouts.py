"""
Does a payout convict the member that signed it?

It does when value leaves the federation that no withdrawal of this chain is owed, and
when two payouts of one withdrawal have different pins and both took effect, or can.
A merge, a migration and a forwarded deposit move nothing out and convict nobody.

A member signs when it has seen a withdrawal final. So nobody is convicted before this
chain itself has a final block that looks at the mainchain from behind the payout: that
chain holds whatever the member saw. For the same reason pins are judged there only: a
pin may be replaced once it is spent for something else.

Source: protocol page "federation", sections 7.2 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devnet.engine.bc.electoral import stake_key_of
from devnet.engine.bc.evidence import Evidence, SignedPayout, parse_signed_payout
from devnet.engine.bc.transaction import Output, Spend, Transaction
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    holder_of,
    lock_program,
    member_key,
)
from devnet.engine.federation.withdrawals import relay_fee
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.state import MainState
from devnet.engine.sidechain.court import BadEvidence, Court


def bad_payout(record: Evidence, court: Court) -> bytes:
    """
    The member's stake key.

    Raises:
        BadEvidence: it proves nothing, or nothing new.
        CodecError: it cannot be read.
    """
    first = parse_signed_payout(record.first)
    key = stake_key_of(first.member)
    if key in court.parent.state.roster.banned:
        raise BadEvidence(f"{key.hex()[:16]} is convicted already")
    moved = _moved(first, court)
    if not record.second:
        if not is_stolen(moved, court):
            raise BadEvidence(f"payout {first.tx.id.hex()[:16]} pays what is owed")
        if first.tx.id not in final_view(court).index.places:
            raise BadEvidence(
                f"payout {first.tx.id.hex()[:16]} is in no mainchain block that a "
                "final block of this chain looks back to"
            )
        return key
    second = parse_signed_payout(record.second)
    if second.member != first.member:
        raise BadEvidence("two payouts are signed by one member")
    _check_pins(moved, _moved(second, court), court)
    return key


@dataclass(frozen=True, slots=True)
class Moved:
    """
    What a transaction takes from a federation.

    Args:
        left: by asset what does not stay with it, in the smallest unit.
        pin_id: the first of the federation's outputs that it spends.
    """

    tx: Transaction
    left: Mapping[bytes, int]
    pin_id: bytes


def final_view(court: Court) -> MainState:
    """The mainchain as the newest final block below sees it settled."""
    final = court.tree[court.parent.final.hash]
    return court.main[final.anchor.hash].state


def known_federations(court: Court) -> tuple[Federation, ...]:
    """Every federation there ever was, and the one that is to come."""
    council = court.tree.council(court.parent)
    return (*(() if council.wanted is None else (council.wanted,)), *council.known)


def moved_by(
    tx: Transaction, locked: tuple[tuple[int, bytes], ...], court: Court
) -> Moved:
    """
    What leaves the federation by a transaction with these inputs of it.

    Raises:
        BadEvidence: an input is no output of a federation of this chain.
    """
    known, chain_id = known_federations(court), court.tree.spec.chain_id
    accepted = court.tree.council(court.parent).federations
    claimed = court.parent.state.claimed
    left: dict[bytes, int] = {}
    stays = {lock_program(one, chain_id, TREASURY_SCRIPT) for one in known}
    free: dict[tuple[bytes, bytes], int] = {}
    for index, script in locked:
        given = tx.inputs[index]
        program = given.program if isinstance(given, Spend) else b""
        holder = holder_of(known, chain_id, script, program)
        if holder is None or not isinstance(given, Spend):
            raise BadEvidence(f"input {index} is of no federation of this chain")
        left[given.asset] = left.get(given.asset, 0) + given.amount
        if holder not in accepted and given.spent_output_id not in claimed:
            for one in known:
                place = given.asset, lock_program(one, chain_id, script)
                free[place] = free.get(place, 0) + given.amount
    for output in tx.outputs:
        if output.vm_version != 1 or output.asset not in left:
            continue
        place = output.asset, output.program
        kept = min(output.amount, free.get(place, 0))
        free[place] = free.get(place, 0) - kept
        left[output.asset] -= output.amount if output.program in stays else kept
    return Moved(tx, left, tx.spent_output_ids[locked[0][0]] or b"")


def is_stolen(moved: Moved, court: Court) -> bool:
    """Does something leave that no withdrawal of this chain is owed?"""
    out = {asset: amount for asset, amount in moved.left.items() if amount > 0}
    if not out:
        return False
    owed = max((gross for gross, _ in debts_paid(moved.tx, court).values()), default=0)
    asset = moved.tx.outputs[0].asset if moved.tx.outputs else b""
    return any(amount > (owed if one == asset else 0) for one, amount in out.items())


def debts_paid(tx: Transaction, court: Court) -> dict[bytes, tuple[int, int]]:
    """
    The withdrawals, open or completed, that output 0 could pay, with the relay fee
    taken or not. By debt key the gross amount, and how many look like that.
    """
    ppm, first = court.tree.spec.relay_fee_ppm, tx.outputs[:1]
    found = {}
    for key, heights in court.parent.state.pegout.heights.items():
        asset, gross, recipient = key[:32], int.from_bytes(key[32:40], "big"), key[40:]
        for amount in (gross - relay_fee(gross, ppm), gross):
            if first == (Output(asset, amount, recipient),):
                found[key] = gross, len(heights)
    return found


def signs(signed: SignedPayout, court: Court) -> bool:
    """Is the signature that member's, with a seat in the federation of the input?"""
    chain_id, script = court.tree.spec.chain_id, dict(signed.locked)[signed.index]
    given = signed.tx.inputs[signed.index]
    program = given.program if isinstance(given, Spend) else b""
    holder = holder_of(known_federations(court), chain_id, script, program)
    if holder is None or signed.member not in holder.members:
        return False
    key = member_key(chain_id, signed.member, script)
    return verify(key, signed.tx.sig_hash(signed.index), signed.signature)


def _moved(signed: SignedPayout, court: Court) -> Moved:
    """What leaves by a payout that the member signed."""
    moved = moved_by(signed.tx, signed.locked, court)
    if not signs(signed, court):
        raise BadEvidence(
            f"member {signed.member.hex()[:16]} did not sign input {signed.index} of "
            f"{signed.tx.id.hex()[:16]}"
        )
    return moved


def _check_pins(one: Moved, two: Moved, court: Court) -> None:
    """Raise unless both pay one withdrawal, past each other's pins."""
    debts = debts_paid(one.tx, court) | debts_paid(two.tx, court)
    if one.tx.id == two.tx.id or not debts_paid(two.tx, court):
        raise BadEvidence("two payouts of one withdrawal are two that pay it")
    if not debts_paid(one.tx, court) or sum(n for _, n in debts.values()) != 1:
        raise BadEvidence("the two payouts may be of two withdrawals")
    if two.pin_id in one.tx.spent_output_ids or one.pin_id in two.tx.spent_output_ids:
        raise BadEvidence("a payout that spends the other's pin is in its way")
    state = final_view(court)
    if not _took_effect(one.tx, state, court):
        raise BadEvidence("the first payout is not mined, or failed")
    if not _took_effect(two.tx, state, court) and two.pin_id not in state.coins.by_id:
        raise BadEvidence("the second payout is not mined, and its pin is not there")


def _took_effect(tx: Transaction, state: MainState, court: Court) -> bool:
    place = state.index.places.get(tx.id)
    if place is None:
        return False
    entry = court.main[state.hashes[place.height]]
    return not entry.statuses[place.index]
