"""A --data folder: whose it is, what it refuses, and that a refusal touches nothing."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from devnet.commands.errors import BadFile, exit_status
from devnet.commands.folder import DataFolder, ForeignFolder, OtherWorld
from devnet.commands.launch import make_host
from devnet.commands.options import WorldOptions, parse_sidechains
from devnet.commands.recording import load_recording, save_recording
from devnet.commands.replaying import NotFromStart, replay
from devnet.commands.session import Session
from devnet.commands.verifying import verify_folder
from devnet.engine.errors import DevnetError, StorageError
from tests.commands.sessions import make_session, run
from tests.engine.support import InstantWorks

SIDES = parse_sidechains("alpha:poa:tinydb,beta:solo:sqlite")
OPTIONS = WorldOptions().with_changes(seed=5, sidechains=SIDES)


def session_on(folder: DataFolder, options: WorldOptions = OPTIONS) -> Session:
    return Session(make_host(InstantWorks(), folder), options)


def content(path: Path) -> dict[str, str]:
    """Every file below a path by the hash of its bytes. Locks are empty and stay."""
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    }


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a world that was closed in order."""
    path = tmp_path_factory.mktemp("kept") / "world"
    folder = DataFolder(str(path))
    session = session_on(folder)
    assert run(session, "lock alice 2 BTM alpha", "wait d1.stage == claimed") == [
        "ok", "ok",
    ]  # fmt: skip
    session.close()
    folder.close()
    return path


@pytest.fixture
def kept(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(template, tmp_path / "world"))


def refusal(path: Path, options: WorldOptions | None = None) -> DevnetError:
    """Why this folder cannot be used. Nothing in it may change."""
    before = content(path)
    with pytest.raises(DevnetError) as caught:
        folder = DataFolder(str(path))
        try:
            folder.check(options or WorldOptions())
            session_on(folder).network.now_ms  # noqa: B018
        finally:
            folder.close()
    assert content(path) == before
    assert exit_status(caught.value) in (2, 3)
    assert caught.value.hint
    return caught.value


def test_a_world_goes_on_where_it_was(kept: Path):
    folder = DataFolder(str(kept))
    session = session_on(folder, WorldOptions())

    assert run(session, "expect d1.stage == claimed", "expect alpha.height >= 1") == [
        "ok", "ok",
    ]  # fmt: skip
    assert session.resumed
    assert session.options.seed == 5
    assert [one.name for one in session.options.sidechains or ()] == ["alpha", "beta"]
    assert run(session, "lock bob 1 BTM beta", "wait d2.stage == claimed") == [
        "ok", "ok",
    ]  # fmt: skip
    session.close()
    folder.close()


def test_a_second_holder_is_refused_while_the_first_works(kept: Path):
    folder = DataFolder(str(kept))

    error = refusal(kept)

    assert error.code == "storage.in-use"
    folder.close()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 6}, "--seed 5, and 6"),
        ({"seed": 42}, "--seed 5, and 42"),
        ({"profile": "solonet"}, "--profile fast, and solonet"),
        ({"depth": 3}, "--depth 2, and 3"),
        ({"relay_fee_ppm": 7}, "--relay-fee 0, and 7"),
        ({"sidechains": SIDES[:1]}, "alpha:poa:tinydb,beta:solo:sqlite, and alpha"),
    ],
)
def test_an_option_for_another_world_is_refused_with_both_values(
    kept: Path, changes: dict[str, object], says: str
):
    error = refusal(kept, WorldOptions().with_changes(**changes))

    assert isinstance(error, OtherWorld)
    assert says in error.message


def test_options_that_agree_are_welcome(kept: Path):
    folder = DataFolder(str(kept))

    folder.check(OPTIONS.with_changes(depth=2, relay_fee_ppm=0))

    folder.close()


def test_start_does_not_take_the_place_of_a_kept_world(kept: Path):
    before = content(kept)
    folder = DataFolder(str(kept))
    session = session_on(folder)

    assert run(session, "start --seed 9") == ["request.world-kept"]

    folder.close()
    assert content(kept) == before


def test_start_makes_the_world_of_a_new_folder_once(tmp_path: Path):
    folder = DataFolder(str(tmp_path / "new"))
    session = session_on(folder)

    assert run(session, "start --sidechains none", "start") == [
        "ok", "request.world-kept",
    ]  # fmt: skip
    session.close()
    folder.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [("letter.txt", "other files"), ("world-1/alpha.tinydb", "an older devnet")],
)
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, name: str, says: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("dear alice")

    error = refusal(tmp_path)

    assert isinstance(error, ForeignFolder)
    assert says in error.message


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(BadFile):
        DataFolder(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("world.sqlite", "storage.damaged"),
        ("sidechains/alpha.tinydb", "storage.damaged"),
        ("sidechains/beta.sqlite", "storage.damaged"),
    ],
)
def test_a_corrupt_file_is_named_and_the_folder_left_as_it_is(
    kept: Path, file: str, code: str
):
    raw = (kept / file).read_bytes()
    (kept / file).write_bytes(b"not what it was" + raw[15:])

    error = refusal(kept)

    assert error.code == code
    assert Path(file).name in error.message


def test_a_world_of_another_version_is_left_as_it_is(kept: Path):
    with sqlite3.connect(kept / "world.sqlite") as db:
        db.execute("UPDATE pairs SET value = ? WHERE key = ?", (b"1", b"mformat"))
    db.close()

    error = refusal(kept)

    assert error.code == "storage.world-version"
    assert error.message == "the stored world has format 1, this version reads 2"
    assert "that version" in error.hint


def test_a_missing_database_is_missed_and_not_made_anew(kept: Path):
    (kept / "sidechains" / "beta.sqlite").unlink()

    error = refusal(kept)

    assert error.code == "storage.missing"
    assert not (kept / "sidechains" / "beta.sqlite").exists()


def test_verify_judges_a_folder_and_computes_work_anew_when_asked(kept: Path):
    facts = verify_folder(str(kept), InstantWorks())
    # The starter chain's work is real, and this function is not.
    full = verify_folder(str(kept), InstantWorks(), full=True)

    assert facts["ok"] and facts["transfers"] == 1
    assert set(facts["sidechains"]) == {"alpha", "beta"}
    assert not full["ok"] and len(full["broken"]) == 112


def test_verify_refuses_a_folder_in_use_and_one_without_a_world(
    kept: Path, tmp_path: Path
):
    folder = DataFolder(str(kept))
    with pytest.raises(StorageError) as caught:
        verify_folder(str(kept), InstantWorks())
    assert exit_status(caught.value) == 3
    folder.close()

    with pytest.raises(BadFile, match="keeps no world"):
        verify_folder(str(tmp_path), InstantWorks())


def test_the_recording_of_a_world_that_came_back_says_so(kept: Path, tmp_path: Path):
    folder = DataFolder(str(kept))
    session = session_on(folder)
    assert run(session, "lock bob 1 BTM beta") == ["ok"]
    save_recording(session, str(tmp_path / "later.jsonl"))
    session.close()
    folder.close()

    recording = load_recording(str(tmp_path / "later.jsonl"))

    assert recording.resumed
    with pytest.raises(NotFromStart, match="came back"):
        replay(recording, make_session())


def test_each_session_has_a_recording_of_its_own(tmp_path: Path):
    folder = DataFolder(str(tmp_path / "new"))
    names = []
    for _ in range(3):
        path = folder.new_recording()
        names.append(path.name)
        path.write_text("")
    folder.close()

    assert names == ["recording.jsonl", "recording-2.jsonl", "recording-3.jsonl"]
