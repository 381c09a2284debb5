"""The proof of work against Bytom's own bytes, and against its plain witness."""

from __future__ import annotations

from hashlib import sha3_256

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from devnet.engine import seedtable, tensority, tensority_plain
from devnet.engine.blas import blas_facts, one_blas_thread
from devnet.engine.seedtable import INITIAL_SEED, seed_table
from tests.vectors import vectors

VECTORS = vectors("tensority")
PAIRS = [
    tuple(bytes.fromhex(case[name]) for name in ("header_hash", "seed", "work"))
    for case in sorted(VECTORS["vectors"], key=lambda case: case["seed"])
]
SEEDS = {bytes.fromhex(case["seed"]): case for case in VECTORS["seeds"]}
X = bytes.fromhex(SEEDS[INITIAL_SEED]["extended_seed"])


# The hash.


@pytest.mark.parametrize(
    ("header_hash", "seed", "work"), PAIRS, ids=lambda value: value.hex()[:8]
)
def test_work_is_that_of_bytoms_go_code(header_hash, seed, work):
    assert tensority.work(header_hash, seed) == work


@pytest.mark.parametrize("case", VECTORS["stages"])
def test_every_stage_of_the_hash_is_that_of_bytoms_go_code(case):
    header_hash = bytes.fromhex(case["header_hash"])
    table = seed_table(bytes.fromhex(case["seed"]))

    sequences = tensority.index_sequences(header_hash)
    total = tensority.sum_of_chains(header_hash, table)

    assert [sequence.hex() for sequence in sequences] == case["index_sequences"]
    assert total[0].tobytes().hex() == case["hash_matrix_first_row"]
    assert sha3_256(total.tobytes()).hexdigest() == case["hash_matrix_sha3"]
    assert tensority.fold(total).hex() == case["work"]


def test_the_plain_witness_agrees_with_bytom_and_so_with_the_fast_hash():
    for header_hash, seed, work in PAIRS[:: len(PAIRS) // 3]:
        assert tensority_plain.hash_header(header_hash, seed_table(seed)) == work


def test_compress_agrees_with_the_witness_on_every_sum_that_can_occur():
    sums = np.arange(-(2**22), 2**22 + 256).reshape(-1, 256)

    compressed = tensority.compress(sums.astype(np.float32))

    assert np.array_equal(compressed, tensority_plain._compress(sums))


def test_a_float32_product_is_exact_at_its_greatest():
    lowest = np.full((256, 256), -128, np.int8)

    product = lowest.astype(np.float32) @ lowest.astype(np.float32)

    assert (product == 2**22).all()
    assert np.float32(2**22) + np.float32(1) == 2**22 + 1


def test_a_header_hash_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes, got 31"):
        tensority.work(bytes(31), INITIAL_SEED)


def test_hashing_borrows_one_blas_thread_and_gives_the_others_back():
    with threadpool_limits(2, user_api="blas"):
        before = blas_facts()["threads"]
        with one_blas_thread():
            inside = blas_facts()["threads"]
        tensority.hash_header(PAIRS[0][0], seed_table(INITIAL_SEED))
        after = blas_facts()["threads"]

    assert (before, inside, after) == (2, 1, 2)


# The engines.


def _wrong(header_hash, table):
    return sha3_256(header_hash).digest()


def _broken(header_hash, table):
    raise OSError("no such instruction")


WRONG = tensority.HashEngine("wrong", _wrong)
BROKEN = tensority.HashEngine("broken", _broken)


def test_an_engine_that_fails_its_self_test_is_dropped_and_named():
    picked = tensority.pick_engine(
        seed_table(INITIAL_SEED), (WRONG, BROKEN, tensority.ENGINES[0])
    )

    assert picked.engine.name == "numpy float32"
    assert [reason.split(":")[0] for reason in picked.dropped] == ["wrong", "broken"]
    assert "67a6186b" in picked.dropped[0]
    assert "no such instruction" in picked.dropped[1]


def test_an_engine_that_is_right_by_luck_once_is_dropped_too():
    table = seed_table(INITIAL_SEED)
    (_, first), _ = tensority.KNOWN_PAIRS
    lucky = tensority.HashEngine("lucky", lambda header_hash, table: first)

    assert "computed 67a6186b" in tensority.self_test(lucky, table)


def test_without_any_right_engine_there_is_a_named_error():
    with pytest.raises(tensority.NoHashEngine, match=r"wrong: .*broken: ") as caught:
        tensority.pick_engine(seed_table(INITIAL_SEED), (WRONG, BROKEN))

    assert caught.value.code == "tensority.no-engine"


def test_both_engines_pass_and_the_known_pairs_are_vectors():
    known = {(header, INITIAL_SEED, work) for header, work in tensority.KNOWN_PAIRS}

    assert known <= set(PAIRS)
    for engine in tensority.ENGINES:
        assert tensority.self_test(engine, seed_table(INITIAL_SEED)) == ""


# The seed table.


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.hex()[:8])
def test_the_cache_of_a_seed_is_that_of_bytoms_go_code(seed):
    case = SEEDS[seed]
    starts = seedtable.chunk_starts(seed, seedtable.find_smix().run)
    cache = seedtable.fill_cache(starts).astype("<u4").tobytes()

    assert seedtable.extend_seed(seed).hex() == case["extended_seed"]
    assert cache[:128].hex() == case["cache_first_128"]
    assert cache[128:256].hex() == case["cache_second_128"]
    assert cache[131072:131200].hex() == case["chunk_1_first_128"]
    assert cache[-128:].hex() == case["cache_last_128"]
    assert sha3_256(cache).hexdigest() == case["cache_sha3"]


def test_plain_python_mixes_as_bytom_does():
    table, mixed = seedtable.smix_with_table(X)

    assert mixed.hex() == SEEDS[INITIAL_SEED]["chunk_1_first_128"]
    assert np.array_equal(table, seedtable.fill_cache([X])[0])


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.hex()[:8])
def test_the_whole_cache_comes_out_right_in_plain_python(seed, request):
    if "long" not in request.config.option.markexpr:
        pytest.skip("takes 11 s a seed: run it with -m long")
    cache = seedtable.fill_cache(seedtable.chunk_starts(seed, seedtable.smix_plain))

    assert (
        sha3_256(cache.astype("<u4").tobytes()).hexdigest()
        == (SEEDS[seed]["cache_sha3"])
    )


@pytest.fixture
def fresh_search():
    seedtable.find_smix.cache_clear()
    yield
    seedtable.find_smix.cache_clear()


def test_the_compiled_smix_of_this_pycryptodome_is_found(fresh_search):
    found = seedtable.find_smix()

    assert found.why_slow == ""
    assert found.run is not seedtable.smix_plain


def test_a_compiled_smix_with_other_bytes_is_not_used(fresh_search, monkeypatch):
    monkeypatch.setattr(seedtable, "compiled_smix", lambda: lambda block: bytes(128))

    found = seedtable.find_smix()

    assert found.run is seedtable.smix_plain
    assert "other bytes" in found.why_slow


@pytest.mark.parametrize("missing", ["scryptROMix", "backend", "convention"])
def test_a_changed_pycryptodome_costs_time_and_nothing_else(
    fresh_search, monkeypatch, missing
):
    import Crypto
    from Crypto.Protocol import KDF
    from Crypto.Util import _raw_api

    if missing == "scryptROMix":
        monkeypatch.setattr(KDF, "_raw_scrypt_lib", object())
    elif missing == "backend":
        monkeypatch.setattr(_raw_api, "backend", "ctypes")
    else:
        other = 4 if Crypto.version_info[0] == 3 else 3
        monkeypatch.setattr(Crypto, "version_info", (other, 0, ""))

    found = seedtable.find_smix()

    assert found.run is seedtable.smix_plain
    assert "no compiled SMix in pycryptodome" in found.why_slow


def test_the_last_two_seeds_stay_in_memory_and_cannot_be_written_to():
    first, second = list(SEEDS)[:2]
    of_first, of_second = seed_table(first), seed_table(second)

    assert seed_table(first) is of_first
    assert seed_table(second) is of_second
    with pytest.raises(ValueError, match="read-only"):
        of_first[0, 0, 0] = 1


def test_a_seed_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes, got 33"):
        seed_table(bytes(33))
