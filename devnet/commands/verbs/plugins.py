"""Verbs that list what can be plugged in."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.plugin_rows import plugin_rows, plugin_text
from devnet.commands.registry import command
from devnet.commands.values import Said


@command(group="chains", example="engines")
def engines(session: Context) -> Said:
    """List the consensus engines: version, origin, parameters."""
    return _listed("engines", "consensus")


@command(group="chains", example="stores")
def stores(session: Context) -> Said:
    """List the stores: version, origin."""
    return _listed("stores", "storage")


@command(group="chains", example="plugins")
def plugins(session: Context) -> Said:
    """List engines and stores, and what is wrong with those that cannot be used.

    Installed packages are found by themselves; `devnet --plugin FILE` adds a file.
    """
    return _listed("plugins", "")


def _listed(name: str, kind: str) -> Said:
    rows = plugin_rows(kind)
    return Said({name: rows}, plugin_text(rows))
