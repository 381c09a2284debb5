"""tensority.json: the proof of work, its seed tables and its stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha3_256
from typing import TYPE_CHECKING, Any

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Pair,
    Section,
    Works,
    each,
    marks,
)
from devnet.conformance.values import BadCase, as_hash

if TYPE_CHECKING:
    from devnet.engine.seedtable import Words

CHUNK_BYTES = 131_072
SAMPLE_BYTES = 128


class _Hashing:
    """The checks of one file."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def vector(self, case: Case) -> None:
        """One hash."""
        case.expect(
            "work", self._works.work(case.hash("seed"), case.hash("header_hash"))
        )

    def stage(self, case: Case) -> None:
        """One hash, step by step. numpy is loaded here and not before."""
        from devnet.engine import seedtable, tensority

        header_hash, seed = case.hash("header_hash"), case.hash("seed")
        table = seedtable.arrange(_cache_of(seed))
        total = tensority.sum_of_chains(header_hash, table)
        case.expect("index_sequences", tensority.index_sequences(header_hash))
        case.expect("hash_matrix_first_row", total[0].tobytes())
        case.expect("hash_matrix_sha3", sha3_256(total.tobytes()).digest())
        case.expect("work", tensority.fold(total))


def _seed(case: Case) -> None:
    """The table that a seed grows into."""
    from devnet.engine import seedtable

    seed = case.hash("seed")
    cache = _cache_of(seed).astype("<u4").tobytes()
    case.expect("extended_seed", seedtable.extend_seed(seed))
    case.expect("cache_bytes", len(cache))
    case.expect("cache_sha3", sha3_256(cache).digest())
    samples = {
        "cache_first_128": 0,
        "cache_second_128": SAMPLE_BYTES,
        "chunk_1_first_128": CHUNK_BYTES,
        "cache_last_128": len(cache) - SAMPLE_BYTES,
    }
    for name, start in samples.items():
        case.expect(name, cache[start : start + SAMPLE_BYTES])


@lru_cache(maxsize=2)
def _cache_of(seed: bytes) -> Words:
    """16 MiB as they come out of the mixing, before they are arranged for hashing."""
    from devnet.engine import seedtable

    starts = seedtable.chunk_starts(seed, seedtable.find_smix().run)
    return seedtable.fill_cache(starts)


def _wants(content: Mapping[str, Any]) -> Iterable[Pair]:
    """By seed, so that a worker makes each table once."""
    pairs = []
    entries = content.get("vectors")
    for entry in entries if isinstance(entries, list) else ():
        try:
            pair = (as_hash(entry["seed"], ""), as_hash(entry["header_hash"], ""))
        except (BadCase, KeyError, TypeError):
            continue
        pairs.append(pair)
    return sorted(pairs)


def _open(opened: Opened) -> Mapping[str, Section]:
    hashing = _Hashing(opened.works)
    return {
        "vectors": each(hashing.vector),
        "seeds": each(_seed),
        "stages": each(hashing.stage),
    }


TENSORITY = Family(
    "tensority",
    marks(
        "vectors: header_hash seed work",
        "seeds: seed extended_seed cache_sha3",
        "stages: header_hash seed hash_matrix_sha3",
    ),
    _open,
    _wants,
)
