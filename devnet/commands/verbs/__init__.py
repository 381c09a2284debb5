"""The verbs. Importing this registers them all, and loads nothing heavy."""

from devnet.commands.verbs import chains, checks, money, time, world

__all__ = ["chains", "checks", "money", "time", "world"]
