"""A sidechain changes its database while it runs, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devnet.engine import moving
from devnet.engine.errors import PluginError, StorageError, UnknownName
from devnet.engine.events import StorageMoved, StorageMoving, StorageStayed
from devnet.engine.interfaces import Store, StoreInfo
from devnet.engine.moving import AlreadyMoving, Move, SameStore
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.persist import apply_changes, changes_of_chain, rewrite
from devnet.plugins import load_store
from devnet.plugins.memory import MemoryStore
from devnet.plugins.store_bench import digest_of
from devnet.plugins.store_parts import store_digest
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    deposit,
    height,
    network,
    run,
    run_blocks,
    run_until,
    said,
    tips,
)

STORES = ("memory", "tinydb", "sqlite")
TABLES = (b"h", b"b", b"n", b"u", b"c", b"e")


@pytest.fixture(autouse=True)
def few_keys_in_a_step(monkeypatch):
    """So that many blocks come while the small chains of tests are copied."""
    monkeypatch.setattr(moving, "KEYS_PER_STEP", 1)


class Databases:
    """Opens stores in a folder, and remembers what happened to them."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.broken: dict[str, type[Store]] = {}
        self.removed: list[str] = []
        self.opened: list[tuple[str, Store]] = []

    def open(self, name: str, chain: str) -> Store:
        made = self.broken.get(name) or load_store(name)
        store = made(self.path(name, chain))
        self.opened.append((name, store))
        return store

    def remove(self, name: str, chain: str) -> None:
        self.removed.append(name)
        path = self.path(name, chain)
        if path is not None:
            load_store(name).remove(path)

    def path(self, name: str, chain: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{chain}.{name}"


def world_on(databases: Databases, store: str = "memory", **config: int) -> Network:
    net = network(
        (SidechainSpec("gamma", "solo", store),),
        open_store=databases.open,
        remove_store=databases.remove,
        **config,
    )
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    for _ in range(4):
        net.transfer_value("alice", "bob", 1000, "BTM", "gamma")
        run_blocks(net, "gamma", 1)
    return net


def pay_and_run(net: Network, ended: type[StorageMoved] = StorageMoved) -> None:
    """Payments in each block, until the move is over."""
    n_before = len(said(net, ended))

    def over() -> bool:
        return len(said(net, ended)) > n_before

    for _ in range(200):
        net.transfer_value("alice", "bob", 1000, "BTM", "gamma")
        goal = height(net, "gamma") + 1
        run_until(net, lambda goal=goal: over() or height(net, "gamma") >= goal)
        if over():
            return
    raise AssertionError("the move has no end")


def content_told(net: Network, chain: str = "gamma") -> str:
    """The digest that the database's blocks and coins must have, from the blocks."""
    side, told = net.world.sidechain(chain), MemoryStore()
    assert side is not None
    rewrite(told, changes_of_chain(side.tree, side.head))
    return content_of(told)


def content_of(store: Store) -> str:
    """Of a database all that follows from the chain's blocks."""
    return digest_of(
        {
            key: value
            for key, value in store.iterate()
            if key[:1] in TABLES or key == b"mtip"
        }
    )


@pytest.mark.parametrize("new", STORES)
@pytest.mark.parametrize("old", STORES)
def test_a_running_chain_moves_between_any_two_stores(old, new, tmp_path):
    if old == new:
        return
    databases = Databases(tmp_path)
    net = world_on(databases, old)
    began = height(net, "gamma")
    net.move_store("gamma", new)
    assert net.show("gamma")["moving_to"] == new

    pay_and_run(net)

    (moved,) = said(net, StorageMoved)
    assert moved.digest_before == moved.digest_after
    assert (moved.old_store, moved.store) == (old, new)
    assert height(net, "gamma") > began + 1, "blocks came while it was on its way"
    assert net.show("gamma")["store"] == new and "moving_to" not in net.show("gamma")
    assert type(net.stores["gamma"]) is load_store(new)
    run(net, 2000)
    assert content_of(net.stores["gamma"]) == content_told(net)
    assert databases.removed == [old]
    assert [path.name for path in tmp_path.glob(f"gamma.{old}*")] == []
    net.close()
    if new != "memory":
        again = load_store(new)(tmp_path / f"gamma.{new}")
        assert content_of(again) == content_told(net)
        again.close()


def test_the_digest_of_a_move_is_that_of_the_suite_of_stores():
    source, target = MemoryStore(), load_store("sqlite")(None)
    for number in range(7):
        source.put(b"key-%d" % number, b"v" * number)
    move = Move("sqlite", source, target)
    moved = None
    while moved is None:
        moved = move.carry_on()

    assert moved.n_keys == 7
    assert moved.digest_before == store_digest(source)
    assert moved.digest_after == store_digest(target)


def test_what_is_written_in_each_phase_of_a_move_is_in_both_databases():
    source, target = MemoryStore(), MemoryStore()
    for number in range(20):
        source.put(b"key-%02d" % number, b"old")
    move = Move("memory", source, target)
    moved, n_parts = None, 0
    while moved is None:
        # What was copied already, what was not yet, something new, something gone.
        changes = (
            (b"key-%02d" % (n_parts % 20), b"at %d" % n_parts),
            (b"key-%02d" % (19 - n_parts % 20), b"at %d" % n_parts),
            (b"new-%d" % n_parts, b""),
            (b"new-%d" % (n_parts - 3), None),
        )
        apply_changes(source, changes)
        move.note(changes)
        moved, n_parts = move.carry_on(), n_parts + 1

    assert moved.digest_before == moved.digest_after
    assert store_digest(source) == store_digest(target)


def test_a_move_changes_nothing_of_the_chain():
    worlds = [world_on(Databases(None)) for _ in range(2)]
    worlds[0].move_store("gamma", "tinydb")
    for net in worlds:
        for _ in range(8):
            net.transfer_value("alice", "bob", 1000, "BTM", "gamma")
            run(net, 1000)

    assert said(worlds[0], StorageMoved) and not said(worlds[1], StorageMoved)
    assert tips(worlds[0]) == tips(worlds[1])


def test_blocks_undone_on_the_way_are_undone_in_the_new_database():
    databases = Databases(None)
    net = network(
        (SidechainSpec("beta", "poa"),), low_latency_ms=200, high_latency_ms=1200,
        n_miners=1, open_store=databases.open, remove_store=databases.remove,
    )  # fmt: skip
    run_blocks(net, "beta", 4)
    for store in ("sqlite", "tinydb", "memory"):
        net.move_store("beta", store)
        run_until(net, lambda store=store: net.show("beta")["store"] == store)
        run_blocks(net, "beta", 3)
        assert content_of(net.stores["beta"]) == content_told(net, "beta")


# Refusals.


@pytest.mark.parametrize(
    ("chain", "store", "error"),
    [
        ("gamma", "memory", SameStore),
        ("gamma", "nowhere", PluginError),
        ("delta", "sqlite", UnknownName),
        ("main", "sqlite", UnknownName),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_changes_nothing(chain, store, error):
    net = world_on(Databases(None))
    before, n_events = net.world, len(net.events)

    with pytest.raises(error) as caught:
        net.move_store(chain, store)

    assert caught.value.hint
    assert net.world is before and len(net.events) == n_events


def test_a_second_move_has_to_wait_for_the_first():
    net = world_on(Databases(None))
    net.move_store("gamma", "sqlite")

    for store in ("tinydb", "sqlite"):
        with pytest.raises(AlreadyMoving, match="on its way to sqlite"):
            net.move_store("gamma", store)
    pay_and_run(net)
    net.move_store("gamma", "memory")


def test_a_store_that_cannot_be_opened_leaves_the_old_one_at_work(tmp_path):
    databases = Databases(tmp_path)
    net = world_on(databases, "tinydb")
    (tmp_path / "gamma.sqlite").write_text("These are not pairs.\n")
    before = net.world

    with pytest.raises(StorageError, match="not a SQLite file"):
        net.move_store("gamma", "sqlite")

    assert net.world is before
    assert (tmp_path / "gamma.sqlite").read_text() == "These are not pairs.\n"
    run(net, 2000)
    assert content_of(net.stores["gamma"]) == content_told(net)


class FailsLater(MemoryStore):
    """Takes some batches, then none."""

    info = StoreInfo(name="sqlite", summary="fails", durable=False)
    n_good = 4

    def _write(self, changes):
        self.n_good -= 1
        if self.n_good < 0:
            raise StorageError("the disk is full")
        super()._write(changes)


class Forgets(MemoryStore):
    """Leaves out one pair of all that it is given."""

    info = StoreInfo(name="sqlite", summary="forgets", durable=False)

    def _write(self, changes):
        kept = {key: value for key, value in changes.items() if key != b"mtip"}
        super()._write(kept)


class Buggy(MemoryStore):
    """Not even its errors are those of a store."""

    info = StoreInfo(name="sqlite", summary="has a bug", durable=False)

    @contextmanager
    def snapshot(self) -> Iterator[object]:
        raise KeyError("a bug of this store")
        yield


@pytest.mark.parametrize(
    ("broken", "word"),
    [(FailsLater, "disk is full"), (Forgets, "digest"), (Buggy, "KeyError")],
    ids=lambda found: getattr(found, "__name__", None),
)
def test_a_new_store_that_fails_on_the_way_is_thrown_away(broken, word):
    databases = Databases(None)
    net = world_on(databases)
    old = net.stores["gamma"]
    databases.broken["sqlite"] = broken
    if broken is Buggy:
        databases.broken["sqlite"] = type("LateBug", (Buggy,), {"iterate": no_pairs})
    net.move_store("gamma", "sqlite")

    pay_and_run(net, StorageStayed)

    (stayed,) = said(net, StorageStayed)
    assert word in stayed.reason and stayed.old_store == "memory"
    assert net.stores["gamma"] is old and databases.removed == ["sqlite"]
    assert "moving_to" not in net.show("gamma")
    run(net, 2000)
    assert content_of(old) == content_told(net)
    databases.broken.clear()
    net.move_store("gamma", "sqlite")
    pay_and_run(net)


def no_pairs(self, prefix=b"", start=None, reverse=False):
    return iter(())


@pytest.mark.parametrize("n_good", range(2, 24, 3))
def test_wherever_the_new_store_fails_the_old_one_has_every_block(n_good):
    databases = Databases(None)
    net = world_on(databases)
    databases.broken["sqlite"] = type("Fails", (FailsLater,), {"n_good": n_good})
    net.move_store("gamma", "sqlite")

    for _ in range(12):
        net.transfer_value("alice", "bob", 1000, "BTM", "gamma")
        run(net, 1000)

    assert content_of(net.stores["gamma"]) == content_told(net)
    assert len(said(net, StorageStayed)) + len(said(net, StorageMoved)) == 1


# Back in time, and the end.


def test_a_snapshot_from_before_a_move_brings_the_old_database_back(tmp_path):
    databases = Databases(tmp_path)
    net = world_on(databases, "sqlite")
    world, digest = net.snapshot(), content_told(net)
    net.move_store("gamma", "tinydb")
    pay_and_run(net)

    net.restore(world)

    assert net.show("gamma")["store"] == "sqlite"
    assert type(net.stores["gamma"]) is load_store("sqlite")
    assert content_of(net.stores["gamma"]) == digest == content_told(net)
    assert list(tmp_path.glob("gamma.tinydb*")) == []
    run(net, 2000)
    assert content_of(net.stores["gamma"]) == content_told(net)


def test_a_snapshot_from_the_midst_of_a_move_begins_the_move_anew(tmp_path):
    databases = Databases(tmp_path)
    net = world_on(databases, "tinydb")
    net.move_store("gamma", "sqlite")
    run_until(net, lambda: height(net, "gamma") > 3)
    assert not said(net, StorageMoved)
    world = net.snapshot()
    run(net, 500)

    net.restore(world)
    assert net.show("gamma")["moving_to"] == "sqlite"
    pay_and_run(net)

    assert len(said(net, StorageMoving)) == len(said(net, StorageMoved)) == 1
    assert content_of(net.stores["gamma"]) == content_told(net)


def test_a_snapshot_whose_database_cannot_be_opened_changes_nothing(tmp_path):
    databases = Databases(tmp_path)
    net = world_on(databases, "sqlite")
    world = net.snapshot()
    net.move_store("gamma", "tinydb")
    pay_and_run(net)
    now, digest = net.world, content_of(net.stores["gamma"])
    (tmp_path / "gamma.sqlite").write_text("These are not pairs.\n")

    with pytest.raises(StorageError, match="not a SQLite file"):
        net.restore(world)

    assert net.world is now and content_of(net.stores["gamma"]) == digest
    run(net, 2000)
    assert content_of(net.stores["gamma"]) == content_told(net)


def test_a_network_closed_in_the_midst_of_a_move_leaves_the_old_database(tmp_path):
    net = world_on(Databases(tmp_path), "tinydb")
    net.move_store("gamma", "sqlite")
    run(net, 300)
    assert not said(net, StorageMoved)
    digest = content_told(net)
    net.close()

    assert list(tmp_path.glob("gamma.sqlite")) == []
    again = load_store("tinydb")(tmp_path / "gamma.tinydb")
    assert content_of(again) == digest


def test_the_same_move_in_the_same_world_tells_the_same_events():
    worlds = [world_on(Databases(None)) for _ in range(2)]
    for net in worlds:
        net.move_store("gamma", "sqlite")
        pay_and_run(net)

    assert [one.as_dict() for one in worlds[0].events] == [
        one.as_dict() for one in worlds[1].events
    ]


def test_several_chains_move_at_the_same_time():
    databases = Databases(None)
    net = network(
        (*ONE_SOLO, SidechainSpec("beta", "poa", "sqlite")),
        open_store=databases.open,
        remove_store=databases.remove,
    )
    run_blocks(net, "beta", 3)
    net.move_store("gamma", "tinydb")
    net.move_store("beta", "memory")
    run_until(net, lambda: len(said(net, StorageMoved)) == 2)

    run(net, 1000)
    for chain in ("gamma", "beta"):
        assert content_of(net.stores[chain]) == content_told(net, chain)
