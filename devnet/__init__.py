"""The Bystack devnet: a Bytom mainchain, its sidechains, the federation between them."""

__version__ = "0.1.0"
