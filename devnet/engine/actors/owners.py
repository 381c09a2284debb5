"""
Who owns what: accounts by name, with all keys that their coins need.

Every key follows from a name, so everybody has the same ones: they are for play. An
account of several keys takes the same path below each signer's root key, as Bytom's
wallet does, and keeps the order in which the signers were named.
"""

from __future__ import annotations

from functools import lru_cache

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Owner, World
from devnet.engine.chain.wallet import Key
from devnet.engine.codec import program_of_address
from devnet.engine.errors import CodecError, UnknownName
from devnet.engine.keys.accounts import receiver_of_keys
from devnet.engine.keys.chainkd import derive_xprv, public_key, xpub
from devnet.engine.keys.paths import BIP44_RULE, account_path
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES, play_root


def owner_of(world: World | Turn, name: str) -> Owner:
    """An account by its name, or UnknownName."""
    for owner in world.owners:
        if owner.name == name:
            return owner
    known = ", ".join(owner.name for owner in world.owners)
    raise UnknownName(f"there is no account {name!r}", hint=f"Accounts: {known}.")


def key_of(world: World | Turn, name: str) -> Key:
    """What spends the coins of an account, or UnknownName."""
    return _key(owner_of(world, name))


def program_of(turn: Turn, to: str) -> bytes:
    """The program of an account or a mainchain address. Raises UnknownName."""
    if any(owner.name == to for owner in turn.owners):
        return key_of(turn, to).program
    hrp = turn.tree.profile.hrp
    try:
        return program_of_address(to, hrp)
    except CodecError as error:
        known = ", ".join(owner.name for owner in turn.owners)
        raise UnknownName(
            f"{to[:80]!r} is neither an account nor an address: {error.message}",
            hint=f"Accounts: {known}. Addresses begin with {hrp}1.",
        ) from None


def root_of(name: str) -> bytes:
    """
    Root private key (64 bytes) of an account with a key of its own. Accounts made
    later have a seed apart, so that nobody gets the key of a node by taking its name.
    """
    return play_root(name if name in ACCOUNT_NAMES else f"account {name}")


def owner_roots(owner: Owner) -> tuple[bytes, ...]:
    """The root private keys of an account, in the order of its keys."""
    return tuple(root_of(name) for name in owner.signers or (owner.name,))


@lru_cache(maxsize=1024)
def _key(owner: Owner) -> Key:
    path = account_path(BIP44_RULE, owner.index, False, 1)
    xprvs = tuple(derive_xprv(root, path) for root in owner_roots(owner))
    keys = tuple(public_key(xpub(xprv)) for xprv in xprvs)
    place = receiver_of_keys(keys, owner.quorum)
    if not place.script:
        return Key(owner.name, xprvs[0], keys[0], place.program)
    return Key(
        owner.name, xprvs[0], keys[0], place.program, xprvs, owner.quorum, place.script
    )
