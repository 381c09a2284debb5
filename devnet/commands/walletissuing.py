"""Issuing from an account that only the wallet knows: its own keys sign."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.values import Amount, Quantity, Said
from devnet.engine.errors import DevnetError

if TYPE_CHECKING:
    from devnet.wallet.assets import Asset
    from devnet.wallet.book import Account
    from devnet.wallet.paying import Minting


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of an asset that may not exist yet."""

    name: str
    decimals: int | None
    bap: str | None
    definition: dict[str, object] | None
    limit_height: int | None

    @property
    def are_told(self) -> bool:
        """Is anything said that only a new asset can be given?"""
        told = (self.decimals, self.bap, self.definition, self.limit_height)
        return any(one is not None for one in told)


def issue_by_wallet(
    session: Context, who: str, amount: Quantity | Amount, terms: Terms
) -> Said:
    """
    Issue an asset; define it in the wallet when its name is unknown.

    Raises:
        AssetError, BadValue, WalletError, InsufficientFunds: and nothing happened.
    """
    from devnet.engine.bc.transaction import Output
    from devnet.engine.mainchain.assets import (
        check_amount,
        definition_members,
        told_decimals,
    )

    account = holding.wallet_account(session, who)
    assert account is not None
    wallet, before = session.wallet, session.wallet.assets.frozen()
    try:
        asset, is_new = _asset(session, account, terms)
        members = definition_members(asset.definition)
        decimals = told_decimals(members)
        units = amount.units if isinstance(amount, Amount) else amount.units(
            terms.name, decimals
        )  # fmt: skip
        bap = members.get("bap")
        check_amount(terms.name, bap if isinstance(bap, str) else "", units)
        place = wallet.book.place_of(account).program
        order = holding.Order(
            who, "main", by_world=lambda: "",
            outputs=lambda: [Output(asset.id, units, place)],
            hand_in=holding.submit(session, "main"),
            minting=lambda: _minting(session, asset, units),
        )  # fmt: skip
        tx_id, line = holding.pay(session, order)
    except DevnetError:
        wallet.assets.thaw(before)
        raise
    value = Amount(units, terms.name, decimals)
    result: dict[str, Any] = {
        "tx": tx_id, "who": who, "amount": value, "asset": terms.name,
        "id": asset.id.hex(), "decimals": decimals, "class": bap or None,
        "signers": [who], "quorum": asset.quorum,
        "limit_height": asset.limit_height or None, "new": is_new,
    }  # fmt: skip
    new = f" (id {asset.id.hex()[:8]}..)" if is_new else ""
    text = f"{who} issues {value}{new}: {tx_id[:8]}..{tx_id[-4:]}"
    return Said(result, text, recorded=line)


def _asset(session: Context, account: Account, terms: Terms) -> tuple[Asset, bool]:
    """The asset of a name, or a new one. Raises AssetError, NoAsset."""
    from devnet.engine.mainchain.assets import DefinedAlready, NotIssuer, plan_asset
    from devnet.wallet.definitions import Typed

    wallet, known = session.wallet, session.network.assets().get(terms.name)
    for one in wallet.assets.known.values():
        is_it = one.id == known.id if known else one.alias == terms.name.upper()
        if is_it and one.xpubs == account.xpubs:
            if terms.are_told:
                raise DefinedAlready(f"{terms.name} is defined already")
            return one, False
    if known is not None:
        raise NotIssuer(
            f"{account.alias} does not issue {terms.name}",
            hint="issue an asset with a name of its own",
        )
    planned = plan_asset(
        terms.name, decimals=terms.decimals, bap=terms.bap, definition=terms.definition
    )
    members = json.loads(planned.definition, parse_int=Typed, parse_float=Typed)
    made = wallet.assets.define(
        terms.name, account.xpubs, account.quorum, members, terms.limit_height or 0
    )
    return made, True


def _minting(session: Context, asset: Asset, units: int) -> Minting:
    from devnet.engine.bc.transaction import Issuance
    from devnet.engine.codec import sha3, u64
    from devnet.engine.keys.paths import asset_path
    from devnet.wallet.paying import Minting
    from devnet.wallet.template import KeyAt, Signatures

    network = session.network
    seed = u64(network.config.seed) + asset.id + u64(len(network.events))
    nonce = sha3(b"issuance nonce" + seed)[:8]
    issuance = Issuance(nonce, asset.id, units, asset.definition, 1, asset.program)
    path = asset_path(asset.index)
    keys = tuple(KeyAt(xpub, path) for xpub in asset.xpubs)
    return Minting(
        issuance, (Signatures(keys, asset.quorum),), max(asset.limit_height - 1, 0)
    )
