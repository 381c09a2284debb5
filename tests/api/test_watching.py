"""What websockets tell of a chain's blocks, of the mainchain's and a sidechain's."""

from __future__ import annotations

import json

import pytest

from devnet.api.websocket import Hub, Listener
from tests.api.test_controls_http import house_of

TOPICS = ("notify_raw_blocks", "notify_new_transactions", "notify_devnet_events")


def listening(hub, chain="main", topics=TOPICS):
    listener = Listener(chain)
    hub._listeners.add(listener)
    for topic in topics:
        hub.hear(listener, json.dumps({"topic": topic}))
    frames_of(listener)
    return listener


def frames_of(listener, kind=""):
    found = [json.loads(listener.frames.get_nowait())
             for _ in range(listener.frames.qsize())]  # fmt: skip
    return [one for one in found if kind in one["notification_type"]]


def told_of(listener):
    """Kinds of block frames with the block each tells."""
    return [(one["notification_type"], one["data"])
            for one in frames_of(listener, "raw_blocks")]  # fmt: skip


def raw_of(house, block_hash, path=""):
    return house.ask(f"{path}/get-raw-block", block_hash=block_hash)["raw_block"]


@pytest.fixture
def house():
    return house_of()


def test_after_a_revert_the_blocks_that_vanished_are_told_newest_first(house):
    hub = Hub(house.node)
    listener = listening(hub)
    house.ask("/devnet-snapshot", name="here")
    mined = house.ask("/devnet-mine", blocks=3)["block_hashes"]
    raws = [raw_of(house, one) for one in mined]
    hub.look()
    assert told_of(listener) == [("raw_blocks_connected", raw) for raw in raws]

    house.ask("/devnet-revert", snapshot_id="here")
    again = house.ask("/devnet-mine", timestamp=1_735_692_000)["block_hashes"]
    hub.look()

    assert told_of(listener) == [
        *(("raw_blocks_disconnected", raw) for raw in reversed(raws)),
        ("raw_blocks_connected", raw_of(house, again[0])),
    ]


def test_a_reorganisation_is_told_from_the_old_tip_down_and_the_fork_up(house):
    hub = Hub(house.node)
    house.ask("/devnet-mine", blocks=2)
    listener = listening(hub)

    made = house.ask("/devnet-reorg", depth=2)
    hub.look()

    old = [raw_of(house, one) for one in made["old"]]
    new = [raw_of(house, one) for one in made["new"]]
    told = told_of(listener)
    assert [kind for kind, _ in told] == 2 * ["raw_blocks_disconnected"] + 3 * [
        "raw_blocks_connected"
    ]
    heights = [int(raw[4:6], 16) for _, raw in told]
    assert heights == [*sorted(heights[:2], reverse=True), *sorted(heights[2:])]
    assert {raw for _, raw in told} == {*old, *new}


def test_events_after_a_revert_have_numbers_that_nobody_saw(house):
    hub = Hub(house.node)
    listener = listening(hub)
    house.ask("/devnet-snapshot", name="here")
    house.ask("/devnet-mine")
    hub.look()
    seen = [one["data"]["seq"] for one in frames_of(listener, "devnet_event")]

    back = house.ask("/devnet-revert", snapshot_id="here")
    house.ask("/devnet-mine")
    hub.look()

    reverted, *events = frames_of(listener, "devnet_")
    start = back["next_event"]
    assert reverted["data"]["next_event"] == start > max(seen)
    fresh = [one["data"]["seq"] for one in events]
    assert fresh == list(range(start, start + len(fresh))) and fresh
    asked = house.ask("/devnet-events", after=start)
    assert [one["seq"] for one in asked][: len(fresh)] == fresh


def test_a_sidechains_blocks_and_transactions_are_told_on_its_own_path():
    house = house_of("alpha:poa,beta:poa")
    session = house.session
    session.attached = False
    hub = Hub(house.node)
    alpha, beta, main = (listening(hub, name) for name in ("alpha", "beta", "main"))
    for line in ("speed max", "d = lock alice 5 BTM alpha; wait $d.stage == claimed"):
        assert session.execute(line).ok
    hub.look()

    blocks = told_of(alpha)
    height = house.ask("/sidechain/alpha/get-block-count")["block_count"]
    hashes = [house.ask("/sidechain/alpha/get-block", block_height=one)["hash"]
              for one in range(height + 1)]  # fmt: skip
    raws = [raw_of(house, one, "/sidechain/alpha") for one in hashes]
    assert blocks and {kind for kind, _ in blocks} == {"raw_blocks_connected"}
    told = [raw for _, raw in blocks]
    assert told == raws[-len(told) :]
    assert not set(told) & {raw for _, raw in (*told_of(beta), *told_of(main))}

    assert session.execute("transfer alice bob 1 BTM alpha").ok
    hub.look()
    (frame,) = frames_of(alpha, "new_transaction")
    (waiting,) = house.ask("/sidechain/alpha/list-unconfirmed-transactions")["tx_ids"]
    decoded = house.ask("/sidechain/alpha/decode-raw-transaction",
                        raw_transaction=frame["data"]["transaction"])  # fmt: skip
    assert (decoded["tx_id"], frame["data"]["status_fail"]) == (waiting, False)
    assert not frames_of(main, "new_transaction")


def test_a_sidechains_websocket_is_found_by_path_alone(house):
    hub = Hub(house.node)

    assert hub.chain_at("/websocket-subscribe") == "main"
    assert hub.chain_at("/sidechain/alpha/websocket-subscribe") == "alpha"
    for path in ("/sidechain/nobody/websocket-subscribe", "/sidechain/alpha/",
                 "/sidechain/alpha/x/websocket-subscribe", "/alpha/websocket-subscribe",
                 "/sidechain/websocket-subscribe"):  # fmt: skip
        assert hub.chain_at(path) is None
    reply = house.reply("/sidechain/alpha/websocket-subscribe")
    assert reply.status == 500  # Without a server nobody can upgrade.
