"""
What happened, as frozen records in one ordered stream.

Screens, logs, recordings and the API have no other way to learn of the engine. An event
is past tense, flat and small; big things are named by hash. `seq` has no gaps; `at_ms`
is virtual time. A name of a chain is "main" or the name of a sidechain. Hashes are
64 hex digits, amounts are ints in the smallest unit of their asset.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that happened. `seq` and `at_ms` are set when it enters the stream."""

    seq: int = -1
    at_ms: int = -1

    kinds: ClassVar[dict[str, type[Event]]] = {}

    @property
    def kind(self) -> str:
        """The name under which recordings and filters know it."""
        return type(self).__name__

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a line of JSON, `kind` included."""
        return {"kind": self.kind, **asdict(self)}


def event_from_dict(values: dict[str, Any]) -> Event:
    """The event that `as_dict` wrote. Lists become tuples again."""
    kind = EVENT_KINDS[values["kind"]]
    known = {field.name for field in fields(kind)}
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known
    }
    return kind(**plain)


# The world.


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldStarted(Event):
    """A world came to be, with its mainchain at the end of the starter chain."""

    seed: int
    profile: str
    height: int
    tip: str
    depth: int
    quorum: int
    members: tuple[str, ...]
    collector: str
    accounts: tuple[str, ...]
    n_miners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKnown(Event):
    """An asset has a name here: BTM, and those that accounts issued."""

    asset: str
    id: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdded(Event):
    """One more account: with a key of its own, or of several signers."""

    who: str
    address: str
    signers: tuple[str, ...]
    quorum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SidechainAdded(Event):
    """A sidechain runs: at the start, or made while others were running."""

    name: str
    chain_id: str
    engine: str
    store: str
    finality: str
    validators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChanged(Event):
    """What an account can spend on a chain, as the newest block there has it."""

    who: str
    chain: str
    asset: str
    amount: int


# Blocks and transactions.


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningTried(Event):
    """A miner has tried so many nonces for this height. At most four a second."""

    node: str
    height: int
    tries: int
    expected_tries: int
    since_tip_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAdded(Event):
    """A block joined the best chain."""

    chain: str
    height: int
    id: str
    producer: str
    n_txs: int
    n_locks: int = 0
    n_payouts: int = 0
    size: int = 0
    epoch: int = 0
    engine: str = ""
    closing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUndone(Event):
    """A block left the best chain: another branch won."""

    chain: str
    height: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFinal(Event):
    """A sidechain block, and all before it, cannot be undone under its rule."""

    chain: str
    height: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TxQueued(Event):
    """
    A transaction entered a mempool. `what`: payment, lock, claim, record, issuance,
    retirement, fingerprint.
    """

    chain: str
    id: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TxHeld(Event):
    """A transaction came before what it spends; a node keeps it for a while."""

    chain: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TxDropped(Event):
    """A transaction left a mempool without being mined."""

    chain: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TxsMined(Event):
    """Transactions left a mempool because a block carries them. No coinbase here."""

    chain: str
    height: int
    ids: tuple[str, ...]


# Transfers between chains.


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStarted(Event):
    """Somebody locked value for a sidechain. `to` is the claim script's owner."""

    transfer: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    lock_tx: str
    lock_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMoved(Event):
    """
    A transfer entered a stage, or counted on in it.

    Deposits: lock, confirm, proof, claim, claimed. `done` of `needed` counts inside a
    stage. `failed` says that it broke here, with the reason.
    """

    transfer: str
    stage: str
    done: int = 0
    needed: int = 0
    note: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCrafted(Event):
    """The collector made a Claim: its size, its proof, who signed it."""

    transfer: str
    chain: str
    tx: str
    proof_bytes: int
    n_hashes: int
    collector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimJudged(Event):
    """A validator ran C1 to C18 on a Claim. `failed` names the first that broke."""

    transfer: str
    chain: str
    validator: str
    tx: str
    n_passed: int
    failed: str = ""
    reason: str = ""


# Consensus.


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusSent(Event):
    """A validator sent a message of its rule. `to` is "all" or a name."""

    chain: str
    validator: str
    to: str
    what: str
    height: int
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusGot(Event):
    """A message of a rule arrived."""

    chain: str
    validator: str
    sender: str
    what: str
    height: int
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusSaid(Event):
    """The rule's own one-line account, when it changed."""

    chain: str
    text: str
    proposer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorChanged(Event):
    """A validator is up, down or caught lying."""

    chain: str
    validator: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapProposed(Event):
    """Somebody asked the validators to change the rule after a height."""

    chain: str
    engine: str
    old_engine: str
    closing_height: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapApproved(Event):
    """One more validator signed the swap."""

    chain: str
    validator: str
    approvals: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapScheduled(Event):
    """The swap record is in a block: the rule will change after this height."""

    chain: str
    engine: str
    closing_height: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapDropped(Event):
    """The swap will not happen."""

    chain: str
    engine: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSwapped(Event):
    """The first block of the new rule joined the chain."""

    chain: str
    old_engine: str
    engine: str
    height: int
    epoch: int
    validators: tuple[str, ...]
    finality: str


# What somebody breaks on purpose.


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStarted(Event):
    """A fault is at work from now on."""

    fault: str
    target: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEnded(Event):
    """A fault is over."""

    fault: str
    target: str


# What the auditor says.


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(Event):
    """The books of one sidechain were recomputed. Amounts are per asset, in order."""

    chain: str
    main_height: int
    side_height: int
    ok: bool
    assets: tuple[str, ...]
    locked: tuple[int, ...]
    circulating: tuple[int, ...]
    arriving: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantBroken(Event):
    """A sum or an order that must always hold does not hold. Pauses the world."""

    invariant: str
    chain: str
    main_height: int
    side_height: int
    detail: str


# Refusals and failures.


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """A command was refused. Nothing changed."""

    command: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFailed(Event):
    """A bug: the world stands still, everything stays readable."""

    message: str
    replay: str


EVENT_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in Event.__subclasses__()
}
"""Every event by its name."""
