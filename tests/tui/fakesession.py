"""A session without an engine: a stream that is there, and lines that are kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fakefacts import made_up_facts
from fakepeg import collector_locks, contract, council, member_names, stories

from devnet.commands.pacer import Pacer
from devnet.engine.errors import DevnetError, UnknownName
from devnet.engine.events import Event, Refused
from devnet.plugins import load_engine
from devnet.tui.folds.alarms import TERMS
from devnet.tui.state import State, reduce_all


def _kind(name: str, target: str, does: str, sees: str, unit: str = "") -> Any:
    return SimpleNamespace(
        name=name, target=target, does=does, sees=sees, unit=unit,
        default=30 if unit else 0, low=1 if unit else 0, high=100 if unit else 0,
    )  # fmt: skip


FAULT_KINDS = (
    _kind("loss", "network", "a share of all messages never arrives",
          "certificates take longer; each second all tell another what they have", "%"),
    _kind("kill", "validator", "its process is gone; its disk stays",
          "its turns pass; after mending it catches up and votes on, never twice"),
    _kind("equivocate", "validator", "makes two blocks a turn, one for each half",
          "at most one is certified"),
)  # fmt: skip


class FakeNetwork:
    """Holds the stream; answers from the state that the screens would fold from it."""

    def __init__(self, events: list[Event]) -> None:
        self.events = list(events)
        self.state = reduce_all(State(), events)
        self.facts: dict[str, Any] = {}
        self.inspections: dict[str | None, Any] = {}
        self.frozen_pegs: set[str] = set()

    @property
    def now_ms(self) -> int:
        """The time of the last event."""
        return self.events[-1].at_ms if self.events else 0

    def accounts(self) -> tuple[str, ...]:
        """Names."""
        return self.state.accounts

    def assets(self) -> dict[str, Any]:
        """Name to facts."""
        return {
            name: SimpleNamespace(name=name, decimals=decimals)
            for name, decimals in self.state.decimals.items()
        }

    def asset(self, name: str) -> Any:
        """Facts of one asset."""
        return self.assets()[name]

    def sidechain_names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(lane.name for lane in self.state.lanes)

    def chain_names(self) -> tuple[str, ...]:
        """The mainchain first."""
        return ("main", *self.sidechain_names())

    def main_height(self) -> int:
        """Height of the mainchain."""
        return self.state.main.height

    def show(self, name: str) -> dict[str, Any]:
        """Facts of a sidechain."""
        lane = self.state.lane(name)
        assert lane is not None
        return {
            "name": name,
            "height": lane.height,
            "rule": lane.engine,
            "candidates": ["bob"],
            "validators": list(self.validator_names(name)),
        }

    def validator_names(self, name: str) -> tuple[str, ...]:
        """The seats of a sidechain."""
        lane = self.state.lane(name)
        assert lane is not None
        return tuple(one.name for one in lane.validators)

    def consensus_facts(self, name: str) -> Any:
        """What a test put there, or what fits the made-up stream."""
        lane = self.state.lane(name)
        assert lane is not None
        return self.facts.get(name) or made_up_facts(lane)

    def engine_info(self, name: str) -> Any:
        """The engine's own words: no world is needed for them."""
        return load_engine(name).info

    def fault_kinds(self) -> Any:
        """The table of faults."""
        return FAULT_KINDS

    @property
    def world(self) -> Any:
        """Its faults, as far as the stream tells of them."""
        faults = [
            SimpleNamespace(id=one.id, kind=one.fault, target=one.target)
            for one in self.state.faults
        ]
        people = [SimpleNamespace(name=name) for name in self.state.members]
        return SimpleNamespace(faults=faults, members=people, collectors=people[:1])

    def validators(self, name: str) -> list[dict[str, Any]]:
        """The seats, and bob who stands for one."""
        seats = self.validator_names(name)
        return [
            {
                "name": one,
                "key": "00" * 32,
                "state": "stands" if one == "bob" else "founder",
                "votes": 500 * 10**8 if one == "bob" else 0,
                "approvals": 0,
                "weight": 0,
                "bond": 100 * 10**8 if one == "bob" else 0,
                "bond_free_at": None,
                "acts": one != "bob",
                "elected": one != seats[-1],
                "from_height": 433 if one != seats[-1] else None,
            }
            for one in (*seats, "bob")
        ]

    def seats(self, name: str, role: int) -> list[dict[str, Any]]:
        """Nobody stands for another seat."""
        return []

    def transfers(self) -> list[Any]:
        """All transfers."""
        return list(self.state.transfers)

    def describe_block(self, which: str = "tip", chain: str | None = None) -> Any:
        """What the stream knows of a block."""
        for event in reversed(self.events):
            if event.kind == "BlockAdded" and (event.chain, event.height) == (
                chain or "main",
                int(which),
            ):
                transactions = [{"id": event.id, "kind": "coinbase"}]
                return {"hash": event.id, "transactions": transactions, "raw": "00ff"}
        raise UnknownName(f"{chain} has no block {which}", hint="Its tip is 128.")

    def inspect_claim(self, transfer: str, tamper: str | None = None) -> Any:
        """What a test put there."""
        return self.inspections[tamper]

    # The federation.

    def frozen(self, name: str) -> bool:
        """What a test says."""
        return name in self.frozen_pegs

    def balance_sheet(self, name: str) -> Any:
        """What the stream's auditor said last."""
        lane = self.state.lane(name)
        assert lane is not None
        books = lane.books
        rows = [
            SimpleNamespace(
                name=one.asset,
                decimals=self.state.decimals.get(one.asset, 0),
                sums=SimpleNamespace(
                    locked=one.locked,
                    written_off=0,
                    term=dict(zip(TERMS, one.terms, strict=True)).__getitem__,
                ),
            )
            for one in (books.rows if books else ())
        ]
        heights = (books.main_height, books.side_height) if books else (0, lane.height)
        main, side = (SimpleNamespace(height=height) for height in heights)
        return SimpleNamespace(main=main, side=side, rows=rows)

    def contract(self, chain: str, who: str | None = None) -> Any:
        """A real one, of made-up members."""
        return contract(chain, who)

    def council(self, chain: str) -> Any:
        """Made-up votes, bonds and epochs."""
        return council(chain)

    def collector_locks(self) -> Any:
        """Made-up states, one of each kind."""
        return collector_locks()

    def member_names(self) -> dict[bytes, str]:
        """Names of the made-up members."""
        return member_names()

    def withdrawals(self) -> Any:
        """One for each withdrawal of the stream."""
        return stories(self.state)

    def withdrawal(self, name: str) -> Any:
        """The same, one of them."""
        return next(one for one in stories(self.state) if one.transfer == name)

    def asset_name(self, asset: bytes) -> str:
        """BTM, or the one other asset."""
        return "BTM" if asset == b"\xff" * 32 else "GOLD"

    def tampers(self) -> dict[str, str]:
        """The forgeries that a test put there."""
        return {name: f"change {name}" for name in self.inspections if name}


class FakeSession:
    """What the app asks of a session, and what it was asked."""

    def __init__(self, events: list[Event], *, read_only: bool = False) -> None:
        self.network = FakeNetwork(events)
        self.read_only = read_only
        self.pacer = Pacer(paused=True)
        self.n_worlds, self.has_network = 1, True
        self.fault: DevnetError | None = None
        self.busy = False
        self.wants_to_quit = False
        self.history: list[str] = []
        self.lines: list[str] = []
        self.refuse: DevnetError | None = None
        self.answer = "done"
        self.status = "reached"
        self.n_slices = 0
        self.held = SimpleNamespace(is_known=False)
        self.catalogue = SimpleNamespace(
            engines=lambda: ("dpos-bbft", "poa", "solo"),
            stores=lambda: ("memory", "sqlite", "tinydb"),
        )

    @property
    def now_ms(self) -> int:
        """Virtual time."""
        return self.network.now_ms

    def advance(self, until_ms: int, keep_going: object = None) -> str:
        """Nothing happens by itself."""
        self.n_slices += 1
        return self.status

    def begin(self, line: str, number: int = 1, told=lambda outcome: None) -> Any:
        """Keep the line; answer as `refuse` says."""
        self.lines.append(line)
        if self.refuse is not None:
            # The real session says each refusal once, in the stream.
            refused = Refused(
                command=line.split()[0],
                code=self.refuse.code,
                message=self.refuse.message,
                hint=self.refuse.hint,
                seq=len(self.network.events),
                at_ms=self.now_ms,
            )
            self.network.events.append(refused)
        if line in ("pause", "resume"):
            pause = line == "pause"
            self.pacer = self.pacer.pause() if pause else self.pacer.resume()
        outcome = SimpleNamespace(
            ok=self.refuse is None,
            verb=line.split()[0],
            error=self.refuse,
            text="" if self.refuse else f"{self.answer}: {line}",
            result=None,
        )
        told(outcome)
        return SimpleNamespace(done=True, outcome=outcome)

    def complete(self, text: str, cursor: int | None = None) -> list[Any]:
        """Verbs that begin so."""
        return [
            SimpleNamespace(text=verb, meta="")
            for verb in ("lock", "swap")
            if text and verb.startswith(text)
        ]

    def explain(self, text: str) -> Any:
        """A signature."""
        return SimpleNamespace(text="lock <WHO> AMOUNT ASSET SIDECHAIN")
