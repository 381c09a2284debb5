"""Verbs as a whole: each is documented, has an example that works, and completes."""

from __future__ import annotations

import pytest
from fakes import fake_session

from devnet.commands.grammar import parse_line
from devnet.commands.registry import bind, command, line_of
from devnet.commands.types import TYPES, Account
from devnet.commands.values import Said
from devnet.commands.verbs import all_commands, find
from devnet.engine.errors import DevnetError

VERBS = {one.verb: one for one in all_commands()}


def test_the_verbs_of_this_issue_are_there():
    wanted = (
        "start lock claim transfer balance mine swap new-sidechain show wait expect "
        "refuses step pause resume speed save help quit set history run events "
        "partition heal export import"
    )

    assert set(wanted.split()) <= set(VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_words_and_an_example_that_works(verb, tmp_path):
    one = VERBS[verb]
    session = fake_session()
    session.execute("d = lock alice 5 BTM alpha; wait $d.stage == claimed")
    example = one.example.replace("first.jsonl", str(tmp_path / "first.jsonl"))
    example = example.replace("fixtures/scripts/first-deposit.dn", _script(tmp_path))
    example = example.replace("main.hex", str(tmp_path / "main.hex"))
    (tmp_path / "main.hex").touch()

    outcome = session.execute(example)

    assert one.summary.endswith(".")
    assert outcome.ok or (verb, outcome.error.code) == ("claim", "claim.replayed")


def _script(folder) -> str:
    path = folder / "x.dn"
    path.write_text("pause\n")
    return str(path)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb):
    session = fake_session()

    for line in (f"help {verb}", f"{verb} ?", f"{verb} --help"):
        outcome = session.execute(line)
        assert outcome.ok, line
        assert VERBS[verb].signature.split()[0] in outcome.text
        assert VERBS[verb].example in outcome.text


def test_the_next_argument_is_lit():
    text = fake_session().execute("lock alice 250 ?").text

    assert text.startswith("lock WHO AMOUNT <ASSET> SIDECHAIN [--to WHO]")
    assert "BTM, GOLD" in text


def test_a_recorded_line_has_every_name_resolved():
    session = fake_session()
    session.execute("d = lock alice 5 BTM alpha; b = balance bob main BTM")

    def resolved(line: str) -> str:
        (call,) = parse_line(line)
        one = find(call.verb)
        return line_of(one, bind(one, call.tokens, session))

    assert resolved("claim $d") == "claim d1"
    assert resolved("lock bob $b BTM alpha") == "lock bob 10000000000000neu BTM alpha"
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
    session = fake_session()

    for one in TYPES.values():
        assert all(found.text for found in one.complete(session))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["balance", "claim", "events"]),
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
    session = fake_session()
    session.execute("d = lock alice 5 BTM alpha")

    texts = [one.text for one in session.complete(text)]

    assert texts[: len(found)] == found
    assert bool(texts) == bool(found)


def test_sidechains_complete_with_rule_and_height_beside():
    session = fake_session()

    (alpha,) = session.complete("swap al")

    assert alpha.meta == "dpos-bbft  height 0"


def test_codes_complete_with_their_meaning():
    (one,) = fake_session().complete("refuses request.insuff")

    assert one.text == "request.insufficient-funds"
    assert one.meta == "The account holds less than the command needs."


def test_no_two_errors_share_a_code():
    assert len(DevnetError.by_code) == len(set(DevnetError.by_code.values()))
