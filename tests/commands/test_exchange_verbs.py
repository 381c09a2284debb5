"""`export` and `import` in a session, on the real engine; worlds that begin empty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devnet.commands.importing import BLOCKS_PER_BREATH, BREATH_MS
from devnet.commands.launch import make_host
from devnet.commands.options import SideOptions, WorldOptions
from devnet.commands.recording import load_recording
from devnet.commands.replaying import replay
from devnet.commands.session import Session
from devnet.engine.bc.block import Block, parse_block
from devnet.engine.events import BlockUndone, TransferMoved
from devnet.starter import load_starter
from tests.engine.support import InstantWorks, LateWorks

ALONE = WorldOptions(sidechains=())


class KnownWorks(InstantWorks):
    """Cheap works, but for the real ones of the starter chain."""

    starter = {block.header.hash: work for block, work in load_starter("fast")}

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        return self.starter.get(header_hash) or super().get(seed, header_hash)


def session_of(options: WorldOptions = ALONE, works=None, *, attached=False) -> Session:
    return Session(make_host(works or KnownWorks()), options, attached=attached)


def done(session: Session, line: str):
    outcome = session.execute(line)
    assert outcome.ok, outcome.error
    return outcome.result


def tips(session: Session) -> set[str]:
    return {node.view.tip.hex() for node in session.network.world.main_nodes}


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Path, dict]:
    """Three blocks on the starter chain, mined in another world."""
    path = tmp_path_factory.mktemp("chain") / "main.hex"
    session = session_of(replace(ALONE, seed=7))
    done(session, "mine 3")
    return path, done(session, f"export {path}")


def test_an_export_is_the_whole_chain_lowest_height_first(exported):
    path, result = exported

    heights = [
        parse_block(bytes.fromhex(line)).header.height
        for line in path.read_text().splitlines()
    ]

    assert heights == list(range(116))
    assert (result["blocks"], result["height"]) == (116, 115)


def test_an_import_brings_every_node_to_the_tip_of_the_file(exported):
    path, result = exported
    session = session_of()

    answer = done(session, f"import {path}")

    assert answer == {"height": 115, "tip": result["tip"], "taken": 3, "known": 113}
    assert tips(session) == {result["tip"]}


def test_a_lower_branch_is_taken_in_and_not_followed(exported):
    path, _ = exported
    session = session_of()
    ours = done(session, "mine 4")["tip"]

    answer = done(session, f"import {path}")

    assert (answer["taken"], answer["tip"]) == (3, ours)
    assert tips(session) == {ours}


def test_a_higher_branch_undoes_the_own_blocks(exported):
    path, result = exported
    session = session_of()
    done(session, "mine 2")

    done(session, f"import {path}")

    undone = [one for one in session.network.events if isinstance(one, BlockUndone)]
    assert [one.height for one in undone] == [114, 113]
    assert tips(session) == {result["tip"]}


def test_no_time_passes_while_works_are_awaited(exported):
    """However slow the host, the world is the same."""
    path, _ = exported
    digests = set()

    for works in (InstantWorks(), LateWorks()):
        session = session_of(works=works)
        done(session, f"import {path}")
        assert session.now_ms <= BREATH_MS
        done(session, "mine 1")
        digests.add(session.network.digest())

    assert len(digests) == 1


def test_a_recording_keeps_the_blocks_and_the_clock_not_the_file(exported, tmp_path):
    path, _ = exported
    copy = tmp_path / "gone.hex"
    copy.write_text(path.read_text())
    session = session_of()
    session.host.wall.date_s = lambda: 1_900_000_000.5
    done(session, f"mine 1; import {copy}")
    done(session, f"save recording {tmp_path / 'x.jsonl'}")
    copy.unlink()

    verdict = replay(load_recording(str(tmp_path / "x.jsonl")), session_of())

    assert verdict.same, verdict.difference
    kept = [one.line for one in session.log.entries if one.line.startswith("hand-in")]
    assert len(kept) == 3
    assert all(line.endswith(" 1900000000") for line in kept)


def test_a_replay_judges_by_the_recorded_clock(tmp_path):
    first = load_starter("fast")[0][0]
    session = session_of(replace(ALONE, empty=True))
    session.host.wall.date_s = lambda: first.header.timestamp - 3600
    path = tmp_path / "one.hex"
    path.write_text(first.raw.hex())
    done(session, f"import {path}")

    session.host.wall.date_s = lambda: first.header.timestamp - 7200
    other = session_of(replace(ALONE, empty=True))
    other.host.wall.date_s = session.host.wall.date_s

    assert other.execute(f"import {path}").error.code == "block.timestamp"
    done(session, f"save recording {tmp_path / 'x.jsonl'}")
    assert replay(load_recording(str(tmp_path / "x.jsonl")), other).same


def test_a_refused_block_ends_the_import_and_what_came_before_stays(exported, tmp_path):
    path, _ = exported
    *before, first, second, third = path.read_text().splitlines()
    block = parse_block(bytes.fromhex(second))
    bad = Block(replace(block.header, bits=1), block.transactions).raw.hex()
    (tmp_path / "bad.hex").write_text("\n".join([*before, first, bad, third]))
    session = session_of()

    outcome = session.execute(f"import {tmp_path / 'bad.hex'}")

    assert (outcome.error.code, outcome.exit_status) == ("block.bits", 3)
    assert outcome.error.message.startswith("block 114, line 115: bits are ")
    assert session.network.main_height() == 113
    assert session.execute(f"refuses block.bits import {tmp_path / 'bad.hex'}").ok


@pytest.mark.parametrize("what", ["nothing.hex", "folder"])
def test_a_file_that_cannot_be_read_is_said(what, tmp_path):
    (tmp_path / "folder").mkdir()

    outcome = session_of().execute(f"import {tmp_path / what}")

    assert (outcome.error.code, outcome.exit_status) == ("usage.bad-file", 2)


def test_an_export_into_no_folder_is_said(tmp_path):
    outcome = session_of().execute(f"export {tmp_path / 'none' / 'main.hex'}")

    assert outcome.error.code == "usage.bad-file"


def test_a_long_import_leaves_no_crowd_of_messages_on_the_way(tmp_path):
    blocks = [block for block, _ in load_starter("fast")]
    path = tmp_path / "long.hex"
    path.write_text("\n".join(block.raw.hex() for block in blocks))
    session = session_of(replace(ALONE, empty=True))
    most = 0

    task = session.begin(f"import {path}")
    while not task.poll():
        most = max(most, len(session.network.world.schedule.waiting))

    assert task.outcome.result["height"] == len(blocks)
    assert most <= BLOCKS_PER_BREATH * 20
    assert session.now_ms == pytest.approx(
        len(blocks) / BLOCKS_PER_BREATH * 50, abs=100
    )


def test_an_import_goes_on_while_time_stands_still(exported):
    path, result = exported
    session = session_of()
    done(session, "start --sidechains none; pause")

    answer = done(session, f"import {path}")

    assert answer["tip"] == result["tip"]
    assert session.now_ms == 0


def test_a_front_end_that_draws_gets_its_turn_during_an_import(exported):
    path, result = exported
    session = session_of(works=LateWorks(), attached=True)
    task = session.begin(f"import {path}")
    slices = 0

    while not task.done:
        session.advance(0)
        session.host.works.wait(0)
        slices += 1
        assert slices < 1000

    assert slices > 3
    assert task.outcome.result["tip"] == result["tip"]


def test_an_import_can_be_interrupted(exported):
    path, _ = exported
    session = session_of(works=LateWorks())
    task = session.begin(f"import {path}")

    session.interrupt()
    session.run(task)

    assert task.outcome.error.code == "interrupted"


# Worlds that begin empty.


def test_an_empty_world_is_its_genesis_block_and_mines_for_mine_alone():
    session = session_of(replace(ALONE, empty=True))
    assert session.network.main_height() == 0

    outcome = session.execute("wait main.height > 0 --within 300s")
    assert outcome.error.code == "wait.ran-out"

    assert done(session, "mine 2")["height"] == 2
    done(session, "refuses wait.ran-out wait main.height > 2 --within 300s")
    assert session.network.main_height() == 2


def test_start_takes_empty_and_a_recording_keeps_it(tmp_path):
    session = session_of()

    result = done(session, "start --empty --seed 3 --sidechains none")
    done(session, "mine 1")
    done(session, f"save recording {tmp_path / 'x.jsonl'}")

    assert result["height"] == 0
    recording = load_recording(str(tmp_path / "x.jsonl"))
    assert recording.options.empty
    assert "hurry +1 mines" in [one.line for one in recording.entries]
    assert replay(recording, session_of()).same


def test_an_empty_world_can_have_sidechains():
    session = session_of(WorldOptions(empty=True))

    done(session, "wait alpha.height > 2 --within 100s")

    assert session.network.main_height() == 0


# The solonet world.


@pytest.fixture(scope="module")
def solonet() -> Session:
    gamma = SideOptions("gamma", "solo")
    return session_of(WorldOptions(profile="solonet", sidechains=(gamma,)))


def test_blocks_of_solonet_follow_each_other_by_150_seconds(solonet):
    before = solonet.network.show("main")["timestamp"]
    height = solonet.network.main_height()

    done(solonet, "mine 6")

    assert solonet.network.main_height() == height + 6
    assert solonet.network.show("main")["timestamp"] == before + 6 * 150


def test_a_wait_in_solonet_has_the_time_of_sixty_blocks(solonet):
    goal = solonet.network.main_height() + 3

    done(solonet, f"wait main.height >= {goal}")

    assert solonet.network.main_height() >= goal


def test_sidechains_make_few_empty_blocks_while_solonet_mines(solonet):
    """At most one in five seconds, where the slots would allow two in one."""
    before, start_ms = solonet.network.show("gamma")["height"], solonet.now_ms

    done(solonet, "mine 3")

    passed_s = (solonet.now_ms - start_ms) / 1000
    made = solonet.network.show("gamma")["height"] - before
    assert passed_s / 10 <= made <= passed_s / 5 + 1


def test_a_solonet_miner_takes_in_what_comes_while_it_tries(solonet):
    goal = solonet.network.main_height() + 1
    done(solonet, "step 3")
    nodes = solonet.network.world.main_nodes
    assert all(node.miner.template is not None for node in nodes)

    tx = done(solonet, "transfer bob carol 1 BTM main")["tx"]
    while solonet.network.main_height() < goal:
        done(solonet, "step 1")

    world = solonet.network.world
    assert tx in [one.id.hex() for one in world.tree[world.main_tip].block.transactions]


def test_a_deposit_in_solonet_needs_six_blocks(solonet):
    done(solonet, "d = lock alice 900 BTM gamma; wait $d.stage == claimed")

    assert done(solonet, "balance alice gamma BTM").units == 90_000_000_000
    confirmed = [
        one.note
        for one in solonet.network.events
        if isinstance(one, TransferMoved) and one.stage == "confirm"
    ]
    assert confirmed[-1] == "confirm 6/6"


def test_a_block_on_an_old_parent_is_later_than_the_median(tmp_path):
    """A block from outside may be older than its parent; ours follows all the same."""
    session = session_of(WorldOptions(profile="solonet", sidechains=()))
    path = tmp_path / "main.hex"
    done(session, f"export {path}")
    tree, tip = session.network.world.tree, session.network.world.main_tip
    header = tree[tip].block.header
    late = header.timestamp + 10_000_000
    ahead = _mined(tree, tip, late)
    # Six late blocks lift the median; then comes one just above it.
    for _ in range(6):
        tree = tree.with_block(ahead, bytes(32), 2**40)
        with path.open("a") as file:
            file.write(ahead.raw.hex() + "\n")
        tip = ahead.header.hash
        ahead = _mined(tree, tip, late)
    session.host.works.__class__ = EveryWorkPasses

    done(session, f"import {path}")
    height = done(session, "mine 1")["height"]

    assert height == 131
    assert session.network.show("main")["timestamp"] > late


class EveryWorkPasses(InstantWorks):
    """The easiest proof of work there is."""

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        return bytes(32)


def _mined(tree, tip, timestamp: int) -> Block:
    from devnet.engine.mainchain.miner import MainNode, build_template
    from devnet.engine.mainchain.view import MainView

    node = MainNode("outside", 0, bytes.fromhex("51"), MainView(tip))
    template, _ = build_template(tree, node, timestamp, b" outside")
    block = template.block_with(0)
    return Block(replace(block.header, timestamp=timestamp), block.transactions)
