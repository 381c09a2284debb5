"""The verbs. Importing this registers them all, and loads nothing heavy."""

from devnet.commands.registry import all_commands, find
from devnet.commands.verbs import (
    assets,
    chains,
    checks,
    exchange,
    faults,
    looking,
    money,
    notary,
    peg,
    plugins,
    storage,
    submitting,
    time,
    validators,
    world,
)

__all__ = ["all_commands", "assets", "chains", "checks", "exchange", "faults", "find",
           "looking", "money", "notary", "peg", "plugins", "storage", "submitting",
           "time", "validators", "world"]  # fmt: skip
