"""The verbs `federation` and `withdrawals`: their answers, and a withdrawal's way."""

from __future__ import annotations

from typing import Any

import pytest

from devnet.commands.session import Session
from devnet.engine.codec import program_of_address
from tests.commands.sessions import make_session, run

STATES = ["requested", "final", "planned", "signed", "broadcast", "mined", "settled",
          "completed"]  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Session:
    """A world in which alice has coins on alpha."""
    session = make_session(sidechains="alpha:poa,beta:poa")
    codes = run(session, "d = lock alice 250 BTM alpha", "wait $d.stage == claimed")
    assert codes == ["ok"] * 2
    return session


def ask(session: Session, line: str) -> Any:
    outcome = session.execute(line)
    assert outcome.error is None, outcome.error
    return outcome.result


def test_a_contract_is_told_with_every_step(session: Session) -> None:
    found = ask(session, "federation alpha --for alice")

    assert found["for"] == "alice" and found["quorum"] == 3
    assert found["claim_script"].startswith("0014")
    assert [op["op"] for op in found["ops"]] == [
        "TXSIGHASH", "push", "push", "push", "push", "3", "4", "CHECKMULTISIG",
    ]  # fmt: skip
    keys = [one["public_key"] for one in found["members"]]
    assert [op["bytes"] for op in found["ops"]][1:5] == [f"20{key}" for key in keys]
    assert found["program"] == f"0020{found['script_hash']}"
    lock = session.network.transfer("d1")
    assert found["program"] == lock.lock_program.hex()
    assert program_of_address(found["address"], "sm") == lock.lock_program


def test_recipients_are_accounts_addresses_or_scripts(session: Session) -> None:
    found = ask(session, "federation alpha --for alice")
    address = session.network.address("alice")

    for who in (address, found["claim_script"]):
        assert (
            ask(session, f"federation alpha --for {who}")["address"]
            == (found["address"])
        )
    assert ask(session, "federation beta --for alice")["address"] != found["address"]
    treasuries = ask(session, "federation")["sidechains"]
    assert treasuries[0]["treasury"] == ask(session, "federation alpha")["address"]
    assert [one["chain"] for one in treasuries] == ["alpha", "beta"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("federation alpha --for nobody", "request.unknown-name"),
        ("federation alpha --for 51", "request.no-recipient"),
        ("federation alpha --epoch 7", "request.unknown-name"),
        ("federation --for alice", "usage.unknown-option"),
        ("withdrawals d1", "request.unknown-name"),
        ("withdrawals w9", "request.unknown-name"),
    ],
)
def test_what_cannot_be_told_is_refused(session: Session, line: str, code: str) -> None:
    error = session.execute(line).error

    assert error is not None and error.code == code
    assert error.hint


def test_a_withdrawal_is_followed_through_its_eight_states(session: Session) -> None:
    ask(session, "w = withdraw alice 20 BTM alpha")
    first = ask(session, "withdrawals $w")
    assert (first["state"], first["steps"][0]["mark"]) == ("asked", "now")
    assert [step["mark"] for step in first["steps"][1:]] == ["to come"] * 7
    ask(session, "wait $w.stage == pay")
    paying = ask(session, "withdrawals $w")
    assert [step["mark"] for step in paying["steps"]][:5] == ["done"] * 5
    assert paying["steps"][5]["mark"] == "now"
    assert paying["signed"] >= 3

    ask(session, "wait $w.stage == settled")
    told = ask(session, "withdrawals $w")

    assert [step["state"] for step in told["steps"]] == STATES
    assert {step["mark"] for step in told["steps"]} == {"done"}
    assert {one["pin"] for one in told["members"] if one["answer"] == "signed"} == {
        told["pin"]
    }
    assert told["inputs"][0]["what"] == "pin, lock"
    assert (told["inputs"][0]["of"], told["inputs"][-1]["what"]) == ("d1", "gas")
    shown = [(part["what"], str(part["amount"])) for part in told["outputs"]]
    assert shown[:2] == [("recipient", "20 BTM"), ("change to the treasury", "230 BTM")]
    assert told["intent"]["payout"] == told["payout"]
    assert 0 < told["intent"]["height"] < told["completion"]["height"]
    listed = ask(session, "withdrawals")["withdrawals"]
    assert [(one["transfer"], one["state"]) for one in listed] == [("w1", "completed")]
    text = session.execute("withdrawals $w").text
    assert "  ● completed  alpha" in text and "  ✓ fed-1    signed" in text


def test_a_member_that_stands_still_is_named(session: Session) -> None:
    session.network.switch_member("fed-2", off=True)
    ask(session, "v = withdraw alice 5 BTM alpha")
    ask(session, "wait $v.stage == settled")

    answers = {one["member"]: one["answer"] for one in
               ask(session, "withdrawals $v")["members"]}  # fmt: skip

    assert answers == {"fed-1": "signed", "fed-2": "off", "fed-3": "signed",
                       "fed-4": "signed"}  # fmt: skip


def test_the_council_tells_health_turns_and_what_is_held(session: Session) -> None:
    network = session.network
    network.switch_member("fed-2", off=True)
    ask(session, "e = lock bob 3 BTM beta")
    ask(session, "wait $e.stage == confirm")
    ask(session, "mine 1")

    alpha, beta = network.council("alpha"), network.council("beta")

    assert [one.name for one in alpha.members if not one.up] == ["fed-2"]
    assert all(one.sits and one.founder for one in alpha.members)
    assert (alpha.epoch, alpha.quorum, alpha.next_tally, alpha.frozen) == (
        0, 3, 200, False,
    )  # fmt: skip
    (now,) = alpha.epochs
    sheet = network.balance_sheet("alpha")
    assert now.held == ((sheet.rows[0].asset, sheet.rows[0].sums.locked),)
    assert now.treasury == network.contract("alpha").address
    (lock,) = beta.locks
    assert (lock.transfer, lock.amount) == ("d2", 3 * 10**8)
    assert lock.state.startswith("burying ") and lock.anybody_in == 20
    first = int.from_bytes(lock.lock_id, "big") % len(beta.collectors)
    assert lock.turns == (beta.collectors[first].name,)
    network.switch_member("fed-2", off=False)
