"""The driver moves the world in slices and folds what happened."""

from types import SimpleNamespace

from fakesession import FakeNetwork, FakeSession
from fakestream import Tape, dashboard, main_block, start

from devnet.engine.errors import DevnetError
from devnet.tui.driver import (
    BUSY_NAP_S,
    IDLE_NAP_S,
    N_IDLE,
    NAP_S,
    SLICE_S,
    SLOW_FOLD,
    WORK_NAP_S,
    Driver,
)


class Clock:
    """Seconds that pass when a test says so, and a little with each look."""

    def __init__(self, per_look=0.0):
        self.now_s, self.per_look = 100.0, per_look

    def __call__(self):
        self.now_s += self.per_look
        return self.now_s


def running(events=None):
    session = FakeSession(events or dashboard())
    session.pacer = session.pacer.resume()
    return session


def test_the_state_is_folded_before_the_first_slice():
    driver = Driver(running(), Clock())

    assert driver.state.main.height == 128


def test_new_events_are_folded_once():
    session = running()
    driver = Driver(session, Clock())
    tape = Tape()
    tape.now_ms = session.now_ms
    main_block(tape, 129)
    session.network.events += tape.events

    driver.slice()
    driver.slice()

    assert driver.state.main.height == 129
    assert driver.state.n_events == len(session.network.events)


def test_a_slice_asks_for_virtual_time_as_the_wall_clock_passes():
    session, clock = running(), Clock()
    asked = []
    session.advance = lambda until_ms, keep_going: asked.append(until_ms) or "reached"
    driver = Driver(session, clock)
    driver.slice()
    clock.now_s += 0.1
    driver.slice()

    assert asked[1] - asked[0] == 100


def test_a_slice_ends_after_its_budget():
    session, clock = running(), Clock(per_look=0.001)
    looks = []

    def advance(until_ms, keep_going):
        while keep_going():
            looks.append(clock.now_s)
        return "stopped"

    session.advance = advance

    nap_s = Driver(session, clock).slice()

    assert nap_s == BUSY_NAP_S
    assert len(looks) <= SLICE_S / 0.001


def test_naps_follow_from_what_there_is_to_do():
    session = running()
    driver = Driver(session, Clock())
    assert driver.slice() == NAP_S
    session.status = "work"
    assert driver.slice() == WORK_NAP_S
    session.status, session.pacer = "reached", session.pacer.pause()
    assert driver.slice() == IDLE_NAP_S


def test_a_world_in_which_nothing_happens_is_looked_at_less_often():
    session = running()
    driver = Driver(session, Clock())
    naps = [driver.slice() for _ in range(N_IDLE + 2)]
    assert (naps[0], naps[-1]) == (NAP_S, IDLE_NAP_S)
    tape = Tape()
    main_block(tape, 129)
    session.network.events += tape.events

    assert driver.slice() == NAP_S


def test_a_flood_of_events_is_folded_in_parts_between_slices():
    session = running()
    driver = Driver(session, Clock())
    tape = Tape()
    for height in range(129, 129 + 3 * SLOW_FOLD):
        main_block(tape, height)
    session.network.events += tape.events
    n_slices = session.n_slices

    naps = [driver.slice() for _ in range(4)]

    assert naps[:2] == [BUSY_NAP_S, BUSY_NAP_S]
    assert session.n_slices < n_slices + 4
    assert driver.state.main.height == 128 + 3 * SLOW_FOLD


def test_another_world_starts_another_state():
    session = running()
    driver = Driver(session, Clock())
    tape = Tape()
    start(tape, 1)
    session.network, session.n_worlds = FakeNetwork(tape.events), 2

    driver.slice()

    assert [lane.name for lane in driver.state.lanes] == ["alpha"]
    assert driver.stream == session.network.events


def test_a_world_that_went_back_is_folded_anew():
    session = running()
    driver = Driver(session, Clock())
    del session.network.events[20:]

    driver.slice()

    assert driver.state.n_events == 20
    assert driver.stream == session.network.events


def test_a_fault_of_the_engine_becomes_a_failure_that_screens_can_show():
    session = running()
    driver = Driver(session, Clock())
    session.fault = DevnetError("the engine failed: ValueError", hint="devnet replay x")
    session.status = "failed"

    driver.slice()

    assert driver.state.failure.message == "the engine failed: ValueError"
    assert driver.state.failure.replay == "devnet replay x"


def test_a_session_without_a_world_gets_one():
    session = running()
    empty = SimpleNamespace(**vars(session))
    empty.has_network = False

    assert Driver(empty, Clock()).state.main.height == 128
