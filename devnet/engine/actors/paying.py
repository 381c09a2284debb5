"""
Coordinators: they plan a payout for each final withdrawal, ask the members to sign,
broadcast, and prove to the sidechain what was mined.

One collector is assigned to each withdrawal; others act when it stays silent. They are
trusted for nothing but their time. Whatever one knows it finds again: payouts in the
intents that the sidechain carries, pins in the members' refusals. So a restart, a lost
message or a reorganisation ends in the same: one payout for each withdrawal.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from devnet.engine.actors import epochs, mainchain, migrating
from devnet.engine.actors.chairs import Chairs, chairs_of
from devnet.engine.actors.desks import (
    USER,
    desk_of,
    heads_of,
    is_off,
    known_pins,
    mined_payout,
    program_of,
    relayer_of,
    set_desk,
    tip_of,
)
from devnet.engine.actors.gathering import ask, holders_of, keep, say_planned
from devnet.engine.actors.membership import heavier
from devnet.engine.actors.payrecords import post
from devnet.engine.actors.pinning import named_pin, pin_fate, pins_of_others, stands
from devnet.engine.actors.tills import till_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.merkleblock import merkle_block_of
from devnet.engine.bc.records import PayoutIntent, WithdrawalCompleted
from devnet.engine.bc.transaction import Transaction
from devnet.engine.errors import DevnetError, PayoutError
from devnet.engine.federation.members import Paying
from devnet.engine.federation.merges import (
    is_merge,
    is_move,
    merge_key,
    plan_merge,
)
from devnet.engine.federation.payout_errors import NeedsMerge, NoGas, NotCovered
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import Till, plan_payout
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.signatures import assemble, is_complete
from devnet.engine.federation.turns import TURN_BLOCKS, order_of
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.lateness import named_height
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import peg_rests


def head_came(turn: Turn, me: str, chain: str, block_hash: bytes) -> None:
    """A coordinator's own node of a sidechain hears of a block. `me`: its name."""
    if is_off(turn, me):
        return
    desk = desk_of(turn, me)
    head = heavier(turn.side(chain).tree, desk.heads.get(chain), block_hash)
    set_desk(turn, me, replace(desk, heads=desk.heads.insert(chain, head)))
    work(turn, me)


def work(turn: Turn, me: str) -> None:
    """Take each open withdrawal that is its own now as far as it goes, oldest first."""
    if is_off(turn, me):
        return
    heads = heads_of(turn, me)
    for chain in sorted(heads):
        tree = turn.side(chain).tree
        head = tree[heads[chain]]
        _forget_done(turn, me, chain, head)
        if not turn.owes:
            continue
        for owed in debts_in_order(head):
            chairs = chairs_of(turn, chain, head, owed, tip_of(turn, me).height)
            if _is_mine(turn, me, owed, chairs) and not _is_served(
                turn, me, chain, head, owed, chairs
            ):
                _drive(turn, me, chain, head, owed, is_late=chairs.anybody)
        for payout in migrating.begin(turn, me, chain, head, _pins(turn, me, head)):
            say_planned(turn, chain, payout)
        _drive_merges(turn, me, chain, head)


def _is_mine(turn: Turn, me: str, owed: Owed, chairs: Chairs) -> bool:
    """May it coordinate this withdrawal now?"""
    if me.startswith(f"{USER}:"):
        return owed.id in desk_of(turn, me).own and chairs.anybody
    return program_of(turn, me) in chairs.programs


def _is_served(
    turn: Turn, me: str, chain: str, head: SideEntry, owed: Owed, chairs: Chairs
) -> bool:
    """
    Does another one pay it already? An intent that is not final yet is no silence, and
    whoever posted it has the length of a turn from then on.
    """
    if not owed.pin_id or owed.id in desk_of(turn, me).paying:
        return False
    since = named_height(turn.side(chain).tree, head, owed)
    if since is None:
        return True
    is_first = program_of(turn, me) in chairs.programs[:1]
    age = tip_of(turn, me).height - turn.depth - since
    return not is_first and age < TURN_BLOCKS


def debts_in_order(head: SideEntry) -> list[Owed]:
    """Open withdrawals, oldest first; ids settle who is first within a block."""
    debts = (head.state.pegout.open[key] for key in head.state.pegout.open)
    return sorted(debts, key=lambda owed: (owed.height, owed.id))


def _forget_done(turn: Turn, me: str, chain: str, head: SideEntry) -> None:
    """What is not owed any more, or not yet again, is not being paid."""
    desk, still = desk_of(turn, me), head.state.pegout.open
    for key in sorted(desk.paying):
        is_done = key not in still and not is_merge(key)
        if desk.paying[key].chain == chain and is_done:
            desk = replace(
                desk,
                paying=desk.paying.remove(key),
                pins=desk.pins.discard(key),
                waits=desk.waits.discard(key),
            )
    if desk is not desk_of(turn, me):
        set_desk(turn, me, desk)


def _drive(
    turn: Turn, me: str, chain: str, head: SideEntry, owed: Owed, *, is_late: bool
) -> None:
    """
    One withdrawal: prove it, send it, ask for it, or plan it. Members are asked when
    final blocks name the pin, so that everybody asks for the same; or, if the chain
    names none for so long that anybody may pay, after the length of one more turn.
    """
    tip = tip_of(turn, me)
    mined = mined_payout(turn, tip, owed, head.state.pegout, me)
    if mined is not None:
        _complete(turn, me, chain, owed, *mined)
        return
    tree = turn.side(chain).tree
    if not turn.tree.is_ancestor(head.anchor.hash, tip.hash):
        _wait(turn, me, owed.id, "the peg is frozen")
        return
    if peg_rests(tree, head):
        _wait(turn, me, owed.id, "payouts pause while a swap closes")
        return
    paying = desk_of(turn, me).paying.get(owed.id)
    if (
        paying is None
        or not _stands(tip, paying.payout.tx)
        or _has_old_change(turn, chain, head, paying)
        or _is_outrun(turn, me, head, owed, paying)
    ):
        paying = _planned(turn, me, chain, tip, owed)
        if paying is None:
            _give_up(turn, me, owed.id)
            return
    _announce(turn, me, chain, owed, paying)
    is_slow = is_late and not owed.pin_id
    is_slow = is_slow and tip.height - paying.planned_at >= TURN_BLOCKS
    if is_slow or named_pin(tree, head, owed.id) == paying.payout.pin_id:
        _sign_or_send(turn, me, head, owed.id, paying)


def _give_up(turn: Turn, me: str, key: bytes) -> None:
    """A payout that cannot be sent as it is leaves its pin, if anybody signed."""
    desk = desk_of(turn, me)
    paying = desk.paying.get(key)
    if paying is None:
        return
    pins = desk.pins
    if len(paying.signatures):
        pins = pins.insert(key, paying.payout.pin_id)
    set_desk(turn, me, replace(desk, paying=desk.paying.remove(key), pins=pins))


def _is_outrun(
    turn: Turn, me: str, head: SideEntry, owed: Owed, paying: Paying
) -> bool:
    """
    Does the chain name another pin for it, or its pin for another withdrawal, before
    anybody signed? What the chain says first holds for all.
    """
    pin_id = paying.payout.pin_id
    has_signer = len(paying.signatures) or desk_of(turn, me).pins.get(owed.id) == pin_id
    if has_signer or pin_id == owed.pin_id:
        return False
    pegout, chain = head.state.pegout, paying.chain
    if stands(turn, chain, tip_of(turn, me), owed, owed.pin_id, pegout):
        return True
    return pin_id in pins_of_others(pegout, owed.id)


def _sign_or_send(
    turn: Turn, me: str, head: SideEntry, key: bytes, paying: Paying
) -> None:
    if is_complete(holders_of(turn, paying), paying.signatures):
        _send(turn, me, key, paying)
    else:
        ask(turn, me, head, key, paying)


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


def _drive_merges(turn: Turn, me: str, chain: str, head: SideEntry) -> None:
    """Merges under way: signed, sent, and forgotten when they are mined or void."""
    tip = tip_of(turn, me)
    for key in sorted(desk_of(turn, me).paying):
        desk = desk_of(turn, me)
        paying = desk.paying[key]
        if not is_merge(key) or paying.chain != chain:
            continue
        if _stands(tip, paying.payout.tx) and not (
            _has_old_change(turn, chain, head, paying)
        ):
            paying = migrating.after_alarm(turn, me, key, paying)
            _sign_or_send(turn, me, head, key, paying)
        else:
            set_desk(turn, me, replace(desk, paying=desk.paying.remove(key)))


def _begin_merge(turn: Turn, me: str, chain: str, owed: Owed) -> None:
    """Plan a merge of the asset that is owed, unless one is under way."""
    tree, desk = turn.side(chain).tree, desk_of(turn, me)
    key = merge_key(tree.spec.chain_id, owed.asset)
    if key in desk.paying:
        return
    head = tree[heads_of(turn, me)[chain]]
    pins = _pins(turn, me, head)
    till = till_of(turn, me, chain, key)
    free = tuple(one for one in till.held if one.coin.id not in pins)
    payout = plan_merge(owed.asset, replace(till, held=free))
    if payout is not None:
        keep(turn, me, key, Paying(chain, payout))
        say_planned(turn, chain, payout)


def _pins(turn: Turn, me: str, head: SideEntry) -> set[bytes]:
    """The pins of open payouts, as far as a coordinator knows."""
    desk = desk_of(turn, me)
    return {pin for one in debts_in_order(head) for pin in known_pins(desk, one)}


# Planning.


def _stands(tip: MainEntry, tx: Transaction) -> bool:
    """Can everything that it spends still be spent?"""
    coins = tip.state.coins.by_id
    return all(spent_id in coins for spent_id in tx.spent_output_ids)


def _planned(
    turn: Turn, me: str, chain: str, tip: MainEntry, owed: Owed
) -> Paying | None:
    """A payout for a withdrawal, or None: what is missing is noted."""
    pegout = turn.side(chain).tree[heads_of(turn, me)[chain]].state.pegout
    taken = pins_of_others(pegout, owed.id)
    pin_id = next(
        (
            pin_id
            for pin_id in known_pins(desk_of(turn, me), owed)
            if pin_fate(turn, tip, owed, pin_id, pegout) != "gone"
            and pin_id not in taken
        ),
        b"",
    )
    till = till_of(turn, me, chain, owed.id)
    free = tuple(one for one in till.held if one.coin.id not in taken)
    try:
        till = replace(till, held=free)
        payout = _own_share(turn, me, chain, owed, till, pin_id)
    except NeedsMerge as error:
        _wait(turn, me, owed.id, f"{error.message}: they are merged first")
        with suppress(NoGas):
            _begin_merge(turn, me, chain, owed)
        return None
    except PayoutError as error:
        _wait(turn, me, owed.id, error.message)
        return None
    paying = Paying(chain, payout, planned_at=tip.height)
    desk = desk_of(turn, me)
    set_desk(turn, me, replace(desk, waits=desk.waits.discard(owed.id)))
    keep(turn, me, owed.id, paying)
    say_planned(turn, chain, payout)
    return paying


def _own_share(
    turn: Turn, me: str, chain: str, owed: Owed, till: Till, pin_id: bytes
) -> Payout:
    """
    A payout from the outputs that fall to the withdrawal's coordinator, if these are
    enough, so that two who pay at once are seldom in each other's way.

    Raises:
        PayoutError: all outputs together do not do.
    """
    tree = turn.side(chain).tree
    keys = tree.council(tree[heads_of(turn, me)[chain]]).collectors
    if len(keys) > 1:
        mine = order_of(keys, owed.id)[0]
        fuel = tuple(coin for coin in till.fuel if order_of(keys, coin.id)[0] == mine)
        till = replace(till, fuel=fuel or till.fuel)
        held = tuple(one for one in till.held if order_of(keys, one.coin.id)[0] == mine)
        if not pin_id:
            with suppress(NotCovered, NeedsMerge):
                return plan_payout(owed, replace(till, held=held))
    return plan_payout(owed, till, pin_id)


def _wait(turn: Turn, me: str, key: bytes, why: str) -> None:
    desk = desk_of(turn, me)
    if desk.waits.get(key) != why:
        set_desk(turn, me, replace(desk, waits=desk.waits.insert(key, why)))


# On its way, and there.


def _send(turn: Turn, me: str, key: bytes, paying: Paying) -> None:
    """Hand the payout to the first node, again whenever it has lost it."""
    chain_id = turn.side(paying.chain).tree.spec.chain_id
    if paying.payout.tx.id in turn.main_nodes[0].pool:
        return
    signatures = dict(paying.signatures.items())
    holders, relayer = holders_of(turn, paying), relayer_of(turn, me)
    tx = assemble(holders, chain_id, paying.payout, signatures, relayer)
    try:
        mainchain.submit(turn, tx, "payout")
    except DevnetError as error:
        _wait(turn, me, key, f"the mainchain refuses the payout: {error.message}")
        return
    if is_move(key) and not paying.sent:
        migrating.say_sent(turn, key, paying, holders[0])
    keep(turn, me, key, replace(paying, sent=True))


def _announce(turn: Turn, me: str, chain: str, owed: Owed, paying: Paying) -> None:
    """
    Hand the intent to the validators until the chain has its pin. Of two coordinators
    with the same pin only one whose payout was sent takes the other's name away.
    """
    if owed.pin_id != paying.payout.pin_id or (paying.sent and not owed.payout_id):
        _post_intent(turn, me, chain, owed, paying.payout.tx)


def _post_intent(turn: Turn, me: str, chain: str, owed: Owed, tx: Transaction) -> None:
    pin_id = tx.spent_output_ids[0] or b""
    if (owed.payout_id, owed.pin_id) != (tx.id, pin_id):
        record = PayoutIntent(owed.id, tx.id, pin_id)
        post(turn, me, program_of(turn, me), chain, record.program)


def _complete(
    turn: Turn, me: str, chain: str, owed: Owed, entry: MainEntry, tx: Transaction
) -> None:
    """Hand the proof to the validators, once the payout is settled and announced."""
    _post_intent(turn, me, chain, owed, tx)
    is_settled = tip_of(turn, me).height - entry.height >= turn.depth
    if is_settled and owed.pin_id in tx.spent_output_ids:
        proof = merkle_block_of(entry.block, entry.statuses, tx.id)
        record = WithdrawalCompleted(owed.id, tx.raw, proof.raw)
        post(turn, me, program_of(turn, me), chain, record.program)
