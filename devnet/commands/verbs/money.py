"""Verbs that move money, and the one that counts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import BadArgument
from devnet.commands.registry import command
from devnet.commands.types import (
    Account,
    Asset,
    Chain,
    Holder,
    Payee,
    Recipient,
    Sidechain,
    Transfer,
)
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
        units = holding.balance_units(session, who, chain, wanted.asset)
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
    if have < holding.balance_units(session, who, chain, "BTM"):
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
    who: Holder,
    amount: Quantity,
    asset: Asset,
    sidechain: Sidechain,
    *,
    to: Recipient | None = None,
) -> Said:
    """Lock value on the mainchain so that it appears on a sidechain.

    The transfer goes through lock, confirm, proof, claim and claimed. With --to
    somebody else gets the coins there: an account, or a mainchain address.
    """
    network, value = session.network, in_units(session, amount, asset)
    units, place = value.units, holding.place_of(session, to or who)
    order = holding.Order(
        who, "main",
        by_world=lambda: network.lock(who, units, asset, sidechain, to and place),
        outputs=lambda: [network.lock_output(place, units, asset, sidechain)],
        hand_in=lambda raw: network.hand_in_lock(
            raw, who, place, units, asset, sidechain
        ),
        line=lambda raw: holding.signed_line(
            "lock", raw, who=who, to=place, amount=units, asset=asset,
            sidechain=sidechain,
        ),
    )  # fmt: skip
    with said_in_units(session, who, "main", value):
        transfer, line = holding.pay(session, order)
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
    recorded = line or (None if to is None else {"to": place})
    return Said(result, text, handle=TransferRef(transfer), recorded=recorded)


@command(group="money", example="withdraw alice 2 BTM alpha", acts=True)
def withdraw(
    session: Context,
    who: Holder,
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
    if to == "":
        hint = "leave --to out, or name an account or an address"
        raise BadArgument("nobody is named to be paid", hint=hint)
    network, value = session.network, in_units(session, amount, asset)
    units, place = value.units, holding.place_of(session, to or who)
    order = holding.Order(
        who, sidechain,
        by_world=lambda: network.withdraw(who, units, asset, sidechain, to and place),
        outputs=lambda: [network.withdrawal_output(place, units, asset, sidechain)],
        hand_in=lambda raw: network.hand_in_withdrawal(
            raw, who, place, units, asset, sidechain
        ),
        line=lambda raw: holding.signed_line(
            "withdrawal", raw, who=who, to=place, amount=units, asset=asset,
            sidechain=sidechain,
        ),
    )  # fmt: skip
    with said_in_units(session, who, sidechain, value):
        transfer, line = holding.pay(session, order)
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
    recorded = line or (None if to is None else {"to": place})
    return Said(result, text, handle=TransferRef(transfer), recorded=recorded)


@command(group="money", example="payout w1 alice", acts=True)
def payout(session: Context, transfer: Transfer, who: Account | None = None) -> Said:
    """Coordinate the payout of a withdrawal by oneself, for no fee.

    Collectors do this, one after the other, then members. Only when they were silent
    for so many mainchain blocks anybody may; before, the refusal names who is due. WHO,
    else the sender, asks the members to sign, pays the gas and hands the payout in.
    """
    account = session.network.payout(transfer, who)
    note = session.network.transfer(transfer).note
    result = {"transfer": transfer, "who": account, "note": note}
    words = f"{account} coordinates the payout of {transfer} from now on: {note}"
    return Said(result, words)


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
    sender: Holder,
    receiver: Recipient,
    amount: Quantity,
    asset: Asset,
    chain: Chain,
) -> Said:
    """Pay somebody on one chain: the mainchain or a sidechain.

    TO is an account or a mainchain address, which means the same key on every chain.
    """
    network, value = session.network, in_units(session, amount, asset)
    units, place = value.units, holding.place_of(session, receiver)
    order = holding.Order(
        sender, chain,
        by_world=lambda: network.transfer_value(sender, place, units, asset, chain),
        outputs=lambda: [network.payment_output(place, units, asset)],
        hand_in=holding.submit(session, chain),
    )  # fmt: skip
    with said_in_units(session, sender, chain, value):
        tx_id, line = holding.pay(session, order)
    result = {
        "tx": tx_id,
        "from": sender,
        "to": receiver,
        "amount": value,
        "asset": asset,
        "chain": chain,
    }
    text = f"{value} from {sender} to {receiver} on {chain}: {_short(tx_id)}"
    return Said(result, text, recorded=line or {"receiver": place})


@command(group="money", example="balance alice main BTM")
def balance(session: Context, who: Holder, chain: Chain, asset: Asset) -> Said:
    """What an account can spend on a chain, at all its addresses.

    The result is an amount: compared with a bare number it counts in the asset's own
    unit, in JSON it is the decimal string of its smallest unit.
    """
    decimals = session.network.asset(asset).decimals
    value = Amount(holding.balance_units(session, who, chain, asset), asset, decimals)
    return Said(value, f"{who} has {value} on {chain}")


def _short(hex_id: str) -> str:
    return f"{hex_id[:8]}..{hex_id[-4:]}"
