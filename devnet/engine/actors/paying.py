"""
The coordinator: it plans a payout for each final withdrawal, asks the members to sign,
broadcasts, and proves to the sidechain what was mined.

It is trusted for nothing but its time. Whatever it knows it finds again: payouts in the
intents that the sidechain carries, pins in the members' refusals. So a restart, a lost
message or a reorganisation ends in the same: one payout for each withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from devnet.engine.actors import epochs, mainchain
from devnet.engine.actors.membership import (
    COORDINATOR,
    actor_name,
    heavier,
    pays,
    pin_fate,
    spender_of,
)
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.payrecords import post
from devnet.engine.actors.tills import relayer_key, till_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.merkleblock import merkle_block_of
from devnet.engine.bc.records import PayoutIntent, WithdrawalCompleted
from devnet.engine.bc.transaction import Transaction
from devnet.engine.errors import DevnetError, PayoutError
from devnet.engine.events import MemberRefused, MemberSigned, PayoutPlanned
from devnet.engine.federation.members import Paying
from devnet.engine.federation.merges import is_merge, merge_key, plan_merge
from devnet.engine.federation.payout_errors import NeedsMerge, NoGas
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import plan_payout
from devnet.engine.federation.programs import Federation, treasury_program
from devnet.engine.federation.signatures import (
    assemble,
    check_signatures,
    is_complete,
    progress,
    signers_of,
)
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import peg_rests

PIN_CHECKS = ("P2", "P8")
"""Refusals that may name a pin which the coordinator does not know."""


def head_came(turn: Turn, chain: str, block_hash: bytes) -> None:
    """The coordinator's own node of a sidechain hears of a block."""
    heads = turn.coordinator.heads
    head = heavier(turn.side(chain).tree, heads.get(chain), block_hash)
    turn.coordinator = replace(turn.coordinator, heads=heads.insert(chain, head))
    _forget_done(turn, chain, turn.side(chain).tree[head])
    work(turn)


def work(turn: Turn) -> None:
    """Take each open withdrawal as far as it goes, the oldest first."""
    if not turn.coordinator.awake:
        return
    for chain in sorted(turn.coordinator.heads):
        tree = turn.side(chain).tree
        head = tree[turn.coordinator.heads[chain]]
        for owed in debts_in_order(head):
            if tree.is_final_at(head.hash, owed.height, head.final):
                _drive(turn, chain, head, owed)
        _drive_merges(turn, chain, head)


def debts_in_order(head: SideEntry) -> list[Owed]:
    """Open withdrawals, oldest first; ids settle who is first within a block."""
    debts = (head.state.pegout.open[key] for key in head.state.pegout.open)
    return sorted(debts, key=lambda owed: (owed.height, owed.id))


def _forget_done(turn: Turn, chain: str, head: SideEntry) -> None:
    """What is not owed any more, or not yet again, is not being paid."""
    coordinator, still = turn.coordinator, head.state.pegout.open
    for key in sorted(coordinator.paying):
        is_done = key not in still and not is_merge(key)
        if coordinator.paying[key].chain == chain and is_done:
            coordinator = replace(
                coordinator,
                paying=coordinator.paying.remove(key),
                pins=coordinator.pins.discard(key),
                waits=coordinator.waits.discard(key),
            )
    turn.coordinator = coordinator


def _drive(turn: Turn, chain: str, head: SideEntry, owed: Owed) -> None:
    """One withdrawal: prove it, send it, ask for it, or plan it."""
    tip = turn.tree[turn.collectors[0].view.tip]
    mined = mined_payout(turn, tip, owed)
    if mined is not None:
        _complete(turn, chain, owed, tip, *mined)
        return
    tree = turn.side(chain).tree
    if not turn.tree.is_ancestor(head.anchor.hash, tip.hash):
        _wait(turn, owed, "the peg is frozen")
        return
    if peg_rests(tree, head):
        _wait(turn, owed, "payouts pause while a swap closes")
        return
    paying = turn.coordinator.paying.get(owed.id)
    if (
        paying is None
        or not _stands(tip, paying.payout.tx)
        or _has_old_change(turn, chain, head, paying)
    ):
        paying = _planned(turn, chain, tip, owed)
        if paying is None:
            return
    _announce(turn, chain, owed, paying.payout.tx)
    _sign_or_send(turn, head, tip, owed.id, paying)


def _sign_or_send(
    turn: Turn, head: SideEntry, tip: MainEntry, key: bytes, paying: Paying
) -> None:
    if is_complete(holders_of(turn, paying), paying.signatures):
        _send(turn, key, paying)
    else:
        _ask(turn, head, tip, key, paying)


def holders_of(turn: Turn, paying: Paying) -> tuple[Federation, ...]:
    """Who must sign the inputs of a payout."""
    side = turn.side(paying.chain)
    return epochs.holders(side, paying.payout.tx, paying.payout.scripts)


def _has_old_change(turn: Turn, chain: str, head: SideEntry, paying: Paying) -> bool:
    """
    Was it planned before a new federation took over, and lacks signatures? Members who
    did not sign yet never will; its pin stays, so it is the same payout to the others.
    """
    tree, tx = turn.side(chain).tree, paying.payout.tx
    known = tree.council(head).known
    if len(known) == 1 or is_complete(holders_of(turn, paying), paying.signatures):
        return False
    now = epochs.final_council(tree, head).current
    old = {treasury_program(one, tree.spec.chain_id) for one in known if one != now}
    return any(output.program in old for output in tx.outputs)


def _drive_merges(turn: Turn, chain: str, head: SideEntry) -> None:
    """Merges under way: signed, sent, and forgotten when they are mined or void."""
    tip = turn.tree[turn.collectors[0].view.tip]
    for key in sorted(turn.coordinator.paying):
        paying = turn.coordinator.paying[key]
        if not is_merge(key) or paying.chain != chain:
            continue
        if _stands(tip, paying.payout.tx):
            _sign_or_send(turn, head, tip, key, paying)
        else:
            left = turn.coordinator.paying.remove(key)
            turn.coordinator = replace(turn.coordinator, paying=left)


def _begin_merge(turn: Turn, chain: str, tip: MainEntry, owed: Owed) -> None:
    """Plan a merge of the asset that is owed, unless one is under way."""
    key = merge_key(turn.side(chain).tree.spec.chain_id, owed.asset)
    if key in turn.coordinator.paying:
        return
    head = turn.side(chain).tree[turn.coordinator.heads[chain]]
    pins = {pin for one in debts_in_order(head) for pin in _known_pins(turn, one)}
    till = till_of(turn, chain, tip, key)
    free = tuple(one for one in till.held if one.coin.id not in pins)
    payout = plan_merge(owed.asset, replace(till, held=free))
    if payout is not None:
        _set(turn, key, Paying(chain, payout))
        _say_planned(turn, chain, payout)


def mined_payout(
    turn: Turn, tip: MainEntry, owed: Owed
) -> tuple[MainEntry, Transaction] | None:
    """The block and the payout of a withdrawal on the branch of a tip, or None."""
    paying = turn.coordinator.paying.get(owed.id)
    ids = [owed.payout_id] + ([paying.payout.tx.id] if paying is not None else [])
    for payout_id in ids:
        place = tip.state.index.places.get(payout_id)
        if place is not None:
            entry = turn.tree[tip.state.hashes[place.height]]
            return entry, entry.block.transactions[place.index]
    ppm = turn.config.relay_fee_ppm
    for pin_id in _known_pins(turn, owed):
        found = spender_of(turn.tree, tip, pin_id)
        if found is not None and pays(found[1], owed, ppm):
            return found
    return None


def _known_pins(turn: Turn, owed: Owed) -> Iterator[bytes]:
    """Pins that somebody may have signed with, the likeliest first."""
    paying = turn.coordinator.paying.get(owed.id)
    told = turn.coordinator.pins.get(owed.id)
    if told:
        yield told
    if paying is not None:
        yield paying.payout.pin_id
    if owed.pin_id:
        yield owed.pin_id


# Planning.


def _stands(tip: MainEntry, tx: Transaction) -> bool:
    """Can everything that it spends still be spent?"""
    coins = tip.state.coins.by_id
    return all(spent_id in coins for spent_id in tx.spent_output_ids)


def _planned(turn: Turn, chain: str, tip: MainEntry, owed: Owed) -> Paying | None:
    """A payout for a withdrawal, or None: what is missing is noted."""
    coordinator = turn.coordinator
    pin_id = next(_known_pins(turn, owed), b"")
    if pin_fate(turn, tip, owed, pin_id, turn.config.relay_fee_ppm) == "gone":
        pin_id = b""
    try:
        payout = plan_payout(owed, till_of(turn, chain, tip, owed.id), pin_id)
    except NeedsMerge as error:
        _wait(turn, owed, f"{error.message}: they are merged first")
        with suppress(NoGas):
            _begin_merge(turn, chain, tip, owed)
        return None
    except PayoutError as error:
        _wait(turn, owed, error.message)
        return None
    paying = Paying(chain, payout)
    turn.coordinator = replace(
        coordinator,
        paying=coordinator.paying.insert(owed.id, paying),
        waits=coordinator.waits.discard(owed.id),
    )
    _say_planned(turn, chain, payout)
    return paying


def _say_planned(turn: Turn, chain: str, payout: Payout) -> None:
    merges = is_merge(payout.withdrawal_id)
    turn.say(
        PayoutPlanned(
            transfer=transfer_name(turn, payout.withdrawal_id),
            chain=chain,
            withdrawal="" if merges else payout.withdrawal_id.hex(),
            payout=payout.tx.id.hex(),
            pin="" if merges else payout.pin_id.hex(),
            n_inputs=len(payout.scripts),
        )
    )


def _wait(turn: Turn, owed: Owed, why: str) -> None:
    _wait_for(turn, owed.id, why)


def _wait_for(turn: Turn, key: bytes, why: str) -> None:
    if turn.coordinator.waits.get(key) != why:
        waits = turn.coordinator.waits.insert(key, why)
        turn.coordinator = replace(turn.coordinator, waits=waits)


# Signatures.


def _ask(
    turn: Turn, head: SideEntry, tip: MainEntry, key: bytes, paying: Paying
) -> None:
    """Ask all who have not signed, once for each pair of tips."""
    asked = (tip.hash, head.hash)
    if paying.asked == asked:
        return
    _set(turn, key, replace(paying, asked=asked))
    label = paying.payout.tx.id + tip.hash[:8] + head.hash[:8]
    signers = signers_of(holders_of(turn, paying))
    for member in turn.members:
        if member.xpub in signers and member.xpub not in paying.signatures:
            what = SignPlease(paying.chain, paying.payout)
            turn.send(COORDINATOR, actor_name(member.name), label, what)


def signature_came(turn: Turn, signed: Signed) -> None:
    """A member's signatures: kept when they are good and for the payout at hand."""
    withdrawal_id = signed.payout.withdrawal_id
    paying = turn.coordinator.paying.get(withdrawal_id)
    if paying is None or paying.payout.tx.id != signed.payout.tx.id:
        return
    if signed.member in paying.signatures:
        return
    chain_id = turn.side(signed.chain).tree.spec.chain_id
    try:
        check_signatures(
            signed.member, chain_id, paying.payout.tx, paying.payout.scripts,
            signed.signatures, holders_of(turn, paying),
        )  # fmt: skip
    except PayoutError:
        return
    paying = replace(
        paying,
        signatures=paying.signatures.insert(signed.member, signed.signatures),
        refusals=paying.refusals.discard(signed.member),
    )
    _set(turn, withdrawal_id, paying)
    n_signed, n_needed = progress(holders_of(turn, paying), paying.signatures)
    turn.say(
        MemberSigned(
            transfer=transfer_name(turn, withdrawal_id),
            chain=signed.chain,
            member=name_of(turn, signed.member),
            payout=paying.payout.tx.id.hex(),
            signatures=n_signed,
            needed=n_needed,
        )
    )
    work(turn)


def refusal_came(turn: Turn, refused: NotSigned) -> None:
    """Why a member does not sign: said once; a pin that it names is taken up."""
    withdrawal_id = refused.payout.withdrawal_id
    paying = turn.coordinator.paying.get(withdrawal_id)
    if paying is None or paying.payout.tx.id != refused.payout.tx.id:
        return
    reason = refused.check, refused.reason
    if paying.refusals.get(refused.member) != reason:
        refusals = paying.refusals.insert(refused.member, reason)
        _set(turn, withdrawal_id, replace(paying, refusals=refusals))
        turn.say(
            MemberRefused(
                transfer=transfer_name(turn, withdrawal_id),
                chain=refused.chain,
                member=name_of(turn, refused.member),
                payout=paying.payout.tx.id.hex(),
                check=refused.check,
                reason=refused.reason,
            )
        )
    if is_merge(withdrawal_id):
        # It may stand in the way of the very payout whose pin it spends.
        left = turn.coordinator.paying.remove(withdrawal_id)
        turn.coordinator = replace(turn.coordinator, paying=left)
        return
    pin_id = refused.pin_id
    if refused.check in PIN_CHECKS and pin_id not in (b"", paying.payout.pin_id):
        coordinator = turn.coordinator
        turn.coordinator = replace(
            coordinator,
            pins=coordinator.pins.insert(withdrawal_id, pin_id),
            paying=coordinator.paying.remove(withdrawal_id),
        )
        work(turn)


def name_of(turn: Turn, member: bytes) -> str:
    """A member's name by its root xpub."""
    return next(one.name for one in turn.members if one.xpub == member)


def _set(turn: Turn, withdrawal_id: bytes, paying: Paying) -> None:
    all_ = turn.coordinator.paying.insert(withdrawal_id, paying)
    turn.coordinator = replace(turn.coordinator, paying=all_)


# On its way, and there.


def _send(turn: Turn, key: bytes, paying: Paying) -> None:
    """Hand the payout to the first node, again whenever it has lost it."""
    chain_id = turn.side(paying.chain).tree.spec.chain_id
    if paying.payout.tx.id in turn.main_nodes[0].pool:
        return
    signatures = dict(paying.signatures.items())
    holders = holders_of(turn, paying)
    tx = assemble(holders, chain_id, paying.payout, signatures, relayer_key())
    try:
        mainchain.submit(turn, tx, "payout")
    except DevnetError as error:
        _wait_for(turn, key, f"the mainchain refuses the payout: {error.message}")
        return
    _set(turn, key, replace(paying, sent=True))


def _announce(turn: Turn, chain: str, owed: Owed, tx: Transaction) -> None:
    """Hand the intent to the validators until the chain has it."""
    pin_id = tx.spent_output_ids[0] or b""
    if (owed.payout_id, owed.pin_id) != (tx.id, pin_id):
        post(turn, chain, PayoutIntent(owed.id, tx.id, pin_id).program)


def _complete(
    turn: Turn,
    chain: str,
    owed: Owed,
    tip: MainEntry,
    entry: MainEntry,
    tx: Transaction,
) -> None:
    """Hand the proof to the validators, once the payout is settled and announced."""
    _announce(turn, chain, owed, tx)
    is_settled = tip.height - entry.height >= turn.depth
    if is_settled and owed.pin_id in tx.spent_output_ids:
        proof = merkle_block_of(entry.block, entry.statuses, tx.id)
        post(turn, chain, WithdrawalCompleted(owed.id, tx.raw, proof.raw).program)


def transfer_name(turn: Turn, withdrawal_id: bytes) -> str:
    """The transfer of a withdrawal, if somebody started one here."""
    for name in turn.open_transfers:
        if turn.transfers[name].lock_id == withdrawal_id:
            return name
    return ""
