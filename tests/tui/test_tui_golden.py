"""Whole screens as text: a diff shows what moved."""

import pytest
from fakeclaim import inspection
from fakesession import FakeSession
from fakestream import Tape, dashboard, start
from pilots import check_golden, dump, play, press, style_of, styles

from devnet.tui.app import TuiOptions
from devnet.tui.theme import DARK

SIZES = ((80, 24), (140, 40))


def screen(session, *keys, size=(80, 24), options=None):
    async def script(pilot):
        await press(pilot, *keys)
        return dump(pilot)

    return play(session, script, size=size, options=options)


def empty_world(n_sidechains=3):
    tape = Tape()
    start(tape, n_sidechains)
    return tape.events


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_sidechains", [3, 10])
def test_the_dashboard(size, n_sidechains):
    text = screen(FakeSession(dashboard(n_sidechains)), size=size)

    check_golden(f"dashboard-{size[0]}x{size[1]}-{n_sidechains}", text)


@pytest.mark.parametrize("size", SIZES)
def test_the_dashboard_in_ascii_signs_has_no_other_character(size):
    text = screen(
        FakeSession(dashboard()), size=size, options=TuiOptions(signs="ascii")
    )

    assert text.isascii()
    check_golden(f"dashboard-{size[0]}x{size[1]}-ascii", text)


@pytest.mark.parametrize(
    "keys",
    [
        ("l", "2", "5", "0"),
        ("l", "tab", "down"),
        ("s", "down"),
        ("question_mark",),
        ("colon", "l"),
        ("B", "enter"),
        ("C",),
        ("F",),
        ("E", "enter"),
        ("ctrl+p", "l"),
        ("w",),
        ("z",),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_no_screen_in_ascii_signs_has_another_character(keys, size):
    options = TuiOptions(signs="ascii")

    text = screen(FakeSession(dashboard()), *keys, size=size, options=options)

    assert text.isascii(), sorted(set(text) - set(map(chr, range(128))))


@pytest.mark.parametrize("size", SIZES)
def test_the_dashboard_before_anything_happened(size):
    text = screen(FakeSession(empty_world()), size=size)

    check_golden(f"empty-{size[0]}x{size[1]}", text)


def test_the_dashboard_without_sidechains_says_how_to_make_one():
    text = screen(FakeSession(empty_world(0)))

    assert "No sidechain yet. c makes one" in text
    assert "Nothing in flight." in text


def test_a_breach_is_named_on_the_screen():
    text = screen(FakeSession(dashboard(breach=True)))

    check_golden("breach-80x24", text)


def test_colours_carry_the_roles_of_the_design():
    async def script(pilot):
        return {
            words: style_of(pilot, words)
            for words in ("claim refused", "confirm 4/6", "d7", "bystack", "alpha     ")
        }

    found = play(FakeSession(dashboard()), script)

    colours = {words: style.color.get_truecolor().hex for words, style in found.items()}
    assert colours["claim refused"].upper() == DARK.error
    assert colours["confirm 4/6"].upper() == DARK.now
    assert colours["bystack"].upper() == DARK.main
    assert colours["alpha     "].upper() == DARK.good
    assert found["claim refused"].bold


def test_without_colour_everything_is_still_said(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(pilot):
        return dump(pilot), styles(pilot), style_of(pilot, "claim refused")

    text, pieces, failed = play(FakeSession(dashboard()), script)

    check_golden("dashboard-80x24-3", text)
    assert not [style for _, style in pieces if style.color or style.bgcolor]
    assert failed.bold
    under_cursor = [words for words, style in pieces if style.reverse]
    assert any("claim refused" in words for words in under_cursor)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("form-lock", ("l", "2", "5", "0")),
        ("form-swap", ("s",)),
        ("form-new", ("c",)),
        ("form-transfer", ("t",)),
        ("keys", ("question_mark",)),
        ("command", ("colon", "l", "o")),
        ("blocks", ("B",)),
        ("consensus", ("C",)),
        ("events", ("E",)),
        ("balances", ("tab", "tab", "right")),
        ("messages", ("tab", "tab", "left")),
    ],
)
def test_other_screens_at_80x24(name, keys):
    check_golden(f"{name}-80x24", screen(FakeSession(dashboard()), *keys))


@pytest.mark.parametrize("size", SIZES)
def test_the_claim_inspector(size):
    session = FakeSession(dashboard())
    session.network.inspections = {None: inspection(), "hash": inspection("C8")}
    name = f"claim-{size[0]}x{size[1]}"

    check_golden(name, screen(session, "down", "enter", size=size))
    tampered = screen(session, "down", "enter", "t", "down", "enter", size=size)
    check_golden(f"{name}-tampered", tampered)


def test_every_line_of_every_golden_screen_fits():
    from pilots import GOLDEN

    for path in GOLDEN.glob("*-80x24*.txt"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 24
        assert max(map(len, lines)) <= 80
