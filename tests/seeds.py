"""
A world in which people do whatever comes to their mind, drawn from a seed.

    python -m tests.seeds SEED

plays one and prints what it did; a failing simulation names the seed.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field

from devnet.engine.errors import DevnetError
from devnet.engine.events import InvariantBroken, SwapDropped, TxDropped
from devnet.engine.network import EngineFault, Network, SidechainSpec
from tests.engine.support import (
    all_books_hold,
    claimed,
    hurry,
    meddle,
    network,
    run,
    run_until,
    said,
)

ENGINES = ("solo", "poa", "dpos-bbft")
ACCOUNTS = ("alice", "bob", "carol", "mallory")
N_ACTS = 30
MOST_SIDECHAINS = 5


@dataclass
class Play:
    """One world, and what was done in it."""

    seed: int
    net: Network
    chance: random.Random
    log: list[str] = field(default_factory=list)
    cut_ms: int = 0

    def act(self) -> None:
        """Something at random, sensible or not; then some time passes."""
        what = self.chance.choice(ACTS)
        if "main" in self.net.world.cuts and self.net.now_ms > self.cut_ms + 2000:
            what = Play._cut_the_mainchain
        try:
            answer = str(what(self))
        except EngineFault:
            raise
        except DevnetError as error:
            answer = f"refused, {error.code}: {error.message}"
        self.log.append(f"{self.net.now_ms:6} {what.__name__[1:]}: {answer}")
        wait_ms = self.chance.choice((0, 0, 10, 60, 300, 1000, 2500))
        assert run(self.net, wait_ms) == "reached", self.net.events[-1]

    # What people do.

    def _lock(self) -> str:
        who, to = self.chance.choices(ACCOUNTS, weights=(9, 9, 9, 1), k=2)
        return self.net.lock(who, self._amount(), self._asset(), self._side(), to)

    def _pay_on_main(self) -> str:
        return self._pay("main")

    def _pay_on_a_sidechain(self) -> str:
        return self._pay(self._side())

    def _pay(self, chain: str) -> str:
        who, to = self.chance.choices(ACCOUNTS, weights=(9, 9, 9, 1), k=2)
        return self.net.transfer_value(who, to, self._amount(), self._asset(), chain)

    def _claim_by_hand(self) -> str:
        names = [transfer.id for transfer in self.net.transfers()] or ["d1"]
        return self.net.claim(self.chance.choice(names))

    def _swap(self) -> str:
        seats = self.chance.choice((None, ("v1", "v2", "v3"), ("v4", "v2"), ("v3",)))
        engine = self.chance.choice(ENGINES)
        return str(self.net.request_swap(self._side(), engine, validators=seats))

    def _make_a_sidechain(self) -> str:
        names = self.net.sidechain_names()
        if len(names) >= MOST_SIDECHAINS:
            return "enough of them"
        name = f"side-{len(names)}"
        engine, n = self.chance.choice(ENGINES), self.chance.choice((1, 3, 4, 5))
        self.net.new_sidechain(name, engine, n)
        return name

    def _go_back(self) -> str:
        """A future that is given up: an act or two, and back."""
        then = self.net.snapshot()
        self._pay("main")
        run(self.net, 500)
        self.net.restore(then)
        return "as if nothing had been"

    def _cut_a_sidechain(self) -> str:
        chain = self._side()
        if chain in self.net.world.cuts:
            self.net.heal(chain)
            return f"{chain} healed"
        return f"{chain} cut: {self.net.partition(chain)}"

    def _cut_the_mainchain(self) -> str:
        """Only where a fork of a few blocks does no harm, and not for long."""
        if self.net.config.depth != 6 or self.net.config.n_miners < 2:
            return "not here"
        if "main" not in self.net.world.cuts:
            self.cut_ms = self.net.now_ms
            return f"main cut: {self.net.partition('main')}"
        self.net.heal("main")
        return "main healed"

    def _amount(self) -> int:
        return self.chance.choice((0, 1, 7, 300, 10**6, 10**9, 10**13))

    def _asset(self) -> str:
        return self.chance.choice(("BTM", "BTM", "GOLD"))

    def _side(self) -> str:
        return self.chance.choice(self.net.sidechain_names())

    # What must be true whatever they do.

    def check_now(self) -> None:
        """No invariant is broken, and the stream has no gap."""
        assert said(self.net, InvariantBroken) == []
        assert all_books_hold(self.net)
        seqs = [event.seq for event in self.net.events]
        assert seqs == list(range(len(seqs))) == list(range(self.net.world.n_events))

    def check_at_rest(self) -> None:
        """Given time and a whole network, all that was begun has come to its end."""
        net = self.net
        for chain in sorted(net.world.cuts):
            net.heal(chain)
        names = [transfer.id for transfer in net.transfers()]
        with hurry(net):
            run_until(net, lambda: claimed(net, *names))
            run(net, 15_000)
        for side in net.world.sidechains:
            assert side.tree[side.head].state.pending is None, f"{side.name} swaps"
        run_until(net, self._is_quiet, 3000)
        self.check_now()
        assert [event for event in said(net, TxDropped) if event.chain == "main"] == []

    def _is_quiet(self) -> bool:
        """Nobody waits for anything, and everybody has the same."""
        turn = meddle(self.net)
        for side in turn.sides():
            nodes = turn.nodes(side.name)
            if len({node.head for node in nodes}) > 1:
                return False
            for node in nodes:
                waiting = (
                    node.pool.order, node.orphans, node.held_blocks, node.held_claims,
                    node.pool_orphans, node.main.orphans, node.early_swaps,
                )  # fmt: skip
                if any(waiting) or len(node.filled) or node.swap is not None:
                    return False
        return all(not len(n.pool) and not n.view.orphans for n in turn.main_nodes)


ACTS = (
    Play._lock, Play._lock, Play._lock, Play._pay_on_main, Play._pay_on_a_sidechain,
    Play._pay_on_a_sidechain, Play._claim_by_hand, Play._swap, Play._make_a_sidechain,
    Play._go_back, Play._cut_a_sidechain, Play._cut_the_mainchain,
)  # fmt: skip


def begin(seed: int) -> Play:
    """The world of a seed, before anything is done in it."""
    chance = random.Random(seed)
    slow_ms = chance.choice((15, 40, 40, 90))
    net = network(
        (
            SidechainSpec("alpha", "dpos-bbft"),
            SidechainSpec("beta", "poa"),
            SidechainSpec("gamma", "solo"),
        ),
        seed=seed,
        depth=chance.choice((1, 2, 2, 6)),
        relay_fee_ppm=chance.choice((0, 1000)),
        n_miners=chance.choice((1, 2)),
        high_latency_ms=slow_ms,
    )
    return Play(seed, net, chance)


def play(seed: int, n_acts: int = N_ACTS) -> Play:
    """A world from beginning to rest."""
    one = begin(seed)
    for _ in range(n_acts):
        one.act()
        one.check_now()
    one.check_at_rest()
    return one


def main(arguments: list[str]) -> None:
    """Play the seeds named and print what happened."""
    for word in arguments:
        one = begin(int(word))
        try:
            for _ in range(N_ACTS):
                one.act()
                one.check_now()
            one.check_at_rest()
        finally:
            print(f"seed {word}", *one.log, sep="\n")
            print("dropped swaps:", len(said(one.net, SwapDropped)))


if __name__ == "__main__":
    main(sys.argv[1:])
