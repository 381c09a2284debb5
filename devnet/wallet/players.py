"""
The accounts that every devnet starts with, in the wallet too: their keys follow from
their names, and their password is known to everybody.
"""

from __future__ import annotations

from devnet.engine.keys import chainkd
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES, play_root
from devnet.wallet.wallet import Wallet

PASSWORD = "devnet"


def adopt_players(wallet: Wallet) -> tuple[str, ...]:
    """Give the wallet the keys and accounts of alice, bob and carol. Their names."""
    for name in ACCOUNT_NAMES:
        root = play_root(name)
        wallet.keyring.adopt(name, root, PASSWORD)
        wallet.book.adopt(name, chainkd.xpub(root))
    return ACCOUNT_NAMES
