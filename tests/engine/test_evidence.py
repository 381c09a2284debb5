"""Offences are found, proven in a block, and cost the seat; nothing else convicts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.evidence import (
    BAD_BLOCK,
    TWO_PROPOSALS,
    TWO_VOTES,
    VOTE_BEHIND,
    Evidence,
    SignedHeader,
    SignedVote,
    parse_signed_header,
    parse_signed_vote,
)
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.sideblock import proposal_message, vote_message
from devnet.engine.errors import DevnetError
from devnet.engine.events import OffenceProven, RuleSwapped, SwapDropped
from devnet.engine.keys.chainkd import sign
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.court import Court
from devnet.engine.sidechain.offences import BadEvidence, convict, evidence_in
from devnet.engine.sidechain.roster import Banned
from devnet.engine.sidechain.state import SideEntry, SideTree
from tests.engine.support import (
    THREE,
    all_books_hold,
    hurry,
    network,
    run,
    run_blocks,
    run_until,
    said,
)


def never(block: object) -> object:
    """A judge who finds nothing wrong."""
    return block


@cache
def calm() -> tuple[Network, list[SideEntry]]:
    """A world without offences, and the blocks of alpha, genesis first."""
    net = network(THREE)
    run_blocks(net, "alpha", 8)
    side = net.world.sidechain("alpha")
    blocks = [side.tree[side.head]]
    while blocks[0].height:
        blocks.insert(0, side.tree[blocks[0].header.previous])
    return net, blocks


@pytest.mark.parametrize(
    ("chain", "fault", "offence"),
    [
        ("alpha", "equivocate", "two proposals in one round"),
        ("beta", "equivocate", "two proposals in one round"),
        ("alpha", "propose-invalid", "a signed block that breaks a rule"),
    ],
)
def test_an_offender_is_convicted_by_a_block_and_loses_the_seat(chain, fault, offence):
    net = network(THREE)
    net.start_fault(fault, chain, "v2")
    with hurry(net):
        run_until(net, lambda: bool(said(net, OffenceProven)))
        run_until(net, lambda: bool(said(net, RuleSwapped)))
        run(net, 3_000)
    proven = said(net, OffenceProven)

    assert [(one.validator, one.offence) for one in proven] == [("v2", offence)]
    assert net.show(chain)["validators"] == ["v1", "v3", "v4"]
    assert said(net, RuleSwapped)[0].old_engine == said(net, RuleSwapped)[0].engine
    assert all_books_hold(net)


def test_two_votes_in_one_round_are_found_when_both_blocks_are_known():
    net = network(THREE)
    net.start_fault("equivocate", "alpha", "v1")
    net.start_fault("vote-twice", "alpha", "v3")
    with hurry(net):
        run(net, 12_000)
    proven = {one.validator: one.offence for one in said(net, OffenceProven)}

    assert proven["v1"] == "two proposals in one round"
    assert proven["v3"] in (
        "two votes in one round",
        "a vote behind an earlier vote's source",
    )
    assert set(proven) == {"v1", "v3"}


def test_nobody_is_accused_while_all_are_honest_though_the_network_is_bad():
    net = network(THREE)
    for fault in ("loss", "reorder", "latency"):
        net.start_fault(fault, "alpha")
    with hurry(net):
        run(net, 8_000)
        net.partition("alpha", (("v1", "v2"), ("v3", "v4")))
        run(net, 4_000)
        net.heal("alpha")
        run(net, 4_000)

    assert not said(net, OffenceProven)
    assert not any(len(node.proofs) for node in net.world.sidechain("alpha").nodes)


# What convicts, and what does not.


def proposals(net: Network, entry: SideEntry, index: int, **change: object) -> Evidence:
    """Evidence of two proposals by one validator, the second one changed."""
    side = net.world.sidechain("alpha")
    node, chain_id = side.nodes[index], side.tree.spec.chain_id
    found = []
    for header in (entry.block.header, replace(entry.block.header, **change)):
        signature = sign(node.xprv, proposal_message(chain_id, header.hash))
        signed = replace(header, signature=signature)
        found.append(SignedHeader(signed, node.key).raw)
    return Evidence(TWO_PROPOSALS, *found)


def votes(
    net: Network, first: SideEntry, second: SideEntry, offence: int, index: int = 1
) -> Evidence:
    """Evidence of two votes by one validator."""
    side = net.world.sidechain("alpha")
    node, chain_id = side.nodes[index], side.tree.spec.chain_id
    found = []
    for entry in (first, second):
        justify = side.tree[entry.header.justify.hash]
        source = justify.block.header if justify.height else None
        signature = sign(node.xprv, vote_message(chain_id, entry.hash))
        header = entry.block.header
        vote = SignedVote("vote", 0, header, source, node.key, signature)
        found.append(vote.raw)
    return Evidence(offence, *found)


def verdict(net: Network, record: Evidence) -> str:
    side = net.world.sidechain("alpha")
    return convict(record, court(net, side.tree, side.tree[side.head])).offence


def court(net: Network, tree: SideTree, parent: SideEntry, judge=never) -> Court:
    """Evidence in a block on `parent`, which names no newer anchor."""
    return Court(tree, net.world.tree, parent, parent.anchor, judge)


def test_two_signed_headers_of_one_round_convict():
    net, blocks = calm()
    record = proposals(net, blocks[3], 2, timestamp_ms=blocks[3].header.time_ms + 1)
    assert verdict(net, record) == "two proposals in one round"
    assert parse_record(record.program) == record


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "differ in their hash"),
        ({"round": 77}, "two rounds"),
        ({"epoch": 1}, "have rounds of their own"),
        ({"bits": 1}, "no offence"),
    ],
)
def test_two_headers_that_break_nothing_do_not_convict(change, words):
    net, blocks = calm()
    with pytest.raises(BadEvidence, match=words):
        verdict(net, proposals(net, blocks[3], 2, **change))


def test_a_forged_signature_convicts_nobody():
    net, blocks = calm()
    record = proposals(net, blocks[3], 2, timestamp_ms=blocks[3].header.time_ms + 1)
    one = parse_signed_header(record.first)
    forged = SignedHeader(replace(one.header, signature=bytes(64)), one.key)
    with pytest.raises(BadEvidence, match="did not sign"):
        verdict(net, replace(record, first=forged.raw))


def test_votes_of_one_round_and_votes_behind_their_source_convict():
    net, blocks = calm()
    later = max(blocks, key=lambda entry: entry.header.justify.height)
    twin = replace(blocks[4], block=replace(
        blocks[4].block,
        header=replace(blocks[4].block.header, timestamp_ms=5),
    ))  # fmt: skip
    same_round = votes(net, blocks[4], blocks[4], TWO_VOTES)
    two = parse_signed_vote(same_round.second)
    other = replace(two, header=twin.block.header)
    side = net.world.sidechain("alpha")
    message = vote_message(side.tree.spec.chain_id, other.header.hash)
    other = replace(other, signature=sign(side.nodes[1].xprv, message))

    assert verdict(net, replace(same_round, second=other.raw)) == (
        "two votes in one round"
    )
    with pytest.raises(BadEvidence, match="two blocks"):
        verdict(net, same_round)
    with pytest.raises(BadEvidence, match="is allowed"):
        verdict(net, votes(net, blocks[5], later, VOTE_BEHIND))


def test_a_vote_behind_its_source_convicts_and_in_the_right_order_only():
    net, blocks = calm()
    old = blocks[3]
    high = parse_signed_vote(votes(net, blocks[6], blocks[6], TWO_VOTES).first)
    side = net.world.sidechain("alpha")
    header = replace(old.block.header, round=high.header.round + 5)
    message = vote_message(side.tree.spec.chain_id, header.hash)
    source = side.tree[old.header.justify.hash]
    behind = SignedVote(
        "vote", 0, header, source.block.header if source.height else None, high.key,
        sign(side.nodes[1].xprv, message),
    )  # fmt: skip

    assert verdict(net, Evidence(VOTE_BEHIND, high.raw, behind.raw)) == (
        "a vote behind an earlier vote's source"
    )
    with pytest.raises(BadEvidence):
        verdict(net, Evidence(VOTE_BEHIND, behind.raw, high.raw))


def test_a_good_block_convicts_nobody_and_a_strangers_key_neither():
    net, blocks = calm()
    entry = blocks[4]
    side = net.world.sidechain("alpha")
    makers = [n for n in side.nodes if n.program == entry.block.transactions[0]
              .outputs[0].program]  # fmt: skip
    record = Evidence(BAD_BLOCK, entry.block.raw, makers[0].key)
    with pytest.raises(BadEvidence, match="breaks no rule"):
        verdict(net, record)

    def angry(block: object) -> object:
        raise BadEvidence("it is bad")

    head = side.tree[side.head]
    assert convict(record, court(net, side.tree, head, angry)).key == makers[0].key
    beta = net.world.sidechain("beta").nodes[0]
    with pytest.raises(BadEvidence, match="did not sign"):
        verdict(net, replace(record, second=beta.key))


def test_evidence_is_good_once_and_not_for_ever():
    net = network(THREE)
    net.start_fault("equivocate", "alpha", "v2")
    with hurry(net):
        run_until(net, lambda: bool(said(net, OffenceProven)))
    side = net.world.sidechain("alpha")
    entry = side.tree[side.head]
    while not evidence_in(entry.block):
        entry = side.tree[entry.header.previous]
    record = evidence_in(entry.block)[0]
    parent = side.tree[entry.header.previous]

    assert convict(record, court(net, side.tree, parent)).key == side.nodes[1].key
    with pytest.raises(BadEvidence, match="is convicted since block"):
        convict(record, court(net, side.tree, side.tree[side.head]))
    spec = replace(side.tree.spec, unbond_blocks=0)
    with pytest.raises(BadEvidence, match="out of date"):
        convict(record, court(net, replace(side.tree, spec=spec), parent))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from((1, 2, 3, 4)),
    st.binary(max_size=300),
    st.binary(max_size=300),
)
def test_any_bytes_are_refused_by_name(offence, first, second):
    net, _ = calm()
    side = net.world.sidechain("alpha")
    with pytest.raises(DevnetError):
        convict(
            Evidence(offence, first, second),
            court(net, side.tree, side.tree[side.head]),
        )


def test_an_offence_of_before_a_swap_is_convicted_after_it_under_another_rule():
    """Regression: the new rule's sealer put it in a block that nobody could accept."""
    net = network((SidechainSpec("alpha", "poa"),))
    with hurry(net):
        run_until(net, lambda: net.show("alpha")["height"] > 3)
        closing = net.request_swap("alpha", "solo", validators=("v1", "v3", "v4"))
        run_until(net, lambda: net.show("alpha")["height"] >= closing)
        net.start_fault("propose-invalid", "alpha", "v2")
        run_until(net, lambda: bool(said(net, OffenceProven)))
        run(net, 3_000)
    (proven,) = said(net, OffenceProven)

    assert proven.validator == "v2"
    assert proven.height > said(net, RuleSwapped)[0].height
    assert net.show("alpha")["final"] > proven.height
    assert all_books_hold(net)


def test_a_swap_that_seats_a_convict_is_refused_or_dropped_and_the_chain_goes_on():
    """Regression: approved before the conviction, it made every later block bad."""
    net = network((SidechainSpec("alpha", "poa"),))
    # Too few approve before the conviction.
    deaf = [net.start_fault("missing-engine", "alpha", name) for name in ("v3", "v4")]
    net.start_fault("equivocate", "alpha", "v2")
    with hurry(net):
        net.request_swap("alpha", "solo", at=100, validators=("v1", "v2"))
        run_until(net, lambda: bool(said(net, OffenceProven)))
        for fault in deaf:
            net.mend(fault.id)
        run_until(net, lambda: net.show("alpha")["validators"] == ["v1", "v3", "v4"])
    (dropped,) = said(net, SwapDropped)
    with pytest.raises(Banned, match="v2 lost its seat"):
        net.request_swap("alpha", "solo", validators=("v1", "v2"))

    assert dropped.reason == "it seats v2, who lost the seat for ever"
    assert all_books_hold(net)
