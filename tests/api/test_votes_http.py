"""Votes on a sidechain over HTTP, and keys that are kept nowhere."""

from __future__ import annotations

import pytest

from devnet.engine.codec import encode_address, program_of_address
from tests.api.test_controls_http import house_of

ALPHA = "/sidechain/alpha"
BTM = 100_000_000
UNBOND_BLOCKS = 8


@pytest.fixture(scope="module")
def house():
    """A world where alice has 9 BTM on alpha; votes are locked for a few blocks."""
    made = house_of("alpha:poa", unbond_blocks=UNBOND_BLOCKS)
    made.session.attached = False
    for line in ("speed max", "d = lock alice 9 BTM alpha; wait $d.stage == claimed"):
        assert made.session.execute(line).ok
    return made


@pytest.fixture
def world(house):
    """The same, as if nothing had happened."""
    house.session.take_snapshot("before")
    yield house
    house.session.go_back(house.session.snapshots.find("before"))
    house.session.snapshots.forget_after(house.session.snapshots.find("first"))


def side(house, path, **fields):
    return house.ask(f"{ALPHA}/{path}", **fields)


def spend(amount, who="alice"):
    return {"type": "spend_account", "account_alias": who, "asset_alias": "BTM",
            "amount": amount}  # fmt: skip


def address_of(house, who="alice"):
    return house.ask("/list-addresses", account_alias=who)[0]["address"]


def seat_of(house):
    """The key of a validator."""
    return house.session.network.world.sidechains[0].nodes[0].key.hex()


def voting(house, amount=2 * BTM, **more):
    return {"type": "vote_output", "asset_alias": "BTM", "amount": amount,
            "address": address_of(house), "vote": seat_of(house), **more}  # fmt: skip


def veto(house, amount, who="alice"):
    return {**spend(amount, who), "type": "veto", "vote": seat_of(house)}


def handed_in(house, *actions):
    built = side(house, "build-transaction", actions=actions)
    assert side(house, "estimate-transaction-gas", transaction_template=built)
    signed = side(house, "sign-transaction", transaction=built, password="devnet")
    assert signed["sign_complete"]
    raw = signed["transaction"]["raw_transaction"]
    tx_id = side(house, "submit-transaction", raw_transaction=raw)["tx_id"]
    n_blocks = side(house, "get-block-count")["block_count"]
    house.session.run_for(house.session.now_ms + 3_000, lambda: True)
    assert side(house, "get-block-count")["block_count"] > n_blocks
    return side(house, "get-transaction", tx_id=tx_id)


def refusal(house, *actions):
    answer = house.told(f"{ALPHA}/build-transaction", actions=actions)
    assert answer["status"] == "fail"
    return answer["code"], answer["msg"]


def pass_blocks(house, number):
    """Blocks come when there is something for them."""
    height = side(house, "get-block-count")["block_count"]
    for _ in range(number):
        if side(house, "get-block-count")["block_count"] >= height + number:
            return
        out = {"type": "control_address", "asset_alias": "BTM", "amount": 1000,
               "address": address_of(house)}  # fmt: skip
        handed_in(house, spend(5_001_000), out)


def test_a_vote_counts_for_its_key_and_stands_in_the_account(world):
    told = handed_in(world, spend(3 * BTM), voting(world))

    vote = next(one for one in told["outputs"] if one["type"] == "vote")
    assert (vote["vote"], vote["amount"]) == (seat_of(world), 2 * BTM)
    assert vote["account_alias"] == "alice"
    assert side(world, "get-vote-result") == [
        {"vote": seat_of(world), "vote_number": 2 * BTM, "role": "validator"}
    ]
    for early in (0, 1):
        assert side(world, "get-vote-result", block_height=early) == []
    (row,) = side(world, "list-account-votes", account_alias="alice")
    assert (row["account_alias"], row["total_vote_number"]) == ("alice", 2 * BTM)
    assert row["vote_details"] == [{"vote": seat_of(world), "vote_number": 2 * BTM}]
    assert side(world, "list-account-votes", account_alias="bob") == []
    assert side(world, "list-account-votes") == [row]
    (shown,) = [one for one in world.session.network.validators("alpha")
                if one["key"] == seat_of(world)]  # fmt: skip
    assert shown["votes"] == 2 * BTM


def test_votes_come_back_when_their_time_is_over_and_the_rest_votes_on(world):
    handed_in(world, spend(3 * BTM), voting(world))
    out = {"type": "control_address", "asset_alias": "BTM", "amount": 5 * BTM // 10,
           "address": address_of(world, "bob")}  # fmt: skip

    early = refusal(world, veto(world, BTM), out)
    pass_blocks(world, UNBOND_BLOCKS)
    told = handed_in(world, veto(world, BTM), out)

    assert early == ("BTM704", "Locked by the vote")
    assert [one["type"] for one in told["inputs"]] == ["veto"]
    assert told["inputs"][0]["account_alias"] == "alice"
    (row,) = side(world, "list-account-votes")
    assert row["total_vote_number"] == BTM
    assert [one["vote_number"] for one in side(world, "get-vote-result")] == [BTM]
    found = side(world, "list-transactions", account_alias="alice", count=1)
    assert found[0]["tx_id"] == told["tx_id"]
    assert not world.session.network.is_paused_by_breach()


def test_an_xpub_and_a_vapor_address_name_the_same(world):
    home = program_of_address(address_of(world), "sm")
    vapors = encode_address(home[2:], "sp")

    handed_in(world, spend(3 * BTM), voting(world, vote=seat_of(world) + "00" * 32,
                                            address=vapors))  # fmt: skip

    (row,) = side(world, "list-account-votes")
    assert row["vote_details"][0]["vote"] == seat_of(world)


def test_a_vote_that_cannot_count_is_refused(world):
    small = voting(world, amount=10)
    other = voting(world, asset_alias="", asset_id="11" * 32)
    long = voting(world, vote="ab" * 33)
    nobody = voting(world, address="sm1nobody")

    assert refusal(world, spend(3 * BTM), small) == ("BTM749", "Invalid vote amount")
    assert refusal(world, spend(3 * BTM), other)[0] == "BTM749"
    assert refusal(world, spend(3 * BTM), long)[0] == "BTM711"
    assert refusal(world, spend(3 * BTM), nobody)[0] == "BTM000"
    assert refusal(world, veto(world, BTM), voting(world))[0] == "BTM700"
    assert refusal(world, veto(world, BTM, "bob"), voting(world))[0] == "BTM700"
    assert side(world, "list-account-votes") == []
    # Nothing is held for what was refused.
    handed_in(world, spend(8 * BTM), voting(world, 7 * BTM))


def test_a_key_that_is_kept_nowhere_signs_by_itself(world):
    pair, other = side(world, "create-key-pair"), side(world, "create-key-pair")
    world.ask("/create-account", alias="paper", quorum=1, root_xpubs=[pair["xpub"]])
    place = world.ask("/create-account-receiver", account_alias="paper")["address"]
    out = {"type": "control_address", "asset_alias": "BTM", "amount": 2 * BTM}
    handed_in(world, spend(3 * BTM), {**out, "address": place})
    built = side(world, "build-transaction", actions=[
        spend(2 * BTM, "paper"), {**out, "amount": BTM, "address": address_of(world)},
    ])  # fmt: skip

    unsigned = side(world, "sign-with-xprv", transaction=built, xprv=other["xprv"])
    signed = side(world, "sign-with-xprv", transaction=built, xprv=pair["xprv"])
    raw = signed["transaction"]["raw_transaction"]
    bad = world.told(f"{ALPHA}/sign-with-xprv", transaction=built,
                     xprv=pair["xprv"][:-1])  # fmt: skip

    assert (unsigned["sign_complete"], signed["sign_complete"]) == (False, True)
    assert side(world, "submit-transaction", raw_transaction=raw)
    assert bad["code"] == "BTM002" and pair["xprv"][:20] not in str(bad)
