"""BBFT: its tree, its messages, its refusals, its way past silent members."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isqrt
from pathlib import Path

import pytest

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusError,
    MessageGot,
    Publish,
    Send,
    Share,
    TimerFired,
)
from devnet.plugins.bbft import LATE, SETTLED, TRANSITIONS, Bbft
from devnet.plugins.bbft_messages import View, Votes
from devnet.plugins.bbft_state import MAX_OFFERS, offers_for
from devnet.plugins.bbft_tree import hang_up, n_gateways, spanning_tree
from devnet.plugins.lab.chain import (
    LabChain,
    make_genesis,
    make_header,
    reseal,
    signed,
    toy_view,
    toy_vote,
)
from devnet.plugins.lab.host import LabHost
from devnet.plugins.message_counts import bbft_counts
from tests.plugins import test_engine_seeds

KEYS = tuple(bytes([7 * index % 251]) * 32 for index in range(60))
VECTORS = Path(__file__).parent.parent.parent / "fixtures" / "vectors" / "bbft.json"


# The tree.


@pytest.mark.parametrize(("n", "m"), [(1, 1), (4, 2), (7, 7), (16, 4), (59, 1)])
def test_every_member_hangs_under_one_gateway_and_the_leader_is_one(n: int, m: int):
    near = spanning_tree(b"chain", 1, KEYS[:n])
    for leader in range(n):
        tree = hang_up(near, KEYS[:n], leader, m)
        assert leader in tree.gateways and len(tree.gateways) == m
        assert list(tree.gateways) == sorted(tree.gateways, key=KEYS.__getitem__)
        zones = [tree.zones[gateway] for gateway in tree.gateways]
        assert sum(map(len, zones)) == n and frozenset().union(*zones) == set(range(n))
        for member in range(n):
            assert all(tree.parents[child] == member for child in tree.children[member])


def test_a_tree_lasts_for_a_vote_round_and_another_follows():
    first, same = spanning_tree(b"chain", 1, KEYS), spanning_tree(b"chain", 1, KEYS)
    assert first == same
    assert spanning_tree(b"chain", 2, KEYS) != first
    assert spanning_tree(b"other", 1, KEYS) != first


def test_gateways_are_the_root_of_n_unless_a_number_is_given():
    assert [n_gateways(n, 0) for n in (1, 3, 4, 15, 16, 100)] == [1, 1, 2, 3, 4, 10]
    assert n_gateways(7, 3) == 3 and n_gateways(7, 50) == 7


# Messages, by play.


class CountingHost(LabHost):
    """A host that counts what crosses a link, by kind."""

    def _do(self, node, effect):
        counts = self.__dict__.setdefault("counts", {})
        match effect:
            case Send(_, message):
                counts[message.kind] = counts.get(message.kind, 0) + 1
            case Share():
                counts["block"] = counts.get("block", 0) + 1
            case Publish(_, to):
                counts["block"] = counts.get("block", 0) + len(to)
        return super()._do(node, effect)


def played_counts(n: int, m: int, jitter_ms: int = 0) -> dict[str, int]:
    """What one round without faults costs: patient members, one block."""
    host = CountingHost(
        Bbft(), n, busy=True, gateways=m, interval_ms=10_000, jitter_ms=jitter_ms,
        t_gate_ms=60_000, t_round_ms=30_000,
    )  # fmt: skip
    host.run(19_900)
    assert len(host.headers) == 2
    return host.__dict__["counts"]


def expected_counts(n: int, m: int) -> dict[str, int]:
    """The same by formula."""
    counts = bbft_counts(n, m)
    assert counts.total == m * m - 2 * m + 3 * n - 2
    return {
        "block": counts.distribute,
        "aggregate": counts.aggregate_up,
        "exchange": counts.exchange,
        "finalize": counts.finalize_top + counts.finalize_down,
    }


def check_counts(n: int, m: int, jitter_ms: int = 0) -> None:
    played = played_counts(n, m, jitter_ms)
    wanted = expected_counts(n, m)
    assert {kind: played.get(kind, 0) for kind in wanted} == wanted, f"n={n} m={m}"


def test_a_round_costs_what_the_paper_says_for_all_sizes_below_sixty():
    for n in range(1, 60):
        check_counts(n, isqrt(n))


@pytest.mark.parametrize("n", [2, 5, 12, 19])
def test_any_number_of_gateways_costs_what_the_paper_says(n: int):
    for m in {1, 2, n // 2, n - 1, n}:
        check_counts(n, m, jitter_ms=35)


@pytest.mark.long
def test_every_n_below_sixty_with_every_m_costs_what_the_paper_says():
    for n in range(1, 60):
        for m in range(1, n + 1):
            check_counts(n, m, jitter_ms=n % 40)


def test_the_play_agrees_with_the_vectors():
    rows = json.loads(VECTORS.read_text())["rounds"]
    some = [row for row in rows if row["n"] in (4, 9, 16) and row["m"] <= 4]
    assert len(some) == 12
    for row in some:
        assert sum(played_counts(row["n"], row["m"]).values()) == row["total"]


# Headers.


@pytest.fixture(scope="module")
def made() -> tuple[LabHost, LabChain]:
    host = LabHost(Bbft(), 4, busy=True)
    host.run(2600)
    chain = host.nodes[0].chain
    chain.now_ms = 3000
    return host, chain


def refusal(made: tuple[LabHost, LabChain], index: int | None = None, **changes) -> str:
    """The code for a third block with changes, signed by somebody or its leader."""
    host, chain = made
    header = chain.ancestor(chain.tip.hash, 3)
    certificate = changes.pop("certificate", header.certificate)
    round_ = changes.get("round", header.round)
    index = round_ % 4 if index is None else index
    header = reseal(header, host.rules, index, **changes)
    header = replace(header, certificate=certificate)
    with pytest.raises(ConsensusError) as refused:
        Bbft().check_header(header, chain.ancestor(chain.tip.hash, 2), chain)
    return refused.value.code


def test_headers_that_break_a_rule_are_refused_by_name(made):
    host, chain = made
    block = chain.ancestor(chain.tip.hash, 3)
    parent = chain.ancestor(chain.tip.hash, 2)
    votes = block.certificate
    assert refusal(made, round=2) == "consensus.wrong-round"
    assert refusal(made, index=0) == "consensus.wrong-proposer"
    assert refusal(made, engine_data=b"x") == "consensus.stray-data"
    assert refusal(made, nonce=1) == "consensus.stray-work"
    assert refusal(made, time_ms=parent.time_ms + 499) == "consensus.too-soon"
    assert refusal(made, time_ms=5001) == "consensus.from-the-future"
    side = Checkpoint(2, bytes(32))
    assert refusal(made, justify=side) == "consensus.justify-not-ancestor"
    few = Certificate.of({0: votes.signatures[0], 1: votes.signatures[1]})
    assert refusal(made, certificate=few) == "consensus.certificate-short"
    odd = Certificate(votes.bitmap, votes.signatures[:-1])
    assert refusal(made, certificate=odd) == "consensus.certificate-malformed"
    forged = Certificate(votes.bitmap, tuple(bytes(32) for _ in votes.signatures))
    assert refusal(made, certificate=forged) == "consensus.certificate-forged"
    base = host.rules.base
    assert refusal(made, justify=base) == "consensus.stray-data"


def test_a_later_round_of_its_leader_is_good(made):
    host, chain = made
    block, parent = (chain.ancestor(chain.tip.hash, height) for height in (3, 2))
    later = reseal(block, host.rules, 9 % 4, round=9)
    later = replace(later, certificate=block.certificate)
    Bbft().check_header(later, parent, chain)


def test_an_old_epochs_certificate_justifies_nothing():
    host = LabHost(Bbft(), 4, busy=True, old_blocks=3)
    host.run(2600)
    chain = host.nodes[0].chain
    first = chain.ancestor(chain.tip.hash, 6)
    old = chain.ancestor(first.hash, 5)
    header = reseal(first, host.rules, 1, justify=Checkpoint(5, old.hash))
    with pytest.raises(ConsensusError) as refused:
        Bbft().check_header(header, old, chain)
    assert refused.value.code == "consensus.justify-other-epoch"


# What members keep of what others say.


def test_votes_that_prove_nothing_are_dropped_and_a_sender_has_little_room():
    host = LabHost(Bbft(), 4)
    node = host.nodes[0]
    for number in range(30):
        said = Votes("aggregate", 0, 1, 1, bytes([number]) * 32, Certificate())
        host.tell(node, MessageGot(0, 1, said))
        forged = replace(said, votes=Certificate.of({1: b"forged"}))
        host.tell(node, MessageGot(0, 1, forged))
    assert node.state.offers == ({},) * 4
    for number in range(30):
        key = host.rules.validators[1].key
        good = Certificate.of({1: toy_vote(key, bytes([number]) * 32)})
        said = Votes("aggregate", 0, 1, 1, bytes([number]) * 32, good)
        host.tell(node, MessageGot(0, 1, said))
    assert len(node.state.offers[1]) == MAX_OFFERS
    assert offers_for(node.state, bytes([29]) * 32)


def test_a_block_of_a_later_round_is_voted_for_when_a_quorum_opens_that_round():
    host = LabHost(Bbft(), 4)
    node, base = host.nodes[0], host.rules.base
    block = make_header(
        node.chain.tip, time_ms=600, epoch=0, engine="bbft", round=6, justify=base
    )
    block = signed(block, host.rules.validators[2].key)
    host.headers[block.hash] = block
    host.name_block(block)
    host.run(700)
    host.take_in(node, block)
    votes = [what for _, who, what in host.log if who == "v0" and "vote" in what]
    assert votes == [] and node.state.round == 1

    for index in (1, 2, 3):
        key = host.rules.validators[index].key
        said = View(0, 6, index, base, Certificate(), toy_view(key, 0, 6, base.hash))
        host.tell(node, MessageGot(700, index, replace(said, signature=b"forged")))
        assert index not in node.state.views
        host.tell(node, MessageGot(700, index, said))
    told = [what for _, who, what in host.log if who == "v0"]
    assert node.state.round == 6
    assert told == ["change to view 6", "vote for 1"]


# Time.


def test_an_idle_chain_never_changes_views():
    host = LabHost(Bbft(), 4)
    host.work(5000, 1)
    host.run(600_000)
    assert not any("view" in what for _, _, what in host.log)
    assert host.finals() == [2] * 4
    assert host.n_acts < 10_000


def test_a_silent_leader_is_passed_although_nobody_was_woken():
    host = LabHost(Bbft(), 4, busy=True)
    host.down(1, 100, 60_000)
    host.run(6000)
    assert min(host.finals()[2:]) >= 1


@pytest.mark.parametrize(("n", "f"), [(4, 1), (7, 2), (16, 5)])
def test_f_silent_members_stop_nothing(n: int, f: int):
    host = LabHost(Bbft(), n, busy=True)
    for index in range(1, f + 1):
        host.down(index, 10, 10**6)
    host.run(120_000)
    assert min(host.finals()[f + 1 :]) >= 16


def bound_ms(f: int, t_round_ms: int = 2000, interval_ms: int = 500) -> int:
    """What docs/consensus/bbft.md promises, the timers being as they began."""
    timers_ms = [t_round_ms * 3**i // 2**i for i in range(f + 1)]
    return t_round_ms + sum(timers_ms) + timers_ms[-1] // 3 + 4 * interval_ms


@pytest.mark.parametrize("n", [4, 7])
def test_finality_returns_within_the_bound_after_healing(n: int):
    """Twelve seconds without a quorum, then f members are down for good."""
    f = (n - 1) // 3
    for seed in range(6):
        host = LabHost(Bbft(), n, seed=seed, busy=True, jitter_ms=40)
        half = {index for index in range(n) if index % 2}
        host.cut(half, 1000 + 70 * seed, 13_000)
        for index in range(f):
            host.down((seed + index) % n, 13_000, 10**6)
        host.run(13_000)
        held = max(host.finals())
        host.run(13_000 + bound_ms(f))
        up = [node.final.height for node in host.nodes if node.up]
        assert min(up) > held, f"seed {seed}"


# The table of states.


def word_of(event: object) -> str:
    match event:
        case TimerFired(_, token):
            return token
        case MessageGot(_, _, message):
            return message.kind
    return type(event).__name__


CERTIFIED = {"BlockJudged", "aggregate", "exchange", "finalize"}
CAUSES = {
    "a block of the round": {"BlockJudged", "ViewSigned", "view"},
    "the own zone is complete or t_gate over": {"Voted", "aggregate", "gate"},
    "the next block with the certificate": CERTIFIED | {"view", "ViewSigned"},
    LATE: {"ViewSigned"},
    "the same where the next block is at hand": CERTIFIED | {"view", "ViewSigned"},
    SETTLED: CERTIFIED | {"Voted", "view", "ViewSigned"},
}


class WatchedBbft(Bbft):
    """Bbft that writes down how stages follow on one another."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str, str]] = set()

    def step(self, state, event, chain):
        after, effects = super().step(state, event, chain)
        if state.stage != after.stage:
            self.seen.add((state.stage, word_of(event), after.stage))
        return after, effects


def test_the_table_of_states_has_what_happens_and_nothing_else(monkeypatch):
    engine = WatchedBbft()
    monkeypatch.setattr(test_engine_seeds, "load_engine", lambda name: engine)
    for seed in range(14):
        test_engine_seeds.storm("bbft", 7, seed)
    told = {
        (before, cause, after)
        for before, given, after in TRANSITIONS
        for cause in CAUSES[given]
    }
    assert engine.seen <= told
    pairs = {(before, after) for before, _, after in engine.seen}
    assert pairs == {(before, after) for before, _, after in TRANSITIONS}


def test_a_watcher_without_a_seat_learns_and_says_nothing():
    host = LabHost(Bbft(), 4, watchers=1, busy=True)
    host.run(4000)
    assert host.finals()[4] >= 4
    assert not any(who == "v4" and "vote" in what for _, who, what in host.log)


def test_a_line_says_who_leads_and_how_large_the_proof_is():
    host = LabHost(Bbft(), 4, busy=True)
    host.run(2300)
    node = host.nodes[0]
    line = Bbft().describe(node.state, node.chain)
    assert line == "round 5, v1 leads; 129 B prove 4, final 3"


def test_a_genesis_in_the_past_lets_the_first_leader_begin_at_once():
    assert make_genesis().time_ms == 0
    host = LabHost(Bbft(), 1, busy=True)
    host.run(1600)
    assert host.finals() == [2]
