"""Blocks and votes convict by what was signed, never by what others put around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.actors.witness import heard_vote
from devnet.engine.actors.witnessing import saw_bad_block
from devnet.engine.bc.evidence import BAD_BLOCK, BAD_VOTE, Evidence, SignedVote
from devnet.engine.bc.merkle import tx_root
from devnet.engine.bc.sideblock import SideBlock, proposal_message, vote_message
from devnet.engine.bc.transaction import BTM, Claim, Output, Transaction, with_arguments
from devnet.engine.interfaces import Vote
from devnet.engine.keys.chainkd import sign
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.court import Court
from devnet.engine.sidechain.judge import judge_body
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.offences import BadEvidence, accused, convict
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.tampers import TAMPERS
from tests.engine.support import BTM_UNITS, deposit, hurry, meddle, network, run


@cache
def calm() -> tuple[Network, SideEntry, SideEntry]:
    """A world, its block with a claim, and its block with a payment."""
    net = network((SidechainSpec("alpha", "poa"),), relay_fee_ppm=1000)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    net.withdraw("alice", 5 * BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run(net, 10_000)
    side = net.world.sidechain("alpha")
    found = {}
    entry = side.tree[side.head]
    while entry.height:
        if len(entry.block.transactions) > 1:
            found["claim" if entry.claims else "payment"] = entry
        entry = side.tree[entry.header.previous]
    return net, found["claim"], found["payment"]


def court(net: Network) -> Court:
    tree, main = net.world.sidechain("alpha").tree, net.world.tree
    head = tree[net.world.sidechain("alpha").head]
    return Court(tree, main, head, head.anchor, lambda it: judge_body(tree, main, it))


def maker_of(net: Network, block: SideBlock) -> SideNode:
    program = block.transactions[0].outputs[0].program
    return next(n for n in net.world.sidechain("alpha").nodes if n.program == program)


def signed(net: Network, block: SideBlock, *txs: Transaction, **header: object):
    """The block with another body, under its maker's signature."""
    maker, spec = maker_of(net, block), net.world.sidechain("alpha").tree.spec
    root = tx_root([tx.id for tx in txs])
    new = replace(block.header, **{"tx_root": root, **header})
    signature = sign(maker.xprv, proposal_message(spec.chain_id, new.hash))
    return SideBlock(replace(new, signature=signature), txs)


def against_maker(net: Network, block: SideBlock) -> Evidence:
    return Evidence(BAD_BLOCK, block.raw, maker_of(net, block).key)


def vote_for(net: Network, block: SideBlock, index: int) -> SignedVote:
    side = net.world.sidechain("alpha")
    seats = side.tree[block.header.previous].state.seated.validators
    node = next(it for it in side.nodes if it.key == seats[index].key)
    message = vote_message(side.tree.spec.chain_id, block.header.hash)
    signature = sign(node.xprv, message)
    return SignedVote("vote", 0, block.header, None, node.key, signature)


def refusal(net: Network, record: Evidence) -> str:
    with pytest.raises(BadEvidence) as caught:
        convict(record, court(net))
    return caught.value.message


def with_claim(change: Callable[[Transaction], Transaction]) -> SideBlock:
    """The block with its claim changed, all of it signed by its maker."""
    net, entry, _ = calm()
    coinbase, *rest = entry.block.transactions
    txs = [change(tx) if isinstance(tx.inputs[0], Claim) else tx for tx in rest]
    return signed(net, entry.block, coinbase, *txs)


BAD = ("amount", "asset", "script", "invented-lock", "parent", "recipient", "fee",
       "position", "second-claim")  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_block_with_a_claim_that_no_proof_could_save_convicts_maker_and_voter(name):
    net = calm()[0]
    block = with_claim(TAMPERS[name])
    assert (
        convict(against_maker(net, block), court(net)).key == maker_of(net, block).key
    )
    vote = vote_for(net, block, 2)
    record = Evidence(BAD_VOTE, block.raw, vote.raw)
    found = convict(record, court(net))
    assert found.key == accused(record) == vote.key
    assert found.offence == "a vote for a block that breaks a rule"


def test_a_claim_made_twice_in_a_block_or_claimed_before_convicts():
    net, entry, _ = calm()
    twice = (*entry.block.transactions, entry.block.transactions[1])
    assert convict(against_maker(net, signed(net, entry.block, *twice)), court(net))
    side = net.world.sidechain("alpha")
    head = side.tree[side.head]
    parent = side.tree[head.header.previous]
    assert parent.state.claimed.get(entry.claims[0].lock_id) is not None
    again = signed(net, head.block, head.block.transactions[0], *twice[1:2])
    assert convict(against_maker(net, again), court(net))


@pytest.mark.parametrize("name", ["hash", "flags", "nothing", "status", "header",
                                  "lock-bytes", "unsigned", "signature"])  # fmt: skip
def test_an_honest_block_whose_claim_was_spoilt_on_the_way_convicts_nobody(name: str):
    """Ids leave out the witness, so the maker's signature stays good."""
    net, entry, _ = calm()
    coinbase, claim, *rest = entry.block.transactions
    spoilt = TAMPERS[name](claim)
    block = SideBlock(entry.block.header, (coinbase, spoilt, *rest))
    words = refusal(net, against_maker(net, block))
    if name != "unsigned":  # There the outputs change, too.
        assert "spoilt" in words, words
    vote = Evidence(BAD_VOTE, block.raw, vote_for(net, block, 1).raw)
    assert refusal(net, vote) == words


def test_an_honest_header_around_other_bytes_convicts_nobody():
    net, _, entry = calm()
    coinbase, payment, *rest = entry.block.transactions
    arguments = (b"\x00" * 64, *payment.inputs[0].arguments[1:])
    spoilt = with_arguments(payment, 0, arguments)
    assert spoilt.id == payment.id
    block = SideBlock(entry.block.header, (coinbase, spoilt, *rest))
    assert "nothing is proven" in refusal(net, against_maker(net, block))
    greedy = replace(coinbase, outputs=(Output(BTM, 99, maker_of(net, block).program),))
    other = SideBlock(entry.block.header, (greedy, payment, *rest))
    assert "not the transactions" in refusal(net, against_maker(net, other))
    assert "not the transactions" in refusal(
        net, against_maker(net, SideBlock(entry.block.header, (coinbase,)))
    )


def test_statuses_convict_nobody_and_a_coinbase_that_pays_too_much_does():
    net, _, entry = calm()
    coinbase, *rest = entry.block.transactions
    statuses = signed(net, entry.block, coinbase, *rest, status_root=b"\x01" * 32)
    assert "spoilt" in refusal(net, against_maker(net, statuses))
    first = coinbase.outputs[0]
    more = replace(first, amount=first.amount + 1)
    greedy = replace(coinbase, outputs=(more, *coinbase.outputs[1:]), received=None)
    block = signed(net, entry.block, greedy, *rest)
    assert convict(against_maker(net, block), court(net))


def test_only_a_vote_for_this_very_block_convicts():
    net, entry, _ = calm()
    bad = with_claim(TAMPERS["recipient"])
    other = Evidence(BAD_VOTE, bad.raw, vote_for(net, entry.block, 1).raw)
    assert "for another block" in refusal(net, other)
    forged = replace(vote_for(net, bad, 1), key=vote_for(net, bad, 2).key)
    assert "did not vote" in refusal(net, Evidence(BAD_VOTE, bad.raw, forged.raw))
    good = Evidence(BAD_VOTE, entry.block.raw, vote_for(net, entry.block, 1).raw)
    assert "breaks no rule" in refusal(net, good)


@pytest.mark.parametrize("vote_first", [True, False])
def test_whoever_hears_a_bad_block_and_a_vote_for_it_accuses_both_signers(vote_first):
    net = calm()[0]
    bad = with_claim(TAMPERS["recipient"])
    maker = maker_of(net, bad).key
    seats = net.world.sidechain("alpha").tree[bad.header.previous].state.seated
    index = next(n for n, one in enumerate(seats.validators) if one.key != maker)
    one = vote_for(net, bad, index)
    head = bad.header
    vote = Vote(head.epoch, head.round, head.height, head.hash, index, one.signature)
    name = next(it.name for it in net.world.sidechain("alpha").nodes
                if it.key not in (maker, one.key))  # fmt: skip
    turn = meddle(net)
    if vote_first:
        heard_vote(turn, "alpha", name, vote)
    saw_bad_block(turn, "alpha", name, bad)
    if not vote_first:
        heard_vote(turn, "alpha", name, vote)
    assert set(turn.node("alpha", name).proofs) == {maker, one.key}


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 3000), change=st.integers(1, 255), junk=st.binary(max_size=50)
)
def test_spoilt_evidence_of_a_bad_vote_is_refused_by_name(cut, change, junk):
    net = calm()[0]
    block = with_claim(TAMPERS["recipient"])
    good = Evidence(BAD_VOTE, block.raw, vote_for(net, block, 1).raw)
    for field in ("first", "second"):
        raw = getattr(good, field)
        at = cut % len(raw)
        for wrong in (junk, raw[:at], raw + b"\x00"):
            assert refusal(net, replace(good, **{field: wrong}))
    at = cut % len(good.second)
    spoilt = bytearray(good.second)
    spoilt[at] ^= change
    try:
        found = convict(replace(good, second=bytes(spoilt)), court(net))
    except BadEvidence:
        return
    assert found.key == vote_for(net, block, 1).key
