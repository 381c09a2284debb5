"""
What older epochs hold moves to the newest: the coordinator plans it after a handover,
and again when a straggler settles; old members check it and sign it.

Three things stay where they are for the moment: what is not buried yet, the pins of
open payouts, and deposits that can still be claimed. A deposit whose epoch ended before
anybody claimed it goes to the newest lock program of its recipient instead.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace

from devnet.engine.actors.chairs import fee_program
from devnet.engine.actors.desks import USER, all_desks, desk_of, program_of, tip_of
from devnet.engine.actors.epochs import (
    council_of,
    epoch_of,
    expired,
    final_council,
    known_federations,
    older,
)
from devnet.engine.actors.gathering import holders_of, keep
from devnet.engine.actors.telling import say_transfer
from devnet.engine.actors.tills import scripts_of, till_of, waits_for_claim
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import GRACE_BLOCKS, Sidechain, Transfer
from devnet.engine.bc.transaction import Spend, Transaction
from devnet.engine.events import (
    MembersSilent,
    MigrationDone,
    MigrationMined,
    MigrationSent,
)
from devnet.engine.federation.council import Council
from devnet.engine.federation.members import Paying
from devnet.engine.federation.merges import (
    is_forward,
    is_move,
    plan_forward,
    plan_migration,
)
from devnet.engine.federation.payout_errors import NoGas
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import Held, Till
from devnet.engine.federation.programs import Federation, lock_programs
from devnet.engine.federation.signatures import signers_of
from devnet.engine.federation.turns import TURN_BLOCKS, order_of
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.state import SideEntry, SideTree
from devnet.engine.sidechain.swap import peg_rests

MOST_AT_ONCE = 2
"""Moves under way for one sidechain: the relayer's coins are for payouts, too."""


# What there is to do.


def left_at_old(turn: Turn, side: Sidechain) -> dict[bytes, int]:
    """What is left at the programs of older epochs, by asset."""
    council, sums = council_of(side), dict[bytes, int]()
    if not older(council):
        return sums
    coins = turn.tree[turn.main_tip].state.coins
    for program in sorted(_old_programs(turn, side, council)):
        for coin in coins.held_by(program):
            sums[coin.asset] = sums.get(coin.asset, 0) + coin.amount
    return sums


def is_due(turn: Turn, side: Sidechain) -> bool:
    """Have members something to do, beside paying: hand over, or move funds?"""
    head = side.tree[side.head]
    if head.state.council is None:
        return False
    wanted = head.state.council.wanted
    return wanted is not None or bool(left_at_old(turn, side))


def _old_programs(turn: Turn, side: Sidechain, council: Council) -> set[bytes]:
    """Every program of the older epochs, treasuries included."""
    chain_id, old = side.tree.spec.chain_id, older(council)
    scripts = set(scripts_of(turn, side.name, council).values())
    return {
        program
        for script in scripts
        for program in lock_programs(old, chain_id, script)
    }


# Planning.


def begin(
    turn: Turn, me: str, chain: str, head: SideEntry, pins: Collection[bytes]
) -> list[Payout]:
    """
    Put moves that can begin now on a coordinator's desk.

    Args:
        pins: of open payouts.
    """
    tree, tip = turn.side(chain).tree, tip_of(turn, me)
    council = final_council(tree, head)
    if not older(council) or me.startswith(f"{USER}:"):
        return []
    parent = tree.get(head.header.previous)
    if parent is None or final_council(tree, parent).epoch != council.epoch:
        return []  # At the next block members know of the handover, too.
    if peg_rests(tree, head) or not turn.tree.is_ancestor(head.anchor.hash, tip.hash):
        return []
    paying = desk_of(turn, me).paying
    n_free = MOST_AT_ONCE - sum(
        is_move(key) and paying[key].chain == chain for key in paying
    )
    till = till_of(turn, me, chain, b"", with_expired=True)
    old = [
        one
        for one in till.held
        if one.coin.id not in pins and till.holder(one) != till.federation
    ]
    if n_free < 1 or not _is_in_turn(turn, me, council, old):
        return []
    found = _plans(tree, head, replace(till, held=tuple(old)), n_free)
    for payout in found:
        begun = Paying(chain, payout, planned_at=tip.height)
        keep(turn, me, payout.withdrawal_id, begun)
    return found


def _is_in_turn(turn: Turn, me: str, council: Council, old: list[Held]) -> bool:
    """
    Is it this coordinator's turn? The first collector of the epoch begins, another one
    after each few blocks of silence, then members.
    """
    if not old:
        return False
    collectors = order_of(council.collectors, council.epoch.to_bytes(4, "big"))
    programs = [key_program(key) for key in collectors]
    programs += [fee_program(key) for key in council.current.members]
    settled = max(one.coin.height for one in old) + turn.depth
    age = tip_of(turn, me).height - settled
    allowed = programs[: 1 + max(0, age) // TURN_BLOCKS]
    return program_of(turn, me) in allowed


def _plans(tree: SideTree, head: SideEntry, till: Till, most: int) -> list[Payout]:
    """
    At most so many moves.

    Args:
        till: with what older epochs hold, and nothing else.
    """
    council, final = final_council(tree, head), tree[head.final.hash]
    chain_id, gone = tree.spec.chain_id, expired(council)
    found: list[Payout] = []
    open_ = [one for one in till.held if waits_for_claim(one, council, chain_id, final)]
    free = tuple(one for one in till.held if one not in open_)
    lost = [one for one in open_ if till.holder(one) in gone]
    with suppress(NoGas):
        for deposit in sorted(lost, key=lambda one: (one.coin.height, one.coin.id)):
            if len(found) == most:
                return found
            found.append(plan_forward(deposit, till))
            till = _without(till, found[-1].tx)
        till = replace(till, held=free)
        for source in reversed(older(council)):
            for asset in sorted({one.coin.asset for one in free}):
                if len(found) == most:
                    return found
                payout = plan_migration(source, asset, till)
                if payout is not None:
                    found.append(payout)
                    till = _without(till, payout.tx)
    return found


def _without(till: Till, tx: Transaction) -> Till:
    """The till when a transaction has taken what it spends."""
    used = set(tx.spent_output_ids)
    return replace(
        till,
        held=tuple(one for one in till.held if one.coin.id not in used),
        fuel=tuple(coin for coin in till.fuel if coin.id not in used),
    )


# Telling.


def say_sent(turn: Turn, key: bytes, paying: Paying, held_by: Federation) -> None:
    """A move has all its signatures and is on its way."""
    first = paying.payout.tx.outputs[0]
    turn.say(
        MigrationSent(
            chain=paying.chain,
            epoch=epoch_of(turn.side(paying.chain), held_by),
            tx=paying.payout.tx.id.hex(),
            asset=_asset_name(turn, first.asset),
            amount=first.amount,
            n_inputs=len(paying.payout.scripts),
            forward=is_forward(key),
        )
    )


def after_alarm(turn: Turn, me: str, key: bytes, paying: Paying) -> Paying:
    """The same payout; when nobody signs a move for long, the alarm is said once."""
    late = tip_of(turn, me).height - paying.planned_at >= GRACE_BLOCKS
    if not is_move(key) or paying.is_late or paying.sent or not late:
        return paying
    is_said = any(
        one.paying[key].is_late for one in all_desks(turn) if key in one.paying
    )
    paying = replace(paying, is_late=True)
    keep(turn, me, key, paying)
    if is_said:
        return paying
    holders = holders_of(turn, paying)
    signers = set(signers_of(holders)) - set(paying.signatures)
    first = paying.payout.tx.outputs[0]
    turn.say(
        MembersSilent(
            chain=paying.chain,
            epoch=epoch_of(turn.side(paying.chain), holders[0]),
            tx=paying.payout.tx.id.hex(),
            members=tuple(one.name for one in turn.members if one.xpub in signers),
            asset=_asset_name(turn, first.asset),
            amount=first.amount,
        )
    )
    return paying


def report_main(turn: Turn, joined: Iterable[bytes]) -> None:
    """What blocks of the mainchain moved between epochs."""
    for side in turn.sides():
        if len(known_federations(side)) == 1:
            continue
        council = council_of(side)
        old, moved = _old_programs(turn, side, council), False
        for block_hash in joined:
            entry = turn.tree[block_hash]
            if any(coin.program in old for coin in entry.change.spent):
                moved = True
                _say_mined(turn, side, council, entry)
        if moved and not left_at_old(turn, side):
            height = turn.tree[turn.main_tip].height
            turn.say(MigrationDone(chain=side.name, epoch=council.epoch, height=height))


def _say_mined(turn: Turn, side: Sidechain, council: Council, entry: MainEntry) -> None:
    scripts = scripts_of(turn, side.name, council)
    for tx, failed in zip(entry.block.transactions, entry.statuses, strict=True):
        locked = [
            given
            for given in tx.inputs
            if isinstance(given, Spend) and given.program in scripts
        ]
        if failed or not locked:
            continue
        first, total = tx.outputs[0], sum(given.amount for given in locked)
        if (first.asset, first.amount) != (locked[0].asset, total):
            continue
        if first.program not in scripts:
            continue
        forward = scripts[first.program] != b""
        name = _follow(turn, tx, first.program) if forward else ""
        turn.say(
            MigrationMined(
                chain=side.name,
                height=entry.height,
                tx=tx.id.hex(),
                asset=_asset_name(turn, first.asset),
                amount=first.amount,
                forward=forward,
                transfer=name,
            )
        )


def _follow(turn: Turn, tx: Transaction, program: bytes) -> str:
    """The transfer of a deposit that was forwarded goes on with the new lock."""
    old_id = tx.spent_output_ids[0]
    for name in turn.open_transfers:
        transfer: Transfer = turn.transfers[name]
        if transfer.lock_id == old_id:
            moved = replace(
                transfer, lock_tx=tx.id, lock_id=tx.result_ids[0], lock_program=program,
                stage="lock", done=0, needed=0, failed=False, claim_tx=b"",
            )  # fmt: skip
            say_transfer(turn, transfer, replace(moved, note="forwarded"))
            return name
    return ""


def _asset_name(turn: Turn, asset_id: bytes) -> str:
    for info in turn.assets:
        if info.id == asset_id:
            return info.name
    return asset_id.hex()[:8]
