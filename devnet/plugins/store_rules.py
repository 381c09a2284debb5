"""
The ten rules of a store, S1 to S10, each one function.

A function gets a `Bench` and returns "" when the store keeps the rule, else a sentence
that says how it broke it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha3_256

from devnet.engine.interfaces import StorageError
from devnet.plugins.store_bench import Bench, Call, digest_of, files_in, refuses
from devnet.plugins.store_crash import survives_kill
from devnet.plugins.store_parts import MAX_KEY_BYTES, MAX_VALUE_BYTES, store_digest

PASSED = ""
KILLS_AFTER = (1, 4, 15)
N_OPERATIONS = 600

# Zero bytes, bytes of ff, keys that begin other keys: where text order and byte order,
# and lengths and contents, part ways.
ODD_KEYS = (
    b"\0", b"\0\0", b"\0\xff", b"a", b"a\0", b"a\0\0", b"a\0b", b"a\xff", b"a\xff\xff",
    b"ab", b"b", b"\x7f", b"\x80", b"\xfe\xff", b"\xff", b"\xff\0", b"\xff\xff", b"Z",
)  # fmt: skip


class _Interrupted(Exception):
    """Thrown in the middle of a batch."""


def s1_sizes(bench: Bench) -> str:
    """Keys of 1 to 255 bytes, values of 0 to 16 MiB; empty is not absent."""
    store = bench.fresh()
    longest, largest = b"k" * MAX_KEY_BYTES, b"v" * MAX_VALUE_BYTES
    for key, value in ((b"\0", b"one"), (longest, largest), (b"empty", b"")):
        store.put(key, value)
        if store.get(key) != value:
            return f"a key of {len(key)} with a value of {len(value)} bytes is lost"
    if store.get(b"absent") is not None:
        return "an absent key has a value"
    store.delete(b"absent")
    if (b"empty", b"") not in list(store.iterate()):
        return "an empty value is left out of the iteration"
    bad = ((b"", b""), (longest + b"k", b""), (b"k", largest + b"v"))
    for key, value in bad:
        if not refuses(partial(store.put, key, value)):
            return (
                f"a key of {len(key)} with a value of {len(value)} bytes"
                " is not refused with a StorageError"
            )
    return PASSED


def s2_order(bench: Bench) -> str:
    """Iteration in unsigned byte order, also reversed, also with 00, ff, prefixes."""
    store = bench.fresh()
    for key in reversed(ODD_KEYS):
        store.put(key, b"of " + key)
    for prefix in (b"", b"a", b"a\0", b"\xff", b"\xff\xff", b"nobody"):
        wanted = sorted(key for key in ODD_KEYS if key.startswith(prefix))
        for reverse in (False, True):
            found = list(store.iterate(prefix, reverse=reverse))
            if [key for key, _ in found] != wanted[:: -1 if reverse else 1]:
                return f"wrong order under prefix {prefix!r}, reverse={reverse}"
            if any(value != b"of " + key for key, value in found):
                return f"a value stands beside another's key under {prefix!r}"
    return PASSED


def s3_start(bench: Bench) -> str:
    """`start` is included, and counts in the direction of travel."""
    store = bench.fresh()
    for key in ODD_KEYS:
        store.put(key, b"")
    for prefix in (b"", b"a", b"\xff"):
        keys = sorted(key for key in ODD_KEYS if key.startswith(prefix))
        for start in (*ODD_KEYS, b"\0\0\0", b"aa", b"m", b"\xff\xff\xff"):
            up = [key for key in keys if key >= start]
            down = [key for key in reversed(keys) if key <= start]
            for reverse, wanted in ((False, up), (True, down)):
                found = [key for key, _ in store.iterate(prefix, start, reverse)]
                if found != wanted:
                    return (
                        f"start {start!r} under prefix {prefix!r}, reverse={reverse},"
                        f" gives {found[:3]} ..., not {wanted[:3]} ..."
                    )
    return PASSED


def s4_atomic(bench: Bench) -> str:
    """A batch happens whole or not at all, also when the process is killed."""
    store = bench.fresh(old=b"1")
    before = store_digest(store)
    for n_good in (0, 1, 5):
        with suppress(_Interrupted), store.batch() as batch:
            for index in range(n_good):
                batch.put(b"new%d" % index, b"x")
            batch.delete(b"old")
            raise _Interrupted
        if store_digest(store) != before:
            return f"an exception after {n_good} writes left a part of the batch"
    with suppress(StorageError), store.batch() as batch:
        batch.put(b"new", b"x")
        batch.put(b"", b"the write that fails")
    if store_digest(store) != before:
        return "a write that was refused left the part of the batch before it"
    for n_batches in KILLS_AFTER if bench.keeps_files else ():
        path = bench.new_path()
        assert path is not None
        if reason := survives_kill(bench.store_class, path, n_batches):
            return reason
    return PASSED


def s5_last_wins(bench: Bench) -> str:
    """The last write to a key in a batch wins."""
    store = bench.fresh(gone=b"1", back=b"1")
    with store.batch() as batch:
        batch.put(b"twice", b"first")
        batch.put(b"twice", b"second")
        batch.put(b"gone", b"2")
        batch.delete(b"gone")
        batch.delete(b"back")
        batch.put(b"back", b"2")
    found = list(store.iterate())
    if found != [(b"back", b"2"), (b"twice", b"second")]:
        return f"after put, put, delete and delete, put there is {found}"
    return PASSED


def s6_snapshot(bench: Bench) -> str:
    """A snapshot does not see later writes, and may be iterated while writing."""
    store = bench.fresh(**{f"k{index:02}": b"old" for index in range(20)})
    store.delete(b"k19")
    with store.snapshot() as frozen:
        before = store_digest(frozen)
        steps = frozen.iterate()
        first = next(steps)
        with store.batch() as batch:
            for index in range(20):
                batch.put(b"k%02d" % index, b"new")
            batch.delete(b"k05")
            batch.put(b"k005", b"new")
        rest = list(steps)
        if any(value != b"old" for _, value in (first, *rest)) or len(rest) != 18:
            return "an iteration over a snapshot saw a later write"
        if frozen.get(b"k03") != b"old" or frozen.get(b"k19") is not None:
            return "reading a key of a snapshot gave a later value"
        if store_digest(frozen) != before:
            return "a snapshot changed with a later write"
        with store.snapshot() as newer:
            if newer.get(b"k03") != b"new" or newer.get(b"k05") is not None:
                return "a newer snapshot does not show what was written before it"
    if store.get(b"k03") != b"new":
        return "what was written beside a snapshot is lost"
    return PASSED


def s7_one_writer(bench: Bench) -> str:
    """One writer at a time; readers never wait for longer than a batch."""
    store = bench.fresh(key=b"old")
    seen: list[bytes | None] = []

    def write() -> None:
        with store.batch() as batch:
            batch.put(b"second", b"2")

    def read() -> None:
        seen.append(store.get(b"key"))
        with store.snapshot() as frozen:
            seen.extend(value for _, value in frozen.iterate(b"key"))

    with store.batch() as batch:
        batch.put(b"key", b"new")
        writer, reader = Call(write), Call(read)
        if not writer.is_waiting() and not isinstance(writer.error, StorageError):
            return f"a second batch was let in beside an open one ({writer.error})"
        reader.is_waiting()
        batch.put(b"last", b"1")
    for call, who in ((writer, "writer"), (reader, "reader")):
        if not call.ended():
            return f"a {who} was still blocked after the end of the batch"
    if reader.error is not None:
        return f"reading from another thread failed: {reader.error}"
    if not set(seen) <= {b"old", b"new"} or store.get(b"last") != b"1":
        return f"beside a batch a reader saw {seen}"
    return PASSED


def s8_reopen(bench: Bench) -> str:
    """What was committed is there after close and open, if the store is durable."""
    if not bench.keeps_files:
        return PASSED
    path = bench.new_path()
    wanted = ""
    for round_number in range(3):
        store = bench.open(path)
        if round_number and store_digest(store) != wanted:
            return f"after {round_number} times of close and open the content differs"
        for index in range(50):
            store.put(b"%d-%d" % (round_number, index), b"v" * index)
        store.put(b"overwritten", b"%d" % round_number)
        store.delete(b"%d-7" % round_number)
        wanted = store_digest(store)
        store.close()
    return PASSED


def s9_second_open(bench: Bench) -> str:
    """A store that is open for writing is not opened again; its files stay as is."""
    if not bench.keeps_files:
        return PASSED
    path = bench.new_path()
    store = bench.open(path)
    store.put(b"key", b"1")
    before = files_in(bench.folder)
    try:
        bench.open(path)
    except StorageError as error:
        if not str(error).strip():
            return "the second open was refused without a word"
    except Exception as error:
        return f"the second open failed with {type(error).__name__}: {error}"
    else:
        return "the store was opened for writing twice"
    after = files_in(bench.folder)
    if changed := [name for name, raw in before.items() if after.get(name) != raw]:
        return f"the refused open changed {', '.join(changed)}"
    store.put(b"key", b"2")
    store.close()
    again = bench.open(path)
    return PASSED if again.get(b"key") == b"2" else "the first writer lost its writes"


def s10_digest(bench: Bench) -> str:
    """The same operations give the same digest on every store."""
    path = bench.new_path()
    store, model = bench.open(path), {}
    for number in range(N_OPERATIONS):
        draw = sha3_256(b"%d" % number).digest()
        key = draw[: 1 + draw[0] % 3]
        with store.batch() as batch:
            batch.put(key, draw[: draw[1] % 33])
            model[key] = draw[: draw[1] % 33]
            batch.delete(draw[4:6])
            model.pop(draw[4:6], None)
        if number % 100 == 99 and store_digest(store) != digest_of(model):
            return f"after {number + 1} batches the content differs"
    if bench.keeps_files:
        store.close()
        store = bench.open(path)
    return PASSED if store_digest(store) == digest_of(model) else "content differs"
