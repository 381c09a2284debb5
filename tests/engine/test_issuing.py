"""Assets and accounts: defining, issuing, retiring, several keys, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from devnet.engine.actors.acts import main_purse
from devnet.engine.actors.owners import key_of
from devnet.engine.bc.programs import issuance_limit_height
from devnet.engine.bc.transaction import Issuance, Output, asset_id
from devnet.engine.chain.wallet import Mint, pay
from devnet.engine.errors import DevnetError
from devnet.engine.events import AccountAdded, AssetKnown, BalanceChanged
from devnet.engine.network import Network
from devnet.engine.rules.transaction import validate_transaction
from tests.engine.support import (
    BTM_UNITS,
    branch,
    claimed,
    network,
    run_blocks,
    run_until,
    said,
)


@pytest.fixture(scope="module")
def world() -> Network:
    """One world with a few assets; each test takes a branch of its own."""
    net = network()
    net.issue("alice", 1000, "SILVER")
    net.issue("alice", 500_00, "EURO", decimals=2)
    net.issue("alice", 1, "MONA", bap="BAP-03")
    net.issue("bob", 8 * 10**8, "SHARES", bap="BAP-02", definition={"series": "A"})
    net.issue("carol", 9, "CLUB", signers=["alice", "bob", "carol"], quorum=2)
    net.issue("alice", 5, "BRIEF", limit_height=net.main_height() + 3)
    net.new_account("vault", ["alice", "bob", "carol"], 2)
    net.transfer_value("alice", "vault", 500 * BTM_UNITS, "BTM", "main")
    net.transfer_value("alice", "vault", 50, "GOLD", "main")
    run_blocks(net, "main", 4)
    return net


@pytest.fixture
def net(world: Network) -> Network:
    return branch(world)


def refusal(net: Network, act: Callable[[], object]) -> str:
    """The code of a refusal that left no trace."""
    before = net.digest(), net.world, len(net.events)
    with pytest.raises(DevnetError) as caught:
        act()
    assert (net.digest(), net.world, len(net.events)) == before
    return caught.value.code


# Issuing.


def test_an_unknown_name_is_defined_by_issuing_it(net):
    info = net.asset("SILVER")
    definition = json.loads(info.definition)

    assert net.balance("alice", "main", "SILVER") == 1000
    assert definition == {
        "bap": "BAP-04", "decimals": 0, "name": "SILVER", "symbol": "SILVER",
    }  # fmt: skip
    assert net.describe_asset("SILVER")["issued"] == {"amount": 1000, "asset": "SILVER"}


def test_a_name_is_known_from_the_mempool_on_and_told_when_it_is_mined():
    net = network()

    net.issue("alice", 7, "COPPER")
    waiting = net.asset("COPPER").decimals, said(net, AssetKnown, asset="COPPER")
    run_blocks(net, "main", 2)

    assert waiting == (0, [])
    assert len(said(net, AssetKnown, asset="COPPER")) == 1
    changed = said(net, BalanceChanged, who="alice", asset="COPPER")
    assert [event.amount for event in changed] == [7]


def test_the_issuer_issues_more_and_the_supply_adds_up(net):
    net.issue("alice", 24, "SILVER")
    net.retire("alice", 4, "SILVER")
    run_blocks(net, "main", 1)

    facts = net.describe_asset("SILVER")

    assert facts["issued"]["amount"] == 1024
    assert facts["retired"]["amount"] == 4
    assert (
        facts["supply"][0]["amount"] == 1020 == net.balance("alice", "main", "SILVER")
    )
    assert facts["n_issuances"] == 2


def test_the_gold_of_the_starter_chain_can_be_issued_by_alice_alone(net):
    net.issue("alice", 10, "GOLD")

    assert refusal(net, lambda: net.issue("bob", 1, "GOLD")) == "asset.not-issuer"


def test_several_sign_an_issuance_in_the_order_of_their_keys(net):
    tx_id = net.issue("bob", 3, "CLUB", signed_by=["carol", "alice"])

    tx = net.locate(tx_id).tx
    issuance = tx.inputs[0]
    assert isinstance(issuance, Issuance)
    assert len(issuance.arguments) == 2
    verdict = validate_transaction(tx, height=net.main_height() + 1)
    assert verdict.status == "valid"


def test_a_limit_height_stands_in_the_program_and_holds(net):
    limit = issuance_limit_height(net.asset("BRIEF").program)

    assert net.main_height() + 1 >= limit > 0
    assert refusal(net, lambda: net.issue("alice", 1, "BRIEF")) == "asset.limit-reached"


def test_an_item_can_be_issued_for_a_few_blocks_only():
    net = network()
    net.issue("alice", 1, "ITEM", bap="BAP-03")

    limit = issuance_limit_height(net.asset("ITEM").program)
    (waiting,) = net.world.main_nodes[0].pool.transactions()

    assert limit == net.main_height() + 11
    # Later than that it would fail and cost its fee, so it may not be mined then.
    assert waiting.tx.time_range == limit - 1


def test_a_definition_of_ones_own_is_kept_whole(net):
    given = {"name": "Free beer", "issuer": {"www": "<none>"}, "bap": "BAP-01"}

    net.issue("alice", 100, "BEER", decimals=2, definition=given)

    told = json.loads(net.asset("BEER").definition)
    assert told == {**given, "decimals": 2, "symbol": "BEER"}


@pytest.mark.parametrize(
    ("amount", "asset", "options", "code"),
    [
        (1, "NEW", {"bap": "BAP-05"}, "asset.class-unknown"),
        (1, "NEW", {"bap": "BAP-01", "decimals": 0}, "asset.class-decimals"),
        (1, "NEW", {"bap": "BAP-03", "decimals": 1}, "asset.class-decimals"),
        (1, "NEW", {"bap": "BAP-04", "decimals": 8}, "asset.class-decimals"),
        (2, "NEW", {"bap": "BAP-03"}, "asset.not-one-unit"),
        (1, "MONA", {}, "asset.not-again"),
        (1, "NEW", {"bap": "BAP-02"}, "asset.series-missing"),
        (1, "NEW", {"decimals": 9}, "request.bad-value"),
        (1, "NEW", {"decimals": 2, "definition": {"decimals": 3}}, "request.bad-value"),
        (1, "NEW", {"definition": {"decimals": "x"}}, "request.bad-value"),
        (1, "NEW", {"definition": {"symbol": "OLD"}}, "request.bad-value"),
        (1, "NEW", {"definition": {"text": "x" * 20000}}, "request.bad-value"),
        (1, "NEW", {"limit_height": 5}, "asset.limit-reached"),
        (1, "NEW", {"signers": ["alice", "bob"], "quorum": 3}, "request.bad-quorum"),
        (1, "NEW", {"signers": ["alice", "alice"]}, "request.duplicate-key"),
        (1, "NEW", {"signers": ["alice", "vault"]}, "account.not-a-key"),
        (1, "NEW", {"signers": ["mallory"]}, "request.unknown-name"),
        (1, "NEW", {"signed_by": ["bob"]}, "asset.not-issuer"),
        (0, "NEW", {}, "request.bad-value"),
        (2**63, "NEW", {}, "request.bad-value"),
        (1, "silver", {}, "request.name-taken"),
        (1, "9lives", {}, "request.bad-value"),
        (1, "SILVER", {"decimals": 0}, "asset.defined-already"),
        (1, "BTM", {}, "asset.native"),
        (1, "CLUB", {"signed_by": ["alice"]}, "asset.quorum-missing"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(
    net, amount, asset, options, code
):
    assert refusal(net, lambda: net.issue("alice", amount, asset, **options)) == code


def test_a_series_has_one_asset_for_each_issuer(net):
    again = {"bap": "BAP-02", "definition": {"series": "A"}}

    assert (
        refusal(net, lambda: net.issue("bob", 10, "MORE", **again))
        == "asset.series-taken"
    )
    net.issue("alice", 10, "MORE", **again)


def test_an_issued_asset_can_be_locked_and_claimed_like_gold(net):
    name = net.lock("alice", 40_50, "EURO", "gamma", to="vault")
    run_until(net, lambda: claimed(net, name))

    assert net.balance("vault", "gamma", "EURO") == 40_50
    assert net.audit("gamma").ok
    supply = {
        one["chain"]: one["amount"] for one in net.describe_asset("EURO")["supply"]
    }
    assert supply == {"main": 500_00, "gamma": 40_50}


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        (b'{"symbol": "FRANC", "decimals": 2}', "FRANC"),
        (b'{"symbol": "no name", "name": "Franc"}', "Franc"),
        (b'{"name": "\\u001b[31mred"}', None),
        (b'{"symbol": "Silver"}', "Silver-{id}"),
        (b'{"symbol": "BTM", "decimals": 1e400}', "BTM-{id}"),
        (b"\xff\x00", None),
        (b"[1]", None),
    ],
)
def test_an_asset_of_a_stranger_gets_a_name_that_fits_and_is_its_own(
    net, definition, named
):
    key = key_of(net.world, "alice")
    asset = asset_id(b"\x51", definition)
    issuance = Issuance(b"\x07", asset, 5, definition, 1, b"\x51")
    purse = main_purse(net._look(), key.program)
    outputs = (Output(asset, 5, key.program),)
    tx = pay(key, purse, outputs, side=False, mint=Mint(issuance, (), 0))
    net.submit(tx.raw)
    run_blocks(net, "main", 1)

    name = (named or "{id}").replace("{id}", asset.hex()[:8])

    assert net.asset(name).id == asset
    assert net.balance("alice", "main", name) == 5
    assert refusal(net, lambda: net.issue("alice", 1, name)) == "asset.not-issuer"


# Retiring.


def test_a_note_is_on_the_chain_and_says_that_nothing_commits_to_it(net):
    tx_id = net.retire("alice", 5, "SILVER", "burnt by mistake")
    run_blocks(net, "main", 1)

    (output,) = [
        one for one in net.describe_tx(tx_id)["outputs"] if one["kind"] == "retirement"
    ]

    assert output["amount"] == 5
    assert output["locked_by"]["note"] == "burnt by mistake"
    assert output["locked_by"]["committed"] is False


def test_btm_can_be_retired_too(net):
    before = net.balance("alice", "main", "BTM")
    net.retire("alice", 3 * BTM_UNITS, "BTM")
    run_blocks(net, "main", 1)

    assert before - net.balance("alice", "main", "BTM") > 3 * BTM_UNITS
    assert net.describe_asset("BTM")["retired"]["amount"] == 3 * BTM_UNITS


def test_nobody_retires_what_they_do_not_have(net):
    assert (
        refusal(net, lambda: net.retire("bob", 1, "SILVER"))
        == "request.insufficient-funds"
    )
    assert (
        refusal(net, lambda: net.retire("alice", 1, "SILVER", "x" * 5000))
        == "asset.note-too-long"
    )


# Accounts.


def test_an_account_of_several_keys_pays_and_is_paid_like_any_other(net):
    net.transfer_value("vault", "bob", 20 * BTM_UNITS, "BTM", "main")
    run_blocks(net, "main", 1)
    net.transfer_value("vault", "bob", 30, "GOLD", "main")
    run_blocks(net, "main", 1)

    assert net.balance("vault", "main", "GOLD") == 20
    assert net.describe_account("vault")["kind"] == "P2WSH"
    (added,) = said(net, AccountAdded, who="vault")
    assert added.address == net.address("vault")


def test_an_account_of_several_keys_locks_and_claims_and_pays_on_a_sidechain(net):
    name = net.lock("vault", 5 * BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: claimed(net, name))
    net.transfer_value("vault", "bob", BTM_UNITS, "BTM", "gamma")
    run_blocks(net, "gamma", 2)

    assert net.balance("bob", "gamma", "BTM") == BTM_UNITS
    assert net.audit("gamma").ok


def test_the_order_of_the_signers_makes_another_address(net):
    one = net.new_account("one", ["alice", "bob"], 1)
    other = net.new_account("other", ["bob", "alice"], 1)

    # Equal keys count on, as in Bytom's wallet, so the second has the second index.
    assert (one.index, other.index) == (1, 2)
    assert net.address("one") != net.address("other")


def test_a_new_account_has_a_key_of_its_own(net):
    net.new_account("dave")
    net.transfer_value("alice", "dave", 10, "SILVER", "main")
    run_blocks(net, "main", 1)

    assert net.balance("dave", "main", "SILVER") == 10
    assert net.describe_account("dave")["kind"] == "P2WPKH"
    assert "dave" in net.accounts()


@pytest.mark.parametrize(
    ("name", "signers", "quorum", "code"),
    [
        ("alice", None, None, "request.name-taken"),
        ("vault", None, None, "request.name-taken"),
        ("gamma", None, None, "request.name-taken"),
        ("main", None, None, "request.name-taken"),
        ("node-0", None, None, "request.name-taken"),
        ("fed-1", None, None, "request.name-taken"),
        ("Dave", None, None, "request.bad-value"),
        ("dave", None, 2, "request.bad-quorum"),
        ("dave", ["alice", "bob"], 0, "request.bad-quorum"),
        ("dave", ["alice", "bob"], 3, "request.bad-quorum"),
        ("dave", [], None, "request.bad-quorum"),
        ("dave", ["alice", "alice"], 1, "request.duplicate-key"),
        ("dave", ["alice", "vault"], 1, "account.not-a-key"),
        ("dave", ["alice", "eve"], 1, "request.unknown-name"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(net, name, signers, quorum, code):
    assert refusal(net, lambda: net.new_account(name, signers, quorum)) == code


def test_a_sidechain_cannot_take_the_name_of_an_account(net):
    assert (
        refusal(net, lambda: net.new_sidechain("vault", "solo")) == "request.name-taken"
    )


@pytest.mark.parametrize(
    ("n_keys", "quorum"), [(2, 1), (3, 3), (16, 5), (17, 17), (28, 1), (28, 28)]
)
def test_any_number_of_keys_that_the_gas_credit_allows_can_spend_and_issue(
    net, n_keys, quorum
):
    names = [f"key-{number}" for number in range(n_keys)]
    for name in names:
        net.new_account(name)
    net.new_account("many", names, quorum)
    net.transfer_value("alice", "many", 100 * BTM_UNITS, "BTM", "main")
    net.transfer_value("alice", "many", 9, "GOLD", "main")
    run_blocks(net, "main", 1)
    net.issue("many", 5, "JOINT")
    run_blocks(net, "main", 1)

    key, height = key_of(net.world, "many"), net.main_height() + 1
    purse = main_purse(net._look(), key.program)
    ids = [net.asset(name).id for name in ("BTM", "GOLD", "JOINT")]
    outputs = [Output(asset, 4, key_of(net.world, "bob").program) for asset in ids]
    for paid in ([outputs[0]], [outputs[1]], outputs):
        tx = pay(key, purse, paid, side=False)
        assert validate_transaction(tx, height=height).status == "valid"
    assert net.balance("many", "main", "JOINT") == 5


def test_more_keys_than_the_gas_credit_allows_are_refused(net):
    names = [f"key-{number}" for number in range(29)]
    for name in names:
        net.new_account(name)

    assert (
        refusal(net, lambda: net.new_account("many", names, 2))
        == "account.too-many-keys"
    )


def test_the_pieces_that_one_transaction_spends_are_as_many_as_the_credit_pays(net):
    keys = {who: key_of(net.world, who) for who in ("alice", "vault")}

    assert keys["alice"].most_btm_inputs == 21
    assert keys["vault"].most_btm_inputs == 8
    for _ in range(9):
        net.transfer_value("alice", "vault", BTM_UNITS, "BTM", "main")
    run_blocks(net, "main", 1)
    held = net.balance("vault", "main", "BTM")
    assert (
        refusal(
            net,
            lambda: net.transfer_value("vault", "bob", held - BTM_UNITS, "BTM", "main"),
        )
        == "request.too-many-pieces"
    )
