"""
Bytom's own hash in Go beside ours: T3, for whoever has a Go toolchain and the source.

Nothing is written into the source: two files are laid over it while it is built.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from devnet.bench.hashing import checked_hash, has_avx512
from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    timed,
)
from devnet.engine import tensority
from devnet.engine.seedtable import INITIAL_SEED
from devnet.engine.tensority import KNOWN_PAIRS

REFERENCE = "DEVNET_GO_REFERENCE"
"""Environment variable: a folder with the source of Bytom/bytom v1.1.0."""
ALGORITHM = "mining/tensority/go_algorithm"
IMPORT_PATH = "github.com/bytom/bytom"
BUILD_WITHIN_S = 300.0

OPENED = """package go_algorithm

import "github.com/bytom/bytom/protocol/bc"

// SeedCache is the step that is taken once for a seed.
func SeedCache(seed []byte) []uint32 { return calcSeedCache(seed) }

// HashWith is the step that is taken for each header.
func HashWith(header []byte, cache []uint32) *bc.Hash {
	return hashMatrix(mulMatrix(header, cache))
}
"""

PROGRAM = """package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"syscall"

	"github.com/bytom/bytom/mining/tensority/go_algorithm"
)

func cpuMicros() int64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return (used.Utime.Nano() + used.Stime.Nano()) / 1000
}

// A header hash a line comes in; its work and the CPU microseconds it took go out.
func main() {
	seed, _ := hex.DecodeString(os.Args[1])
	cache := go_algorithm.SeedCache(seed)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		header, _ := hex.DecodeString(lines.Text())
		began := cpuMicros()
		work := go_algorithm.HashWith(header, cache)
		fmt.Printf("%x %d\\n", work.Bytes(), cpuMicros()-began)
	}
}
"""


def go_reference(n_pairs: int) -> Measured:
    """T3: a hash as Bytom computes it, its seed step done before."""
    source = _source_folder(os.environ)
    ours = checked_hash(tensority.hash_header)
    with tempfile.TemporaryDirectory() as name:
        command = [str(build(source, Path(name))), INITIAL_SEED.hex()]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            theirs = _asker(process)
            theirs()
            ours()
            pairs = [(theirs(), timed(ours, time.process_time)) for _ in range(n_pairs)]
            assert process.stdin is not None, "it was asked for above"
            process.stdin.close()
    bound = 16.0 if has_avx512() else 10.0
    go_s, ours_s = zip(*pairs, strict=True)
    target = Target(bound, at_least=True)
    return Measured(Pairs(go_s, ours_s), "cpu", target, {"go": _go_version()})


SUBJECTS = (Subject("T3", "Bytom's hash in Go", "the shipped hash", go_reference),)


def _source_folder(environment: Mapping[str, str]) -> Path:
    """Where Bytom's source is. BenchUnable: it is nowhere, or Go is not."""
    if not environment.get(REFERENCE):
        raise BenchUnable(f"{REFERENCE} names no folder with Bytom's source")
    folder = Path(environment[REFERENCE]).resolve()
    if not (folder / ALGORITHM).is_dir():
        raise BenchUnable(f"{folder} has no {ALGORITHM}")
    if shutil.which("go") is None:
        raise BenchUnable("there is no Go toolchain")
    return folder


def build(source: Path, workshop: Path) -> Path:
    """
    Compile the reference with our two files laid over it.

    Args:
        workshop: an empty folder for everything that comes of it.

    Returns:
        The program.

    Raises:
        BenchUnable: it does not compile.
    """
    root = workshop / "src" / IMPORT_PATH
    root.parent.mkdir(parents=True)
    root.symlink_to(source, target_is_directory=True)
    opened, program = workshop / "opened.go", workshop / "program.go"
    opened.write_text(OPENED)
    program.write_text(PROGRAM)
    overlay = workshop / "overlay.json"
    places = {
        str(root / ALGORITHM / "devnet_bench.go"): str(opened),
        str(root / "cmd/devnet_bench/main.go"): str(program),
    }
    overlay.write_text(json.dumps({"Replace": places}))
    built = workshop / "reference"
    command = ["go", "build", "-overlay", str(overlay), "-o", str(built)]
    settings = {
        "GOPATH": str(workshop),
        "GOCACHE": str(workshop / "cache"),
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    try:
        done = subprocess.run(
            [*command, f"{IMPORT_PATH}/cmd/devnet_bench"],
            cwd=workshop,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_WITHIN_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchUnable(f"the reference was not built: {error}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:]
        raise BenchUnable(f"the reference does not compile: {' '.join(said)}")
    return built


def _asker(process: subprocess.Popen[bytes]) -> Callable[[], float]:
    """Each call gives CPU seconds of one hash, a known pair after the other."""
    turn = 0

    def ask() -> float:
        nonlocal turn
        header_hash, expected = KNOWN_PAIRS[turn % len(KNOWN_PAIRS)]
        turn += 1
        answer = _answer(process.stdin, process.stdout, header_hash.hex())
        if len(answer) != 2 or answer[0] != expected.hex():
            raise BenchWrong(f"the reference says {' '.join(answer) or 'nothing'}")
        return int(answer[1]) / 1e6

    return ask


def _answer(
    questions: IO[bytes] | None, answers: IO[bytes] | None, line: str
) -> list[str]:
    assert questions is not None and answers is not None, "both are pipes"
    questions.write(f"{line}\n".encode())
    questions.flush()
    return answers.readline().decode().split()


def _go_version() -> str:
    done = subprocess.run(
        ["go", "version"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip().removeprefix("go version ")
