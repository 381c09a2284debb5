"""
Small worlds for tests: made in a moment, run in virtual time, branched for free.

Proof of work is a value that comes from outside the engine, so most tests bring a cheap
pure function in its place; what the engine does with the answers is the same. Tests
that are about real blocks ask for the fixture `real_works` (conftest.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha3_256

from devnet.engine.actors.mainchain import main_peers
from devnet.engine.actors.messages import MainBlockCame
from devnet.engine.actors.reporting import report
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.mempool import Mempool, Waiting
from devnet.engine.events import Event
from devnet.engine.federation.members import Coordinator
from devnet.engine.interfaces import Store, WorkSource
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.mainchain.miner import MainNode, build_template
from devnet.engine.mainchain.view import MainView
from devnet.engine.network import Environment, Network, SidechainSpec, WorldConfig
from devnet.engine.sidechain.node import SideNode
from devnet.plugins import load_engine, load_store
from devnet.plugins.lessons import play_lesson
from devnet.starter import Starter, load_starter

ONE_SOLO = (SidechainSpec("gamma", "solo"),)
THREE = (
    SidechainSpec("alpha", "dpos-bbft"),
    SidechainSpec("beta", "poa"),
    SidechainSpec("gamma", "solo"),
)
BTM_UNITS = 10**8
LIMIT_MS = 120_000


class InstantWorks:
    """A `WorkSource` whose function costs nothing and which answers at once."""

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        return sha3_256(b"cheap work" + seed + header_hash).digest()

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        pass

    def wait(self, timeout_s: float) -> bool:
        return False

    def close(self) -> None:
        pass


class LateWorks(InstantWorks):
    """The same function; it knows nothing until it was wished for and waited for."""

    def __init__(self) -> None:
        self.wished: tuple[tuple[bytes, bytes], ...] = ()
        self.known: set[tuple[bytes, bytes]] = set()

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        if (seed, header_hash) not in self.known:
            return None
        return super().get(seed, header_hash)

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        self.wished = pairs

    def wait(self, timeout_s: float) -> bool:
        for pair in self.wished:
            if pair not in self.known:
                self.known.add(pair)
                return True
        return False


@cache
def shipped(profile: str) -> Starter:
    """The starter chain, read once for all tests."""
    return load_starter(profile)


def environment(
    works: WorkSource | None = None,
    open_store: Callable[[str, str], Store] | None = None,
    starter: Starter | None = None,
    remove_store: Callable[[str, str], object] = lambda store, chain: None,
) -> Environment:
    """What a network needs from outside, databases in memory."""
    return Environment(
        works=works or InstantWorks(),
        engine=load_engine,
        check_store=load_store,
        open_store=open_store or (lambda store, chain: load_store(store)(None)),
        starter=shipped("fast") if starter is None else starter,
        remove_store=remove_store,
        lesson=play_lesson,
    )


def network(
    sidechains: tuple[SidechainSpec, ...] = ONE_SOLO,
    *,
    works: WorkSource | None = None,
    open_store: Callable[[str, str], Store] | None = None,
    remove_store: Callable[[str, str], object] = lambda store, chain: None,
    seed: int = 7,
    **config: int,
) -> Network:
    """A new world at virtual time 0, on the shipped starter chain."""
    return Network(
        WorldConfig(seed=seed, sidechains=sidechains, **config),  # type: ignore[arg-type]
        environment(works, open_store, remove_store=remove_store),
    )


def branch(net: Network) -> Network:
    """A second network at the same world; what happens to it is its own."""
    twin = Network.__new__(Network)
    twin.__dict__.update(net.__dict__)
    twin.events = list(net.events)
    twin.stores = {}
    twin._moves = {}
    twin._listeners = []
    twin.restore(net.world)
    return twin


# Running.


def advance(net: Network, until_ms: int) -> str:
    """Let time pass up to a moment, waiting for proof of work where needed."""
    while (answer := net.advance(until_ms)) == "work":
        assert net.environment.works.wait(60.0)
    return answer


def run(net: Network, ms: int) -> str:
    """Let so much virtual time pass."""
    return advance(net, net.now_ms + ms)


def run_until(net: Network, test: Callable[[], bool], limit_ms: int = LIMIT_MS) -> None:
    """Step by step until a test holds; fails when the time is over."""
    end_ms = net.now_ms + limit_ms
    while not test():
        due = net.world.schedule.first()
        assert due is not None and due.at_ms <= end_ms, (
            f"not within {limit_ms} ms; last: {net.events[-3:]}"
        )
        answer = net.step_once()
        if answer == "work":
            assert net.environment.works.wait(60.0)
        assert answer != "breach", net.events[-1]


def run_blocks(net: Network, chain: str, n_blocks: int) -> None:
    """Until a chain is so many blocks higher; everybody runs at full pace."""
    goal = height(net, chain) + n_blocks
    with hurry(net):
        run_until(net, lambda: height(net, chain) >= goal)


@contextmanager
def hurry(net: Network) -> Iterator[None]:
    """All chains at full pace meanwhile."""
    net.set_hurry(1)
    try:
        yield
    finally:
        net.set_hurry(-1)


def height(net: Network, chain: str) -> int:
    """A chain's height as it is told."""
    if chain == "main":
        return net.main_height()
    side = net.world.sidechain(chain)
    assert side is not None
    return side.tree[side.head].height


def claimed(net: Network, *transfers: str) -> bool:
    """Have these transfers arrived for good?"""
    return all(net.transfer(name).stage == "claimed" for name in transfers)


def deposit(
    net: Network, amount: int, asset: str, chain: str, *, who: str = "alice"
) -> str:
    """A deposit from lock to claimed. Returns the transfer's id."""
    name = net.lock(who, amount, asset, chain)
    run_until(net, lambda: claimed(net, name))
    return name


# Looking.


def said(net: Network, kind: type[Event], **values: object) -> list[Event]:
    """The events of a kind whose fields have these values."""
    return [
        event
        for event in net.events
        if isinstance(event, kind)
        and all(getattr(event, name) == value for name, value in values.items())
    ]


def tips(net: Network) -> dict[str, str]:
    """The tip of every chain, in hex."""
    return {name: net.show(name)["tip"] for name in net.chain_names()}


def all_books_hold(net: Network) -> bool:
    """Does every sidechain's audit from scratch find nothing?"""
    return all(net.audit(name).ok for name in net.sidechain_names()) and not (
        net.world.breaches
    )


# Meddling, as no honest part would.


def meddle(net: Network) -> Turn:
    """A turn to change what tests want changed; close it with `settle`."""
    return Turn(net.world, net.tools, net.now_ms)


def settle(net: Network, turn: Turn, *, told: bool = False) -> None:
    """The changed world becomes the present one; `told`: and is reported."""
    if told:
        report(turn)
    net._close(turn)


def change_node(net: Network, chain: str, name: str, **fields: object) -> None:
    """Give a validator other fields."""
    turn = meddle(net)
    turn.set_node(chain, replace(turn.node(chain, name), **fields))  # type: ignore[arg-type]
    settle(net, turn)


def validator(net: Network, chain: str, name: str) -> SideNode:
    """A validator as it is now."""
    return meddle(net).node(chain, name)


# Rival branches.


def mine_rival(
    net: Network, parent: bytes, txs: Sequence[Transaction] = (), tag: str = "rival"
) -> bytes:
    """A valid mainchain block on any parent. It exists; nobody has heard of it yet."""
    tree = net.world.tree
    pool = Mempool()
    for tx in txs:
        pool = pool.add(Waiting(tx, 0), tree[parent].height + 1)
    miner = MainNode("rival", 0, play_account("rival").program, MainView(parent), pool)
    template, unusable = build_template(tree, miner, 0, tag.encode())
    assert not unusable
    for nonce in range(10_000):
        header = template.header_with(nonce)
        work = net.environment.works.get(template.seed, header.hash)
        assert work is not None
        if meets_target(work, header.bits):
            break
    turn = meddle(net)
    turn.tree = tree.with_block(template.block_with(nonce), work, header.timestamp)
    settle(net, turn)
    return header.hash


def mine_branch(
    net: Network, parent: bytes, n_blocks: int, txs: Sequence[Transaction] = ()
) -> list[bytes]:
    """So many rival blocks on each other; the first holds the transactions."""
    blocks: list[bytes] = []
    for _ in range(n_blocks):
        blocks.append(mine_rival(net, parent, txs if not blocks else ()))
        parent = blocks[-1]
    return blocks


def deliver(net: Network, *blocks: bytes, to: Sequence[str] = ()) -> None:
    """Tell everybody who follows the mainchain, or those named, of these blocks."""
    turn = meddle(net)
    for block_hash in blocks:
        for peer in to or main_peers(turn):
            turn.later(0, peer, MainBlockCame(block_hash))
    settle(net, turn)


def forget(turn: Turn) -> None:
    """All coordinators lose what they know, the heads of their chains aside."""
    for me in sorted(turn.coordinators):
        desk = turn.coordinators[me]
        kept = Coordinator(heads=desk.heads, own=desk.own)
        turn.coordinators = turn.coordinators.insert(me, kept)


def main_block(net: Network, height_: int) -> bytes:
    """The block of the best mainchain at a height."""
    found = net.world.tree.hash_at(net.world.main_tip, height_)
    assert found is not None
    return found
