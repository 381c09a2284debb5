"""The verbs of members and collectors: their words, answers, refusals and paths."""

from __future__ import annotations

import pytest

from devnet.commands.registry import find
from devnet.commands.session import Session
from devnet.commands.types import TYPES
from devnet.commands.verbs.council import Place
from tests.commands.sessions import make_session, run

START = "start --sidechains alpha:solo --federation-blocks 30"


@pytest.fixture(scope="module")
def session() -> Session:
    """A world in which bob stands for both on alpha."""
    session = make_session(sidechains="alpha:solo")
    codes = run(
        session,
        START,
        "a = lock alice 900 BTM alpha",
        "b = lock bob 400 BTM alpha",
        "wait $a.stage == claimed",
        "wait $b.stage == claimed",
        "member register alpha bob --bond 100",
        "wait alpha.mempool == 0",
        "collector register alpha bob",
        "wait alpha.mempool == 0",
    )
    assert codes == ["ok"] * 9
    return session


def test_lists_have_state_votes_bond_epoch_and_key(session: Session) -> None:
    outcome = session.execute("member list alpha")
    assert outcome.error is None
    rows = {row["name"]: row for row in outcome.result}
    assert list(rows) == ["bob", "fed-1", "fed-2", "fed-3", "fed-4"]
    assert (rows["bob"]["state"], str(rows["bob"]["bond"])) == ("candidate", "100 BTM")
    assert (rows["fed-1"]["state"], rows["fed-1"]["since"]) == ("member", 0)
    assert len(rows["bob"]["key"]) == 128
    assert outcome.text.splitlines()[0].split() == [
        "name", "state", "votes", "bond", "epoch", "next", "key",
    ]  # fmt: skip
    outcome = session.execute("collector list alpha")
    states = {row["name"]: row["state"] for row in outcome.result}
    assert states == {
        "bob": "candidate", "fed-1": "collector", "fed-2": "collector",
    }  # fmt: skip


def test_a_vote_brings_a_member_in_and_paths_tell(session: Session) -> None:
    paths = ("epoch == 0", "members ~ fed-1", "collectors ~ fed-1", "migrating == 0")
    assert run(session, *(f"expect fed.alpha.{path}" for path in paths)) == ["ok"] * 4
    outcome = session.execute("member vote alpha alice bob 500")
    assert outcome.text == "alice votes for bob with 500 BTM"
    codes = run(
        session,
        "wait fed.alpha.wanted ~ bob",
        "wait fed.alpha.epoch == 1",
        "expect fed.alpha.members ~ bob",
        "expect fed.alpha.expires == 90",
        "wait fed.alpha.migrating == 0",
        "expect fed.alpha.backed == true",
    )
    assert codes == ["ok"] * 6
    rows = {row["name"]: row for row in session.execute("member list alpha").result}
    assert (rows["bob"]["state"], rows["bob"]["since"]) == ("member", 1)
    former = [row for row in rows.values() if row["state"] == "former"]
    assert [(row["since"], row["until"]) for row in former] == [(0, 1)]
    assert "0 to 0" in session.execute("member list alpha").text


def test_a_member_is_switched_off_and_on(session: Session) -> None:
    outcome = session.execute("member off fed-4")
    assert (outcome.result, outcome.text) == (
        {"deed": "off", "member": "fed-4"},
        "fed-4 is off",
    )
    assert "member, off" in session.execute("member list alpha").text
    assert run(session, "member on fed-4") == ["ok"]
    assert "off" not in session.execute("member list alpha").text


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("member", "usage.missing-argument"),
        ("member win alpha bob", "request.unknown-name"),
        ("member list omega", "request.unknown-name"),
        ("member list fed-1", "request.unknown-name"),
        ("member list alpha bob", "usage.too-many-arguments"),
        ("member register alpha", "usage.missing-argument"),
        ("member register alpha bob alice", "usage.too-many-arguments"),
        ("member register alpha bob", "validator.taken"),
        ("member register alpha alice --bond 1", "validator.no-bond"),
        ("member vote alpha alice nobody 5", "validator.not-a-candidate"),
        ("member vote alpha alice v1 5", "validator.not-a-candidate"),
        ("member vote alpha alice bob", "usage.missing-argument"),
        ("member unvote alpha carol bob 5", "validator.no-votes"),
        ("member leave alpha alice", "validator.not-a-candidate"),
        ("member leave alpha bob --bond 5", "usage.too-many-arguments"),
        ("member off nobody", "request.unknown-name"),
        ("member off alpha", "request.unknown-name"),
        ("member off fed-1 bob", "usage.too-many-arguments"),
        ("collector off fed-9", "request.unknown-name"),
        ("collector off fed-1 bob", "usage.too-many-arguments"),
        ("collector vote alpha alice fed-3 5", "validator.not-a-candidate"),
        ("collector list", "usage.missing-argument"),
        ("expect fed.alpha.epochs == 1", "usage.unknown-path"),
    ],
)
def test_refusals_have_names_and_hints(session: Session, line: str, code: str) -> None:
    before = session.network.show("alpha")
    outcome = session.execute(line)
    assert outcome.error is not None
    assert outcome.error.code == code
    assert outcome.error.hint
    assert session.network.show("alpha") == before


def test_words_are_completed_and_explained(session: Session) -> None:
    places = [one.text for one in TYPES[Place].complete(session)]
    assert places[:2] == ["alpha", "fed-1"]
    for verb in ("member", "collector"):
        page = session.execute(f"help {verb}")
        assert page.error is None
        assert f"{verb} vote" in page.text
        assert find(verb).acts


def test_who_leaves_gets_the_bond_back(session: Session) -> None:
    assert (
        run(session, "collector leave alpha bob", "wait alpha.mempool == 0")
        == ["ok"] * 2
    )
    rows = {row["name"]: row for row in session.execute("collector list alpha").result}
    assert rows["bob"]["state"] == "leaving"
    assert rows["bob"]["bond_free_at"] is not None
    assert "bond free at" in session.execute("collector list alpha").text
