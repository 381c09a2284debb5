"""
What screens show, as frozen values. `state.py` folds events into them, `draw/` turns
them into text. Times are virtual milliseconds, amounts ints in the asset's smallest
unit, hashes 64 hex digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEPOSIT_STAGES = ("lock", "confirm", "proof", "claim", "claimed")
WITHDRAWAL_STAGES = ("burn", "confirm", "sign", "pay", "settled")


@dataclass(frozen=True, slots=True)
class BlockView:
    """One block of a lane. `lost_ms` is when another branch replaced it, or -1."""

    height: int
    id: str
    n_txs: int
    producer: str = ""
    n_locks: int = 0
    n_payouts: int = 0
    size: int = 0
    epoch: int = 0
    engine: str = ""
    closing: bool = False
    at_ms: int = -1


@dataclass(frozen=True, slots=True)
class TxView:
    """A transaction that waits in a mempool."""

    chain: str
    id: str
    what: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class MiningView:
    """What is known of the block being mined: the tries of all miners together."""

    height: int
    tries: int
    expected_tries: int
    since_tip_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class MainView:
    """
    The mainchain lane. `blocks` are the newest, `lost` those just undone; `mined` is
    how the tip was found.
    """

    height: int = 0
    tip: str = ""
    n_miners: int = 0
    profile: str = ""
    blocks: tuple[BlockView, ...] = ()
    lost: tuple[BlockView, ...] = ()
    lost_at_ms: int = -1
    mining: MiningView | None = None
    mined: MiningView | None = None
    tip_ms: int = 0


@dataclass(frozen=True, slots=True)
class ValidatorView:
    """One seat: `state` is up, down, lying, convicted, or "stopped: ..."."""

    name: str
    state: str = "up"


@dataclass(frozen=True, slots=True)
class SwapView:
    """One change of rule. `stage`: asked, scheduled, done, dropped."""

    old_engine: str
    engine: str
    closing_height: int
    stage: str
    approvals: int = 0
    needed: int = 0
    height: int = 0
    epoch: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message of a consensus rule: sent, or arrived."""

    at_ms: int
    validator: str
    other: str
    what: str
    height: int
    round: int
    arrived: bool


@dataclass(frozen=True, slots=True)
class SumsView:
    """
    The books of one asset: what is locked, and what that must cover, in this order:
    circulating, arriving, leaving, burned, donated, stranded.
    """

    asset: str
    locked: int
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BooksView:
    """The auditor's last word on a sidechain."""

    main_height: int
    side_height: int
    ok: bool
    rows: tuple[SumsView, ...] = ()


@dataclass(frozen=True, slots=True)
class LaneView:
    """
    One sidechain. `counts`: messages sent in the newest rounds, by (height, round) and
    kind; one to everybody counts for each of them. `handover`: the members who signed
    the one that is on its way.
    """

    name: str
    chain_id: str
    engine: str
    store: str
    finality: str
    validators: tuple[ValidatorView, ...]
    height: int = 0
    tip: str = ""
    final_height: int = 0
    epoch: int = 0
    blocks: tuple[BlockView, ...] = ()
    proposer: str = ""
    said: str = ""
    swap: SwapView | None = None
    swaps: tuple[SwapView, ...] = ()
    messages: tuple[MessageView, ...] = ()
    txs_by_second: tuple[tuple[int, int], ...] = ()
    books: BooksView | None = None
    broken: str = ""
    moving_to: str = ""
    counts: tuple[tuple[tuple[int, int], Mapping[str, int]], ...] = ()
    handover: tuple[str, ...] = ()

    @property
    def n_down(self) -> int:
        """Validators that do nothing: down, or without the engine that they need."""
        return sum(one.state.startswith(("down", "stopped")) for one in self.validators)

    @property
    def n_lying(self) -> int:
        """Validators that lie, convicted or not."""
        return sum(one.state in ("lying", "convicted") for one in self.validators)

    @property
    def in_trouble(self) -> bool:
        """Does this lane want to be looked at?"""
        ill = any(validator.state != "up" for validator in self.validators)
        return bool(self.broken or ill or self.swap)


@dataclass(frozen=True, slots=True)
class TransferView:
    """A deposit or a withdrawal, its stage, and what was said about it."""

    id: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    stage: str
    done: int = 0
    needed: int = 0
    note: str = ""
    failed: bool = False
    dismissed: bool = False
    finished: bool = False
    lock_tx: str = ""
    address: str = ""
    started_ms: int = 0
    moved_ms: int = 0
    proof_bytes: int = 0
    n_hashes: int = 0
    claim_tx: str = ""
    judged_by: tuple[str, ...] = ()

    @property
    def is_deposit(self) -> bool:
        """Down from the mainchain, not up."""
        return self.stage in DEPOSIT_STAGES and not self.id.startswith("w")

    @property
    def stages(self) -> tuple[str, ...]:
        """The five stages that it passes."""
        return DEPOSIT_STAGES if self.is_deposit else WITHDRAWAL_STAGES


@dataclass(frozen=True, slots=True)
class BreachView:
    """An invariant that failed: the world was paused for it."""

    invariant: str
    chain: str
    main_height: int
    side_height: int
    detail: str


@dataclass(frozen=True, slots=True)
class FaultView:
    """A fault at work: what is broken on purpose, where, until when; -1: no end."""

    fault: str
    target: str
    detail: str = ""
    id: str = ""
    until_ms: int = -1
    until_height: int = -1

    @property
    def chain(self) -> str:
        """The chain that it hits."""
        return self.target.partition(".")[0]


@dataclass(frozen=True, slots=True)
class FailureView:
    """A bug in the engine, and how to see it again."""

    message: str
    replay: str


@dataclass(frozen=True, slots=True)
class State:
    """
    Everything that the screens know. Made by folding the stream, nothing else.
    `n_holders` counts what happened to members and collectors.
    """

    seed: int = 0
    profile: str = ""
    depth: int = 0
    quorum: int = 0
    members: tuple[str, ...] = ()
    collectors: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    asset_ids: Mapping[str, str] = field(default_factory=dict)
    main: MainView = MainView()
    lanes: tuple[LaneView, ...] = ()
    transfers: tuple[TransferView, ...] = ()
    mempool: tuple[TxView, ...] = ()
    balances: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    faults: tuple[FaultView, ...] = ()
    breach: BreachView | None = None
    failure: FailureView | None = None
    n_holders: int = 0
    n_events: int = 0
    now_ms: int = 0

    def lane(self, name: str) -> LaneView | None:
        """The sidechain of this name."""
        return next((lane for lane in self.lanes if lane.name == name), None)

    def transfer(self, name: str) -> TransferView | None:
        """The transfer of this name."""
        return next((one for one in self.transfers if one.id == name), None)

    def balance(self, who: str, chain: str, asset: str) -> int:
        """What an account can spend on a chain."""
        return self.balances.get((who, chain, asset), 0)

    @property
    def n_in_flight(self) -> int:
        """Transfers that still move."""
        return sum(not one.finished and not one.failed for one in self.transfers)

    @property
    def n_failed(self) -> int:
        """Failed transfers that nobody has looked at yet."""
        return sum(one.failed and not one.dismissed for one in self.transfers)

    @property
    def n_down(self) -> int:
        """Validators of all sidechains that do nothing."""
        return sum(lane.n_down for lane in self.lanes)

    @property
    def n_lying(self) -> int:
        """Validators of all sidechains that lie."""
        return sum(lane.n_lying for lane in self.lanes)

    @property
    def n_audited(self) -> int:
        """Sidechains whose books the auditor has recomputed."""
        return sum(lane.books is not None for lane in self.lanes)
