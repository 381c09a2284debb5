"""
Pins: what became of one on somebody's mainchain, and which one a sidechain names.

Members hold to a pin that final blocks name as if they had signed with it. So those who
sign first and those who come later sign the same, whoever forgets in between.
"""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.bc.records import PayoutIntent
from devnet.engine.bc.transaction import Transaction
from devnet.engine.federation.payouts import PinFate
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.state import MainEntry, MainTree
from devnet.engine.sidechain.pegout import PegOut
from devnet.engine.sidechain.state import SideEntry, SideTree


def pin_fate(
    turn: Turn, tip: MainEntry, owed: Owed | None, pin_id: bytes, pegout: PegOut
) -> PinFate:
    """
    What became of a pin on the branch of a mainchain tip. A payout that completed
    another withdrawal, which looks the same, does not pay this one. A pin that went
    with a branch which the sidechain has given up since is gone.
    """
    if not pin_id:
        return ""
    given_up = owed is not None and owed.height < pegout.given_up
    if given_up and tip.state.deposits_by_id.get(pin_id) is None:
        return "gone"
    found = spender_of(turn.tree, tip, pin_id)
    if found is None or owed is None:
        return "open"
    entry, tx = found
    ppm = turn.config.relay_fee_ppm
    if owed.is_paid_by(tx, ppm) and pegout.payouts.get(tx.id) in (None, owed.id):
        return "paid"
    return "gone" if tip.height - entry.height >= turn.depth else "open"


def spender_of(
    tree: MainTree, tip: MainEntry, coin_id: bytes
) -> tuple[MainEntry, Transaction] | None:
    """The block and the transaction that spent a P2WSH output, or None: nothing did."""
    coin = tip.state.deposits_by_id.get(coin_id)
    if coin is None or coin_id in tip.state.coins.by_id:
        return None
    for height in range(tip.height, coin.height - 1, -1):
        entry = tree[tip.state.hashes[height]]
        for tx in entry.block.transactions:
            if coin_id in tx.spent_output_ids:
                return entry, tx
    return None


def pins_of_others(pegout: PegOut, withdrawal_id: bytes) -> frozenset[bytes]:
    """The pins that the chain names for other withdrawals that are open."""
    debts = pegout.open
    return frozenset(debts[key].pin_id for key in debts if key != withdrawal_id)


def named_pin(tree: SideTree, head: SideEntry, withdrawal_id: bytes) -> bytes:
    """The pin that final blocks name for a withdrawal to this head, or nothing."""
    owed = tree[head.final.hash].state.pegout.find(withdrawal_id)
    return b"" if owed is None else owed.pin_id


def stands(
    turn: Turn, chain: str, tip: MainEntry, owed: Owed, pin_id: bytes, pegout: PegOut
) -> bool:
    """Is it an output of this sidechain's federation that is not gone elsewhere?"""
    coin = tip.state.deposits_by_id.get(pin_id)
    if coin is None or not _is_ours(turn, chain, coin.program):
        return False
    return pin_fate(turn, tip, owed, pin_id, pegout) != "gone"


def _is_ours(turn: Turn, chain: str, program: bytes) -> bool:
    watched, side = turn.watched.get(program), turn.side(chain)
    if watched is not None:
        return watched.chain == chain
    known = side.tree.council(side.tree[side.head]).known
    chain_id = side.tree.spec.chain_id
    return any(program == treasury_program(one, chain_id) for one in known)


def may_take_over(
    turn: Turn, chain: str, tip: MainEntry, record: PayoutIntent, pegout: PegOut
) -> bool:
    """
    Does an honest proposer put this intent in? Not if the chain names another pin that
    stands, unless the new one was spent to pay.
    """
    owed = pegout.find(record.withdrawal_id)
    if owed is None or owed.pin_id in (b"", record.pin_id):
        return True
    if not stands(turn, chain, tip, owed, owed.pin_id, pegout):
        return True
    return pin_fate(turn, tip, owed, record.pin_id, pegout) == "paid"
