"""What the stores make of their files: torn, cut, foreign, locked, or not there."""

import sqlite3
import subprocess
import sys

import pytest
from tinydb import TinyDB, where

from devnet.engine.interfaces import StorageError
from devnet.plugins import tinydb_journal
from devnet.plugins.memory import MemoryStore
from devnet.plugins.sqlite_store import SqliteStore
from devnet.plugins.store_parts import (
    FileFailed,
    StoreClosed,
    StoreDamaged,
    StoreInUse,
    StoreOfOtherVersion,
    store_digest,
)
from devnet.plugins.tinydb_store import TinyStore

ALL = [MemoryStore, TinyStore, SqliteStore]
ON_DISK = [TinyStore, SqliteStore]


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# TinyDB: the file, the journal, and what may be at its end.


def filled(path, n_batches=5):
    store = TinyStore(path)
    for number in range(n_batches):
        with store.batch() as batch:
            batch.put(b"number", b"%d" % number)
            batch.put(b"key-%d" % number, b"v" * number)
    return store


def abandoned(folder, n_batches=5):
    """A file and a journal as they are when the process dies, and the digest."""
    store = filled(folder / "first.json", n_batches)
    snapshot = (folder / "first.json").read_bytes()
    journal = (folder / "first.json.journal").read_bytes()
    digest = store_digest(store)
    store.close()
    return snapshot, journal, digest


def put_back(folder, snapshot, journal):
    path = folder / "second.json"
    path.write_bytes(snapshot)
    (folder / "second.json.journal").write_bytes(journal)
    return path


def test_after_close_tinydb_alone_reads_the_file(tmp_path):
    filled(tmp_path / "store.json").close()

    table = TinyDB(tmp_path / "store.json").table("pairs")
    table.document_id_class = str
    assert table.get(doc_id=b"number".hex()) == {"value": b"4".hex()}
    assert len(table) == 6


def test_tinydbs_own_verbs_work_and_are_kept(tmp_path):
    path = tmp_path / "store.json"
    store = filled(path)
    with store.snapshot() as frozen:
        store.table.update({"value": "ff"}, where("value") == b"4".hex())
        assert frozen.get(b"number") == b"4"
    assert store.get(b"number") == b"\xff"
    store.put(b"later", b"1")
    digest = store_digest(store)
    store.close()

    assert store_digest(TinyStore(path)) == digest


def test_a_journal_torn_at_any_byte_is_cut_off_at_the_last_whole_batch(tmp_path):
    snapshot, journal, digest = abandoned(tmp_path)
    last_line_at = journal.rstrip(b"\n").rindex(b"\n") + 1
    path = put_back(tmp_path, snapshot, journal)
    store = TinyStore(path)
    assert store_digest(store) == digest
    store.close()

    for cut in range(last_line_at, len(journal)):
        path = put_back(tmp_path, snapshot, journal[:cut])
        store = TinyStore(path)
        assert store.get(b"number") == b"3" and store.get(b"key-4") is None
        store.put(b"after", b"1")
        store.close()
        store = TinyStore(path)
        assert store.get(b"after") == b"1" and store.get(b"number") == b"3"
        store.close()


def test_an_unreadable_last_line_is_cut_off(tmp_path):
    snapshot, journal, digest = abandoned(tmp_path)
    path = put_back(tmp_path, snapshot, journal + b'[["pairs",{"6b":\0\0\0\n')

    assert store_digest(TinyStore(path)) == digest


def test_an_unreadable_line_with_good_ones_behind_it_is_refused(tmp_path):
    snapshot, journal, _ = abandoned(tmp_path)
    lines = journal.split(b"\n")
    lines[2] = lines[2][:-3]
    path = put_back(tmp_path, snapshot, b"\n".join(lines))
    before = files_of(tmp_path)

    with pytest.raises(StoreDamaged, match="line 3"):
        TinyStore(path)
    after = files_of(tmp_path)
    assert {name: after[name] for name in before} == before


def test_a_journal_that_an_older_snapshot_left_behind_is_not_replayed(tmp_path):
    # Killed after the new snapshot took its name, before the journal was begun anew.
    _, old_journal, _ = abandoned(tmp_path)
    store = TinyStore(tmp_path / "first.json")
    store.put(b"number", b"newer")
    store.close()
    newer = (tmp_path / "first.json").read_bytes()
    path = put_back(tmp_path, newer, old_journal)

    assert TinyStore(path).get(b"number") == b"newer"


def test_a_journal_newer_than_the_file_beside_it_is_refused(tmp_path):
    snapshot, _, _ = abandoned(tmp_path)
    _, newer_journal, _ = abandoned(tmp_path)

    with pytest.raises(StoreDamaged, match="belongs to snapshot"):
        TinyStore(put_back(tmp_path, snapshot, newer_journal))


def test_the_journal_is_compacted_when_it_outgrows_the_snapshot(tmp_path, monkeypatch):
    monkeypatch.setattr(tinydb_journal, "LEAST_JOURNAL_BYTES", 2000)
    store = filled(tmp_path / "store.json", n_batches=200)
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("store.json*"))]

    assert sizes[0] > 2000 and sizes[1] <= sizes[0] + 2000
    assert store.get(b"number") == b"199"


class FullDisk:
    """A file that takes so many bytes and then no more."""

    def __init__(self, file, n_bytes, truncates=True):
        self.file, self.n_bytes, self.truncates = file, n_bytes, truncates

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        if not self.n_bytes:
            raise OSError(28, "No space left on device")
        n_written = self.file.write(data[: self.n_bytes])
        self.n_bytes -= n_written
        return n_written

    def truncate(self, size):
        if not self.truncates:
            raise OSError(5, "Input/output error")
        return self.file.truncate(size)


@pytest.mark.parametrize("n_bytes", [0, 1, 20])
def test_a_batch_that_the_disk_refuses_leaves_nothing_behind(n_bytes, tmp_path):
    store = filled(tmp_path / "store.json")
    digest, journal = store_digest(store), store.table.storage._journal
    before = (tmp_path / "store.json.journal").read_bytes()
    real_file = journal._file
    journal._file = FullDisk(real_file, n_bytes)

    with pytest.raises(FileFailed, match="No space left"):
        store.put(b"number", b"lost")

    assert store_digest(store) == digest
    assert (tmp_path / "store.json.journal").read_bytes() == before
    journal._file = real_file
    store.put(b"number", b"there is space again")
    assert store.get(b"number") == b"there is space again"


def test_a_journal_that_cannot_even_be_cut_takes_no_more_batches(tmp_path):
    path = tmp_path / "store.json"
    store = filled(path)
    digest, journal = store_digest(store), store.table.storage._journal
    journal._file = FullDisk(journal._file, 9, truncates=False)
    with pytest.raises(FileFailed):
        store.put(b"number", b"lost")
    with pytest.raises(StoreClosed):
        store.put(b"number", b"lost too")
    torn = put_back(
        tmp_path, path.read_bytes(), path.with_name("store.json.journal").read_bytes()
    )

    assert store_digest(TinyStore(torn)) == digest


# Files that are not what they should be.


def foreign_sqlite(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE songs (name TEXT)")
    db.commit()
    db.close()


def other_sqlite_version(path):
    SqliteStore(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()


def cut_sqlite(path):
    store = SqliteStore(path)
    with store.batch() as batch:
        for number in range(300):
            batch.put(b"%d" % number, b"v" * 300)
    store.close()
    path.write_bytes(path.read_bytes()[:-40_000])


def noisy_sqlite(path):
    cut_sqlite(path)
    raw = bytearray(path.read_bytes())
    raw[20_000:40_000] = b"\xa5" * 20_000
    path.write_bytes(raw)


def wrong_text(path):
    path.write_text("These are not pairs.\n")


def cut_tinydb(path):
    filled(path).close()
    path.write_bytes(path.read_bytes()[:-7])


def foreign_tinydb(path):
    TinyDB(path).insert({"song": "of somebody else"})


def other_tinydb_version(path):
    filled(path).close()
    path.write_text(path.read_text().replace('"version":1', '"version":9'))


@pytest.mark.parametrize(
    ("store_class", "make", "error"),
    [
        (SqliteStore, wrong_text, StoreDamaged),
        (SqliteStore, foreign_sqlite, StoreDamaged),
        (SqliteStore, cut_sqlite, StoreDamaged),
        (SqliteStore, noisy_sqlite, StoreDamaged),
        (SqliteStore, other_sqlite_version, StoreOfOtherVersion),
        (TinyStore, wrong_text, StoreDamaged),
        (TinyStore, foreign_tinydb, StoreDamaged),
        (TinyStore, cut_tinydb, StoreDamaged),
        (TinyStore, other_tinydb_version, StoreOfOtherVersion),
    ],
    ids=lambda found: getattr(found, "__name__", None),
)
def test_a_file_that_is_no_store_is_refused_and_left_untouched(
    store_class, make, error, tmp_path
):
    path = tmp_path / "store"
    make(path)
    before = files_of(tmp_path)

    with pytest.raises(error) as caught:
        store_class(path)

    assert str(path) in caught.value.message and caught.value.hint
    after = files_of(tmp_path)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("store_class", ON_DISK, ids=lambda found: found.info.name)
def test_a_folder_that_is_not_there_is_refused_by_name(store_class, tmp_path):
    with pytest.raises(FileFailed, match="nowhere"):
        store_class(tmp_path / "nowhere" / "store")


@pytest.mark.parametrize("store_class", ON_DISK, ids=lambda found: found.info.name)
def test_another_process_cannot_open_an_open_store(store_class, tmp_path):
    path = tmp_path / "store"
    store = store_class(path)
    store.put(b"key", b"mine")
    before = files_of(tmp_path)
    words = (
        f"from {store_class.__module__} import {store_class.__name__} as Store\n"
        "from devnet.engine.interfaces import StorageError\n"
        "import sys\n"
        "try: Store(sys.argv[1])\n"
        "except StorageError as error: print(error.code)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", words, path], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == StoreInUse.code
    assert files_of(tmp_path) == before and store.get(b"key") == b"mine"


def test_a_sqlite_file_that_another_program_locks_is_in_use(tmp_path, monkeypatch):
    path = tmp_path / "store"
    SqliteStore(path).close()
    monkeypatch.setattr("devnet.plugins.sqlite_store.BUSY_TIMEOUT_S", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreInUse, match="locked by another program"):
        SqliteStore(path)
    other.close()
    SqliteStore(path).close()


def spoiled_and_killed(path, words):
    """A store whose process was killed after this; its batches stand beside it."""
    code = (
        "import os, pathlib, sys\n"
        "from devnet.plugins.sqlite_store import SqliteStore\n"
        "store = SqliteStore(pathlib.Path(sys.argv[1]))\n"
        "for number in range(300): store.put(b'%d' % number, b'v' * 300)\n"
        f"{words}\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert path.with_name("store-wal").stat().st_size > 100_000


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("store._db.execute('PRAGMA user_version = 9')", StoreOfOtherVersion),
        ("store._db.execute('PRAGMA application_id = 9')", StoreDamaged),
    ],
)
def test_a_refused_sqlite_file_keeps_what_stands_beside_it(words, error, tmp_path):
    spoiled_and_killed(tmp_path / "store", words)
    before = files_of(tmp_path)

    with pytest.raises(error):
        SqliteStore(tmp_path / "store")
    after = files_of(tmp_path)
    # Of these files `-shm` alone is SQLite's own note of who reads where.
    for files in (before, after):
        del files["store-shm"]
    assert after == before


def test_a_killed_sqlite_store_with_all_in_the_file_beside_it_opens(tmp_path):
    spoiled_and_killed(tmp_path / "store", "")

    assert SqliteStore(tmp_path / "store").get(b"299") == b"v" * 300


@pytest.mark.parametrize("store_class", ALL, ids=lambda found: found.info.name)
def test_a_closed_store_says_that_it_is_closed(store_class, tmp_path):
    store = store_class(tmp_path / "store")
    store.put(b"key", b"1")
    store.close()
    store.close()

    for use in (lambda: store.get(b"key"), lambda: store.put(b"key", b"2")):
        with pytest.raises(StoreClosed):
            use()
    with pytest.raises(StorageError):
        list(store.iterate())
