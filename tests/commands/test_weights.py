"""Weights of validators by line: given, written down, read again, refused."""

import json

import pytest

from devnet.commands.grammar import parse_line
from devnet.commands.registry import bind, find, line_of
from tests.commands.sessions import make_session


@pytest.fixture(scope="module")
def session():
    return make_session(sidechains="gamma:solo")


def weights(session, chain):
    side = session.network.world.sidechain(chain)
    return [one.weight for one in side.tree[side.head].state.rules.validators]


def test_a_new_sidechain_takes_weights_and_their_number(session):
    outcome = session.execute("new-sidechain delta pos --weights 5,3,1")
    assert outcome.ok, outcome.error
    assert weights(session, "delta") == [5, 3, 1]
    assert session.network.show("delta")["validators"] == ["v1", "v2", "v3"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("new-sidechain epsilon pos --weights 5,x", "usage.bad-argument"),
        ("new-sidechain epsilon pos --weights 5,0", "request.bad-value"),
        ("new-sidechain epsilon pos --weights 5,3 --validators 4", "request.bad-value"),
        ("swap gamma pos --validators v1:5,v1:3", "usage.bad-argument"),
        ("swap gamma pos --validators v1:", "usage.bad-argument"),
        ("swap gamma pos --validators v1:x", "usage.bad-argument"),
        ("swap gamma pos --validators :5", "usage.bad-argument"),
        ("swap gamma pos --validators v1:0", "request.bad-value"),
    ],
)
def test_what_is_no_weight_is_refused(session, line, code):
    before = session.network.chain_names()
    outcome = session.execute(line)
    assert json.loads(json.dumps(outcome.as_dict()))["error"]["code"] == code
    assert outcome.error.hint
    assert session.network.chain_names() == before
    assert session.network.world.sidechain("gamma").nodes[0].swap is None


def test_a_swap_takes_weights():
    session = make_session(sidechains="gamma:solo")
    assert session.execute("swap gamma pos --validators v1:5,v2:3,v3").ok
    asked = [what for due in session.network.world.schedule.waiting
             if (what := getattr(due.what, "record", None))]  # fmt: skip
    assert [one.weight for one in asked[0].validators] == [5, 3, 1]


@pytest.mark.parametrize(
    "line",
    [
        "swap gamma pos --validators v1:5,v2",
        "new-sidechain epsilon pos --weights 5,3",
    ],
)
def test_a_recording_spells_weights_as_they_are_read(session, line):
    (call,) = parse_line(line)
    one = find(call.verb)
    assert line_of(one, bind(one, call.tokens, session)) == line
