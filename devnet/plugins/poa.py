"""
Proof of authority: known signers take turns; others may step in after a while.

`signers[height mod n]` is in turn, may seal `interval_ms` after the parent and adds
weight 2. A signer d places behind waits d half intervals longer and adds weight 1. No
signer seals twice among floor(n/2)+1 consecutive blocks, so a minority comes to a halt
by itself. The round is the number of the interval since genesis in which a block falls.

A block is final when floor(n/2)+1 different signers stand at or above it, itself
included. Since no two of so many consecutive blocks have the same signer, that is the
block floor(n/2) below the tip. It is a promise of builders, not a proof: an adversary
who controls delivery can break it, and nothing shows who lied.

Header, `engine_data`, 10 bytes: the signer's index (2), the weight of the epoch's chain
up to and including this block (8), both big-endian. With the sum in the header the
heaviest chain is found without walking.

Source: consensus rules of this project, section "poa"; the turns are those of clique in
ethereum/go-ethereum, consensus/clique/clique.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from devnet.engine.interfaces import (
    ChainReader,
    Checkpoint,
    ConsensusError,
    Effect,
    EngineInfo,
    Filled,
    HeadChanged,
    Header,
    Input,
    Param,
    Propose,
    Publish,
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    Woken,
)
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_no_work,
    check_plain_justify,
    check_proposer,
    check_round,
    checkpoint,
    in_epoch,
    lower_hash_first,
)

TURN = "turn"
IN_TURN_WEIGHT = 2
OUT_OF_TURN_WEIGHT = 1

TRANSITIONS = (
    ("waiting", "HeadChanged or Woken, its turn is counted anew", "waiting"),
    ("waiting", "TimerFired, too early or not allowed", "waiting"),
    ("waiting", "TimerFired, its turn", "asked"),
    ("asked", "Filled, a height it never sealed", "sealed"),
    ("asked", "nothing waits, it asks again later", "waiting"),
    ("sealed", "HeadChanged, the next height has another turn", "waiting"),
)
"""What a signer does: state, input, next state."""


class SealedTooRecently(ConsensusError):
    """The signer sealed one of the last floor(n/2) blocks already."""

    code = "consensus.sealed-too-recently"
    default_hint = "Another signer has to seal this height."


class NotASigner(ConsensusError):
    """The header names a signer that the epoch's list does not have."""

    code = "consensus.not-a-signer"


@dataclass(frozen=True, slots=True)
class Signer:
    """
    All that one validator remembers.

    Args:
        sealed_height: the highest block it sealed on any branch; never twice.
        woken: something waits, and its turn on this head was counted from then.
    """

    seat: Seat
    sealed_height: int
    woken: bool = False


# The arithmetic of turns.


def places_behind(index: int, height: int, n_signers: int) -> int:
    """How far a signer stands behind the one in turn; 0 is in turn."""
    return (index - height) % n_signers


def patience_ms(behind: int, interval_ms: int) -> int:
    """How much longer than the interval a signer waits."""
    return behind * interval_ms // 2


def weight_of(behind: int) -> int:
    """What a block adds to the weight of its chain."""
    return IN_TURN_WEIGHT if behind == 0 else OUT_OF_TURN_WEIGHT


def n_rest(n_signers: int) -> int:
    """After sealing, a signer lets this many blocks pass."""
    return n_signers // 2


def slot_of(time_ms: int, genesis_ms: int, interval_ms: int) -> int:
    """The round of a block made at this time."""
    return (time_ms - genesis_ms) // interval_ms


def encode_data(index: int, chain_weight: int) -> bytes:
    """The header's engine data."""
    return index.to_bytes(2, "big") + chain_weight.to_bytes(8, "big")


def signer_index(header: Header) -> int:
    """Who sealed this block of a poa epoch, as its header says."""
    return int.from_bytes(header.engine_data[:2], "big")


def chain_weight(tip: Header, rules: Rules) -> int:
    """The weight of the epoch's chain that ends here; 0 at the base."""
    return int.from_bytes(tip.engine_data[2:], "big") if in_epoch(tip, rules) else 0


class ProofOfAuthority:
    """The rule of known signers in turn."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="poa",
        finality="builders",
        summary="known signers seal in turn; the heaviest chain leads",
        params=(
            Param("interval_ms", 500, 20, 60_000, "least distance between two blocks"),
        ),
        closing_blocks="floor(n/2)",
    )

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless a signer sealed this block in its own time."""
        rules = chain.rules(header.epoch)
        interval_ms = rules.params["interval_ms"]
        n_signers = len(rules.validators)
        index = signer_index(header)
        if index >= n_signers:
            raise NotASigner(
                f"block {header.height} names signer {index} of {n_signers}",
                height=header.height,
                index=index,
                n_signers=n_signers,
            )
        behind = places_behind(index, header.height, n_signers)
        weight = chain_weight(parent, rules) + weight_of(behind)
        check_engine_data(header, encode_data(index, weight))
        check_no_work(header)
        slot = slot_of(header.time_ms, chain.genesis_ms, interval_ms)
        check_round(header, parent, rules, want=slot)
        check_distance(header, parent, interval_ms + patience_ms(behind, interval_ms))
        check_clock(header, chain, interval_ms)
        if index in _resting(parent, rules, chain):
            raise SealedTooRecently(
                f"{rules.validators[index].name} sealed one of the last "
                f"{n_rest(n_signers)} blocks below {header.height}",
                height=header.height,
                signer=rules.validators[index].name,
            )
        check_plain_justify(header, self.final_seen_under(parent, rules, chain))
        check_proposer(header, index, rules, chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The block floor(n/2) below the tip, or the epoch's base."""
        return self.final_seen_under(tip, chain.rules(tip.epoch), chain)

    def final_seen_under(
        self, tip: Header, rules: Rules, chain: ChainReader
    ) -> Checkpoint:
        """What these rules see final; signers of an earlier epoch do not count."""
        height = tip.height - n_rest(len(rules.validators))
        if not in_epoch(tip, rules) or height <= rules.base.height:
            return rules.base
        block = chain.ancestor(tip.hash, height)
        return checkpoint(block) if in_epoch(block, rules) else rules.base

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int]:
        """
        More final first, then the heaviest chain, then the lower hash.

        Finality goes first because weight alone may contradict it: of 7 signers, 3 in
        turn (weight 6) outweigh the 4 out of turn (weight 5) that finalised a block.
        """
        rules = chain.rules(tip.epoch)
        return (
            self.final_seen_under(tip, rules, chain).height,
            chain_weight(tip, rules),
            lower_hash_first(tip.hash),
        )

    # Acting.

    def start(
        self, seat: Seat, chain: ChainReader
    ) -> tuple[Signer, tuple[Effect, ...]]:
        """Take the seat and wait for the turn on the head."""
        head = chain.head()
        state = Signer(seat, sealed_height=seat.rules.base.height)
        if in_epoch(head, seat.rules):
            state = replace(state, sealed_height=_last_sealed(state, head, chain))
        return state, _arm(state, chain, seat.now_ms)

    def step(
        self, state: Signer, event: Input, chain: ChainReader
    ) -> tuple[Signer, tuple[Effect, ...]]:
        """What one signer does next."""
        if not 0 <= state.seat.me < len(state.seat.rules.validators):
            return state, ()
        match event:
            case TimerFired(now_ms, token) if token == TURN:
                return self._take_turn(state, chain, now_ms)
            case HeadChanged(now_ms, _):
                state = replace(state, woken=False)
                return state, _arm(state, chain, now_ms)
            # Who is behind counts its patience from the moment that work appeared, or
            # after a quiet hour everybody would seal at once. Once per head: a stream
            # of work must not put off those who stand in for a silent signer.
            case Woken(now_ms) if not state.woken:
                return replace(state, woken=True), _arm(state, chain, now_ms)
            case Filled(_, header) if header.height > state.sealed_height:
                state = replace(state, sealed_height=header.height)
                return state, (Publish(header.hash),)
            case _:
                return state, ()

    def describe(self, state: Signer, chain: ChainReader) -> str:
        """One line for the screen."""
        rules, head = state.seat.rules, chain.head()
        n_signers, height = len(rules.validators), head.height + 1
        turn = rules.validators[height % n_signers].name
        behind = places_behind(state.seat.me, height, n_signers)
        if not 0 <= state.seat.me < n_signers:
            mine = "I watch"
        elif _may_seal(state, head, chain):
            mine = "my turn" if behind == 0 else f"I am {behind} behind"
        else:
            mine = "I rest"
        return f"{height}: {turn} in turn, {mine}; weight {chain_weight(head, rules)}"

    def _take_turn(
        self, state: Signer, chain: ChainReader, now_ms: int
    ) -> tuple[Signer, tuple[Effect, ...]]:
        """Ask for a block on the head if it is time and the signer may seal it."""
        rules, head = state.seat.rules, chain.head()
        interval_ms, n_signers = rules.params["interval_ms"], len(rules.validators)
        behind = places_behind(state.seat.me, head.height + 1, n_signers)
        least_ms = interval_ms + patience_ms(behind, interval_ms)
        if not _may_seal(state, head, chain):
            return state, ()
        if now_ms < head.time_ms + least_ms:
            return state, _arm(state, chain, now_ms)
        propose = Propose(
            parent=head.hash,
            round=slot_of(now_ms, chain.genesis_ms, interval_ms),
            time_ms=now_ms,
            justify=self.final_seen_under(head, rules, chain),
            engine_data=encode_data(
                state.seat.me, chain_weight(head, rules) + weight_of(behind)
            ),
        )
        # The alarm goes first: the block, if there is one, sets it anew.
        again = SetTimer(now_ms + n_signers * interval_ms, TURN)
        return replace(state, woken=False), (again, propose)


def _arm(state: Signer, chain: ChainReader, now_ms: int) -> tuple[Effect, ...]:
    """Set the alarm for this signer's turn on the head, if it has one."""
    rules, head = state.seat.rules, chain.head()
    if not 0 <= state.seat.me < len(rules.validators):
        return ()
    if not _may_seal(state, head, chain):
        return ()
    interval_ms = rules.params["interval_ms"]
    behind = places_behind(state.seat.me, head.height + 1, len(rules.validators))
    since_ms = max(head.time_ms + interval_ms, now_ms)
    return (SetTimer(since_ms + patience_ms(behind, interval_ms), TURN),)


def _may_seal(state: Signer, head: Header, chain: ChainReader) -> bool:
    """May this signer seal the block above the head, when its time comes?"""
    return head.height + 1 > state.sealed_height and (
        state.seat.me not in _resting(head, state.seat.rules, chain)
    )


def _resting(tip: Header, rules: Rules, chain: ChainReader) -> set[int]:
    """The signers of the newest floor(n/2) blocks, who may not seal the next one."""
    newest = zip(
        range(n_rest(len(rules.validators))),
        _back_to_base(tip, rules, chain),
        strict=False,
    )
    return {signer_index(block) for _, block in newest}


def _last_sealed(state: Signer, head: Header, chain: ChainReader) -> int:
    """The highest block of this signer on the head's chain, for one that returns."""
    rules = state.seat.rules
    for block in _back_to_base(head, rules, chain):
        if signer_index(block) == state.seat.me:
            return block.height
        if head.height - block.height > len(rules.validators):
            break
    return rules.base.height


def _back_to_base(tip: Header, rules: Rules, chain: ChainReader) -> Iterator[Header]:
    """The epoch's blocks from the tip downwards, base not included."""
    block: Header | None = tip
    while block is not None and in_epoch(block, rules):
        yield block
        block = chain.header(block.previous)
