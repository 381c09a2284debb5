"""Mainchains in files: real nodes' chains come in, broken ones are refused by rule."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from devnet.engine.bc.block import Block, parse_block
from devnet.engine.bc.difficulty import INITIAL_SEED
from devnet.engine.errors import DevnetError
from devnet.engine.mainchain.foreign import works_ahead
from devnet.engine.mainchain.state import genesis_tree
from devnet.exchange import (
    Holding,
    base_chain,
    import_chain,
    raw_lines,
    read_entries,
)
from devnet.starter import load_starter
from devnet.worker import InProcessWorks
from tests.vectors import vectors

NOW_S = 1_800_000_000
PASSES = bytes(32)
"""A work that meets every target."""
FIXTURES = Path(__file__).parents[1] / "fixtures"


class Works:
    """Works that are known beforehand; it counts what else was wanted."""

    def __init__(self, known: dict[bytes, bytes], default: bytes | None = None) -> None:
        self.known, self.default = known, default
        self.asked: list[bytes] = []

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        return self.known.get(header_hash, self.default)

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        self.asked += [header_hash for _, header_hash in pairs]

    def wait(self, timeout_s: float) -> bool:
        raise AssertionError("a work was awaited that nobody computes")

    def close(self) -> None:
        """Nothing to close."""


@cache
def empty(profile: str = "solonet") -> Holding:
    return base_chain(profile, empty=True)


def entries_of(*blocks: Block | str):
    lines = [one if isinstance(one, str) else one.raw.hex() for one in blocks]
    return read_entries(lines)


def starter_blocks(n_blocks: int) -> list[Block]:
    return [block for block, _ in load_starter("fast")[:n_blocks]]


def starter_works() -> Works:
    return Works({block.header.hash: work for block, work in load_starter("fast")})


def changed(block: Block, **fields: object) -> Block:
    header = replace(block.header, **fields)
    return Block(header, block.transactions)


def refusal(base: Holding, *blocks: Block | str, works=None, clock_s=NOW_S):
    """The error, and how many blocks were done before it."""
    heard = [0]
    with pytest.raises(DevnetError) as caught:
        import_chain(
            base, entries_of(*blocks), works or starter_works(), clock_s, heard.append
        )
    return caught.value, heard[-1]


# What real nodes made.


def test_a_chain_that_a_stock_node_mined_comes_in_with_all_its_work_computed():
    blocks = vectors("solonet-chain")["blocks"]
    works = InProcessWorks()
    known = blocks[2:-1]  # Computing all would take a second for nothing.
    works.remember(
        {(_bytes(one["seed"]), _bytes(one["hash"])): _bytes(one["work_hash"])
         for one in known}
    )  # fmt: skip

    done = import_chain(
        empty(), read_entries(one["raw_block"] for one in blocks), works, NOW_S
    )

    assert (done.n_taken, done.n_known) == (8, 1)
    for one in blocks:
        entry = done.tree[_bytes(one["hash"])]
        assert str(entry.work_sum) == str(one["work_sum"])
        assert list(entry.statuses) == one["status_fail"]
    assert done.view.tip.hex() == blocks[-1]["hash"]
    assert len(works.known()) == 8


@cache
def long_chain() -> Holding:
    data = vectors("solonet-long")
    works = Works({_bytes(one["hash"]): _long_works()[one["height"]]
                   for one in data["blocks"] if one["height"]})  # fmt: skip
    lines = (one["raw_block"] for one in data["blocks"])
    return import_chain(empty(), read_entries(lines), works, NOW_S)


@cache
def _long_works() -> dict[int, bytes]:
    found = json.loads((FIXTURES / "works" / "solonet-long.json").read_text())["works"]
    return {int(height): _bytes(work) for height, work in found.items()}


def test_a_long_chain_of_a_stock_node_comes_in_with_its_failed_transaction():
    done = long_chain()

    assert done.height == 109 and done.tree[done.view.tip].work_sum == 2200
    assert done.view.tip.hex() == vectors("solonet-long")["blocks"][-1]["hash"]
    assert sum(done.tree[done.view.tip].statuses) == 1


@pytest.mark.parametrize("height", [1, 64, 109])
def test_the_remembered_works_of_the_long_chain_are_the_real_ones(height):
    tree = genesis_tree("solonet")
    header = parse_block(
        _bytes(vectors("solonet-long")["blocks"][height]["raw_block"])
    ).header
    works = InProcessWorks()
    works.want(((tree.seed_for_child(tree[tree.genesis_hash]), header.hash),))
    works.wait(60)

    assert works.get(INITIAL_SEED, header.hash) == _long_works()[height]


def test_spending_in_wrong_ways_is_refused_as_by_the_reference():
    codes = {
        "utxo has been spent": "tx.output-missing",
        "fail to find utxo entry": "tx.output-missing",
        "coinbase utxo is not ready for use": "tx.immature-coinbase",
    }
    holding, answers = long_chain(), []

    for one in vectors("solonet-long")["then"]:
        works = Works({}, default=PASSES)  # The reference was not asked for work here.
        try:
            holding = import_chain(
                holding, read_entries([one["raw_block"]]), works, NOW_S
            )
            answers.append(("ok", None))
        except DevnetError as error:
            answers.append(("rejected", error.code))
        assert holding.view.tip.hex() == one["best_hash_after"], one["note"]

    refused = set()
    for one, (result, code) in zip(
        vectors("solonet-long")["then"], answers, strict=True
    ):
        wanted = codes.get(one["reason"])
        if parse_block(_bytes(one["raw_block"])).header.previous.hex() in refused:
            wanted = "block.orphan"  # What a refused block left out has no children.
        if result == "rejected":
            refused.add(one["hash"])
        assert (result, code) == (one["result"], wanted), one["note"]


# Out and in again.


@pytest.mark.parametrize("profile", ["fast", "solonet"])
def test_what_goes_out_comes_in_the_same(profile):
    ours = base_chain(profile)
    works = Works({block.header.hash: work for block, work in load_starter(profile)})

    lines = list(raw_lines(ours.tree, ours.view.tip))
    done = import_chain(empty(profile), read_entries(lines), works, NOW_S)

    assert len(lines) == ours.height + 1
    assert (done.view.tip, done.n_known) == (ours.view.tip, 1)
    assert list(raw_lines(done.tree, done.view.tip)) == lines


def test_the_genesis_block_need_not_be_in_the_file_and_empty_lines_do_not_count():
    blocks = starter_blocks(3)

    done = import_chain(
        empty("fast"), entries_of("", *blocks[:2], "  ", blocks[2]), starter_works(),
        NOW_S,
    )  # fmt: skip

    assert (done.height, done.n_taken, done.n_known) == (3, 3, 0)


def test_blocks_that_are_here_already_are_known_and_cost_nothing():
    works = starter_works()

    done = import_chain(
        base_chain("fast"), entries_of(*starter_blocks(9)), works, NOW_S
    )

    assert (done.height, done.n_taken, done.n_known) == (112, 0, 9)
    assert works.asked == []


def test_a_lower_branch_comes_in_and_is_not_followed():
    lines = [one["raw_block"] for one in vectors("solonet-chain")["blocks"]]
    base = base_chain("solonet")

    done = import_chain(base, read_entries(lines), Works({}, PASSES), NOW_S)

    assert done.n_taken == 8
    assert done.view.tip == base.view.tip


# What is refused, and where.


def test_a_refusal_names_height_line_and_rule_and_nothing_after_it_is_taken():
    first, second, third = starter_blocks(3)
    broken = changed(second, bits=second.header.bits + 1)

    error, n_done = refusal(empty("fast"), "", first, broken, third)

    assert (error.code, n_done) == ("block.bits", 1)
    assert error.message.startswith("block 2, line 3: bits are ")
    assert error.message.endswith("[block.bits, block bits is invalid]")
    assert (error.facts["block_height"], error.facts["line"]) == (2, 3)


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"version": 2}, "block.version"),
        ({"height": 3}, "block.height"),
        ({"timestamp": 1}, "block.timestamp"),
        ({"nonce": 2**40}, "block.work"),
        ({"tx_root": bytes(32)}, "block.work"),
    ],
)
def test_each_rule_of_a_header_has_its_name(fields, code):
    first, second, _ = starter_blocks(3)
    bad = changed(second, **fields)
    works = starter_works()
    works.known[bad.header.hash] = b"\xff" * 32

    error, _ = refusal(empty("fast"), first, bad, works=works)

    assert error.code == code


def test_no_work_is_computed_for_a_header_that_breaks_a_cheaper_rule():
    works = Works({})

    refusal(empty("fast"), changed(starter_blocks(1)[0], version=2), works=works)

    assert works.asked == []


def test_roots_and_coinbase_are_checked_behind_the_work():
    first = starter_blocks(1)[0]
    coinbase = first.transactions[0]
    greedy = replace(
        coinbase,
        outputs=(replace(coinbase.outputs[0], amount=coinbase.outputs[0].amount + 1),),
        received=None,
    )

    for block, code in (
        (changed(first, tx_root=bytes(32)), "block.tx-root"),
        (changed(first, status_root=bytes(32)), "block.status-root"),
        (Block(first.header, (greedy,)), "block.coinbase"),
    ):
        error, _ = refusal(empty("fast"), block, works=Works({}, PASSES))
        assert error.code == code


def test_a_transaction_that_breaks_a_rule_is_named_inside_the_refusal_of_its_block():
    first = starter_blocks(1)[0]
    twice = Block(first.header, (*first.transactions, *first.transactions))

    error, _ = refusal(empty("fast"), twice, works=Works({}, PASSES))

    assert error.code == "block.transaction"
    assert f"[block.transaction, {error.facts['cause']}]" in error.message


@pytest.mark.parametrize("late_s, ok", [(3600, True), (3601, False)])
def test_a_block_may_be_one_hour_ahead_of_the_clock_that_was_given(late_s, ok):
    first = starter_blocks(1)[0]
    clock_s = first.header.timestamp - late_s

    if ok:
        done = import_chain(empty("fast"), entries_of(first), starter_works(), clock_s)
        assert done.height == 1
    else:
        error, _ = refusal(empty("fast"), first, clock_s=clock_s)
        assert error.code == "block.timestamp"


@pytest.mark.parametrize(
    "text, code",
    [
        ("no hex", "codec.bad-hex"),
        ("030", "codec.bad-hex"),
        ("03", "codec.truncated"),
        ("01", "codec.bad-header-flags"),
    ],
)
def test_a_line_that_is_no_block_is_refused_when_its_turn_comes(text, code):
    first, second, _ = starter_blocks(3)

    error, n_done = refusal(empty("fast"), first, second, text)

    assert (error.code, n_done) == (code, 2)
    assert error.message.startswith("block 3, line 3: ")


def test_bytes_behind_a_block_are_refused():
    error, _ = refusal(empty("fast"), starter_blocks(1)[0].raw.hex() + "00")

    assert error.code == "codec.trailing-bytes"


def test_a_block_without_its_parent_is_refused():
    error, n_done = refusal(empty("fast"), starter_blocks(2)[1])

    assert (error.code, n_done) == ("block.orphan", 0)


@pytest.mark.parametrize("with_genesis", [True, False])
def test_a_chain_of_the_other_profile_is_refused_with_the_option_that_takes_it(
    with_genesis,
):
    lines = [one["raw_block"] for one in vectors("solonet-chain")["blocks"]]

    error, _ = refusal(empty("fast"), *(lines if with_genesis else lines[1:]))

    assert error.code == "block.genesis"
    assert "--profile solonet" in error.hint


def test_a_chain_of_another_network_is_refused_at_its_genesis_block():
    mainnet = next(
        one for one in vectors("genesis")["networks"] if one["chain_id"] == "mainnet"
    )

    error, _ = refusal(empty("solonet"), mainnet["raw_block"])

    assert error.code == "block.genesis"
    assert mainnet["hash"][:16] in error.message


# Looking ahead.


def test_works_are_asked_for_ahead_of_the_block_that_is_judged():
    blocks = starter_blocks(40)
    works = starter_works()

    import_chain(empty("fast"), entries_of(*blocks), works, NOW_S)

    first_wish = works.asked[:17]
    assert first_wish == [
        blocks[0].header.hash, *(block.header.hash for block in blocks[:16])
    ]  # fmt: skip


def test_the_seed_changes_behind_every_256th_block_also_when_looking_ahead():
    tree = genesis_tree("fast")
    previous, headers = tree[tree.genesis_hash].block.header, []
    for _ in range(600):
        header = replace(previous, height=previous.height + 1, previous=previous.hash)
        headers.append(header)
        previous = header

    pairs = works_ahead(tree, headers)

    hash_at = {header.height: header.hash for header in headers}
    seeds = {hash_at[header.height]: seed for (seed, _), header in
             zip(pairs, headers, strict=True)}  # fmt: skip
    for height, below in ((1, None), (256, None), (257, 256), (512, 256), (513, 512)):
        wanted = INITIAL_SEED if below is None else hash_at[below]
        assert seeds[hash_at[height]] == wanted


def test_what_follows_a_gap_is_not_looked_at():
    first, second, third = (block.header for block in starter_blocks(3))

    pairs = works_ahead(genesis_tree("fast"), [first, third, second])

    assert [header_hash for _, header_hash in pairs] == [first.hash]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text)
