"""Names for assets: as their definitions tell, and each name once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devnet.engine.actors.owners import root_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import AssetInfo
from devnet.engine.bc.transaction import Issuance
from devnet.engine.events import AssetKnown
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES
from devnet.engine.mainchain.assets import (
    NAME_FORM,
    definition_members,
    issuance_program,
    told_decimals,
)
from devnet.engine.mainchain.state import AssetRecord, MainEntry


def asset_info(record: AssetRecord, taken: Iterable[str] = ()) -> AssetInfo:
    """
    Name, decimals and class as an asset's definition tells them. Its id names it when
    the definition has no name of the form that names have here, and tells it apart when
    the name is taken.
    """
    members = definition_members(record.definition)
    short = record.id.hex()[:8]
    told = [members.get(key) for key in ("symbol", "name")]
    good = [one for one in told if isinstance(one, str) and NAME_FORM.fullmatch(one)]
    name = good[0] if good else short
    if name.lower() in [other.lower() for other in taken]:
        name = f"{name}-{short}"
    bap = members.get("bap")
    signers, index = _issuer_of(record.program)
    return AssetInfo(
        name,
        record.id,
        told_decimals(members),
        bap=bap if isinstance(bap, str) else "",
        signers=signers,
        key_index=index,
        definition=record.definition,
        program=record.program,
    )


def _issuer_of(program: bytes) -> tuple[tuple[str, ...], int]:
    """The play account whose first asset has this program: assets of starter chains."""
    for who in ACCOUNT_NAMES:
        if program == issuance_program([root_of(who)], 1, 1):
            return (who,), 1
    return (), 0


def learn_assets(turn: Turn, entry: MainEntry) -> None:
    """A block of the best chain issues: say which assets are known from now on."""
    for tx, failed in zip(entry.block.transactions, entry.statuses, strict=True):
        for given in tx.inputs:
            if isinstance(given, Issuance) and not failed:
                _learn(turn, entry, given.asset)


def _learn(turn: Turn, entry: MainEntry, asset: bytes) -> None:
    # The newest stand last, and it is mostly they that are not told yet.
    known = next((info for info in reversed(turn.assets) if info.id == asset), None)
    if known is not None and known.told:
        return
    if known is None:
        taken = [info.name for info in turn.assets]
        info = asset_info(entry.state.assets[asset], taken)
        turn.assets = (*turn.assets, info)
    else:
        info = replace(known, told=True)
        turn.assets = tuple(info if one.id == asset else one for one in turn.assets)
    turn.say(AssetKnown(asset=info.name, id=info.id.hex(), decimals=info.decimals))
