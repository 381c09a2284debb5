"""Forms come from signatures; what they judge, the command line would judge too."""

import pytest
from fakesession import FakeSession
from fakestream import dashboard

from devnet.commands.verbs import find
from devnet.tui.forms import SHAPES, fields_of, line_of, why_not_run


@pytest.fixture
def session():
    return FakeSession(dashboard(10))


def starts(verb, session, chain=""):
    return {one.name: one.start for one in fields_of(verb, session, chain)}


def test_each_parameter_of_the_signature_is_a_field(session):
    for verb in SHAPES:
        names = [one.name for one in fields_of(verb, session)]
        hidden = SHAPES[verb].hidden
        params = [one for one in find(verb).params if one.name not in hidden]
        assert names == [one.name for one in params if not one.plain_flag]


def test_a_verb_without_a_shape_gets_a_form_from_its_signature(session):
    names = [one.name for one in fields_of("claim", session)]

    assert names == ["transfer"]
    assert line_of("claim", {"transfer": "d4"}) == "claim d4"


def test_the_lock_form_opens_on_alice_btm_and_the_first_sidechain(session):
    found = starts("lock", session)

    assert found == {
        "who": "alice",
        "amount": "",
        "asset": "BTM",
        "sidechain": "alpha",
        "to": "",
    }
    assert SHAPES["lock"].first == "amount"


def test_a_transfer_goes_to_somebody_else(session):
    found = starts("transfer", session)

    assert (found["sender"], found["receiver"]) == ("alice", "bob")


def test_the_swap_form_takes_the_picked_chain(session):
    assert starts("swap", session, "gamma")["sidechain"] == "gamma"
    assert starts("swap", session, "main")["sidechain"] == "alpha"


def test_the_line_is_the_command():
    values = {"who": "alice", "amount": "250", "asset": "BTM", "sidechain": "alpha"}

    assert line_of("lock", values) == "lock alice 250 BTM alpha"
    assert (
        line_of("lock", {**values, "to": "bob"}) == "lock alice 250 BTM alpha --to bob"
    )
    assert line_of("lock", {**values, "amount": ""}) == "lock alice AMOUNT BTM alpha"


def test_a_withdrawal_is_judged_by_the_balance_on_its_sidechain(session):
    values = {"who": "alice", "amount": "1251", "asset": "BTM", "sidechain": "alpha"}

    assert line_of("withdraw", values) == "withdraw alice 1251 BTM alpha"
    found = why_not_run("withdraw", values, session, session.network.state)
    assert "only 1 250 BTM on alpha" in found
    values["amount"] = "20"
    assert why_not_run("withdraw", values, session, session.network.state) == ""


def test_flags_that_stay_empty_are_left_out():
    values = {"sidechain": "alpha", "engine": "poa", "params": '{"slot_ms": 250}'}

    assert line_of("swap", values) == 'swap alpha poa --params {"slot_ms": 250}'


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("250", ""),
        ("98750", ""),
        ("", "still missing: amount"),
        ("98750.00000001", "alice has only 98 750 BTM on main"),
        ("0", "must be above zero"),
        ("abc", "is not an amount"),
        ("-5", "is not an amount"),
        ("0.000000001", "finer than the 8 decimals"),
        ("1neu", ""),
        ("1 2", "is not an amount"),
    ],
)
def test_an_amount_is_judged_while_it_is_typed(session, amount, reason):
    values = {"who": "alice", "amount": amount, "asset": "BTM", "sidechain": "alpha"}

    found = why_not_run("lock", values, session, session.network.state)

    assert (found == "") == (reason == "")
    assert reason in found


def test_a_transfer_is_judged_by_the_balance_on_its_chain(session):
    values = {"sender": "alice", "receiver": "bob", "amount": "1251", "asset": "BTM"}

    found = why_not_run(
        "transfer", {**values, "chain": "alpha"}, session, session.network.state
    )
    fine = why_not_run(
        "transfer", {**values, "chain": "main"}, session, session.network.state
    )

    assert found == "alice has only 1 250 BTM on alpha"
    assert fine == ""


def test_a_chain_that_swaps_already_is_refused_before_it_is_asked(session):
    values = {"sidechain": "delta", "engine": "solo"}

    assert "already swapping" in why_not_run(
        "swap", values, session, session.network.state
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("omega", ""),
        ("alpha", "called alpha already"),
        ("main", "cannot name"),
        ("", "new name"),
    ],
)
def test_a_new_name_must_be_new(session, name, reason):
    values = {"name": name, "engine": "poa", "validators": "4", "store": "memory"}

    found = why_not_run("new-sidechain", values, session, session.network.state)

    assert (found == "") == (reason == "")
    assert reason in found


def test_notes_beside_the_fields_follow_the_values(session):
    notes, state = SHAPES["lock"].notes, session.network.state
    values = {"who": "bob", "asset": "BTM", "sidechain": "beta"}

    assert notes["who"](values, state) == "has 12 000.00000000 BTM on main"
    assert notes["sidechain"](values, state) == "poa, 7 validators, depth 6"
