"""A sidechain's own paths, the peg-in by proof, and the federation daemon's answers."""

from __future__ import annotations

import json
import urllib.request
from random import Random

import pytest

from devnet.api.sides import SHARED, SIDE_TABLE
from devnet.api.table import TABLE
from devnet.api.tokens import LOCAL_ALONE
from devnet.commands.recording import load_recording, save_recording
from devnet.commands.replaying import replay
from tests.api.test_controls_http import house_of
from tests.api.test_requests import BODIES, VALUES, is_well_formed
from tests.api.test_serving import Socket, served
from tests.api.worlds import story
from tests.commands.sessions import make_session

ALPHA = "/sidechain/alpha"


@pytest.fixture(scope="module")
def lived():
    """A world with a deposit, a payment and a withdrawal on alpha."""
    house = house_of()
    session = house.session
    session.attached = False
    for line in ("speed max", "d = lock alice 9 BTM alpha; wait $d.stage == claimed",
                 "transfer alice bob 2 BTM alpha", "w = withdraw alice 3 BTM alpha",
                 "wait $w.stage == settled --within 40blocks"):  # fmt: skip
        outcome = session.execute(line)
        assert outcome.ok, (line, outcome.error)
    return house


def side(house, path, **fields):
    return house.ask(f"{ALPHA}/{path}", **fields)


def crossings(house, **filters):
    body = json.dumps({"filter": filters}).encode()
    reply = house.reply("/api/v1/federation/list-crosschain-txs", body)
    found = json.loads(reply.body)
    assert (reply.status, found["code"]) == (200, 200)
    return found["data"]


def test_a_sidechain_tells_its_height_its_finality_and_its_federation(lived):
    info = side(lived, "net-info")
    shown = lived.session.network.show("alpha")

    assert info["current_block"] == shown["height"] == info["highest_block"]
    assert info["irreversible_block"] == shown["final"]
    assert info["federation_address"].startswith("sm1")
    assert info["version_info"]["version"] == "1.1.9"
    assert side(lived, "get-block-count")["block_count"] == shown["height"]
    assert side(lived, "get-block-hash")["block_hash"] == shown["tip"]


def test_a_block_names_who_made_it(lived):
    genesis, block = side(lived, "get-block"), side(lived, "get-block", block_height=3)
    seats = {one.key.hex() for one in lived.session.network.world.sidechains[0].nodes}

    assert (genesis["blocker"], genesis["witness"]) == ("", [])
    assert block["blocker"] in seats and block["witness"]
    assert side(lived, "get-block", block_hash=block["hash"]) == block
    raw = side(lived, "get-raw-block", block_height=3)["raw_block"]
    assert len(raw) == block["size"]
    header = side(lived, "get-block-header", block_height=3)["block_header"]
    assert raw[2:].startswith(header[2:])


def test_what_crossed_stands_in_its_blocks(lived):
    kinds = {
        part["type"]
        for height in range(1, side(lived, "get-block-count")["block_count"] + 1)
        for tx in side(lived, "get-block", block_height=height)["transactions"]
        for part in (*tx["inputs"], *tx["outputs"])
    }

    assert {
        "coinbase",
        "cross_chain_in",
        "spend",
        "control",
        "cross_chain_out",
    } <= kinds


def test_the_wallets_accounts_have_what_they_have_there(lived):
    rows = side(lived, "list-balances", account_alias="bob")
    held = lived.session.network.balance("bob", "alpha", "BTM")

    assert [(one["asset_alias"], one["amount"]) for one in rows] == [("BTM", held)]
    found = side(lived, "list-transactions", account_alias="bob", count=5)
    assert len(found) == 1
    tx = side(lived, "get-transaction", tx_id=found[0]["tx_id"])
    assert tx["block_height"] > 0 and tx["outputs"][0]["type"] == "control"
    assert side(lived, "list-assets")[0]["alias"] == "BTM"


def test_accounts_and_keys_are_the_wallets(lived):
    assert side(lived, "list-accounts") == lived.ask("/list-accounts")
    assert set(TABLE) >= SHARED


def test_what_only_this_machine_may_ask_stands_nowhere_else(lived):
    assert not SHARED & {path.strip("/") for path in LOCAL_ALONE}
    for path in LOCAL_ALONE:
        assert lived.reply(f"{ALPHA}{path}", who="remote").status in (401, 500)


def test_a_payment_of_somebodys_wallet_is_taken(lived):
    session = lived.session
    height = side(lived, "get-block-count")["block_count"]
    raw = next(
        tx.raw
        for number in range(1, height + 1)
        for tx in session.network.world.sidechains[0]
        .tree[bytes.fromhex(side(lived, "get-block", block_height=number)["hash"])]
        .block.transactions[1:]
    )

    decoded = side(lived, "decode-raw-transaction", raw_transaction=raw.hex())
    assert decoded["inputs"][0]["type"] == "cross_chain_in"
    again = lived.told(f"{ALPHA}/submit-transaction", raw_transaction=raw.hex())
    assert again["status"] == "fail"


def test_the_federation_daemon_tells_what_crossed(lived):
    up, down = crossings(lived)

    assert (down["source_chain_name"], down["dest_chain_name"]) == ("btm", "alpha")
    assert (up["source_chain_name"], up["dest_chain_name"]) == ("alpha", "btm")
    for one in (up, down):
        assert one["status"] == "completed" and one["source_block_height"] > 0
        assert one["dest_block_height"] > 0, one
    assert crossings(lived, status="pending") == []
    assert crossings(lived, source_chain_name="vapor") == [up]
    assert crossings(lived, source_tx_hash=down["source_tx_hash"]) == [down]
    one = lived.reply("/api/v1/federation/list-crosschain-txs", b"{}",
                      query="start=1&limit=5")  # fmt: skip
    assert json.loads(one.body)["data"] == [down]
    chains = json.loads(lived.reply("/api/v1/federation/list-chains").body)["data"]
    assert [chain["name"] for chain in chains] == ["btm", "alpha"]


@pytest.mark.parametrize(
    "path",
    ["/sidechain/alpha/create-asset", "/sidechain/alpha/get-work", "/sidechain/nobody/"
     "net-info", "/sidechain/alpha", "/sidechain/", "/sidechain/alpha/net-info/",
     "/api/v1/federation/x"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(lived, path):
    reply = lived.reply(path)

    assert (reply.status, json.loads(reply.body)["code"]) == (500, "BTM000")


def deposit_by_hand(house, path="get-pegin-contract-address"):
    """Pay to a peg-in address; what the mainchain's endpoints say of it."""
    where = side(house, path, account_alias="bob")
    tx_id = house.ask("/devnet-faucet", address=where["mainchain_address"],
                      amount=70_000_000)["tx_id"]  # fmt: skip
    (block,) = house.ask("/devnet-mine")["block_hashes"]
    raw_block = house.ask("/get-raw-block", block_hash=block)["raw_block"]
    raw = side(house, "get-raw-transaction", raw_block=raw_block, tx_id=tx_id)
    assert raw["block_hash"] == block
    proof = house.ask("/get-merkle-proof", tx_ids=[tx_id], block_hash=block)
    return {
        "password": "devnet", "raw_transaction": raw["raw_transaction"],
        "claim_script": where["claim_script"], **proof,
    }  # fmt: skip


def let_pass(house, ms):
    """Everybody hears of what is there."""
    house.session.run_for(house.session.now_ms + ms, lambda: True)


def test_a_payment_is_claimed_with_the_proof_that_the_mainchain_gives(tmp_path):
    house = house_of("alpha:poa")
    house.session.pacer = house.session.pacer.at_speed(float("inf"))
    asked = deposit_by_hand(house)
    early = house.told(f"{ALPHA}/claim-pegin-transaction", **asked)
    house.ask("/devnet-mine", blocks=3)
    let_pass(house, 500)
    wrong = {**asked, "flags": list(range(len(asked["flags"])))}
    refused = house.told(f"{ALPHA}/claim-pegin-transaction", **wrong)

    claimed = side(house, "claim-pegin-transaction", **asked)
    let_pass(house, 30_000)

    assert early["status"] == "fail"
    if wrong["flags"] != asked["flags"]:
        assert refused["status"] == "fail"
    rows = side(house, "list-balances", account_alias="bob")
    assert [one["amount"] for one in rows] == [70_000_000]
    assert not house.session.network.is_paused_by_breach()
    place = side(house, "get-transaction", tx_id=claimed["tx_id"])
    raw = side(house, "get-side-raw-transaction", block_height=place["block_height"],
               tx_id=claimed["tx_id"])  # fmt: skip
    assert raw["block_hash"] == place["block_hash"]
    assert side(house, "claim-pegin-transaction", **asked) == claimed
    let_pass(house, 5_000)
    assert side(house, "list-balances", account_alias="bob") == rows
    save_recording(house.session, str(tmp_path / "x.jsonl"))
    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), make_session())
    assert verdict.same, verdict.difference


def test_what_is_paid_to_a_peg_in_address_is_claimed_without_more(tmp_path):
    house = house_of("alpha:poa")
    house.session.pacer = house.session.pacer.at_speed(float("inf"))
    asked = deposit_by_hand(house, "get-pegin-address")
    house.ask("/devnet-mine", blocks=4)
    let_pass(house, 10_000)

    (row,) = side(house, "list-balances", account_alias="bob")
    assert 69_000_000 < row["amount"] <= 70_000_000
    # Who goes on as if nobody had claimed learns which transaction did.
    told = side(house, "claim-pegin-transaction", **asked)
    found = side(house, "list-transactions", account_alias="bob", count=5)
    assert [one["tx_id"] for one in found] == [told["tx_id"]]
    assert house.session.execute("audit").ok
    save_recording(house.session, str(tmp_path / "x.jsonl"))
    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), make_session())
    assert verdict.same, verdict.difference


def test_a_claim_for_another_script_is_refused():
    house = house_of()
    asked = deposit_by_hand(house)
    other = side(house, "get-pegin-contract-address", account_alias="carol")

    answer = house.told(
        f"{ALPHA}/claim-pegin-transaction",
        **{**asked, "claim_script": other["claim_script"]},
    )

    assert "locks nothing" in answer["error_detail"]
    pair = side(house, "create-key-pair")
    assert len(pair["xprv"]) == len(pair["xpub"]) == 128


DIFFERENT = {
    "no input is signed by a federation": [30, 31, 32, 33, 34],
}
"""Steps of the story from a Vapor node that cannot go as there; see differences.md."""


def differences(house, step):
    """How an answer differs in its form from that of a real node."""
    body = json.dumps(step["request"]).encode()
    reply = house.reply(f"{ALPHA}{step['endpoint']}", body)
    got, wanted = json.loads(reply.body), step["response"]
    found = [] if reply.status == step["http_status"] else [reply.status]
    for name in ("status", "code", "msg", "error_detail", "detail", "temporary"):
        if got.get(name) != wanted.get(name):
            found.append((name, got.get(name)))
    if isinstance(wanted.get("data"), dict):
        found += sorted(set(wanted["data"]) - set(got.get("data", {})))
    elif wanted.get("data") == [] and got["data"]:
        found.append(got["data"])
    return found


def test_the_story_of_a_vapor_node_goes_as_there_as_far_as_we_have_the_notion():
    house = house_of()
    key = house.ask("/create-key", alias="val", password="pw")
    house.ask("/create-account", alias="val", quorum=1, root_xpubs=[key["xpub"]])
    steps = story("http-api-vapor")["steps"]

    different = {one["n"]: differences(house, one) for one in steps}
    different = {number: found for number, found in different.items() if found}

    known = [number for numbers in DIFFERENT.values() for number in numbers]
    assert sorted(different) == sorted(known), different
    assert len(steps) == 35


def test_a_sidechain_can_have_a_port_of_its_own():
    with served("--side-ports") as (_, ready):
        url = ready["sidechains"]["alpha"]
        assert url != ready["mainchain"] and set(ready["sidechains"]) == {
            "alpha", "beta", "gamma",
        }  # fmt: skip
        for path in (f"{url}/net-info", f"{ready['mainchain']}{ALPHA}/net-info"):
            with urllib.request.urlopen(path, timeout=10) as answer:
                assert json.load(answer)["data"]["version_info"]["version"] == "1.1.9"
        own = Socket(ready, port=int(url.rpartition(":")[2]))
        for listener in (own, Socket(ready, f"{ALPHA}/websocket-subscribe")):
            listener.send('{"topic": "notify_raw_blocks"}')
            assert listener.receive()["notification_type"] == "request_status"
            listener.close()
        with pytest.raises(AssertionError):
            Socket(ready, "/sidechain/nobody/websocket-subscribe")


OURS_ALONE = (
    b'{"raw_transaction": "07", "block_header": "01", "flags": [1, 300]}',
    b'{"filter": 5}', b'{"filter": {"status": 5}}', b'{"sort": {"order": "asc"}}',
    b'{"account_alias": "bob", "count": 3}', b'{"raw_block": "0301"}',
)  # fmt: skip


@pytest.mark.parametrize("path", [
    *(f"{ALPHA}/{path}" for path in sorted(SIDE_TABLE)),
    "/api/v1/federation/list-chains", "/api/v1/federation/list-crosschain-txs",
])  # fmt: skip
def test_any_body_gets_a_well_formed_answer(lived, path):
    random, found = Random(path), SIDE_TABLE.get(path.rpartition("/")[2])
    names = [field.name for field in found.fields] if found else ["filter", "sort"]
    made = [
        json.dumps({name: random.choice(VALUES) for name in names}).encode()
        for _ in range(30)
    ]
    for body in [*BODIES, *OURS_ALONE, *made]:
        before = lived.session.network.world
        reply = lived.reply(path, body)
        answer = json.loads(reply.body)

        assert answer.get("code") == 200 or is_well_formed(reply.status, answer)
        assert "a bug of the devnet" not in answer.get("error_detail", ""), body[:200]
        if answer.get("status") == "fail":
            assert lived.session.network.world is before


def paid_out(house, **out):
    actions = [
        {"type": "spend_account", "account_alias": "alice", "asset_alias": "BTM",
         "amount": 110_000_000},
        {"asset_alias": "BTM", "amount": 100_000_000, **out},
    ]  # fmt: skip
    built = side(house, "build-transaction", actions=actions)
    assert side(house, "estimate-transaction-gas", transaction_template=built)
    signed = side(house, "sign-transaction", transaction=built, password="devnet")
    assert signed["sign_complete"]
    raw = signed["transaction"]["raw_transaction"]
    return side(house, "submit-transaction", raw_transaction=raw)["tx_id"]


def test_value_goes_back_to_the_mainchain_by_a_built_transaction():
    house = house_of("alpha:poa")
    session = house.session
    session.attached = False
    session.execute("speed max")
    assert session.execute("d = lock alice 9 BTM alpha; wait $d.stage == claimed").ok
    bob = house.ask("/list-addresses", account_alias="bob")[0]["address"]
    before = session.network.balance("bob", "main", "BTM")

    paid_out(house, type="control_address", address=bob)
    let_pass(house, 20_000)
    paid_out(house, type="cross_chain_out", address=bob)
    for _ in range(12):
        session.execute("mine 1")

    assert session.network.balance("bob", "alpha", "BTM") == 100_000_000
    assert session.network.balance("bob", "main", "BTM") == before + 100_000_000
    assert not session.network.is_paused_by_breach()


def test_an_action_that_is_not_there_says_what_is(lived):
    action = {"type": "cross_chain_in", "asset_alias": "BTM", "amount": 5,
              "source_id": "11" * 32}  # fmt: skip
    paid = {"type": "retire", "asset_alias": "BTM", "amount": 5}
    answer = lived.told(f"{ALPHA}/build-transaction", actions=[action, paid])

    assert (answer["status"], answer["code"]) == ("fail", "BTM710")
    assert "claim-pegin-transaction brings value in" in answer["error_detail"]
