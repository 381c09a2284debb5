"""Verbs as a whole: each is documented, has an example that works, and completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet.commands.grammar import parse_line
from devnet.commands.registry import bind, command, line_of
from devnet.commands.types import TYPES, Account
from devnet.commands.values import Said
from devnet.commands.verbs import all_commands, find
from devnet.engine.errors import DevnetError
from tests.commands.sessions import make_session

ROOT = Path(__file__).parents[2]
VERBS = {one.verb: one for one in all_commands()}


def test_the_verbs_that_scripts_rely_on_are_there():
    wanted = (
        "start lock claim transfer balance issue retire mine swap new-sidechain show "
        "wait expect refuses step pause resume speed save export import help quit set "
        "history run events"
    )

    assert set(wanted.split()) <= set(VERBS)


BEFORE = {
    "claim": "collector off fed-1; collector off fed-2; lock alice 5 BTM alpha; "
    "mine 30",
    "payout": "d = lock alice 5 BTM alpha; wait $d.stage == claimed; "
    "withdraw alice 2 BTM alpha; collector off fed-1; collector off fed-2; "
    "member off fed-1; member off fed-2; member off fed-3; member off fed-4; mine 40",
    "heal": "partition main",
    "import": "export main.hex",
    "trace": "t = transfer alice bob 1 BTM main",
    "cancel-swap": "swap alpha poa --at +30",
    "mend": "fault kill alpha.v2",
    "devnet-clear-fault": "fault kill alpha.v2",
    "drop-transaction": "t = transfer alice bob 1 BTM main",
    "devnet-drop-transaction": "t = transfer alice bob 1 BTM main",
    "write-off": "d = lock alice 5 BTM alpha; wait $d.stage == claimed; "
    "fault deep-reorg; refuses world.invariant-broken wait main.height == 0; resume; "
    "mine 3",
}
"""What an example needs; a claimed deposit `d` where nothing stands here."""


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_words_and_an_example_that_works(verb, tmp_path, monkeypatch):
    one = VERBS[verb]
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    session = make_session()
    before = BEFORE.get(verb, "d = lock alice 5 BTM alpha; wait $d.stage == claimed")
    assert session.execute(before).ok
    session.names["raw"] = raw_payment()

    outcome = session.execute(one.example)

    assert one.summary.endswith(".")
    assert outcome.error is None, outcome.error.message


def raw_payment() -> str:
    """A payment in hex that a world of the default seed can still take."""
    session = make_session()
    paid = session.execute("transfer carol bob 10 BTM main").result["tx"]
    return session.network.describe_tx(paid)["raw"]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb):
    session = make_session()

    for line in (f"help {verb}", f"{verb} ?", f"{verb} --help"):
        outcome = session.execute(line)
        assert outcome.ok, line
        assert VERBS[verb].signature.split()[0] in outcome.text
        assert VERBS[verb].example in outcome.text


def test_the_next_argument_is_lit():
    text = make_session().execute("lock alice 250 ?").text

    assert text.startswith("lock WHO AMOUNT <ASSET> SIDECHAIN [--to WHO]")
    assert "BTM, GOLD" in text


def test_a_recorded_line_has_every_name_resolved():
    session = make_session()
    session.execute("d = lock alice 5 BTM alpha; b = balance bob main BTM")

    def resolved(line: str) -> str:
        (call,) = parse_line(line)
        one = find(call.verb)
        return line_of(one, bind(one, call.tokens, session))

    assert resolved("claim $d") == "claim d1"
    units = session.network.balance("bob", "main", "BTM")
    assert resolved("lock bob $b BTM alpha") == f"lock bob {units}neu BTM alpha"
    assert (
        resolved('swap alpha poa --params {"b": 1, "a": 2} --validators v1,v2')
        == 'swap alpha poa --validators v1,v2 --params {"a": 2, "b": 1}'
    )


def test_a_parameter_without_a_known_type_is_refused_at_registration():
    def broken(session, what: complex) -> Said:
        """Words."""

    with pytest.raises(TypeError, match="no known type"):
        command(group="money", example="broken")(broken)


def test_a_verb_without_words_is_refused_at_registration():
    def broken(session, who: Account) -> Said:
        raise NotImplementedError

    with pytest.raises(TypeError, match="docstring"):
        command(group="money", example="broken")(broken)


def test_every_type_completes_without_failing():
    session = make_session()

    for one in TYPES.values():
        assert all(found.text for found in one.complete(session))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["balance", "claim", "lock"]),
        ("lo", ["lock"]),
        ("d = lo", ["lock"]),
        ("pause; lo", ["lock"]),
        ("lock a", ["alice"]),
        ("lock alice 250 BTM ", ["alpha", "beta", "gamma", "--to"]),
        ("lock alice 250 BTM --to b", ["bob"]),
        ("lock alice 250 BTM alpha --", ["--to"]),
        ("lock alice 250 BTM alpha --to bob --", []),
        ("claim ", ["d1"]),
        ("claim $", ["$_", "$d"]),
        ("wait $d.s", ["$d.stage"]),
        ("wait $d.stage ", ["==", "!=", "<"]),
        ("wait $d.stage == cla", ["claim", "claimed"]),
        ("wait alpha.rule == ", ["dpos-bbft", "poa", "solo"]),
        ("wait fed.beta.b", ["fed.beta.backed"]),
        ("expect main", ["main.height"]),
        ("refuses claim.re", ["claim.replayed"]),
        ("refuses claim.replayed cl", ["claim"]),
        ("refuses claim.replayed claim ", ["d1"]),
        ("swap alpha p", ["poa"]),
        ("new-sidechain delta poa --store s", ["sqlite"]),
        ("nonsense ", []),
        ('lock "al', []),
        ("lock alice # a", []),
    ],
)
def test_completion_knows_what_comes_next(text, found):
    session = make_session()
    session.execute("d = lock alice 5 BTM alpha")

    texts = [one.text for one in session.complete(text)]

    assert set(found) <= set(texts)
    assert bool(texts) == bool(found)


def test_sidechains_complete_with_rule_and_height_beside():
    session = make_session()

    (alpha,) = session.complete("swap al")

    assert alpha.meta == "dpos-bbft  height 0"


def test_codes_complete_with_their_meaning():
    (one,) = make_session().complete("refuses request.insuff")

    assert one.text == "request.insufficient-funds"
    assert one.meta == "The account holds less than the command needs."


def test_no_two_errors_share_a_code():
    assert len(DevnetError.by_code) == len(set(DevnetError.by_code.values()))
