"""
The screens, by name. Only the dashboard is imported before it is needed: the first
picture waits for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from textual.screen import Screen

_PLACES = {
    "blocks": ("devnet.tui.screens.blocks", "BlocksScreen"),
    "block": ("devnet.tui.screens.blocks", "BlockScreen"),
    "consensus": ("devnet.tui.screens.consensus", "ConsensusScreen"),
    "federation": ("devnet.tui.screens.federation", "FederationScreen"),
    "events": ("devnet.tui.screens.events", "EventsScreen"),
    "event": ("devnet.tui.screens.events", "EventScreen"),
    "claim": ("devnet.tui.screens.claim", "ClaimScreen"),
    "withdrawal": ("devnet.tui.screens.withdrawal", "WithdrawalScreen"),
    "form": ("devnet.tui.screens.form", "FormScreen"),
    "command": ("devnet.tui.screens.command", "CommandScreen"),
    "faults": ("devnet.tui.screens.faults", "FaultsScreen"),
    "validators": ("devnet.tui.screens.validators", "ValidatorsScreen"),
    "keys": ("devnet.tui.screens.help", "KeysScreen"),
    "failure": ("devnet.tui.screens.failure", "FailureScreen"),
}


def make_screen(name: str, **arguments: Any) -> Screen[Any]:
    """A new screen of this name."""
    module, kind = _PLACES[name]
    screen: Screen[Any] = getattr(import_module(module), kind)(**arguments)
    return screen
