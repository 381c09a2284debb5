"""Targets, work, retarget, subsidy and median time against the reference."""

from __future__ import annotations

from typing import Any

import pytest

from devnet.engine.bc import difficulty
from devnet.engine.bc.block import BlockHeader
from devnet.engine.codec import from_hex
from tests.vectors import vectors

VECTORS = vectors("difficulty")


@pytest.mark.parametrize("case", VECTORS["compact_to_big"], ids=lambda c: c["bits_hex"])
def test_bits_stand_for_the_references_target(case: dict[str, str]) -> None:
    bits, target = int(case["bits"]), int(case["target"])
    assert difficulty.compact_to_big(bits) == target
    assert difficulty.big_to_compact(target) == int(case["round_trip_bits"])


@pytest.mark.parametrize("case", VECTORS["big_to_compact"], ids=lambda c: c["bits_hex"])
def test_a_target_has_the_references_bits(case: dict[str, str]) -> None:
    assert difficulty.big_to_compact(int(case["n"])) == int(case["bits"])
    assert difficulty.compact_to_big(int(case["bits"])) == int(case["back"])


@pytest.mark.parametrize("case", VECTORS["work"], ids=lambda case: case["bits"])
def test_bits_are_worth_the_references_work(case: dict[str, str]) -> None:
    assert difficulty.work_of_bits(int(case["bits"])) == int(case["work"])


@pytest.mark.parametrize("case", VECTORS["meets_target"])
def test_a_work_hash_passes_or_not(case: dict[str, Any]) -> None:
    work_hash = from_hex(case["work_hash"])
    assert int.from_bytes(work_hash, "little") == int(case["as_integer"])
    assert difficulty.meets_target(work_hash, int(case["bits"])) == case["ok"]


@pytest.mark.parametrize("case", VECTORS["retarget"])
def test_the_next_bits_are_the_references(case: dict[str, Any]) -> None:
    last, compare = case["last"], case["compare"]
    bits = difficulty.next_bits(
        int(last["bits"]),
        int(last["height"]),
        int(last["timestamp"]),
        int(compare["timestamp"]),
    )
    assert bits == int(case["next_bits"])
    assert difficulty.compact_to_big(bits) == int(case["next_target"])


def test_a_window_is_a_signed_64_bit_span() -> None:
    forward = difficulty.next_bits(0x20000000000CCCCC, 2016, 302_400, 0)
    wrapped = difficulty.next_bits(0x20000000000CCCCC, 2016, 302_300, (1 << 64) - 100)
    assert wrapped == forward == 0x20000000000CCCCC


def test_bits_never_leave_64_bits() -> None:
    assert difficulty.big_to_compact(1 << 8 * 255) == 0x0000000000010000


@pytest.mark.parametrize("case", VECTORS["subsidy"], ids=lambda case: case["height"])
def test_the_subsidy_is_the_references(case: dict[str, str]) -> None:
    assert difficulty.subsidy(int(case["height"])) == int(case["subsidy"])


@pytest.mark.parametrize("case", VECTORS["median_time"]["cases"])
def test_the_median_time_is_the_references(case: dict[str, Any]) -> None:
    timestamps = [int(text) for text in case["timestamps"]]
    assert difficulty.median_time(timestamps) == int(case["median"])


def test_the_initial_seed_is_the_references() -> None:
    assert difficulty.INITIAL_SEED.hex() == vectors("genesis")["initial_seed"]


def test_the_seed_changes_one_block_after_each_256th() -> None:
    assert [difficulty.seed_height(h) for h in (0, 1, 256)] == [None] * 3
    assert [difficulty.seed_height(h) for h in (257, 512, 513)] == [256, 256, 512]


def step_of(height: int, base: int) -> int:
    """The timestamps that the vector's description prescribes."""
    if height % 5 == 0:
        return -17
    if height <= 2016:
        return base
    if height <= 4032:
        return base * 3 // 2
    return base // 3 if height <= 6048 else base * 2


def walk(first_bits: int, first_time: int, base: int, tip: int) -> list[BlockHeader]:
    root = bytes(32)
    chain = [BlockHeader(1, 0, root, first_time, root, root, 0, first_bits)]
    for height in range(1, tip + 1):
        parent = chain[-1]
        window = chain[max(0, parent.height - difficulty.BLOCKS_PER_RETARGET)]
        bits = difficulty.next_bits(
            parent.bits, parent.height, parent.timestamp, window.timestamp
        )
        time = parent.timestamp + step_of(height, base)
        header = BlockHeader(1, height, parent.hash, time, root, root, 7 * height, bits)
        chain.append(header)
    return chain


def test_a_chain_over_four_retargets_is_the_references() -> None:
    told = VECTORS["chain_walk"]
    chain = walk(
        int(told["genesis_bits"]),
        int(told["genesis_timestamp"]),
        int(told["base"]),
        told["tip_height"],
    )
    works = [difficulty.work_of_bits(header.bits) for header in chain]

    for point in told["points"]:
        height = point["height"]
        header = chain[height]
        assert header.timestamp == int(point["timestamp"])
        assert header.bits == int(point["bits"])
        assert header.hash.hex() == point["hash"]
        assert sum(works[: height + 1]) == int(point["work_sum"])
        times = [one.timestamp for one in chain[max(0, height - 20) : height + 1]]
        median = int(point["median_time_past_for_next"])
        assert difficulty.median_time(times) == median
        seeding = difficulty.seed_height(height)
        assert seeding == point["seed_is_hash_of_height"]
        seed = difficulty.INITIAL_SEED if seeding is None else chain[seeding].hash
        assert seed.hex() == point["seed"]
