"""The built-in stores keep the ten rules; the suite finds those that do not."""

import random

import pytest

from devnet.plugins import tinydb_journal
from devnet.plugins.memory import MemoryStore
from devnet.plugins.sqlite_store import SqliteStore
from devnet.plugins.store_crash import survives_kill
from devnet.plugins.store_parts import (
    store_digest,
)
from devnet.plugins.store_suite import RULES, check_store
from devnet.plugins.tinydb_store import TinyStore
from tests.plugins import broken_stores

ALL = [MemoryStore, TinyStore, SqliteStore]
ON_DISK = [TinyStore, SqliteStore]


def broken_rules(store_class, in_memory=False):
    verdicts = check_store(store_class, in_memory=in_memory)
    assert [verdict.rule for verdict in verdicts] == [rule.id for rule in RULES]
    return {verdict.rule: verdict.reason for verdict in verdicts if not verdict.passed}


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
@pytest.mark.parametrize("store_class", ALL, ids=lambda found: found.info.name)
def test_built_in_stores_keep_all_ten_rules(store_class, in_memory):
    assert broken_rules(store_class, in_memory) == {}


@pytest.mark.parametrize(
    ("store_class", "rule", "word"),
    [
        (broken_stores.ForgetsZeroBytes, "S2", "wrong order"),
        (broken_stores.LeavesOutTheStart, "S3", "start"),
        (broken_stores.WritesAtOnce, "S4", "left a part of the batch"),
        (broken_stores.LooksThrough, "S6", "later value"),
        (broken_stores.LetsEverybodyWrite, "S7", "second batch"),
        (broken_stores.NoLock, "S9", "opened for writing twice"),
    ],
    ids=lambda found: getattr(found, "__name__", None),
)
def test_the_suite_names_the_rule_that_a_broken_store_breaks(store_class, rule, word):
    assert word in broken_rules(store_class)[rule]


def test_a_store_that_writes_when_it_is_closed_does_not_survive_a_kill(tmp_path):
    reason = survives_kill(broken_stores.WritesWhenClosed, tmp_path / "store", 3)

    assert "only 0 batches are there" in reason


def test_the_suite_says_what_a_store_raised_instead_of_stopping():
    class Hopeless(MemoryStore):
        def get(self, key):
            raise KeyError(key)

    assert "KeyError" in broken_rules(Hopeless)["S1"]


@pytest.mark.parametrize("n_batches", [1, 2, 7, 31])
@pytest.mark.parametrize("store_class", ON_DISK, ids=lambda found: found.info.name)
def test_what_was_acknowledged_survives_kill_9(store_class, n_batches, tmp_path):
    assert survives_kill(store_class, tmp_path / "store", n_batches) == ""


@pytest.mark.parametrize("n_batches", [2, 5, 9, 14, 20])
def test_tinydb_survives_kill_9_while_it_compacts(n_batches, tmp_path):
    # In the child every second batch or so outgrows the snapshot.
    reason = survives_kill(OftenCompacted, tmp_path / "store", n_batches)

    assert reason == ""


class OftenCompacted(TinyStore):
    def __init__(self, path=None):
        tinydb_journal.LEAST_JOURNAL_BYTES = 1
        super().__init__(path)


@pytest.fixture(autouse=True)
def least_journal_bytes(monkeypatch):
    least = tinydb_journal.LEAST_JOURNAL_BYTES
    monkeypatch.setattr(tinydb_journal, "LEAST_JOURNAL_BYTES", least)


@pytest.mark.parametrize("seed", range(8))
def test_all_stores_agree_on_random_operations(seed, tmp_path):
    chance = random.Random(seed)
    stores = [
        store_class(path)
        for store_class in ALL
        for path in (tmp_path / store_class.__name__, None)
    ]
    for _ in range(40):
        changes = [
            (chance.randbytes(chance.randint(1, 2)), chance.choice([None, b"", b"v"]))
            for _ in range(chance.randint(0, 20))
        ]
        prefix, reverse = chance.randbytes(chance.randint(0, 1)), chance.random() < 0.5
        start = chance.choice([None, chance.randbytes(1)])
        for store in stores:
            with store.batch() as batch:
                for key, value in changes:
                    batch.delete(key) if value is None else batch.put(key, value)
        seen = {tuple(store.iterate(prefix, start, reverse)) for store in stores}
        assert len(seen) == 1
    digests = {store_digest(store) for store in stores}
    for store in stores:
        store.close()

    assert len(digests) == 1
