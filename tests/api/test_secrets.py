"""What must never be told stands nowhere but where its owner can read it."""

from __future__ import annotations

import hmac
import json
import os
import signal
import urllib.error
import urllib.request

from devnet.api.tokens import Tokens
from devnet.commands.recording import save_recording
from devnet.wallet.keyring import Chance, Keyring, write_secret
from tests.api.test_controls_http import house_of
from tests.api.test_serving import PATIENCE_S, served

PASSWORD, OTHER = "nobody-says-this-word", "nor-this-one-either"
BTM = 100_000_000


def asker(ready):
    """Asks a served devnet."""

    def ask(path, **fields):
        url, body = f"{ready['mainchain']}{path}", json.dumps(fields).encode()
        try:
            with urllib.request.urlopen(url, body, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.load(refused)

    return ask


def pay(ask, prefix=""):
    """Build and sign a payment with a wrong password, and the right one; hand it in."""
    to = ask("/create-account-receiver", account_alias="dave")["data"]["address"]
    value = {"asset_alias": "BTM", "amount": BTM}
    built = ask(f"{prefix}/build-transaction", actions=[
        {**value, "type": "spend_account", "account_alias": "dave"},
        {**value, "type": "control_address", "amount": BTM // 2, "address": to},
    ])["data"]  # fmt: skip
    for password in (PASSWORD + "x", PASSWORD):
        signed = ask(f"{prefix}/sign-transaction", password=password, transaction=built)
    assert signed["data"]["sign_complete"]
    raw = signed["data"]["transaction"]["raw_transaction"]
    return built, ask(f"{prefix}/submit-transaction", raw_transaction=raw)


def lived(ask):
    """
    All that a wallet does with secrets. What may be told of it, and the xpub and words
    of the key, and a private key that was asked for.
    """
    made = ask("/create-key", alias="dave", password=PASSWORD)["data"]
    words, xpub = made.pop("mnemonic"), made["xpub"]
    ask("/create-account", alias="dave", quorum=1, root_xpubs=[xpub])
    ask("/devnet-faucet", account_alias="dave", amount=3 * BTM, mine=True)
    built, paid = pay(ask)
    assert paid["status"] == "success"
    pair = ask("/sidechain/alpha/create-key-pair")["data"]
    told = [
        made, paid,
        ask("/sidechain/alpha/sign-with-xprv", xprv=pair["xprv"], transaction=built),
        ask("/sidechain/alpha/sign-with-xprv", xprv=pair["xprv"] + "0"),
        ask("/sidechain/alpha/sign-with-xprv", xprv=pair["xprv"], transaction={}),
        ask("/create-key", alias="dave", password=PASSWORD),
        ask("/create-key", alias="erin", password=PASSWORD, mnemonic=words + " x"),
        ask("/check-key-password", xpub=xpub, password=PASSWORD),
        ask("/sign-message", address="sm1x", message="", password=PASSWORD),
        ask("/reset-key-password", xpub=xpub, old_password=OTHER, new_password=OTHER),
        ask("/delete-key", xpub=xpub, password=OTHER),
        ask("/sign-transaction", password=[PASSWORD], transaction=7),
        ask("/list-keys"), ask("/list-accounts"), ask("/backup-wallet"),
        ask("/devnet-snapshot", name="here"), ask("/devnet-revert", snapshot_id="here"),
        ask("/devnet-info"), ask("/devnet-events", count=1000),
    ]  # fmt: skip
    return told, xpub, words, pair["xprv"]


def forms(*secrets):
    """A secret as text, and the bytes that a text in hex stands for."""
    for secret in secrets:
        yield secret.encode()
        if len(secret) == 128:
            yield bytes.fromhex(secret)
            yield secret[:64].encode()


def test_nothing_that_a_served_devnet_writes_holds_a_secret(tmp_path):
    folder = tmp_path / "data"
    words = ("--data", str(folder), "--sidechains", "alpha:poa:sqlite")
    with served(*words) as (server, ready):
        told, xpub, words, xprv = lived(asker(ready))
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=PATIENCE_S)
    root = Keyring(folder / "keystore").open(bytes.fromhex(xpub), PASSWORD).hex()

    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert (server.returncode, err) == (0, "") and len(files) > 3
    said = {"answers": json.dumps(told).encode(), "output": out.encode(), **files}
    for secret in forms(PASSWORD, OTHER, words, xprv, root):
        assert [name for name, text in said.items() if secret in text] == []
    for path in files:
        if path.parent.name == "keystore" or path.name == "wallet.json":
            assert path.stat().st_mode & 0o777 == 0o600, path
        assert path.suffix != ".new"
    assert (folder / "keystore").stat().st_mode & 0o777 == 0o700


def test_no_recording_and_no_event_holds_a_secret(tmp_path, capsys):
    house = house_of("alpha:poa")
    told, xpub, words, xprv = lived(house.told)
    root = house.node.wallet.keyring.open(bytes.fromhex(xpub), PASSWORD).hex()
    save_recording(house.session, str(tmp_path / "x.jsonl"))

    recording = (tmp_path / "x.jsonl").read_bytes()
    events = repr(house.session.network.events).encode()
    said = [
        json.dumps(told).encode(),
        recording,
        events,
        repr(house.session.history).encode(),
        "".join(capsys.readouterr()).encode(),
    ]
    assert b"submit " in recording
    for secret in forms(PASSWORD, OTHER, words, xprv, root):
        assert not any(secret in text for text in said)


NAMES = ["../../evil", "/tmp/evil", "a/b", "..", "C:\\evil", "x\x00y", "~/evil"]

PATHS = (
    "/{}", "/sidechain/{}/net-info", "/sidechain/alpha/{}", "/api/v1/federation/{}",
)  # fmt: skip
FIELDS = (
    ("/create-account", "alias"), ("/devnet-snapshot", "name"),
    ("/devnet-revert", "snapshot_id"), ("/create-access-token", "id"),
    ("/create-transaction-feed", "alias"),
)  # fmt: skip


def test_no_name_in_a_request_leads_out_of_the_folder(tmp_path):
    folder = tmp_path / "deep" / "data"
    house = house_of("alpha:poa", folder=folder)
    before = {path for path in tmp_path.rglob("*") if "keystore" not in path.parts}
    image = house.ask("/backup-wallet")

    key = image["key_images"]["xkeys"][0]
    for name in NAMES:
        house.told("/create-key", alias=name, password="pw")
        for path, field in FIELDS:
            house.told(path, **{field: name})
        keys = {"xkeys": [{**key, "alias": name, "id": name}]}
        house.told("/restore-wallet", key_images=keys)
        for path in PATHS:
            assert house.reply(path.format(name)).status == 500

    after = {path for path in tmp_path.rglob("*") if "keystore" not in path.parts}
    made = {path.name for path in after - before}
    assert made <= {"wallet.json"}
    stored = list((folder / "keystore").iterdir())
    assert all(path.is_file() and path.name.startswith("UTC--") for path in stored)


def test_a_key_file_is_written_beside_whatever_waits_there(tmp_path):
    outside, file = tmp_path / "outside", tmp_path / "key"
    outside.write_text("theirs")
    (tmp_path / "key.new").symlink_to(outside)
    old = os.umask(0)
    try:
        write_secret(file, "ours")
    finally:
        os.umask(old)

    assert (outside.read_text(), file.read_text()) == ("theirs", "ours")
    assert file.stat().st_mode & 0o777 == 0o600 and not file.is_symlink()


def test_a_token_is_compared_in_constant_time(monkeypatch):
    tokens = Tokens(Chance())
    made = tokens.create("robot", "client")
    compared = []

    def compare(one, two):
        compared.append(two)
        return one == two

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert tokens.is_good("robot", made.secret)
    assert not tokens.is_good("robot", "0" * 64)
    assert not tokens.is_good("nobody", "") and not tokens.is_good("nobody", "x")
    assert len(compared) == 4 and made.secret not in repr(made)
