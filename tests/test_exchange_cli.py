"""`devnet export` and `devnet import` from the shell: files, streams, statuses."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import pytest

from devnet.__main__ import main
from devnet.engine.bc.block import Block, parse_block
from devnet.repl.progress import Progress, bar_line
from devnet.starter import load_starter


def said(capsys) -> dict:
    """The last line of stdout, as JSON."""
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture
def chain(tmp_path) -> list[str]:
    """The lines of an exported fast chain."""
    path = tmp_path / "main.hex"
    assert main(["export", str(path)]) == 0
    return path.read_text().splitlines()


@pytest.mark.parametrize("profile, height", [("fast", 112), ("solonet", 124)])
def test_an_export_says_what_it_wrote(profile, height, tmp_path, capsys):
    path = tmp_path / "main.hex"

    assert main(["export", str(path), "--profile", profile, "--json"]) == 0

    result = said(capsys)["result"]
    last = parse_block(bytes.fromhex(path.read_text().splitlines()[-1]))
    assert (result["blocks"], result["height"]) == (height + 1, height)
    assert result["tip"] == last.header.hash.hex()


def test_an_empty_export_is_the_genesis_block_and_a_dash_is_stdout(capsys):
    assert main(["export", "-", "--empty", "--profile", "solonet"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert parse_block(bytes.fromhex(line)).header.hash.hex().startswith("ce4fe9431cd0")


def test_an_import_computes_every_work_and_ends_with_height_and_tip(
    chain, tmp_path, capsys
):
    path = tmp_path / "two.hex"
    path.write_text("\n".join(chain[1:3]))

    assert main(["import", str(path), "--empty", "--json"]) == 0

    result = said(capsys)["result"]
    assert (result["height"], result["taken"], result["known"]) == (2, 2, 0)
    assert result["tip"] == parse_block(bytes.fromhex(chain[2])).header.hash.hex()


def test_without_empty_the_starter_chain_is_there(chain, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(chain)))

    assert main(["import", "-"]) == 0

    out = capsys.readouterr().out
    assert "0 blocks hold, 113 were known; height 112, tip " in out


def test_a_refused_block_ends_with_3_and_names_height_and_rule(chain, tmp_path, capsys):
    block = parse_block(bytes.fromhex(chain[5]))
    bad = Block(replace(block.header, version=2), block.transactions).raw.hex()
    path = tmp_path / "bad.hex"
    path.write_text("\n".join([*chain[:5], bad, *chain[6:]]))

    # With the starter chain there, so that nothing before it is hashed.
    assert main(["import", str(path), "--json"]) == 3

    told = capsys.readouterr()
    facts = json.loads(told.out.splitlines()[-1])
    assert (facts["ok"], facts["height"], facts["line"]) == (False, 5, 6)
    assert facts["error"]["code"] == "block.version"
    assert "block 5, line 6: " in told.err and "version regression" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("words", [["import", "none.hex"], ["export", "no/such/x.hex"]])
def test_files_that_cannot_be_used_end_with_2(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(words) == 2
    assert words[1] in capsys.readouterr().err


def test_a_file_that_is_no_text_ends_with_2(tmp_path, capsys):
    path = tmp_path / "x.hex"
    path.write_bytes(b"\xff\xfe")

    assert main(["import", str(path)]) == 2
    assert "is not text" in capsys.readouterr().err


def test_an_unknown_profile_ends_with_2(capsys):
    assert main(["export", "-", "--profile", "mainnet"]) == 2
    assert "solonet" in capsys.readouterr().err


def test_a_chain_of_the_other_profile_ends_with_3_and_the_option(tmp_path, capsys):
    path = tmp_path / "one.hex"
    path.write_text(load_starter("solonet")[0][0].raw.hex())

    assert main(["import", str(path)]) == 3
    assert "--profile solonet" in capsys.readouterr().err


# The bar.


def test_the_bar_says_how_far_it_is_and_how_long_it_takes():
    assert bar_line("blocks", 0, 8, 0.0) == f"[{'.' * 24}] 0 of 8 blocks"
    assert bar_line("blocks", 2, 8, 3.0) == (
        f"[{'#' * 6}{'.' * 18}] 2 of 8 blocks, 9 s left"
    )
    assert bar_line("blocks", 8, 8, 12.0) == f"[{'#' * 24}] 8 of 8 blocks, 12 s"
    assert "0 of 0 blocks" in bar_line("blocks", 0, 0, 0.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_for_a_terminal_and_not_too_often(monkeypatch):
    screen, times = Terminal(), iter([0.0, 0.0, 0.01, 0.2, 0.21])
    monkeypatch.setattr(sys, "stderr", screen)
    progress = Progress("blocks", 4, clock_s=lambda: next(times))

    for n_done in (1, 2, 3, 4):
        progress(n_done)
    progress.end()

    drawn = [part.split("] ")[1] for part in screen.getvalue().split("\r")[1:]]
    assert [part.split(" ")[0] for part in drawn] == ["1", "3", "4"]
    assert screen.getvalue().endswith("\n")


def test_no_bar_is_written_into_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    progress = Progress("blocks", 1)

    progress(1)
    progress.end()

    assert file.getvalue() == ""
