"""Drawing is a function of a view and a width."""

from dataclasses import dataclass

import pytest
from fakeclaim import path
from fakestream import BTM, Tape, dashboard, start, transfer

from devnet.engine import events as ev
from devnet.tui.draw.claim import draw_path
from devnet.tui.draw.header import draw_header, header_view
from devnet.tui.draw.mainchain import draw_blocks, draw_mainchain, draw_pow
from devnet.tui.draw.pages import draw_event, draw_failure, draw_keys_help
from devnet.tui.draw.sidechains import draw_lane, lane_says, sparkline, tps_words
from devnet.tui.draw.text import clause, clock, fit, line, money, short
from devnet.tui.draw.timeline import draw_timeline, spoken
from devnet.tui.draw.transfers import draw_transfer, in_order
from devnet.tui.draw.words import draw_line, is_quiet, tell
from devnet.tui.state import State, reduce_all
from devnet.tui.theme import DARK, LIGHT, SIGNS, ascii_signs
from devnet.tui.views import (
    BlockView,
    FailureView,
    LaneView,
    MainView,
    MiningView,
    SwapView,
    TransferView,
    ValidatorView,
)

WIDTHS = (60, 80, 109, 110, 140, 220)


@pytest.fixture(scope="module")
def state():
    return reduce_all(State(), dashboard(10))


def deposit(**changes):
    values = {
        "id": "d7", "who": "alice", "to": "alice", "chain": "alpha", "asset": "BTM",
        "amount": 250 * BTM, "stage": "confirm", "done": 4, "needed": 6,
    }  # fmt: skip
    return TransferView(**{**values, **changes})


def lane(**changes):
    values = {
        "name": "alpha", "chain_id": "00", "engine": "dpos-bbft", "store": "tinydb",
        "finality": "certificate",
        "validators": tuple(ValidatorView(f"v{n}") for n in range(1, 5)),
        "height": 400,
    }  # fmt: skip
    return LaneView(**{**values, **changes})


# Numbers and words.


@pytest.mark.parametrize(
    ("amount", "decimals", "words"),
    [
        (1_000 * BTM, 8, "1 000"),
        (BTM // 2, 8, "0.5"),
        (1, 8, "0.00000001"),
        (400, 0, "400"),
        (0, 8, "0"),
        (-250 * BTM, 8, "-250"),
    ],
)
def test_amounts_read_as_people_write_them(amount, decimals, words):
    assert money(amount, decimals) == words


def test_exact_amounts_keep_their_zeros_so_that_columns_line_up():
    assert money(98_750 * BTM, 8, exact=True) == "98 750.00000000"


def test_a_hash_is_known_by_its_two_ends():
    assert short("c04e" + "0" * 56 + "9a10") == "c04e..9a10"


@pytest.mark.parametrize(
    ("ms", "words"), [(0, "00:00.0"), (271_560, "04:31.5"), (3_661_000, "1:01:01")]
)
def test_the_clock_counts_virtual_time(ms, words):
    assert clock(ms) == words


def test_a_line_fits_exactly_whatever_its_length():
    assert fit(line("abc"), 5).plain == "abc  "
    assert fit(line("abcdef"), 5).plain == "abcd…"


def test_an_account_is_cut_where_a_clause_ends():
    words = "slot 9 is v3's; 2 certified, final 1"
    assert clause(words, 30) == "slot 9 is v3's"
    assert clause("indivisible", 5) == "indivisible"


# The proof of work.


def test_the_chance_follows_from_the_tries_and_never_reaches_100_percent():
    def says(tries):
        mining = MiningView(129, tries, 64, 18_000, 0)
        return draw_pow(MainView(height=128, mining=mining), 80).plain

    assert "44 % by now  tries 37 of ~64" in says(37)
    assert "64 % by now" in says(64)
    assert "unlucky" in says(400)
    assert "100 %" not in says(10_000)


def test_before_the_first_try_it_says_so():
    assert "nothing tried yet" in draw_pow(MainView(height=128), 80).plain
    mined = MainView(height=128, mined=MiningView(128, 3, 2, 900, 0))
    assert "128 took 3 tries of ~2" in draw_pow(mined, 80).plain


def test_the_newest_blocks_stand_right_and_the_coming_one_after_them():
    blocks = tuple(BlockView(height, f"{height}", 1) for height in range(1, 50))

    plain = draw_blocks(MainView(height=49, blocks=blocks), 80).plain

    assert plain.startswith("…")
    assert plain.endswith("49 1   ? 50")


def test_blocks_show_locks_and_payouts():
    blocks = (BlockView(5, "5", 4, n_locks=2), BlockView(6, "6", 1, n_payouts=1))

    plain = draw_blocks(MainView(height=6, blocks=blocks), 80).plain

    assert " 5 4▼ " in plain
    assert " 6 1▲ " in plain


def test_lost_blocks_are_struck_and_only_while_they_are_fresh():
    main = MainView(
        height=5,
        blocks=(BlockView(5, "a", 1),),
        lost=(BlockView(6, "b", 3),),
    )

    struck = draw_blocks(main, 80, with_lost=True)

    assert any("strike" in str(span.style) for span in struck.spans)
    assert " 6 3 " not in draw_blocks(main, 80).plain


# Transfers.


def test_marks_say_done_now_to_come_and_broken():
    assert "●━━◐╌╌○╌╌○╌╌○  confirm 4/6" in draw_transfer(deposit(), 80, 8).plain
    failed = deposit(stage="claim", done=0, needed=0, note="claim refused", failed=True)
    assert "●━━●━━●━━✗╌╌○  claim refused" in draw_transfer(failed, 80, 8).plain
    done = deposit(stage="claimed", needed=0, finished=True, note="claimed in alpha 9")
    assert "●━━●━━●━━●━━●  claimed in alpha 9" in draw_transfer(done, 80, 8).plain


def test_stages_have_names_where_there_is_room():
    plain = draw_transfer(deposit(), 120, 8).plain

    assert "● lock ━━━◐ confirm ╌╌╌○ proof ╌╌╌○ claim ╌╌╌○ claimed" in plain
    assert "main > alpha" in plain


def test_an_error_is_bold_so_that_it_shows_without_colour():
    failed = deposit(stage="claim", note="claim refused", failed=True)

    spans = draw_transfer(failed, 80, 8).spans

    assert any(str(span.style) == f"bold {DARK.error}" for span in spans)


def test_failed_transfers_come_first_then_moving_then_the_last_few_done():
    tape = Tape()
    start(tape)
    for number in range(1, 7):
        transfer(tape, f"d{number}", "alpha", BTM, "BTM", ("claimed", 0, 0, ""))
    transfer(tape, "d7", "alpha", BTM, "BTM", ("lock", 0, 0, ""))
    transfer(tape, "d8", "alpha", BTM, "BTM", ("claim", 0, 0, "no"), failed=True)
    transfers = reduce_all(State(), tape.events).transfers

    assert [one.id for one in in_order(transfers)] == ["d8", "d7", "d6", "d5", "d4"]


# Sidechains.


def test_a_swap_counts_down_in_the_lane():
    asked = SwapView("poa", "solo", 420, "asked", approvals=2, needed=3)
    assert lane_says(lane(swap=asked)) == "2 of 3 agree  poa>solo at 420"
    scheduled = SwapView("poa", "solo", 420, "scheduled")
    assert lane_says(lane(swap=scheduled)) == "20 blocks left  poa>solo at 420"
    assert "closing" in lane_says(lane(swap=scheduled, height=420))
    assert "20 blocks left" in draw_lane(lane(swap=scheduled), 80)[0].plain


def test_a_badge_shows_the_coming_rule_during_a_swap():
    swap = SwapView("poa", "solo", 420, "scheduled")

    assert "poa>solo" in draw_lane(lane(engine="poa", swap=swap), 80)[0].plain


def test_validators_have_a_mark_each_and_many_are_counted():
    some = (
        ValidatorView("v1"),
        ValidatorView("v2", "down"),
        ValidatorView("v3", "lying"),
    )
    assert "◆✗!" in draw_lane(lane(validators=some, proposer="v1"), 80)[0].plain
    many = tuple(ValidatorView(f"v{n}", "down" if n < 2 else "up") for n in range(20))
    assert "18● 2✗" in draw_lane(lane(validators=many), 80)[0].plain


def test_a_change_of_rule_is_a_double_bar_between_blocks():
    blocks = (BlockView(9, "a", 1, epoch=0), BlockView(10, "b", 1, epoch=1))

    assert "9·0║10·0" in draw_lane(lane(blocks=blocks), 80)[0].plain


def test_the_sparkline_ends_at_the_present():
    busy = lane(txs_by_second=((10, 8), (12, 4)))

    assert sparkline(busy, 12_500, 4) == "▁█▁▅"
    assert sparkline(busy, 99_000, 4) == "▁▁▁▁"
    assert tps_words(busy, 13_000) == "2.4"


# All widths.


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("look", [DARK, LIGHT])
def test_every_row_fits_its_width(state, width, look):
    rows = [
        draw_header(header_view(state, pace="x1", paused=False, now_ms=9), width, look),
        *draw_mainchain(state.main, width, look).split("\n"),
        *(draw_transfer(one, width, 8, look) for one in state.transfers),
        *(
            row
            for one in state.lanes
            for two_rows in (False, True)
            for row in draw_lane(one, width, look, two_rows=two_rows)
        ),
        *(draw_line(tell(one, state.decimals), width, look) for one in dashboard()),
    ]

    assert [row.cell_len for row in rows] == [width] * len(rows)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_header_always_has_pace_height_and_the_auditors_word(state, width):
    view = header_view(state, pace="x1", paused=False, now_ms=0)

    plain = draw_header(view, width).plain

    assert "▶ x1" in plain
    assert "main 128" in plain
    assert "books ✓" in plain


# The claim.


def test_the_path_grows_from_the_root_to_the_lock():
    rows = [row.plain for row in draw_path(path(2), 60)]

    assert len(rows) == 5
    assert rows[0].strip() == "●"
    assert rows[-1].count("◆") == rows[-1].count("◇") == 1
    assert rows[2].count("◇") == 1


def test_a_path_too_wide_becomes_a_list_with_indents():
    rows = [row.plain for row in draw_path(path(9), 50)]

    assert len(rows) == len(path(9))
    assert rows[0].startswith(" ● ")
    assert sum("◆" in row for row in rows) == 1


def test_a_proof_that_cannot_be_read_says_so():
    assert "cannot be read" in draw_path((), 50)[0].plain


# Pages.


def test_a_failure_names_seed_and_way_back_and_no_traceback():
    failure = FailureView("ValueError: odd", "devnet replay x.jsonl --check")

    plain = "\n".join(row.plain for row in draw_failure(failure, 42, 70))

    assert "devnet replay x.jsonl --check" in plain
    assert "42" in plain
    assert "Traceback" not in plain


def test_help_gives_the_reason_of_a_grey_key(state):
    rows = draw_keys_help("Sidechains", (("enter", "open"),), state, 90)

    plain = "\n".join(row.plain for row in rows)
    assert "the assets screen comes in a later version" in plain


def test_the_timeline_has_a_letter_per_message_and_says_who_got_it(state):
    alpha = state.lane("alpha")
    said = spoken(alpha.messages)

    rows = [row.plain for row in draw_timeline(alpha, said, 80, cursor=0)]

    assert [one.got for one in said] == [(("v3", 20),), (("v3", 20),)]
    assert rows[1].startswith(" v1   ◆ V")
    assert "v1 > all  vote 399 round 1" in rows[-2]
    assert "got by v3 +20 ms" in rows[-1]


# Words.


def test_a_kind_without_words_of_its_own_says_its_fields():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class NewKind(ev.Event):
        chain: str
        id: str
        who: tuple[str, ...]

    event = NewKind(at_ms=0, chain="alpha", id="ab" * 32, who=("v1", "v2"))

    one = tell(event, {})

    assert (one.chain, one.words) == ("alpha", "NewKind  id abab..abab  who v1, v2")


def test_an_event_is_shown_with_all_its_fields():
    event = dashboard()[0]

    plain = "\n".join(row.plain for row in draw_event(event, 80))

    for name in event.as_dict():
        if name not in ("kind", "seq", "at_ms"):
            assert name in plain


def test_empty_sidechain_blocks_stay_out_of_the_dashboards_log():
    def block(chain, n_txs):
        return ev.BlockAdded(chain=chain, height=1, id="", producer="", n_txs=n_txs)

    assert is_quiet(block("alpha", 1))
    assert not is_quiet(block("alpha", 2))
    assert not is_quiet(block("main", 1))


# Signs.


def test_ascii_swaps_every_sign_for_one_character():
    for signs, plain in SIGNS:
        assert len(plain) == 1
        assert plain.isascii()
        for sign in signs:
            assert ascii_signs(sign) == plain
    assert ascii_signs("●◐○✗▼▲◆━╌") == "#>.xv^*=-"
