"""The fault lab's parts: refusals, casts, lessons, and that its plays can fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devnet.commands.grammar import logical_lines
from devnet.commands.verbs.world import read_script
from devnet.engine.actors import powercuts
from devnet.engine.actors.faultlessons import WHY
from devnet.engine.actors.memberplays import NothingToSteal
from devnet.engine.actors.rivals import NothingToUndo
from devnet.engine.actors.scenariokinds import KINDS
from devnet.engine.actors.scenariokinds import SCENARIOS as SCENARIOS_OF_LAB
from devnet.engine.actors.world import Fault
from devnet.engine.audit import auditor
from devnet.engine.bc.merkle import build_proof, tx_root
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.codec import sha3
from devnet.engine.errors import BadValue, DevnetError, InsufficientFunds
from devnet.engine.federation import payouts
from devnet.engine.federation.early_vapor import accepts_proof
from devnet.engine.keys import chainkd
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.plain import from_text, to_text
from devnet.engine.sidechain import claims
from devnet.plugins.lessons import LESSONS, play_lesson
from tests.commands.sessions import CountingWorks, make_session
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    THREE,
    all_books_hold,
    claimed,
    deposit,
    network,
    run,
    run_until,
)

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"


def story(net: Network, fault_id: str) -> str:
    told = net.fault_story(fault_id)
    assert told is not None
    return "\n".join(told["seen"])


@pytest.mark.parametrize(
    ("error", "kind", "chain", "node", "value"),
    [
        (BadValue, "forged-proof", "main", "", None),
        (BadValue, "forged-proof", "alpha", "v2", None),
        (BadValue, "shallow-reorg", "alpha", "", None),
        (BadValue, "shallow-reorg", "", "", 3),
        (NothingToUndo, "deep-reorg", "", "", None),
        (BadValue, "lying-node", "alpha", "", None),
        (BadValue, "lying-node", "gamma", "v1", None),
        (BadValue, "partition", "alpha", "", 4),
        (BadValue, "lost-block", "alpha", "", None),
        (BadValue, "lost-block", "", "", 1),
        (BadValue, "steal-claim", "alpha", "", 7),
        (BadValue, "members-offline", "alpha", "", None),
        (BadValue, "members-offline", "", "", 5),
        (BadValue, "collectors-offline", "", "", 3),
        (BadValue, "burn-then-reorg", "gamma", "", None),
        (BadValue, "double-payout", "alpha", "v1", None),
        (InsufficientFunds, "burn-then-reorg", "alpha", "", None),
        (InsufficientFunds, "swapped-recipient", "alpha", "", None),
        (NothingToSteal, "members-collude", "alpha", "", None),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name_and_changes_nothing(
    error: type[DevnetError], kind: str, chain: str, node: str, value: int | None
):
    net = network(THREE)
    before = net.world

    with pytest.raises(error) as refusal:
        net.start_fault(kind, chain, node, value=value)

    assert refusal.value.code and refusal.value.hint
    assert net.world is before


def test_a_scenario_of_several_faults_begins_and_ends_them_together():
    net = network(THREE)
    fault = net.start_fault("swap-under-fire", "alpha")
    parts = {(one.kind, one.node) for one in net.world.faults}

    net.mend(fault.id)

    assert parts == {
        ("swap-under-fire", ""), ("kill", "v4"), ("equivocate", "v3"),
        ("vote-twice", "v3"),
    }  # fmt: skip
    assert net.world.faults == ()


def test_a_part_that_was_mended_alone_does_not_hinder_the_whole():
    net = network(THREE)
    whole = net.start_fault("double-sign", "alpha", "v2")
    net.mend(whole.parts[0])

    net.mend(whole.id)

    assert net.world.faults == ()


def test_what_a_fault_remembers_survives_being_stored():
    fault = Fault(
        "f1", "deep-reorg", "main", seen=("a line",), memory=(b"\x07" * 32,),
        parts=("f2",),
    )  # fmt: skip

    assert from_text(Fault, to_text(fault)) == fault


@pytest.mark.parametrize("name", ["shallow-reorg", "deep-reorg", "lying-node"])
def test_an_attackers_branch_is_the_same_when_its_proofs_of_work_come_late(name: str):
    lines = read_script(str(SCENARIOS / f"{name}.dn"))
    digests = []
    for works in (None, CountingWorks()):
        session = make_session(works)
        task = session.begin_lines(logical_lines(lines))
        session.run(task)
        assert all(one.error is None for one in task.outcomes)
        digests.append(session.network.digest())
        session.close()

    assert digests[0] == digests[1]


CHECKED = {
    "forged-proof": "C8", "inflate": "C5", "two-chains": "C6", "failed-tx": "C9",
    "invented-lock": "C10", "steal-claim": "C12", "lazy-collector": "C13",
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
def test_a_scenario_notices_that_its_check_is_gone(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    left = tuple(check for check in claims.CHECKS if check.id != CHECKED[name])
    monkeypatch.setattr(claims, "CHECKS", left)
    session = make_session()
    lines = read_script(str(SCENARIOS / f"{name}.dn"))
    task = session.begin_lines(logical_lines(lines))

    session.run(task)

    assert any(one.error is not None for one in task.outcomes)
    session.close()


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("greedy-coordinator", "P4"), ("greedy-coordinator", "P5"),
        ("greedy-coordinator", "P6"), ("double-payout", "P8"),
        ("double-payout", "P2"),
        pytest.param("burn-then-reorg", "P1", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_a_scenario_notices_that_members_check_less(
    name: str, check: str, monkeypatch: pytest.MonkeyPatch
):
    left = tuple(one for one in payouts.CHECKS if one[0] != check)
    assert len(left) == len(payouts.CHECKS) - 1
    monkeypatch.setattr(payouts, "CHECKS", left)

    assert failed_lines(name)


@pytest.mark.parametrize("name", ["members-collude", "deep-reorg"])
def test_a_scenario_notices_that_nobody_adds_up(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    left = tuple(one for one in auditor.INVARIANTS if one.id != "I1")
    monkeypatch.setattr(auditor, "INVARIANTS", left)

    assert failed_lines(name)


def failed_lines(name: str) -> list[str]:
    """What goes wrong in a scenario's script."""
    session = make_session()
    task = session.begin_lines(
        logical_lines(read_script(str(SCENARIOS / f"{name}.dn")))
    )
    session.run(task)
    session.close()
    return [one.error.code for one in task.outcomes if one.error is not None]


def test_a_database_that_tears_a_batch_is_found_out(monkeypatch: pytest.MonkeyPatch):
    whole = powercuts._writes

    def torn(*args):
        return [(pair,) for changes in whole(*args) for pair in changes]

    monkeypatch.setattr(powercuts, "_writes", torn)
    net = network(THREE)
    lock = net.lock("alice", BTM_UNITS, "BTM", "alpha")
    run_until(net, lambda: net.transfer(lock).stage == "proof")
    fault = net.start_fault("power-cut", "alpha", value=5)
    run_until(net, lambda: net.transfer(lock).stage == "claimed")

    assert "coins and claims are not those of block" in story(net, fault.id)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_breaks_i6_under_the_other_rule_and_not_under_ours(name: str):
    verdicts = [line for line in play_lesson(name) if ": I6 " in line]

    assert len(verdicts) == 2
    assert "I6 breaks" in verdicts[0] and not verdicts[0].startswith("here")
    assert verdicts[1].startswith("here: I6 holds; final: ")
    assert "none yet" not in verdicts[1]


def test_a_leaked_child_key_and_an_xpub_give_the_parent_key():
    root = chainkd.root_xprv(b"a member")
    path = (b"\x01" * 32, b"\x02" * 64)
    middle, leaf = (chainkd.derive_xprv(root, path[:n]) for n in (1, 2))

    above = chainkd.grabbed_parent(chainkd.xpub(middle), path[1], leaf[:32])
    top = chainkd.grabbed_parent(chainkd.xpub(root), path[0], above)

    assert (above, top) == (middle, root)


def test_early_vapor_refused_every_honest_proof_of_small_blocks():
    """Bytom's own verifier, which reads the flags as they are, is not used here."""
    net = network(())
    header = net.world.tree[net.world.main_tip].block.header
    for n_txs in range(2, 10):
        ids = [sha3(bytes([n_txs, index])) for index in range(n_txs)]
        for wanted in ids:
            proof = build_proof(ids, [wanted])
            right = replace(header, tx_root=tx_root(ids))
            block = MerkleBlock(right, proof.hashes, proof.flags, ())
            assert not accepts_proof(block, [wanted])


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("lying-node", ("alpha", "v4")), ("shallow-reorg", ("",)),
        ("deep-reorg", ("",)), ("burn-then-reorg", ("alpha",)),
        ("double-payout", ("alpha",)),
        ("greedy-coordinator", ("alpha",)), ("members-offline", ("",)),
        ("collectors-offline", ("",)),
    ],
)  # fmt: skip
def test_a_world_comes_back_in_the_middle_of_an_attack_and_goes_on(
    kind: str, where: tuple[str, ...]
):
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", "dpos-bbft", "sqlite"),))
    deposit(net, 9 * BTM_UNITS, "BTM", "alpha")
    net.start_fault(kind, *where)
    run(net, 3)
    net.close()

    back = kept_network(disk)
    run(back, 3000)
    for fault in back.world.faults:
        back.mend(fault.id)
    lock = back.lock("carol", BTM_UNITS, "BTM", "alpha")
    run_until(back, lambda: claimed(back, lock))

    assert back.balance("carol", "alpha", "BTM") == BTM_UNITS
    assert all_books_hold(back)


def test_mending_a_deep_reorganisation_brings_the_old_branch_back():
    net = network(THREE)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    old_tip = net.world.main_tip
    fault = net.start_fault("deep-reorg", "")
    while not net.is_paused_by_breach():
        assert net.step_once() == "stepped"
    net.acknowledge()
    while net.is_paused_by_breach() or not net.frozen("alpha"):
        net.acknowledge()
        net.step_once()

    net.mend(fault.id)
    for _ in range(2000):
        net.acknowledge()
        net.step_once()

    assert net.world.tree.is_ancestor(old_tip, net.world.main_tip)
    assert not net.frozen("alpha")
    assert net.backed("alpha")


THIRTY = (
    "forged-proof wrong-flags invented-lock inflate steal-claim double-claim "
    "two-chains failed-tx shallow-reorg deep-reorg lying-node lazy-collector "
    "greedy-coordinator double-payout burn-then-reorg swapped-recipient "
    "members-offline members-collude double-sign lost-block paper-commit "
    "bad-gateway partition clock-skew swap-under-fire swap-missing-engine "
    "naive-swap power-cut native-issue grab-the-keys "
)


def test_the_lab_holds_all_thirty_scenarios_and_says_why_of_every_fault():
    assert sorted(kind.name for kind in SCENARIOS_OF_LAB) == sorted(THIRTY.split())
    assert set(WHY) == set(KINDS)


def test_the_list_of_faults_keeps_to_eighty_columns_and_names_every_fault():
    session = make_session()
    listed = session.execute("fault list")
    pages = [session.execute(f"fault list {name}") for name in KINDS]

    lines = [line for one in (listed, *pages) for line in one.text.splitlines()]
    assert max(map(len, lines)) <= 80
    for kind, page in zip(KINDS.values(), pages, strict=True):
        assert f"\n  {kind.name}" in listed.text
        assert page.result["why"] and kind.does.split()[0] in page.text
        assert session.execute(f"fault {kind.name} --help").text == page.text
    assert session.network.world.n_faults == 0
    session.close()
