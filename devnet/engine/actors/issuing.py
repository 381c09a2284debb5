"""
What people do with assets and accounts: define and issue an asset, issue more of it,
destroy some, open an account that several sign for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devnet.engine.actors import mainchain
from devnet.engine.actors.owners import key_of, owner_of, root_of
from devnet.engine.actors.purses import MAIN, asset_of, main_purse
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import AssetInfo, Owner
from devnet.engine.bc.programs import issuance_limit_height, retire_program
from devnet.engine.bc.transaction import BTM, Issuance, Output, Transaction
from devnet.engine.chain.wallet import MOST_KEYS, Key, Mint, Purse, pay
from devnet.engine.codec import address_of_program, sha3, u64
from devnet.engine.errors import BadValue, NameTaken, RequestError
from devnet.engine.events import AccountAdded
from devnet.engine.keys.accounts import BadQuorum, DuplicateKey
from devnet.engine.mainchain import assets

NAME_FORM = re.compile(r"[a-z][a-z0-9-]{0,15}")
RESERVED_NAMES = (MAIN, "fed", "collector")
ONCE_BLOCKS = 10
"""An item of class BAP-03 can be issued in this many blocks, then never again."""
MOST_NOTE_BYTES = 4096


class NativeAsset(assets.AssetError):
    """BTM is made by mining blocks, never by issuing."""

    code = "asset.native"
    default_hint = "Mine a block: its miner gets new BTM."


class TooManyKeys(RequestError):
    """More keys than one transaction has gas credit for."""

    code = "account.too-many-keys"
    default_hint = "A script of many keys costs gas before its coins can pay for it."


class NotAKey(RequestError):
    """A signer is an account of several keys itself."""

    code = "account.not-a-key"
    default_hint = "Name accounts with one key; new-account NAME makes one."


class NoteTooLong(RequestError):
    """The note of a retirement is longer than anybody will read."""

    code = "asset.note-too-long"
    default_hint = "Put its fingerprint on the chain instead: fingerprint FILE."


# Issuing.


def issue(
    turn: Turn,
    who: str,
    amount: int,
    asset: str,
    *,
    decimals: int | None = None,
    bap: str | None = None,
    definition: Mapping[str, object] | None = None,
    signers: Sequence[str] | None = None,
    quorum: int | None = None,
    limit_height: int | None = None,
    signed_by: Sequence[str] | None = None,
) -> bytes:
    """
    Make units of an asset; an unknown name is defined by this.

    Args:
        amount: in the asset's smallest unit.
        decimals, bap, definition, signers, quorum, limit_height: of a new asset.
        signed_by: who signs; None: the first of those who may.

    Returns:
        The transaction id.

    Raises:
        AssetError, BadValue, NameTaken, BadQuorum, InsufficientFunds: and nothing
        happened.
    """
    info = next((one for one in turn.assets if one.name == asset), None)
    owner = owner_of(turn, who)
    if info is None:
        terms = assets.plan_asset(
            asset, decimals=decimals, bap=bap, definition=definition
        )
        chosen = tuple(signers or owner.signers or (who,))
        n_needed = owner.quorum if owner.signers and not signers else len(chosen)
        needed = n_needed if quorum is None else quorum
        info = define(turn, terms, chosen, needed, limit_height)
    else:
        told = (decimals, bap, definition, signers, quorum, limit_height)
        if any(one is not None for one in told):
            raise assets.DefinedAlready(f"{asset} is defined already", asset=asset)
        _check_more(turn, info, owner)
    assets.check_amount(asset, info.bap, amount)
    return mint(turn, who, amount, info, signed_by, "issuance").id


def define(
    turn: Turn,
    terms: assets.AssetTerms,
    signers: Sequence[str],
    quorum: int,
    limit_height: int | None = None,
) -> AssetInfo:
    """
    A new asset in the world's register: its program, its id. No unit of it exists.

    Raises:
        NameTaken, AssetError, BadQuorum, DuplicateKey, NotAKey, UnknownName.
    """
    _check_asset_name(turn, terms.name)
    roots = [root_of(name) for name in _key_owners(turn, signers)]
    if not 1 <= quorum <= len(roots):
        raise BadQuorum(f"quorum {quorum} with {len(roots)} signers")
    for other in turn.assets:
        if terms.series and _series(other) == (tuple(signers), terms.series):
            raise assets.SeriesTaken(
                f"{other.name} is the asset of series {terms.series!r} of "
                f"{', '.join(signers)} already"
            )
    height = _next_height(turn)
    if limit_height is None:
        limit_height = height + ONCE_BLOCKS if terms.bap == "BAP-03" else 0
    index = 1 + max(info.key_index for info in turn.assets)
    program = assets.issuance_program(roots, quorum, index, limit_height)
    assets.check_limit(terms.name, program, height)
    info = AssetInfo(
        terms.name,
        assets.id_of(program, terms.definition),
        terms.decimals,
        bap=terms.bap,
        signers=tuple(signers),
        quorum=quorum,
        key_index=index,
        definition=terms.definition,
        program=program,
        told=False,
    )
    turn.assets = (*turn.assets, info)
    return info


def _check_asset_name(turn: Turn, name: str) -> None:
    for info in turn.assets:
        if info.name.lower() == name.lower():
            raise NameTaken(
                f"the name {name!r} is taken by the asset {info.name}",
                hint=f"Say {info.name}, or take another name.",
            )


def _series(info: AssetInfo) -> tuple[tuple[str, ...], str]:
    if info.bap != "BAP-02":
        return info.signers, ""
    members = assets.definition_members(info.definition)
    return info.signers, str(members.get("series") or "")


def _check_more(turn: Turn, info: AssetInfo, owner: Owner) -> None:
    """May this owner issue more of a known asset?"""
    if info.id == BTM:
        raise NativeAsset("BTM cannot be issued: its id is the hash of nothing")
    if not info.signers:
        raise assets.NotIssuer(
            f"nobody here has the keys that issue {info.name}",
            hint="It came with the chain, from somebody else.",
        )
    if owner.name not in info.signers and owner.signers != info.signers:
        raise assets.NotIssuer(
            f"{owner.name} does not issue {info.name}",
            hint=f"It is issued by {', '.join(info.signers)}.",
        )
    if info.bap == "BAP-03":
        raise assets.NotAgain(f"{info.name} is an item of class BAP-03, issued already")
    assets.check_limit(info.name, info.program, _next_height(turn))


def mint(
    turn: Turn,
    who: str,
    amount: int,
    info: AssetInfo,
    signed_by: Sequence[str] | None,
    what: str,
) -> Transaction:
    """The transaction that makes the units and gives them to `who`, who pays gas."""
    key = key_of(turn, who)
    tx = signed_mint(
        turn, key, main_purse(turn, key.program), amount, info, signed_by=signed_by
    )
    mainchain.submit(turn, tx, what)
    return tx


def signed_mint(
    turn: Turn,
    key: Key,
    purse: Purse,
    amount: int,
    info: AssetInfo,
    *,
    signed_by: Sequence[str] | None = None,
    side: bool = False,
) -> Transaction:
    """
    The same, handed in nowhere.

    Args:
        key, purse: who gets the units and pays the gas, and with what.
        side: written for a sidechain, where no rule allows it.
    """
    signers = _signing(info, signed_by)
    seed = u64(turn.config.seed) + info.id + u64(turn.before.n_events)
    nonce = sha3(b"issuance nonce" + seed)[:8]
    issuance = Issuance(nonce, info.id, amount, info.definition, 1, info.program)
    xprvs = tuple(
        assets.issuance_key(root_of(name), info.key_index) for name in signers
    )
    limit = issuance_limit_height(info.program)
    return pay(
        key,
        purse,
        (Output(info.id, amount, key.program),),
        side=side,
        mint=Mint(issuance, xprvs, len(info.signers), max(limit - 1, 0)),
    )


def _signing(info: AssetInfo, signed_by: Sequence[str] | None) -> list[str]:
    """Who signs an issuance, in the order of the program's keys."""
    if signed_by is None:
        return list(info.signers[: info.quorum])
    for name in signed_by:
        if name not in info.signers:
            raise assets.NotIssuer(
                f"{name} is none of those who issue {info.name}",
                hint=f"They are {', '.join(info.signers)}.",
            )
    signing = [name for name in info.signers if name in signed_by]
    if len(signing) < info.quorum:
        raise assets.QuorumMissing(
            f"{info.name} needs {info.quorum} of {len(info.signers)} signatures, "
            f"{len(signing)} sign",
            needed=info.quorum,
            have=len(signing),
        )
    return signing[: info.quorum]


def _next_height(turn: Turn) -> int:
    return turn.tree[turn.main_tip].height + 1


# Destroying.


def retire(turn: Turn, who: str, amount: int, asset: str, note: str = "") -> bytes:
    """
    Destroy units for ever.

    Args:
        note: stands behind the retirement. No id commits to it.

    Returns:
        The transaction id.

    Raises:
        UnknownName, BadValue, NoteTooLong, InsufficientFunds.
    """
    key = key_of(turn, who)
    output = retirement_output(turn, amount, asset, note)
    tx = pay(key, main_purse(turn, key.program), (output,), side=False)
    mainchain.submit(turn, tx, "retirement")
    return tx.id


def retirement_output(turn: Turn, amount: int, asset: str, note: str) -> Output:
    """What destroys units. Raises UnknownName, NoteTooLong."""
    info, text = asset_of(turn, asset), note.encode()
    if len(text) > MOST_NOTE_BYTES:
        raise NoteTooLong(f"a note of {len(text)} bytes, {MOST_NOTE_BYTES} are allowed")
    return Output(info.id, amount, retire_program(text))


# Accounts.


def new_account(
    turn: Turn,
    name: str,
    signers: Sequence[str] | None = None,
    quorum: int | None = None,
) -> Owner:
    """
    One more account: with a key of its own, or with the keys of others, `quorum` of
    whom sign for it. The order of the signers makes the address.

    Raises:
        BadValue, NameTaken, UnknownName, BadQuorum, DuplicateKey, TooManyKeys, NotAKey.
    """
    _check_account_name(turn, name)
    if signers is None:
        if quorum is not None:
            raise BadQuorum(
                "a quorum without signers", hint="Add --signers alice,bob,carol."
            )
        return _open(turn, Owner(name))
    names = _key_owners(turn, signers)
    if len(names) > MOST_KEYS:
        raise TooManyKeys(f"{len(names)} keys, {MOST_KEYS} are possible")
    needed = len(names) if quorum is None else quorum
    if not 1 <= needed <= len(names):
        raise BadQuorum(f"quorum {needed} with {len(names)} signers")
    alike = [other for other in turn.owners if _key_set(other) == frozenset(names)]
    index = 1 + max((other.index for other in alike), default=0)
    return _open(turn, Owner(name, tuple(names), needed, index))


def _open(turn: Turn, owner: Owner) -> Owner:
    turn.owners = (*turn.owners, owner)
    key = key_of(turn, owner.name)
    turn.say(
        AccountAdded(
            who=owner.name,
            address=address_of_program(key.program, turn.tree.profile.hrp),
            signers=owner.signers,
            quorum=owner.quorum,
        )
    )
    return owner


def _key_set(owner: Owner) -> frozenset[str]:
    return frozenset(owner.signers or (owner.name,))


def _key_owners(turn: Turn, names: Sequence[str]) -> Sequence[str]:
    """The names, when each is an account with one key of its own."""
    if len(set(names)) != len(names):
        raise DuplicateKey(f"{', '.join(names)}: a signer is named twice")
    for name in names:
        if owner_of(turn, name).signers:
            raise NotAKey(f"{name} has no key of its own, others sign for it")
    return names


def _check_account_name(turn: Turn, name: str) -> None:
    if not NAME_FORM.fullmatch(name):
        raise BadValue(
            f"{name[:40]!r} is no name for an account",
            hint="Take lower-case letters, digits and dashes, 16 at most.",
        )
    taken = (
        *RESERVED_NAMES,
        *(owner.name for owner in turn.owners),
        *(node.name for node in turn.main_nodes),
        *(collector.name for collector in turn.collectors),
    )
    if name in taken or turn.has_side(name):
        raise NameTaken(f"the name {name!r} is taken", hint="Take another name.")
