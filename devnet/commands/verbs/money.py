"""Verbs that move money, and the one that counts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devnet.commands.context import Context
from devnet.commands.registry import command
from devnet.commands.types import Account, Asset, Chain, Payee, Sidechain, Transfer
from devnet.commands.values import Amount, Quantity, Said, TransferRef
from devnet.engine.errors import BadValue, InsufficientFunds


def in_units(session: Context, amount: Quantity | Amount, asset: str) -> Amount:
    """
    The amount of this asset that was meant.

    Raises:
        BadValue: it is too fine, is nothing, or is an amount of another asset.
    """
    if isinstance(amount, Amount):
        if amount.asset != asset:
            raise BadValue(
                f"{amount} is not an amount of {asset}",
                hint="give the amount and its own asset",
            )
        return amount
    decimals = session.network.asset(asset).decimals
    return Amount(amount.units(asset, decimals), asset, decimals)


def still_frozen(chain: str) -> str:
    """What works and what does not while the peg of a sidechain is frozen."""
    return (
        f"the peg of {chain} is frozen: the lock waits on main until the mainchain "
        f"comes back, or `write-off {chain}` gives the lost branch up; transfers on "
        f"{chain} go on"
    )


@contextmanager
def said_in_units(
    session: Context, who: str, chain: str, wanted: Amount
) -> Iterator[None]:
    """Say what is missing as people count it."""
    try:
        yield
    except InsufficientFunds as error:
        units = session.network.balance(who, chain, wanted.asset)
        if units < wanted.units:
            held = Amount(units, wanted.asset, wanted.decimals)
            raise InsufficientFunds(
                f"{who} has {held} on {chain}, and {wanted} is more",
                hint=f"balance {who} {chain} {wanted.asset} says what can be spent",
                **error.facts,
            ) from error
        have, need = error.facts.get("have"), error.facts.get("need")
        if not isinstance(have, int) or not isinstance(need, int):
            raise
        raise _no_fee(session, who, chain, wanted, have, need) from error


def _no_fee(
    session: Context, who: str, chain: str, wanted: Amount, have: int, need: int
) -> InsufficientFunds:
    """There is enough for the amount, but not for its fee, or it is under way."""
    decimals = session.network.asset("BTM").decimals
    fee = Amount(need - (wanted.units if wanted.asset == "BTM" else 0), "BTM", decimals)
    hint = f"leave {fee} for the fee"
    if have < session.network.balance(who, chain, "BTM"):
        hint = "what waits in a mempool can be spent after the next block"
    elif wanted.asset != "BTM" and chain != "main":
        hint = f"fees are paid in BTM: lock {who} 1 BTM {chain} brings some there"
    with_fee = f" with a fee of {fee}" if fee.units else ""
    return InsufficientFunds(
        f"{who} has {Amount(have, 'BTM', decimals)} free on {chain}, and {wanted}"
        f"{with_fee} is more",
        hint=hint,
        have=have,
        need=need,
    )


@command(group="money", example="lock alice 250 BTM alpha", acts=True)
def lock(
    session: Context,
    who: Account,
    amount: Quantity,
    asset: Asset,
    sidechain: Sidechain,
    *,
    to: Account | None = None,
) -> Said:
    """Lock value on the mainchain so that it appears on a sidechain.

    The transfer goes through lock, confirm, proof, claim and claimed. With --to
    somebody else gets the coins there.
    """
    value = in_units(session, amount, asset)
    with said_in_units(session, who, "main", value):
        transfer = session.network.lock(who, value.units, asset, sidechain, to)
    moved = session.network.transfer(transfer)
    result = {
        "transfer": transfer,
        "who": who,
        "to": moved.to,
        "amount": value,
        "asset": asset,
        "chain": sidechain,
        "stage": moved.stage,
    }
    text = f"{transfer}: {value} of {who} on the way from main to {sidechain}"
    if session.network.frozen(sidechain):
        result["frozen"] = True
        text += f"\n{still_frozen(sidechain)}"
    return Said(result, text, handle=TransferRef(transfer))


@command(group="money", example="withdraw alice 2 BTM alpha", acts=True)
def withdraw(
    session: Context,
    who: Account,
    amount: Quantity,
    asset: Asset,
    sidechain: Sidechain,
    *,
    to: Payee | None = None,
) -> Said:
    """Take value from a sidechain back to the mainchain.

    The transfer goes through burn, confirm, sign, pay and settled: the record that
    burns the value becomes final, the federation's members check and sign the payout,
    and the sidechain records that it was mined. With --to somebody else is paid: an
    account, or any mainchain address.
    """
    value = in_units(session, amount, asset)
    with said_in_units(session, who, sidechain, value):
        transfer = session.network.withdraw(who, value.units, asset, sidechain, to)
    moved = session.network.transfer(transfer)
    result = {
        "transfer": transfer,
        "who": who,
        "to": moved.to,
        "amount": value,
        "asset": asset,
        "chain": sidechain,
        "stage": moved.stage,
    }
    text = f"{transfer}: {value} of {who} on the way from {sidechain} to main"
    return Said(result, text, handle=TransferRef(transfer))


@command(group="money", example="payout w1 alice", acts=True)
def payout(session: Context, transfer: Transfer, who: Account | None = None) -> Said:
    """Coordinate the payout of a withdrawal by oneself, for no fee.

    Collectors do this, one after the other, then members. Only when they were silent
    for so many mainchain blocks anybody may; before, the refusal names who is due. WHO,
    else the sender, asks the members to sign, pays the gas and hands the payout in.
    """
    account = session.network.payout(transfer, who)
    result = {"transfer": transfer, "who": account}
    return Said(result, f"{account} asks the members to sign the payout of {transfer}")


@command(group="money", example="claim d1", acts=True)
def claim(session: Context, transfer: Transfer) -> Said:
    """Hand in the Claim of a transfer by hand, for no fee.

    Collectors do this by themselves, one after the other. Only when they were silent
    for so many mainchain blocks anybody may; before, the refusal names who is due. A
    second Claim of the same lock is refused with claim.replayed.
    """
    tx_id = session.network.claim(transfer)
    chain = session.network.transfer(transfer).chain
    result = {"transfer": transfer, "tx": tx_id, "chain": chain}
    return Said(result, f"claim of {transfer} handed in on {chain}: {_short(tx_id)}")


@command(
    group="money",
    example="transfer alice bob 10 BTM main",
    acts=True,
    labels={"sender": "FROM", "receiver": "TO"},
)
def transfer(
    session: Context,
    sender: Account,
    receiver: Account,
    amount: Quantity,
    asset: Asset,
    chain: Chain,
) -> Said:
    """Pay somebody on one chain: the mainchain or a sidechain."""
    value = in_units(session, amount, asset)
    with said_in_units(session, sender, chain, value):
        tx_id = session.network.transfer_value(
            sender, receiver, value.units, asset, chain
        )
    result = {
        "tx": tx_id,
        "from": sender,
        "to": receiver,
        "amount": value,
        "asset": asset,
        "chain": chain,
    }
    text = f"{value} from {sender} to {receiver} on {chain}: {_short(tx_id)}"
    return Said(result, text)


@command(group="money", example="balance alice main BTM")
def balance(session: Context, who: Account, chain: Chain, asset: Asset) -> Said:
    """What an account can spend on a chain.

    The result is an amount: compared with a bare number it counts in the asset's own
    unit, in JSON it is the decimal string of its smallest unit.
    """
    decimals = session.network.asset(asset).decimals
    value = Amount(session.network.balance(who, chain, asset), asset, decimals)
    return Said(value, f"{who} has {value} on {chain}")


def _short(hex_id: str) -> str:
    return f"{hex_id[:8]}..{hex_id[-4:]}"
