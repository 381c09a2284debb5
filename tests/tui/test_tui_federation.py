"""The Federation screen and the withdrawal inspector: drawn, and by keys."""

import json
from dataclasses import replace

import pytest
from fakepeg import contract, council, member_names, stories
from fakesession import FakeSession
from fakestream import dashboard
from pilots import check_golden, dump, play, press, style_of, toasts

from devnet.tui.app import TuiOptions
from devnet.tui.draw.books import PegView, Sheet, draw_books, large, shares
from devnet.tui.draw.contract import draw_contract
from devnet.tui.draw.council import draw_epochs, draw_members
from devnet.tui.draw.withdrawal import draw_withdrawal
from devnet.tui.state import reduce_all
from devnet.tui.theme import DARK
from devnet.tui.views import State

SIZES = ((80, 24), (140, 40))
TABS = ("books", "members", "collectors", "contract", "withdrawals", "epochs")
BTM = 10**8


def screen(session, *keys, size=(80, 24), options=None):
    async def script(pilot):
        await press(pilot, *keys)
        return dump(pilot)

    return play(session, script, size=size, options=options)


def plain(rows):
    return "\n".join(row.plain for row in rows)


def sheet(*terms, locked=None, decimals=0):
    whole = terms + (0,) * (6 - len(terms))
    return Sheet("alpha", "GOLD", decimals, sum(terms) if locked is None else locked,
                 whole)  # fmt: skip


def bars(rows):
    """The two bars of the only book, without their labels."""
    found = (row.plain for row in rows)
    return [one[18:].rstrip() for one in found if one[10:16] in ("locked", "owed  ")]


def tabs(options=None, size=(80, 24)):
    """The text of every tab, in order."""

    async def script(pilot):
        await press(pilot, "F")
        found = [dump(pilot)]
        for _ in TABS[1:]:
            await press(pilot, "right")
            found.append(dump(pilot))
        return found

    return play(FakeSession(dashboard()), script, size=size, options=options)


@pytest.mark.parametrize("size", SIZES)
def test_every_tab_of_the_federation(size):
    for name, text in zip(TABS, tabs(size=size), strict=True):
        check_golden(f"federation-{name}-{size[0]}x{size[1]}", text)


def test_every_tab_in_ascii_signs_has_no_other_character():
    for text in tabs(TuiOptions(signs="ascii")):
        assert text.isascii(), sorted(set(text) - set(map(chr, range(128))))


@pytest.mark.parametrize("size", SIZES)
def test_the_withdrawal_inspector(size):
    async def script(pilot):
        pilot.app.open_transfer("w2")
        await press(pilot)
        first = dump(pilot)
        await press(pilot, "right_square_bracket")
        return first, dump(pilot)

    first, other = play(FakeSession(dashboard()), script, size=size)

    check_golden(f"withdrawal-{size[0]}x{size[1]}", first)
    assert "withdrawal w2" in first and "withdrawal w1" in other


# Books.


@pytest.mark.parametrize(
    "one",
    [
        sheet(5, 3, 2), sheet(1, 10**6), sheet(0, 0, 7), sheet(1, 1, 1, 1, 1, 1),
        sheet(5, locked=3), sheet(3, locked=5), sheet(7, locked=0),
        replace(sheet(7, locked=2), written_off=5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", [60, 80, 139])
def test_both_bars_have_the_same_length_whatever_happens(one, width):
    locked, owed = bars(draw_books((PegView("alpha", (1, 2), (one,)),), width))

    assert len(locked) == len(owed) == width - 19
    assert ("✗" in locked) == (one.difference < 0)
    assert ("✗" in owed) == (one.difference > 0)


def test_every_term_has_a_cell_and_a_sign_of_its_own():
    one = sheet(10**9, 1, 1, 1, 1, 1)

    _, owed = bars(draw_books((PegView("alpha", (1, 2), (one,)),), 80))

    assert owed.endswith("●▼▲▒◇!")
    assert shares((10**9, 1, 0), 10) == [9, 1, 0]


def test_a_difference_is_named_and_frozen_pegs_come_first():
    bad = PegView("beta", (128, 436), (sheet(7, locked=4),), "I1", True)
    fine = PegView("alpha", (128, 399), (sheet(7),))

    text = plain(draw_books((bad, fine), 80))

    assert text.index("FROZEN") < text.index("I1 broke on beta") < text.index("alpha")
    assert "difference of alpha in GOLD" in text and "off by -3" in text
    assert large("-3")[1] == "╶╴ ╶─┤"
    assert "difference of" not in plain(draw_books((fine,), 80))


# Contracts.


def test_only_what_another_recipient_changes_is_lit():
    before, after = contract("alpha", "alice"), contract("alpha", "bob")

    rows = draw_contract(
        after, 80, chain="alpha", who="bob", names=member_names(), before=before
    )

    lit = {row.plain[2:11].strip() for row in rows if row.plain[1:2] == "◆"}
    assert lit == {"script", "address", "tweak", "key", "1 push", "34 push", "67 push",
                   "hash", "program"}  # fmt: skip
    assert max(row.cell_len for row in rows) <= 79
    fresh = draw_contract(after, 80, chain="alpha", who="bob", names=member_names())
    assert "◆" not in plain(fresh)


def test_the_contract_follows_recipient_and_sidechain():
    session = FakeSession(dashboard())

    async def script(pilot):
        await press(pilot, "F", "right", "right", "right")
        seen = [dump(pilot)]
        for key in ("r", "right_square_bracket"):
            await press(pilot, key)
            seen.append(dump(pilot))
        await press(pilot, "slash", *"carol")
        seen.append(dump(pilot))
        await press(pilot, "ctrl+u", *"nobody", "enter")
        seen.append(dump(pilot))
        await press(pilot, "y")
        return seen, toasts(pilot)

    (alice, bob, beta, carol, nobody), said = play(session, script)

    assert "alpha for alice" in alice and contract("alpha", "alice").address in alice
    assert "alpha for bob" in bob and contract("alpha", "bob").address in bob
    assert "beta for bob" in beta and contract("beta", "bob").address in beta
    assert contract("beta", "carol").address in carol
    assert "'nobody' is no recipient" in nobody
    assert "address for" in said and "on beta" in said


# Members, epochs, withdrawals.


def test_members_tell_health_votes_and_what_the_next_epoch_brings():
    text = plain(draw_members(council("alpha"), 110))

    assert "● fed-1     up       signs, collects  1 0" in text
    assert "✗ fed-3     still" in text and "▲ goes" in text
    assert "▼ bob       up       stands" in text and "▼ comes" in text
    assert "votes count at 400, in 1 block" in text


def test_epochs_show_what_flows_from_old_addresses_to_the_newest():
    rows = draw_epochs(
        council("alpha"), 80, decimals={"BTM": 8},
        asset_name=lambda asset: "BTM" if asset == b"\xff" * 32 else "GOLD",
        signed=("fed-2",),
    )  # fmt: skip
    text = plain(rows)
    assert "handover signed by 1 of 2 present members: fed-2; then" in text

    assert "old          350 ░░░░░░░████" in text
    assert "○ epoch 2  wanted" in text and "▼ bob comes" in text
    assert "epoch 0  accepted until block 600" in text
    assert "holds    350 BTM  40 GOLD" in text


def test_a_refusal_names_its_check_and_reason():
    state = reduce_all(State(), dashboard())
    story = next(one for one in stories(state) if one.transfer == "w2")

    rows = draw_withdrawal(
        story, 80, decimals={"BTM": 8}, asset_name=lambda asset: "BTM"
    )
    text = plain(rows)

    assert "✗ fed-2    refused" in text and "another one" in text
    assert "P8: signed before with pin" in text
    assert "◆ in   pin, lock of d5" in text
    assert "◐ signed" in text and "○ broadcast" not in text
    assert all(row.cell_len <= 80 for row in rows)


def test_enter_on_a_row_of_the_grid_opens_the_withdrawal():
    async def script(pilot):
        await press(pilot, "F", "right", "right", "right", "right", "down", "enter")
        inside = dump(pilot)
        await press(pilot, "escape")
        return inside, dump(pilot)

    inside, back = play(FakeSession(dashboard()), script)

    assert "withdrawal w1" in inside
    assert "Withdrawals" in back and "fed-2" in back


def test_enter_on_members_opens_the_form_unless_nobody_may_act():
    async def script(pilot):
        await press(pilot, "F", "right", "enter")
        return dump(pilot) + toasts(pilot)

    assert "Member: stand for the federation" in play(FakeSession(dashboard()), script)
    said = play(FakeSession(dashboard(), read_only=True), script)
    assert "--read-only" in said and "Member: stand" not in said


# A frozen peg.


def test_a_frozen_peg_is_said_on_every_screen():
    session = FakeSession(dashboard())
    session.network.frozen_pegs = {"beta"}

    async def script(pilot):
        found = []
        for key in ("D", "F", "B", "E", "X"):
            await press(pilot, key)
            found.append((dump(pilot), style_of(pilot, "peg of beta frozen")))
        return found

    for text, style in play(session, script):
        assert "peg of beta frozen: the mainchain left the anchor  M mends" in text
        assert style.bold and style.color.get_truecolor().hex.upper() == DARK.error


def test_a_window_too_small_hides_alarms_and_tabs_alike():
    session = FakeSession(dashboard(breach=True))
    session.network.frozen_pegs = {"beta"}

    async def script(pilot):
        await press(pilot, "F")
        await pilot.resize_terminal(30, 8)
        await press(pilot)
        return dump(pilot)

    assert play(session, script).strip() == "30x8, needs 60x16"


# What a row can be taken away as.


def test_everything_about_a_row_can_be_copied():
    session = FakeSession(dashboard())

    async def script(pilot):
        await press(pilot, "Y", "F", "right", "right", "right", "Y")
        return pilot.app.clipboard, toasts(pilot)

    copied, said = play(session, script)

    assert session.lines == ["show d4", "federation alpha --for alice"]
    assert copied == "null" and "copied: federation alpha --for alice" in said


def test_the_pointer_over_a_row_shows_its_whole_id():
    async def script(pilot):
        await pilot.hover("#federation", offset=(6, 1))
        await pilot.pause()
        return pilot.app.query_one("#federation").tooltip

    hint = play(FakeSession(dashboard()), script)

    assert hint.startswith("lock transaction of d4\n") and len(hint) > 64


def test_the_listed_events_can_be_written_to_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = FakeSession(dashboard())

    async def script(pilot):
        await press(pilot, "E", "slash", *"w2", "enter", "e")
        return toasts(pilot)

    said = play(session, script)

    (path,) = tmp_path.iterdir()
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    assert rows and str(path) in said
    assert {row["transfer"] for row in rows} == {"w2"}
