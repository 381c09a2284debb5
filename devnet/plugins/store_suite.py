"""
The conformance suite of stores. `check_store` runs the rules S1 to S10 on a class; a
store that passes can stand in for a built-in one without anybody noticing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devnet.plugins import store_rules
from devnet.plugins.store_bench import Bench, Call, StoreClass
from devnet.plugins.store_parts import store_digest
from devnet.plugins.verdicts import Verdict

__all__ = ["RULES", "Rule", "Verdict", "check_store", "store_digest", "store_verdicts"]

RULE_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the contract. `run` returns "", or how the store broke the rule."""

    id: str
    run: Callable[[Bench], str]

    @property
    def title(self) -> str:
        """What the rule asks for, in one sentence."""
        return (self.run.__doc__ or "").strip()


RULES = (
    Rule("S1", store_rules.s1_sizes),
    Rule("S2", store_rules.s2_order),
    Rule("S3", store_rules.s3_start),
    Rule("S4", store_rules.s4_atomic),
    Rule("S5", store_rules.s5_last_wins),
    Rule("S6", store_rules.s6_snapshot),
    Rule("S7", store_rules.s7_one_writer),
    Rule("S8", store_rules.s8_reopen),
    Rule("S9", store_rules.s9_second_open),
    Rule("S10", store_rules.s10_digest),
)


def check_store(
    store_class: StoreClass, *, in_memory: bool = False
) -> tuple[Verdict, ...]:
    """
    Run all rules, each on files of its own in a temporary folder.

    Args:
        store_class: called with a path, or with None when `in_memory` is set.
        in_memory: judge the store as it is without a file.
    """
    return tuple(store_verdicts(store_class, in_memory=in_memory))


def store_verdicts(
    store_class: StoreClass, *, in_memory: bool = False
) -> Iterator[Verdict]:
    """The same one by one, each as soon as it is known."""
    return (_judge(rule, store_class, in_memory) for rule in RULES)


def _judge(rule: Rule, store_class: StoreClass, in_memory: bool) -> Verdict:
    reasons: list[str] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        bench = Bench(store_class, None if in_memory else Path(folder))
        call = Call(lambda: reasons.append(rule.run(bench)))
        if not call.ended(RULE_LIMIT_S):
            reasons.append(f"no answer after {RULE_LIMIT_S:.0f} s")
        elif call.error is not None:
            kind = type(call.error).__name__
            hint = getattr(call.error, "hint", "")
            reasons.append(f"it raised {kind}: {call.error} {hint}".rstrip())
        bench.close_all()
    return Verdict(rule.id, rule.title, not reasons[0], reasons[0])
