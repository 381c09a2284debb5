"""The main job on the real engine, by keys alone."""

import pytest
from pilots import dump, play, press, settle, toasts, until

from devnet.commands.launch import hashing, make_host
from devnet.commands.options import WorldOptions
from devnet.commands.session import Session
from devnet.engine.actors.auditing import note_findings
from devnet.engine.audit import Finding
from devnet.engine.sidechain.tampers import TAMPERS
from devnet.tui.draw.claim import Tampering


@pytest.fixture(scope="module")
def works():
    with hashing() as works:
        yield works


@pytest.fixture
def session(works):
    session = Session(make_host(works), WorldOptions(), attached=True)
    session.pacer = session.pacer.at_speed(20)
    return session


async def lock(pilot, amount="250"):
    """Lock by the form and wait until the coins are there."""
    n_before = len(pilot.app.driver.state.transfers)
    await press(pilot, "l", *amount, "enter")
    transfers = pilot.app.driver.state.transfers
    assert len(transfers) == n_before + 1, dump(pilot) + toasts(pilot)
    name = transfers[-1].id
    await until(pilot, lambda: pilot.app.driver.state.transfer(name).finished)


def test_a_lock_becomes_a_claim_and_the_coins_move_on(session):
    async def script(pilot):
        await lock(pilot)
        state = pilot.app.driver.state
        assert state.balance("alice", "alpha", "BTM") == 250 * 10**8
        stages = [
            event.stage
            for event in session.network.events
            if event.kind == "TransferMoved"
        ]
        assert list(dict.fromkeys(stages)) == [
            "lock", "confirm", "proof", "claim", "claimed",
        ]  # fmt: skip
        assert "●━━●━━●━━●━━●  claimed in alpha" in dump(pilot)
        await press(pilot, "t", *"40", "tab", "tab", "down", "down", "enter", "enter")
        await until(
            pilot,
            lambda: pilot.app.driver.state.balance("bob", "alpha", "BTM") == 40 * 10**8,
        )
        agrees_with_the_network(pilot.app.driver.state, session.network)

    play(session, script)


def agrees_with_the_network(state, network):
    """What was folded from events is what the network itself says."""
    assert state.main.height == network.main_height()
    for (who, chain, asset), amount in state.balances.items():
        assert network.balance(who, chain, asset) == amount
    for lane in state.lanes:
        facts = network.show(lane.name)
        assert (lane.height, lane.engine) == (facts["height"], facts["rule"])
        assert lane.final_height == facts["final"]


def test_the_inspector_shows_every_check_and_which_one_a_forgery_breaks(session):
    async def script(pilot):
        await lock(pilot)
        await press(pilot, "space", "enter")
        screen = pilot.app.screen
        assert "18 of 18 checks pass" in dump(pilot)
        assert "◆" in dump(pilot)
        for index, (name, tamper) in enumerate(TAMPERS.items()):
            if index < 3:
                await press(pilot, "t")
                await press(pilot, "down", "enter")
            else:
                screen.tampering = Tampering(name, tamper.sentence)
                await settle(pilot)
            shown = dump(pilot)
            assert f"a copy, {name} changed" in shown
            assert f"✗ {tamper.check} breaks" in shown, shown
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert "18 of 18 checks pass" in dump(pilot)
        await press(pilot, "escape")
        assert "mainchain" in dump(pilot)

    play(session, script)


def test_a_claim_that_is_not_made_yet_says_where_its_transfer_is(session):
    async def script(pilot):
        await press(pilot, "space", "l", *"250", "enter")
        await press(pilot, "enter")
        assert "claim d1" in dump(pilot)
        assert "lock in mempool" in dump(pilot)
        await press(pilot, "t")
        assert "no claim yet" in toasts(pilot)

    play(session, script)


def test_a_swap_counts_down_and_changes_the_badge(session):
    session.pacer = session.pacer.at_speed(5)

    async def script(pilot):
        await press(pilot, "1", "s", "down", "down", "enter", "enter")
        lane = pilot.app.driver.state.lane("alpha")
        assert lane.swap is not None, dump(pilot) + toasts(pilot)
        wanted = lane.swap.engine
        assert f">{wanted}" in dump(pilot)
        await until(
            pilot, lambda: pilot.app.driver.state.lane("alpha").engine == wanted
        )
        assert pilot.app.driver.state.lane("alpha").swap is None
        await press(pilot, "C")
        assert f"dpos-bbft > {wanted}" in dump(pilot)

    play(session, script)


def test_a_new_sidechain_gets_a_lane_and_takes_locks(session):
    async def script(pilot):
        await press(pilot, "c", *"omega", "enter")
        assert pilot.app.driver.state.lane("omega") is not None, toasts(pilot)
        assert "omega" in dump(pilot)
        line = "lock bob 5 BTM omega"
        await press(pilot, "colon", *line.replace(" ", "_"))
        box = pilot.app.screen.query_one("#line")
        box.value = line
        await press(pilot, "enter")
        await until(
            pilot,
            lambda: pilot.app.driver.state.balance("bob", "omega", "BTM") == 5 * 10**8,
        )

    play(session, script)


def test_what_the_engine_refuses_is_said_with_its_code(session):
    async def script(pilot):
        await press(pilot, "colon")
        pilot.app.screen.query_one("#line").value = "lock alice 99999999 BTM alpha"
        await press(pilot, "enter")
        return dump(pilot), toasts(pilot)

    screen, said = play(session, script)

    assert "request.insufficient-funds" in said
    assert "lock alice 99999999 BTM alpha" in screen


def test_a_breach_stops_the_world_until_somebody_goes_on_and_the_alarm_stands(session):
    finding = Finding("I1", "locked 5, circulating 6")

    async def script(pilot):
        session.network._act(lambda turn: note_findings(turn, "alpha", (finding,)))
        await until(pilot, lambda: "I1 BROKEN" in dump(pilot))
        await until(pilot, lambda: session.pacer.paused)
        broken, stopped_ms = dump(pilot), session.now_ms
        await pilot.pause(0.3)
        assert session.now_ms == stopped_ms
        await press(pilot, "space")
        await until(pilot, lambda: session.now_ms > stopped_ms + 1_000)
        return broken, dump(pilot)

    broken, later = play(session, script)

    assert "I1 broken on alpha" in broken
    assert "locked 5, circulating 6" in broken
    assert "▶ x20" in later
    assert "I1 BROKEN" in later


def test_a_bug_of_the_engine_is_a_panel_with_the_way_back(
    session, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken(*args):
        raise KeyError("a bug")

    async def script(pilot):
        monkeypatch.setattr("devnet.engine.network.dispatch", broken)
        await until(pilot, lambda: "The engine has failed" in dump(pilot))
        panel = dump(pilot)
        await press(pilot, "escape", "E")
        return panel, dump(pilot)

    panel, events = play(session, script, size=(140, 40))

    assert "KeyError" in panel
    assert "devnet replay" in panel
    assert "Traceback" not in panel
    assert len(list(tmp_path.iterdir())) == 1
    assert "world started" in events


def test_a_paused_world_takes_single_steps(session):
    async def script(pilot):
        await press(pilot, "space")
        before_ms = session.now_ms
        await press(pilot, *["full_stop"] * 3)
        await until(pilot, lambda: session.now_ms > before_ms)
        return dump(pilot)

    assert "paused" in play(session, script)


def test_m_runs_until_one_block_is_there(session):
    async def script(pilot):
        height = pilot.app.driver.state.main.height
        await press(pilot, "m")
        await until(pilot, lambda: pilot.app.driver.state.main.height > height)

    play(session, script)


def test_blocks_open_with_their_parts(session):
    async def script(pilot):
        await press(pilot, "m")
        await until(pilot, lambda: pilot.app.driver.state.main.height > 112)
        await press(pilot, "space", "B", "enter")
        return dump(pilot), pilot.app.driver.state.main

    shown, main = play(session, script, size=(140, 40))

    assert main.tip in shown
    assert "Transactions" in shown


def test_another_world_takes_the_place_of_this_one(session):
    async def script(pilot):
        await press(pilot, "colon")
        line = "start --seed 7 --sidechains zeta:solo"
        pilot.app.screen.query_one("#line").value = line
        await press(pilot, "enter")
        await until(pilot, lambda: "zeta" in dump(pilot))
        return dump(pilot)

    shown = play(session, script)

    assert "seed 7" in shown
    assert "alpha" not in shown


def test_a_fault_is_made_seen_and_mended_by_keys_and_a_refusal_stands_once(session):
    async def script(pilot):
        await press(pilot, "C", "3", "enter", "f", "enter")
        app = pilot.app
        await until(pilot, lambda: app.driver.state.n_down == 1)
        text = dump(pilot)
        assert "consensus  gamma  bbft" in text
        assert "1 validator down" in text and "f1 kill v2" in text
        app.begin("fault kill gamma.v2")
        refusals = [one for one in app.driver.stream if one.kind == "Refused"]
        assert [one.code for one in refusals] == ["request.already-broken"]
        await press(pilot, "M")
        await until(pilot, lambda: app.driver.state.n_down == 0)
        assert "validator down" not in dump(pilot)

    play(session, script)
