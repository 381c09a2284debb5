"""What the screens are shown of a sidechain's consensus."""

import pytest
from support import network, run, run_blocks, run_until

from devnet.engine.interfaces import Picture, picture_of
from devnet.engine.network import SidechainSpec
from devnet.plugins import load_engine

RULES = ("dpos-bbft", "bbft", "pbft", "pos", "dpos", "poa", "pow", "solo")


@pytest.fixture(scope="module")
def worlds():
    """One world with a sidechain of each rule, a few blocks on."""
    specs = tuple(
        SidechainSpec(rule.replace("-", ""), rule, n_validators=4) for rule in RULES
    )
    net = network(specs, idle_ms=300)
    run(net, 6_000)
    return net


def facts_of(net, rule):
    return net.consensus_facts(rule.replace("-", ""))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_shows_its_blocks_its_seats_and_its_kind_of_finality(worlds, rule):
    facts = facts_of(worlds, rule)
    shown = worlds.show(rule.replace("-", ""))

    assert (facts.engine, facts.finality) == (rule, shown["finality"])
    assert (facts.height, facts.final) == (shown["height"], shown["final"])
    assert facts.blocks[-1].height >= facts.height > 1
    assert [one.name for one in facts.seats if one.acts] == shown["validators"]


@pytest.mark.parametrize("rule", ["dpos-bbft", "bbft", "pos"])
def test_votes_fill_the_bitmap_until_they_certify(worlds, rule):
    facts = facts_of(worlds, rule)

    sure = [one for one in facts.blocks if one.state != "open"]
    assert sure and facts.certified >= facts.final > 0
    for block in sure:
        assert block.weight >= block.needed == 3
        assert sum(block.voters) == block.weight
    voted = [one for one in facts.seats if one.voted_round >= sure[-1].round]
    assert len(voted) >= 3
    assert all(one.source_round < one.voted_round for one in voted)


def test_a_vote_that_is_on_its_way_is_seen_before_the_certificate():
    net = network((SidechainSpec("alpha", "dpos-bbft"),), idle_ms=600)

    def half_voted():
        newest = net.consensus_facts("alpha").blocks[-1:]
        return any(0 < one.weight < one.needed for one in newest)

    run_until(net, half_voted)
    newest = net.consensus_facts("alpha").blocks[-1]
    assert newest.state == "open"


def test_pbft_shows_its_view_its_phase_and_both_votes(worlds):
    facts = facts_of(worlds, "pbft")

    assert facts.rule.stage.startswith("view ")
    assert facts.blocks[-1].phase in ("prepare", "commit", "vote")
    commits = [one for one in facts.blocks if one.phase == "commit"]
    assert commits and all(one.state == "final" for one in commits[:-1])
    assert any(one.committed_round for one in facts.seats)


def test_bbft_shows_its_tree_and_what_a_round_costs(worlds):
    branches = facts_of(worlds, "bbft").rule.branches

    n_nodes, n_gateways = 4, len(branches.gateways)
    assert branches.leader in branches.gateways
    assert [branches.parents[one] for one in branches.gateways] == [-1] * n_gateways
    expected = n_gateways**2 - 2 * n_gateways + 3 * n_nodes - 2
    assert branches.n_expected == expected


@pytest.mark.parametrize("rule", ["dpos", "dpos-bbft", "pos"])
def test_a_slot_clock_agrees_with_the_makers_of_blocks(worlds, rule):
    facts = facts_of(worlds, rule)
    slots = facts.rule.slots

    makers = {one.height: one.producer for one in facts.blocks}
    made = [one for one in slots if one.state == "made"]
    assert made
    assert [one.owner for one in made] == [makers[one.height] for one in made]
    numbers = [one.number for one in slots]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [one.state for one in slots[-4:]] == ["coming"] * 4


def test_pow_counts_tries_and_the_depth_of_its_bet(worlds):
    gauges = facts_of(worlds, "pow").rule.gauges

    assert gauges and all(gauge.done >= 0 for gauge in gauges)
    assert gauges[-1].what.startswith("blocks on top of ")


def test_a_rule_without_a_picture_is_shown_as_an_empty_one(worlds):
    assert facts_of(worlds, "solo").rule == Picture()
    assert picture_of(load_engine("solo"), None, None) == Picture()


def test_a_swap_is_told_in_words_until_the_new_rule_opens():
    net = network((SidechainSpec("alpha", "dpos-bbft"),), idle_ms=600)
    net.request_swap("alpha", "poa")
    run_until(
        net, lambda: net.consensus_facts("alpha").swap.get("state") == "scheduled"
    )
    assert "cancel_until" in net.consensus_facts("alpha").swap

    run_until(net, lambda: net.rule("alpha") == "poa")
    run_blocks(net, "alpha", 1)
    facts = net.consensus_facts("alpha")
    assert {one.engine for one in facts.blocks} == {"dpos-bbft", "poa"}
    assert any(one.closing for one in facts.blocks)


def test_a_validator_that_lacks_an_engine_says_which():
    net = network((SidechainSpec("alpha", "dpos-bbft"),), idle_ms=600)
    net.start_fault("missing-engine", "alpha", "v4")
    net.request_swap("alpha", "poa")

    run_until(net, lambda: net.consensus_facts("alpha").seats[3].needs != "")
    assert "poa" in net.consensus_facts("alpha").seats[3].needs
