"""
Plays about the way back: withdrawals that are paid twice, too early or to another.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import (
    cutting,
    desks,
    membership,
    pooling,
    withdrawing,
)
from devnet.engine.actors.cheating import THIEF, please, remember
from devnet.engine.actors.collectors import actor_of
from devnet.engine.actors.gathering import transfer_name
from devnet.engine.actors.messages import FaultEnds, SideHeadCame, SideTxCame
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.purses import side_purse
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.seeing import saw
from devnet.engine.actors.tills import till_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.records import Withdrawal
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.wallet import Purse, pay
from devnet.engine.errors import BadValue, DevnetError, PayoutError
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import Till, plan_payout
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.sidechain.pegout import PegOut
from devnet.engine.sidechain.state import SideEntry

ACTOR = "faults"
WHO = "alice"
UNITS = 5 * 10**8
"""What the plays are about that need somebody's money: neu of BTM."""
BY_HAND_MS = 40
PATIENCE_MS = 30_000
"""So long a validator that is cut off may take for a block of its own."""
LESS_CHANGE = 1000
"""What the relayer leaves more to the miner in a replacement, so that it differs."""


# Twice.


def pay_twice(turn: Turn, fault: Fault) -> None:
    """Ask for a second payout of each withdrawal, whatever became of the first."""
    side = turn.side(fault.chain)
    pegout = side.tree[side.head].state.pegout
    for key in sorted(pegout.open):
        _second_payout(turn, fault, pegout.open[key], pegout)


def _second_payout(turn: Turn, fault: Fault, owed: Owed, pegout: PegOut) -> None:
    paying = desks.under_way(turn, owed.id)
    name = transfer_name(turn, owed.id)
    if paying is None or not paying.sent or not name:
        return
    first = paying.payout
    mined = desks.mined_payout(turn, turn.tree[turn.main_tip], owed, pegout)
    block = mined[0].hash if mined is not None else b""
    was_mined = b"".join(fault.memory[1:2]) if fault.memory[:1] == (owed.id,) else b""
    when = "waits"
    if block:
        when = "is mined"
    elif was_mined:
        when = "is undone"
    if not _all_know(turn, block or was_mined, there=bool(block)):
        return
    line = f"while the payout of {name} {when}, members are asked to sign"
    if any(words.startswith(line) for words in fault.seen):
        return
    fault = remember(turn, fault, owed.id, block or was_mined)
    me = next(
        (one for one in sorted(turn.coordinators) if _pays(turn, one, first)),
        first_collector(turn),
    )
    till = till_of(turn, me, fault.chain, owed.id)
    spent = set(first.tx.spent_output_ids)
    others = tuple(one for one in till.held if one.coin.id not in spent)
    second = _planned(turn, fault, owed, replace(till, held=others), line)
    if second is not None:
        please(turn, fault, second, f"{line} {_short(second)}, from other inputs")
    if when == "is undone" and _same_pin(turn, fault, owed, till, first) is None:
        saw(turn, fault.id, f"the pin of {name} cannot be spent now")


def _pays(turn: Turn, me: str, payout: Payout) -> bool:
    """Is it the coordinator of this very payout?"""
    paying = desks.desk_of(turn, me).paying.get(payout.withdrawal_id)
    return paying is not None and paying.payout.tx.id == payout.tx.id


def _same_pin(
    turn: Turn, fault: Fault, owed: Owed, till: Till, first: Payout
) -> Payout | None:
    """Ask for a replacement that spends the same pin and is another transaction."""
    payout = _planned(turn, fault, owed, till, "a replacement", first.pin_id)
    if payout is None:
        return None
    *outputs, back = payout.tx.outputs
    back = replace(back, amount=back.amount - LESS_CHANGE)
    tx = replace(payout.tx, outputs=(*outputs, back), received=None)
    other = replace(payout, tx=tx)
    words = f"members are asked to sign the replacement {_short(other)}, with the pin"
    please(turn, fault, other, f"{words} of {_short(first)}")
    return other


def _planned(
    turn: Turn, fault: Fault, owed: Owed, till: Till, line: str, pin_id: bytes = b""
) -> Payout | None:
    try:
        return plan_payout(owed, till, pin_id)
    except PayoutError as error:
        saw(turn, fault.id, f"{line}: {error.message}")
        return None


def _all_know(turn: Turn, block: bytes, *, there: bool) -> bool:
    """Do all members see the block on their mainchain, or see it gone?"""
    return all(
        not block or turn.tree.is_ancestor(block, one.main.tip) == there
        for one in turn.members
        if not one.off
    )


def first_collector(turn: Turn) -> str:
    """The schedule's name of a collector, for whoever acts like one."""
    return actor_of(turn.collectors[0].name)


def _short(payout: Payout) -> str:
    return payout.tx.id.hex()[:8]


# Too early.


def burn_and_fork(turn: Turn, fault: Fault) -> None:
    """
    Cut off the validator that people talk to, and let alice burn value there.

    Raises:
        BadValue: blocks are final at once, or there is nobody to cut off.
        InsufficientFunds: alice has not enough.
    """
    side = turn.side(fault.chain)
    rules = side.tree[side.head].state.rules
    if turn.tools.engine(rules.engine).info.finality == "instant":
        raise BadValue(
            f"blocks of {fault.chain} are final at once: none is rolled back",
            hint="Take a sidechain under another rule.",
        )
    alone = turn.speaker(fault.chain).name
    others = tuple(name for name in turn.node_names(fault.chain) if name != alone)
    cutting.cut(turn, fault.chain, (others, (alone,)))
    name = withdrawing.withdraw(turn, WHO, UNITS, "BTM", fault.chain)
    transfer = turn.transfers[name]
    until_ms = (turn.now_ms + PATIENCE_MS).to_bytes(8, "big")
    known = alone.encode(), transfer.lock_id, transfer.lock_tx, until_ms
    remember(turn, fault, *known)
    saw(turn, fault.id, f"{WHO} burns 5 BTM with {alone}, which is cut off: {name}")


def watch_fork(turn: Turn, fault: Fault) -> None:
    """Ask for the payout too early, spend the coins elsewhere, and join the network."""
    alone, withdrawal_id, burn_id, until_ms = fault.memory
    node = turn.node(fault.chain, alone.decode())
    head = turn.side(fault.chain).tree[node.head]
    owed = head.state.pegout.find(withdrawal_id)
    asked = any("is asked for" in line for line in fault.seen)
    if owed is not None and not asked:
        _pay_early(turn, fault, head, owed, node.name)
        _spend_elsewhere(turn, fault, head, burn_id, node.name)
    elif asked and fault.chain in turn.cuts:
        _join_when_outweighed(turn, fault, head, burn_id)
    elif asked and owed is None:
        words = "the block of the burn is rolled back: its inputs are alice's again"
        saw(turn, fault.id, f"{words}, and no member has signed anything")
        turn.later(0, ACTOR, FaultEnds(fault.id))
    elif not asked and turn.now_ms >= int.from_bytes(until_ms, "big"):
        words = f"{node.name} makes no block without the others: nothing is rolled back"
        saw(turn, fault.id, words)
        turn.later(0, ACTOR, FaultEnds(fault.id))


def _pay_early(
    turn: Turn, fault: Fault, head: SideEntry, owed: Owed, alone: str
) -> None:
    """A hasty coordinator asks members who have seen the block, but not its end."""
    till = till_of(turn, first_collector(turn), fault.chain, owed.id)
    final = head.final.height
    line = f"the burn is in block {owed.height} of {alone}, final is {final}"
    payout = _planned(turn, fault, owed, till, line)
    if payout is None:
        return
    for member in turn.members:
        what = SideHeadCame(fault.chain, head.hash)
        turn.later(0, membership.actor_name(member.name), what)
    please(turn, fault, payout, f"{line}; its payout {_short(payout)} is asked for")


def _spend_elsewhere(
    turn: Turn, fault: Fault, head: SideEntry, burn_id: bytes, alone: str
) -> None:
    """The others hear of a payment of the same coins, by alice to herself."""
    tree = turn.side(fault.chain).tree
    burn = _transaction(turn, fault.chain, head, burn_id)
    block = tree[head.state.hashes[head.state.places[burn_id].height]]
    parent = tree[block.header.previous]
    coins = parent.state.coins.by_id
    ids = [one for one in burn.spent_output_ids if one is not None and one in coins]
    key = key_of(turn, WHO)
    purse = Purse(fault.chain, parent.height + 1, tuple(coins[one] for one in ids))
    other = pay(key, purse, (Output(BTM, UNITS, key.program),), side=True)
    for name in turn.node_names(fault.chain):
        if name != alone:
            turn.later(BY_HAND_MS, actor_name(fault.chain, name), SideTxCame(other))
    words = f"to the others {WHO} spends the same coins for herself"
    saw(turn, fault.id, f"{words}, {other.id.hex()[:8]}")


def _transaction(turn: Turn, chain: str, head: SideEntry, tx_id: bytes) -> Transaction:
    place = head.state.places[tx_id]
    entry = turn.side(chain).tree[head.state.hashes[place.height]]
    return entry.block.transactions[place.index]


def _join_when_outweighed(
    turn: Turn, fault: Fault, head: SideEntry, burn_id: bytes
) -> None:
    """The network is whole again once the others are final without the burn."""
    n_answers = sum(" refuses " in line for line in fault.seen)
    if n_answers < sum(not one.off for one in turn.members):
        return
    for node in turn.nodes(fault.chain):
        other = turn.side(fault.chain).tree[node.head]
        is_past = other.final.height >= head.state.places[burn_id].height
        if burn_id not in other.state.places and is_past:
            saw(turn, fault.id, f"block {other.height} of {node.name} is heavier")
            cutting.join(turn, fault.chain)
            return


def join(turn: Turn, fault: Fault) -> None:
    """Mended before it came to its end: the network is whole again."""
    if fault.chain in turn.cuts:
        cutting.join(turn, fault.chain)


# To another.


def swap_recipient(turn: Turn, fault: Fault) -> None:
    """
    A relay changes the recipient in a withdrawal record, and the words in a plain
    retirement, both signed by alice. The second one goes into a block.
    """
    key, thief = key_of(turn, WHO), play_account(THIEF).program
    spec = turn.side(fault.chain).tree.spec
    purse = side_purse(turn, fault.chain, key.program)
    record = Withdrawal(spec.parent_id, key.program).program
    stolen = Withdrawal(spec.parent_id, thief).program
    for what, honest, changed in (
        ("withdrawal record", record, stolen),
        ("plain retirement", retire_program(key.program), retire_program(thief)),
    ):
        signed = pay(key, purse, (Output(BTM, UNITS, honest),), side=True)
        outputs = (replace(signed.outputs[0], program=changed), *signed.outputs[1:])
        relayed = replace(signed, outputs=outputs, received=None)
        same = "the same" if signed.id == relayed.id else "another"
        saw(
            turn,
            fault.id,
            f"{what}: {signed.id.hex()[:16]} signed, {relayed.id.hex()[:16]} relayed "
            f"with another recipient: {same} id",
        )
        for node in turn.nodes(fault.chain):
            try:
                pooling.admit(turn, fault.chain, node, relayed)
            except DevnetError as error:
                words = f"{node.name} refuses the {what}, {error.code}"
                saw(turn, fault.id, f"{words}: {error.message}")
            else:
                saw(turn, fault.id, f"{node.name} notices nothing of the {what}")
    pooling.submit(turn, fault.chain, relayed, "retirement")
