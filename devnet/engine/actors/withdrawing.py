"""
Withdrawals as people see them: asking for one, who must hear of what, and where each
one is.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import epochs, membership, migrating, pooling
from devnet.engine.actors.acts import next_name
from devnet.engine.actors.desks import (
    coordinators,
    mined_payout,
    under_way,
    why_waits,
)
from devnet.engine.actors.gathering import holders_of
from devnet.engine.actors.messages import SideHeadCame
from devnet.engine.actors.owners import key_of, program_of
from devnet.engine.actors.purses import asset_of, side_purse
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.telling import say_transfer
from devnet.engine.actors.thawing import is_frozen
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain, Transfer
from devnet.engine.bc.records import Withdrawal, is_recipient
from devnet.engine.bc.transaction import Output, Spend, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import address_of_program
from devnet.engine.errors import BadValue
from devnet.engine.events import TransferStarted
from devnet.engine.federation.paying import spends_of
from devnet.engine.federation.payout_errors import PegFrozen, PegResting
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.signatures import progress, signers_of
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import peg_rests

STRANGER = "?"
"""Who made a withdrawal that no account here has a key for."""

# Asking.


def withdraw(
    turn: Turn, who: str, amount: int, asset: str, chain: str, to: str | None = None
) -> str:
    """
    Burn value on a sidechain so that the federation pays it on the mainchain.

    Args:
        amount: in the asset's smallest unit, gross of the relay fee.
        to: an account or a mainchain address; the sender's own if None.

    Returns:
        The transfer's id, for example "w1".

    Raises:
        UnknownName, BadValue, InsufficientFunds, TransactionError, PegFrozen,
        PegResting.
    """
    key, info, side = key_of(turn, who), asset_of(turn, asset), turn.side(chain)
    if amount < 1:
        raise BadValue(f"a withdrawal is of 1 unit at least, not {amount}")
    recipient = _recipient(turn, side, to or who)
    check_peg(turn, chain)
    record = Withdrawal(side.tree.spec.parent_id, recipient)
    output = Output(info.id, amount, record.program)
    tx = pay(key, side_purse(turn, chain, key.program), (output,), side=True)
    return start_withdrawal(turn, tx, who, to or who, recipient, amount, asset, chain)


def check_peg(turn: Turn, chain: str) -> None:
    """Would the federation pay what is burned now? Raises PegFrozen, PegResting."""
    side, node = turn.side(chain), turn.speaker(chain)
    head = side.tree[node.head]
    own_way = turn.tree.is_ancestor(head.anchor.hash, node.main.tip)
    if not own_way or is_frozen(turn, chain):
        raise PegFrozen(
            f"the peg of {chain} is frozen: nothing is paid out",
            hint=f"Transfers on {chain} go on. Wait until the mainchain comes back, or "
            f"say: write-off {chain}",
        )
    if peg_rests(side.tree, head):
        raise PegResting(f"a consensus swap of {chain} is closing")


def withdrawal_output(
    turn: Turn, to: str, amount: int, asset: str, chain: str
) -> Output:
    """What burns value on a sidechain for somebody on the mainchain."""
    side = turn.side(chain)
    record = Withdrawal(side.tree.spec.parent_id, _recipient(turn, side, to))
    return Output(asset_of(turn, asset).id, amount, record.program)


def withdraw_signed(
    turn: Turn, tx: Transaction, who: str, to: str, amount: int, asset: str, chain: str
) -> str:
    """
    The same with a transaction that the wallet of somebody without a key here made.

    Raises:
        BadValue: it does not burn the amount. And what `withdraw` raises.
    """
    if withdrawal_output(turn, to, amount, asset, chain) not in tx.outputs[:1]:
        raise BadValue(
            f"transaction {tx.id.hex()[:16]} does not burn {amount} units of {asset}"
        )
    check_peg(turn, chain)
    recipient = _recipient(turn, turn.side(chain), to)
    return start_withdrawal(turn, tx, who, to, recipient, amount, asset, chain)


def start_withdrawal(
    turn: Turn,
    tx: Transaction,
    who: str,
    to: str,
    recipient: bytes,
    amount: int,
    asset: str,
    chain: str,
) -> str:
    """Hand in a transaction whose first output burns value, and follow it."""
    pooling.submit(turn, chain, tx, "withdrawal")
    transfer = Transfer(
        next_name(turn, "w"), who, to, chain, asset, amount, tx.id,
        tx.result_ids[0], recipient, stage="burn",
    )  # fmt: skip
    turn.set_transfer(transfer)
    _say_started(turn, transfer)
    say_transfer(turn, transfer, replace(transfer, note=f"in {chain} mempool"))
    return transfer.id


def _say_started(turn: Turn, transfer: Transfer) -> None:
    turn.say(
        TransferStarted(
            transfer=transfer.id,
            who=transfer.who,
            to=transfer.to,
            chain=transfer.chain,
            asset=transfer.asset,
            amount=transfer.amount,
            lock_tx=transfer.lock_tx.hex(),
            lock_id=transfer.lock_id.hex(),
            address=address_of_program(transfer.lock_program, turn.tree.profile.hrp),
        )
    )


def _recipient(turn: Turn, side: Sidechain, to: str) -> bytes:
    """The program of an account or an address, if the federation can pay it."""
    program = program_of(turn, to)
    if not is_recipient(program):
        raise BadValue(f"nobody can be paid at {to[:80]!r}")
    council, chain_id = side.tree.council(side.tree[side.head]), side.tree.spec.chain_id
    if program in (treasury_program(one, chain_id) for one in council.known):
        raise BadValue(
            f"{to[:80]} is the treasury of {side.name}: nothing would ever leave",
            hint="Name the recipient's own address.",
        )
    return program


# Who must hear of what.


def follow_debts(turn: Turn) -> None:
    """
    While a sidechain owes, the coordinator and the members hear of its blocks and of
    the mainchain's. Nobody is told anything in a world where nothing is owed.
    """
    was_awake = turn.owes
    busy = {side.name: migrating.is_due(turn, side) for side in turn.sides()}
    is_awake = any(busy[side.name] or _owes(side, side.head) for side in turn.sides())
    turn.owes = is_awake
    if is_awake and not was_awake:
        for member in turn.members:
            if not member.off:
                view = turn.main_nodes[0].view
                membership.set_member(turn, replace(member, main=view))
    for side in turn.sides():
        before = turn.before.sidechain(side.name)
        old_head = side.tree.spec.chain_id if before is None else before.head
        # The block that says of the last debt that it is paid must be told, too.
        owed = busy[side.name] or _owes(side, side.head) or _owes(side, old_head)
        if side.head != old_head:
            _name_others(turn, side)
        if owed and (side.head != old_head or not was_awake):
            _tell_head(turn, side)


def _name_others(turn: Turn, side: Sidechain) -> None:
    """A withdrawal that somebody made without us gets a name when a block has it."""
    debts = _head(side).state.pegout.open
    if not len(debts):
        return
    known = {turn.transfers[name].lock_id for name in turn.transfers}
    if all(key in known for key in debts):
        return
    hrp = turn.tree.profile.hrp
    names = {key_of(turn, one.name).program: one.name for one in turn.owners}
    for owed in sorted((debts[key] for key in debts), key=lambda one: one.id):
        if owed.id in known:
            continue
        sender = _sender_of(side, owed)
        asset = next((one.name for one in turn.assets if one.id == owed.asset), "")
        address = address_of_program(owed.recipient, hrp)
        transfer = Transfer(
            next_name(turn, "w"), names.get(sender, STRANGER),
            names.get(owed.recipient, address), side.name,
            asset or owed.asset.hex(), owed.amount, owed.tx_id, owed.id,
            owed.recipient, stage="confirm",
        )  # fmt: skip
        turn.set_transfer(transfer)
        _say_started(turn, transfer)


def _sender_of(side: Sidechain, owed: Owed) -> bytes:
    """The program that the withdrawal's transaction spends first, or nothing."""
    state = _head(side).state
    place = state.places[owed.tx_id]
    block = side.tree[state.hashes[place.height]].block
    first = block.transactions[place.index].inputs[0]
    return first.program if isinstance(first, Spend) else b""


def _owes(side: Sidechain, head: bytes) -> bool:
    return len(side.tree[head].state.pegout.open) > 0


def _tell_head(turn: Turn, side: Sidechain) -> None:
    sender = actor_name(side.name, turn.speaker(side.name).name)
    what = SideHeadCame(side.name, side.head)
    members = (membership.actor_name(member.name) for member in turn.members)
    for to in (*coordinators(turn), *members):
        turn.send(sender, to, side.head, what)


def _head(side: Sidechain) -> SideEntry:
    return side.tree[side.head]


# Where each one is.


def follow_all(turn: Turn) -> None:
    """Tell who must hear, then how far each withdrawal came in this step."""
    follow_debts(turn)
    for name in turn.open_transfers:
        if turn.transfers[name].is_withdrawal:
            follow_withdrawal(turn, turn.transfers[name])


def follow_withdrawal(turn: Turn, transfer: Transfer) -> None:
    """Where a withdrawal is, by both chains and by what the coordinator has."""
    side = turn.side(transfer.chain)
    head = _head(side)
    fresh = replace(transfer, done=0, needed=0, note="", failed=False)
    done = head.state.pegout.completed.get(transfer.lock_id)
    owed = head.state.pegout.find(transfer.lock_id)
    if done is not None:
        is_final = side.tree.is_final_at(head.hash, done.height, side.final)
        stage = "settled" if is_final else "pay"
        note = f"recorded in {side.name} {done.height}"
        moved = replace(fresh, stage=stage, note=note, claim_tx=done.payout_id)
    elif owed is not None:
        moved = _owed(turn, side, fresh, owed)
    elif any(transfer.lock_tx in node.pool for node in turn.nodes(side.name)):
        moved = replace(fresh, stage="burn", note=f"in {side.name} mempool")
    else:
        note = "gone from the mempool"
        moved = replace(fresh, stage="burn", note=note, failed=True)
    say_transfer(turn, transfer, moved)


def _owed(turn: Turn, side: Sidechain, fresh: Transfer, owed: Owed) -> Transfer:
    """The stages between the burn and the completion."""
    if not side.tree.is_final_at(side.head, owed.height, side.final):
        note = f"in {side.name} {owed.height}, final {side.final.height}"
        return replace(fresh, stage="confirm", note=note)
    tip = turn.tree[turn.main_tip]
    mined = mined_payout(turn, tip, owed, _head(side).state.pegout)
    if mined is not None:
        entry, tx = mined
        done = min(tip.height - entry.height, turn.depth)
        return replace(
            fresh, stage="pay", done=done, needed=turn.depth,
            note=f"paid in main {entry.height}", claim_tx=tx.id,
        )  # fmt: skip
    paying = under_way(turn, owed.id)
    if paying is None:
        quorum = epochs.council_of(side).current.quorum
        why = why_waits(turn, owed.id) or "to be planned"
        return replace(fresh, stage="sign", needed=quorum, note=why)
    payout_id = paying.payout.tx.id
    if payout_id in turn.main_nodes[0].pool:
        return replace(fresh, stage="pay", note="in main mempool", claim_tx=payout_id)
    holders = holders_of(turn, paying)
    n_signed, quorum = progress(holders, paying.signatures)
    signers = set(signers_of(holders)) - set(paying.signatures)
    missing = [one.name for one in turn.members if one.xpub in signers]
    note = f"sign {n_signed}/{quorum}"
    if n_signed < quorum:
        note += f" waiting for {', '.join(missing)}"
    return replace(
        fresh, stage="sign", done=n_signed, needed=quorum, note=note, claim_tx=payout_id
    )


def n_payouts(turn: Turn, entry: MainEntry) -> int:
    """Transactions of a mainchain block that spend what the federation holds."""
    watched = turn.watched
    programs = set(watched)
    for side in turn.sides():
        known = side.tree.council(side.tree[side.head]).known
        chain_id = side.tree.spec.chain_id
        programs |= {treasury_program(one, chain_id) for one in known}
    if not any(coin.program in programs for coin in entry.change.spent):
        return 0
    held_by = frozenset(programs)
    return sum(bool(spends_of(tx, held_by)) for tx in entry.block.transactions)
