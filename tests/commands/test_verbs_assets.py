"""Verbs about assets, accounts, documents, and looking closely, on the real engine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devnet.commands.recording import load_recording, save_recording
from devnet.commands.session import Session
from devnet.commands.values import Amount
from tests.commands.sessions import make_session


def done(session: Session, line: str) -> dict:
    """The result of a line that must work, as JSON has it."""
    outcome = session.execute(line)
    assert outcome.ok, (line, outcome.error)
    return json.loads(json.dumps(outcome.as_dict()))["result"]


def code(session: Session, line: str) -> str:
    """The code of a line that must be refused and leave no trace."""
    before = session.network.digest()
    outcome = session.execute(line)
    assert outcome.error is not None, line
    assert outcome.error.hint or outcome.error.message
    said = session.network.digest()
    # The refusal itself is an event, and nothing else.
    assert said == before or type(session.network.events[-1]).__name__ == "Refused"
    return outcome.error.code


@pytest.fixture
def session() -> Session:
    return make_session(sidechains="gamma:solo")


# Assets and accounts.


def test_the_script_of_the_contract_defines_an_asset_by_issuing_it(session):
    issued = done(session, "issue alice 1000 SILVER")
    done(session, "mine")
    held = session.execute("b = balance alice main SILVER; expect $b == 1000")

    assert issued["amount"] == "1000" and issued["new"] is True
    assert issued["class"] == "BAP-04" and len(issued["id"]) == 64
    assert held.ok and session.names["b"] == Amount(1000, "SILVER", 0)
    assert done(session, "issue alice 5 SILVER")["new"] is False
    assert done(session, "transfer alice bob 10 SILVER main")["amount"] == "10"


def test_amounts_of_a_new_asset_are_in_its_own_unit(session):
    told = [
        done(session, "issue alice 2.5 EURO --decimals 2")["amount"],
        done(session, "issue alice 1 TOKEN --class 1")["amount"],
        done(session, 'issue alice 1 SHARE --definition {"decimals": 3}')["amount"],
        done(session, "issue alice 7neu DUST --class BAP-01")["amount"],
    ]

    assert told == ["250", "100000000", "1000", "7"]


def test_several_sign_and_a_limit_ends_it(session):
    limit = session.network.main_height() + 2
    line = f"issue alice 5 CLUB --signers alice,bob,carol --quorum 2 --limit {limit}"
    issued = done(session, line)

    assert (issued["signers"], issued["quorum"]) == (["alice", "bob", "carol"], 2)
    assert issued["limit_height"] == limit
    assert code(session, "issue bob 1 CLUB --signed-by bob") == "asset.quorum-missing"
    done(session, "issue bob 1 CLUB --signed-by carol,bob; mine 2")
    assert code(session, "issue alice 1 CLUB") == "asset.limit-reached"


def test_a_note_comes_with_its_warning(session):
    outcome = session.execute('retire alice 5 GOLD --note "for the books"')

    assert outcome.result["committed"] is False
    assert "no hash commits to it" in outcome.text
    assert "committed" not in session.execute("retire alice 5 GOLD").result


def test_an_account_of_several_is_used_like_any_other(session):
    made = done(session, "new-account vault --signers alice,bob,carol --quorum 2")
    done(session, "transfer alice vault 100 BTM main; mine")
    done(session, "lock vault 5 BTM gamma; transfer vault bob 1 BTM main; mine")

    shown = done(session, "show account vault")

    assert made["address"] == shown["address"] and shown["kind"] == "P2WSH"
    assert done(session, "balance vault main BTM") < "9500000000"
    assert session.complete("transfer vau")[0].text == "vault"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("issue alice 1.5 SILVER", "asset.not-whole"),
        ("issue alice 0.123 EURO --decimals 2", "request.bad-value"),
        ("issue alice 0 SILVER", "request.bad-value"),
        ("issue alice 1 SILVER --class BAP-9", "usage.bad-argument"),
        ("issue alice 2 SILVER --class BAP-03", "asset.not-one-unit"),
        ("issue alice 2 SILVER --class BAP-02", "asset.series-missing"),
        ("issue alice 2 SILVER --class BAP-04 --decimals 2", "asset.class-decimals"),
        ("issue alice 2 SILVER --definition nothing", "usage.bad-argument"),
        ("issue alice 2 SILVER --definition [1]", "usage.bad-argument"),
        ("issue alice 2 SILVER --signers ,", "usage.bad-argument"),
        ("issue alice 2 SILVER --signers alice,dave", "request.unknown-name"),
        ("issue alice 1 GOLD --decimals 0", "asset.defined-already"),
        ("issue bob 1 GOLD", "asset.not-issuer"),
        ("issue alice 1 BTM", "asset.native"),
        ("issue alice 1 gold", "request.name-taken"),
        ("issue dave 1 SILVER", "request.unknown-name"),
        ("retire alice 1 TIN", "request.unknown-name"),
        ("retire carol 99999999 GOLD", "request.insufficient-funds"),
        ("new-account alice", "request.name-taken"),
        ("new-account x --quorum 2", "request.bad-quorum"),
        ("new-account x --signers alice,alice", "request.duplicate-key"),
        ("fingerprint", "usage.missing-argument"),
        ("fingerprint verify", "usage.bad-argument"),
        ("fingerprint missing.pdf", "usage.bad-file"),
        ("fingerprint file:missing", "usage.bad-file"),
        ("fingerprint /", "usage.bad-file"),
        ('fingerprint "text:"', "usage.bad-argument"),
        ("fingerprint sha3-256:00", "usage.bad-argument"),
        ('fingerprint "a" --form note', "request.bad-value"),
        ('fingerprint "a" --receipts /nowhere', "usage.bad-file"),
        ('fingerprint "a" --receipt r.json', "usage.bad-argument"),
        ('fingerprint "a" --form output --carrier BTM', "fingerprint.no-carrier"),
        ('fingerprint verify "a"', "fingerprint.not-found"),
        ('fingerprint verify "a" --by bob', "usage.bad-argument"),
        ('fingerprint verify "a" --receipt /nowhere', "usage.bad-file"),
        ('fingerprint verify "a" --alone', "usage.bad-argument"),
        ('fingerprint verify "a" "b" --receipt x', "usage.bad-argument"),
        ("show tx", "usage.missing-argument"),
        ("show tx 00", "request.unknown-name"),
        ("show tx zz", "codec.bad-hex"),
        ("show block 9999", "request.unknown-name"),
        ("show block 1 delta", "request.unknown-name"),
        ("show asset TIN", "request.unknown-name"),
        ("show account dave", "request.unknown-name"),
        ("show mempool delta", "request.unknown-name"),
        ("show program 0x51", "codec.bad-hex"),
        ("show program sm1qqqqqq", "codec.bad-address"),
        ("show gamma 3", "usage.too-many-arguments"),
        ("trace " + "00" * 32, "request.unknown-name"),
        ("decode 4c", "codec.unknown-object"),
        ("decode xyz", "codec.bad-hex"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(session, line, wanted):
    assert code(session, line) == wanted


# Documents.


@pytest.fixture
def files(tmp_path, monkeypatch) -> list[Path]:
    """Three documents in the present folder, one of them empty."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.txt", "first"), ("b.bin", ""), ("verify", "odd name")):
        (tmp_path / name).write_text(text)
    (tmp_path / "receipts").mkdir()
    return [tmp_path / "a.txt", tmp_path / "b.bin", tmp_path / "verify"]


def test_a_document_is_deposited_and_found_again(session, files):
    made = done(session, "fingerprint a.txt --as deed --by bob")
    waits = code(session, "fingerprint verify a.txt")
    done(session, "mine 2")

    found = done(session, "fingerprint verify a.txt")

    assert waits == "fingerprint.waiting"
    assert made["asset"] == "deed" and made["documents"][0]["name"] == "a.txt"
    assert (found["tx"], found["depth"], found["form"]) == (made["tx"], 1, "asset")
    assert all(check["ok"] for check in found["checks"]) and found["path"]
    block = done(session, f"show block {found['height']}")
    assert (block["hash"], block["timestamp"]) == (found["block"], found["timestamp"])
    assert done(session, "balance bob main deed") == "1"
    files[0].write_text("first, changed")
    assert code(session, "fingerprint verify a.txt") == "fingerprint.not-found"


def test_a_text_is_told_from_a_file(session, files):
    made = [
        done(session, line)["documents"][0]["source"]
        for line in (
            "fingerprint a.txt",
            'fingerprint "text:a.txt"',
            'fingerprint "no such file.txt"',
            "fingerprint hello",
            "fingerprint file:verify",
            f"fingerprint sha3-256:{'ab' * 32}",
        )
    ]

    assert made == ["file", "text", "text", "text", "file", "digest"]


def test_several_go_together_and_each_receipt_proves_its_file(session, files):
    line = "fingerprint a.txt b.bin ./verify --form output --receipts receipts"
    made = done(session, line)
    paths = [Path(path) for path in made["receipts"]]
    waiting = [json.loads(path.read_text())["block"] for path in paths]
    done(session, "mine")
    found = done(session, "fingerprint verify a.txt b.bin ./verify --receipts receipts")
    whole = [json.loads(path.read_text()) for path in paths]

    assert len(paths) == 3 and waiting == [None] * 3
    assert found["verified"] == 3
    assert [one["receipt_completed"] for one in found["documents"]] == [
        str(path) for path in paths
    ]
    assert {one["root"] for one in whole} == {made["root"]}
    assert all(one["block"]["height"] == 113 for one in whole)
    assert sorted(os.listdir("receipts")) == sorted(path.name for path in paths)
    # Alone: a world that knows nothing of it, and no file but this one.
    other = make_session(seed=9, sidechains="gamma:solo")
    line = f"fingerprint verify b.bin --receipt {paths[1]}"
    assert code(other, line) == "fingerprint.not-on-chain"
    alone = done(other, f"{line} --alone")
    assert alone["block"] == whole[1]["block"]["hash"] and alone["depth"] is None


def test_looking_for_a_document_changes_nothing_and_is_not_recorded(session, files):
    done(session, "fingerprint a.txt; mine")
    before, n_lines = session.network.world, len(session.log.entries)
    session.read_only = True

    done(session, "fingerprint verify a.txt")

    assert session.network.world is before and len(session.log.entries) == n_lines
    assert code(session, "fingerprint b.bin") == "request.read-only"


def test_a_receipt_proves_no_other_file(session, files):
    done(session, "fingerprint a.txt b.bin --receipts receipts; mine")
    path = next(Path("receipts").glob("a.txt*"))

    line = f"fingerprint verify b.bin --receipt {path}"
    assert code(session, line) == "fingerprint.proof-broken"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "root": "00" * 32}))
    line = f"fingerprint verify a.txt --receipt {path} --alone"
    assert code(session, line) == "fingerprint.proof-broken"
    path.write_text("{}")
    assert code(session, line) == "fingerprint.bad-receipt"
    path.write_text("[")
    assert code(session, line) == "fingerprint.bad-receipt"
    path.write_text("[" * 100_000)
    assert code(session, line) == "fingerprint.bad-receipt"


def test_the_same_file_twice_counts_once(session, files):
    made = done(session, "fingerprint a.txt ./a.txt")

    assert len(made["documents"]) == 1
    assert made["root"] == made["documents"][0]["digest"]


def test_a_recording_needs_neither_the_files_nor_the_folder(session, files, tmp_path):
    done(session, "new-account vault --signers alice,bob --quorum 1")
    done(session, 'issue alice 3 X --definition {"description": "§ <&>"} --decimals 0')
    done(session, "fingerprint a.txt b.bin --receipts receipts --by bob --as both")
    done(session, "mine")
    save_recording(session, "r.jsonl")

    lines = [entry.line for entry in load_recording("r.jsonl").entries]
    for path in files:
        path.unlink()
    again = make_session(sidechains="gamma:solo")
    for line in lines:
        if not line.startswith("hurry"):
            done(again, line)

    deposit = next(line for line in lines if line.startswith("fingerprint"))
    assert "receipts" not in deposit and "a.txt" not in deposit
    assert (
        done(again, "show asset both")["id"] == done(session, "show asset both")["id"]
    )


# Looking.


def test_everything_can_be_shown_with_fields_words_and_bytes(session):
    sent = done(session, "t = transfer alice bob 3 BTM main")
    pool = done(session, "show mempool")
    done(session, "mine")
    shown = {
        line: session.execute(line)
        for line in (
            "show block", "show block 3 gamma", "show block gamma", "show tx $t.tx",
            "show asset GOLD", "show asset BTM", "show account alice", "show mempool",
            "show program 51", "show", "show accounts", "show assets",
        )
    }  # fmt: skip

    assert pool["n"] == 1 and pool["transactions"][0]["tx"] == sent["tx"]
    assert {line: one.ok for line, one in shown.items()} == dict.fromkeys(shown, True)
    tx = json.loads(json.dumps(shown["show tx $t.tx"].as_dict()))["result"]
    assert tx["outputs"][0]["amount"] == "300000000"
    assert tx["outputs"][0]["locked_by"]["owner"] == "bob"
    assert "CHECKSIG" in shown["show tx $t.tx"].text
    assert "3 BTM" in shown["show tx $t.tx"].text
    assert shown["show mempool"].text == "Nothing waits on main."
    assert shown["show block gamma"].result["chain"] == "gamma"


def test_a_trace_has_a_row_for_each_step(session):
    done(session, "t = transfer alice bob 3 BTM main")

    outcome = session.execute("trace $t.tx")
    raw = session.execute("show tx $t.tx").result["raw"]
    of_bytes = session.execute(f"trace {raw}")

    value = outcome.result
    assert value["ok"] and value["gas_used"] == 1409
    assert [step["text"].split()[0] for step in value["steps"]] == [
        "DUP", "HASH160", "DATA_20", "EQUALVERIFY", "TXSIGHASH", "SWAP", "CHECKSIG",
    ]  # fmt: skip
    assert value["steps"][3]["change"] == 35
    assert len(outcome.text.splitlines()) == 9
    assert of_bytes.result["steps"] == value["steps"]
    assert code(session, "trace $t.tx 5") == "tx.no-input"


def test_no_bytes_of_a_stranger_reach_the_terminal_as_they_are(session):
    done(session, 'r = retire alice 1 GOLD --note "\\u001b[2J gone"')

    assert "\x1b" not in session.execute("show tx $r.tx").text
    assert "\x1b" not in session.execute("decode 6a031b5b41").text


def test_decode_says_what_it_is_sure_of(session):
    note = done(session, "decode 6a0474657374")
    address = session.network.address("bob")
    known = done(session, f"decode {session.network.show('main')['tip']}")

    assert [one["what"] for one in note["readings"]] == ["program"]
    assert note["readings"][0]["fields"]["note"] == "test"
    assert done(session, f"decode {address}")["readings"][0]["fields"]["owner"] == "bob"
    assert known["readings"][0]["what"].startswith("hash of mainchain block")
    assert [one["certain"] for one in known["readings"]][-1] is False
    assert "perhaps" in session.execute("decode 5151").text
    assert done(session, 'decode {"a": 1}')["readings"][0]["what"] == "asset definition"
