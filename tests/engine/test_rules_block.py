"""Block rules against blocks of real nodes, and each rule's good and bad side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.bc import difficulty, merkle
from devnet.engine.bc.block import Block, BlockHeader, parse_block
from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.codec import from_hex
from devnet.engine.errors import BlockError
from devnet.engine.rules import block_errors
from devnet.engine.rules.block import (
    MOST_AHEAD_S,
    BlockFacts,
    ParentFacts,
    check_block,
    check_coinbase,
    check_header,
    check_roots,
    check_transactions,
    check_work,
    median_time_past,
    next_bits,
    parent_facts,
)
from devnet.engine.rules.memo import VerdictMemo
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.rules.verdict import Verdict
from tests.vectors import vectors

CHAIN = vectors("solonet-chain")["blocks"]
LONG = vectors("solonet-long")
STEPS = vectors("block-validation")["steps"]
WALK = vectors("difficulty")["chain_walk"]

GOOD_WORK = bytes(32)
"""Meets every positive target. For chains whose work the vectors do not give."""


def blocks_of(entries: Sequence[dict[str, Any]]) -> list[Block]:
    return [parse_block(from_hex(entry["raw_block"])) for entry in entries]


def facts_of(chain: Sequence[Block]) -> ParentFacts:
    """What the child of the last block must agree with."""
    return parent_facts(chain[-1].header, lambda height: chain[height].header)


def judge(chain: Sequence[Block], block: Block, work: bytes = GOOD_WORK) -> BlockFacts:
    now_s = max(block.header.timestamp, chain[-1].header.timestamp)
    return check_block(block, facts_of(chain), now_s=now_s, work_hash=work)


# Chains of real nodes.


def test_a_chain_of_the_stock_miner_passes_with_its_own_work() -> None:
    chain = blocks_of(CHAIN)
    for height in range(1, len(chain)):
        work = from_hex(CHAIN[height]["work_hash"])

        facts = judge(chain[:height], chain[height], work)

        assert list(facts.statuses) == CHAIN[height]["status_fail"]


def test_110_blocks_of_a_solonet_pass_and_so_does_a_failed_transaction() -> None:
    chain = blocks_of(LONG["blocks"])
    facts = [judge(chain[:height], chain[height]) for height in range(1, len(chain))]

    assert sum(sum(fact.statuses) for fact in facts) == 1
    assert any(facts[-1].statuses), "block 109 has one that only pays its fee"
    assert facts[-1].fees > 0


def test_blocks_that_spend_wrongly_break_no_rule_of_their_own() -> None:
    """Double spends and immature coinbases are seen when a block is connected."""
    known = {block.hash: block for block in blocks_of(LONG["blocks"])}
    for block in blocks_of(LONG["then"]):
        branch = [block]
        while branch[0].header.height > 0:
            branch.insert(0, known[branch[0].header.previous])

        judge(branch[:-1], block)
        known[block.hash] = block


def test_the_statuses_of_a_block_are_those_the_node_proved() -> None:
    vector = vectors("spv-block")
    block = parse_block(from_hex(vector["raw_block"]))

    facts = check_transactions(block.transactions, height=block.header.height)

    assert list(facts.statuses) == vector["status_fail"]
    check_roots(
        block.transactions,
        facts.statuses,
        block.header.tx_root,
        block.header.status_root,
    )
    check_coinbase(
        block.transactions, difficulty.subsidy(block.header.height) + facts.fees
    )


def test_blocks_given_to_a_node_one_by_one_get_the_nodes_answers() -> None:
    """Work is taken as good, but for the block that is refused for its work."""
    known = {block.hash: block for block in blocks_of(CHAIN[:1])}
    for step in STEPS:
        block = parse_block(from_hex(step["raw_block"]))
        misses = "invalid difficulty" in (step["reason"] or "")
        answer = outcome(
            known,
            block,
            now_s=step.get("clock", block.header.timestamp),
            work_hash=b"\xff" * 32 if misses else GOOD_WORK,
        )

        if step["result"] == "ok":
            assert answer is None, step["note"]
            known[block.hash] = block
        else:
            assert answer is not None, step["note"]
            assert text_matches(answer, step["reason"]), step["note"]


def outcome(
    known: dict[bytes, Block], block: Block, *, now_s: int, work_hash: bytes
) -> block_errors.BlockRefusal | None:
    chain = [known[block.header.previous]]
    while chain[0].header.height > 0:
        chain.insert(0, known[chain[0].header.previous])
    try:
        check_block(block, facts_of(chain), now_s=now_s, work_hash=work_hash)
    except block_errors.BlockRefusal as refusal:
        return refusal
    return None


def text_matches(refusal: block_errors.BlockRefusal, reason: str) -> bool:
    """The rule's text of the specification stands in the node's answer."""
    if isinstance(refusal, block_errors.BadTransaction):
        texts = {
            "CoinbaseArbitraryOversize": "coinbase arbitrary size is larger than limit",
            "NotStandardTx": "not standard transaction",
        }
        return texts[str(refusal.facts["name"])] in reason
    return refusal.text in reason


# Headers without work: 8200 of them, with four retargets.


def walk_headers() -> list[BlockHeader]:
    """The chain that difficulty.json describes in words."""
    base, timestamp = int(WALK["base"]), int(WALK["genesis_timestamp"])
    headers: list[BlockHeader] = []
    for height in range(WALK["tip_height"] + 1):
        bits, previous = int(WALK["genesis_bits"]), bytes(32)
        if headers:
            bits = next_bits(headers[-1], headers.__getitem__)
            previous = headers[-1].hash
            timestamp += step_of(height, base)
        header = BlockHeader(
            1, height, previous, timestamp, bytes(32), bytes(32), 7 * height, bits
        )
        headers.append(header)
    return headers


def step_of(height: int, base: int) -> int:
    if height % 5 == 0:
        return -17
    if height <= 2016:
        return base
    if height <= 4032:
        return base * 3 // 2
    return base // 3 if height <= 6048 else base * 2


def test_8200_headers_have_the_references_bits_and_median_times() -> None:
    headers = walk_headers()

    for point in WALK["points"]:
        header = headers[point["height"]]
        assert header.hash.hex() == point["hash"]
        assert header.bits == int(point["bits"])
        median = median_time_past(header, headers.__getitem__)
        assert median == int(point["median_time_past_for_next"])


# Each rule, one by one.

PARENT = ParentFacts(
    height=8, hash=b"\x08" * 32, next_bits=0x200000000000CCCC, median_time_s=1000
)
GOOD = BlockHeader(1, 9, PARENT.hash, 1001, bytes(32), bytes(32), 0, PARENT.next_bits)


def test_a_header_that_agrees_with_its_parent_passes() -> None:
    check_header(GOOD, PARENT, now_s=1001)
    check_header(replace(GOOD, timestamp=5000 + MOST_AHEAD_S), PARENT, now_s=5000)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"version": 2}, block_errors.VersionRegression),
        ({"version": 0}, block_errors.VersionRegression),
        ({"height": 10}, block_errors.MisorderedHeight),
        ({"height": 8}, block_errors.MisorderedHeight),
        ({"bits": PARENT.next_bits + 1}, block_errors.WrongBits),
        ({"bits": PARENT.next_bits - 1}, block_errors.WrongBits),
        ({"previous": bytes(32)}, block_errors.MismatchedParent),
        ({"timestamp": 1000}, block_errors.BadTimestamp),
        ({"timestamp": 1001 + MOST_AHEAD_S + 1}, block_errors.BadTimestamp),
        ({"version": 2, "height": 1, "timestamp": 0}, block_errors.VersionRegression),
        ({"height": 1, "bits": 0, "timestamp": 0}, block_errors.MisorderedHeight),
    ],
)
def test_a_header_is_refused_for_the_first_rule_that_it_breaks(
    changes: dict[str, Any], wanted: type[BlockError]
) -> None:
    with pytest.raises(wanted):
        check_header(replace(GOOD, **changes), PARENT, now_s=1001)


def test_work_equal_to_the_target_is_enough() -> None:
    target = difficulty.compact_to_big(GOOD.bits)

    check_work(GOOD, target.to_bytes(32, "little"))
    with pytest.raises(block_errors.WorkTooLow):
        check_work(GOOD, (target + 1).to_bytes(32, "little"))


def coinbase(*outputs: Output, side: bool = False) -> Transaction:
    return Transaction(1, 0, (Coinbase(b"\x009"),), outputs, side)


PAYS = Output(BTM, 500, b"\x51")
RECORD = Output(BTM, 0, retire_program(b"BSR1\x20x"))


def refused_coinbase(*outputs: Output, side: bool = False, owed: int = 500) -> bool:
    try:
        check_coinbase([coinbase(*outputs, side=side)], owed)
    except block_errors.WrongCoinbase:
        return True
    return False


def test_a_coinbase_pays_exactly_what_is_owed_in_one_output() -> None:
    assert not refused_coinbase(PAYS)
    assert refused_coinbase(PAYS, owed=499)
    assert refused_coinbase(PAYS, owed=501)
    assert refused_coinbase(PAYS, Output(BTM, 0, b"\x51"))
    assert refused_coinbase(Output(BTM, 500, b"\x6a"))
    with pytest.raises(block_errors.WrongCoinbase):
        check_coinbase([], 500)


def test_a_sidechain_coinbase_may_have_records_of_nothing_behind_its_output() -> None:
    assert not refused_coinbase(PAYS, RECORD, RECORD, side=True)
    assert refused_coinbase(PAYS, RECORD, side=False)
    assert refused_coinbase(PAYS, PAYS, side=True)
    assert refused_coinbase(RECORD, side=True, owed=0)
    assert refused_coinbase(PAYS, replace(RECORD, amount=1), side=True)
    assert not refused_coinbase(replace(PAYS, amount=0), side=True, owed=0)


def test_a_block_with_an_invalid_transaction_says_which_and_why() -> None:
    good, bad = coinbase(PAYS), coinbase(PAYS, side=False)

    with pytest.raises(block_errors.BadTransaction) as caught:
        check_transactions([good, bad], height=9)

    assert caught.value.facts["index"] == 1
    assert caught.value.facts["name"] == "WrongCoinbaseTransaction"
    assert caught.value.facts["cause"] == "tx.coinbase-place"


def spends_gas(gas_used: int) -> Callable[..., Verdict]:
    return lambda tx, **_: Verdict("valid", None, 0, gas_used, 0, 0)


def test_a_block_may_use_ten_million_gas_and_no_unit_more() -> None:
    txs = [coinbase(PAYS)] * 4

    facts = check_transactions(txs, height=9, validate=spends_gas(2_500_000))

    assert facts.gas_used == 10_000_000
    with pytest.raises(block_errors.TooMuchGas):
        check_transactions(txs, height=9, validate=spends_gas(2_500_001))


def test_each_root_is_checked_for_itself() -> None:
    txs, statuses = [coinbase(PAYS)], [False]
    tx_root = merkle.tx_root([tx.id for tx in txs])
    status_root = merkle.status_root(statuses)

    check_roots(txs, statuses, tx_root, status_root)
    with pytest.raises(block_errors.WrongTxRoot):
        check_roots(txs, statuses, bytes(32), status_root)
    with pytest.raises(block_errors.WrongStatusRoot):
        check_roots(txs, statuses, tx_root, merkle.status_root([True]))


def test_a_second_node_takes_the_verdicts_of_the_first() -> None:
    chain = blocks_of(LONG["blocks"])
    memo, n_judged = VerdictMemo(), 0

    def counted(tx: Transaction, **place: Any) -> Verdict:
        nonlocal n_judged
        n_judged += 1
        return validate_transaction(tx, **place)

    block = chain[109]
    first = check_transactions(block.transactions, height=109, validate=memo)
    again = check_transactions(block.transactions, height=109, validate=memo)
    plain = check_transactions(block.transactions, height=109, validate=counted)

    assert first == again == plain
    assert n_judged == len(block.transactions)


def test_each_refusal_has_a_code_and_the_references_text() -> None:
    kinds = block_errors.BlockRefusal.__subclasses__()

    assert len({kind.code for kind in kinds}) == len(kinds) == 11
    assert all(kind.code.startswith("block.") and kind.text for kind in kinds)
