"""
A network without protocol: it has the methods of the real one and a clock.

A mainchain block comes every second while something waits and every ten seconds
otherwise, a sidechain block every half second; a deposit takes two blocks to confirm
and one sidechain block to be claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha3_256
from typing import Any

from devnet.commands.host import Host
from devnet.commands.options import SideOptions, WorldOptions
from devnet.commands.session import Session
from devnet.engine.errors import (
    DevnetError,
    InsufficientFunds,
    NameTaken,
)
from devnet.engine.events import (
    BlockAdded,
    Event,
    InvariantBroken,
    TransferMoved,
    WorldStarted,
)
from devnet.engine.sidechain.claim_errors import ClaimReplayed
from devnet.engine.sidechain.swap import SwapPending

DEFAULT_SIDES = (
    SideOptions("alpha", "dpos-bbft", "tinydb"),
    SideOptions("beta", "poa", "sqlite"),
    SideOptions("gamma", "solo"),
)


class FakeReplayed(ClaimReplayed):
    """The real code, without the facts of a real claim."""

    def __init__(self, message: str) -> None:
        DevnetError.__init__(self, message)


class FakeBusySwap(SwapPending):
    """The real code, without the facts of a real swap."""

    def __init__(self, message: str) -> None:
        DevnetError.__init__(self, message)


@dataclass
class FakeAsset:
    name: str
    id: str
    decimals: int


@dataclass
class FakeTransfer:
    id: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    stage: str = "lock"
    done: int = 0
    needed: int = 2
    note: str = ""
    failed: bool = False


@dataclass
class FakeSide:
    name: str
    rule: str
    store: str
    height: int = 0
    epoch: int = 0
    swap: tuple[str, int] | None = None


class FakeNetwork:
    """Deterministic; needs a proof of work for every block when `works` says so."""

    def __init__(self, options: WorldOptions, works: FakeWorks) -> None:
        self.options, self.works = options, works
        self.now_ms, self.height, self.hurry = 0, 101, 0
        self.events: list[Event] = []
        self.depth = options.depth or 2
        self.sides = {
            side.name: FakeSide(side.name, side.engine, side.store)
            for side in (
                DEFAULT_SIDES if options.sidechains is None else options.sidechains
            )
        }
        self.coins = {
            ("alice", "main", "BTM"): 100_000 * 10**8,
            ("bob", "main", "BTM"): 100_000 * 10**8,
            ("alice", "main", "GOLD"): 1_000_000,
        }
        self._transfers: dict[str, FakeTransfer] = {}
        self.next_main_ms, self.next_side_ms = 1000, 500
        self.steps = self.alarms = self.acknowledged = 0
        self.break_at_ms: int | None = None
        self.raise_at_ms: int | None = None
        self.failure: Exception | None = None
        self.broken: set[str] = set()
        self._emit(
            WorldStarted(
                seed=options.seed, profile=options.profile, height=self.height,
                tip=self.tip("main"), depth=self.depth, quorum=3,
                members=("fed-1",), collector="fed-1", accounts=("alice", "bob"),
                n_miners=2,
            )
        )  # fmt: skip

    # Time.

    def advance(
        self, until_ms: int, keep_going: Callable[[], bool] = lambda: True
    ) -> str:
        while True:
            if self.is_paused_by_breach():
                return "breach"
            if self._next_ms() > until_ms:
                self.now_ms = max(self.now_ms, until_ms)
                return "reached"
            if self.step_once() == "work":
                return "work"
            if not keep_going():
                return "stopped"

    def step_once(self) -> str:
        self._alive()
        if self.is_paused_by_breach():
            return "breach"
        at_ms = self._next_ms()
        if at_ms == self.next_main_ms and not self.works.ready(self.height):
            return "work"
        self.now_ms, self.steps = at_ms, self.steps + 1
        if self.raise_at_ms is not None and at_ms >= self.raise_at_ms:
            self.failure = RuntimeError("the fake broke")
            self._alive()
        if self.break_at_ms is not None and at_ms >= self.break_at_ms:
            self._breach()
        elif at_ms == self.next_main_ms:
            self._main_block()
        else:
            self._side_blocks()
        return "stepped"

    def _alive(self) -> None:
        """Like the real one: what failed once fails whatever is asked of it."""
        if self.failure is not None:
            raise self.failure

    def is_paused_by_breach(self) -> bool:
        return self.alarms > self.acknowledged

    def acknowledge(self) -> None:
        self.acknowledged = self.alarms

    def _next_ms(self) -> int:
        return min(self.next_main_ms, self.next_side_ms)

    def _breach(self) -> None:
        self.break_at_ms = None
        self.alarms += 1
        self.broken.add("alpha")
        self._emit(
            InvariantBroken(
                invariant="I1", chain="alpha", main_height=self.height,
                side_height=self.sides["alpha"].height, detail="1 BTM is missing",
            )
        )  # fmt: skip

    def _main_block(self) -> None:
        self.height += 1
        waiting = self.hurry > 0 or any(
            one.stage != "claimed" for one in self._transfers.values()
        )
        self.next_main_ms += 1000 if waiting else 10_000
        self._added("main", self.height)
        for one in self._transfers.values():
            if one.stage == "lock":
                self._move(one, stage="confirm", done=1, needed=self.depth)
            elif one.stage == "confirm" and one.done < self.depth:
                self._move(one, stage="confirm", done=one.done + 1)
            elif one.stage == "confirm":
                self._move(one, stage="claim", done=0)

    def _side_blocks(self) -> None:
        self.next_side_ms += 500
        for side in self.sides.values():
            side.height += 1
            self._added(side.name, side.height)
            if side.swap and side.height > side.swap[1]:
                side.rule, side.epoch, side.swap = side.swap[0], side.epoch + 1, None
        for one in self._transfers.values():
            if one.stage == "claim":
                key = (one.to, one.chain, one.asset)
                self.coins[key] = self.coins.get(key, 0) + one.amount
                self._move(one, stage="claimed")

    def _move(self, one: FakeTransfer, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(one, name, value)
        self._emit(
            TransferMoved(
                transfer=one.id, stage=one.stage, done=one.done, needed=one.needed
            )
        )

    def _added(self, chain: str, height: int) -> None:
        self._emit(
            BlockAdded(
                chain=chain, height=height, id=self.tip(chain), producer="x", n_txs=0
            )
        )

    def _emit(self, event: Event) -> None:
        self.events.append(replace(event, seq=len(self.events), at_ms=self.now_ms))

    # Reads.

    def accounts(self) -> tuple[str, ...]:
        return ("alice", "bob", "carol")

    def assets(self) -> dict[str, FakeAsset]:
        return {
            "BTM": FakeAsset("BTM", "ff" * 32, 8),
            "GOLD": FakeAsset("GOLD", "9d" * 32, 0),
        }

    def asset(self, name: str) -> FakeAsset:
        return self.assets()[name]

    def balance(self, who: str, chain: str, asset: str) -> int:
        return self.coins.get((who, chain, asset), 0)

    def chain_names(self) -> tuple[str, ...]:
        return ("main", *self.sides)

    def sidechain_names(self) -> tuple[str, ...]:
        return tuple(self.sides)

    def main_height(self) -> int:
        return self.height

    def rule(self, name: str) -> str:
        return self.sides[name].rule

    def tip(self, name: str) -> str:
        height = self.height if name == "main" else self.sides[name].height
        return sha3_256(f"{self.options.seed} {name} {height}".encode()).hexdigest()

    def show(self, name: str) -> dict[str, Any]:
        if name == "main":
            return {"name": "main", "height": self.height, "tip": self.tip("main")}
        side = self.sides[name]
        return {
            "name": name, "height": side.height, "tip": self.tip(name),
            "rule": side.rule, "epoch": side.epoch, "final": max(0, side.height - 1),
            "store": side.store,
        }  # fmt: skip

    def transfer(self, transfer_id: str) -> FakeTransfer:
        return self._transfers[transfer_id]

    def transfers(self) -> tuple[FakeTransfer, ...]:
        return tuple(self._transfers.values())

    def backed(self, name: str) -> bool:
        return name not in self.broken

    def frozen(self, name: str) -> bool:
        return name in self.broken

    def digest(self) -> str:
        state = (self.now_ms, self.steps, sorted(self.coins.items()), self.height)
        return sha3_256(repr(state).encode()).hexdigest()

    def close(self) -> None:
        self.closed = True

    # Acts.

    def raw_main_blocks(self) -> list[str]:
        return [f"{height:04x}" for height in range(self.height + 1)]

    def next_at_ms(self) -> int:
        return self._next_ms()

    def take_block(self, block: Any, clock_s: int, following: Any = ()) -> str:
        self._alive()
        return "known"

    def set_hurry(self, delta: int, mines: bool = False) -> None:
        self._alive()
        self.hurry += delta
        if self.hurry > 0:
            self.next_main_ms = min(self.next_main_ms, self.now_ms + 1000)

    def lock(
        self, who: str, amount: int, asset: str, sidechain: str, to: str | None = None
    ) -> str:
        self._take(who, "main", asset, amount)
        name = f"d{len(self._transfers) + 1}"
        self._transfers[name] = FakeTransfer(
            name, who, to or who, sidechain, asset, amount
        )
        self.next_main_ms = min(self.next_main_ms, self.now_ms + 1000)
        return name

    def transfer_value(
        self, sender: str, receiver: str, amount: int, asset: str, chain: str
    ) -> str:
        self._take(sender, chain, asset, amount)
        key = (receiver, chain, asset)
        self.coins[key] = self.coins.get(key, 0) + amount
        return sha3_256(repr((sender, receiver, amount)).encode()).hexdigest()

    def _take(self, who: str, chain: str, asset: str, amount: int) -> None:
        held = self.balance(who, chain, asset)
        if held < amount:
            raise InsufficientFunds(f"{who} has {held} on {chain}, needs {amount}")
        self.coins[who, chain, asset] = held - amount

    def claim(self, transfer_id: str) -> str:
        if self._transfers[transfer_id].stage == "claimed":
            raise FakeReplayed(f"{transfer_id} is claimed already")
        return "ab" * 32

    def request_swap(
        self, sidechain: str, engine: str, at: int | None = None,
        validators: Any = None, params: Any = None,
    ) -> int:  # fmt: skip
        side = self.sides[sidechain]
        if side.swap:
            raise FakeBusySwap(f"{sidechain} swaps already")
        closing = side.height + 10 if at is None else at
        if closing < side.height + 10:
            raise FakeBusySwap(f"the notice is 10 blocks, {closing} is too soon")
        side.swap = (engine, closing)
        return closing

    def new_sidechain(
        self, name: str, engine: str, n_validators: int = 4, store: str = "memory",
        params: Any = None,
    ) -> None:  # fmt: skip
        if name in self.sides:
            raise NameTaken(f"{name} is there already")
        self.sides[name] = FakeSide(name, engine, store)


@dataclass
class FakeWorks:
    """Proofs of work that are there at once, or only after a wait."""

    slow: bool = False
    n_waits: int = 0
    known: set[int] = field(default_factory=set)
    asked: int = 0

    def ready(self, height: int) -> bool:
        self.asked = height
        return not self.slow or height in self.known

    def wait(self, timeout_s: float) -> bool:
        self.n_waits += 1
        self.known.add(self.asked)
        return True


class FakeCatalogue:
    def engines(self) -> tuple[str, ...]:
        return ("dpos-bbft", "poa", "solo")

    def stores(self) -> tuple[str, ...]:
        return ("memory", "sqlite", "tinydb")


def fake_host(works: FakeWorks | None = None) -> Host:
    works = works or FakeWorks()
    return Host(
        make_network=lambda options: FakeNetwork(options, works),
        works=works,
        catalogue=FakeCatalogue(),
    )


def fake_session(works: FakeWorks | None = None, **options: Any) -> Session:
    return Session(fake_host(works), **options)
