"""May this sidechain block follow that one: each rule, and the same verdict for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from devnet.engine.actors import collecting
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.sideblock import (
    SideBlock,
    SideHeader,
    params_text,
    parse_side_block,
    proposal_message,
)
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import Certificate, Checkpoint, Propose
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.state import genesis_tree
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.judge import fill, judge
from devnet.engine.sidechain.node import Ballot, VoteRefused
from devnet.engine.sidechain.state import (
    SideEntry,
    SideTree,
    genesis_entry,
)
from devnet.engine.sidechain.swap import approve_message
from devnet.engine.sidechain.tampers import TAMPERS
from devnet.plugins import load_engine
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    THREE,
    change_node,
    deposit,
    hurry,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    validator,
)
from tests.engine.tips import story

NOTICE = 10


# The same verdict for everybody, now and later.


@pytest.fixture(scope="module")
def told() -> Network:
    """A world with deposits, payments, fees and two swaps behind it."""
    return story(7)


def branch_of(tree: SideTree, head: bytes) -> list[SideEntry]:
    """From the first block above genesis to a head."""
    blocks = []
    while tree[head].height:
        blocks.insert(0, tree[head])
        head = tree[head].header.previous
    return blocks


@pytest.mark.parametrize("chain", ["alpha", "beta", "gamma", "delta"])
def test_a_sidechain_judged_again_from_raw_bytes_comes_to_the_same_states(
    chain: str, told: Network
):
    side = told.world.sidechain(chain)
    first = side.tree[side.tree.spec.chain_id]
    tree = SideTree(side.tree.spec).with_entry(
        genesis_entry(parse_side_block(first.block.raw), first.state.rules)
    )
    blocks = branch_of(side.tree, side.head)
    assert len(blocks) >= 3
    for known in blocks:
        block = parse_side_block(known.block.raw)
        engine = load_engine(block.header.engine)
        fresh = judge(tree, told.world.tree, engine, block, block.header.timestamp_ms)
        assert replace(fresh, block=known.block) == known
        assert fresh.block.raw == known.block.raw
        tree = tree.with_entry(fresh)


def test_the_mainchain_judged_again_from_raw_bytes_comes_to_the_same_states(
    told: Network,
):
    tree, blocks = told.world.tree, []
    tip = told.world.main_tip
    while tree[tip].height:
        blocks.insert(0, tree[tip])
        tip = tree[tip].block.header.previous
    shipped = {block.hash: work for block, work in told.environment.starter}
    again = genesis_tree(tree.profile.name)
    works = told.environment.works
    for known in blocks:
        block = type(known.block)(known.block.header, known.block.transactions)
        seed = again.seed_for_child(again[block.header.previous])
        work = shipped.get(block.hash) or works.get(seed, block.hash)
        again = again.with_block(block, work, block.header.timestamp)
        fresh = again[block.hash]
        assert fresh.state == known.state
        assert (fresh.work_sum, fresh.change) == (known.work_sum, known.change)

    assert len(blocks) > 115


# Blocks made by hand.


@pytest.fixture(scope="module")
def world() -> Network:
    """Alice has coins on gamma, one lock is settled and not yet claimed."""
    net = network(ONE_SOLO, depth=1, n_collectors=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    name = net.lock("alice", 5 * BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: net.transfer(name).stage == "proof")
    return net


class Maker:
    """Makes blocks on gamma's head, honest but for what a test changes."""

    def __init__(self, net: Network) -> None:
        self.net = net
        (self.side,) = net.world.sidechains
        self.tree = self.side.tree
        self.parent = self.tree[self.side.head]
        self.sealer = validator(net, "gamma", "v1")
        settled = main_block(net, net.main_height() - 1)
        self.anchor = Checkpoint(net.main_height() - 1, settled)

    def payments(self, n: int = 1) -> list[Transaction]:
        """Payments on gamma that nobody has heard of."""
        twin = Network.__new__(Network)
        twin.__dict__.update(self.net.__dict__)
        twin.events, twin.stores, twin._listeners = list(self.net.events), {}, []
        for _ in range(n):
            twin.transfer_value("alice", "bob", BTM_UNITS, "BTM", "gamma")
        return [item.tx for item in validator(twin, "gamma", "v1").pool.transactions()]

    def claim(self) -> Transaction:
        """The claim of the settled lock."""
        turn = meddle(self.net)
        lock = collecting.settled_lock(turn, self.net.transfer("d2"))
        return collecting.make_claim(turn, lock)[0]

    def block(
        self, txs: list[Transaction] | None = None, records: list[bytes] | None = None
    ) -> SideBlock:
        """A block that follows every rule, unsigned."""
        time_ms = self.parent.header.time_ms + 1000
        wish = Propose(
            self.parent.hash,
            self.parent.height + 1,
            time_ms,
            Checkpoint(self.parent.height, self.parent.hash),
        )
        filled = fill(
            self.tree, self.net.world.tree, wish, self.anchor, txs or [],
            records or [], self.sealer.program,
        )  # fmt: skip
        return filled.block

    def signed(self, block: SideBlock, **changes: object) -> SideBlock:
        """The block with other header fields, signed as its sealer would."""
        header = replace(block.header, **changes)  # type: ignore[arg-type]
        message = proposal_message(self.tree.spec.chain_id, header.hash)
        return replace(
            block, header=replace(header, signature=sign(self.sealer.xprv, message))
        )

    def rebuilt(self, block: SideBlock, txs: list[Transaction]) -> SideBlock:
        """The block with other transactions, roots made to fit."""
        header = replace(
            block.header,
            tx_root=tx_root([tx.id for tx in txs]),
            status_root=status_root([False] * len(txs)),
        )
        return self.signed(SideBlock(header, tuple(txs)))

    def judge(self, block: SideBlock) -> SideEntry:
        """The verdict."""
        engine = load_engine(block.header.engine)
        now_ms = self.parent.header.time_ms + 2000
        return judge(self.tree, self.net.world.tree, engine, block, now_ms)


@pytest.fixture
def maker(world: Network) -> Maker:
    return Maker(world)


def test_a_block_made_by_hand_is_good(maker: Maker):
    txs = [*maker.payments(2), maker.claim()]
    entry = maker.judge(maker.signed(maker.block(txs)))

    assert entry.height == maker.parent.height + 1
    assert len(entry.claims) == 1
    assert entry.fee_sum > 0
    assert entry.block.transactions[0].outputs[0].amount == entry.fee_sum
    assert entry.state.claimed_sum[BTM] == 55 * BTM_UNITS
    assert entry.final == Checkpoint(entry.height, entry.hash)


Change = Callable[[Maker, SideHeader], dict[str, object]]

BAD_HEADERS: dict[str, tuple[str, Change]] = {
    "version": ("block.side-header", lambda m, h: {"version": 2}),
    "height": ("block.side-header", lambda m, h: {"height": h.height + 1}),
    "time": (
        "block.side-header",
        lambda m, h: {"timestamp_ms": m.parent.header.time_ms},
    ),
    "epoch": ("block.side-header", lambda m, h: {"epoch": 1}),
    "engine": ("block.side-header", lambda m, h: {"engine": "poa"}),
    "rules hash": ("block.side-header", lambda m, h: {"rules_hash": bytes(32)}),
    "round": ("block.side-header", lambda m, h: {"round": m.parent.header.round}),
    "no such anchor": (
        "block.anchor",
        lambda m, h: {"anchor": Checkpoint(113, b"\x01" * 32)},
    ),
    "anchor of another height": (
        "block.anchor",
        lambda m, h: {"anchor": replace(h.anchor, height=h.anchor.height - 1)},
    ),
    "anchor that goes back": (
        "block.anchor",
        lambda m, h: {"anchor": Checkpoint(100, main_block(m.net, 100))},
    ),
    "transactions root": ("block.side-body", lambda m, h: {"tx_root": bytes(32)}),
    "status root": ("block.side-statuses", lambda m, h: {"status_root": bytes(32)}),
    "round that is not the engine's": (
        "consensus.wrong-round",
        lambda m, h: {"round": h.round + 5},
    ),
    "justify": (
        "consensus.wrong-justify",
        lambda m, h: {"justify": Checkpoint(0, m.tree.spec.chain_id)},
    ),
    "a clock ahead of ours": (
        "consensus.from-the-future",
        lambda m, h: {"timestamp_ms": h.timestamp_ms + 60_000},
    ),
}


@pytest.mark.parametrize("what", BAD_HEADERS)
def test_a_header_that_does_not_follow_is_refused(what: str, maker: Maker):
    code, change = BAD_HEADERS[what]
    block = maker.block(maker.payments())
    with pytest.raises(DevnetError) as caught:
        maker.judge(maker.signed(block, **change(maker, block.header)))

    assert caught.value.code == code


def test_an_anchor_of_a_branch_that_lost_is_no_descendant(world: Network):
    maker = Maker(world)
    (rival, *_) = mine_branch(world, main_block(world, 112), 1)
    block = maker.block()
    fresh = Maker(world)
    with pytest.raises(DevnetError) as caught:
        fresh.judge(maker.signed(block, anchor=Checkpoint(113, rival)))

    assert caught.value.code == "block.anchor"


def test_only_the_sealer_signs(maker: Maker):
    block = maker.block()
    stranger = validator(maker.net, "gamma", "v2")
    maker.sealer = stranger
    with pytest.raises(DevnetError) as caught:
        maker.judge(maker.signed(block))

    assert caught.value.code == "consensus.wrong-proposer"


def coinbase(maker: Maker, *outputs: Output) -> Transaction:
    return Transaction(1, 0, (Coinbase(b"\x00by hand"),), outputs, side=True)


def test_the_coinbase_pays_the_fees_and_nothing_more(maker: Maker):
    txs = maker.payments(2)
    block = maker.block(txs)
    (honest, *_), program = block.transactions, maker.sealer.program
    fees = honest.outputs[0].amount
    gold = maker.net.asset("GOLD").id
    for code, outputs in (
        ("block.side-body", (Output(BTM, fees + 1, program),)),
        ("block.side-body", (Output(BTM, fees - 1, program),)),
        ("block.side-body", (Output(BTM, 0, program),)),
        ("tx.coinbase-asset", (Output(gold, fees, program),)),
        ("tx.gas", (Output(BTM, fees, program), Output(BTM, 1, program))),
        ("tx.no-source", (Output(BTM, fees, program), Output(gold, 5, program))),
        ("block.side-body", (Output(BTM, fees, program), Output(BTM, 0, program))),
    ):
        with pytest.raises(DevnetError) as caught:
            maker.judge(maker.rebuilt(block, [coinbase(maker, *outputs), *txs]))
        assert caught.value.code == code, outputs


def test_a_block_without_a_coinbase_or_with_two_is_refused(maker: Maker):
    txs = maker.payments(1)
    block = maker.block(txs)
    (first, *_) = block.transactions
    for body in ([], txs, [*txs, first], [first, *txs, first]):
        with pytest.raises(DevnetError):
            maker.judge(maker.rebuilt(block, body))


def test_a_payment_in_a_block_twice_or_out_of_order_is_refused(maker: Maker):
    first, second = maker.payments(2)
    block = maker.block([first, second])
    (reward, *_) = block.transactions
    for body in ([reward, first, first], [reward, second, first]):
        with pytest.raises(DevnetError) as caught:
            maker.judge(maker.rebuilt(block, body))
        assert caught.value.code == "tx.output-missing"


def test_a_lock_is_claimed_once_in_a_block_and_once_in_a_chain(maker: Maker):
    claim = maker.claim()
    block = maker.block([claim])
    (reward, *_) = block.transactions
    with pytest.raises(DevnetError) as caught:
        maker.judge(maker.rebuilt(block, [reward, claim, claim]))
    assert caught.value.code == "claim.replayed"
    entry = maker.judge(maker.signed(block))
    maker.tree, maker.parent = maker.tree.with_entry(entry), entry
    assert maker.block([claim]).transactions[1:] == (), "a proposer leaves it out"
    again = maker.block()
    with pytest.raises(DevnetError) as caught:
        maker.judge(maker.rebuilt(again, [*again.transactions, claim]))

    assert caught.value.code == "claim.replayed"


@pytest.mark.parametrize("tamper", sorted(TAMPERS))
def test_no_forged_claim_is_good_in_a_block(tamper: str, maker: Maker):
    forged = TAMPERS[tamper](maker.claim())
    block = maker.block()
    with pytest.raises(DevnetError) as caught:
        maker.judge(maker.rebuilt(block, [*block.transactions, forged]))

    assert getattr(caught.value, "check", "") == TAMPERS[tamper].check
    assert maker.block([forged]).transactions[1:] == (), "nor taken into one"


# Swap records.


def swap_record(maker: Maker, n_approvals: int = 3, **changes: object) -> SwapRecord:
    rules = maker.parent.state.rules
    params = params_text({"interval_ms": 500})
    closing = maker.parent.height + 1 + NOTICE
    record = SwapRecord(rules.epoch, "poa", params, closing, rules.validators)
    record = replace(record, **changes)  # type: ignore[arg-type]
    message = approve_message(maker.tree.spec.chain_id, record)
    names = [known.name for known in rules.validators][:n_approvals]
    proof = Certificate.of(
        {
            index: sign(validator(maker.net, "gamma", name).xprv, message)
            for index, name in enumerate(names)
        }
    )
    return replace(record, bitmap=proof.bitmap, signatures=proof.signatures)


def test_a_swap_record_with_a_quorum_and_its_notice_is_taken(maker: Maker):
    record = swap_record(maker)
    entry = maker.judge(maker.signed(maker.block(records=[record.program])))

    pending = entry.state.pending
    assert pending is not None
    assert pending.height == entry.height
    assert pending.record.closing_height == entry.height + NOTICE


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("approved by weight 2, needs 3", {"n_approvals": 2}),
        ("approved by weight 0", {"n_approvals": 0}),
        ("leaves less than 10 blocks", {"closing_height": 3}),
        ("leaves epoch 4", {"from_epoch": 4}),
    ],
)
def test_a_swap_record_that_breaks_a_rule_spoils_its_block(words, change, maker: Maker):
    record = swap_record(maker, **change)
    with pytest.raises(DevnetError, match=words) as caught:
        maker.judge(maker.signed(maker.block(records=[record.program])))

    assert caught.value.code == "block.swap-record"


def test_an_approval_of_another_record_does_not_count(maker: Maker):
    """Signed for one closing height, shown for another."""
    record = swap_record(maker)
    moved = replace(record, closing_height=record.closing_height + 1)
    with pytest.raises(DevnetError, match="approved by weight 0"):
        maker.judge(maker.signed(maker.block(records=[moved.program])))


def test_one_swap_record_at_a_time(maker: Maker):
    program = swap_record(maker).program
    with pytest.raises(DevnetError, match="second swap record"):
        maker.judge(maker.signed(maker.block(records=[program, program])))
    entry = maker.judge(maker.signed(maker.block(records=[program])))
    maker.tree, maker.parent = maker.tree.with_entry(entry), entry
    with pytest.raises(DevnetError, match="pending already"):
        maker.judge(maker.signed(maker.block(records=[swap_record(maker).program])))


def test_a_closing_block_with_content_is_refused():
    net = network((SidechainSpec("gamma", "poa"),), depth=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    closing = net.request_swap("gamma", "solo")
    with hurry(net):
        run_until(net, lambda: net.show("gamma")["height"] == closing + 1)
    (side,) = net.world.sidechains
    entry = side.tree[side.head]
    assert entry.is_closing()
    parent = side.tree[entry.header.previous]
    maker = Maker(net)
    txs = maker.payments(1)
    forged = SideBlock(
        replace(
            entry.block.header,
            tx_root=tx_root([tx.id for tx in (*entry.block.transactions, *txs)]),
            status_root=status_root([False, False]),
        ),
        (*entry.block.transactions, *txs),
    )
    data = int.from_bytes(entry.header.engine_data[:2], "big")
    maker.sealer = validator(net, "gamma", f"v{data + 1}")
    forged = maker.signed(forged)
    with pytest.raises(DevnetError, match="carries content") as caught:
        judge(
            side.tree, net.world.tree, load_engine("poa"), forged,
            entry.header.time_ms,
        )  # fmt: skip

    assert caught.value.code == "block.side-body"
    assert parent.height == closing


# The signer.


def test_v1_a_validator_votes_in_each_round_once_and_never_goes_back(maker: Maker):
    header = replace(maker.parent.header, round=7)
    ballot = Ballot().after_vote(header, 3)
    assert ballot == Ballot(voted_round=7, source_round=3)
    for round_ in (7, 6, 1):
        with pytest.raises(VoteRefused, match="V1"):
            ballot.after_vote(replace(header, round=round_), 3)
    assert ballot.after_vote(replace(header, round=8), 3).voted_round == 8


def test_v2_a_validator_never_votes_behind_its_source(maker: Maker):
    header = replace(maker.parent.header, round=7)
    ballot = Ballot().after_vote(header, 3)
    with pytest.raises(VoteRefused, match="V2"):
        ballot.after_vote(replace(header, round=8), 2)
    assert ballot.after_vote(replace(header, round=8), 3).source_round == 3
    assert ballot.after_vote(replace(header, round=8), 5).source_round == 5


def test_a_validator_proposes_in_each_round_once():
    ballot = Ballot().after_proposal(4)
    for round_ in (4, 3):
        with pytest.raises(VoteRefused, match="round 4 is signed already"):
            ballot.after_proposal(round_)
    assert ballot.after_proposal(5) == Ballot(proposed_round=5)


def test_voting_and_proposing_leave_each_other_alone():
    ballot = Ballot(voted_round=5, source_round=2, proposed_round=9)

    assert ballot.after_proposal(10) == Ballot(5, 2, 10)


@pytest.mark.parametrize("forbids", ["votes", "proposals"])
def test_the_signer_refuses_whatever_the_engine_says(forbids: str):
    """Ballots of a far future: no signature leaves any more, so the chain stands."""
    net = network(THREE[:1])
    with hurry(net):
        run(net, 3000)
        height = net.show("alpha")["height"]
        future = Ballot(10**6, 0, 0) if forbids == "votes" else Ballot(0, 0, 10**6)
        for name in ("v1", "v2", "v3", "v4"):
            node = validator(net, "alpha", name)
            ballots = node.ballots.insert(0, future)
            change_node(net, "alpha", name, ballots=ballots)
        final = net.show("alpha")["final"]
        run(net, 10_000)

    for name in ("v1", "v2", "v3", "v4"):
        ballot = validator(net, "alpha", name).ballots[0]
        if forbids == "votes":
            assert (ballot.voted_round, ballot.source_round) == (10**6, 0)
        else:
            assert ballot.proposed_round == 10**6
    if forbids == "votes":
        assert net.show("alpha")["height"] > height + 10, "blocks still come"
        assert net.show("alpha")["final"] <= final + 2, "and none is final"
    else:
        assert net.show("alpha")["height"] <= height + 1


def test_the_ballot_is_stored_before_the_vote_leaves():
    """Whoever has seen a vote finds it in its maker's ballot."""
    net = network(THREE[:1])
    net.set_hurry(1)
    for _ in range(40):
        run(net, 100)
        rounds = {}
        for due in net.world.schedule.waiting:
            vote = getattr(getattr(due.what, "message", None), "vote", None)
            if vote is not None:
                name = due.what.sender
                rounds[name] = max(rounds.get(name, 0), vote.round)
        for name, round_ in rounds.items():
            assert validator(net, "alpha", name).ballots[0].voted_round >= round_
