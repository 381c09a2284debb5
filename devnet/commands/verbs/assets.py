"""Verbs about assets and accounts: issue, retire, open an account."""

from __future__ import annotations

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import BadArgument
from devnet.commands.kinds import (
    AccountName,
    AssetClass,
    AssetName,
    Members,
    Signers,
)
from devnet.commands.registry import command
from devnet.commands.types import Asset, Holder, Number, Text
from devnet.commands.values import Amount, Quantity, Said
from devnet.commands.verbs.money import in_units, said_in_units
from devnet.commands.walletissuing import Terms, issue_by_wallet
from devnet.engine.errors import NameTaken


@command(
    group="assets",
    example="issue alice 1000 SILVER",
    acts=True,
    labels={"decimals": "N", "quorum": "M", "limit": "HEIGHT"},
)
def issue(
    session: Context,
    who: Holder,
    amount: Quantity,
    asset: AssetName,
    *,
    decimals: Number | None = None,
    class_: AssetClass | None = None,
    definition: Members | None = None,
    signers: Signers | None = None,
    quorum: Number | None = None,
    limit: Number | None = None,
    signed_by: Signers | None = None,
) -> Said:
    """Issue an asset; an unknown name is defined by issuing it.

    The units go to WHO, who pays the gas. Classes are a convention of the definition:
    BAP-01 divisible, BAP-02 divisible with a "series", BAP-03 one single piece, issued
    once, BAP-04 whole pieces. --signers and --quorum make the issuance program: so many
    of these accounts sign each issuance. --limit: only in blocks below this height.
    --signed-by names who signs this one; the first of the signers otherwise. For an
    account that was made over HTTP the wallet issues, with this account's own keys.
    """
    network = session.network
    if holding.wallet_account(session, who) is not None:
        _check_no_signers(who, signers, quorum, signed_by)
        terms = Terms(asset, decimals, class_, definition, limit)
        return issue_by_wallet(session, who, amount, terms)
    known = asset in network.assets()
    value = _units(session, amount, asset, decimals, class_, definition)
    order = holding.Order(
        who, "main",
        by_world=lambda: network.issue(
            who, value.units, asset, decimals=decimals, bap=class_,
            definition=definition, signers=signers, quorum=quorum, limit_height=limit,
            signed_by=signed_by,
        ),
    )  # fmt: skip
    tx_id, _ = holding.pay(session, order)
    facts = network.describe_asset(asset)
    result = {
        "tx": tx_id,
        "who": who,
        "amount": value,
        "asset": asset,
        "id": facts["id"],
        "decimals": facts["decimals"],
        "class": facts["class"],
        "signers": facts["signers"],
        "quorum": facts["quorum"],
        "limit_height": facts["limit_height"],
        "new": not known,
    }
    new = "" if known else f" ({facts['class']}, id {facts['id'][:8]}..)"
    return Said(result, f"{who} issues {value}{new}: {_short(tx_id)}")


def _check_no_signers(who: str, *told: object) -> None:
    if any(one is not None for one in told):
        raise BadArgument(
            f"the keys of {who} sign what {who} issues",
            hint="--signers, --quorum and --signed-by are for accounts of the world",
        )


def _units(
    session: Context,
    amount: Quantity | Amount,
    asset: str,
    decimals: int | None,
    bap: str | None,
    definition: dict[str, object] | None,
) -> Amount:
    """
    The amount in the units of an asset that may not exist yet.

    Raises:
        NotWhole: it comes in whole pieces. BadValue: it is too fine, or nothing.
    """
    from devnet.engine.mainchain.assets import NotWhole, decimals_of

    if isinstance(amount, Amount):
        return in_units(session, amount, asset)
    known = session.network.assets().get(asset)
    n_decimals = decimals_of(decimals, bap, definition)
    if known is not None:
        n_decimals = known.decimals
    if n_decimals == 0 and amount.as_fraction(0).denominator != 1:
        raise NotWhole(f"{asset} comes in whole pieces, not {amount}")
    return Amount(amount.units(asset, n_decimals), asset, n_decimals)


@command(group="assets", example="retire alice 10 GOLD", acts=True)
def retire(
    session: Context,
    who: Holder,
    amount: Quantity,
    asset: Asset,
    *,
    note: Text | None = None,
) -> Said:
    """Destroy units of an asset on the mainchain for ever.

    A note stands on the chain, but no hash commits to it: anybody who relays or mines
    the transaction can exchange it, and nothing shows. For proofs use fingerprint.
    """
    network, value = session.network, in_units(session, amount, asset)
    order = holding.Order(
        who, "main",
        by_world=lambda: network.retire(who, value.units, asset, note or ""),
        outputs=lambda: [network.retirement_output(value.units, asset, note or "")],
        hand_in=holding.submit(session, "main"),
    )  # fmt: skip
    with said_in_units(session, who, "main", value):
        tx_id, line = holding.pay(session, order)
    result = {"tx": tx_id, "who": who, "amount": value, "asset": asset, "note": note}
    text = f"{who} destroys {value}: {_short(tx_id)}"
    if note is not None:
        result["committed"] = False
        text += "\nThe note is on the chain, but no hash commits to it: whoever relays "
        text += "it can exchange it.\nfingerprint TEXT deposits something provable."
    return Said(result, text, recorded=line)


@command(
    group="assets",
    example="new-account vault --signers alice,bob,carol --quorum 2",
    acts=True,
    labels={"quorum": "M"},
)
def new_account(
    session: Context,
    name: AccountName,
    *,
    signers: Signers | None = None,
    quorum: Number | None = None,
) -> Said:
    """Open an account: with a key of its own, or one that several sign for.

    With --signers it uses their keys, in this order, and --quorum of them sign for its
    coins, all without it. It pays, is paid, locks and claims like any other account.
    """
    network = session.network
    if holding.wallet_account(session, name) is not None:
        raise NameTaken(
            f"the name {name!r} is taken in the wallet", hint="Take another name."
        )
    owner = network.new_account(name, signers, quorum)
    address = network.address(name)
    result = {
        "name": name,
        "address": address,
        "signers": owner.signers,
        "quorum": owner.quorum,
    }
    text = f"{name}: {address}"
    if owner.signers:
        text += f", {owner.quorum} of {', '.join(owner.signers)} sign"
    return Said(result, text)


def _short(hex_id: str) -> str:
    return f"{hex_id[:8]}..{hex_id[-4:]}"
