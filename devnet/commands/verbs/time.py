"""Verbs about virtual time: let it pass, stop it, change its pace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from devnet.commands.context import Context, within_s
from devnet.commands.digging import Digging
from devnet.commands.errors import BadArgument, Paused
from devnet.commands.paths import make_test
from devnet.commands.registry import command
from devnet.commands.running import Stepping, Until
from devnet.commands.types import Number, Payee, Span, Speed, TestWords
from devnet.commands.values import Said, parse_span

MOST_MS_PER_BLOCK = 3_600_000
"""Virtual time after which a block that does not come is given up."""

MOST_BLOCKS = 100_000


@command(
    group="time", example="mine 6", acts=True,
    labels={"address": "ADDRESS|NAME", "timestamp": "SECONDS"},
)  # fmt: skip
def mine(
    session: Context,
    n: Number | None = None,
    *,
    now: bool = False,
    address: Payee | None = None,
    timestamp: Number | None = None,
) -> Until | Digging:
    """Let virtual time pass until N more mainchain blocks are there; one without N.

    With --now they are made of what waits at this moment, with real proof of work, and
    no virtual time passes. --address says who is paid for them, and --timestamp what
    the first of them says of its time (seconds since 1970); both imply --now.
    """
    n_blocks = 1 if n is None else n
    if not 0 < n_blocks <= MOST_BLOCKS:
        raise BadArgument(
            f"mine takes 1 to {MOST_BLOCKS} blocks, got {n_blocks}", hint="mine 6"
        )
    digs = now or address is not None or timestamp is not None
    if not digs:
        _not_paused(session)
    network = session.network

    def found(first_height: int) -> Said:
        height, tip = network.main_height(), network.show("main")["tip"]
        hashes = network.main_hashes(first_height)
        result = {"height": height, "tip": tip, "block_hashes": hashes}
        return Said(result, f"main {height}")

    start_height = network.main_height()
    if digs:
        program = None if address is None else network.program_at(address)
        return Digging(
            n_blocks,
            lambda hashes: found(network.main_height() - len(hashes) + 1),
            program=program,
            time_s=timestamp,
        )
    goal = start_height + n_blocks

    return Until(
        lambda: network.main_height() >= goal,
        lambda: found(start_height + 1),
        deadline_ms=session.now_ms + n_blocks * MOST_MS_PER_BLOCK,
        ran_out=lambda: f"main stands at {network.main_height()}, wanted {goal}",
        mines=True,
    )


@command(group="time", example="wait alpha.height > 20 --within 10blocks", acts=True)
def wait(session: Context, test: TestWords, *, within: Span | None = None) -> Until:
    """Let virtual time pass until a test holds.

    --within 20blocks counts mainchain blocks, --within 30s virtual seconds; without it
    60 virtual seconds, or in a solonet world the time of 60 blocks.
    """
    _not_paused(session)
    wanted = make_test(test, session)
    network, start_ms = session.network, session.now_ms
    start_height = network.main_height()
    count, unit = parse_span(within) if within else (within_s(session), "s")
    per_unit_ms = 1000 if unit == "s" else MOST_MS_PER_BLOCK

    def spent() -> bool:
        return unit == "blocks" and network.main_height() - start_height >= count

    def done() -> Said:
        value = {
            "path": wanted.path,
            "value": wanted.read(),
            "waited_ms": session.now_ms - start_ms,
        }
        passed = f"{(session.now_ms - start_ms) / 1000:g} s"
        return Said(
            value, f"{wanted.path} {wanted.operator} {wanted.expected} ({passed})"
        )

    return Until(
        wanted,
        done,
        deadline_ms=start_ms + count * per_unit_ms,
        spent=spent,
        ran_out=lambda: f"after {count} {unit}: {wanted.both_sides()}",
        hint="give it longer with --within, or look with show and the events",
    )


@command(group="time", example="step 10")
def step(session: Context, n: Number | None = None) -> Stepping:
    """Take one step of the network, or N; also while time stands still."""
    n_steps = 1 if n is None else n
    if not 0 < n_steps <= MOST_BLOCKS:
        raise BadArgument(
            f"step takes 1 to {MOST_BLOCKS}, got {n_steps}", hint="step 10"
        )

    def done() -> Said:
        value: dict[str, Any] = {"at_ms": session.now_ms, "steps": n_steps}
        return Said(value, f"at {session.now_ms / 1000:.3f} s")

    return Stepping(n_steps, done)


@command(group="time", example="pause")
def pause(session: Context) -> Said:
    """Stop virtual time. step still takes single steps."""
    session.pacer = session.pacer.pause()
    return _pace(session)


@command(group="time", example="resume")
def resume(session: Context) -> Said:
    """Let virtual time go on. After an alarm, the alarm stands."""
    network = session.network
    if network.is_paused_by_breach():
        network.acknowledge()
        session.record("acknowledge")
    session.pacer = session.pacer.resume()
    return _pace(session)


@command(group="time", example="speed x10")
def speed(session: Context, speed: Speed | None = None) -> Said:
    """Set virtual seconds per second: x1, x0.5, x20, or max. Alone: say it."""
    if speed is not None:
        session.pacer = session.pacer.at_speed(speed)
    return _pace(session)


def _pace(session: Context) -> Said:
    pacer = session.pacer
    label = "time stands still" if pacer.paused else f"time runs at {pacer.label}"
    value = {"speed": replace(pacer, paused=False).label, "paused": pacer.paused}
    return Said(value, label)


def _not_paused(session: Context) -> None:
    if session.pacer.paused:
        raise Paused("time stands still, so this would wait for ever")
