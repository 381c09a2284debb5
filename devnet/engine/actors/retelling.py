"""
A world that came back, told in the words of a fresh start: accounts, assets, balances,
sidechains with their swaps and newest blocks, faults, transfers.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.auditing import broken_event
from devnet.engine.actors.birth import MEMBER_NAMES
from devnet.engine.actors.cutting import CUT
from devnet.engine.actors.epochnews import retell_actors, retell_epochs
from devnet.engine.actors.faulting import started
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.reporting import (
    block_final,
    follow_claim,
    follow_lock,
    say_side_block,
    spendable,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.withdrawing import follow_withdrawal
from devnet.engine.chain.coins import CoinSet
from devnet.engine.codec import address_of_program
from devnet.engine.events import (
    AccountAdded,
    AssetKnown,
    BalanceChanged,
    FaultStarted,
    HistoryNotKept,
    SidechainAdded,
    TransferStarted,
    ValidatorsElected,
    WorldStarted,
)
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES
from devnet.engine.sidechain.state import SideEntry

N_BLOCKS_TOLD = 8


def tell_world(turn: Turn) -> None:
    """The mainchain, its accounts and assets."""
    tip = turn.tree[turn.main_tip]
    turn.say(
        WorldStarted(
            seed=turn.config.seed,
            profile=turn.config.profile,
            height=tip.height,
            tip=tip.hash.hex(),
            depth=turn.depth,
            quorum=turn.before.federation.quorum,
            members=MEMBER_NAMES,
            collectors=tuple(one.name for one in turn.collectors),
            accounts=ACCOUNT_NAMES,
            n_miners=len(turn.main_nodes),
        )
    )
    for info in turn.assets:
        if info.told:
            turn.say(
                AssetKnown(asset=info.name, id=info.id.hex(), decimals=info.decimals)
            )
    for owner in turn.owners:
        if owner.name not in ACCOUNT_NAMES:
            turn.say(
                AccountAdded(
                    who=owner.name,
                    address=_address(turn, key_of(turn, owner.name).program),
                    signers=owner.signers,
                    quorum=owner.quorum,
                )
            )
    _tell_balances(turn, "main", tip.state.coins, tip.height + 1)
    retell_actors(turn, MEMBER_NAMES)
    for breach in turn.breaches:
        turn.say(broken_event(breach))


def tell_side(turn: Turn, chain: str, *, forgets: bool) -> None:
    """
    One sidechain: how it began, each swap since, its newest blocks, what is final.

    Args:
        forgets: its database keeps nothing, so it begins again.
    """
    side = turn.side(chain)
    head, genesis = side.tree[side.head], side.tree[side.tree.spec.chain_id]
    rules = genesis.state.rules
    turn.say(
        SidechainAdded(
            name=chain,
            chain_id=genesis.hash.hex(),
            engine=rules.engine,
            store=side.store,
            finality=turn.tools.engine(rules.engine).info.finality,
            validators=turn.node_names(chain),
        )
    )
    for entry in _worth_telling(turn, chain, head):
        say_side_block(turn, side, entry)
    if head.state.acting:
        names = tuple(one.name for one in head.state.acting)
        turn.say(ValidatorsElected(chain=chain, height=head.height, validators=names))
    if side.final.height:
        turn.say(block_final(turn, chain, head, side.final))
    _tell_balances(turn, chain, head.state.coins, head.height + 1)
    retell_epochs(turn, side)
    if forgets:
        turn.say(HistoryNotKept(chain=chain, store=side.store))


def _worth_telling(turn: Turn, chain: str, head: SideEntry) -> list[SideEntry]:
    """The newest blocks, the first of each epoch, and the one that carries a swap."""
    tree, state = turn.side(chain).tree, head.state
    heights = set(range(max(1, head.height - N_BLOCKS_TOLD + 1), head.height + 1))
    heights |= {rules.base.height + 1 for rules in state.epochs[1:]}
    if state.pending is not None:
        heights.add(state.pending.height)
    return [tree[state.hashes[height]] for height in sorted(heights)]


def _tell_balances(turn: Turn, chain: str, coins: CoinSet, height: int) -> None:
    for owner in turn.owners:
        program = key_of(turn, owner.name).program
        for info in turn.assets:
            amount = spendable(coins, program, info.id, height)
            if amount or (chain == "main" and owner.name in ACCOUNT_NAMES):
                turn.say(
                    BalanceChanged(
                        who=owner.name, chain=chain, asset=info.name, amount=amount
                    )
                )


def tell_faults(turn: Turn) -> None:
    """What is broken on purpose, and still is."""
    for chain in sorted(turn.cuts):
        sides = " | ".join(",".join(group) for group in turn.cuts[chain])
        turn.say(FaultStarted(fault=CUT, target=chain, detail=sides))
    for fault in turn.faults:
        turn.say(started(fault))


def tell_transfers(turn: Turn) -> None:
    """
    Every transfer, where it is by what the chains hold now. That may be behind what was
    told before the end: a claim that no stored block has is made again.
    """
    for name in sorted(turn.transfers, key=lambda one: (one[0], int(one[1:]))):
        stored = turn.transfers[name]
        turn.say(
            TransferStarted(
                transfer=name,
                who=stored.who,
                to=stored.to,
                chain=stored.chain,
                asset=stored.asset,
                amount=stored.amount,
                lock_tx=stored.lock_tx.hex(),
                lock_id=stored.lock_id.hex(),
                address=_address(turn, stored.lock_program),
            )
        )
        first = "burn" if stored.is_withdrawal else "lock"
        fresh = replace(
            stored, stage=first, done=0, needed=0, note="", failed=False, claim_tx=b""
        )
        turn.set_transfer(fresh)
        if stored.is_withdrawal:
            follow_withdrawal(turn, fresh)
            continue
        follow_lock(turn, fresh)
        side = turn.side(stored.chain)
        head = side.tree[side.head]
        follow_claim(turn, stored.chain, turn.transfers[name], head, side.final)


def _address(turn: Turn, program: bytes) -> str:
    return address_of_program(program, turn.tree.profile.hrp)
