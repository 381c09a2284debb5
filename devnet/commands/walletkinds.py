"""Types of arguments of the verb `wallet`. Importing this adds them to `TYPES`."""

from __future__ import annotations

from typing import NewType

from devnet.commands.context import Context
from devnet.commands.types import TYPES, ArgType, Completion, Holder, chosen, spelled

DEEDS = {
    "keys": "all keys, oldest first",
    "accounts": "all accounts, wherever they were made",
    "addresses": "where an account, or all of them, can be paid",
    "receive": "a new address of an account",
    "balances": "confirmed coins by account and asset",
    "utxos": "each coin, and whether a build holds it",
    "backup": "accounts, assets and locked keys into a file",
    "restore": "take a backup in; what is here already stays",
    "rescan": "find the addresses of all accounts along the chain",
    "mnemonic": "a key and an account of new words, or of known ones",
    "unlock": "open an account's keys for verbs, until the devnet ends",
}

WalletDeed = NewType("WalletDeed", str)
WalletWord = NewType("WalletWord", str)
Secret = NewType("Secret", str)


def _deeds(session: Context) -> list[Completion]:
    return [Completion(name, meaning) for name, meaning in DEEDS.items()]


TYPES.update(
    {
        WalletDeed: ArgType(
            "deed", "DEED", "deed, such as keys or balances",
            chosen("deed", lambda session: DEEDS), _deeds,
        ),
        WalletWord: ArgType(
            "wallet-word", "WHO|FILE", "account, or a file for backup and restore",
            spelled, TYPES[Holder].complete,
        ),
        Secret: ArgType("secret", "TEXT", "secret", spelled, recorded=False),
    }
)  # fmt: skip
