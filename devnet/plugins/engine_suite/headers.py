"""Rules about headers: an engine takes what it made itself, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha3_256
from typing import Any

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusEngine,
    ConsensusError,
    Header,
    Rules,
    quorum,
)
from devnet.plugins.engine_suite.bench import PASSED, EngineBench
from devnet.plugins.lab.chain import LabChain, hashed, signed

NONCES = 64
FAR_INTERVALS = 12_000
"""So far in the future that no clock is that wrong; whole turns in most rules."""


def e5_accepts(bench: EngineBench) -> str:
    """check_header takes every block that its own start and step propose."""
    calm = bench.calm
    if calm.host is None or len(calm.blocks) < 3:
        return calm.why_short()
    if calm.host.refused:
        error = calm.host.refused[0]
        return f"a validator refused another's block: {error.code}: {error}"
    engine, blocks = bench.make(), calm.blocks
    for height in range(1, len(blocks)):
        chain = _as_it_was(bench, blocks[: height + 1])
        if refusal := _refusal(engine, blocks[height], blocks[height - 1], chain):
            return f"a newcomer refuses block {height}: {refusal}"
    return PASSED


def e6_refuses(bench: EngineBench) -> str:
    """check_header refuses wrong signers, rounds, times, justify, votes and data."""
    calm, blocks = bench.calm, bench.calm.blocks
    if len(blocks) < 6:
        return calm.why_short()
    for height in (1, 2, len(blocks) // 2, len(blocks) - 1):
        block, parent = blocks[height], blocks[height - 1]
        chain = _as_it_was(bench, blocks[: height + 1])
        engine = bench.make()
        if refusal := _refusal_of_twin(bench, block, parent, chain):
            return f"block {height} with other content is refused: {refusal}"
        for what, forged in _forgeries(bench, block, parent, chain):
            if not _refusal(engine, forged, parent, chain):
                return f"block {height} {what} is taken"
    return PASSED


def _as_it_was(bench: EngineBench, blocks: list[Header]) -> LabChain:
    """The chain below the last of these blocks, at the time of that block."""
    chain = bench.replayed(blocks)
    del chain.known[blocks[-1].hash]
    chain.tip = blocks[-2]
    return chain


def _refusal(
    engine: ConsensusEngine, block: Header, parent: Header, chain: LabChain
) -> str:
    """The code of what check_header raises. Any other exception is a breach."""
    try:
        engine.check_header(block, parent, chain)
    except ConsensusError as error:
        return error.code
    return ""


def _refusal_of_twin(
    bench: EngineBench, block: Header, parent: Header, chain: LabChain
) -> str:
    """What is said of a good block under another hash: unless nothing, no proof."""
    if bench.info.finality == "depth":
        return ""  # Another hash is other work.
    rules = chain.rules_of(block)
    key = rules.validators[_owner(block, rules, chain)].key
    return _refusal(bench.make(), signed(hashed(block), key), parent, chain)


Forgery = tuple[str, Header]


def _forgeries(
    bench: EngineBench, block: Header, parent: Header, chain: LabChain
) -> Iterator[Forgery]:
    rules = chain.rules_of(block)
    owner = _owner(block, rules, chain)
    if bench.info.finality == "depth":
        yield from _wrong_work(bench, block, parent, chain)
    else:
        yield from _wrong_signers(block, rules, owner)
    key = rules.validators[owner].key
    if bench.info.finality != "depth":
        yield "with a stray nonce", signed(hashed(replace(block, nonce=7)), key)
        yield "with stray bits", signed(hashed(replace(block, bits=7)), key)
    yield from _wrong_fields(bench, block, parent, key)
    yield from _wrong_certificates(block, rules)


def _owner(block: Header, rules: Rules, chain: LabChain) -> int:
    seats = range(len(rules.validators))
    return next((i for i in seats if chain.signed_by(block, i)), 0)


def _wrong_signers(block: Header, rules: Rules, owner: int) -> Iterator[Forgery]:
    yield "without a signature", replace(block, signature=b"")
    yield "with a signature of noise", replace(block, signature=bytes(32))
    stranger = sha3_256(b"a stranger").digest()
    yield "signed by a stranger", signed(block, stranger)
    for index, validator in enumerate(rules.validators):
        if index != owner:
            yield f"signed by {validator.name}", signed(block, validator.key)


def _wrong_work(
    bench: EngineBench, block: Header, parent: Header, chain: LabChain
) -> Iterator[Forgery]:
    """Of many nonces some have to fail; the first that is refused stands for them."""
    engine = bench.make()
    tried = [hashed(replace(block, nonce=n)) for n in range(NONCES)]
    lazy = next((b for b in tried if _refusal(engine, b, parent, chain)), tried[0])
    yield "with a nonce that cost nothing", lazy
    yield "with a target of its own", hashed(replace(block, bits=block.bits + 1))


def _wrong_fields(
    bench: EngineBench, block: Header, parent: Header, key: bytes
) -> Iterator[Forgery]:
    far_ms = FAR_INTERVALS * bench.n_seats * bench.interval_ms
    far_round = FAR_INTERVALS * bench.n_seats
    stand_in = Checkpoint(block.justify.height, sha3_256(b"nowhere").digest())
    below = parent.round if parent.height else 0
    changed: tuple[tuple[str, dict[str, Any]], ...] = (
        ("with its parent's round", {"round": below}),
        ("with a round below its parent's", {"round": below - 1}),
        ("with a round of zero", {"round": 0}),
        ("from the future", {"time_ms": block.time_ms + far_ms}),
        (
            "from the future with the round that goes with it",
            {"time_ms": block.time_ms + far_ms, "round": block.round + far_round},
        ),
        ("with stray engine data", {"engine_data": block.engine_data + b"stray"}),
        ("with a justify that is nowhere", {"justify": stand_in}),
        (
            "with itself as justify",
            {"justify": Checkpoint(block.height + 3, block.hash)},
        ),
    )
    for what, changes in changed:
        yield what, signed(hashed(replace(block, **changes)), key)


def _wrong_certificates(block: Header, rules: Rules) -> Iterator[Forgery]:
    n = len(rules.validators)
    noise = sha3_256(b"noise").digest()
    everybody = Certificate.of(dict.fromkeys(range(n), noise))
    yield "with a certificate of noise", replace(block, certificate=everybody)
    real = block.certificate
    if not real.signatures:
        return
    yield "without its certificate", replace(block, certificate=Certificate())
    few = Certificate.of(dict.fromkeys(real.voters()[: quorum(n) - 1], noise))
    short = real.signatures[: quorum(n) - 1]
    yield (
        "with a certificate of too few",
        replace(block, certificate=Certificate(few.bitmap, short)),
    )
    forged = (*real.signatures[:-1], noise)
    yield (
        "with a forged vote in its certificate",
        replace(block, certificate=Certificate(real.bitmap, forged)),
    )
    beyond = bytes((*real.bitmap, 0x80))
    yield (
        "with a voter who has no seat",
        replace(block, certificate=Certificate(beyond, (*real.signatures, noise))),
    )
