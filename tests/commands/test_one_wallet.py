"""There is one wallet: accounts, coins and reservations are the same at the prompt."""

import json

import pytest

from devnet.commands.grammar import without_secrets
from devnet.commands.recording import load_recording, save_recording
from devnet.commands.replaying import replay
from devnet.commands.session import Session
from devnet.engine.codec import address_of_program
from devnet.wallet.building import Pay, SpendAccount, build
from tests.commands.sessions import make_session, run

BTM = bytes([255]) * 32
COIN = 10**8


def session_with_dave(password: str = "secret-of-dave", **more) -> Session:
    """A world in which somebody made dave over HTTP, who owns 500 BTM."""
    session = make_session(sidechains="alpha:poa", **more)
    wallet = session.wallet
    key, _ = wallet.keyring.create("dave", password)
    wallet.book.create("dave", [key.xpub], 1)
    assert run(session, "faucet dave 500", "mine 1") == ["ok", "ok"]
    return session


def units(session: Session, who: str, chain: str = "main", asset: str = "BTM") -> int:
    return session.execute(f"balance {who} {chain} {asset}").result.units


def locked_out(session: Session) -> None:
    """As after a restart: nobody gave a password since."""
    session.wallet.keyring._opened.clear()


def test_no_wallet_is_made_for_the_worlds_own_accounts():
    session = make_session(sidechains="alpha:poa")
    run(session, "transfer alice bob 1 BTM main", "balance alice main BTM")
    assert session.held._wallet is None
    assert session._companions == []


def test_accounts_of_the_prompt_are_in_the_wallet_and_go_when_they_are_reverted():
    session = make_session(sidechains="none")

    def aliases() -> list[str]:
        return [one.alias for one in session.wallet.book.ordered()]

    assert aliases() == ["alice", "bob", "carol"]
    run(session, "snapshot a", "new-account erin")
    run(session, "new-account vault --signers alice,erin --quorum 2")
    assert aliases() == ["alice", "bob", "carol", "erin", "vault"]
    vault = session.wallet.book.find("vault", "")
    place = session.wallet.book.of_account(vault.id)[0]
    assert place.program == session.network.claim_script("vault")
    run(session, "revert a")
    assert aliases() == ["alice", "bob", "carol"]


def test_an_account_of_the_wallet_pays_locks_and_withdraws_by_name():
    session = session_with_dave()
    codes = run(
        session,
        "transfer dave bob 3 BTM main",
        "transfer dave bob 4 BTM main",  # Of the first one's change, not mined yet.
        "d = lock dave 100 BTM alpha",
        "wait $d.stage == claimed",
        "transfer dave alice 5 BTM alpha",
        "wait alice.alpha.BTM == 5",
        "w = withdraw dave 50 BTM alpha",
        "wait $w.stage == settled",
        "expect dave.alpha.BTM < 45",
    )
    assert codes == ["ok"] * 9
    assert units(session, "bob") == 101_657 * COIN
    assert 442 * COIN < units(session, "dave") < 443 * COIN
    assert session.network.transfer("d1").who == "dave"
    changes = [one.change for one in session.wallet.book.receivers.values()]
    assert changes.count(True) >= 3


def test_what_the_wallet_signed_replays_without_its_keys_and_without_its_password(
    tmp_path,
):
    session = session_with_dave("a-very-secret-word")
    locked_out(session)
    opened = "wallet unlock dave --password a-very-secret-word"
    lines = (
        "transfer dave bob 1 BTM main", opened, "wallet unlock dave --password=wrong",
        "transfer alice dave 2 BTM main", "transfer dave bob 3 BTM main",
        "d = lock dave 100 BTM alpha", "lock alice 1 BTM alpha --to dave",
        "wait $d.stage == claimed", "w = withdraw dave 5 BTM alpha --to dave",
        "issue dave 10 SILVER --decimals 2", "retire dave 1 BTM --note gone",
        "faucet dave 7",
    )  # fmt: skip
    codes = run(session, *lines)
    assert codes[0] == "wallet.not-opened" and codes[2] == "wallet.key-locked"
    assert set(codes[:2] + codes[3:]) == {"wallet.not-opened", "ok"}
    file = tmp_path / "r.jsonl"
    save_recording(session, str(file))

    verdict = replay(load_recording(str(file)), make_session(sidechains="alpha:poa"))

    assert verdict.same, verdict.difference
    told = file.read_text() + " ".join(session.history)
    assert "secret" not in told and "wrong" not in told
    assert opened.replace("a-very-secret-word", "***") in session.history


def test_a_coin_that_a_build_holds_is_not_taken_by_a_verb_and_the_reverse():
    session = make_session(sidechains="none")
    wallet, network = session.wallet, session.network
    alice = wallet.book.find("alice", "")
    coins = [coin for coin in wallet.coins_of(alice) if coin.asset == BTM]
    assert len(coins) > 1
    pays = Pay(BTM, COIN, program=b"\x51")
    built = build(wallet, [SpendAccount(alice.id, BTM, COIN + 10**7), pays])
    held = set(built.tx.spent_output_ids)

    assert run(session, "transfer alice bob 1 BTM main") == ["ok"]

    paid = network.locate(session.execute("transfer alice bob 2 BTM main").result["tx"])
    first = network.world.main_nodes[0].pool.transactions()[0].tx
    assert not held & {*first.spent_output_ids, *paid.tx.spent_output_ids}
    run(session, "mine 1")
    wallet.reservations.hold(wallet.coins_of(alice), 60)
    refused = session.execute("transfer alice bob 200 BTM main")
    assert refused.error.code == "wallet.reserved"

    wallet.reservations.release_all()
    by_world = session.execute("transfer alice carol 5 BTM main")
    spent = network.locate(by_world.result["tx"]).tx.spent_output_ids
    assert all(wallet.reservations.holds(one) for one in spent if one is not None)


def test_what_a_dropped_payment_held_is_free_again():
    session = session_with_dave()
    paid = session.execute("transfer dave bob 400 BTM main").result["tx"]
    assert run(
        session,
        f"drop-transaction {paid}",
        "transfer dave bob 450 BTM main",
    ) == ["ok", "ok"]


def test_change_of_a_build_counts_and_can_be_spent_by_name():
    session = make_session(sidechains="none")
    wallet = session.wallet
    alice = wallet.book.find("alice", "")
    before = units(session, "alice")
    place = wallet.book.next_receiver(alice)
    all_of_it = before // COIN - 1
    address = address_of_program(place.program, wallet.hrp)
    assert run(session, f"transfer alice {address} {all_of_it} BTM main", "mine 1") == [
        "ok",
        "ok",
    ]
    assert before - COIN < units(session, "alice") < before
    assert run(session, "transfer alice bob 100 BTM main") == ["ok"]


def test_a_wallet_does_not_change_what_the_worlds_accounts_pay():
    lines = ("transfer alice bob 10 BTM main", "lock bob 5 BTM alpha", "mine 2",
             "issue alice 3 SILVER", "retire alice 1 GOLD", "mine 1")  # fmt: skip
    plain, walleted = (make_session(sidechains="alpha:poa") for _ in range(2))
    assert walleted.wallet.book.accounts
    for session in (plain, walleted):
        assert set(run(session, *lines)) == {"ok"}
    assert plain.network.digest() == walleted.network.digest()
    assert [e.line for e in plain.log.entries] == [e.line for e in walleted.log.entries]


def test_the_same_seed_and_lines_give_the_same_hashes_with_keys_of_the_prompt():
    lines = ("wallet mnemonic frank", "faucet frank 50", "mine 1",
             "issue frank 5 SILVER", "transfer frank bob 1 BTM main", "mine 1",
             "lock frank 2 BTM alpha", "mine 1")  # fmt: skip
    digests = set()
    for _ in range(2):
        session = make_session(sidechains="alpha:poa")
        assert set(run(session, *lines)) == {"ok"}
        digests.add(session.network.digest())
    assert len(digests) == 1


def test_names_are_taken_once():
    session = session_with_dave()
    assert (
        run(session, "new-account dave", "wallet mnemonic alice")
        == ["request.name-taken"] * 2
    )
    assert "alice" in session.execute("validator vote alpha dave v1 5").error.hint
    assert {"dave", "alice"} <= {
        one.text for one in session.complete("transfer alice ")
    }


def test_secrets_are_printed_when_asked_for_alone():
    session = make_session(sidechains="none")
    quiet = session.execute("wallet mnemonic frank")
    loud = session.execute("wallet mnemonic gina --show-secrets")
    assert quiet.result["mnemonic"] is None and len(quiet.text.splitlines()) == 1
    assert len(loud.result["mnemonic"].split()) == 12
    assert "xprv" not in session.execute("wallet keys").result[0]
    assert session.execute("wallet keys --show-secrets").result[0]["xprv"]
    words = loud.result["mnemonic"]
    again = make_session(sidechains="none")
    made = again.execute(f'wallet mnemonic gina --words "{words}"')
    assert made.result["address"] == loud.result["address"]
    assert words not in " ".join([*again.history, made.source])


def test_a_backup_opens_in_another_world(tmp_path):
    file = tmp_path / "backup.json"
    session = session_with_dave()
    result = session.execute(f"wallet backup {file}").result
    assert (result["keys"], result["accounts"]) == (4, 4)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {"account_image", "asset_image", "key_images"} == set(
        json.loads(file.read_text())
    )

    other = make_session(sidechains="none")
    assert other.execute(f"wallet restore {file}").result["accounts"] == 1
    assert run(other, "wallet unlock dave --password secret-of-dave") == ["ok"]
    file.write_text('{"account_image": []}')
    assert run(other, f"wallet restore {file}") == ["wallet.bad-backup"]


def test_a_folder_keeps_it_for_every_front_end(tmp_path):
    from devnet.commands.launch import opened
    from devnet.commands.options import WorldOptions
    from tests.engine.support import InstantWorks

    def session():
        return opened(
            WorldOptions(sidechains=()), data=str(tmp_path), works=InstantWorks()
        )

    with session() as first:
        assert run(first, "wallet mnemonic frank --password pw", "faucet frank 5",
                   "mine 1") == ["ok"] * 3  # fmt: skip
    with session() as again:
        assert units(again, "frank") == 5 * COIN
        assert run(
            again, "transfer frank bob 1 BTM main",
            "wallet unlock frank --password pw", "transfer frank bob 1 BTM main",
        ) == ["wallet.not-opened", "ok", "ok"]  # fmt: skip


@pytest.mark.parametrize("line", ["receive alice", "mnemonic frank", "rescan"])
def test_a_session_that_only_shows_leaves_the_wallet_alone(line):
    session = make_session(sidechains="none", read_only=True)
    assert run(session, "wallet accounts", f"wallet {line}") == [
        "ok",
        "request.read-only",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "wallet unlock dave --password hush", "wallet unlock dave --password=hush",
        'wallet unlock dave --password "hush hush"; mine 1',
        'wallet mnemonic x --words "hush hush"', "wallet unlock dave hush",
    ],
)  # fmt: skip
def test_a_line_is_kept_without_its_secret(line):
    assert "hush" not in without_secrets(line)
    assert without_secrets("lock alice 5 BTM alpha") == "lock alice 5 BTM alpha"


def test_looks_at_addresses_balances_and_coins():
    session = session_with_dave()
    new = session.execute("wallet receive dave").result
    rows = session.execute("wallet addresses dave").result
    assert [row["index"] for row in rows] == [1, 2] and rows[1] == new
    balances = session.execute("wallet balances dave").result
    assert [str(row["amount"]) for row in balances] == ["500 BTM"]
    (coin,) = session.execute("wallet utxos dave").result
    assert coin["held"] is False
    assert run(session, "wallet rescan", "wallet receive", "wallet receive zed") == [
        "ok", "usage.missing-argument", "request.unknown-name",
    ]  # fmt: skip


def test_the_prompts_history_file_holds_no_password(tmp_path):
    from devnet.repl.prompt import KeptHistory

    file = tmp_path / "history"
    KeptHistory(str(file)).store_string("wallet unlock dave --password hush")
    assert "wallet unlock dave --password ***" in file.read_text()
    assert "hush" not in file.read_text()


def test_the_wallet_follows_a_reorganisation_and_a_revert():
    session = session_with_dave()
    assert run(session, "snapshot rich", "reorg 1") == ["ok", "ok"]
    assert units(session, "dave") == 0
    assert run(session, "mine 1", "expect dave.main.BTM == 500") == ["ok", "ok"]
    run(session, "transfer dave bob 400 BTM main", "wallet receive dave", "mine 1")
    assert run(
        session, "revert rich", "expect dave.main.BTM == 500",
        "transfer dave bob 450 BTM main",
    ) == ["ok"] * 3  # fmt: skip
    assert session.execute("wallet addresses dave").result[-1]["index"] == 1
