"""The consensus screen's parts: votes, tree, clock, locks, swaps, faults."""

from dataclasses import replace

import pytest
from fakefacts import branches, made_up_facts, slots
from fakesession import FakeSession
from fakestream import Tape, dashboard, side_block, start
from pilots import check_golden, dump, play, press, toasts

from devnet.engine import events as ev
from devnet.engine.interfaces import Gauge, Picture
from devnet.tui.app import TuiOptions
from devnet.tui.draw.consensus import FINALITY, draw_facts
from devnet.tui.draw.faults import draw_fault, time_left
from devnet.tui.draw.rulepart import draw_rule
from devnet.tui.draw.sidechains import draw_lane, seat_mark
from devnet.tui.draw.swaps import draw_swaps
from devnet.tui.draw.timeline import draw_timeline, locks_of, spoken
from devnet.tui.draw.votes import draw_votes
from devnet.tui.draw.words import tell
from devnet.tui.state import State, reduce_all
from devnet.tui.theme import DARK
from devnet.tui.views import FaultView, ValidatorView
from devnet.tui.widgets.timeline import LEAST_ROWS

ENGINES = {"alpha": "bbft", "beta": "pbft", "gamma": "pow"}


def voting_world():
    """alpha runs bbft and swaps, beta has a liar and a stopped one, faults are on."""
    tape = Tape()
    start(tape)
    tape.events = [
        replace(one, engine=ENGINES[one.name], finality="certificate")
        if isinstance(one, ev.SidechainAdded)
        else one
        for one in tape.events
    ]
    tape.later(5_000)
    for height in range(395, 400):
        for chain in ENGINES:
            side_block(tape, chain, height, engine=ENGINES[chain])
        tape.later(500)
    for what, sender, to in (
        ("block", "v1", "v2"),
        ("block", "v1", "v3"),
        ("block", "v2", "v4"),
        ("aggregate", "v3", "v1"),
        ("aggregate", "v4", "v2"),
        ("exchange", "v1", "v2"),
        ("exchange", "v2", "v1"),
        ("finalize", "v1", "v2"),
    ):
        sent = {"chain": "alpha", "what": what, "height": 399, "round": 399}
        tape.say(ev.ConsensusSent(validator=sender, to=to, **sent))
        tape.later(15)
        tape.say(ev.ConsensusGot(validator=to, sender=sender, **sent))
    tape.say(
        ev.SwapProposed(
            chain="alpha",
            engine="pbft",
            old_engine="bbft",
            closing_height=409,
            needed=3,
        )
    )
    tape.say(
        ev.SwapScheduled(chain="alpha", engine="pbft", closing_height=409, height=398)
    )
    for validator, state in (
        ("v2", "lying"),
        ("v3", "stopped: block 396 needs pbft"),
        ("v4", "down"),
    ):
        tape.say(ev.ValidatorChanged(chain="beta", validator=validator, state=state))
    tape.say(
        ev.FaultStarted(
            fault="kill",
            target="beta.v4",
            id="f1",
            until_ms=tape.now_ms + 12_000,
        )
    )
    tape.say(ev.FaultStarted(fault="partition", target="main", detail="a | b"))
    return tape.events


STORY = {
    "to": "pbft",
    "after": 409,
    "state": "scheduled",
    "n_closing": 0,
    "words": "10 blocks to go under bbft",
    "cancel_until": 404,
}


@pytest.fixture(scope="module")
def state():
    return reduce_all(State(), voting_world())


def session_of(events):
    session = FakeSession(events)
    alpha = session.network.state.lane("alpha")
    facts = made_up_facts(alpha)
    session.network.facts["alpha"] = replace(facts, swap=STORY)
    return session


def plain(rows):
    return [row.plain.rstrip() for row in rows]


# Whole screens.


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_the_consensus_screen_of_a_voting_tree_in_a_swap(size):
    async def script(pilot):
        await press(pilot, "C")
        return dump(pilot)

    text = play(session_of(voting_world()), script, size=size)

    check_golden(f"consensus-bbft-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize(("signs", "keys"), [("ascii", "C"), ("ascii", "X")])
def test_the_new_screens_need_no_sign_but_ascii(signs, keys):
    async def script(pilot):
        await press(pilot, keys, "right_square_bracket")
        return dump(pilot)

    text = play(session_of(voting_world()), script, options=TuiOptions(signs=signs))

    assert text.isascii(), sorted(set(text) - set(map(chr, range(128))))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("faults", ("X",)),
        ("form-fault", ("f",)),
        ("validators", ("C", "v")),
        ("tab-faults", ("tab", "tab", "left", "left", "right")),
    ],
)
def test_other_new_screens_at_80x24(name, keys):
    async def script(pilot):
        await press(pilot, *keys)
        return dump(pilot)

    check_golden(f"{name}-80x24", play(session_of(voting_world()), script))


# Keys.


def lines_after(events, *keys):
    session = session_of(events)

    async def script(pilot):
        await press(pilot, *keys)
        return toasts(pilot)

    said = play(session, script)
    return session.lines, said


def test_enter_on_a_fault_mends_it_and_a_cut_is_healed():
    lines, _ = lines_after(voting_world(), "X", "enter", "down", "enter")

    assert lines == ["mend f1", "heal main"]


def test_a_single_fault_is_mended_by_one_key_from_anywhere():
    lines, _ = lines_after(voting_world()[:-1], "M", "C", "M")

    assert lines == ["mend f1", "mend f1"]
    assert "nothing is broken" in lines_after(dashboard(), "M", "C", "S")[1]


def test_capital_s_takes_the_swap_of_this_chain_back():
    assert lines_after(voting_world(), "C", "S")[0] == ["cancel-swap alpha"]


def test_the_fault_form_runs_the_command_that_it_shows():
    keys = ("f", "enter", "f", "tab", "tab", "tab", *"20s", "enter")
    lines, _ = lines_after(voting_world(), *keys)

    assert lines == ["fault kill alpha.v2", "fault kill alpha.v2 --for 20s"]


def test_a_reader_may_not_break_or_mend():
    session = FakeSession(voting_world(), read_only=True)

    async def script(pilot):
        await press(pilot, "f", "M", "S", "X", "enter")
        return toasts(pilot)

    assert play(session, script).count("only shows") == 4
    assert session.lines == []


def test_verbs_of_this_version_have_forms_in_the_palette():
    verbs = ("mend", "storage", "validator", "cancel-swap", "partition")

    async def script(pilot):
        found = []
        for verb in verbs:
            pilot.app.push_named("form", verb=verb)
            await press(pilot)
            title = str(pilot.app.screen.query_one("#form").border_title)
            found.append((title.lower(), dump(pilot)))
            await press(pilot, "escape")
        return found

    found = play(session_of(voting_world()), script)
    for verb, (title, text) in zip(verbs, found, strict=True):
        assert title.startswith(verb.replace("-", " "))
        assert f"same as: {verb}" in text


# Drawing.


def test_votes_fill_up_and_say_what_they_reached(state):
    facts = made_up_facts(state.lane("alpha"))

    rows = plain(draw_votes(facts, 60))
    assert rows[0].split() == ["399", "●●○○", "2/3", "◐", "open", "by", "v4"]
    assert "●●●● 4/3 ● certified" in rows[1]
    assert "✓ final" in rows[2]


def test_two_phases_are_two_rows_until_the_block_is_final(state):
    facts = made_up_facts(state.lane("beta"))
    newest = facts.blocks[-1]
    both = (
        replace(newest, phase="prepare", weight=7, state="certified"),
        replace(newest, phase="commit", weight=2),
        replace(facts.blocks[-3], phase="prepare"),
    )

    rows = plain(draw_votes(replace(facts, blocks=both), 60))
    assert ["prepared" in row for row in rows] == [True, False]
    assert "commit" in rows[1] and "open" in rows[1]


def test_many_voters_share_a_bar(state):
    facts = made_up_facts(state.lane("alpha"))
    many = replace(
        facts.blocks[-1], voters=(True,) * 50 + (False,) * 50, weight=50, needed=67
    )

    (row,) = plain(draw_votes(replace(facts, blocks=(many,)), 60))
    assert "█████░│░░░ 50/67" in row


def test_a_bet_is_called_a_bet(state):
    lane = replace(state.lane("gamma"), finality="depth")

    words = "\n".join(plain(draw_facts(lane, 80)))
    assert FINALITY["depth"] in words and "a bet" in words
    facts = replace(made_up_facts(lane), finality="depth")
    assert any("final bet" in row for row in plain(draw_votes(facts, 60)))


def test_the_tree_counts_its_messages_against_what_they_should_be(state):
    lane = state.lane("alpha")
    facts = made_up_facts(lane)

    rows = "\n".join(plain(draw_rule(lane, facts, 60, 12)))
    assert "8 of 10 messages" in rows
    assert "block 3/3  aggregate 2/2  exchange 2/2  finalize 1/3" in rows
    flat = plain(draw_rule(lane, facts, 60, 4))
    assert flat[0] == " ◆v1 ─ ○v3" and flat[1] == " ●v2 ─ ○v4"


def test_a_message_to_everybody_counts_for_each_of_them(state):
    counts = dict(state.lane("alpha").counts)[(399, 399)]
    assert counts == {"block": 3, "aggregate": 2, "exchange": 2, "finalize": 1}

    told = reduce_all(State(), dashboard())
    assert dict(told.lane("alpha").counts)[(399, 1)] == {"vote": 6}


def test_more_messages_than_expected_name_the_likely_cause(state):
    lane = state.lane("alpha")
    few = replace(branches(lane), expected=(("block", 1),))
    facts = made_up_facts(lane, Picture(branches=few))

    assert "3 of 1 messages, more" in "\n".join(plain(draw_rule(lane, facts, 60, 9)))


def test_the_clock_shows_who_was_due_and_which_slots_stayed_empty(state):
    lane = state.lane("alpha")
    facts = made_up_facts(lane, Picture(slots=slots(lane)))

    owners, signs, heights, words = plain(draw_rule(lane, facts, 80, 9))
    assert owners.split()[:2] == ["v1", "v2"]
    assert signs.split() == ["●"] * 6 + ["·"] + ["●"] * 2 + ["◐"] + ["○"] * 4
    assert heights.split()[-1] == "399"
    assert "1 passed empty, last v3 306" in words


def test_a_gauge_over_its_mean_stays_full(state):
    lane = state.lane("gamma")
    facts = made_up_facts(lane, Picture(gauges=(Gauge("tries", 90, 64),)))

    (row,) = plain(draw_rule(lane, facts, 60, 4))
    assert "░" not in row and "90 of 64" in row


def test_each_row_of_the_timeline_ends_with_what_binds_its_validator(state):
    lane = state.lane("alpha")
    facts = made_up_facts(lane)

    rows = plain(
        draw_timeline(lane, spoken(lane.messages), 80, locks=locks_of(facts.seats))
    )
    assert rows[0].endswith("voted    on")
    assert rows[1].endswith("   399   397") and rows[4].endswith("   398   397")
    assert locks_of(made_up_facts(state.lane("gamma")).seats) is None


def test_a_long_list_of_validators_keeps_those_who_speak(state):
    lane = state.lane("alpha")
    many = tuple(ValidatorView(f"v{one}") for one in range(1, 41))
    lane = replace(lane, validators=many)

    rows = plain(draw_timeline(lane, spoken(lane.messages), 80, most_rows=LEAST_ROWS))
    assert len(rows) == LEAST_ROWS + 3
    assert "36 more say little" in rows[0]
    assert [row.split()[0] for row in rows[1:5]] == ["v1", "v2", "v3", "v4"]


def test_marks_tell_liars_from_the_dead_and_from_those_without_an_engine(state):
    lane = state.lane("beta")

    marks = {one.name: seat_mark(one, lane, DARK)[0] for one in lane.validators}
    assert (marks["v1"], marks["v2"], marks["v3"], marks["v4"]) == ("◆", "!", "?", "✗")
    assert (lane.n_down, lane.n_lying) == (2, 1)
    assert "needs pbft" in "\n".join(plain(draw_facts(lane, 120)))


def test_a_conviction_is_not_taken_back(state):
    proven = ev.OffenceProven(
        chain="alpha", validator="v1", offence="two votes", height=399, burned=10**10
    )
    lying = ev.ValidatorChanged(chain="alpha", validator="v1", state="lying")
    up = replace(lying, state="up")

    lane = reduce_all(state, [proven, lying, up]).lane("alpha")
    assert lane.validators[0].state == "convicted"


def test_a_swap_counts_down_and_says_until_when_it_can_be_taken_back(state):
    lane = state.lane("alpha")

    row, blocks = plain(draw_swaps(lane, 100, story=STORY))
    assert "10 blocks left" in row and "until 404" in row
    assert blocks.split()[0] == "blocks"


def test_a_stuck_swap_says_all_of_its_words(state):
    lane = replace(state.lane("alpha"), height=412)
    words = (
        "closing: bbft must make block 409 final; stuck: weight 2 is up, 3 are needed, "
        "and no rule can decide without them"
    )

    rows = plain(draw_swaps(lane, 60, story={"words": words, "state": "closing"}))
    assert words in " ".join(" ".join(rows[1:]).split())


def test_closing_blocks_are_hatched_and_the_new_rule_stands_apart(state):
    lane = state.lane("alpha")
    old, closing, new = lane.blocks[-3:]
    blocks = (old, replace(closing, closing=True), replace(new, epoch=1))

    (row,) = draw_lane(replace(lane, blocks=blocks), 140)
    assert "─▒398" in row.plain and "║399" in row.plain


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (FaultView("kill", "a.v1", id="f1", until_ms=12_400), "12 s left"),
        (FaultView("kill", "a.v1", id="f1", until_height=131), "3 main blocks left"),
        (FaultView("kill", "a.v1", id="f1"), "until mended"),
    ],
)
def test_a_fault_says_how_long_it_goes_on(fault, words):
    assert time_left(fault, 0, 128) == words
    assert words in draw_fault(fault, 100, main_height=128).plain


# Words.


def test_what_rules_faults_and_databases_say_has_words_of_its_own_in_both_front_ends():
    from devnet.repl import eventlines
    from devnet.tui.draw.words import TELLS

    rooms = ("consensus", "trouble", "storage")
    for name, kind in ev.EVENT_KINDS.items():
        if not kind.__module__.endswith(rooms):
            continue
        assert kind in TELLS, name
        quiet = name in ("MiningTried", "ConsensusSent", "ConsensusGot")
        worded = name in eventlines._WORDS or name in eventlines._AMOUNTS
        assert worded or quiet, name


def test_a_refused_block_and_an_offence_are_told_in_full():
    refused = ev.BlockRefused(
        chain="alpha",
        validator="v2",
        proposer="v1",
        height=12,
        id="ab" * 32,
        code="consensus.round",
        reason="round 3, expected 4",
    )
    told = tell(refused, {})
    assert told.tone == "✗"
    assert "v2 refused block 12 by v1: round 3, expected 4" in told.words
    assert "consensus.round" in told.words

    proven = ev.OffenceProven(
        chain="alpha", validator="v1", offence="two votes", height=9, burned=10**10
    )
    told = tell(proven, {"BTM": 8})
    assert "v1 convicted in block 9: two votes" in told.words
    assert "100 BTM" in told.words
