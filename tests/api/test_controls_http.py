"""The devnet's controls over HTTP: the same verbs, Bytom's envelope."""

from __future__ import annotations

import asyncio
import json

import pytest

from devnet.api.app import Request
from devnet.api.endpoints.controls import FAULTS
from devnet.api.table import TABLE
from devnet.api.websocket import Hub, Listener
from devnet.commands.verbs import all_commands
from devnet.wallet.players import adopt_players
from tests.api.worlds import House

BTM = "ff" * 32


def house_of(sidechains="alpha:poa", **more):
    from devnet.commands.options import parse_sidechains

    house = House(profile="fast", empty=False, sidechains=parse_sidechains(sidechains),
                  **more)  # fmt: skip
    adopt_players(house.node.wallet)
    house.session.join(house.node)
    return house


@pytest.fixture
def house():
    return house_of()


def balance_of(house, alias, asset=BTM):
    held = house.ask("/list-balances", account_alias=alias)
    return sum(one["amount"] for one in held if one["asset_id"] == asset)


def heights(house):
    return house.ask("/get-block-count")["block_count"]


def test_every_control_is_an_endpoint_and_a_verb():
    paths = {path for path in TABLE if path.startswith("devnet-")}

    assert paths == {one.verb for one in all_commands() if one.verb[:7] == "devnet-"}
    assert len(paths) == 14


def test_the_devnet_says_what_it_is(house):
    found = house.ask("/devnet-info")

    assert found["mainchain"]["height"] == heights(house)
    assert [one["consensus"] for one in found["sidechains"]] == ["poa"]
    alice = house.ask("/list-keys")[0]
    assert (found["accounts"][0]["alias"], found["accounts"][0]["xpub"]) == (
        alice["alias"], alice["xpub"],
    )  # fmt: skip


def test_blocks_come_when_asked_for(house):
    before = heights(house)
    made = house.ask("/devnet-mine")
    more = house.ask("/devnet-mine", blocks=3)

    assert made["height"] == before + 1 and len(more["block_hashes"]) == 3
    assert house.ask("/get-block-hash")["block_hash"] == more["block_hashes"][-1]


def test_blocks_pay_the_address_that_was_given(house):
    address = house.ask("/create-account-receiver", account_alias="bob")["address"]

    (block,) = house.ask("/devnet-mine", address=address)["block_hashes"]

    coinbase = house.ask("/get-block", block_hash=block)["transactions"][0]
    assert coinbase["outputs"][0]["address"] == address


def test_coins_for_nothing_reach_a_wallets_account(house):
    before = balance_of(house, "carol")

    house.ask("/devnet-faucet", account_alias="carol", amount=12_345, mine=True)

    assert balance_of(house, "carol") == before + 12_345


def test_the_clock_and_the_miners_are_set(house):
    now = house.ask("/devnet-set-time")["time"]

    assert house.ask("/devnet-set-time", advance=100)["time"] == now + 100
    assert house.ask("/devnet-set-time", time=now + 500)["offset"] == 500
    assert house.ask("/devnet-set-automine", mode="interval", interval=7) == {
        "mode": "interval", "interval": 7,
    }  # fmt: skip
    assert house.ask("/devnet-set-automine", mode="off")["mode"] == "off"


def test_a_revert_takes_chains_and_wallet_back_together(house):
    kept = house.ask("/devnet-snapshot", name="here")
    before = (heights(house), balance_of(house, "bob"))
    key = house.ask("/create-key", alias="dave", password="x")
    house.ask("/create-account", alias="dave", quorum=1, root_xpubs=[key["xpub"]])
    house.ask("/create-account-receiver", account_alias="bob")
    n_receivers = len(house.ask("/list-addresses", account_alias="bob"))
    house.ask("/devnet-faucet", account_alias="bob", amount=5, mine=True)

    back = house.ask("/devnet-revert", snapshot_id="here")

    assert back["height"] == kept["height"]
    assert (heights(house), balance_of(house, "bob")) == before
    assert [one["alias"] for one in house.ask("/list-accounts")] == [
        "alice", "bob", "carol",
    ]  # fmt: skip
    assert len(house.ask("/list-keys")) == 3
    assert len(house.ask("/list-addresses", account_alias="bob")) == n_receivers - 1


def test_reset_knows_the_beginning(house):
    digest = house.session.network.digest()
    house.ask("/devnet-faucet", account_alias="bob", amount=5, mine=True)

    house.ask("/devnet-reset")

    assert house.session.network.digest() == digest


def test_a_reorganisation_names_both_branches(house):
    old = house.ask("/devnet-mine", blocks=2)["block_hashes"]

    found = house.ask("/devnet-reorg", depth=2)

    assert found["old"] == old and found["reorganised"]
    assert house.ask("/get-block-hash")["block_hash"] == found["new"][-1]


def test_a_transaction_can_be_dropped(house):
    tx_id = house.ask("/devnet-faucet", account_alias="bob", amount=5)["tx_id"]
    assert house.ask("/list-unconfirmed-transactions")["tx_ids"] == [tx_id]

    assert house.told("/devnet-drop-transaction", tx_id=tx_id) == {"status": "success"}

    assert house.ask("/list-unconfirmed-transactions")["total"] == 0
    again = house.told("/devnet-drop-transaction", tx_id=tx_id)
    assert again["code"] == "BTM000"
    assert again["error_detail"].startswith("request.not-waiting: ")


@pytest.mark.parametrize("kind", [*sorted(FAULTS), "kill"])
def test_a_fault_is_set_and_cleared(house, kind):
    target = "alpha" if kind == "delay" else "alpha.v2"

    made = house.ask("/devnet-set-fault", target=target, kind=kind)

    assert house.ask("/devnet-clear-fault", fault_id=made["fault_id"])[0]["target"] == (
        target
    )


def test_the_collector_can_be_offline(house):
    made = house.ask("/devnet-set-fault", target="collector", kind="offline")

    assert made["name"] == "lazy-collector"
    assert house.told("/devnet-set-fault", target="collector", kind="lie")[
        "error_detail"
    ].startswith("a collector can")


def test_a_swap_says_from_which_height_it_holds(house):
    found = house.ask("/devnet-swap-consensus", chain="alpha", engine="solo",
                      params={"interval_ms": 700})  # fmt: skip

    assert found["height"] == found["closing_height"] + 1


def test_events_are_told_from_a_number_on(house):
    first = house.ask("/devnet-events", count=3)
    house.ask("/devnet-mine")
    found = house.ask("/devnet-events", after=3, kind="BlockAdded", chain="main")

    assert [one["seq"] for one in first] == [0, 1, 2]
    assert [one["kind"] for one in found] == ["BlockAdded"]
    after = found[0]["seq"] + 1
    assert house.ask("/devnet-events", after=after, kind="BlockAdded", wait=0) == []


def test_whoever_waits_for_an_event_gets_it_when_it_comes(house):
    n_events = house.session.next_seq

    async def both():
        body = json.dumps({"after": n_events, "wait": 30}).encode()
        waiting = asyncio.create_task(house.app.answer(Request("/devnet-events", body)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await house.app.answer(Request("/devnet-mine", b"{}"))
        return json.loads((await waiting).body)

    assert asyncio.run(both())["data"][0]["seq"] == n_events


def test_a_websocket_tells_events_and_reverts(house):
    hub, listener = Hub(house.node), Listener()
    hub._listeners.add(listener)
    hub.hear(listener, '{"topic":"notify_devnet_events"}')
    house.ask("/devnet-snapshot")
    house.ask("/devnet-mine")
    hub.look()
    house.ask("/devnet-revert", snapshot_id="s1")
    hub.look()

    frames = [
        json.loads(listener.frames.get_nowait()) for _ in range(listener.frames.qsize())
    ]
    kinds = [one["notification_type"] for one in frames]
    assert kinds[0] == "request_status" and kinds[-1] == "devnet_reverted"
    assert set(kinds[1:-1]) == {"devnet_event"}
    assert "BlockAdded" in [one["data"]["kind"] for one in frames[1:-1]]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/devnet-mine", {"blocks": 1_001}, ""),
        ("/devnet-mine", {"address": "--now"}, "request.unknown-name"),
        ("/devnet-mine", {"address": "?"}, "request.unknown-name"),
        ("/devnet-revert", {"snapshot_id": "$_"}, "request.unknown-name"),
        ("/devnet-set-automine", {"mode": "--help"}, "request.bad-value"),
        ("/devnet-set-fault", {"kind": "offline", "target": "alpha.v9"}, "request."),
        ("/devnet-clear-fault", {"fault_id": "f9"}, "request."),
        ("/devnet-snapshot", {"name": "A B"}, "request.bad-value"),
        ("/devnet-faucet", {"address": "nobody", "amount": 5}, "request.unknown-name"),
        ("/devnet-faucet", {"account_alias": "bob"}, "request.bad-value"),
        ("/devnet-faucet", {"account_alias": "bob", "asset_id": "00"}, ""),
        ("/devnet-reorg", {}, "usage.bad-argument"),
        ("/devnet-set-time", {"time": -1}, "usage."),
        ("/devnet-set-time", {"time": 5, "advance": 1}, "usage.bad-argument"),
        ("/devnet-swap-consensus", {"chain": "alpha", "engine": "x"}, "request."),
        ("/devnet-swap-consensus", {"chain": "alpha", "engine": "solo",
                                    "params": {"interval_ms": "x"}}, ""),
        ("/devnet-events", {"kind": "x"}, "request.unknown-name"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_the_envelope(house, path, body, code):
    before = house.session.network.snapshot()

    answer = house.told(path, **body)

    assert answer["status"] == "fail" and answer["code"] in ("BTM000", "BTM710")
    assert answer["error_detail"].startswith(code)
    after = house.session.network.snapshot()
    assert (after.tree, after.main_nodes) == (before.tree, before.main_nodes)
    assert (after.sidechains, after.faults) == (before.sidechains, before.faults)
    assert after.steering == before.steering and after.schedule == before.schedule
