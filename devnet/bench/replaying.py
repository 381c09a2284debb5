"""Taking a whole chain in: replay with remembered work, import without it."""

from __future__ import annotations

import time
from statistics import median

from devnet.bench.cheap import CLOCK_S
from devnet.bench.hashing import checked_hash
from devnet.bench.measure import (
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
    timed,
)
from devnet.engine import tensority
from devnet.engine.keys import ed25519
from devnet.exchange import base_chain, import_chain, raw_lines, read_entries
from devnet.starter import load_starter
from devnet.worker import InProcessWorks

PROFILE = "solonet"
N_IMPORTED = 12
"""Blocks of one import: each costs a hash."""


def replay(n_pairs: int) -> Measured:
    """The starter chain with the work that is shipped with it, by every other rule."""

    def take_all() -> None:
        ed25519.forget_answers()
        chain = base_chain(PROFILE)
        if chain.tree[chain.view.tip].height != n_blocks:
            raise BenchWrong("the starter chain did not come in whole")

    n_blocks = len(load_starter(PROFILE))
    pairs = in_turn(take_all, checked_hash(tensority.hash_header), n_pairs)
    each = Pairs(
        tuple(total_s / n_blocks for total_s in pairs.subject_s), pairs.yardstick_s
    )
    reading_s = median(
        timed(lambda: load_starter(PROFILE), time.process_time) for _ in range(n_pairs)
    )
    reading = reading_s / median(pairs.subject_s)
    facts = {
        "n_blocks": n_blocks,
        "bound_by": f"Python: {reading:.0%} reading bytes, the rest rules and state",
    }
    return Measured(each, "cpu", Target(0.02), facts)


def import_without_work(n_pairs: int) -> Measured:
    """The first blocks of a chain from a file, their work computed in this process."""
    chain = base_chain(PROFILE)
    lines = list(raw_lines(chain.tree, chain.view.tip))[1 : 1 + N_IMPORTED]
    seed = chain.tree.seed_for_child(chain.tree[chain.tree.genesis_hash])
    headers = [block.header for block, _ in load_starter(PROFILE)[:N_IMPORTED]]

    def import_all() -> None:
        ed25519.forget_answers()
        base = base_chain(PROFILE, empty=True)
        works = InProcessWorks()
        taken = import_chain(base, read_entries(lines), works, CLOCK_S)
        if taken.n_taken != N_IMPORTED:
            raise BenchWrong(f"{taken.n_taken} blocks of {N_IMPORTED} came in")

    def hash_all() -> None:
        for header in headers:
            tensority.work(header.hash, seed)

    pairs = in_turn(import_all, hash_all, n_pairs)
    hashing = median(pairs.yardstick_s) / median(pairs.subject_s)
    facts = {
        "n_blocks": N_IMPORTED,
        "blocks_per_s": round(N_IMPORTED / median(pairs.subject_s), 1),
        "bound_by": f"the proof of work: {min(hashing, 1):.1%}",
    }
    return Measured(pairs, "cpu", Target(1.1), facts)


SUBJECTS = (
    Subject("replay", "a block replayed with its known work", "one hash", replay),
    Subject(
        "import", "an import without known work", "its hashes", import_without_work
    ),
)
