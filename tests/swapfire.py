"""
Swaps under fire: a chain that is paid on changes its rule again and again, while one
validator lies and another one is down.

`python -m tests.swapfire SEED [N_SWAPS] [storm]` plays one seed and tells its story.

What may break what is drawn so that only promises of the protocol are tested:

* No more than f validators are at fault in any list, liar and crashed one together.
* Under certificates (pbft, bbft, dpos-bbft, pos) the liar may do anything.
* Under builders and depth (poa, dpos, pow) it may too, as one alone is no coalition;
  but no message is late, for their finality is a bet on delivery: a storm, if there is
  one, rages under certificates only and is over before another rule can begin.
* solo trusts its one key: the sealer is neither the liar nor down.
* Who is convicted loses the seat by a swap that the honest ask for themselves. Those
  swaps come on top of the wanted ones and may make a request come to nothing; it is
  then asked for again.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

from devnet.engine.errors import DevnetError
from devnet.engine.events import (
    Event,
    InvariantBroken,
    OffenceProven,
    RuleSwapped,
    SwapDropped,
    SwapScheduled,
    TxDropped,
)
from devnet.engine.interfaces import Rules
from devnet.engine.network import Network, SidechainSpec
from devnet.plugins import BUILTIN_ENGINES
from tests.engine.chaincheck import (
    PROMISED,
    best_chain,
    check_all,
    closings,
    head_of,
    side_of,
)
from tests.engine.purse import Purse
from tests.engine.support import BTM_UNITS, all_books_hold, deposit, network, run, said

CHAIN = "alpha"
N_NODES, N_SEATS = 9, 7
STEP_MS = 50
NO_PROOF = ("withhold", "bad-gateway")
LIES = (*NO_PROOF, "equivocate", "vote-twice", "propose-invalid")
MOST_MS_A_SWAP = 240_000
STORM_MS = 2500
"""Shorter than the notice of the fastest rule, ten blocks of 300 ms."""
PACES = {
    "solo": (100, 250), "poa": (300, 500), "dpos": (300, 500),
    "dpos-bbft": (300, 500), "bbft": (300, 500), "pbft": (300, 500),
    "pow": (1000,), "pos": (300, 500),
}  # fmt: skip


class Fire:
    """
    One run.

    Args:
        n_swaps: how many swaps that people asked for must come into force.
        step_ms: between two payments.
        storm: messages are lost, late, doubled and reordered too, wherever finality
            is by certificate and owes nothing to delivery.
        aloud: print the story as it happens.
    """

    def __init__(
        self,
        seed: int,
        n_swaps: int = 10,
        step_ms: int = STEP_MS,
        storm: bool = False,
        aloud: bool = False,
    ) -> None:
        self.chance, self.aloud, self.storm = Random(seed), aloud, storm
        self.n_swaps, self.step_ms = n_swaps, step_ms
        first = self.chance.choice([name for name in BUILTIN_ENGINES if name != "pow"])
        spec = SidechainSpec(CHAIN, first, n_validators=N_NODES)
        self.net: Network = network((spec,), seed=seed, depth=1)
        self.story: list[str] = [f"seed {seed} begins under {first}"]
        self.locks = [deposit(self.net, 400 * BTM_UNITS, "BTM", CHAIN)]
        self.purse = Purse(self.net, CHAIN)
        self.net.set_hurry(1)
        self.counts: Counter[str] = Counter()
        self.liar = self.crashed = self.sealer = ""
        self.epoch = 0
        self.liars: set[str] = set()
        self.convicted: set[str] = set()
        self.wants: tuple[str, tuple[tuple[str, int], ...]] | None = None
        self.cancel_at_ms: int | None = None
        self.next_at_ms = self.net.now_ms + 1000
        self.since_ms = self.net.now_ms
        self.n_read = len(self.net.events)
        self._new_faults()

    # Playing.

    def play(self) -> None:
        """Until all swaps came into force, then until everything is in the chain."""
        try:
            while self.counts["swapped"] < self.n_swaps:
                self._step()
            self._settle()
        except AssertionError as error:
            story = "\n".join(self.story[-40:])
            raise AssertionError(f"{error}\n{story}") from error

    def _step(self) -> None:
        self.purse.pay()
        if len(self.purse.accepted) % 100 == 0:
            self.locks.append(self.net.lock("carol", 7000, "BTM", CHAIN))
        answer = run(self.net, self.step_ms)
        assert answer == "reached", f"{answer}: {said(self.net, InvariantBroken)}"
        for event in self.net.events[self.n_read :]:
            self._hear(event)
        self.n_read = len(self.net.events)
        waited = self.net.now_ms - self.since_ms
        show = self.net.show(CHAIN)
        assert waited < MOST_MS_A_SWAP, f"no swap for {waited} ms: {show}"
        self._ask()

    def _settle(self) -> None:
        """No more payments, everybody mended: all must come to one chain."""
        for fault in self.net.world.faults:
            self.net.mend(fault.id)
        self._tell("all is mended, payments end")
        self.net.set_hurry(-1)
        end_ms = self.net.now_ms + 120_000
        while not self._is_settled():
            assert run(self.net, 70) == "reached"
            assert self.net.now_ms < end_ms, f"not settled: {self.net.show(CHAIN)}"

    def _is_settled(self) -> bool:
        side = side_of(self.net, CHAIN)
        return (
            side.final.height >= side.tree[side.head].state.busy_height
            and "swap" not in self.net.show(CHAIN)
            and not any(len(node.pool) for node in side.nodes)
            and len({node.head for node in side.nodes}) == 1
            and all(self.net.transfer(lock).stage == "claimed" for lock in self.locks)
        )

    def _tell(self, words: str) -> None:
        height = self.net.show(CHAIN)["height"]
        self.story.append(f"{self.net.now_ms:>8} ms, block {height}: {words}")
        if self.aloud:
            print(self.story[-1], flush=True)

    def _hear(self, event: Event) -> None:
        match event:
            case RuleSwapped(chain="alpha"):
                self._swapped(event)
            case SwapScheduled(chain="alpha"):
                self._tell(
                    f"to {event.engine} after {event.closing_height}, in a block"
                )
            case SwapDropped(chain="alpha"):
                self._tell(f"{event.engine} dropped: {event.reason}")
                self.wants = self.cancel_at_ms = None
                cancelled = "cancel" in event.reason or "taken back" in event.reason
                self.counts["cancelled" if cancelled else "dropped"] += 1
                self.next_at_ms = self.net.now_ms + 500
            case OffenceProven(chain="alpha"):
                self._tell(f"{event.validator} is convicted: {event.offence}")
                assert event.validator in self.liars, "an honest one is convicted"
                self.convicted.add(event.validator)
                self.counts["convicted"] += 1
                if event.validator == self.liar:
                    self._end_lie()
            case TxDropped(chain="alpha"):
                raise AssertionError(f"dropped: {event}")
            case _:
                pass

    def _swapped(self, event: RuleSwapped) -> None:
        if event.epoch <= self.epoch:
            self.counts["opened again"] += 1  # Until it is final the head may move.
            return
        self.epoch = event.epoch
        mine = self.wants is not None and (event.engine, event.validators) == (
            self.wants[0],
            tuple(name for name, _ in self.wants[1]),
        )
        self.counts["swapped" if mine else "expelled"] += 1
        self._tell(
            f"epoch {event.epoch}: {event.old_engine} to {event.engine} of "
            f"{', '.join(event.validators)}{'' if mine else ' (expels)'}"
        )
        self.counts[f"into {event.engine}"] += 1
        if mine:
            self.wants = self.cancel_at_ms = None
        self.since_ms = self.net.now_ms
        self.next_at_ms = self.net.now_ms + self.chance.randrange(500, 4000)
        self._new_faults()

    # Faults.

    def _rules(self) -> Rules:
        return head_of(self.net, CHAIN).state.rules

    def _lists(self) -> list[dict[str, int]]:
        """Weights by name, of the list in force and of the one that is asked for."""
        lists = [{one.name: one.weight for one in self._rules().validators}]
        return lists + ([dict(self.wants[1])] if self.wants else [])

    def _sealers(self) -> set[str]:
        sealers = {self._rules().validators[0].name}
        if self._rules().engine != "solo":
            sealers = set()
        if self.wants is not None and self.wants[0] == "solo":
            sealers.add(self.wants[1][0][0])
        return sealers

    def _may_fail(self, *names: str) -> bool:
        """Can these be at fault together in every list, as far as rules promise?"""
        if self._sealers() & set(names):
            return False
        return all(
            sum(seats.get(name, 0) for name in names) <= (sum(seats.values()) - 1) // 3
            for seats in self._lists()
        )

    def _new_faults(self) -> None:
        """Another one is down; another one lies, or the same in another way."""
        finality = self.net.show(CHAIN)["finality"]
        if self.storm and finality == "certificate":
            kind = self.chance.choice(("loss", "duplicate", "reorder", "latency"))
            self.counts[kind] += 1
            self.net.start_fault(kind, CHAIN, for_ms=STORM_MS)
        self._end_lie()
        if self.crashed:
            self._mend("kill", self.crashed)
            self.crashed = ""
        names = [f"v{number}" for number in range(1, N_NODES + 1)]
        self.chance.shuffle(names)
        for name in names:
            if self._may_fail(name):
                self.crashed = name
                self.net.start_fault("kill", CHAIN, name)
                break
        out = {one.name for one in self._rules().validators} ^ set(names)
        suspects = self.liars | self.convicted
        for name in names:
            if name in self.convicted | out | {self.crashed}:
                continue
            if self._may_fail(name, self.crashed):
                fresh = N_NODES - len(suspects | {name}) >= N_SEATS
                lie = self.chance.choice(LIES if fresh else NO_PROOF)
                if lie not in NO_PROOF:
                    self.liars.add(name)
                self.liar = name
                self.net.start_fault(lie, CHAIN, name)
                self.counts[lie] += 1
                self._tell(f"{self.crashed} is down, {name} does {lie}")
                break

    def _end_lie(self) -> None:
        for fault in self.net.world.faults:
            if fault.kind in LIES:
                self.net.mend(fault.id)
        self.liar = ""

    def _mend(self, kind: str, name: str) -> None:
        for fault in self.net.world.faults:
            if (fault.kind, fault.node) == (kind, name):
                self.net.mend(fault.id)

    # Asking.

    def _ask(self) -> None:
        now_ms = self.net.now_ms
        if self.cancel_at_ms is not None and now_ms >= self.cancel_at_ms:
            self.cancel_at_ms = None
            try:
                self.net.cancel_swap(CHAIN)
                self._tell("somebody asks to take it back")
            except DevnetError as error:
                self._tell(f"not taken back: {error.message}")
                self.counts[error.code] += 1
        if self.wants is not None or now_ms < self.next_at_ms:
            return
        self._request()

    def _request(self) -> None:
        chance = self.chance
        engine = chance.choice(list(BUILTIN_ENGINES))
        names = [
            f"v{number}"
            for number in range(1, N_NODES + 1)
            if f"v{number}" not in self.convicted
        ]
        chance.shuffle(names)
        seats = names[: chance.randrange(N_SEATS, len(names) + 1)]
        if engine == "solo":
            seats.sort(key=lambda name: name in (self.liar, self.crashed))
        weights = [chance.randrange(2, 5) if engine == "pos" else 1 for _ in seats]
        at = None
        if chance.random() < 0.3:
            at = self.net.show(CHAIN)["height"] + chance.randrange(14, 30)
        wish = engine, tuple(zip(seats, weights, strict=True))
        self.wants = wish
        faulty = [name for name in (self.liar, self.crashed) if name]
        if not self._may_fail(*faulty):
            self.wants = None
            return
        params = {"interval_ms": chance.choice(PACES[engine])}
        try:
            closing = self.net.request_swap(CHAIN, engine, at, dict(wish[1]), params)
        except DevnetError as error:
            self.wants, self.next_at_ms = None, self.net.now_ms + 500
            self.counts[error.code] += 1
            return
        self.counts["asked"] += 1
        self._tell(f"asked for {engine} {params} of {wish[1]} after {closing}")
        if chance.random() < 0.2:
            self.cancel_at_ms = self.net.now_ms + chance.randrange(20, 6000)

    # Judging.

    def check(self) -> int:
        """Everything that must hold. Returns how many payments stand in the chain."""
        net = self.net
        assert not said(net, InvariantBroken), said(net, InvariantBroken)
        assert not net.world.breaches
        assert not said(net, TxDropped, chain=CHAIN)
        assert all_books_hold(net)
        n_paid = check_all(net, CHAIN, self.purse.accepted)
        assert n_paid == len(self.purse.accepted)
        for engine, n, n_closing in closings(best_chain(net, CHAIN)):
            self.counts[f"closing {engine} n={n}: {n_closing}"] += 1
            promised = PROMISED[engine](n)
            excused = n if engine in EXCUSED else 0
            assert promised <= n_closing <= promised + excused, (engine, n, n_closing)
        return n_paid


EXCUSED = ("dpos-bbft", "bbft", "pos")
"""
These finalise by two neighbouring certified rounds. Rounds of the liar and of the
crashed one break such pairs: a round of the list more of closing blocks is excused.
"""


def main(words: list[str]) -> None:
    """Play a seed and tell its story."""
    storm = "storm" in words
    seed, n_swaps = [*(int(word) for word in words if word != "storm"), 10][:2]
    fire = Fire(seed, n_swaps, storm=storm, aloud=True)
    try:
        fire.play()
        n_paid = fire.check()
    finally:
        print(dict(sorted(fire.counts.items())))
    print(f"{n_paid} payments, {len(fire.locks)} deposits: all there once")


if __name__ == "__main__":
    main(sys.argv[1:])
