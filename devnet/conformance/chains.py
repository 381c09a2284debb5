"""
block-validation.json, fork-choice.json, solonet-chain.json, solonet-long.json.

One node takes the blocks of a file in their order, with the engine's own tree, view and
rules, proof of work included. The reason of a refusal is the reference's wording, and
no part of the protocol: what counts is the answer, and the best block afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Pair,
    Section,
    Works,
    each,
    marks,
    single,
)
from devnet.conformance.values import BadCase, as_bytes
from devnet.engine.bc.block import Block, parse_block
from devnet.engine.bc.difficulty import INITIAL_SEED, meets_target, seed_height
from devnet.engine.errors import CodecError
from devnet.engine.mainchain.intake import Answer, Intake, hand_in, new_intake
from devnet.engine.mainchain.profile import SOLONET
from devnet.engine.mainchain.state import MainEntry

BLOCK_SECTIONS = ("blocks", "steps", "then")
AFTER_ALL_S = 2**40
"""A clock later than every block, for steps whose answer does not depend on it."""


class _Node:
    """The node of one file. It changes from case to case."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._intake: Intake = new_intake(SOLONET.name)

    def network(self, case: Case) -> None:
        """The only network whose genesis we run here."""
        case.expect("value", SOLONET.name)

    def block(self, case: Case) -> None:
        """A block of a good chain: it must be taken, and become the best."""
        block, answer = self._given(case)
        case.same("answer", "ok", _told(answer))
        case.same("best block", block.hash.hex(), self._intake.tip.hash.hex())
        entry = self._intake.tree.get(block.hash)
        if entry is None:
            case.ignore(*case.names())
        elif "seed" in case:
            self._compare_entry(case, entry)

    def step(self, case: Case) -> None:
        """A block in some order, and what the node says."""
        _, answer = self._given(case)
        if answer.result != case.any("result"):
            case.differs("result", case.any("result"), _told(answer))
        case.expect("best_height_after", self._intake.tip.height)
        case.expect("best_hash_after", self._intake.tip.hash)

    def best_work_sum(self, blocks: object) -> int:
        """Sum of the work of the last block of a list."""
        last = blocks[-1] if isinstance(blocks, list) and blocks else {}
        raw = last.get("raw_block") if isinstance(last, dict) else None
        entry = self._intake.tree.get(parse_block(as_bytes(raw, "raw_block")).hash)
        if entry is None:
            raise BadCase("the last of the blocks was not taken")
        return entry.work_sum

    def _given(self, case: Case) -> tuple[Block, Answer]:
        """Hand the case's block in. Its own facts must be right, too."""
        block = parse_block(case.hex("raw_block"))
        case.expect("hash", block.hash)
        case.expect("height", block.header.height)
        clock_s = case.number("clock") if "clock" in case else AFTER_ALL_S
        self._intake, answer = hand_in(self._intake, block, clock_s, self._works.work)
        return block, answer

    def _compare_entry(self, case: Case, entry: MainEntry) -> None:
        """What solonet-chain.json says of each block. Genesis was never mined."""
        header = entry.block.header
        seed = entry.seed_below
        work = self._works.work(seed, header.hash)
        case.expect("seed", seed)
        case.expect("work_hash", work)
        case.expect("meets_target", meets_target(work, header.bits))
        case.expect("timestamp", header.timestamp)
        case.expect("nonce", header.nonce)
        case.expect("bits", header.bits)
        case.expect("work_sum", entry.work_sum)
        case.expect("status_fail", entry.statuses)


def _told(answer: Answer) -> str:
    """The answer in words; a refusal with our rule and sentence."""
    if answer.error is None:
        return answer.result
    return f"{answer.result} ({answer.error.code}): {answer.error.message}"


def _wants(content: Mapping[str, Any]) -> Iterable[Pair]:
    """Every block's proof of work, as far as its seed is seen without the chain."""
    entries = [
        entry
        for name in BLOCK_SECTIONS
        if isinstance(content.get(name), list)
        for entry in content[name]
    ]
    for entry in entries:
        try:
            header = parse_block(as_bytes(entry["raw_block"], "")).header
        except (BadCase, CodecError, KeyError, TypeError):
            continue
        if seed_height(header.height) is None and (header.height or "seed" in entry):
            yield INITIAL_SEED, header.hash


def _open(opened: Opened) -> Mapping[str, Section]:
    node = _Node(opened.works)

    def work_sum(case: Case) -> None:
        case.expect("value", node.best_work_sum(opened.content.get("blocks")))

    return {
        "network": single(node.network),
        "blocks": each(node.block),
        "work_sum": single(work_sum),
        "steps": each(node.step),
        "then": each(node.step),
    }


CHAINS = Family(
    "chain of blocks",
    marks(
        "steps: raw_block result best_hash_after",
        "blocks: raw_block hash height",
        "then: raw_block result best_hash_after",
    ),
    _open,
    _wants,
)
