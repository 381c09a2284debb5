"""A world on disk comes back at the same tips, whenever it died."""

from __future__ import annotations

from dataclasses import astuple, fields

import pytest

from devnet.engine import moving
from devnet.engine.actors.keeping import FIELDS
from devnet.engine.actors.rebuilding import WorldDamaged, WorldOfOtherVersion
from devnet.engine.actors.resuming import resume_world
from devnet.engine.actors.turn import Tools
from devnet.engine.actors.world import World
from devnet.engine.clock import draw_between
from devnet.engine.events import (
    AccountAdded,
    AssetKnown,
    HistoryNotKept,
    RuleSwapped,
    SidechainAdded,
    StorageMoved,
    TransferStarted,
    WorldResumed,
)
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.persist import state_digest, store_digest
from devnet.plugins import engine_names
from devnet.tui.state import State, reduce_all
from tests.engine.keptworlds import WORLD, Disk, Killed, Life, kept_network
from tests.engine.support import (
    BTM_UNITS,
    InstantWorks,
    all_books_hold,
    claimed,
    deposit,
    hurry,
    run,
    run_until,
    said,
    tips,
    validator,
)

TWO = (
    SidechainSpec("alpha", "dpos-bbft", "tinydb"),
    SidechainSpec("beta", "poa", "sqlite"),
)
N_SAMPLES = 14


def engine_of(net: Network, chain: str) -> str:
    side = net.world.sidechain(chain)
    assert side is not None
    return side.tree[side.head].state.rules.engine


def settle_all(net: Network, *transfers: str) -> None:
    """Whatever was asked for has come, and something new goes through, too."""
    with hurry(net):
        both = ("alpha", "beta")
        new = [net.lock("carol", BTM_UNITS, "BTM", chain) for chain in both]
        run_until(net, lambda: claimed(net, *transfers, *new))
        tx = bytes.fromhex(net.transfer_value("carol", "bob", 10**7, "BTM", "alpha"))
        run_until(net, lambda: is_final(net, "alpha", tx))


def is_final(net: Network, chain: str, tx_id: bytes) -> bool:
    side = net.world.sidechain(chain)
    assert side is not None
    place = side.tree[side.head].state.places.get(tx_id)
    return place is not None and place.height <= side.final.height


@pytest.fixture(scope="module")
def life() -> Life:
    """Some seconds: deposits on both sidechains, payments, a swap of beta's rule."""
    disk = Disk()
    net = kept_network(disk, TWO)
    life = Life(disk)
    life.note(net)

    def act(name: str, *args: object) -> None:
        getattr(net, name)(*args)
        life.note(net)

    act("set_hurry", 1)
    act("lock", "alice", 5 * BTM_UNITS, "BTM", "alpha")
    act("lock", "bob", 6 * BTM_UNITS, "BTM", "beta")
    act("request_swap", "beta", "solo")
    act("transfer_value", "alice", "bob", BTM_UNITS, "BTM", "main")
    life.run_until(net, lambda: claimed(net, "d1"))
    act("transfer_value", "alice", "carol", BTM_UNITS, "BTM", "alpha")
    act("transfer_value", "alice", "carol", BTM_UNITS, "BTM", "alpha")
    act("lock", "alice", 7 * BTM_UNITS, "BTM", "beta")
    act("new_account", "dora")
    life.run_until(net, lambda: engine_of(net, "beta") == "solo")
    life.run_until(net, lambda: claimed(net, "d1", "d2", "d3"))
    return life


def assert_comes_back(life: Life, n_commits: int) -> None:
    """The disk after so many commits gives a world that lost nothing it told."""
    disk = life.disk.after(n_commits)
    if n_commits < life.moments[0][0]:  # It died before it was told of at all.
        settle_all(kept_network(disk, TWO))
        return
    told, exactly = life.told(n_commits)
    net = kept_network(disk)
    back = net.world

    assert [side.name for side in back.sidechains] == ["alpha", "beta"]
    assert [owner.name for owner in told.owners] <= [one.name for one in back.owners]
    for name in ("alpha", "beta"):
        then, now = told.sidechain(name), back.sidechain(name)
        assert then is not None and now is not None
        assert now.tree.is_ancestor(then.final.hash, now.head)
        assert now.final.height >= then.final.height
        assert not exactly or (now.head, now.final) == (then.head, then.final)
        assert state_digest(now.tree[now.head]) == store_digest(net.stores[name])
        assert_ballots_are_not_behind(then.nodes, now.nodes, exactly)
    for then_node, now_node in zip(told.main_nodes, back.main_nodes, strict=True):
        assert back.tree[now_node.view.tip].height >= (
            told.tree[then_node.view.tip].height
        )
        assert not exactly or now_node.view.tip == then_node.view.tip
    assert set(told.transfers) <= set(back.transfers)
    assert_nothing_waits_nowhere(told, back)
    settle_all(net, *told.transfers)
    assert all_books_hold(net)
    for name in ("alpha", "beta"):
        then, now = told.sidechain(name), net.world.sidechain(name)
        assert then is not None and now is not None
        assert now.tree.is_ancestor(then.final.hash, now.head)


def assert_ballots_are_not_behind(then_nodes, now_nodes, exactly: bool) -> None:
    for then, now in zip(then_nodes, now_nodes, strict=True):
        for epoch in then.ballots:
            old, new = then.ballots[epoch], now.ballots[epoch]
            numbers = zip(astuple(old), astuple(new), strict=True)
            assert all(b >= a for a, b in numbers if isinstance(a, int))


def assert_nothing_waits_nowhere(told: World, back: World) -> None:
    """What was in the first node's pool is in it now, or in a block."""
    places = back.tree[back.main_tip].state.index.places
    for tx_id in told.main_nodes[0].pool.order:
        assert tx_id in back.main_nodes[0].pool or tx_id in places
    for then, now in zip(told.sidechains, back.sidechains, strict=True):
        blocks = now.tree[now.head].state
        for item in then.nodes[0].pool.transactions():
            kept = item.tx.id in now.nodes[0].pool or item.tx.id in blocks.places
            assert kept or is_claim(item.tx)  # The collector makes it again.


def test_a_world_that_died_between_any_two_writes_comes_back(life: Life):
    """A sample; `-m long` takes every single one."""
    n_writes = len(life.disk.commits)
    for index in range(N_SAMPLES):
        assert_comes_back(life, draw_between(1, 1, n_writes, "write", index))
    assert_comes_back(life, n_writes)


@pytest.mark.long
def test_a_world_that_died_between_whatever_two_writes_comes_back(life: Life):
    for n_commits in range(1, len(life.disk.commits) + 1):
        assert_comes_back(life, n_commits)


def die_under(engine: str, n_deaths: int) -> None:
    """A deposit under one rule; the world dies at drawn moments of it and goes on."""
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", engine, "sqlite"),))
    life = Life(disk)
    life.note(net)
    net.set_hurry(1)
    net.lock("alice", 5 * BTM_UNITS, "BTM", "alpha")
    life.note(net)
    life.run_until(net, lambda: claimed(net, "d1"))
    first, last = life.moments[0][0], len(disk.commits)
    for index in range(n_deaths):
        n_commits = draw_between(3, first, last, engine, index)
        told = life.told(n_commits)[0]
        back = kept_network(disk.after(n_commits))
        with hurry(back):
            new = back.lock("carol", BTM_UNITS, "BTM", "alpha")
            run_until(back, lambda: claimed(back, new, *told.transfers))  # noqa: B023
        then, now = told.sidechain("alpha"), back.world.sidechain("alpha")
        assert then is not None and now is not None
        assert now.tree.is_ancestor(then.final.hash, now.head)
        assert all_books_hold(back)


@pytest.mark.parametrize("engine", engine_names())
def test_each_rule_goes_on_after_a_death(engine: str):
    die_under(engine, 1)


@pytest.mark.long
@pytest.mark.parametrize("engine", engine_names())
def test_each_rule_goes_on_after_any_death(engine: str):
    die_under(engine, 40)


def test_a_death_inside_a_write_leaves_what_was_written_before(life: Life):
    """The prefix of commits, on which the others rest, is what a real death leaves."""
    n_commits = len(life.disk.commits) // 3
    disk = Disk(dies_at=n_commits)
    with pytest.raises(Killed):
        net = kept_network(disk, TWO)
        net.set_hurry(1)
        net.lock("alice", 5 * BTM_UNITS, "BTM", "alpha")
        net.lock("bob", 6 * BTM_UNITS, "BTM", "beta")
        net.request_swap("beta", "solo")
        net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "main")
        run(net, 60_000)

    assert disk.commits == life.disk.commits[:n_commits]


def test_a_world_that_comes_back_tells_itself_as_a_fresh_one_does(life: Life):
    n_commits = len(life.disk.commits)
    net = kept_network(life.disk.after(n_commits))
    told, _ = life.told(n_commits)

    assert net.events[0].kind == "WorldStarted"
    assert [one.asset for one in said(net, AssetKnown)] == ["BTM", "GOLD"]
    assert [one.who for one in said(net, AccountAdded)] == ["dora"]
    assert [one.name for one in said(net, SidechainAdded)] == ["alpha", "beta"]
    assert [one.engine for one in said(net, RuleSwapped)] == ["solo"]
    assert [one.transfer for one in said(net, TransferStarted)] == ["d1", "d2", "d3"]
    assert claimed(net, "d1", "d2", "d3")
    assert net.events[-1] == said(net, WorldResumed)[0]
    assert [event.seq for event in net.events] == list(range(len(net.events)))
    assert {event.at_ms for event in net.events} == {net.now_ms}
    assert 0 <= told.now_ms - net.now_ms < 10_000


def test_faults_and_cuts_are_still_there_when_a_world_comes_back():
    disk = Disk()
    net = kept_network(disk, TWO)
    net.partition("alpha")
    fault = net.start_fault("kill", "alpha", "v2", for_ms=60_000)
    run(net, 2000)
    net.start_fault("latency", "beta")

    back = kept_network(disk)

    assert back.world.cuts == net.world.cuts
    assert [one.id for one in back.world.faults] == ["f1", "f2"]
    assert not validator(back, "alpha", "v2").engines
    run(back, 70_000)
    assert fault.id not in [one.id for one in back.world.faults]
    back.heal("alpha")
    settle_all(back)
    assert all_books_hold(back)


def test_a_sidechain_in_memory_begins_again_and_its_locks_are_claimed_anew():
    disk = Disk()
    sides = (SidechainSpec("gamma", "solo", "memory"),)
    net = kept_network(disk, sides)
    assert net.will_forget("gamma")
    deposit(net, 5 * BTM_UNITS, "BTM", "gamma")
    chain_id = net.show("gamma")["chain_id"]

    back = kept_network(disk)

    assert [one.chain for one in said(back, HistoryNotKept)] == ["gamma"]
    assert back.show("gamma")["chain_id"] == chain_id
    assert back.show("gamma")["height"] == 0
    assert not claimed(back, "d1")
    run_until(back, lambda: claimed(back, "d1"))
    assert back.balance("alice", "gamma", "BTM") == 5 * BTM_UNITS
    assert all_books_hold(back)


def test_a_swap_that_was_asked_for_and_not_yet_in_a_block_is_asked_for_again():
    disk = Disk()
    net = kept_network(disk, TWO)
    net.request_swap("beta", "solo")

    back = kept_network(disk)
    with hurry(back):
        run_until(back, lambda: engine_of(back, "beta") == "solo")

    assert engine_of(net, "beta") == "poa"
    assert disk.store(WORLD).get(b"qbeta") is None


def test_a_world_that_died_while_a_sidechain_moved_has_it_in_one_whole_database(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(moving, "KEYS_PER_STEP", 20)
    disk = Disk()
    net = kept_network(disk, TWO)
    life = Life(disk)
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha")
    first = len(disk.commits)
    life.note(net)
    net.move_store("alpha", "sqlite")
    life.note(net)
    net.set_hurry(1)
    life.note(net)
    life.run_until(net, lambda: bool(said(net, StorageMoved)))
    run(net, 1000)
    found = set()

    for n_commits in range(first, len(disk.commits) + 1, 3):
        back = kept_network(disk.after(n_commits))
        found.add(back.show("alpha")["store"])
        told = life.told(n_commits)[0].sidechain("alpha")
        side = back.world.sidechain("alpha")
        assert told is not None and side is not None
        assert side.tree.is_ancestor(told.final.hash, side.head)

    assert found == {"tinydb", "sqlite"}
    settle_all(back)
    assert all_books_hold(back)


def test_no_field_of_a_world_is_forgotten_without_a_reason():
    told_by_blocks_and_stores = {
        "config", "start_ms", "now_ms", "tree", "main_nodes", "federation",
        "collectors", "watched",
        "sidechains", "transfers", "open_transfers", "members", "coordinators", "owes",
    }  # fmt: skip
    of_the_process = {
        "n_events", "schedule", "hurry", "diggers", "tries", "told_tries_ms",
    }  # fmt: skip

    names = {one.name for one in fields(World)}

    assert names == told_by_blocks_and_stores | of_the_process | set(FIELDS)


def test_a_snapshot_of_a_kept_world_takes_its_store_back_too():
    disk = Disk()
    net = kept_network(disk, TWO)
    run(net, 3000)
    then, before = net.snapshot(), tips(net)
    net.lock("alice", BTM_UNITS, "BTM", "alpha")
    run(net, 20_000)
    net.restore(then)

    back = kept_network(disk)

    assert tips(back) == before
    assert not back.world.transfers


@pytest.mark.parametrize(
    ("where", "key", "value", "kind"),
    [
        (WORLD, b"mformat", b"1", WorldOfOtherVersion),
        (WORLD, b"mconfig", b"{", WorldDamaged),
        (WORLD, b"tnode-0", bytes(32), WorldDamaged),
        (WORLD, b"mclock", None, WorldDamaged),
        (WORLD, b"dd1", b"[]", WorldDamaged),
        ("alpha.tinydb", b"mtip", bytes(32), WorldDamaged),
        ("alpha.tinydb", b"mname", None, WorldDamaged),
        ("alpha.tinydb", b"mname", bytes(32), WorldDamaged),
        ("alpha.tinydb", b"u" + bytes(32), b"forged", WorldDamaged),
        ("beta.sqlite", b"v", b"not json", WorldDamaged),
    ],
)
def test_a_store_that_does_not_fit_is_named_and_nothing_is_written(
    life: Life, where: str, key: bytes, value: bytes | None, kind: type
):
    disk = life.disk.after(len(life.disk.commits))
    disk.store(where)._write({key: value})
    before = len(disk.commits)

    with pytest.raises(kind) as caught:
        kept_network(disk)

    assert "left as it is" in caught.value.hint
    assert len(disk.commits) == before


@pytest.mark.parametrize("table", [b"b", b"w", b"n"])
def test_a_block_of_the_mainchain_that_is_gone_or_changed_is_found(
    life: Life, table: bytes
):
    disk = life.disk.after(len(life.disk.commits))
    keys = [key for key, _ in disk.store(WORLD).iterate(prefix=table)]
    middle = keys[len(keys) // 2]
    disk.store(WORLD)._write({middle: None if table == b"n" else b"\xff" * 32})

    with pytest.raises(WorldDamaged, match="stored block"):
        kept_network(disk)


def test_the_screen_of_a_world_that_came_back_shows_what_the_old_one_showed():
    disk = Disk()
    net = kept_network(disk, TWO)
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha")
    net.request_swap("beta", "solo")
    with hurry(net):
        run_until(net, lambda: engine_of(net, "beta") == "solo")
    net.lock("bob", BTM_UNITS, "BTM", "beta")

    before = reduce_all(State(), net.events)
    after = reduce_all(State(), kept_network(disk).events)

    for name in ("accounts", "decimals", "asset_ids", "seed", "depth"):
        assert getattr(after, name) == getattr(before, name)
    assert (after.main.height, after.main.tip) == (before.main.height, before.main.tip)
    # Nobody is told of an account that never had anything.
    held = {key: amount for key, amount in before.balances.items() if amount}
    assert {key: amount for key, amount in after.balances.items() if amount} == held
    for lane, old in zip(after.lanes, before.lanes, strict=True):
        facts = (lane.height, lane.tip, lane.epoch, lane.engine, lane.final_height)
        assert facts == (
            old.height, old.tip, old.epoch, old.engine, old.final_height,
        )  # fmt: skip
    assert [(one.id, one.stage) for one in after.transfers] == [
        (one.id, one.stage) for one in before.transfers
    ]
    assert [tx.id for tx in after.mempool] == [tx.id for tx in before.mempool]


def test_a_sidechain_of_work_comes_back_without_computing_any_of_it():
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", "pow", "sqlite"),))
    with hurry(net):
        run(net, 20_000)
    height = net.show("alpha")["height"]

    class Idle(InstantWorks):
        def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
            raise AssertionError("it is known")

    outside = disk.environment(Idle())
    back = resume_world(
        disk.store(WORLD), outside.open_store, Tools(outside.works, outside.engine)
    )

    assert height > 3
    assert back.turn.side("alpha").head == net.world.sidechains[0].head
