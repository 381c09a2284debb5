"""Databases hold what the chains hold: after each block, each undoing, each return."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet.engine.actors.keeping import changes_of_side
from devnet.engine.errors import BadValue, StorageError
from devnet.engine.events import BlockUndone, TxsMined
from devnet.engine.interfaces import Store
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.durable import OWN_BLOCKS, StoreOfAnother
from devnet.engine.sidechain.persist import (
    apply_changes,
    changes_of_block,
    changes_of_chain,
    rewrite,
    state_digest,
    store_digest,
)
from devnet.plugins import load_store
from devnet.plugins.memory import MemoryStore
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    deposit,
    network,
    run,
    run_until,
    said,
    tips,
)

STORES = ("memory", "tinydb", "sqlite")


def head(net: Network, chain: str):
    side = net.world.sidechain(chain)
    assert side is not None
    return side.tree[side.head]


def pairs(store: Store) -> list[tuple[bytes, bytes]]:
    """All but the newest own blocks of validators, which the chain may not have yet."""
    return [pair for pair in store.iterate() if pair[0][:1] != OWN_BLOCKS]


def assert_stores_agree(net: Network) -> None:
    """Sums, tip and blocks: what a database of this chain must hold, all of it."""
    for side in net.world.sidechains:
        told = MemoryStore()
        rewrite(told, changes_of_side(side))
        store = net.stores[side.name]
        assert store_digest(store) == state_digest(head(net, side.name))
        assert store.get(b"mtip") == side.head
        assert pairs(store) == pairs(told)


@pytest.mark.parametrize("where", ["memory", "folder"])
def test_every_database_holds_its_chains_state(where: str, tmp_path: Path):
    folder = None if where == "memory" else tmp_path
    opened: list[Path] = []

    def open_store(name: str, chain: str) -> Store:
        if folder is None:
            return load_store(name)(None)
        opened.append(folder / f"{chain}.{name}")
        return load_store(name)(opened[-1])

    specs = tuple(SidechainSpec(f"on-{name}", "solo", name) for name in STORES)
    net = network(specs, open_store=open_store)
    for spec in specs:
        deposit(net, 50 * BTM_UNITS, "BTM", spec.name)
        for _ in range(3):
            net.transfer_value("alice", "bob", BTM_UNITS, "BTM", spec.name)
    run(net, 3000)

    assert_stores_agree(net)
    assert len({store_digest(store) for store in net.stores.values()}) == 3
    net.close()
    for path in opened:
        again = load_store(path.suffix[1:])(path)
        name = path.name.partition(".")[0]
        durable = again.info.durable
        assert (store_digest(again) == state_digest(head(net, name))) == durable
        again.close()


def test_undoing_a_block_that_spends_what_it_makes_leaves_nothing_behind():
    """Regression: the coin that a block made and spent came back when it was undone."""
    net = network(ONE_SOLO)
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    for _ in range(3):
        net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "gamma")
    run(net, 1500)
    (block,) = [event for event in said(net, TxsMined) if len(event.ids) == 3]
    side = net.world.sidechain("gamma")
    chain = side.tree
    entry = chain[chain.hash_at(side.head, block.height)]
    passing = {coin.id for coin in entry.change.spent} & {
        coin.id for coin in entry.change.created
    }
    store = MemoryStore()
    rewrite(store, changes_of_chain(chain, entry.header.previous))
    before = pairs(store)

    apply_changes(store, changes_of_block(entry, undo=False))
    connected = store_digest(store)
    apply_changes(store, changes_of_block(entry, undo=True))

    assert len(passing) == 2, "the block spends change that it makes itself"
    assert connected == state_digest(entry)
    assert pairs(store) == before


def test_databases_follow_a_sidechain_that_reorganises():
    where = {"beta": "sqlite", "delta": "tinydb"}
    net = network(
        tuple(SidechainSpec(chain, "poa", store) for chain, store in where.items()),
        low_latency_ms=200, high_latency_ms=1200, n_miners=1,
    )  # fmt: skip
    net.set_hurry(1)
    moves = [net.lock("alice", 50 * BTM_UNITS, "BTM", chain) for chain in where]
    run_until(net, lambda: all(net.transfer(m).stage == "claimed" for m in moves))
    for _ in range(12):
        for chain in where:
            net.transfer_value("alice", "bob", BTM_UNITS, "BTM", chain)
        run(net, 900)
        assert_stores_agree(net)

    undone = {event.chain for event in said(net, BlockUndone)}
    assert undone == set(where)


@pytest.mark.parametrize("store", STORES)
def test_databases_follow_the_world_back_and_forth(store: str):
    net = network((SidechainSpec("gamma", "solo", store),))
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    then = net.snapshot()
    futures = []
    for _ in range(2):
        net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "gamma")
        run(net, 2000)
        futures.append((net.digest(), tips(net), pairs(net.stores["gamma"])))
        net.restore(then)
        assert_stores_agree(net)

    assert futures[0] == futures[1]


def test_the_database_of_a_sidechain_that_never_was_does_not_haunt_the_next(
    tmp_path: Path,
):
    """Its file is still there when another sidechain takes the name."""

    def open_store(name: str, chain: str) -> Store:
        return load_store(name)(tmp_path / chain)

    net = network(ONE_SOLO, open_store=open_store)
    then = net.snapshot()
    net.new_sidechain("delta", "solo", store="sqlite")
    deposit(net, 5 * BTM_UNITS, "BTM", "delta")
    net.restore(then)
    run(net, 500)
    assert net.stores.keys() == {"gamma"}
    assert (tmp_path / "delta").exists()
    net.new_sidechain("delta", "solo", store="sqlite")
    run(net, 1000)

    assert_stores_agree(net)
    net.close()


def test_a_database_left_by_another_world_is_refused_and_left_as_it_is(
    tmp_path: Path,
):
    def open_store(name: str, chain: str) -> Store:
        return load_store(name)(tmp_path / chain)

    specs = (SidechainSpec("beta", "solo", "sqlite"),)
    first = network(specs, open_store=open_store, seed=1)
    deposit(first, 5 * BTM_UNITS, "BTM", "beta")
    first.close()

    before = (tmp_path / "beta").read_bytes()

    with pytest.raises(StoreOfAnother, match="beta is not empty"):
        network(specs, open_store=open_store, seed=2)

    assert (tmp_path / "beta").read_bytes() == before


def test_a_database_that_fails_stops_the_step_and_the_step_is_taken_again():
    class Failing(MemoryStore):
        broken = False

        def _write(self, changes: dict[bytes, bytes | None]) -> None:
            if self.broken:
                raise StorageError("the disk is full")
            super()._write(changes)

    store = Failing()
    net = network(ONE_SOLO, open_store=lambda name, chain: store)
    net.set_hurry(1)
    run(net, 1000)
    store.broken = True
    height = net.show("gamma")["height"]
    with pytest.raises(StorageError, match="disk is full"):
        run(net, 1000)
    assert net.show("gamma")["height"] == height
    assert net.failure is None
    store.broken = False
    run(net, 1000)

    assert net.show("gamma")["height"] > height
    assert_stores_agree(net)


def test_a_snapshot_of_a_future_that_was_given_up_is_refused():
    net = network(ONE_SOLO)
    then = net.snapshot()
    net.set_hurry(1)
    run(net, 3000)
    later = net.snapshot()
    net.restore(then)
    digest = net.digest()

    with pytest.raises(BadValue, match="given up"):
        net.restore(later)

    assert net.digest() == digest
