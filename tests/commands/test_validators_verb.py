"""The verb of elections: its words, its answers, its refusals."""

from __future__ import annotations

import pytest

from devnet.commands.session import Session
from tests.commands.sessions import make_session, run


@pytest.fixture(scope="module")
def session() -> Session:
    """A world in which bob stands on alpha."""
    session = make_session(sidechains="alpha:dpos-bbft")
    codes = run(
        session,
        "a = lock alice 900 BTM alpha",
        "b = lock bob 300 BTM alpha",
        "wait $a.stage == claimed",
        "wait $b.stage == claimed",
        "validator register alpha bob --bond 100",
        "wait alpha.candidates ~ bob",
    )
    assert codes == ["ok"] * 6
    return session


def test_the_list_has_votes_bonds_and_what_comes(session: Session) -> None:
    outcome = session.execute("validator list alpha")
    assert outcome.error is None
    rows = {row["name"]: row for row in outcome.result}
    assert list(rows) == ["bob", "v1", "v2", "v3", "v4"]
    assert (rows["bob"]["state"], str(rows["bob"]["bond"])) == ("stands", "100 BTM")
    assert rows["v1"]["acts"] and rows["v1"]["from_height"] == 97
    assert outcome.text.splitlines()[0].split() == [
        "name", "state", "votes", "approvals", "bond", "acts", "next", "key",
    ]  # fmt: skip


def test_a_vote_is_told_in_btm_and_can_be_seen(session: Session) -> None:
    outcome = session.execute("validator vote alpha alice bob 500")
    assert outcome.error is None
    assert outcome.text == "alice votes for bob with 500 BTM"
    assert (
        run(session, "wait alpha.mempool == 0", "wait alpha.height > 12") == ["ok"] * 2
    )
    rows = session.execute("validator list alpha").result
    assert str(rows[0]["votes"]) == "500 BTM"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("validator", "usage.missing-argument"),
        ("validator win alpha bob", "request.unknown-name"),
        ("validator list omega", "request.unknown-name"),
        ("validator list alpha bob", "usage.too-many-arguments"),
        ("validator register alpha", "usage.missing-argument"),
        ("validator register alpha bob alice", "usage.too-many-arguments"),
        ("validator register alpha bob --bond 5", "validator.taken"),
        ("validator register alpha alice --bond 5", "validator.no-bond"),
        ("validator vote alpha alice bob", "usage.missing-argument"),
        ("validator vote alpha alice bob 5 --bond 5", "usage.too-many-arguments"),
        ("validator vote alpha alice bob 5000", "request.insufficient-funds"),
        ("validator vote alpha alice nobody 5", "validator.not-a-candidate"),
        ("validator approve alpha alice bob 5", "usage.too-many-arguments"),
        ("validator approve alpha alice nobody", "validator.not-a-candidate"),
        ("validator disapprove alpha alice bob", "validator.not-approved"),
        ("validator leave alpha alice", "validator.not-a-candidate"),
        ("validator leave alpha bob --bond 4", "usage.too-many-arguments"),
    ],
)
def test_wrong_words_are_refused_with_the_right_ones(
    session: Session, line: str, code: str
) -> None:
    outcome = session.execute(line)
    assert outcome.error is not None
    assert (outcome.error.code, bool(outcome.error.hint)) == (code, True)
