"""What is printed: words, JSON lines, event lines; and which stream it goes to."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import fields

import pytest

from devnet.commands.session import Session
from devnet.engine.events import (
    EVENT_KINDS,
    AssetKnown,
    BalanceChanged,
    BlockAdded,
    Event,
    TransferMoved,
)
from devnet.repl.eventlines import _AMOUNTS, _WORDS, event_line, learn
from devnet.repl.printing import Printer
from devnet.repl.script import run_headless, run_lines, run_scripts
from tests.commands.sessions import (
    START_HEIGHT,
    fail_once,
    forging_session,
    make_session,
)


def printed(line: str, **options: bool) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    Printer(out, err, script="x.dn", **options)(make_session().execute(line, 3))
    return out.getvalue(), err.getvalue()


def test_words_carry_the_number_of_the_line():
    assert printed("balance alice main BTM") == (
        "   3  alice has 101649.99 BTM on main\n",
        "",
    )


def test_a_refusal_goes_to_stderr_with_its_place_code_and_hint():
    assert printed("lok") == (
        "",
        "x.dn:3: lok\n  there is no verb 'lok'\n  did you mean lock?\n"
        "  [usage.unknown-verb]\n",
    )


def test_json_has_one_object_on_stdout_and_words_on_stderr():
    out, err = printed("lok", as_json=True)

    assert json.loads(out) == {
        "v": 1, "ok": False, "line": 3, "verb": "lok", "seq": [0, 0],
        "error": {
            "code": "usage.unknown-verb",
            "message": "there is no verb 'lok'",
            "hint": "did you mean lock?",
        },
    }  # fmt: skip
    assert list(json.loads(out)) == sorted(json.loads(out))
    assert "did you mean lock?" in err


def test_ascii_signs_leave_nothing_else():
    out = io.StringIO()
    session = make_session()
    outcome = session.execute("show transfers")

    Printer(out, out, ascii_signs=True)(outcome)

    assert out.getvalue().isascii()


def test_an_event_is_one_line_with_its_virtual_time():
    block = BlockAdded(
        seq=1,
        at_ms=62_005,
        chain="alpha",
        height=7,
        id="ab" * 32,
        producer="v1",
        n_txs=1,
    )
    moved = TransferMoved(seq=2, at_ms=0, transfer="d1", stage="claimed")

    assert event_line(block) == "  1:02.005 ✓ alpha  block 7  1 tx  abab..abab  by v1"
    assert event_line(moved, ascii_signs=True) == "  0:00.000 + fed    d1 claimed"


def test_an_event_counts_in_the_assets_own_unit_once_it_is_known():
    has = BalanceChanged(
        seq=1, at_ms=0, who="bob", chain="main", asset="BTM", amount=250_000_000
    )
    decimals: dict[str, int] = {}

    before = event_line(has, decimals)
    learn(decimals, AssetKnown(seq=2, at_ms=0, asset="BTM", id="ff" * 32, decimals=8))

    assert before.endswith("bob has 250000000neu BTM")
    assert event_line(has, decimals).endswith("bob has 2.5 BTM")


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
def test_every_event_has_words(kind):
    values: dict[str, object] = {"str": "x", "int": 1, "bool": True}
    event: Event = EVENT_KINDS[kind](
        **{one.name: values.get(str(one.type), ()) for one in fields(EVENT_KINDS[kind])}
    )

    assert "\n" not in event_line(event)
    assert event_line(event, ascii_signs=True).isascii()
    assert set(_WORDS) | set(_AMOUNTS) <= set(EVENT_KINDS)


@contextmanager
def opened(session: Session | None = None):
    yield session or make_session()


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("pause\n# nothing\n\n", 0),
        ("", 0),
        ("expect main.height == 0", 1),
        ("refuses claim.replayed pause", 1),
        ("lock alice", 2),
        ('say "open', 2),
        ("balance nobody main BTM", 3),
        ("wait main.height == 0 --within 1s", 4),
        ("quit\nexpect main.height == 0", 0),
    ],
)
def test_the_exit_status_says_how_a_script_ended(script, status, tmp_path, capsys):
    path = tmp_path / "x.dn"
    path.write_text(script)

    assert run_scripts([str(path)], opened) == status


def test_an_engine_failure_ends_with_five(monkeypatch):
    session = make_session()
    session.host.keep_wreck = lambda session: ""
    fail_once(monkeypatch, 1000)

    assert run_lines(["mine 2"], session, Printer(io.StringIO(), io.StringIO())) == 5


def test_scripts_run_apart_and_stop_at_the_first_that_fails(tmp_path, capsys):
    for name, text in (("a", "d = pause"), ("b", "expect $d == 1"), ("c", "mine")):
        (tmp_path / name).write_text(text)

    status = run_scripts([str(tmp_path / name) for name in "abc"], opened)

    said = capsys.readouterr()
    assert status == 2
    assert "nothing is called $d" in said.err
    assert f"main {START_HEIGHT + 1}" not in said.out


def test_a_headless_world_prints_one_line_per_event(capsys):
    session = make_session()

    assert run_headless(session, until="3s") == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(session.network.events)
    assert session.now_ms == 3000


def test_a_headless_world_may_stop_at_a_height_and_print_json(capsys):
    session = make_session()

    assert run_headless(session, until="2blocks", as_json=True) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert session.network.main_height() == START_HEIGHT + 2


def test_a_headless_world_stops_at_an_alarm(capsys):
    session = forging_session()

    assert run_headless(session, until="30s") == 5
    assert "I1 BROKEN" in capsys.readouterr().out
