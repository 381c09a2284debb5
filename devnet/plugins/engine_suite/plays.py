"""Rules about plays: quiet, silence, storms, crashes, a swap in, a signer's refusal."""

from __future__ import annotations

from random import Random

from devnet.plugins.engine_suite.bench import PASSED, EngineBench
from devnet.plugins.lab.host import LabHost
from devnet.plugins.lab.links import Conflict

STORMS = 8
FOREVER_MS = 10**12


def e9_calm(bench: EngineBench) -> str:
    """Without faults blocks are made and become final, also by few and after rest."""
    calm = bench.calm
    if calm.error is not None:
        return calm.why_short()
    assert calm.host is not None, "nothing ended the play"
    low = min(calm.host.finals())
    if low < 3 or len(calm.blocks) < 6:
        return (
            f"{bench.n_seats} validators came to {len(calm.blocks) - 1} blocks in "
            f"{calm.host.now_ms} ms, {low} of them final"
        )
    least = bench.host(bench.info.least_validators)
    if not bench.goes_on(least, 3):
        return f"with {bench.info.least_validators} validators nothing becomes final"
    idle = bench.host(busy=False)
    idle.run(20 * bench.interval_ms)
    idle.work(idle.now_ms + 1, 1)
    if not bench.advance(idle, lambda host: _is_final(host, 1)):
        return "what appeared after a quiet time never became final"
    return PASSED


def _is_final(host: LabHost, item: int) -> bool:
    """Does every validator hold a block final that has this work in it?"""
    for node in host.nodes:
        block = node.chain.known[node.final.hash]
        while item not in host.content.get(block.hash, ()):
            if block.height <= host.rules.base.height:
                return False
            block = node.chain.known[block.previous]
    return True


def e10_silent(bench: EngineBench) -> str:
    """One silent validator of four stops nothing, unless finality is instant."""
    if bench.info.finality == "instant":
        return PASSED
    for silent in range(bench.n_seats):
        host = bench.host()
        host.down(silent, 0, FOREVER_MS)
        if not bench.goes_on(host, 2, without=silent):
            return (
                f"with v{silent} silent the others hold {max(host.finals())} final "
                f"after {host.now_ms} ms"
            )
    return PASSED


def e11_storm(bench: EngineBench) -> str:
    """Lost, late and doubled messages make no two finals; after them it goes on."""
    for seed in range(STORMS):
        try:
            host = _storm(bench, seed)
            if host.refused:
                error = host.refused[0]
                return f"seed {seed}: a block of its own is refused: {error.code}"
            host.loss, host.twice, host.jitter_ms = 0.0, 0.0, 0
            for node in host.nodes:
                host.meet({node.index})
            if not bench.goes_on(host):
                return f"seed {seed}: after the storm it stands at {host.finals()}"
        except Conflict as error:
            return f"seed {seed}: {error}"
    return PASSED


def _storm(bench: EngineBench, seed: int) -> LabHost:
    """
    Crashes, parts cut off, messages lost, late and doubled. Builders and depth bear
    late blocks only while they come before the next, and no long parting by nature.
    """
    chance, n = Random(seed), bench.n_seats
    robust = bench.info.finality in ("certificate", "instant")
    host = bench.host(
        seed=seed,
        judged_first=chance.random() < 0.5,
        loss=chance.choice([0, 0.1, 0.3]) if robust else 0,
        twice=chance.choice([0, 0.3]),
        jitter_ms=chance.choice([0, 100, 400, 1200]) if robust else 20,
    )
    longest_ms = 5000 if robust else 3 * bench.interval_ms
    for at_ms in (1000, 7000, 13_000):
        at_ms += chance.randint(0, 900)
        until_ms = at_ms + chance.randint(100, longest_ms)
        if chance.random() < 0.5:
            host.down(chance.randrange(n), at_ms, until_ms)
        else:
            some = chance.sample(range(n), chance.randint(1, n - 1))
            host.cut(set(some), at_ms, until_ms)
    host.run(20_000)
    return host


def e12_restart(bench: EngineBench) -> str:
    """After a crash a validator goes on from the chain and its signer's memory."""
    host, n, pause_ms = bench.host(), bench.n_seats, 3 * bench.interval_ms
    for index in range(n):
        at_ms = 2 * pause_ms * (index + 1)
        host.down(index, at_ms, at_ms + pause_ms)
    all_ms = 2 * pause_ms * (n + 1)
    for index in range(n):
        host.down(index, all_ms, all_ms + pause_ms)
    host.run(all_ms + 2 * pause_ms)
    if not bench.goes_on(host):
        return f"after all of them crashed it stands at {host.finals()}"
    if bench.info.finality == "instant":
        return PASSED
    # Now every single one of those who came back is needed.
    host.down(0, host.now_ms, FOREVER_MS)
    if not bench.goes_on(host, without=0):
        return f"those who came back take no part: {host.finals()}"
    return PASSED


def e13_swap_in(bench: EngineBench) -> str:
    """It takes a chain over from another rule, closing blocks and all."""
    for n in (bench.n_seats, bench.info.least_validators):
        host = bench.host(n, old_blocks=5)
        if not bench.goes_on(host, 3):
            return (
                f"{n} validators on base {host.rules.base.height}: after "
                f"{host.now_ms} ms {min(host.finals())} is final"
            )
        if host.refused:
            return f"it refuses its own block on the base: {host.refused[0].code}"
    return PASSED


def e18_refused(bench: EngineBench) -> str:
    """It lives with a signer that refuses, and goes on when the signer signs again."""
    step_ms = 4 * bench.interval_ms
    for index in (1, 2):
        host = bench.host()
        host.refuse(index, step_ms, 3 * step_ms)
        host.run(4 * step_ms)
        if not bench.goes_on(host):
            return f"the signer of v{index} had refused; it stands at {host.finals()}"
    return PASSED
