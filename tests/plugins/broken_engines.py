"""Engines that break one rule each, for the suite to find. Not part of the product."""

import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from devnet.engine.interfaces import (
    Final,
    HeadChanged,
    MessageGot,
    Param,
    Propose,
    SetTimer,
    VoteMessage,
)
from devnet.plugins.certificate import CertificateForged
from devnet.plugins.dpos_bbft import DposBbft
from devnet.plugins.header_rules import (
    StrayData,
    StrayWork,
    WrongProposer,
    WrongRound,
    checkpoint,
)
from devnet.plugins.poa import ProofOfAuthority, signer_index
from devnet.plugins.solo import Solo


class PromisesNothing(Solo):
    """E1: a default outside its own bounds."""

    info = replace(
        Solo.info, params=(Param("interval_ms", 500, 600, 60_000, "distance"),)
    )


class SpeaksInRiddles(Solo):
    """E1: nobody can say how many closing blocks it needs."""

    info = replace(Solo.info, closing_blocks="a few")


@dataclass
class Soft:
    inner: object


class KeepsOneState(Solo):
    """E2: a step sets a field of the state that it was given."""

    def start(self, seat, chain):
        state, effects = super().start(seat, chain)
        return Soft(state), effects

    def step(self, state, event, chain):
        state.inner, effects = super().step(state.inner, event, chain)
        return state, effects

    def describe(self, state, chain):
        return super().describe(state.inner, chain)


class CountsItsCalls(ProofOfAuthority):
    """E3: what it does depends on how often it was asked."""

    calls = 0

    def step(self, state, event, chain):
        state, effects = super().step(state, event, chain)
        CountsItsCalls.calls += 1
        extra = (SetTimer(chain.now_ms + 900 + CountsItsCalls.calls % 7, "extra"),)
        return state, (*extra, *effects)


class LooksAtTheClock(ProofOfAuthority):
    """E4: reads the clock on the wall, though it does nothing with it."""

    def step(self, state, event, chain):
        time.time()
        return super().step(state, event, chain)


class RollsDice(ProofOfAuthority):
    """E4: asks chance for something."""

    def rank(self, tip, chain):
        random.random()
        return super().rank(tip, chain)


class TakesNoneOfItsOwn(DposBbft):
    """E5: proposes in any slot what it does not accept in odd ones."""

    def check_header(self, header, parent, chain):
        super().check_header(header, parent, chain)
        if header.height == 5:
            raise WrongRound("five is an unlucky number")


def forgiving(base, *forgiven):
    """An engine that overlooks some errors of headers."""

    class Forgiving(base):
        def check_header(self, header, parent, chain):
            with suppress(*forgiven):
                super().check_header(header, parent, chain)

    Forgiving.__name__ = f"Forgives{forgiven[0].__name__}"
    return Forgiving


E6 = [
    forgiving(Solo, WrongProposer),
    forgiving(ProofOfAuthority, WrongProposer),
    forgiving(Solo, WrongRound),
    forgiving(Solo, StrayData),
    forgiving(Solo, StrayWork),
    forgiving(DposBbft, CertificateForged),
]


class SeesTheFuture(ProofOfAuthority):
    """E7: what is final depends on the head that a node follows."""

    def final_seen(self, tip, chain):
        return super().final_seen(chain.head(), chain)


class ForgetsTheFinal(ProofOfAuthority):
    """E7: what was final is not final any more a block later."""

    def final_seen(self, tip, chain):
        if tip.height == 7:
            return chain.rules(tip.epoch).base
        return super().final_seen(tip, chain)


class RanksByHeight(ProofOfAuthority):
    """E8: two blocks of one height weigh the same."""

    def rank(self, tip, chain):
        return (tip.height,)


class StopsAtThree(ProofOfAuthority):
    """E9: falls asleep."""

    def step(self, state, event, chain):
        state, effects = super().step(state, event, chain)
        if chain.head().height >= 3:
            effects = tuple(one for one in effects if not isinstance(one, Propose))
        return state, effects


class WaitsForEverybody(ProofOfAuthority):
    """E10: nobody steps in for a silent signer."""

    def step(self, state, event, chain):
        in_turn = (chain.head().height + 1 - state.seat.me) % 4 == 0
        state, effects = super().step(state, event, chain)
        if not in_turn and len(state.seat.rules.validators) == 4:
            effects = tuple(one for one in effects if not isinstance(one, Propose))
        return state, effects


class FinalAtOnce(ProofOfAuthority):
    """E11: holds each block final that it sees."""

    info = replace(ProofOfAuthority.info, closing_blocks="0")

    def final_seen_under(self, tip, rules, chain):
        final = super().final_seen_under(tip, rules, chain)
        return checkpoint(tip) if tip.height > rules.base.height else final


class NeverComesBack(DposBbft):
    """E12: a validator that starts above the first block does nothing."""

    def start(self, seat, chain):
        state, effects = super().start(seat, chain)
        return state, () if chain.head().height > 2 else effects


class KnowsNoPast(ProofOfAuthority):
    """E13: thinks that every chain begins at genesis."""

    def check_header(self, header, parent, chain):
        super().check_header(header, parent, chain)
        if header.epoch and parent.epoch != header.epoch:
            raise WrongRound("the first block stands on genesis")


class PromisesTooMuch(ProofOfAuthority):
    """E14: needs two closing blocks, says one."""

    info = replace(ProofOfAuthority.info, closing_blocks="1")


class TalksTooMuch(Solo):
    """E15: more than a line."""

    def describe(self, state, chain):
        return super().describe(state, chain) + " and more" * 9


class FallsOverGarbage(DposBbft):
    """E16: trusts the index in a vote."""

    def step(self, state, event, chain):
        if isinstance(event, MessageGot) and isinstance(event.message, VoteMessage):
            state.seat.rules.validators[event.message.vote.index]
        return super().step(state, event, chain)


class BelievesAnybody(DposBbft):
    """E16: one vote, signed or not, certifies a block."""

    def step(self, state, event, chain):
        state, effects = super().step(state, event, chain)
        if isinstance(event, MessageGot) and isinstance(event.message, VoteMessage):
            vote = event.message.vote
            known = chain.header(vote.block_hash)
            if known is not None and known.height > 2:
                effects = (*effects, Final(vote.block_hash))
        return state, effects


class LivesInThePast(Solo):
    """E17: sets timers that are over."""

    def step(self, state, event, chain):
        state, effects = super().step(state, event, chain)
        return state, (SetTimer(chain.now_ms - 5, "late"), *effects)


class TrustsItsSigner(ProofOfAuthority):
    """E18: another's block in the place of its own is more than it can bear."""

    def step(self, state, event, chain):
        if isinstance(event, HeadChanged) and event.header.height > 1:
            mine = event.header.height != state.sealed_height
            assert mine or signer_index(event.header) == state.seat.me, "not mine"
        return super().step(state, event, chain)


BROKEN = [
    ("E1", PromisesNothing), ("E1", SpeaksInRiddles), ("E2", KeepsOneState),
    ("E3", CountsItsCalls), ("E4", LooksAtTheClock), ("E4", RollsDice),
    ("E5", TakesNoneOfItsOwn), *(("E6", one) for one in E6), ("E7", SeesTheFuture),
    ("E7", ForgetsTheFinal), ("E8", RanksByHeight), ("E9", StopsAtThree),
    ("E10", WaitsForEverybody), ("E11", FinalAtOnce), ("E12", NeverComesBack),
    ("E13", KnowsNoPast), ("E14", PromisesTooMuch), ("E15", TalksTooMuch),
    ("E16", FallsOverGarbage), ("E16", BelievesAnybody), ("E17", LivesInThePast),
    ("E18", TrustsItsSigner),
]  # fmt: skip
