"""The table of keys: ids, reasons, handlers."""

from dataclasses import replace

import pytest
from fakestream import Tape, dashboard, start

from devnet.tui.doing import HANDLERS
from devnet.tui.draw.keybar import draw_keys, footer_keys
from devnet.tui.keys import BY_ID, KEYS, why_not
from devnet.tui.state import State, reduce_all
from devnet.tui.views import FailureView

FORBIDDEN = {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"}


@pytest.fixture(scope="module")
def state():
    return reduce_all(State(), dashboard(10))


def off(key_id, state, **facts):
    return why_not(BY_ID[key_id], state, **{"read_only": False, **facts})


def test_ids_and_keys_are_unique():
    keys = [key for one in KEYS for key in one.key.split(",")]

    assert len(BY_ID) == len(KEYS)
    assert len(set(keys)) == len(keys)
    assert not FORBIDDEN & set(keys)


def test_every_key_does_something_or_says_that_it_comes_later():
    for key in KEYS:
        assert (key.id in HANDLERS) != bool(key.later), key.id


@pytest.mark.parametrize("key_id", ["assets", "lessons"])
def test_a_key_of_a_later_version_says_so_in_one_sentence(key_id, state):
    reason = off(key_id, state)

    assert "later version" in reason
    assert "\n" not in reason


def test_a_working_key_has_no_reason(state):
    assert off("lock", state) == ""
    assert off("events", state, read_only=True) == ""


def test_read_only_turns_every_acting_key_off_and_says_so(state):
    for key in KEYS:
        if key.acts and not key.later:
            assert "only shows" in off(key.id, state, read_only=True)


def test_without_a_sidechain_locking_says_what_to_do_first():
    tape = Tape()
    start(tape, 0)

    assert "c makes one" in off("lock", reduce_all(State(), tape.events))


def test_a_lane_that_swaps_already_cannot_swap(state):
    assert off("swap", state, lane="delta") == (
        "swap: delta is already swapping, 10 blocks left"
    )
    assert off("swap", state, lane="alpha") == ""
    assert off("swap", state) == ""


def test_a_failed_engine_acts_no_more(state):
    failed = replace(state, failure=FailureView("no", "again"))

    assert "engine has failed" in off("lock", failed)
    assert off("blocks", failed) == ""


def test_trouble_is_off_while_all_is_well():
    tape = Tape()
    start(tape)

    assert off("trouble", reduce_all(State(), tape.events))


def test_the_footer_shows_nine_labels_or_more_at_80_columns(state):
    keys = tuple((key, not off(key.id, state)) for key in footer_keys())

    text, spans = draw_keys(keys, 80)

    assert len(spans) >= 9
    assert text.cell_len == 80
    start_cell, end_cell, key_id = spans[0]
    assert (text.plain[start_cell:end_cell], key_id) == ("l Lock", "lock")
