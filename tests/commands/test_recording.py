"""Recordings: whole or not at all, and they lead to the same world again."""

from __future__ import annotations

import json

import pytest

from devnet.commands.errors import BadFile
from devnet.commands.recording import load_recording, write_whole
from devnet.commands.replaying import replay
from devnet.commands.session import Session
from devnet.engine.events import Refused
from tests.commands.sessions import CountingWorks, forging_session, make_session, run

SCRIPT = (
    "start --seed 5 --sidechains alpha:poa,beta:solo --depth 3",
    "d = lock alice 5 BTM alpha",
    "step 2",
    "transfer alice bob 1 BTM main",
    "wait $d.stage == claimed",
    "wait main.height == 0 --within 20s; pause",
    "swap alpha solo --at +12",
    "mine 2",
)


def recorded(path) -> Session:
    session = make_session()
    for line in SCRIPT:
        session.execute(line)
    assert session.execute(f"save recording {path}").ok
    return session


def test_a_recording_has_header_commands_events_and_digest(tmp_path):
    path = tmp_path / "x.jsonl"
    session = recorded(path)

    rows = [json.loads(line) for line in path.read_text().splitlines()]

    assert rows[0]["type"] == "header" and rows[0]["seed"] == 5
    commands = [row["line"] for row in rows if row["type"] == "command"]
    assert commands[:2] == ["lock alice 5 BTM alpha", "transfer alice bob 1 BTM main"]
    assert "hurry +1" in commands
    events = [row for row in rows if row["type"] == "event"]
    assert [row["seq"] for row in events] == list(range(len(session.network.events)))
    assert rows[-1]["type"] == "digest"
    assert rows[-1]["digest"] == session.network.digest()


def test_a_replay_gives_the_same_events_and_the_same_digest(tmp_path):
    path = tmp_path / "x.jsonl"
    first = recorded(path)
    again = make_session(CountingWorks())

    verdict = replay(load_recording(str(path)), again)

    assert verdict.difference == ""
    assert verdict.same and verdict.digest == first.network.digest()
    assert again.log.entries == first.log.entries


def test_the_first_line_is_recorded_even_when_it_starts_the_world(tmp_path):
    session = make_session()
    session.execute("lock alice 1 BTM alpha")

    assert [entry.line for entry in session.log.entries] == ["lock alice 1 BTM alpha"]


def test_an_interrupted_wait_replays(tmp_path):
    session = make_session(attached=True)
    session.begin("mine 50")
    session.advance(3200)
    session.interrupt()
    session.advance(3200)
    session.begin("lock alice 1 BTM beta")
    session.advance(17_000)
    session.execute(f"save recording {tmp_path / 'x.jsonl'}")

    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), make_session())

    assert verdict.same, verdict.difference


def test_refusals_replay_word_for_word(tmp_path):
    session = make_session()
    run(session, "lock alice 5 BTM alpha", "mine 1", "lock bob 9999999 BTM alpha",
        "refuses request.unknown-name claim d7", "mine 1")  # fmt: skip
    session.execute(f"save recording {tmp_path / 'x.jsonl'}")
    again = make_session()

    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), again)

    assert verdict.same, verdict.difference
    told = [one.code for one in again.network.events if isinstance(one, Refused)]
    assert told == ["request.insufficient-funds", "request.unknown-name"]
    assert again.log.entries == session.log.entries


def test_a_breach_and_its_resume_replay(tmp_path):
    session = forging_session()
    assert run(session, "mine 5", "resume; mine 2") == ["world.invariant-broken", "ok"]
    session.execute(f"save recording {tmp_path / 'x.jsonl'}")

    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), forging_session())

    assert verdict.same, verdict.difference


def test_a_replay_names_the_first_difference(tmp_path):
    path = tmp_path / "x.jsonl"
    recorded(path)
    lines = path.read_text().splitlines()
    where = next(n for n, line in enumerate(lines) if '"producer":"v1"' in line)
    lines[where] = lines[where].replace('"producer":"v1"', '"producer":"v9"')
    path.write_text("\n".join(lines) + "\n")
    seq = json.loads(lines[where])["seq"]

    verdict = replay(load_recording(str(path)), make_session())

    assert not verdict.same
    assert verdict.difference == (
        f"event {seq}, BlockAdded: producer is 'v1', recorded was 'v9'"
    )


def test_a_changed_command_is_noticed(tmp_path):
    path = tmp_path / "x.jsonl"
    recorded(path)
    path.write_text(path.read_text().replace("lock alice 5 BTM", "lock alice 6 BTM"))

    assert not replay(load_recording(str(path)), make_session()).same


def test_a_changed_digest_is_noticed(tmp_path):
    path = tmp_path / "x.jsonl"
    session = recorded(path)
    digest = session.network.digest()
    path.write_text(path.read_text().replace(digest, "00" * 32))

    verdict = replay(load_recording(str(path)), make_session())

    assert not verdict.same and "digest" in verdict.difference


@pytest.mark.parametrize("cut", [0, 1, 3, -1])
def test_half_a_recording_is_refused(tmp_path, cut):
    path = tmp_path / "x.jsonl"
    recorded(path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:cut]))

    with pytest.raises(BadFile):
        load_recording(str(path))


@pytest.mark.parametrize(
    "text", ["hello", "[]\n", '{"type":"header"}\n', "3\n", "\xff"]
)
def test_what_is_no_recording_is_refused(tmp_path, text):
    path = tmp_path / "x.jsonl"
    path.write_text(text)

    with pytest.raises(BadFile) as refused:
        load_recording(str(path))

    assert "\n" not in refused.value.message


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.txt"
    write_whole(path, "first")

    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \udc80")

    assert path.read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["x.txt"]
