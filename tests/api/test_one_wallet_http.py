"""The wallet of the HTTP interface is the session's: what one side makes, both have."""

from devnet.api.node import Node
from tests.api.worlds import House

COIN = 10**8


def lived_in() -> House:
    house = House(profile="fast", empty=False)
    assert house.node.wallet is house.session.wallet
    return house


def run(house: House, *lines: str) -> list[str]:
    outcomes = [house.session.execute(line) for line in lines]
    return [one.error.code if one.error else "ok" for one in outcomes]


def with_dave(house: House) -> None:
    key = house.ask("/create-key", alias="dave", password="pw")
    house.ask("/create-account", root_xpubs=[key["xpub"]], quorum=1, alias="dave")
    assert run(house, "faucet dave 50", "mine 1 --now") == ["ok", "ok"]


def held(house: House, alias: str, asset: str = "BTM") -> int:
    rows = house.ask("/list-balances", account_alias=alias)
    return sum(row["amount"] for row in rows if row["asset_alias"] == asset)


def spend(house: House, alias: str, amount: int) -> dict:
    to = house.ask("/create-account-receiver", account_alias="bob")["address"]
    actions = [
        {"type": "spend_account", "account_alias": alias, "asset_alias": "BTM",
         "amount": amount + COIN // 10},
        {"type": "control_address", "asset_alias": "BTM", "amount": amount,
         "address": to},
    ]  # fmt: skip
    return house.told("/build-transaction", actions=actions)


def test_an_account_of_the_prompt_is_listed_and_signs_over_http():
    house = lived_in()
    assert (
        run(
            house, "new-account erin", "transfer alice erin 20 BTM main", "mine 1 --now"
        )
        == ["ok"] * 3
    )
    aliases = [one["alias"] for one in house.ask("/list-accounts")]
    assert aliases == ["alice", "bob", "carol", "erin"]

    built = spend(house, "erin", COIN)["data"]
    signed = house.ask("/sign-transaction", password="devnet", transaction=built)
    assert signed["sign_complete"]
    raw = signed["transaction"]["raw_transaction"]
    house.ask("/submit-transaction", raw_transaction=raw)
    run(house, "mine 1 --now")

    # The change lies at another address, and is erin's at the prompt, too.
    said = house.session.execute("balance erin main BTM").result
    assert said.units == held(house, "erin") == 19 * COIN - COIN // 10
    assert run(house, "transfer erin bob 15 BTM main") == ["ok"]
    again = spend(house, "erin", COIN)
    assert again["code"] in ("BTM700", "BTM702")


def test_an_account_made_over_http_pays_by_name_and_keeps_its_coins_apart():
    house = lived_in()
    with_dave(house)
    assert run(house, "expect dave.main.BTM == 50", "transfer dave bob 3 BTM main") == [
        "ok", "ok",
    ]  # fmt: skip
    assert spend(house, "dave", COIN)["code"] == "BTM702"  # A verb has spent it.
    run(house, "mine 1 --now")
    assert 46 * COIN < held(house, "dave") < 47 * COIN

    assert spend(house, "dave", COIN)["status"] == "success"
    assert run(house, "transfer dave bob 1 BTM main") == ["wallet.reserved"]
    house.wait(2000)  # Longer than a build holds coins.
    assert run(house, "transfer dave bob 1 BTM main") == ["ok"]


def test_an_asset_that_a_verb_issued_for_dave_is_daves_over_http():
    house = lived_in()
    with_dave(house)
    assert run(house, "issue dave 7 SILVER", "mine 1 --now") == ["ok", "ok"]
    silver = [one for one in house.ask("/list-assets") if one["alias"] == "SILVER"]
    assert [one["type"] for one in silver] == ["asset"]
    assert held(house, "dave", "SILVER") == 7


def test_an_asset_of_the_prompt_is_issued_over_http():
    house = lived_in()
    assert run(house, "issue alice 5 COPPER", "mine 1 --now") == ["ok", "ok"]
    to = house.ask("/create-account-receiver", account_alias="bob")["address"]
    actions = [
        {"type": "issue", "asset_alias": "copper", "amount": 3},
        {"type": "spend_account", "account_alias": "alice", "asset_alias": "BTM",
         "amount": COIN // 10},
        {"type": "control_address", "asset_alias": "COPPER", "amount": 3,
         "address": to},
    ]  # fmt: skip
    built = house.ask("/build-transaction", actions=actions)
    signed = house.ask("/sign-transaction", password="devnet", transaction=built)
    assert signed["sign_complete"]
    raw = signed["transaction"]["raw_transaction"]
    house.ask("/submit-transaction", raw_transaction=raw)
    assert run(house, "mine 1 --now", "expect bob.main.COPPER == 3") == ["ok", "ok"]


def test_a_reset_takes_the_wallet_back_for_both():
    house = lived_in()
    with_dave(house)
    assert run(house, "reset", "balance dave main BTM")[1] == "request.unknown-name"
    aliases = [one["alias"] for one in house.ask("/list-accounts")]
    assert aliases == ["alice", "bob", "carol"]


def test_in_an_empty_world_a_name_is_whose_key_was_made_over_http():
    house = House()
    assert house.ask("/list-accounts") == []
    key = house.ask("/create-key", alias="alice", password="pw")
    house.ask("/create-account", root_xpubs=[key["xpub"]], quorum=1, alias="alice")
    place = house.ask("/create-account-receiver", account_alias="alice")["address"]
    shown = house.session.execute("show account alice").result
    assert (shown["kind"], shown["address"]) == ("wallet", place)
    assert run(house, "new-account erin") == ["ok"]
    aliases = [one["alias"] for one in house.ask("/list-accounts")]
    assert aliases == ["alice", "erin"]


def test_a_later_server_has_the_same_wallet_and_knows_the_tokens_of_the_first():
    house = House(profile="fast", empty=False)
    assert run(house, "wallet mnemonic frank") == ["ok"]
    house.node.tokens.create("ci", "client")

    later = Node(house.session)

    assert later.wallet is house.node.wallet
    assert [one.id for one in later.tokens.listed()] == ["ci"]
