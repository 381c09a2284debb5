"""A wallet for loads: real signed payments, each spending a coin of its own."""

from __future__ import annotations

from devnet.bench.payments import signed
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network
from tests.engine.support import run_until

ALICE, BOB = play_account("alice"), play_account("bob")
FEE_NEU, PAID_NEU, SPLIT_FEE_NEU = 400_000, 10_000, 20_000_000


class Purse:
    """
    Alice's coins on one sidechain, cut into parts.

    Each payment takes the part that rested longest, so the wallet never asks for the
    same coin twice and what is refused is the chain's doing.
    """

    def __init__(self, net: Network, chain: str, n_parts: int = 100) -> None:
        self.net, self.chain = net, chain
        self.accepted: list[bytes] = []
        side = net.world.sidechain(chain)
        assert side is not None
        (coin,) = side.tree[side.head].state.coins.of_program(ALICE.program)
        each = (coin.amount - SPLIT_FEE_NEU) // n_parts
        tx = _payment(
            (coin.source_id, coin.position, coin.amount),
            (Output(BTM, each, ALICE.program),) * n_parts,
        )
        self.parts = [(tx.mux_id, index, each) for index in range(n_parts)]
        self._hand_in(tx)
        run_until(net, lambda: self.is_mined(tx.id))

    def is_mined(self, tx_id: bytes) -> bool:
        """Is a transaction in the best chain?"""
        side = self.net.world.sidechain(self.chain)
        assert side is not None
        return tx_id in side.tree[side.head].state.places

    def pay(self) -> None:
        """One payment to Bob; the change rests as a part of its own."""
        part = self.parts.pop(0)
        change = part[2] - PAID_NEU - FEE_NEU
        tx = _payment(
            part,
            (Output(BTM, PAID_NEU, BOB.program), Output(BTM, change, ALICE.program)),
        )
        self._hand_in(tx)
        self.parts.append((tx.mux_id, 1, change))

    def _hand_in(self, tx: Transaction) -> None:
        answer = self.net.submit(tx.raw, self.chain)
        assert answer.fate != "status_fail"
        self.accepted.append(tx.id)


def _payment(part: tuple[bytes, int, int], outputs: tuple[Output, ...]) -> Transaction:
    source, place, amount = part
    spend = Spend(source, BTM, amount, place, ALICE.program)
    return signed(Transaction(1, 0, (spend,), outputs, side=True), ALICE)
