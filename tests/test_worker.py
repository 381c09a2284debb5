"""The hash worker: right answers, from a process that never outlives or disturbs us."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from hashlib import sha3_256
from io import BytesIO
from pathlib import Path

import pytest
from textual.app import App

from devnet.engine.seedtable import INITIAL_SEED
from devnet.engine.tensority import KNOWN_PAIRS
from devnet.worker import HashPool, InProcessWorks, WorkerFailed, frames, pool
from devnet.worker.memo import Memo
from tests.vectors import vectors

SECONDS = 120.0
"""Far more than anything here takes, even for a nice worker on a crowded machine."""

PAIRS = {
    (bytes.fromhex(case["seed"]), bytes.fromhex(case["header_hash"])): bytes.fromhex(
        case["work"]
    )
    for case in vectors("tensority")["vectors"]
}
WISHES = tuple((bytes([i]) * 32, bytes([i + 1]) * 32) for i in range(10))

# Workers that do not hash. `answer` gives a work that is easy to foresee.
PRELUDE = """
import os, sys, signal
from hashlib import sha3_256
from devnet.worker.frames import *
requests, answers = sys.stdin.buffer, sys.stdout.buffer
def answer(payload):
    seed, header_hash = REQUEST.unpack(payload)
    work = sha3_256(payload).digest()
    write_frame(answers, WORK, ANSWER.pack(seed, header_hash, work, 1000))
"""
ECHO = "while frame := read_frame(requests): answer(frame[1])"
SILENT = "while read_frame(requests): pass"
DYING = "read_frame(requests); sys.exit(3)"
FAILING = "read_frame(requests); write_text(answers, ERROR, 'OSError: no table')"
BABBLING = "read_frame(requests); os.write(1, b'hello, parent, this is no frame')"
NOISY = "os.write(2, b'NOISE'); print('NOISE', file=sys.stderr)\n" + ECHO
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
write_text(answers, READY, "stubborn")
while True: signal.pause()
"""


def echo_of(pair):
    return sha3_256(b"".join(pair)).digest()


def pretend(script, n_workers=1):
    """A started pool of workers that run the script."""
    command = [sys.executable, "-c", PRELUDE + script]
    started = HashPool(n_workers, command=command)
    started.start()
    return started


def wait_for(works, *pairs):
    """Wait until the works of all these pairs are there."""
    while not all(works.get(*pair) for pair in pairs):
        assert works.wait(SECONDS), "no answer"


def until(works, condition):
    """Wait until the pool is in a certain state."""
    with works._changed:
        assert works._changed.wait_for(condition, SECONDS), "it never was"


def pids(works):
    return [seat.process.pid for seat in works._seats if seat.process]


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def real(cache_dir):
    """One real worker for the whole module: it loads numpy and a table once."""
    with HashPool(1, cache_dir) as works:
        until(works, lambda: works.stats().n_ready or works.failure)
        yield works


# Right answers.


def test_the_worker_gives_the_works_of_bytoms_go_code(real):
    wanted = list(PAIRS)[::3]

    real.want(tuple(wanted))
    wait_for(real, *wanted)

    assert all(real.get(*pair) == PAIRS[pair] for pair in wanted)
    assert real.stats().engine == "numpy float32"
    assert real.stats().n_hashed >= len(wanted)
    assert real.stats().hashes_per_s > 0
    assert real.failure is None


def test_the_soonest_wish_is_answered_first():
    with pretend(ECHO) as works:
        works.want(WISHES)
        wait_for(works, *WISHES)

        assert tuple(works.known()) == WISHES
        assert works.known()[WISHES[0]] == echo_of(WISHES[0])


def test_new_wishes_replace_all_but_the_two_that_the_worker_has():
    with pretend(SILENT) as works:
        works.want(WISHES)
        assert works.stats().n_waiting == 10

        works.want(WISHES[5:6])
        assert works.stats().n_waiting == 3


def test_a_wish_that_is_in_work_or_known_is_not_sent_again():
    with pretend(SILENT) as works:
        works.remember({WISHES[2]: bytes(32)})
        works.want(WISHES[:3])
        works.want(WISHES[:3])

        assert works.stats().n_waiting == 2
        assert works.get(*WISHES[2]) == bytes(32)


def test_what_one_pool_knows_another_need_not_compute():
    with pretend(ECHO) as first:
        first.want(WISHES[:2])
        wait_for(first, *WISHES[:2])
        known = first.known()

    second = HashPool(1, command=["never started"])
    second.remember(known)

    assert second.get(*WISHES[0]) == echo_of(WISHES[0])
    assert second.stats().n_hashed == 0


def test_wishes_made_before_the_start_are_answered():
    works = HashPool(1, command=[sys.executable, "-c", PRELUDE + ECHO])
    works.want(WISHES[:1])
    works.start()

    wait_for(works, WISHES[0])
    works.close()


def test_an_answer_that_came_before_the_wait_ends_it_at_once():
    with pretend(ECHO) as works:
        works.want(WISHES[:1])
        until(works, lambda: works.stats().n_hashed == 1)

        assert works.wait(0.0)
        assert not works.wait(0.0)


def test_several_workers_share_the_wishes():
    with pretend(ECHO, n_workers=3) as works:
        works.want(WISHES)
        wait_for(works, *WISHES)

        assert works.stats().n_workers == 3
        assert set(works.known()) == set(WISHES)


# Death.


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (DYING, "ended with status 3"),
        (FAILING, "OSError: no table"),
        (BABBLING, "does not begin a frame"),
    ],
)
def test_a_worker_is_started_again_once_and_then_reported(script, words):
    with pretend(script) as works:
        works.want(WISHES)

        with pytest.raises(WorkerFailed, match=words):
            works.wait(SECONDS)

        assert works.failure.code == "worker.failed"
        assert works.stats().n_workers == 0
        assert [note for note in works.stats().notes if words in note]


def test_a_worker_that_dies_once_loses_no_wish(tmp_path):
    flag = tmp_path / "died"
    dies_once = f"""
if not os.path.exists({str(flag)!r}):
    read_frame(requests)
    open({str(flag)!r}, "w").close()
    sys.exit(1)
{ECHO}"""
    with pretend(dies_once) as works:
        works.want(WISHES)
        wait_for(works, *WISHES)

        assert works.failure is None


def test_the_others_go_on_when_one_worker_is_gone():
    with pretend(ECHO, n_workers=2) as works:
        for _ in range(2):
            victim = works._seats[0].process
            os.kill(victim.pid, signal.SIGKILL)
            until(works, lambda gone=victim: works._seats[0].process is not gone)
        works.want(WISHES)
        wait_for(works, *WISHES)

        assert works.failure.code == "worker.failed"
        assert works.stats().n_workers == 1


@pytest.mark.parametrize(
    "end", ["raise ImportError('no numpy')", "print(); exit('no numpy')"]
)
def test_a_worker_without_a_usable_numpy_says_so(tmp_path, monkeypatch, end):
    (tmp_path / "numpy.py").write_text(end)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    words = r"(ImportError|SystemExit): no numpy"
    with HashPool(1, tmp_path) as works, pytest.raises(WorkerFailed, match=words):
        works.wait(SECONDS)


def test_a_worker_that_cannot_be_started_is_reported():
    with HashPool(1, command=["/no/such/program"]) as works:
        assert works.failure.code == "worker.failed"
        with pytest.raises(WorkerFailed, match="cannot be started"):
            works.wait(SECONDS)


# Leaving no trace.


def test_closing_ends_every_worker_and_leaves_no_zombie():
    works = pretend(ECHO, n_workers=2)
    started = pids(works)

    works.close()
    works.close()

    assert len(started) == 2
    for pid in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    assert works.wait(0.0) is False


def test_closing_in_the_middle_of_loading_takes_no_time(tmp_path):
    works = HashPool(1, tmp_path)
    works.start()
    (pid,) = pids(works)

    works.close()

    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_will_not_end_is_made_to(monkeypatch):
    monkeypatch.setattr(pool, "CLOSE_S", 0.1)
    monkeypatch.setattr("devnet.worker.process.GRACE_S", 0.1)
    works = pretend(STUBBORN)
    (pid,) = pids(works)
    until(works, lambda: works.stats().n_ready)

    works.close()

    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_a_worker_ends_when_its_parent_is_killed(cache_dir):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(cache_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    worker = os.pidfd_open(int(parent.stdout.readline()))
    watch = select.poll()
    watch.register(worker, select.POLLIN)
    assert not watch.poll(0), "the worker ended before its parent"

    parent.kill()

    assert watch.poll(SECONDS * 1000), "the worker lives on"
    os.close(worker)
    parent.communicate()


PARENT = """
import sys
from pathlib import Path
from devnet.worker import HashPool
works = HashPool(1, Path(sys.argv[1]))
works.start()
print(works._seats[0].process.pid, flush=True)
sys.stdin.read()
"""


def test_ctrl_c_does_not_reach_the_worker(real):
    (pid,) = pids(real)
    pair = list(PAIRS)[1]

    os.kill(pid, signal.SIGINT)
    real.want((pair,))
    wait_for(real, pair)

    assert os.getpgid(pid) != os.getpgid(0)
    assert pids(real) == [pid]


def test_the_worker_is_nicer_than_its_parent(real):
    (pid,) = pids(real)
    ours = os.getpriority(os.PRIO_PROCESS, 0)

    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, ours + 10)


def test_the_parent_imports_neither_numpy_nor_pycryptodome():
    script = (
        "import sys; from devnet.worker import HashPool; works = HashPool(1);"
        "works.start(); works.close();"
        "assert not {'numpy', 'Crypto', 'nacl'} & set(sys.modules), 'imported'"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_nothing_is_ever_written_to_the_terminal(capfd):
    with pretend(NOISY) as works:
        works.want(WISHES)
        wait_for(works, *WISHES)
    with pretend(DYING) as works:
        works.want(WISHES)
        with pytest.raises(WorkerFailed):
            works.wait(SECONDS)

    assert capfd.readouterr() == ("", "")


def test_a_file_of_the_users_folder_is_not_taken_for_a_library(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('not the real one')")
    monkeypatch.chdir(tmp_path)
    with HashPool(1, tmp_path) as works:
        pair = (INITIAL_SEED, KNOWN_PAIRS[0][0])
        works.want((pair,))
        wait_for(works, pair)

        assert works.get(*pair) == KNOWN_PAIRS[0][1]


# Beside a screen.


class Screen(App[None]):
    """A Textual app with nothing on it."""


@pytest.mark.parametrize("when", ["before the app", "inside the app"])
def test_a_pool_works_beside_a_running_textual_app(when, cache_dir):
    pair = list(PAIRS)[2]

    async def run_app(works):
        async with Screen().run_test() as pilot:
            works.start()
            works.want((pair,))
            while works.get(*pair) is None:
                await pilot.pause()
                assert works.failure is None

    works = HashPool(1, cache_dir)
    if when == "before the app":
        works.start()
    asyncio.run(asyncio.wait_for(run_app(works), SECONDS))
    works.close()

    assert works.get(*pair) == PAIRS[pair]


# The small parts.


def test_a_frame_comes_back_as_it_was_sent():
    stream = BytesIO()
    frames.write_frame(stream, frames.HASH, b"pair")
    frames.write_text(stream, frames.NOTE, "a note")
    stream.seek(0)

    assert frames.read_frame(stream) == (frames.HASH, b"pair")
    assert frames.read_frame(stream) == (frames.NOTE, b"a note")
    assert frames.read_frame(stream) is None


def test_half_a_frame_is_an_end_and_no_answer():
    stream = BytesIO()
    frames.write_frame(stream, frames.WORK, bytes(100))

    assert frames.read_frame(BytesIO(stream.getvalue()[:-1])) is None


@pytest.mark.parametrize("raw", [b"?\x00\x00\x00\x00", b"W\xff\xff\xff\xff"])
def test_bytes_that_are_no_frame_are_refused(raw):
    with pytest.raises(frames.BadFrame, match="does not begin a frame"):
        frames.read_frame(BytesIO(raw))


def test_a_full_memo_forgets_the_oldest():
    memo = Memo(most=2)

    memo.add((pair, bytes(32)) for pair in WISHES[:3])

    assert set(memo.all()) == set(WISHES[1:3])


def test_without_a_process_a_wish_is_computed_when_it_is_waited_for():
    works = InProcessWorks(lambda header_hash, seed: echo_of((seed, header_hash)))
    works.want(WISHES[:2])

    assert works.get(*WISHES[0]) is None
    assert works.wait(0.0)
    assert works.get(*WISHES[0]) == echo_of(WISHES[0])
    assert works.get(*WISHES[1]) is None
    assert works.wait(0.0)
    assert not works.wait(0.0)


def test_without_a_process_the_works_are_the_real_ones():
    works = InProcessWorks()
    works.want(((INITIAL_SEED, KNOWN_PAIRS[1][0]),))

    assert works.wait(0.0)
    assert works.get(INITIAL_SEED, KNOWN_PAIRS[1][0]) == KNOWN_PAIRS[1][1]


def test_the_cache_folder_follows_the_users_settings(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert pool.default_cache_dir() == Path("/somewhere/cache/bystack-devnet")

    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/alice")
    assert pool.default_cache_dir() == Path("/home/alice/.cache/bystack-devnet")


@pytest.mark.parametrize(("n_cores", "n_workers"), [(1, 1), (2, 1), (6, 5), (64, 8)])
def test_one_core_is_left_for_the_screen(monkeypatch, n_cores, n_workers):
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda pid: range(n_cores), raising=False
    )

    assert pool.default_n_workers() == n_workers
