"""What comes of judging a plug-in by a rule of its suite."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one rule. `reason` is a sentence when the rule is broken."""

    rule: str
    title: str
    passed: bool
    reason: str = ""
