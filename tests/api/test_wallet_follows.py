"""One wallet over a chain that grows and turns round, its coins earned by mining."""

import asyncio

import pytest

from devnet.api import mining
from devnet.api.keeping import WalletDamaged
from devnet.engine.bc.block import BlockHeader
from devnet.engine.bc.difficulty import meets_target
from devnet.wallet.errors import NoKeyOrPassword
from devnet.wallet.keyring import Keyring
from tests.api.worlds import House

WORDS = "good close oppose slab drift rifle spider unusual junior high bubble shaft"
SUBSIDY = 41_250_000_000


def mine(house, n=1):
    """Blocks through get-work, as a miner outside finds them."""
    for _ in range(n):
        work = house.node.desk.work()
        nonce = next(
            nonce
            for nonce in range(10_000)
            if meets_target(
                house.session.host.works.get(work.seed, header(work, nonce).hash),
                work.block.header.bits,
            )
        )
        raw = header(work, nonce).raw.hex()
        assert house.ask("/submit-work", block_header=raw) is True


def header(work, nonce) -> BlockHeader:
    from dataclasses import replace

    return replace(work.block.header, nonce=nonce)


def with_account(house):
    key = house.ask("/create-key", alias="a", password="pw", mnemonic=WORDS)
    made = house.ask("/create-account", root_xpubs=[key["xpub"]], quorum=1, alias="a")
    house.ask("/get-mining-address")
    return made


def balance(house):
    return sum(one["amount"] for one in house.ask("/list-balances"))


def test_a_mined_coin_ripens_is_paid_and_shows_in_the_history():
    house = House()
    with_account(house)
    mine(house, 102)
    address = house.ask("/create-account-receiver", account_alias="a")["address"]
    actions = [
        {"type": "spend_account", "account_alias": "a", "asset_alias": "BTM",
         "amount": 1_100_000},
        {"type": "control_address", "asset_alias": "BTM", "amount": 100_000,
         "address": address},
    ]  # fmt: skip
    built = house.ask("/build-transaction", actions=actions)
    cost = house.ask("/estimate-transaction-gas", transaction_template=built)
    assert cost["total_neu"] <= 1_000_000 == built["fee"]
    signed = house.ask("/sign-transaction", password="pw", transaction=built)
    assert signed["sign_complete"]
    raw = signed["transaction"]["raw_transaction"]
    tx_id = house.ask("/submit-transaction", raw_transaction=raw)["tx_id"]
    assert house.ask("/list-unconfirmed-transactions")["tx_ids"] == [tx_id]

    mine(house)  # A fresh template takes it in at once.

    assert house.ask("/get-transaction", tx_id=tx_id)["block_height"] == 103
    # The fee went out and came back to whoever mined: the same account.
    assert balance(house) == 103 * SUBSIDY
    newest = house.ask("/list-transactions", account_id="", count=1)
    assert newest[0]["tx_id"] == tx_id


def test_the_wallet_follows_a_reorganisation_and_so_do_notifications():
    house = House()
    with_account(house)
    network = house.session.network
    start = network.snapshot()
    house.node.desk.set_address("sm1q3jwsv0lhfmndnlag3kp6avpcq6pkd3xyxg7z8f")
    mine(house, 3)
    tree, tip = network.world.tree, house.node.wallet.tip
    other = [block.raw.hex() for block in tree.branch(tip.hash)][1:]
    network.restore(start)
    house.node.desk.program = b""
    house.ask("/get-mining-address")
    mine(house, 2)
    assert balance(house) == 2 * SUBSIDY

    for raw in (other[1], other[2], other[0]):  # Two orphans, then their parent.
        house.told("/submit-block", raw_block=raw)

    assert house.ask("/get-block-hash")["block_hash"] == tip.hash.hex()
    assert balance(house) == 0
    assert house.ask("/list-transactions") == []
    assert house.ask("/wallet-info") == {"best_block_height": 3, "wallet_height": 3}


def test_keys_live_in_files_that_their_owner_alone_reads(tmp_path):
    folder = tmp_path / "keystore"
    keyring = Keyring(folder)
    key, words = keyring.create("Mine ", "pw")
    (file,) = folder.iterdir()

    assert file.stat().st_mode & 0o777 == 0o600
    assert len(words.split()) == 12 and key.alias == "mine"
    again = Keyring(folder)
    assert again.open(key.xpub, "pw") == keyring.open(key.xpub, "pw")
    with pytest.raises(NoKeyOrPassword):
        again.open(key.xpub, "pw ")
    again.rename(key.xpub, "../../elsewhere")
    assert [one.name for one in folder.iterdir()] == [file.name]
    again.delete(key.xpub, "pw")
    assert list(folder.iterdir()) == []


def test_an_adopted_key_is_locked_when_its_file_is_asked_for():
    keyring = Keyring()
    keyring.adopt("alice", bytes(31) + b"\x40" + bytes(32), "devnet")
    (key,) = keyring.stored()

    assert keyring.check(key.xpub, "devnet") and not keyring.check(key.xpub, "other")
    assert '"bytom_kd"' in keyring.texts()[0]
    assert keyring.check(key.xpub, "devnet") and not keyring.check(key.xpub, "other")
    assert keyring.reset(key.xpub, "devnet", "new")
    assert keyring.check(key.xpub, "new") and not keyring.check(key.xpub, "devnet")


def test_a_wallet_with_a_folder_comes_back_as_it_was(tmp_path):
    house = House(folder=tmp_path)
    with_account(house)
    xpub = house.ask("/list-keys")[0]["xpub"]
    house.ask("/create-account-receiver", account_alias="a")
    house.ask("/create-asset", alias="gold", root_xpubs=[xpub], quorum=1)
    house.told("/create-asset", alias="gold", root_xpubs=[xpub], quorum=1)
    house.ask("/create-access-token", id="ci", type="client")
    house.ask("/create-transaction-feed", alias="f", filter="trans_type='x'")
    house.ask("/set-coinbase-arbitrary", arbitrary="aa")
    questions = [
        "/list-keys", "/list-accounts", "/list-assets", "/list-access-tokens",
        "/list-transaction-feeds", "/get-mining-address", "/get-coinbase-arbitrary",
    ]  # fmt: skip
    before = [house.ask(path) for path in questions]
    addresses = house.ask("/list-addresses", account_alias="a")

    again = House(folder=tmp_path)

    assert [again.ask(path) for path in questions] == before
    assert again.ask("/list-addresses", account_alias="a") == addresses
    assert (tmp_path / "wallet.json").stat().st_mode & 0o777 == 0o600
    # Numbers that were used up stay used up.
    later = again.ask("/create-asset", alias="new", root_xpubs=[xpub], quorum=1)
    assert later["key_index"] == 3
    made = again.ask("/create-account", root_xpubs=[xpub], quorum=1, alias="b")
    assert made["key_index"] == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1}'])
def test_a_damaged_file_of_the_wallet_is_said_and_left_alone(tmp_path, text):
    (tmp_path / "wallet.json").write_text(text)
    with pytest.raises(WalletDamaged):
        House(folder=tmp_path)
    assert (tmp_path / "wallet.json").read_text() == text


def test_the_nodes_own_miner_pays_the_mining_address(monkeypatch):
    monkeypatch.setattr(mining, "LEAST_BLOCK_S", 0)
    monkeypatch.setattr(mining, "REST_S", 0)
    house = House()
    refused = house.told("/set-mining", is_mining=True)
    assert refused["error_detail"] == "Mining address does not exist"
    with_account(house)

    async def mine_three():
        task = asyncio.create_task(mining.mine_for_ever(house.node))
        await asyncio.sleep(0)
        assert house.node.wallet.tip.height == 0
        house.node.set_mining(True)
        while house.node.wallet.tip.height < 3:
            await asyncio.sleep(0)
            assert not task.done()
        house.node.set_mining(False)
        task.cancel()

    asyncio.run(asyncio.wait_for(mine_three(), 20))
    height = house.node.wallet.tip.height
    assert balance(house) == height * SUBSIDY
    assert house.ask("/is-mining") == {"is_mining": False}
