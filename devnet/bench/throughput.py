"""
How many transactions a sidechain takes: for each engine and store, and where the time
goes. Signed 1-in-2-out payments are made beforehand; raw bytes go in at the door of the
first validator, the others hear of them, a block takes them, everybody follows it, the
database has it. Virtual time passes meanwhile as fast as it can.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from devnet.bench.cheap import cheap_network
from devnet.bench.loads import (
    hand_in,
    hand_in_singly,
    loaded_network,
    n_mined,
    run_until,
    side_of,
)
from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
    timed,
)
from devnet.bench.payments import verified_alone
from devnet.bench.phases import Meter
from devnet.engine.errors import DevnetError
from devnet.engine.keys import ed25519
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.rules.memo import forget_verdicts
from devnet.plugins import engine_names, store_names

WANTED_PER_S = 3000
N_ROUND = 1000
"""Transactions of one submission, about as many as a block takes."""
N_SUSTAINED = 30_000
N_SHARES = 5_000
"""Transactions of the run that tells the shares."""
MAIN_ENGINE, MAIN_STORES = "dpos-bbft", ("memory", "tinydb", "sqlite")
CHAIN = "beta"
N_CHAINS = 10
N_CROWD, N_FEW = 100, 4
SPAN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Row:
    """What one engine did with one store."""

    engine: str
    store: str
    n_blocks: int
    n_txs: int
    cpu_s: float
    wall_s: float
    shares: dict[str, float]

    def as_values(self) -> dict[str, Any]:
        """For people and for JSON."""
        return {
            "pair": f"{self.engine} on {self.store}",
            "tx_per_s": round(self.n_txs / self.cpu_s),
            "tx_per_s_wall": round(self.n_txs / self.wall_s),
            "blocks": self.n_blocks,
            "shares": self.shares,
        }


def sustained(
    n_pairs: int,
    n_txs: int = N_SUSTAINED,
    engines: Iterable[str] | None = None,
    stores: Iterable[str] | None = None,
) -> Measured:
    """
    CPU per transaction of the slowest engine on the stores that every devnet has,
    against a three-thousandth of a second. Every other pair is told, too.
    """
    rows: list[Row] = []
    skipped: list[str] = []
    for engine in engines or engine_names():
        for store in stores or store_names():
            try:
                rows.append(measure_row(SidechainSpec(CHAIN, engine, store), n_txs))
            except BenchWrong:
                raise
            except DevnetError as error:
                skipped.append(f"{engine} on {store}: {error.message}")
    counted = [row for row in rows if row.store in MAIN_STORES]
    if not counted:
        raise BenchUnable(f"nothing could be measured: {'; '.join(skipped)}")
    slowest = max(counted, key=lambda row: row.cpu_s / row.n_txs)
    pairs = Pairs((slowest.cpu_s / slowest.n_txs,), (1 / WANTED_PER_S,))
    largest = max(slowest.shares, key=lambda phase: slowest.shares[phase])
    facts = {
        "rows": [row.as_values() for row in rows],
        "skipped": skipped,
        "bound_by": f"one core; of {slowest.engine} on {slowest.store} "
        f"{slowest.shares[largest]:.0%} is {largest}",
    }
    return Measured(pairs, "cpu", Target(1.0), facts)


def measure_row(spec: SidechainSpec, n_txs: int) -> Row:
    """Transactions through one sidechain: first for the time, then for the shares."""
    n_rounds = max(1, n_txs // N_ROUND)
    with TemporaryDirectory() as folder:
        net, rounds = loaded_network(spec, N_ROUND, n_rounds, Path(folder))
        first = side_of(net, CHAIN).tree[side_of(net, CHAIN).head].height
        began_s, wall_s = _fresh_clock(), time.perf_counter()
        _pour(net, rounds)
        cpu_s, wall_s = time.process_time() - began_s, time.perf_counter() - wall_s
        last = side_of(net, CHAIN).tree[side_of(net, CHAIN).head].height
        net.close()
    return Row(
        spec.engine,
        spec.store,
        last - first,
        n_rounds * N_ROUND,
        cpu_s,
        wall_s,
        _shares(spec, min(n_rounds, N_SHARES // N_ROUND)),
    )


def _shares(spec: SidechainSpec, n_rounds: int) -> dict[str, float]:
    meter = Meter()
    with TemporaryDirectory() as folder:
        net, rounds = loaded_network(spec, N_ROUND, n_rounds, Path(folder))
        _fresh_clock()
        with meter.watching(tuple(net.stores.values())):
            _pour(net, rounds)
        net.close()
    return meter.shares()


def _fresh_clock() -> float:
    """Nothing is remembered and no rubbish lies about; CPU seconds now."""
    ed25519.forget_answers()
    forget_verdicts()
    gc.collect()
    return time.process_time()


def _pour(
    net: Network,
    rounds: Iterable[tuple[bytes, ...]],
    door: Callable[[Network, str, tuple[bytes, ...]], None] = hand_in,
) -> None:
    """Hand in a round when the one before is in blocks; wait for the last."""
    goal = n_mined(net, CHAIN)
    for raws in rounds:
        door(net, CHAIN, raws)
        goal += len(raws)
        run_until(net, lambda goal=goal: n_mined(net, CHAIN) >= goal)  # type: ignore[misc]
    if n_mined(net, CHAIN) != goal:
        raise BenchWrong(f"{n_mined(net, CHAIN)} transactions came in, not {goal}")


def through_engine(n_pairs: int) -> Measured:
    """
    T11: one validator, memory: raw bytes of 1000 payments to their stored block,
    against their bare signatures.
    """
    spec = SidechainSpec(CHAIN, "solo", "memory", 1)
    net, rounds = loaded_network(spec, N_ROUND, n_pairs + 1)
    verify_all, n_verified = verified_alone()
    times = []
    for raws in rounds:
        began_s = _fresh_clock()
        _pour(net, (raws,))
        spent_s = time.process_time() - began_s
        bare_s = timed(verify_all, time.process_time)
        times.append((spent_s / N_ROUND, bare_s / n_verified))
    subject_s, yardstick_s = zip(*times[1:], strict=True)  # The first warms up.
    per_tx = Pairs(subject_s, yardstick_s)
    facts = {"tx_per_s": round(1 / median(per_tx.subject_s))}
    return Measured(per_tx, "cpu", Target(3.0), facts)


def one_call_each(n_pairs: int, n_round: int = N_ROUND) -> Measured:
    """CPU of a payment that comes by a call of its own, to the stored block."""
    spec = SidechainSpec(CHAIN, MAIN_ENGINE)
    net, rounds = loaded_network(spec, n_round, n_pairs + 1)
    times = []
    for raws in rounds:
        began_s = _fresh_clock()
        _pour(net, (raws,), hand_in_singly)
        times.append((time.process_time() - began_s) / n_round)
    per_tx = Pairs(tuple(times[1:]), (1 / WANTED_PER_S,) * n_pairs)
    facts = {"tx_per_s": round(1 / median(per_tx.subject_s))}
    return Measured(per_tx, "cpu", Target(1.0), facts)


def many_sidechains(n_pairs: int) -> Measured:
    """Ten sidechains of four validators against one, for the same virtual time."""
    one, ten = (
        cheap_network(tuple(_numbered(n) for n in range(n_chains)))
        for n_chains in (1, N_CHAINS)
    )
    pairs = in_turn(_living(ten), _living(one), n_pairs)
    facts = {"sidechains": N_CHAINS, "virtual_ms": SPAN_MS}
    return Measured(pairs, "cpu", Target(10.5), facts)


def _numbered(number: int) -> SidechainSpec:
    return SidechainSpec(f"chain-{number}", MAIN_ENGINE)


def _living(net: Network) -> Callable[[], None]:
    """Let a world live for a while; a slice of it mines as much as any other."""

    def live() -> None:
        gc.collect()
        if net.advance(net.now_ms + SPAN_MS) != "reached":
            raise BenchUnable("the world does not go on")

    return live


def many_validators(n_pairs: int, engine: str = MAIN_ENGINE) -> Measured:
    """CPU of a block of 1000 on a chain of 100 validators, for each validator of 4."""
    crowd, few = (
        loaded_network(SidechainSpec(CHAIN, engine, "memory", n), N_ROUND, n_pairs + 1)
        for n in (N_CROWD, N_FEW)
    )

    def taking(net: Network, rounds: Iterable[tuple[bytes, ...]]) -> Callable[[], None]:
        each = iter(rounds)
        return lambda: _pour(net, (next(each),))

    pairs = in_turn(taking(*crowd), taking(*few), n_pairs)
    facts = {"engine": engine, "ms_per_1000_txs": 1000 * median(pairs.subject_s)}
    return Measured(pairs, "cpu", Target(25.0), facts)


SUBJECTS = (
    Subject(
        "T11", "raw bytes to a stored block", "its bare signatures", through_engine
    ),
    Subject(
        "throughput",
        "a transaction, on the slowest engine and store",
        "1/3000 s",
        sustained,
    ),
    Subject("door", "a payment by a call of its own", "1/3000 s", one_call_each),
    Subject(
        "sidechains", "10 sidechains of 4 validators", "one of them", many_sidechains
    ),
    Subject("crowd", "1000 payments on 100 validators", "on 4", many_validators),
)

__all__ = ["SUBJECTS", "many_validators", "measure_row", "one_call_each", "sustained"]
