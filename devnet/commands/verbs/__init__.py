"""The verbs. Importing this registers them all, and loads nothing heavy."""

from devnet.commands.verbs import chains, checks, faults, money, time, world

__all__ = ["chains", "checks", "faults", "money", "time", "world"]
