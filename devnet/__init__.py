"""The Bystack devnet: a Bytom mainchain, sidechains, the federation between them."""

from typing import Any

__version__ = "0.1.0"

_ELSEWHERE = {
    "Devnet": "devnet.library",
    "DevnetError": "devnet.engine.errors",
}


def __getattr__(name: str) -> Any:
    """What `from devnet import Devnet` finds; it is loaded when it is asked for."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'devnet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ELSEWHERE[name]), name)
