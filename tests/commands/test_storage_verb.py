"""`storage` moves a chain to another database, waits for it, and replays."""

from __future__ import annotations

import pytest

from devnet.commands.recording import load_recording
from devnet.commands.replaying import replay
from devnet.engine import moving
from devnet.engine.errors import StorageError
from devnet.engine.events import StorageMoved, StorageMoving
from devnet.plugins.memory import MemoryStore
from tests.commands.sessions import make_session, run

WORLD = "alpha:poa:tinydb,beta:solo:sqlite"


@pytest.fixture
def slow(monkeypatch):
    """Keys are copied one by one, so that the world goes on meanwhile."""
    monkeypatch.setattr(moving, "KEYS_PER_STEP", 1)


def test_storage_waits_until_the_chain_has_moved_and_shows_both_digests(slow):
    session = make_session(sidechains=WORLD)
    session.execute("mine 1")
    outcome = session.execute("m = storage alpha sqlite")

    assert outcome.ok, outcome.error
    result = outcome.result
    assert (result["chain"], result["old"], result["store"]) == (
        "alpha", "tinydb", "sqlite",
    )  # fmt: skip
    assert result["digest_before"] == result["digest_after"] and result["keys"] > 0
    assert result["digest_after"] in outcome.text
    assert session.execute("show alpha").result["store"] == "sqlite"
    assert run(session, "expect $m.store == sqlite") == ["ok"]


def test_a_move_to_memory_says_that_nothing_is_kept():
    session = make_session(sidechains=WORLD)

    assert "keeps nothing" in session.execute("storage alpha memory").text
    assert "keeps nothing" not in session.execute("storage alpha sqlite").text


def test_payments_go_on_while_a_chain_moves(slow):
    session = make_session(sidechains=WORLD, attached=True)
    moves = session.begin("mine 2; storage alpha sqlite; storage beta tinydb")
    while not moves.done:
        session.advance(session.now_ms + 500)
        session.begin("transfer alice bob 1 BTM main")
    ended = [one for one in session.network.events if isinstance(one, StorageMoved)]

    assert all(outcome.ok for outcome in moves.outcomes)
    assert [one.chain for one in ended] == ["alpha", "beta"]


def test_at_once_answers_before_the_chain_has_moved(slow):
    session = make_session(sidechains=WORLD)
    outcome = session.execute("storage alpha sqlite --at-once")

    assert outcome.ok
    assert outcome.result == {"chain": "alpha", "old": "tinydb", "store": "sqlite"}
    assert session.execute("show alpha").result["moving_to"] == "sqlite"
    assert run(session, "storage alpha memory") == ["storage.already-moving"]
    assert run(session, "wait alpha.store == sqlite") == ["ok"]


def test_what_cannot_be_moved_is_refused_by_name():
    session = make_session(sidechains=WORLD)

    codes = run(
        session,
        "storage alpha tinydb",
        "storage beta nowhere",
        "storage nobody sqlite",
        "pause",
        "storage beta memory",
    )
    assert codes == [
        "storage.same-store",
        "request.unknown-name",
        "request.unknown-name",
        "ok",
        "request.paused",
    ]
    assert not [e for e in session.network.events if isinstance(e, StorageMoving)]


def test_a_move_that_fails_on_the_way_is_told_with_its_reason(monkeypatch, slow):
    session = make_session(sidechains=WORLD)
    session.execute("mine 1")

    def full(self, changes):
        raise StorageError("the disk is full")

    def fail(event):
        if isinstance(event, StorageMoving):
            monkeypatch.setattr(MemoryStore, "_write", full)

    session.network.subscribe(fail)
    outcome = session.execute("storage alpha memory")

    assert outcome.error is not None and outcome.error.code == "storage.move-failed"
    assert "stays in tinydb: the disk is full" in outcome.error.message
    assert session.execute("show alpha").result["store"] == "tinydb"


def test_a_recorded_move_replays_to_the_same_events(tmp_path, slow):
    session = make_session(sidechains=WORLD)
    path = tmp_path / "x.jsonl"
    run(session, "mine 1", "storage alpha sqlite", "lock alice 5 BTM alpha", "mine 1")
    run(session, "storage beta memory --at-once", "mine 2", f"save recording {path}")

    verdict = replay(load_recording(str(path)), make_session())

    assert verdict.difference == "" and verdict.same
    lines = [entry.line for entry in session.log.entries]
    assert "storage alpha sqlite --at-once" in lines
