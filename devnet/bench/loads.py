"""
Loads for a sidechain: signed payments of one input and two outputs, made beforehand.

Alice's money on the sidechain is cut into many coins; each payment spends one and gives
the change back to her, and the next round spends that. So a load can be as long as one
likes, and each of its transactions is another.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devnet.bench.cheap import cheap_network
from devnet.bench.measure import BenchUnable, BenchWrong
from devnet.bench.payments import signed
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec

DEPOSIT_NEU = 1000 * 10**8
FEE_NEU = 400_000
PAID_NEU = 10_000
SPLIT_FEE_NEU = 10_000_000
N_SPLIT = 200
"""Outputs of one transaction that cuts a coin."""
LIMIT_MS = 300_000
STEP_MS = 50

Rounds = tuple[tuple[bytes, ...], ...]
"""Raw transactions, round by round: each spends what the round before gave back."""
_Part = tuple[bytes, int, int]


def loaded_network(
    spec: SidechainSpec, n_parts: int, n_rounds: int, data_dir: Path | None = None
) -> tuple[Network, Rounds]:
    """
    A world whose one sidechain knows nothing of the rounds that are ready for it.

    Raises:
        BenchUnable: the sidechain does not come so far.
    """
    net = cheap_network((spec,), data_dir)
    name = net.lock("alice", DEPOSIT_NEU, "BTM", spec.name)
    run_until(net, lambda: net.transfer(name).stage == "claimed")
    amount_neu = n_rounds * (FEE_NEU + PAID_NEU) + PAID_NEU
    parts = _cut(net, spec.name, n_parts, amount_neu)
    rounds = []
    for _ in range(n_rounds):
        raws, parts = _round_of(parts)
        rounds.append(raws)
    return net, tuple(rounds)


def _cut(net: Network, chain: str, n_parts: int, amount_neu: int) -> list[_Part]:
    """Cut Alice's only coin into equal parts and a rest, and wait for the block."""
    alice = play_account("alice")
    state = side_of(net, chain).tree[side_of(net, chain).head].state
    (coin,) = state.coins.of_program(alice.program)
    source, place, rest_neu = coin.source_id, coin.position, coin.amount
    parts: list[_Part] = []
    raws = []
    while len(parts) < n_parts:
        n_new = min(N_SPLIT, n_parts - len(parts))
        outputs = [Output(BTM, amount_neu, alice.program)] * n_new
        left_neu = rest_neu - n_new * amount_neu - SPLIT_FEE_NEU
        tx = _payment(
            (source, place, rest_neu),
            (*outputs, Output(BTM, left_neu, alice.program)),
        )
        raws.append(tx.raw)
        parts += [(tx.mux_id, index, amount_neu) for index in range(n_new)]
        source, place, rest_neu = tx.mux_id, n_new, left_neu
    before = n_mined(net, chain)
    hand_in(net, chain, tuple(raws))
    run_until(net, lambda: n_mined(net, chain) >= before + len(raws))
    return parts


def _round_of(parts: list[_Part]) -> tuple[tuple[bytes, ...], list[_Part]]:
    """A payment from each part, and the parts that come back."""
    alice, bob = play_account("alice"), play_account("bob")
    raws, back = [], []
    for part in parts:
        change_neu = part[2] - PAID_NEU - FEE_NEU
        tx = _payment(
            part,
            (
                Output(BTM, PAID_NEU, bob.program),
                Output(BTM, change_neu, alice.program),
            ),
        )
        raws.append(tx.raw)
        back.append((tx.mux_id, 1, change_neu))
    return tuple(raws), back


def _payment(part: _Part, outputs: tuple[Output, ...]) -> Transaction:
    source, place, amount_neu = part
    alice = play_account("alice")
    spend = Spend(source, BTM, amount_neu, place, alice.program)
    return signed(Transaction(1, 0, (spend,), outputs, side=True), alice)


def hand_in(net: Network, chain: str, raws: tuple[bytes, ...]) -> None:
    """Submit a round at once. Raises BenchWrong when one of it is refused."""
    for answer in net.submit_many(raws, chain):
        if isinstance(answer, Exception):
            raise BenchWrong(f"a good payment was refused: {answer}")


def hand_in_singly(net: Network, chain: str, raws: tuple[bytes, ...]) -> None:
    """Submit a round one by one. Raises what a refused one raises."""
    for raw in raws:
        net.submit(raw, chain)


def side_of(net: Network, chain: str) -> Sidechain:
    """The sidechain as it is now."""
    side = net.world.sidechain(chain)
    assert side is not None, "the world was made with it"
    return side


def n_mined(net: Network, chain: str) -> int:
    """Transactions in the chain's blocks, coinbases aside."""
    side = side_of(net, chain)
    head = side.tree[side.head]
    return len(head.state.places) - head.height


def run_until(net: Network, is_there: Callable[[], bool]) -> None:
    """Let virtual time pass until then. Raises BenchUnable when that is too long."""
    end_ms = net.now_ms + LIMIT_MS
    while not is_there():
        if net.now_ms > end_ms or net.advance(net.now_ms + STEP_MS) != "reached":
            raise BenchUnable(f"the world does not go on after {net.now_ms} ms")
