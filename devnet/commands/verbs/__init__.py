"""The verbs. Importing this registers them all, and loads nothing heavy."""

from devnet.commands.registry import all_commands, find
from devnet.commands.verbs import (
    chains,
    checks,
    exchange,
    faults,
    money,
    submitting,
    time,
    world,
)

__all__ = ["all_commands", "chains", "checks", "exchange", "faults", "find", "money",
           "submitting", "time", "world"]  # fmt: skip
