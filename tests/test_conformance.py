"""
`devnet conformance`: the shipped vectors pass, and every slip in a file is seen.

Proofs of work are real where `REAL_WORK` says so. The long chain is run with answers
that meet every target, so that all its other rules are; `-m long` hashes it, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devnet.__main__ import main
from devnet.conformance.command import run_conformance
from devnet.conformance.families import FAMILIES, recognise
from devnet.conformance.runner import Loaded, n_entries, run_file
from devnet.conformance.works import PooledWorks
from devnet.engine.bc.difficulty import compact_to_big
from devnet.worker import InProcessWorks
from tests.conformance_files import NAMES, GoodWorks, copy_of, judged, told_nobody
from tests.vectors import vectors

REAL_WORK = ("fork-choice", "solonet-chain", "tensority")
TENSORITY_SAMPLE = {"vectors": 3, "seeds": 1, "stages": 1}


# The shipped vectors.


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REAL_WORK])
def test_every_case_of_the_vectors_passes(name: str) -> None:
    content = vectors(name)
    if name == "block-validation":  # One of its blocks must miss the target.
        content = {**content, "steps": content["steps"][:3]}

    report = judged(content)

    assert report.differences == ()
    assert report.passed == report.total >= n_entries(content)
    assert report.format


@pytest.mark.parametrize("name", REAL_WORK)
def test_every_case_passes_with_its_real_proof_of_work(
    name: str, real_works: InProcessWorks
) -> None:
    content = vectors(name)
    if name == "tensority":  # All of them take a minute on a busy machine.
        content = {key: content[key][:n] for key, n in TENSORITY_SAMPLE.items()}

    assert judged(content, PooledWorks(lambda: real_works)).is_good


@pytest.mark.long
@pytest.mark.parametrize("name", ["block-validation", "solonet-long", "tensority"])
def test_every_case_passes_with_all_its_proofs_of_work(
    name: str, real_works: InProcessWorks
) -> None:
    assert judged(vectors(name), PooledWorks(lambda: real_works)).is_good


def test_blocks_are_refused_for_their_work_and_for_it_alone() -> None:
    content = copy_of("block-validation")

    report = judged(content)

    assert [(one.case, one.what) for one in report.differences[:2]] == [
        ("steps[9]", "result"), ("steps[9]", "best_height_after"),
    ]  # fmt: skip
    assert "nonce that misses the target" in content["steps"][9]["note"]


def test_each_format_is_known_by_its_content_and_no_two_are_alike() -> None:
    found = {name: recognise(vectors(name)) for name in NAMES}

    assert all(found.values())
    chains = {"block-validation", "fork-choice", "solonet-chain", "solonet-long"}
    others = [family.name for name, family in found.items() if name not in chains]
    assert len(set(others)) == len(others) == len(FAMILIES) - 2


@pytest.mark.parametrize("name", NAMES)
def test_a_format_is_known_by_any_one_of_its_sections(name: str) -> None:
    whole = vectors(name)
    expected = recognise(whole)
    lists = [
        key for key, value in whole.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]  # fmt: skip

    for section in lists:
        if (name, section) != ("claim", "headers"):
            assert recognise({section: whole[section]}) is expected, section


# Other inputs in the same forms.


def other_inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Cases that are in no shipped file, answered without the engine."""
    hashes = {
        "data": b"abc".hex(),
        "sha3": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
        "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    }
    yield "keys", {"hashes": [hashes]}
    program = {"program": "5c5d93", "args": [], "gas_limit": 1000, "name": "12 + 13"}
    # Each number costs 1 and the 9 of its place; ADD 2, two places back, one taken.
    ended = {"error": None, "gas_left": 1000 - 20 - 2 + 18 - 9, "stack": ["19"]}
    default = vectors("vm")["default_context"]
    yield "vm", {"default_context": default, "cases": [{**program, **ended}]}
    bits = 0x1D00000000123456
    work = (1 << 256) // (compact_to_big(bits) + 1)
    yield "difficulty", {"work": [{"bits": str(bits), "work": str(work)}]}
    counts = {"n": 250, "pre_prepare": 249, "prepare": 249**2, "commit": 250 * 249}
    total = sum(counts.values()) - 250
    yield "bbft", {"textbook_pbft": [{**counts, "total": total}]}
    definition = {"definition_text": '{"b":1,"a":"x"}', "canonical_text": CANONICAL}
    written = {
        "canonical": CANONICAL.encode().hex(),
        "definition_hash": hashlib.sha3_256(CANONICAL.encode()).hexdigest(),
    }
    yield "assets", {"definition_json": [{**definition, **written}]}


CANONICAL = '{\n  "a": "x",\n  "b": 1\n}'


@pytest.mark.parametrize(
    ("name", "content"), [pytest.param(*one, id=one[0]) for one in other_inputs()]
)
def test_other_inputs_in_the_same_form_are_run(
    name: str, content: dict[str, Any]
) -> None:
    report = judged(content, name="anything.json")

    assert (report.format, report.is_good, report.differences) == (name, True, ())


def test_a_claim_is_judged_without_its_lock_and_says_so() -> None:
    content = vectors("claim")
    loaded = Loaded(Path("elsewhere.json"), content)

    alone = run_file(loaded, recognise(content), GoodWorks(), told_nobody)

    assert alone.is_good
    assert "C1 to C18 were not run" in alone.remarks[0]
    assert judged(content).remarks == ()


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("bbft", "headers"):
        (tmp_path / f"{name}.json").write_text(json.dumps(copy_of(name)))
    return tmp_path


def run(*paths: Path, **options: Any) -> int:
    return run_conformance(
        [str(path) for path in paths], start=InProcessWorks, **options
    )


def test_a_line_for_each_file_and_status_0_when_all_pass(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    assert capsys.readouterr().out == "bbft.json 91/91\nheaders.json 35/35\n"


def test_the_subcommand_runs_files_and_sets_the_status(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conformance", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("bbft.json 91/91\n")

    assert main(["conformance", str(folder / "nowhere.json"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["problem"] == "cannot be read: no such file or directory"


def test_a_miss_shows_three_differences_and_ends_with_status_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = copy_of("bbft")
    for entry in content["rounds"][:5]:
        entry["total"] += 1
    (folder / "bbft.json").write_text(json.dumps(content))

    assert run(folder / "bbft.json") == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bbft.json 86/91"
    assert lines[1:4] == ["  rounds[0]: total", "    expected 1", "    got      0"]
    assert lines[-1] == "  and 7 more differences"
    assert sum(line.startswith("    expected") for line in lines) == 3


def test_in_json_every_difference_stands(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = copy_of("bbft")
    content["rounds"][0]["f"] = 9
    (folder / "bbft.json").write_text(json.dumps(content))

    assert run(folder, as_json=True) == 1

    bbft, headers = map(json.loads, capsys.readouterr().out.splitlines())
    assert (bbft["passed"], bbft["total"], bbft["ok"]) == (90, 91, False)
    wanted = {"case": "rounds[0]", "what": "f", "expected": 9, "got": 0}
    assert bbft["differences"] == [wanted]
    assert (headers["format"], headers["ok"]) == ("headers", True)


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "cannot be read: no such file"),
        (lambda path: path.write_text("{"), "cannot be read: it is not JSON"),
        (lambda path: path.write_text(""), "it is not JSON"),
        (lambda path: path.write_text("[]"), "it holds no object"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it is not text"),
        (lambda path: path.write_text("[" * 100_000), "it is nested too deeply"),
        (lambda path: path.write_text('{"a": 1, "a": 2}'), "'a' stands twice"),
        (lambda path: path.write_text('{"a": NaN}'), "NaN is no number"),
        (lambda path: path.write_text('{"a": ' + "9" * 5000 + "}"), "cannot be read"),
        (lambda path: path.write_text('{"cases": []}'), "no format that is known"),
        (lambda path: path.write_text('{"cases": [{"a": 1}]}'), "no format that is"),
    ],
)
def test_an_unreadable_or_unknown_file_fails_with_a_word(
    spoil: Spoil, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder / "bbft.json")

    assert run(folder / "bbft.json", folder / "headers.json") == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bbft.json 0/1"
    assert words in lines[1]
    assert lines[2] == "headers.json 35/35"


def test_a_folder_without_vectors_is_a_miss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 1
    assert "holds no .json file" in capsys.readouterr().out


def test_a_story_for_the_http_api_is_known_and_counts_as_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = {"n": 1, "endpoint": "/net-info", "http_status": 200, "response": {}}
    (tmp_path / "story.json").write_text(json.dumps({"steps": [step, step]}))

    assert run(tmp_path) == 1

    out = capsys.readouterr().out
    assert out.startswith("story.json 0/2\n  not run: ")
    assert "HTTP API" in out


def test_no_key_and_no_password_is_ever_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = copy_of("keys")["keystores"][0]
    cases = [
        {**case, "password": "not the one"},
        {**case, "xprv": case["xprv"][:-2] + "00"},
        {**case, "wrong_password": case["password"]},
    ]
    (tmp_path / "keys.json").write_text(json.dumps({"keystores": cases}))

    assert run(tmp_path) == run(tmp_path, as_json=True) == 1

    shown = "".join(capsys.readouterr())
    assert case["xprv"][:32] not in shown
    assert "123456" not in shown and "not the one" not in shown


def test_the_file_of_locks_beside_a_claim_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("claim", "pegin"):
        (tmp_path / f"{name}.json").write_text(json.dumps(copy_of(name)))

    assert run(tmp_path / "claim.json") == 0
    assert "C1 to C18 were not run" not in capsys.readouterr().out
