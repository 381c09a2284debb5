"""The stores that need a package of their own: rules, kill -9, and what they say."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devnet.plugins import describe_plugins, load_store
from devnet.plugins.extras import MissingPackage
from devnet.plugins.store_bench import files_in
from devnet.plugins.store_crash import survives_kill
from devnet.plugins.store_parts import (
    StoreClosed,
    StoreDamaged,
    StoreInUse,
    StoreOfOtherVersion,
    store_digest,
)
from devnet.plugins.store_suite import check_store
from tests.plugins.postgres_server import NoServer, running_server

ROOT = Path(__file__).resolve().parents[2]
NEEDS = {"postgres": "psycopg", "rocksdict": "rocksdict"}


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server of our own, or the reason why there is none."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: pip install 'psycopg[binary]'")
    try:
        with running_server() as dsn:
            yield dsn
    except NoServer as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.fixture
def postgres(server, monkeypatch):
    monkeypatch.setenv("DEVNET_POSTGRES", server)
    return load_store("postgres")


@pytest.fixture
def rocks():
    pytest.importorskip("rocksdict", reason="pip install rocksdict to test it")
    return load_store("rocksdict")


@pytest.fixture(params=NEEDS)
def store_class(request):
    """Each of them that can be used here."""
    short = {"postgres": "postgres", "rocksdict": "rocks"}
    return request.getfixturevalue(short[request.param])


def filled(store):
    with store.batch() as batch:
        for number in range(700):
            batch.put(b"key-%d" % number, b"v" * (number % 90))
    return store_digest(store)


# All of them.


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
def test_an_extra_store_keeps_all_ten_rules(store_class, in_memory):
    verdicts = check_store(store_class, in_memory=in_memory)

    assert [(one.rule, one.reason) for one in verdicts if not one.passed] == []
    assert len(verdicts) == 10


@pytest.mark.parametrize("n_batches", [2, 31])
def test_what_was_acknowledged_survives_kill_9(store_class, n_batches, tmp_path):
    assert survives_kill(store_class, tmp_path / "store", n_batches) == ""


def test_pages_of_an_iteration_join_without_a_gap_or_a_double(store_class, tmp_path):
    store = store_class(tmp_path / "store")
    filled(store)
    keys = sorted(b"key-%d" % number for number in range(700))

    assert [key for key, _ in store.iterate()] == keys
    assert [key for key, _ in store.iterate(reverse=True)] == keys[::-1]
    some = [key for key in keys if key.startswith(b"key-6")]
    with store.snapshot() as frozen:
        both = list(zip(frozen.iterate(b"key-6"), frozen.iterate(), strict=False))
        assert [one[0] for one, _ in both] == some
        assert [other[0] for _, other in both] == keys[: len(some)]
    store.close()


def test_a_closed_store_says_so_and_its_snapshots_too(store_class, tmp_path):
    store = store_class(tmp_path / "store")
    store.put(b"key", b"1")
    with pytest.raises(StoreClosed), store.snapshot() as frozen:
        store.close()
        frozen.get(b"key")
    store.close()
    with pytest.raises(StoreClosed):
        store.get(b"key")

    assert store_class(tmp_path / "store").get(b"key") == b"1"


def test_a_removed_store_leaves_nothing_and_begins_empty(store_class, tmp_path):
    path = tmp_path / "store"
    store = store_class(path)
    filled(store)
    store.close()
    store_class.remove(path)
    store_class.remove(path)

    assert list(tmp_path.iterdir()) == []
    again = store_class(path)
    assert list(again.iterate()) == []
    again.close()


def test_an_open_store_is_refused_to_others_and_left_as_it_is(store_class, tmp_path):
    store = store_class(tmp_path / "store")
    digest, before = filled(store), files_in(tmp_path)
    words = (
        f"from {store_class.__module__} import {store_class.__name__} as Store\n"
        "from devnet.engine.interfaces import StorageError\n"
        "import sys\n"
        f"sys.modules[{store_class.__module__!r}].LOCK_PATIENCE_MS = 100\n"
        "try: Store(sys.argv[1])\n"
        "except StorageError as error: print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", words, tmp_path / "store"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.strip() == StoreInUse.code
    assert files_in(tmp_path) == before and store_digest(store) == digest
    store.close()


@pytest.mark.parametrize("name", NEEDS)
def test_without_its_package_a_store_names_the_command_that_installs_it(name):
    code = (
        "import sys\n"
        f"sys.modules[{NEEDS[name]!r}] = None\n"
        "from devnet.plugins import load_store\n"
        "from devnet.engine.interfaces import PluginError\n"
        f"try: load_store({name!r})\n"
        "except PluginError as error: print(error.code, error.hint, sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    code, hint = done.stdout.strip().splitlines()
    assert code == MissingPackage.code
    assert hint.startswith("Install it with: ") and "-m pip install" in hint
    assert NEEDS[name] in hint


def test_the_command_that_installs_is_what_the_extra_installs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    rooms = {"postgres": "postgres_place", "rocksdict": "rocksdict_store"}
    for name, module in rooms.items():
        text = (ROOT / "devnet" / "plugins" / f"{module}.py").read_text()
        (requirement,) = extras[name]

        assert f'REQUIREMENT = "{requirement}"' in text
        assert requirement in extras["dev"]


def test_the_pages_of_the_manual_do_not_need_these_packages():
    code = (
        "import sys\n"
        "sys.modules['psycopg'] = sys.modules['rocksdict'] = None\n"
        "from devnet.docs import known_errors, load_everything\n"
        "load_everything()\n"
        "print(*(error.code for error in known_errors()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert {"storage.unreachable", "plugin.missing-package"} <= set(done.stdout.split())


def test_the_list_of_plugins_imports_none_of_their_packages():
    code = (
        "import sys\n"
        "from devnet.plugins import describe_plugins\n"
        "print(*(line.name for line in describe_plugins()))\n"
        "print(*({'psycopg', 'rocksdict'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    names, imported = done.stdout.split("\n")[:2]
    assert set(NEEDS) <= set(names.split()) and imported == ""
    assert set(NEEDS) <= {line.name for line in describe_plugins()}


# RocksDB: a folder that is not what it should be.


def rewritten(pattern, change):
    def spoil(path):
        found = sorted(path.glob(pattern), key=lambda one: -one.stat().st_size)[0]
        found.write_bytes(change(found.read_bytes()))

    return spoil


def noise(at):
    return lambda raw: raw[:at] + b"\xa5" * 40 + raw[at:][40:]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (rewritten("format", lambda raw: raw.replace(b"1", b"9")), StoreOfOtherVersion),
        (rewritten("format", lambda raw: b"songs\n"), StoreDamaged),
        (rewritten("db/*.sst", noise(200)), StoreDamaged),
        (rewritten("db/*.sst", lambda raw: raw[:-50]), StoreDamaged),
        (rewritten("db/MANIFEST*", noise(20)), StoreDamaged),
        (rewritten("db/CURRENT", lambda raw: b""), StoreDamaged),
        (lambda path: (path / "format").unlink(), StoreDamaged),
        (lambda path: (path / "db" / "CURRENT").unlink(), StoreDamaged),
        (lambda path: [one.unlink() for one in path.glob("db/*.sst")], StoreDamaged),
    ],
)
def test_a_spoiled_rocksdict_store_is_refused_and_left_untouched(
    spoil, error, rocks, tmp_path
):
    path = tmp_path / "store"
    store = rocks(path)
    filled(store)
    store.close()
    spoil(path)
    before = files_in(tmp_path)

    for _ in range(2):
        with pytest.raises(error) as caught:
            rocks(path)
        assert str(path) in caught.value.message and caught.value.hint
        assert files_in(tmp_path) == before


def test_a_log_of_rocksdb_spoiled_in_its_midst_is_refused(rocks, tmp_path):
    # What is not flushed stands in a log; only its torn end may be dropped.
    path = tmp_path / "store"
    code = (
        "import os, pathlib, sys\n"
        "from devnet.plugins.rocksdict_store import RocksStore\n"
        "store = RocksStore(pathlib.Path(sys.argv[1]))\n"
        "for number in range(200): store.put(b'%d' % number, b'v' * 100)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    log = max(path.glob("db/*.log"), key=lambda one: one.stat().st_size)
    whole = log.read_bytes()

    log.write_bytes(noise(4000)(whole))
    before = files_in(tmp_path)
    with pytest.raises(StoreDamaged):
        rocks(path)
    assert files_in(tmp_path) == before

    log.write_bytes(whole[:-30])
    store = rocks(path)
    assert store.get(b"198") == b"v" * 100 and store.get(b"199") is None
    store.close()


def test_a_rocksdict_store_killed_while_it_was_made_is_made_anew(rocks, tmp_path):
    making = tmp_path / "store.new"
    making.mkdir()
    (making / "half").write_text("made")
    store = rocks(tmp_path / "store")
    store.put(b"key", b"1")
    store.close()

    assert not making.exists()


# PostgreSQL: which server, which table.


def no_server(monkeypatch, dsn=None):
    monkeypatch.delenv("DEVNET_POSTGRES", raising=False)
    if dsn is not None:
        monkeypatch.setenv("DEVNET_POSTGRES", dsn)


def test_a_postgres_store_without_a_server_says_what_to_set(
    postgres, monkeypatch, tmp_path
):
    no_server(monkeypatch)
    with pytest.raises(Exception, match="does not know its server") as caught:
        postgres(tmp_path / "alpha.postgres")

    assert caught.value.code == "storage.unreachable"
    assert "DEVNET_POSTGRES" in caught.value.hint
    assert str(tmp_path / "postgres.dsn") in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgresql://me:secret@127.0.0.1:1/devnet", "no PostgreSQL at 127.0.0.1:1/d"),
        ("nothing like that secret", "not a connection string"),
    ],
)
def test_a_server_that_is_not_there_is_named_without_the_password(
    dsn, words, postgres, monkeypatch, tmp_path
):
    no_server(monkeypatch, dsn)
    with pytest.raises(Exception, match=words) as caught:
        postgres(tmp_path / "alpha.postgres")

    assert caught.value.code == "storage.unreachable"
    assert "secret" not in caught.value.message + caught.value.hint


def test_the_server_may_stand_in_a_file_of_the_data_folder(
    postgres, server, monkeypatch, tmp_path
):
    no_server(monkeypatch)
    (tmp_path / "postgres.dsn").write_text(f"{server}\n")
    store = postgres(tmp_path / "alpha.postgres")
    store.put(b"key", b"1")
    store.close()

    kept = json.loads((tmp_path / "alpha.postgres").read_bytes())
    assert set(kept) == {"postgres", "table"} and "alpha" in kept["table"]


def test_two_folders_share_a_server_and_a_folder_may_move(postgres, tmp_path):
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        store = postgres(tmp_path / name / "alpha.postgres")
        store.put(b"whose", name.encode())
        digests.append(store_digest(store))
        store.close()
    (tmp_path / "one").rename(tmp_path / "three")

    for name, digest in zip(("three", "two"), digests, strict=True):
        store = postgres(tmp_path / name / "alpha.postgres")
        assert store_digest(store) == digest
        store.close()


def other_format(path, execute):
    path.write_text(path.read_text().replace('"postgres": 1', '"postgres": 9'))


def other_table_format(path, execute):
    table = json.loads(path.read_bytes())["table"]
    execute(f"COMMENT ON TABLE {table} IS 'bystack devnet, pairs, format 9'")


def foreign_table(path, execute):
    table = json.loads(path.read_bytes())["table"]
    execute(f"COMMENT ON TABLE {table} IS 'songs'")


def no_table(path, execute):
    execute(f"DROP TABLE {json.loads(path.read_bytes())['table']}")


def sly_name(path, execute):
    path.write_text(json.dumps({"postgres": 1, "table": 'x"; DROP TABLE y'}))


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (other_format, StoreOfOtherVersion),
        (other_table_format, StoreOfOtherVersion),
        (foreign_table, StoreDamaged),
        (no_table, StoreDamaged),
        (sly_name, StoreDamaged),
        (lambda path, execute: path.write_text("songs"), StoreDamaged),
    ],
    ids=lambda found: getattr(found, "__name__", None),
)
def test_a_table_or_a_name_that_is_not_ours_is_refused_and_left_as_it_is(
    spoil, error, postgres, server, tmp_path
):
    import psycopg

    path = tmp_path / "alpha.postgres"
    postgres(path).close()
    with psycopg.connect(server, autocommit=True) as db:
        spoil(path, db.execute)
    before = path.read_bytes()

    with pytest.raises(error) as caught:
        postgres(path)
    assert str(path) in caught.value.message and caught.value.hint
    assert path.read_bytes() == before


def test_a_lost_connection_is_told_and_loses_nothing_acknowledged(
    postgres, server, tmp_path
):
    import psycopg

    path = tmp_path / "alpha.postgres"
    store = postgres(path)
    digest = filled(store)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND application_name = 'bystack-devnet'"
        )
    with pytest.raises(Exception, match="connection is lost") as caught:
        store.put(b"key", b"lost")
    assert caught.value.code == "storage.unreachable"
    store.close()

    again = postgres(path)
    assert store_digest(again) == digest
    again.close()


def test_tables_without_a_path_go_with_their_store_also_when_it_was_killed(
    postgres, server
):
    import psycopg

    def tables():
        with psycopg.connect(server) as db:
            query = "SELECT count(*) FROM pg_tables WHERE tablename LIKE '%scratch%'"
            return db.execute(query).fetchone()[0]

    alive = postgres(None)
    alive.put(b"key", b"1")
    code = (
        "import os\n"
        "from devnet.plugins.postgres_store import PostgresStore\n"
        "PostgresStore(None).put(b'key', b'1')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert tables() == 2
    for _ in range(200):  # Until the server has seen that its client is dead.
        postgres(None).close()
        if tables() == 1:
            break

    assert tables() == 1 and alive.get(b"key") == b"1"
    alive.close()
    assert tables() == 0
