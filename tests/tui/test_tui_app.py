"""Keys in, screens and command lines out, on a session without an engine."""

import json

import pytest
from fakesession import FakeSession
from fakestream import Tape, dashboard, main_block
from pilots import dump, play, press, settle, toasts, until

from devnet.engine.errors import DevnetError
from devnet.tui.app import REDRAW_S, TuiOptions
from devnet.tui.screens.form import FormScreen


@pytest.fixture
def session():
    return FakeSession(dashboard())


def keys(session, *pressed, size=(80, 24), options=None):
    """The screen and the toasts after these keys."""

    async def script(pilot):
        await press(pilot, *pressed)
        return dump(pilot), toasts(pilot)

    return play(session, script, size=size, options=options)


# Acting.


def test_enter_submits_the_lock_form_from_the_amount(session):
    screen, said = keys(session, "l", *"250", "enter")

    assert session.lines == ["lock alice 250 BTM alpha"]
    assert "same as:" not in screen
    assert "done: lock alice 250 BTM alpha" in said


def test_enter_submits_from_a_choice_too(session):
    keys(session, "l", *"250", "tab", "tab", "enter")

    assert session.lines == ["lock alice 250 BTM alpha"]


def test_a_choice_is_changed_with_the_arrows(session):
    keys(session, "l", *"5", "tab", "tab", "down", "down", "enter", "enter")

    assert session.lines == ["lock alice 5 BTM beta"]


def test_esc_leaves_the_form_and_loses_nothing(session):
    screen, _ = keys(session, "l", *"250", "escape", "l")

    assert "same as: lock alice 250 BTM alpha" in screen
    assert session.lines == []


def test_a_form_that_is_not_right_stays_and_says_why(session):
    screen, said = keys(session, "l", *"999999", "enter")

    assert "alice has only 98 750 BTM on main" in screen
    assert "Lock is off" in said
    assert session.lines == []


def test_a_refused_command_leaves_the_form_open_and_names_the_next_step(session):
    session.refuse = DevnetError("alice has too little", hint="lock less")

    screen, said = keys(session, "l", *"250", "enter")

    assert "same as: lock alice 250 BTM alpha" in screen
    assert "alice has too little" in screen
    assert "lock less" in said
    assert DevnetError.code in said
    session.refuse = DevnetError("alice has too little", hint="lock less")

    screen, _ = keys(session, "l", *"9", "enter", "escape", "E", size=(140, 40))

    # Twice it was refused, and each time the log says it once.
    words = f"lock refused: alice has too little  [{DevnetError.code}]"
    assert screen.count(words) == 2


def test_forms_fit_64_columns_and_need_no_scrolling(session):
    async def script(pilot):
        for key in "ltscf":
            await press(pilot, key)
            assert isinstance(pilot.app.screen, FormScreen)
            box = pilot.app.screen.query_one("#form")
            assert box.outer_size.width <= 64
            assert box.max_scroll_y == 0
            assert box.region.bottom <= 24
            await press(pilot, "escape")

    play(session, script)


def test_the_swap_form_is_about_the_picked_lane(session):
    keys(session, "2", "s", "enter")

    assert session.lines == ["swap beta dpos-bbft"]


def test_a_new_sidechain_needs_a_name_only(session):
    keys(session, "c", *"omega", "enter")

    assert session.lines == [
        "new-sidechain omega dpos-bbft --validators 4 --store memory"
    ]


def test_a_transfer_between_accounts(session):
    keys(session, "t", *"7", "enter")

    assert session.lines == ["transfer alice bob 7 BTM main"]


@pytest.mark.parametrize(
    ("key", "line"), [("space", "resume"), ("full_stop", "step"), ("m", "mine 1")]
)
def test_keys_of_time_are_commands(session, key, line):
    keys(session, key)

    assert session.lines == [line]


def test_a_step_while_running_pauses_first(session):
    session.pacer = session.pacer.resume()

    keys(session, "full_stop")

    assert session.lines == ["pause", "step"]


def test_plus_and_minus_change_the_pace(session):
    session.pacer = session.pacer.resume()

    screen, _ = keys(session, "plus", "plus")

    assert "▶ x5" in screen
    assert "▶ x2" in keys(session, "minus")[0]


# Keys that are off.


@pytest.mark.parametrize("key", ["A", "L"])
def test_a_key_of_a_later_version_says_so(session, key):
    assert "later version" in keys(session, key)[1]


def test_read_only_shows_and_does_not_act():
    session = FakeSession(dashboard(), read_only=True)

    screen, said = keys(session, "l", "space", "m", "s")

    assert said.count("only shows") == 4
    assert session.lines == []
    assert "same as:" not in screen
    assert "read-only" in keys(session, size=(140, 40))[0]


def test_another_place_for_a_key_comes_from_the_options(session):
    keys(session, "u", options=TuiOptions(keymap={"mine": "u"}))

    assert session.lines == ["mine 1"]


# Finding one's way.


def test_tab_goes_round_the_panels(session):
    async def script(pilot):
        seen = [pilot.app.focused.id]
        for _ in range(4):
            await press(pilot, "tab")
            seen.append(pilot.app.focused.id or type(pilot.app.focused).__name__)
        return seen

    assert play(session, script) == ["federation", "lanes", "TabLine", "tab-0", "main"]


def test_digits_go_to_the_lanes_and_zero_to_the_mainchain(session):
    async def script(pilot):
        await press(pilot, "3")
        lane = pilot.app.dashboard.picked().chain
        await press(pilot, "0")
        return lane, pilot.app.focused.id

    assert play(session, script) == ("gamma", "main")
    assert "no sidechain 9" in keys(session, "9")[1]


def test_n_goes_to_the_next_lane_in_trouble(session):
    async def script(pilot):
        await press(pilot, "n")
        return pilot.app.dashboard.picked().chain

    assert play(session, script) == "beta"


def test_zoom_shows_one_panel_and_back(session):
    zoomed, _ = keys(session, "z")
    back, _ = keys(session, "z", "z")

    assert "federation" in zoomed
    assert "mainchain" not in zoomed
    assert "1 failed" in zoomed
    assert "mainchain" in back


def test_a_filter_keeps_only_lines_with_the_word(session):
    screen, _ = keys(session, "slash", *"is down")

    lines = [row for row in screen.splitlines() if row.startswith(" 04:")]
    assert lines == [" 04:17.9 ! beta   v7 is down"]
    assert "block 128" in keys(session, "slash", *"is down", "escape")[0]


def test_the_log_follows_its_end_until_somebody_moves(session):
    def more(first, last):
        tape = Tape()
        tape.now_ms = session.now_ms
        for height in range(first, last):
            main_block(tape, height)
        session.network.events += tape.events

    async def script(pilot):
        more(129, 160)
        await until(pilot, lambda: "block 159" in dump(pilot))
        await press(pilot, "tab", "tab", "tab", "up", "up")
        more(160, 200)
        await until(pilot, lambda: pilot.app.driver.state.main.height == 199)
        stayed = dump(pilot)
        await press(pilot, "G")
        return stayed, dump(pilot)

    stayed, followed = play(session, script)

    assert "block 159" in stayed
    assert "block 199" in followed


def test_y_copies_what_is_picked_and_shows_it(session):
    async def script(pilot):
        await press(pilot, "y")
        return pilot.app.clipboard, toasts(pilot)

    copied, said = play(session, script)

    lock_tx = session.network.state.transfer("d4").lock_tx
    assert copied == lock_tx
    assert lock_tx in said
    assert "lock transaction of d4" in said


def test_x_puts_a_failed_transfer_aside(session):
    screen, _ = keys(session, "x")

    assert "failed" not in screen.splitlines()[0]
    assert screen.index(" d6 ") < screen.index(" d7 ")


def test_a_click_picks_and_another_click_opens(session):
    async def script(pilot):
        await pilot.click("#lanes", offset=(4, 2))
        await settle(pilot)
        picked = pilot.app.dashboard.picked().chain
        n_screens = len(pilot.app.screen_stack)
        await pilot.click("#lanes", offset=(4, 2))
        await settle(pilot)
        return picked, n_screens, dump(pilot)

    picked, n_screens, shown = play(session, script)

    assert (picked, n_screens) == ("beta", 1)
    assert "consensus  beta" in shown


def test_the_footer_and_the_tabs_can_be_clicked(session):
    async def script(pilot):
        await pilot.click("TabLine", offset=(10, 0))
        await settle(pilot)
        balances = dump(pilot)
        await pilot.click("KeyBar", offset=(1, 0))
        await settle(pilot)
        return balances, dump(pilot)

    balances, form = play(session, script)

    assert "fed alpha  main     BTM" in balances
    assert "same as: lock" in form


def test_question_mark_explains_the_focused_part(session):
    screen, _ = keys(session, "2", "question_mark")

    assert "Sidechains" in screen
    assert "its rule, validators and messages" in screen


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("B", "blocks of main"),
        ("C", "consensus  alpha"),
        ("F", "Withdrawals"),
        ("E", "174 events"),
    ],
)
def test_upper_case_shows_a_screen_and_esc_leaves_it(session, key, title):
    there, _ = keys(session, key)
    back, _ = keys(session, key, "escape")

    assert title in there
    assert "books ✓" in there
    assert "mainchain" in back


def test_screens_replace_one_another_above_the_dashboard(session):
    async def script(pilot):
        await press(pilot, "B", "C", "F", "E", "B")
        depth = len(pilot.app.screen_stack)
        await press(pilot, "D")
        return depth, len(pilot.app.screen_stack)

    assert play(session, script) == (2, 1)


def test_enter_on_an_event_shows_all_of_it(session):
    screen, _ = keys(session, "E", "up", "up", "enter")

    assert "Audited" in screen
    assert "circulating" in screen


def test_enter_on_a_block_shows_it_and_brackets_go_along(session):
    assert "block 128 of main" in keys(session, "B", "enter")[0]
    assert "block 127 of main" in keys(session, "B", "enter", "left_square_bracket")[0]


def test_the_consensus_screen_changes_chains(session):
    assert "consensus  beta" in keys(session, "C", "right_square_bracket")[0]
    assert "consensus  gamma" in keys(session, "C", "3")[0]


def test_the_palette_finds_commands_and_transfers(session):
    async def script(pilot):
        await press(pilot, "ctrl+p", *"federation", "enter")
        await until(pilot, lambda: "Withdrawals  Epochs" in dump(pilot))

    play(session, script)


# The command line.


def test_the_command_line_runs_a_line_and_closes(session):
    screen, said = keys(session, "colon", *"balance", "space", *"alice", "enter")

    assert session.lines == ["balance alice"]
    assert "done: balance alice" in said
    assert "enter runs it" not in screen


def test_a_refused_line_stays_with_its_reason(session):
    session.refuse = DevnetError("there is no verb 'x'", hint="help lists the verbs")

    screen, _ = keys(session, "colon", "x", "enter")

    assert "there is no verb 'x'" in screen
    assert "help lists the verbs" in screen
    assert " : x" in screen


def test_tab_completes_and_up_brings_history_back(session):
    assert " : lock" in keys(session, "colon", *"lo", "tab")[0]
    session.history = ["show alpha"]
    assert " : show alpha" in keys(session, "colon", "up")[0]


def test_a_long_answer_stays_to_be_read(session):
    session.answer = "one\ntwo\nthree\nfour"

    screen, _ = keys(session, "colon", *"help", "enter")

    assert "three" in screen


def test_quit_by_the_command_line(session):
    async def script(pilot):
        session.wants_to_quit = True
        await press(pilot, "colon", *"quit", "enter")
        return pilot.app._exit

    assert play(session, script)


# Alarms.


def test_a_breach_is_on_every_screen(session):
    session = FakeSession(dashboard(breach=True))
    for pressed in ((), ("B",), ("C",), ("F",), ("E",)):
        screen, _ = keys(session, *pressed)
        assert "I2 BROKEN" in screen
        assert "locked 2 500 BTM" in screen


def test_a_failed_engine_opens_a_panel_and_esc_leaves_the_rest_readable(session):
    async def script(pilot):
        session.fault = DevnetError(
            "the engine failed: KeyError", hint="devnet replay x"
        )
        await until(pilot, lambda: "The engine has failed" in dump(pilot))
        panel = dump(pilot)
        await press(pilot, "escape", "l")
        return panel, dump(pilot), toasts(pilot)

    panel, after, said = play(session, script)

    assert "devnet replay x" in panel
    assert "Traceback" not in panel
    assert "stopped" in after
    assert "the engine has failed" in said


def test_a_bug_of_a_screen_ends_in_a_sentence_not_in_a_traceback(session, capsys):
    from devnet.tui.app import DevnetApp, run

    broken = DevnetApp.action_lane
    DevnetApp.action_lane = lambda self, index: 1 // 0
    try:
        with pytest.raises(ZeroDivisionError):
            keys(session, "1")
    finally:
        DevnetApp.action_lane = broken
    assert "Traceback" not in capsys.readouterr().out
    assert run is not None


# Windows.


@pytest.mark.parametrize("size", [(59, 16), (60, 15), (20, 3)])
def test_a_window_too_small_gets_one_line_with_both_sizes(session, size):
    screen, _ = keys(session, size=size)

    here = f"{size[0]}x{size[1]}"
    words = (f"window {here}, devnet needs 60x16", f"{here}, needs 60x16")
    assert "".join(screen.split("\n")).strip() in words
    assert len(screen.strip().splitlines()) == 1


def test_a_form_in_a_window_too_small_is_one_line_too(session):
    async def script(pilot):
        await press(pilot, "l", "5")
        await pilot.resize_terminal(50, 12)
        await settle(pilot)
        small = dump(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        return small, dump(pilot)

    small, large = play(session, script)

    assert small.split("\n")[0] == "window 50x12, devnet needs 60x16"
    assert "same as" not in small
    assert "same as: lock alice 5 BTM alpha" in large


def test_the_smallest_window_still_shows_every_part(session):
    screen, _ = keys(session, size=(60, 16))

    for word in (
        "mainchain",
        "federation",
        "sidechains",
        "Events",
        "books ✓",
        "l Lock",
    ):
        assert word in screen


def test_a_window_that_grows_is_laid_out_anew(session):
    async def script(pilot):
        await pilot.resize_terminal(140, 40)
        await settle(pilot)
        return dump(pilot)

    grown = play(session, script)

    assert "● lock ━━━" in grown
    assert "╭─ mainchain" in grown


# Costs.


def test_a_flood_of_events_is_drawn_at_most_eight_times_a_second(session):
    from devnet.tui.widgets.tables import EventRows

    n_draws = 0
    changed = EventRows.rows_changed

    def counted(self):
        nonlocal n_draws
        n_draws += 1
        changed(self)

    async def script(pilot):
        nonlocal n_draws
        EventRows.rows_changed = counted
        try:
            n_draws = 0
            for step in range(40):
                tape = Tape()
                tape.now_ms = session.now_ms + 1
                for _ in range(20):
                    main_block(tape, 129 + step)
                session.network.events += tape.events
                await pilot.pause(0.01)
        finally:
            EventRows.rows_changed = changed

    import time

    start_s = time.monotonic()
    play(session, script)
    passed_s = time.monotonic() - start_s

    assert 1 <= n_draws <= passed_s / REDRAW_S + 2


def test_nothing_is_drawn_while_nothing_happens(session):
    async def script(pilot):
        await pilot.pause(0.3)
        refreshed = []
        for widget in pilot.app.screen.query("*"):
            widget.refresh = lambda *a, w=widget, **k: refreshed.append(w) or w
        await pilot.pause(0.5)
        # Leaving the app blurs a widget: that is after what is counted here.
        return list(refreshed)

    assert play(session, script) == []


def test_the_copied_event_is_json(session):
    async def script(pilot):
        await press(pilot, "E", "y")
        return pilot.app.clipboard

    assert json.loads(play(session, script))["kind"] == "MiningTried"


def test_the_theme_can_be_light_or_one_of_textuals(session):
    from pilots import style_of

    async def script(pilot):
        pilot.app.theme = "bystack-light"
        await settle(pilot)
        light = style_of(pilot, "bystack").color.get_truecolor().hex
        pilot.app.theme = "nord"
        await settle(pilot)
        return light, style_of(pilot, "bystack").color.get_truecolor().hex

    light, nord = play(session, script)

    assert light.upper() == "#9A5B00"
    assert nord not in (light, "#e69f00")


def test_a_lost_branch_is_struck_for_a_while(session, monkeypatch):
    from devnet.engine import events as ev

    monkeypatch.setattr("devnet.tui.app.LOST_S", 0.3)
    tip = session.network.state.main.tip

    async def script(pilot):
        tape = Tape()
        tape.now_ms = session.now_ms + 1
        tape.say(ev.BlockUndone(chain="main", height=128, id=tip))
        session.network.events += tape.events
        await until(pilot, lambda: "127 1▲ ─ 128 3   ? 128" in dump(pilot))
        await until(pilot, lambda: "127 1▲   ? 128" in dump(pilot))

    play(session, script)
