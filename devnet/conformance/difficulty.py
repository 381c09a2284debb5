"""difficulty.json: targets, work, retarget, subsidy, median time, a walk of headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Planned,
    Section,
    each,
    marks,
    parts,
    words,
)
from devnet.conformance.values import BadCase, as_number
from devnet.engine.bc import difficulty
from devnet.engine.bc.block import BlockHeader
from devnet.engine.rules.block import median_time_past, next_bits

MOST_WALK_BLOCKS = 100_000


def _expect_bits(case: Case, name: str, bits: int) -> None:
    """Bits stand twice: as a number and as 16 hex digits."""
    case.expect(name, bits)
    case.expect(f"{name}_hex", f"{bits:016x}")


def _compact_to_big(case: Case) -> None:
    bits = case.number("bits")
    _expect_bits(case, "bits", bits)
    target = difficulty.compact_to_big(bits)
    case.expect("target", target)
    case.expect("round_trip_bits", difficulty.big_to_compact(target))


def _big_to_compact(case: Case) -> None:
    bits = difficulty.big_to_compact(case.number("n"))
    _expect_bits(case, "bits", bits)
    case.expect("back", difficulty.compact_to_big(bits))


def _work(case: Case) -> None:
    case.expect("work", difficulty.work_of_bits(case.number("bits")))


def _meets_target(case: Case) -> None:
    work_hash = case.hex("work_hash")
    case.expect("as_integer", int.from_bytes(work_hash, "little"))
    case.expect("ok", difficulty.meets_target(work_hash, case.number("bits")))


def _retarget(case: Case) -> None:
    last, compare = case.inside("last"), case.inside("compare")
    height = last.number("height")
    bits = difficulty.next_bits(
        last.number("bits"), height, last.number("timestamp"),
        compare.number("timestamp"),
    )  # fmt: skip
    if difficulty.is_retarget_height(height):
        compare.expect("height", height - difficulty.BLOCKS_PER_RETARGET)
    else:
        compare.ignore("height")  # No block is looked at.
    _expect_bits(case, "next_bits", bits)
    case.expect("next_target", difficulty.compact_to_big(bits))


def _subsidy(case: Case) -> None:
    case.expect("subsidy", difficulty.subsidy(case.number("height", 0)))


def _median(case: Case) -> None:
    timestamps = case.numbers("timestamps")
    if not timestamps:
        raise BadCase(f"{case.place}.timestamps is empty")
    case.expect("median", difficulty.median_time(timestamps))


# A chain of headers without proof of work, as the file describes it in words.


class _Walk:
    """The chain of one file, built when its first point is judged."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._headers: list[BlockHeader] = []
        self._work_sums: list[int] = []

    def points(self, name: str, value: Any) -> Iterator[Planned]:
        """Each point is a case."""
        return each(self.point)(name, value)

    def point(self, case: Case) -> None:
        """One header of the chain, and what its child must agree with."""
        headers = self.headers()
        height = case.number("height")
        if not 0 <= height < len(headers):
            raise BadCase(f"{case.place}: the chain ends at {len(headers) - 1}")
        header = headers[height]
        case.expect("hash", header.hash)
        case.expect("timestamp", header.timestamp)
        _expect_bits(case, "bits", header.bits)
        case.expect("work_sum", self._work_sums[height])
        median = median_time_past(header, headers.__getitem__)
        case.expect("median_time_past_for_next", median)
        seed_height = difficulty.seed_height(height)
        case.expect("seed_is_hash_of_height", seed_height)
        if seed_height is None:
            case.expect("seed", difficulty.INITIAL_SEED)
        else:
            case.expect("seed", headers[seed_height].hash)

    def headers(self) -> list[BlockHeader]:
        """All headers from genesis to the tip that the file names."""
        if self._headers:
            return self._headers
        numbers = {
            name: as_number(self._told.get(name), f"chain_walk.{name}")
            for name in ("base", "genesis_bits", "genesis_timestamp", "tip_height")
        }
        if not 0 <= numbers["tip_height"] <= MOST_WALK_BLOCKS:
            raise BadCase(f"chain_walk.tip_height is above {MOST_WALK_BLOCKS}")
        headers: list[BlockHeader] = []
        work_sums: list[int] = []
        bits, timestamp = numbers["genesis_bits"], numbers["genesis_timestamp"]
        previous, work_sum = bytes(32), 0
        for height in range(numbers["tip_height"] + 1):
            if headers:
                bits = next_bits(headers[-1], headers.__getitem__)
                previous = headers[-1].hash
                timestamp += _step_s(height, numbers["base"])
            headers.append(
                BlockHeader(
                    1, height, previous, timestamp, bytes(32), bytes(32),
                    7 * height, bits,
                )
            )  # fmt: skip
            work_sum += difficulty.work_of_bits(bits)
            work_sums.append(work_sum)
        self._headers, self._work_sums = headers, work_sums
        return headers


def _step_s(height: int, base_s: int) -> int:
    """Seconds between a header and its parent; every fifth one goes back in time."""
    if height % 5 == 0:
        return -17
    if height <= 2016:
        return base_s
    if height <= 4032:
        return base_s * 3 // 2
    return base_s // 3 if height <= 6048 else base_s * 2


def _open(opened: Opened) -> Mapping[str, Section]:
    told = opened.content.get("chain_walk")
    walk = _Walk(told if isinstance(told, dict) else {})
    numbers = ("base", "genesis_bits", "genesis_timestamp", "tip_height")
    return {
        "compact_to_big": each(_compact_to_big),
        "big_to_compact": each(_big_to_compact),
        "work": each(_work),
        "meets_target": each(_meets_target),
        "retarget": each(_retarget),
        "subsidy": each(_subsidy),
        "median_time": parts({"cases": each(_median)}),
        "chain_walk": parts({"points": walk.points, **dict.fromkeys(numbers, words)}),
    }


DIFFICULTY = Family(
    "difficulty",
    marks(
        "compact_to_big: bits target round_trip_bits",
        "big_to_compact: n bits back",
        "work: bits work",
        "meets_target: work_hash bits ok",
        "retarget: last compare next_bits",
        "subsidy: height subsidy",
        "median_time: cases",
        "chain_walk: points tip_height",
    ),
    _open,
)
