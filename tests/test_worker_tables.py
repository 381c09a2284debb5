"""Seed tables on disk: whole or not at all, checked when read, never needed."""

from __future__ import annotations

import os

import numpy as np
import pytest

from devnet.engine.seedtable import INITIAL_SEED, extend_seed, seed_table
from devnet.worker import tables
from devnet.worker.tables import (
    TableFileCorrupt,
    TableShelf,
    load_table,
    save_table,
    table_path,
)

SEEDS = [bytes([number]) * 32 for number in range(10)]


def quick_table(seed, smix=None):
    """A table that is right as far as the disk can tell."""
    table = np.zeros((256, 256, 256), np.int8)
    table.reshape(-1)[:128] = np.frombuffer(extend_seed(seed), np.int8)
    return table


@pytest.fixture
def computed(monkeypatch):
    """The seeds whose tables were computed, and not found."""
    seeds = []

    def build(seed, smix):
        seeds.append(seed)
        return quick_table(seed)

    monkeypatch.setattr(tables, "build_table", build)
    return seeds


@pytest.fixture
def said():
    return []


def test_a_real_table_comes_back_from_disk_and_cannot_be_written_to(tmp_path):
    save_table(tmp_path, INITIAL_SEED, seed_table(INITIAL_SEED))

    table = load_table(tmp_path, INITIAL_SEED)

    assert np.array_equal(table, seed_table(INITIAL_SEED))
    assert not table.flags.writeable
    assert os.listdir(tmp_path) == [f"tensority-{INITIAL_SEED.hex()}.table"]


def test_a_table_is_computed_once_and_then_read(tmp_path, computed, said):
    for _ in range(2):
        table = TableShelf(tmp_path / "new" / "folder", said.append).get(SEEDS[1])

    assert computed == [SEEDS[1]]
    assert np.array_equal(table, quick_table(SEEDS[1]))
    assert said == []


@pytest.mark.parametrize("place", [0, 12, 44, 60, 1_000_000, -1])
def test_a_damaged_file_is_noticed_wherever_it_is_damaged(tmp_path, place):
    save_table(tmp_path, SEEDS[1], quick_table(SEEDS[1]))
    path = table_path(tmp_path, SEEDS[1])
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)

    with pytest.raises(TableFileCorrupt, match="is damaged"):
        load_table(tmp_path, SEEDS[1])


def test_a_damaged_file_is_computed_again_and_repaired(tmp_path, computed, said):
    save_table(tmp_path, SEEDS[1], quick_table(SEEDS[1]))
    path = table_path(tmp_path, SEEDS[1])
    path.write_bytes(path.read_bytes()[:-1])

    TableShelf(tmp_path, said.append).get(SEEDS[1])

    assert computed == [SEEDS[1]]
    assert "is damaged" in said[0]
    assert load_table(tmp_path, SEEDS[1]) is not None


def test_the_table_of_another_seed_is_not_taken(tmp_path):
    save_table(tmp_path, SEEDS[1], quick_table(SEEDS[1]))
    table_path(tmp_path, SEEDS[1]).rename(table_path(tmp_path, SEEDS[2]))

    with pytest.raises(TableFileCorrupt):
        load_table(tmp_path, SEEDS[2])


def test_a_folder_that_cannot_be_used_costs_time_and_nothing_else(
    tmp_path, computed, said
):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    table = TableShelf(blocked / "folder", said.append).get(SEEDS[1])

    assert np.array_equal(table, quick_table(SEEDS[1]))
    assert "is not kept on disk" in said[0]


def test_a_full_disk_leaves_nothing_behind(tmp_path, computed, said, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    TableShelf(tmp_path, said.append).get(SEEDS[1])

    assert "No space left" in said[0]
    assert os.listdir(tmp_path) == []


def test_without_a_folder_tables_are_computed(computed, said):
    TableShelf(None, said.append).get(SEEDS[1])

    assert (computed, said) == ([SEEDS[1]], [])


def test_the_last_four_tables_stay_in_memory(computed, said):
    shelf = TableShelf(None, said.append)
    for number in (1, 2, 3, 4, 1, 2, 3, 4, 5, 3, 4, 2, 1):
        shelf.get(SEEDS[number])

    assert computed == [SEEDS[number] for number in (1, 2, 3, 4, 5, 1)]


def test_a_slow_table_is_announced_with_its_reason(computed, said, monkeypatch):
    slow = tables.find_smix.__wrapped__
    monkeypatch.setattr("devnet.engine.seedtable.compiled_smix", lambda: 1 / 0)
    monkeypatch.setattr(tables, "find_smix", slow)

    TableShelf(None, said.append).get(SEEDS[1])

    assert "takes about 11 s" in said[0]
    assert "ZeroDivisionError" in said[0]


def test_the_tables_longest_unused_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_FILES", 2)
    for age, seed in enumerate(SEEDS[:3]):
        save_table(tmp_path, seed, quick_table(seed))
        path = table_path(tmp_path, seed)
        if path.exists():
            os.utime(path, (age, age))

    assert load_table(tmp_path, SEEDS[0]) is None
    assert load_table(tmp_path, SEEDS[2]) is not None


def test_what_a_killed_worker_left_unfinished_is_removed(tmp_path):
    left = tmp_path / "tensority-left.part"
    new = tmp_path / "tensority-new.part"
    left.write_bytes(b"half a table")
    new.write_bytes(b"being written by another worker")
    os.utime(left, (0, 0))

    save_table(tmp_path, SEEDS[1], quick_table(SEEDS[1]))

    assert not left.exists()
    assert new.exists()
