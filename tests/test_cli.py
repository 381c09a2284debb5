"""The command line as a process: statuses, streams, and what is not imported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import devnet
from devnet.__main__ import main
from devnet.commands.verbs import all_commands
from devnet.subcommands import NAMES

ROOT = Path(__file__).parents[1]
SUBCOMMANDS = list(NAMES)


def devnet_process(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devnet", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def imported_by(*words: str) -> set[str]:
    """Modules that a run of the command loads, seen from inside the process."""
    code = (
        "import sys; from devnet.__main__ import main\n"
        f"status = main({list(words)!r})\n"
        "sys.stderr.write('\\n'.join(sys.modules)); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    return set(done.stderr.split())


def test_the_version_is_the_packages(capsys):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"devnet {project['version']}\n"
    assert devnet.__version__ == project["version"]


def test_the_version_as_json_names_what_is_installed_and_what_for(capsys):
    assert main(["--version", "--json"]) == 0

    facts = json.loads(capsys.readouterr().out)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {line.split(">")[0] for line in project["dependencies"]}
    assert set(facts["dependencies"]) == wanted
    assert all(one["used_for"] for one in facts["dependencies"].values())


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["run", "--help"]])
def test_help_and_version_import_nothing_heavy(words):
    heavy = {"textual", "rich", "numpy", "prompt_toolkit", "Crypto", "nacl", "tinydb"}
    loaded = imported_by(*words)

    assert "devnet.__main__" in loaded
    assert not heavy & loaded
    assert not {name for name in loaded if name.startswith("devnet.engine")}


def test_a_script_imports_no_screen_and_no_numpy(tmp_path):
    script = tmp_path / "x.dn"
    script.write_text("balance alice main BTM\n")
    loaded = imported_by("run", str(script))

    assert "devnet.engine.network" in loaded
    assert not {"textual", "rich", "numpy", "prompt_toolkit"} & loaded


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_help_with_an_example(name, capsys):
    assert main([name, "--help"]) == 0

    said = capsys.readouterr().out
    assert f"example:\n  devnet {name}" in said
    assert "--config" in said


def test_the_help_names_every_subcommand_and_option(capsys):
    assert main(["--help"]) == 0

    said = capsys.readouterr().out
    options = "seed profile config data speed json no-color signs read-only sidechains"
    for word in (*SUBCOMMANDS, *(f"--{one}" for one in options.split()), "--depth"):
        assert word in said


@pytest.mark.parametrize("verb", [one.verb for one in all_commands()])
def test_every_verb_that_is_no_subcommand_is_explained_from_the_shell(verb, capsys):
    assert main([verb, "--help"]) == 0

    said = capsys.readouterr().out
    own = "usage: devnet" if verb in SUBCOMMANDS else verb
    assert said.startswith(own)
    assert "example:\n  " in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["runn", "x.dn"], "did you mean run"),
        (["lock", "alice"], "devnet repl"),
        (["learn"], "not in this version"),
        (["run"], "FILE"),
        (["--colour"], "--colour"),
        (["run", "x.dn", "--seeed", "3"], "did you mean --seed?"),
        (["run", "x.dn", "--see", "3"], "did you mean --seed?"),
        (["run", "x.dn", "--plugin", "/nowhere/x.py"], "x.py: no such file"),
        (["--plugin", "/nowhere/x.py", "plugins"], "x.py: no such file"),
        (["plugins", "--plugin", "tests"], "tests is a folder"),
        (["plugins", "extra"], "no place for 'extra'"),
        (["--seed", "many"], "--seed"),
        (["--seed", "-1", "--until", "1s"], "seed is -1"),
        (["--profile", "slow"], "there is no profile 'slow'"),
        (["--depth", "0"], "depth is 0"),
        (["--sidechains", "alpha:poaa"], "did you mean poa"),
        (["--sidechains", "alpha:poa:disk"], "there is no store 'disk'"),
        (["--sidechains", "alpha"], "NAME:ENGINE"),
        (["--speed", "fast"], "x1"),
        (["--until", "soon"], "20blocks"),
        (["--signs", "emoji"], "ascii"),
        (["--config", "/nowhere/x.toml"], "no such file"),
        (["run", "/nowhere/x.dn"], "no such file"),
        (["replay", "/nowhere/x.jsonl"], "no such file"),
        (["verify", "/nowhere"], "no such file"),
        (["replay", __file__], "not every line is JSON"),
        (["starter", "build", "--out", "/nowhere/x"], "no such file"),
        (["starter", "verify", "--profile", "slow"], "there is no profile 'slow'"),
        (["export", "/nowhere/x"], "in a folder that exists"),
        (["import", "/nowhere/x"], "no such file"),
        (["repl", "--data", "/proc/nowhere"], "/proc/nowhere"),
        (["bench", "T99"], "T99"),
        (["starter", "eat"], "verify"),
    ],
)
def test_a_wrong_call_gets_one_clear_sentence_and_status_2(words, says, capsys):
    status = main(words)

    said = capsys.readouterr()
    assert status == 2
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert 2 <= len(said.err.splitlines()) <= 3


def test_a_bad_config_file_is_refused_before_anything_starts(tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text("sed = 42\n")

    assert main(["--config", str(path), "--until", "1s"]) == 2
    assert "did you mean seed?" in capsys.readouterr().err


def test_the_command_line_beats_the_file_and_start_beats_both(tmp_path):
    config = tmp_path / "world.toml"
    config.write_text('seed = 1\ndepth = 4\nsidechains = "one:solo"\n')
    script = tmp_path / "x.dn"
    script.write_text("show main\nstart\nstart --seed 3 --sidechains two:poa\n")

    done = devnet_process(
        "run", str(script), "--json", "--config", str(config), "--seed", "2"
    )

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert rows[0]["result"]["depth"] == 4
    assert [row["result"].get("seed") for row in rows[1:]] == [2, 3]
    assert [row["result"]["sidechains"] for row in rows[1:]] == [["one"], ["two"]]


def test_without_a_terminal_the_world_prints_one_line_per_event():
    done = devnet_process("--until", "2s", "--speed", "max", "--signs", "ascii")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "world starts  seed 42" in lines[0]
    assert done.stdout.isascii()


def test_without_a_terminal_the_repl_reads_a_script():
    done = devnet_process(
        "repl", "--json", "--sidechains", "none",
        stdin="b = balance alice main BTM\nexpect $b > 1\nlok\npause\n",
    )  # fmt: skip

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["ok"] for row in rows] == [True, True, False]
    assert [row["line"] for row in rows] == [1, 2, 3]
    assert done.returncode == 2
    assert "did you mean lock?" in done.stderr


def test_a_recording_is_printed_checked_and_found_out(tmp_path):
    script, recording = tmp_path / "x.dn", tmp_path / "x.jsonl"
    script.write_text(
        "start --sidechains alpha:solo --seed 6\nlock alice 2 BTM alpha\n"
        f"wait alpha.height >= 1\nsave recording {recording}\n"
    )
    assert devnet_process("run", str(script)).returncode == 0

    shown = devnet_process("replay", str(recording))
    same = devnet_process("replay", str(recording), "--check", "--json")
    recording.write_text(recording.read_text().replace("lock alice 2", "lock alice 3"))
    other = devnet_process("verify", str(recording))

    assert "d1 alice locks 2 BTM for alice on alpha" in shown.stdout
    assert json.loads(same.stdout)["ok"] is True and same.returncode == 0
    assert other.returncode == 1 and "recorded was" in other.stderr


def test_a_data_folder_keeps_the_recording_of_the_world(tmp_path):
    folder = tmp_path / "kept"
    done = devnet_process(
        "run", "-", "--data", str(folder), "--sidechains", "alpha:solo:sqlite",
        stdin="lock alice 2 BTM alpha\nwait alpha.height >= 1\n",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (folder / "recording.jsonl").exists()
    assert devnet_process("verify", str(folder)).returncode == 0


@pytest.mark.parametrize(
    ("words", "script", "said"),
    [
        (["run", "-", "--json"], "show main\nwait main.height > 9999", "interrupted"),
        (["--json", "--until", "999s"], "", ""),
    ],
)
def test_ctrl_c_ends_with_130_and_no_traceback(words, script, said):
    process = subprocess.Popen(
        [sys.executable, "-m", "devnet", *words, "--speed", "x1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    process.stdin.write(script)
    process.stdin.close()
    process.stdin = None
    process.stdout.readline()

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert said in out
    assert "Traceback" not in err


def test_a_reader_that_leaves_is_no_error():
    command = f"{sys.executable} -m devnet --until 5s --speed max | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=120, check=False
    )

    assert "Traceback" not in done.stderr and "Broken" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ("run - >&-", 0, ""),
        ("run - <&-", 0, ""),
        ("run nowhere 2>&-", 2, ""),
        ("--version >/dev/full", 2, "no space left"),
        ("run - --json >/dev/full", 2, "no space left"),
    ],
)
def test_streams_that_are_closed_or_full_make_no_bug(words, status, says, tmp_path):
    command = f"echo help | {sys.executable} -m devnet {words}"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=120, check=False,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert "bug" not in done.stderr and "Traceback" not in done.stderr


def test_an_output_that_spells_ascii_only_gets_ascii_signs():
    done = subprocess.run(
        [sys.executable, "-m", "devnet", "--until", "1s", "--speed", "max"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert b"books balance" in done.stdout and done.stdout.isascii()
    assert b"?" not in done.stdout


def test_a_ctrl_c_before_anything_runs_is_no_traceback(monkeypatch, capsys):
    def interrupted(words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("devnet.subcommands.run", interrupted)

    assert main(["--version"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_the_plugins_are_listed_with_their_parameters(capsys):
    assert main(["plugins", "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)["plugins"]
    names = {(row["kind"], row["name"]) for row in rows}
    assert {("consensus", "poa"), ("storage", "tinydb")} <= names
    poa = next(row for row in rows if row["name"] == "poa")
    assert poa["params"] and poa["summary"] and poa["version"] and poa["origin"]
