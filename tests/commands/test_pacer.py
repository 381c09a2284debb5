"""The pacer is arithmetic: wall clock values in, virtual time out."""

import math

import pytest

from devnet.commands.pacer import MOST_CATCH_UP_MS, NO_LIMIT_MS, Pacer


def test_at_x1_a_wall_millisecond_is_a_virtual_one():
    pacer = Pacer().tick(1000.0, 0).tick(1100.0, 0)

    assert pacer.until_ms == 100


def test_an_idle_world_that_stands_at_its_last_event_loses_no_time():
    pacer = Pacer().tick(0.0, 0)
    for wall_ms in range(50, 1050, 50):
        pacer = pacer.tick(float(wall_ms), 0)

    assert pacer.until_ms == 1000


def test_speed_multiplies():
    pacer = Pacer(speed=10.0).tick(0.0, 500).tick(100.0, 500)

    assert pacer.until_ms == 1500


def test_a_paused_world_does_not_move_and_does_not_catch_up_later():
    pacer = Pacer().tick(0.0, 0).pause().tick(60_000.0, 0)
    assert pacer.until_ms == 0

    pacer = pacer.resume().tick(61_000.0, 0).tick(61_010.0, 0)

    assert pacer.until_ms == 10


def test_a_host_that_slept_does_not_make_the_world_race():
    pacer = Pacer().tick(0.0, 0).tick(3_600_000.0, 0)

    assert pacer.until_ms == MOST_CATCH_UP_MS


def test_a_world_that_waits_for_a_hash_owes_at_most_a_little():
    pacer = Pacer().tick(0.0, 0)
    for wall_ms in range(100, 10_100, 100):
        pacer = pacer.tick(float(wall_ms), 0).held_back(0)

    assert pacer.until_ms == MOST_CATCH_UP_MS


def test_a_world_that_something_else_drove_ahead_goes_on_from_there():
    pacer = Pacer().tick(0.0, 0).tick(100.0, 9_000)

    assert pacer.until_ms == 9_100


def test_as_fast_as_possible_has_no_limit():
    pacer = Pacer(speed=math.inf).tick(0.0, 0)

    assert pacer.until_ms == NO_LIMIT_MS
    assert pacer.pause().tick(1.0, 77).until_ms == 77


def test_faster_and_slower_walk_the_table_and_stop_at_its_ends():
    assert Pacer().faster().label == "x2"
    assert Pacer().slower().label == "x0.5"
    assert Pacer(speed=math.inf).faster().label == "max"
    assert Pacer(speed=0.25).slower().label == "x0.25"
    assert Pacer().pause().label == "paused"


def test_a_speed_of_zero_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        Pacer().at_speed(0.0)
