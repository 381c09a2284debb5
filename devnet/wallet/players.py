"""
The accounts of the world in the wallet: alice, bob, carol and those that a verb opened.
Their keys follow from their names, and their password is known to everybody.
"""

from __future__ import annotations

from contextlib import suppress

from devnet.engine.actors.owners import key_of, owner_roots, root_of
from devnet.engine.actors.world import AssetInfo, Owner, World
from devnet.engine.bc.programs import issuance_limit_height
from devnet.engine.keys import chainkd
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES
from devnet.wallet.assets import Asset
from devnet.wallet.book import Account
from devnet.wallet.errors import AccountAliasTaken
from devnet.wallet.wallet import Wallet

PASSWORD = "devnet"


def adopt_players(wallet: Wallet) -> tuple[str, ...]:
    """Give the wallet the keys and accounts of alice, bob and carol. Their names."""
    for name in ACCOUNT_NAMES:
        adopt(wallet, Owner(name))
    return ACCOUNT_NAMES


def adopt(wallet: Wallet, owner: Owner) -> Account:
    """The wallet's account of an owner, with its first receiver; at no cost if here."""
    roots = owner_roots(owner)
    for name in owner.signers or (owner.name,):
        wallet.keyring.adopt(name, root_of(name), PASSWORD)
    xpubs = tuple(chainkd.xpub(root) for root in roots)
    return wallet.book.adopt(owner.name, xpubs, owner.quorum, owner.index)


def adopt_asset(wallet: Wallet, info: AssetInfo) -> None:
    """Know an asset under its name here, with the keys that issue it."""
    if not info.signers or info.id in wallet.assets.known:
        return
    xpubs = tuple(chainkd.xpub(root_of(name)) for name in info.signers)
    wallet.assets.put_back(
        Asset(
            "asset", xpubs, info.quorum, info.key_index, info.id, info.name.upper(),
            info.program, info.definition, issuance_limit_height(info.program),
        )
    )  # fmt: skip


class Players:
    """Keeps the wallet in step with the accounts and assets of the world."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet
        self._known: dict[str, Account] = {}
        self._seen: tuple[Owner, ...] = ()
        self._seen_assets: tuple[AssetInfo, ...] = ()

    def follow(self, world: World) -> None:
        """
        Adopt accounts that are new, forget those that a revert took away. In an empty
        world alice, bob and carol own nothing, and are left out.
        """
        if world.assets is not self._seen_assets:
            self._seen_assets = world.assets
            for info in world.assets:
                adopt_asset(self._wallet, info)
        if world.owners is self._seen:
            return
        self._seen = world.owners
        left_out = ACCOUNT_NAMES if world.config.empty else ()
        owners = {one.name: one for one in world.owners if one.name not in left_out}
        for name in [name for name in self._known if name not in owners]:
            gone = self._known.pop(name)
            if gone.id in self._wallet.book.accounts:
                self._wallet.book.delete(gone)
        for name, owner in owners.items():
            if name in self._known:
                continue
            with suppress(AccountAliasTaken):  # Whoever had the name first keeps it.
                self._known[name] = adopt(self._wallet, owner)

    def look_again(self) -> None:
        """The book went back: compare it with the world next time."""
        self._seen, self._seen_assets, self._known = (), (), {}


def is_play(wallet: Wallet, world: World, account: Account) -> bool:
    """Is this account the world's own, whose first program the world knows?"""
    for owner in world.owners:
        if owner.name == account.alias:
            program = key_of(world, owner.name).program
            held = wallet.book.receivers.get(program)
            return held is not None and held.account_id == account.id
    return False
