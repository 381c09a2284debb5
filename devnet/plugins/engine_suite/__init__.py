"""
The conformance suite of consensus engines. `check_engine` runs the rules E1 to E18 on a
class; an engine that passes can be swapped in on a running chain, and out again.

The engine is played in the laboratory, by seeds: a calm play that many rules look at,
then silence, storms, crashes, swaps, garbage and a signer that refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devnet.engine.interfaces import ConsensusEngine
from devnet.plugins.engine_suite import form, garbage, headers, plays, weighing
from devnet.plugins.engine_suite.bench import EngineBench
from devnet.plugins.store_bench import Call
from devnet.plugins.verdicts import Verdict

__all__ = ["RULES", "EngineRule", "check_engine", "engine_verdicts"]

RULE_LIMIT_S = 60.0
NO_ANSWER = f"no answer after {RULE_LIMIT_S:.0f} s"


@dataclass(frozen=True, slots=True)
class EngineRule:
    """One rule. `run` returns "", or how the engine broke the rule."""

    id: str
    run: Callable[[EngineBench], str]

    @property
    def title(self) -> str:
        """What the rule asks for, in one sentence."""
        return (self.run.__doc__ or "").strip()


RULES = (
    EngineRule("E1", form.e1_info),
    EngineRule("E2", form.e2_frozen),
    EngineRule("E3", form.e3_pure),
    EngineRule("E4", form.e4_alone),
    EngineRule("E5", headers.e5_accepts),
    EngineRule("E6", headers.e6_refuses),
    EngineRule("E7", weighing.e7_final),
    EngineRule("E8", weighing.e8_rank),
    EngineRule("E9", plays.e9_calm),
    EngineRule("E10", plays.e10_silent),
    EngineRule("E11", plays.e11_storm),
    EngineRule("E12", plays.e12_restart),
    EngineRule("E13", plays.e13_swap_in),
    EngineRule("E14", weighing.e14_closing),
    EngineRule("E15", form.e15_describe),
    EngineRule("E16", garbage.e16_garbage),
    EngineRule("E17", form.e17_effects),
    EngineRule("E18", plays.e18_refused),
)


def check_engine(engine_class: Callable[[], ConsensusEngine]) -> tuple[Verdict, ...]:
    """
    Run all rules.

    Args:
        engine_class: builds an engine; its `info` says what it promises.
    """
    return tuple(engine_verdicts(engine_class))


def engine_verdicts(
    engine_class: Callable[[], ConsensusEngine],
) -> Iterator[Verdict]:
    """The same one by one, each as soon as it is known."""
    bench, hangs = EngineBench(engine_class), ""
    for rule in RULES:
        reason = f"not judged: it hangs in {hangs}" if hangs else _reason(rule, bench)
        if reason == NO_ANSWER:
            hangs = rule.id
        yield Verdict(rule.id, rule.title, not reason, reason)


def _reason(rule: EngineRule, bench: EngineBench) -> str:
    """How the rule is broken, or "". In a thread of its own, since it may not end."""
    reasons: list[str] = []
    call = Call(lambda: reasons.append(rule.run(bench)))
    if not call.ended(RULE_LIMIT_S):
        return NO_ANSWER
    if call.error is not None:
        return f"it raised {type(call.error).__name__}: {call.error}"
    return " ".join(reasons[0].split())
