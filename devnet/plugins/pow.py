"""
Proof of work: whoever finds a nonce makes the block; the heaviest chain leads.

Every validator of the list mines. It asks for a block on its head, and then tries one
nonce after the other; a try takes `try_ms` of virtual time. Tries end on a grid, each
validator's at its own phase of it, so that no two try at once, and each names itself in
the block, so that no two try the same. The work of a hash is Tensority with the chain's
id as seed, or SHA3-256 when `sha3` is 1; read from its last byte down it must not
exceed the target in `bits`. Every 16 blocks above the epoch's base the target follows
the time that they took (pow_target.py).

A block is final when `depth` blocks stand on it. That is a bet, not a proof: more work
elsewhere can outweigh any depth, and nobody lied. A validator of this devnet never
leaves what it held final, so a cut that lasts longer than `depth` blocks on both sides
leaves two chains, and the devnet says that an invariant broke.

Header, `engine_data`, 18 bytes: the miner's index (2), the work of the epoch's chain up
to and including this block in expected tries (16), both big-endian. The round is the
number of milliseconds since genesis: a miner may well make two blocks of one height, on
two branches, but never two in one millisecond.

Source: consensus rules of this project, section "pow and pos".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import ClassVar

from devnet.engine.interfaces import (
    ChainReader,
    Checkpoint,
    ConsensusError,
    Effect,
    EngineInfo,
    Filled,
    Foresee,
    Gauge,
    HeadChanged,
    Header,
    Input,
    Param,
    Picture,
    Propose,
    Publish,
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    TryNonce,
    Woken,
)
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_plain_justify,
    check_proposer,
    check_round,
    checkpoint,
    in_epoch,
    lower_hash_first,
)
from devnet.plugins.pow_target import (
    BLOCKS_PER_RETARGET,
    first_bits,
    is_retarget,
    meets_target,
    retarget,
    tries_of_bits,
)

TRY = "try"
IDLE_TRIES = 4
"""A miner for whom nothing waits asks again after the time of so many tries."""

TRANSITIONS: tuple[tuple[str, str, str], ...] = (
    ("resting", "Woken or HeadChanged, a block is filled", "trying"),
    ("resting", "TimerFired, nothing waits", "resting"),
    ("resting", "TimerFired, a block is filled", "trying"),
    ("trying", "TimerFired, too little work, TryNonce", "trying"),
    ("trying", "TimerFired, too little work, Propose what waits since", "trying"),
    ("trying", "TimerFired, enough work, Publish", "resting"),
    ("trying", "HeadChanged, nothing waits", "resting"),
    ("trying", "HeadChanged, Propose on the new head", "trying"),
)


class NotAMiner(ConsensusError):
    """The header names a miner that the epoch's list does not have."""

    code = "consensus.not-a-miner"


class WrongBits(ConsensusError):
    """The header's target is not the one that follows from its ancestors."""

    code = "consensus.wrong-bits"
    default_hint = "The target changes every 16 blocks above the epoch's base."


class WorkTooSmall(ConsensusError):
    """The work of the block's hash is above the target."""

    code = "consensus.work-too-small"
    default_hint = "Another nonce gives another hash; try on."


@dataclass(frozen=True, slots=True)
class Miner:
    """
    All that one validator remembers.

    Args:
        block: what it tries now, under the hash of the present nonce.
        n_tries: nonces tried since the head changed.
        outdated: something waits that the block lacks.
    """

    seat: Seat
    block: Header | None = None
    n_tries: int = 0
    outdated: bool = False


Acted = tuple[Miner, tuple[Effect, ...]]

# The arithmetic of chains.


def encode_data(index: int, chain_tries: int) -> bytes:
    """The header's engine data."""
    return index.to_bytes(2, "big") + chain_tries.to_bytes(16, "big")


def miner_index(header: Header) -> int:
    """Who made this block of a pow epoch, as its header says."""
    return int.from_bytes(header.engine_data[:2], "big")


def chain_tries(tip: Header, rules: Rules) -> int:
    """The work of the epoch's chain that ends here, in tries; 0 at the base."""
    return int.from_bytes(tip.engine_data[2:], "big") if in_epoch(tip, rules) else 0


def bits_above(parent: Header, rules: Rules, chain: ChainReader) -> int:
    """The bits that a child of `parent` must have."""
    easiest = first_bits(rules.params["tries"])
    if not in_epoch(parent, rules):
        return easiest
    if not is_retarget(parent.height - rules.base.height):
        return parent.bits
    window = chain.ancestor(parent.hash, parent.height - BLOCKS_PER_RETARGET)
    span_ms = parent.time_ms - window.time_ms
    return retarget(parent.bits, span_ms, rules.params["interval_ms"], easiest)


def next_try_ms(now_ms: int, index: int, n_miners: int, try_ms: int) -> int:
    """When a miner's next try ends: the next point of its phase of the grid."""
    ahead_ms = (index * try_ms // n_miners - now_ms) % try_ms
    return now_ms + (ahead_ms or try_ms)


def work_of(block_hash: bytes, rules: Rules, chain: ChainReader) -> bytes:
    """The work of a hash, 32 bytes, by the function that the epoch chose."""
    if rules.params["sha3"]:
        return sha3_256(block_hash).digest()
    return chain.work(block_hash)


class ProofOfWork:
    """The rule of the heaviest chain."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="pow",
        finality="depth",
        summary="whoever finds a nonce makes the block; the heaviest chain leads",
        params=(
            Param("interval_ms", 1000, 20, 60_000, "what a block takes, by retarget"),
            Param("try_ms", 1000, 10, 60_000, "what a try takes one validator"),
            Param("tries", 4, 1, 1_000_000, "expected for the first and easiest block"),
            Param("depth", 6, 1, 1000, "k: blocks on top of one that counts as final"),
            Param("sha3", 0, 0, 1, "1: work is SHA3-256 of the hash, not Tensority"),
        ),
        closing_blocks="depth",
    )

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the block has the work that it needs."""
        rules = chain.rules(header.epoch)
        index = miner_index(header)
        if index >= len(rules.validators):
            raise NotAMiner(
                f"block {header.height} names miner {index} of {len(rules.validators)}",
                height=header.height,
                index=index,
                n_miners=len(rules.validators),
            )
        bits = bits_above(parent, rules, chain)
        if header.bits != bits:
            raise WrongBits(
                f"block {header.height} has bits {header.bits}, its ancestors give "
                f"{bits}",
                height=header.height,
                bits=header.bits,
                want=bits,
            )
        tries = chain_tries(parent, rules) + tries_of_bits(bits)
        check_engine_data(header, encode_data(index, tries))
        check_round(header, parent, rules, want=header.time_ms - chain.genesis_ms)
        check_distance(header, parent, 1)
        check_clock(header, chain, rules.params["interval_ms"])
        check_plain_justify(header, _final_under(parent, rules, chain))
        check_proposer(header, index, rules, chain)
        # Last, since it is dear, and since it may not be computed yet.
        if not meets_target(work_of(header.hash, rules, chain), bits):
            raise WorkTooSmall(
                f"block {header.height} with nonce {header.nonce} misses the target "
                f"of bits {bits}",
                height=header.height,
                nonce=header.nonce,
                bits=bits,
            )

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The block `depth` below the tip, or the epoch's base."""
        return _final_under(tip, chain.rules(tip.epoch), chain)

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int]:
        """The most work in the epoch, then the lower hash."""
        return chain_tries(tip, chain.rules(tip.epoch)), lower_hash_first(tip.hash)

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """Take the seat, and ask for a block at the next point of the own phase."""
        state = Miner(seat)
        if not _mines(state):
            return state, ()
        return state, (_alarm(state, seat.now_ms),)

    def step(self, state: Miner, event: Input, chain: ChainReader) -> Acted:
        """What one miner does next."""
        if not _mines(state):
            return state, ()
        match event:
            case TimerFired(now_ms, token) if token == TRY:
                return _end_try(state, chain, now_ms)
            case Filled(now_ms, header):
                state = replace(state, block=header)
                return state, (_alarm(state, now_ms), *_foresee(state, header.hash))
            case HeadChanged(now_ms, _):
                return _ask(replace(state, n_tries=0), chain, now_ms)
            case Woken(now_ms) if state.block is None:
                return _ask(state, chain, now_ms)
            # Looked at when the try is over: what it costs is half spent.
            case Woken():
                return replace(state, outdated=True), ()
            case _:
                return state, ()

    def describe(self, state: Miner, chain: ChainReader) -> str:
        """One line for the screen."""
        rules, head = state.seat.rules, chain.head()
        if not _mines(state):
            doing = f"watches {head.height}"
        elif state.block is None:
            doing = f"rests at {head.height}"
        else:
            tries = tries_of_bits(state.block.bits)
            doing = f"mines {state.block.height}, try {state.n_tries + 1} of ~{tries}"
        final = _final_under(head, rules, chain).height
        depth = rules.params["depth"]
        return f"{doing}; final {final} is a bet, {depth} deep"

    def picture(self, state: Miner, chain: ChainReader) -> Picture:
        """Its own tries, and how deep the bet about the oldest open block is."""
        rules, head = state.seat.rules, chain.head()
        final = _final_under(head, rules, chain).height
        depth = Gauge(
            f"blocks on top of {final + 1}",
            min(head.height - final - 1, rules.params["depth"]),
            rules.params["depth"],
        )
        if state.block is None or head.height == final:
            return Picture(gauges=(depth,) if head.height > final else ())
        tries = tries_of_bits(state.block.bits)
        what = f"tries for {state.block.height}, mean"
        return Picture(gauges=(Gauge(what, state.n_tries + 1, tries), depth))


def _final_under(tip: Header, rules: Rules, chain: ChainReader) -> Checkpoint:
    """What lies `depth` below a tip, if it is of this epoch; else the base."""
    height = tip.height - rules.params["depth"]
    if not in_epoch(tip, rules) or height <= rules.base.height:
        return rules.base
    block = chain.ancestor(tip.hash, height)
    return checkpoint(block) if in_epoch(block, rules) else rules.base


def _mines(state: Miner) -> bool:
    return 0 <= state.seat.me < len(state.seat.rules.validators)


def _alarm(state: Miner, now_ms: int, n_more: int = 0) -> SetTimer:
    """The end of the try that begins now, or of so many more after it."""
    rules, me = state.seat.rules, state.seat.me
    try_ms = rules.params["try_ms"]
    at_ms = next_try_ms(now_ms, me, len(rules.validators), try_ms)
    return SetTimer(at_ms + n_more * try_ms, TRY)


def _foresee(state: Miner, *block_hashes: bytes) -> tuple[Effect, ...]:
    """Tell the host whose Tensority comes next; SHA3-256 costs nothing."""
    return () if state.seat.rules.params["sha3"] else (Foresee(block_hashes),)


def _ask(state: Miner, chain: ChainReader, now_ms: int) -> Acted:
    """Ask for a block on the head. Without an answer the miner rests for a while."""
    rules, head = state.seat.rules, chain.head()
    bits = bits_above(head, rules, chain)
    time_ms = max(now_ms, head.time_ms + 1)
    tries = chain_tries(head, rules) + tries_of_bits(bits)
    propose = Propose(
        parent=head.hash,
        round=time_ms - chain.genesis_ms,
        time_ms=time_ms,
        justify=_final_under(head, rules, chain),
        engine_data=encode_data(state.seat.me, tries),
        bits=bits,
    )
    state = replace(state, block=None, outdated=False)
    # The alarm goes first: the block, if there is one, sets it anew.
    rest = _alarm(state, now_ms, n_more=IDLE_TRIES - 1)
    return state, (rest, *_foresee(state), propose)


def _end_try(state: Miner, chain: ChainReader, now_ms: int) -> Acted:
    """A try is over: publish the block, or go on with the next nonce."""
    block = state.block
    if block is None:
        return _ask(state, chain, now_ms)
    state = replace(state, block=None, n_tries=state.n_tries + 1)
    if meets_target(work_of(block.hash, state.seat.rules, chain), block.bits):
        rest = _alarm(state, now_ms, n_more=IDLE_TRIES - 1)
        return state, (rest, *_foresee(state), Publish(block.hash))
    if state.outdated:
        return _ask(state, chain, now_ms)
    # Should the host have lost the block, the next alarm asks for a new one.
    return state, (_alarm(state, now_ms), TryNonce(block.hash, block.nonce + 1))
