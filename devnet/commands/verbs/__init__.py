"""The verbs. Importing this registers them all, and loads nothing heavy."""

from devnet.commands.registry import all_commands, also, find
from devnet.commands.verbs import (
    assets,
    auditing,
    chains,
    checks,
    contracts,
    controls,
    council,
    exchange,
    faults,
    feed,
    looking,
    money,
    notary,
    peg,
    plugins,
    storage,
    submitting,
    time,
    validators,
    wallet,
    world,
)

__all__ = ["all_commands", "assets", "auditing", "chains", "checks", "contracts",
           "controls", "council", "exchange", "faults", "feed", "find", "looking",
           "money", "notary", "peg", "plugins", "storage", "submitting", "time",
           "validators", "wallet", "world"]  # fmt: skip

for _name, _verb in controls.SECOND_NAMES:
    also(_name, _verb)
