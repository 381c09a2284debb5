"""
Does a long chain cost more than a short one? Time and memory at 10,000 blocks.

Each block of the chain measured here holds a payment of one input and two outputs.
Memory is that of a fresh process, which takes the chain in as `devnet import` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from rpds import HashTrieMap

from devnet.bench.cheap import CLOCK_S, CheapWorks, mine_cheaply
from devnet.bench.measure import (
    MEMORY,
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
)
from devnet.bench.payments import signed
from devnet.engine.bc.block import parse_block
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.mempool import Waiting
from devnet.engine.keys import ed25519
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.mainchain.state import MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView, receive
from devnet.exchange import base_chain, import_chain, read_entries

PROFILE = "fast"
MARKS = (100, 1_000, 5_000, 10_000)
"""Heights at which the next blocks are validated."""
N_WINDOW = 50
"""Blocks validated at each of them."""
PAID_NEU = 10**7
FEE_NEU = 10**6
MOST_MIB = 1024
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Mark:
    """A chain up to a height, and the blocks that follow: raw, with their work."""

    height: int
    tree: MainTree
    tip: bytes
    window: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """A chain as raw blocks from height 1 on, and what it was at the marks."""

    raws: tuple[bytes, ...]
    marks: tuple[Mark, ...]


def block_at_height(n_pairs: int, marks: Sequence[int] = MARKS) -> Measured:
    """A block on top of the highest mark, against one on top of the second."""
    grown = grow(tuple(marks))
    pairs = in_turn(
        lambda: validate_window(grown.marks[-1]),
        lambda: validate_window(grown.marks[1]),
        n_pairs,
    )
    each = Pairs(
        tuple(total_s / N_WINDOW for total_s in pairs.subject_s),
        tuple(total_s / N_WINDOW for total_s in pairs.yardstick_s),
    )
    return Measured(each, "cpu", Target(1.5), {"us_at_height": _times(grown, n_pairs)})


def memory_of_blocks(n_pairs: int, marks: Sequence[int] = MARKS) -> Measured:
    """The peak of a fresh process that takes the whole chain in, in MiB."""
    grown = grow(tuple(marks))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.txt"
        path.write_text("".join(f"{raw.hex()}\n" for raw in grown.raws), "ascii")
        told = run_fresh("devnet.bench.growing", "take_in", str(path))
    n_blocks = told["n_blocks"]
    if n_blocks != len(grown.raws):
        raise BenchWrong(f"{n_blocks} blocks of {len(grown.raws)} came in")
    taken_mib = told["peak_mib"] - told["before_mib"]
    facts = {
        "n_blocks": n_blocks,
        "bytes_per_block": round(taken_mib * 2**20 / n_blocks),
        "raw_bytes_per_block": sum(map(len, grown.raws)) // n_blocks,
    }
    return Measured(Pairs((told["peak_mib"],), (MOST_MIB,)), MEMORY, Target(1.0), facts)


SUBJECTS = (
    Subject("chain", "a block at height 10,000", "at height 1,000", block_at_height),
    Subject("memory", "peak with 10,000 blocks", "1 GiB", memory_of_blocks),
)


def validate_window(mark: Mark) -> None:
    """Take the blocks in as a node does, from bytes, nothing remembered."""
    ed25519.forget_answers()
    tree, view = mark.tree, MainView(mark.tip, HashTrieMap({mark.tip: None}))
    for raw, work in mark.window:
        block = parse_block(raw)
        tree = tree.with_block(block, work, CLOCK_S)
        view = receive(tree, view, block.header.hash)
    if tree[view.tip].height != mark.height + len(mark.window):
        raise BenchWrong(f"the blocks after height {mark.height} were not followed")


def _times(grown: Grown, n_pairs: int) -> dict[str, float]:
    """Microseconds for a block at each mark, the marks in turn."""
    times_s: dict[int, list[float]] = {mark.height: [] for mark in grown.marks}
    for mark in grown.marks * n_pairs:
        began_s = time.process_time()
        validate_window(mark)
        times_s[mark.height].append(time.process_time() - began_s)
    return {
        str(height): round(1e6 * median(taken_s) / N_WINDOW, 1)
        for height, taken_s in times_s.items()
    }


@lru_cache(maxsize=1)
def grow(heights: tuple[int, ...]) -> Grown:
    """Mine a chain with a window behind each height. Heights in ascending order."""
    tree = genesis_tree(PROFILE)
    tip, mined = tree.genesis_hash, []
    trees = {}
    alice = play_account("alice")
    coin = tree[tip].state.coins.of_program(alice.program)[0]
    for height in range(1, heights[-1] + N_WINDOW + 1):
        payment, coin = _payment(coin)
        block, work = mine_cheaply(tree, tip, (Waiting(payment, FEE_NEU),))
        tree = tree.with_block(block, work, CLOCK_S)
        tip = block.header.hash
        mined.append((block.raw, work))
        if height in heights:
            trees[height] = tree, tip
    marks = tuple(
        Mark(height, *trees[height], tuple(mined[height : height + N_WINDOW]))
        for height in heights
    )
    return Grown(tuple(raw for raw, _ in mined[: heights[-1]]), marks)


def _payment(coin: Coin) -> tuple[Transaction, Coin]:
    """Alice pays somebody from this coin. Also returns her change."""
    payee = play_account("bench").program
    left = coin.amount - PAID_NEU - FEE_NEU
    spend = Spend(coin.source_id, BTM, coin.amount, coin.position, coin.program)
    outputs = (Output(BTM, PAID_NEU, payee), Output(BTM, left, coin.program))
    tx = signed(Transaction(1, 0, (spend,), outputs), play_account("alice"))
    change = Coin(tx.result_ids[1], tx.mux_id, 1, BTM, left, coin.program, 0)
    return tx, change


# In a process of its own.


def run_fresh(module: str, function: str, argument: object) -> dict[str, Any]:
    """What a function of ours returns that is called in a fresh process."""
    code = (
        f"import json; from {module} import {function}; "
        f"print(json.dumps({function}({argument!r})))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise BenchUnable(f"{module} failed: {' '.join(last) or 'nothing said'}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def peak_mib() -> float:
    """The most memory that this process ever held, in MiB."""
    if STATUS.exists():  # There `getrusage` counts what the parent held, too.
        return _status_mib("VmHWM")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def now_mib() -> float:
    """What it holds now; where the system does not say, the most it ever did."""
    return _status_mib("VmRSS") if STATUS.exists() else peak_mib()


def _status_mib(name: str) -> float:
    told = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(told[name].split()[0]) / 2**10


def take_in(path: str) -> dict[str, Any]:
    """Take a file's chain in as `devnet import` does; what memory that took."""
    before_mib = peak_mib()
    base = base_chain(PROFILE, empty=True)
    with open(path, encoding="ascii") as lines:
        taken = import_chain(base, read_entries(lines), CheapWorks(), CLOCK_S)
    return {
        "n_blocks": taken.n_taken,
        "before_mib": round(before_mib, 1),
        "peak_mib": round(peak_mib(), 1),
    }
