"""Events of the world, of blocks and of transactions."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event

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
    collectors: tuple[str, ...]
    accounts: tuple[str, ...]
    n_miners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldResumed(Event):
    """A world came back from its folder: what was told before this is how it stands."""

    height: int
    sidechains: tuple[str, ...]
    heights: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNotKept(Event):
    """
    A world came back, and the database of a sidechain had kept nothing: the sidechain
    begins again at its genesis block, and its locks will be claimed anew.
    """

    chain: str
    store: str


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
    """
    A sidechain block, and all before it, cannot be undone under its rule. `finality` is
    the rule's kind of it: "depth" is a bet.
    """

    chain: str
    height: int
    id: str
    finality: str = ""


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
