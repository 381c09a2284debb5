"""The Bystack devnet: a Bytom mainchain, sidechains, the federation between them."""

__version__ = "0.1.0"
