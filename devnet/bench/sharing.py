"""What a block costs the second validator who gets it: T10."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from devnet.bench.cheap import cheap_network
from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    timed,
)
from devnet.bench.payments import signed
from devnet.engine.actors.messages import SideBlockCame, SideTxCame
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.sideblock import parse_side_block
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.rules.memo import forget_verdicts
from devnet.engine.sidechain.judge import judge
from devnet.engine.sidechain.state import SideEntry

CHAIN = SidechainSpec("beta", "poa")
N_PAYMENTS = 200
"""Transactions of a block, the coinbase aside."""
DEPOSIT_NEU = 1000 * 10**8
FEE_NEU = 2_000_000
SPLIT_FEE_NEU = 10_000_000
PART_NEU = 4 * 10**8
LIMIT_MS = 60_000


def second_validator(n_pairs: int) -> Measured:
    """
    T10: a block of known transactions reaches a validator after another has judged it.

    The first one's cost is that of reading the bytes and judging them, the signatures
    remembered; the second's is the whole step of the world, its mempool cleaned.
    """
    net = _world_with_parts()
    _accepted(net)  # To warm up.
    pairs = [_accepted(net) for _ in range(n_pairs)]
    second_s, first_s = zip(*pairs, strict=True)
    return Measured(
        Pairs(second_s, first_s), "cpu", Target(0.1), {"transactions": N_PAYMENTS}
    )


SUBJECTS = (
    Subject(
        "T10", "a known block at the second validator", "at the first", second_validator
    ),
)


def _world_with_parts() -> Network:
    """A sidechain of four validators, where Alice's money is in many pieces."""
    net = cheap_network((CHAIN,))
    alice = play_account("alice")
    name = net.lock("alice", DEPOSIT_NEU, "BTM", CHAIN.name)
    _step_until(net, lambda: net.transfer(name).stage == "claimed")
    (coin,) = _coins(net)
    parts = [Output(BTM, PART_NEU, alice.program)] * N_PAYMENTS
    rest = coin.amount - N_PAYMENTS * PART_NEU - SPLIT_FEE_NEU
    _tell(net, (_paying(coin, (*parts, Output(BTM, rest, alice.program))),))
    _step_until(net, lambda: len(_coins(net)) > N_PAYMENTS)
    return net


def _accepted(net: Network) -> tuple[float, float]:
    """
    One more block of known transactions.

    Returns:
        CPU seconds of the step in which the second validator takes it, and of judging
        its bytes once more, as the first validator of a real network does.
    """
    goal = _side(net).tree[_side(net).head].height
    alice, bob = play_account("alice"), play_account("bob")
    payments = []
    for coin in sorted(_coins(net), key=lambda coin: -coin.amount)[:N_PAYMENTS]:
        change = coin.amount - FEE_NEU - coin.amount // 1000
        outputs = (
            Output(BTM, coin.amount // 1000, bob.program),
            Output(BTM, change, alice.program),
        )
        payments.append(_paying(coin, outputs))
    _tell(net, payments)
    while True:
        entry = _next_arrival(net, goal)
        gc.collect()  # Not in the middle of a step that takes a millisecond.
        second_s = timed(net.step_once, time.process_time)
        if len(entry.block.transactions) == 1 + N_PAYMENTS:
            break
    return second_s, timed(lambda: _judge_again(net, entry), time.process_time)


def _next_arrival(net: Network, above: int) -> SideEntry:
    """Stand before the step in which a validator hears of another's block."""
    found: list[SideEntry] = []

    def is_due() -> bool:
        due = net.world.schedule.first()
        if due is None or not isinstance(due.what, SideBlockCame):
            return False
        entry = _side(net).tree[due.what.block_hash]
        name = due.actor.rpartition(":")[2]
        node = next(node for node in _side(net).nodes if node.name == name)
        is_news = entry.height > above and entry.hash not in node.seen
        made_by_other = entry.block.transactions[0].outputs[0].program != node.program
        if is_news and made_by_other:
            found.append(entry)
        return bool(found)

    _step_until(net, is_due)
    return found[0]


def _judge_again(net: Network, entry: SideEntry) -> None:
    engine = net.tools.engine(CHAIN.engine)
    block, now_ms = parse_side_block(entry.block.raw), entry.header.time_ms
    forget_verdicts()
    again = judge(_side(net).tree, net.world.tree, engine, block, now_ms)
    if again.hash != entry.hash or len(again.change.spent) != len(entry.change.spent):
        raise BenchWrong("a block that was judged twice came out differently")


def _paying(coin: Coin, outputs: tuple[Output, ...]) -> Transaction:
    spend = Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)
    tx = Transaction(1, 0, (spend,), outputs, side=True)
    return signed(tx, play_account("alice"))


def _tell(net: Network, txs: Sequence[Transaction]) -> None:
    """Every validator hears of these at once."""
    schedule = net.world.schedule
    for tx in txs:
        for node in _side(net).nodes:
            actor = actor_name(CHAIN.name, node.name)
            schedule = schedule.add(net.now_ms, actor, SideTxCame(tx))
    net.world = replace(net.world, schedule=schedule)


def _coins(net: Network) -> list[Coin]:
    side = _side(net)
    return side.tree[side.head].state.coins.of_program(play_account("alice").program)


def _side(net: Network) -> Sidechain:
    side = net.world.sidechain(CHAIN.name)
    assert side is not None, "the world was made with it"
    return side


def _step_until(net: Network, is_there: Callable[[], bool]) -> None:
    end_ms = net.now_ms + LIMIT_MS
    while not is_there():
        if net.now_ms > end_ms or net.step_once() != "stepped":
            raise BenchUnable(f"the world does not go on after {net.now_ms} ms")
