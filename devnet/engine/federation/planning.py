"""
Making a payout: which outputs of the federation pay it.

The choice is the same for everybody who sees the same outputs: the pin first, if there
is one already, then the biggest, so that few inputs are needed; of the newest epoch
alone if that has enough. Whose script, keys and quorum an input needs follows from the
epoch that holds it.

Source: protocol page "federation", sections 3 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.wallet import NEU_PER_GAS, Key
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.payouts import GAS_INPUT_GAS, Payout, input_gas
from devnet.engine.federation.programs import (
    Federation,
    holder_of,
    redeem_script,
    treasury_program,
)
from devnet.engine.federation.withdrawals import Owed, relay_fee
from devnet.engine.rules.verdict import GAS_CREDIT, MOST_GAS

SPARE_GAS = 1000
"""Room for what the items on a script's stacks hold back for a moment."""
MOST_LOCKED = 24
"""Federation inputs of one payout, whatever the gas: screens must show them."""


@dataclass(frozen=True, slots=True)
class Held:
    """An output of the federation, and the claim script that its program binds."""

    coin: Coin
    script: bytes


@dataclass(frozen=True, slots=True)
class Till:
    """
    What a coordinator can pay from.

    Args:
        chain_id: the sidechain. federation: the epoch in force, whose treasury takes
            the change. past: the epochs before it that hold outputs too.
        held: settled outputs of the federations that no other payout uses.
        fuel: the relayer's own BTM. relayer: its key.
        relay_fee_ppm, coordinator: the fee, and the program that takes it; nothing:
            nobody does.
    """

    chain_id: bytes
    federation: Federation
    held: tuple[Held, ...]
    fuel: tuple[Coin, ...]
    relayer: Key
    relay_fee_ppm: int
    coordinator: bytes
    past: tuple[Federation, ...] = ()

    @property
    def known(self) -> tuple[Federation, ...]:
        """Every epoch that may hold an output."""
        return (self.federation, *self.past)

    def holder(self, one: Held) -> Federation:
        """The epoch that holds an output, and whose members can spend it."""
        found = holder_of(self.known, self.chain_id, one.script, one.coin.program)
        assert found is not None, "a till holds nothing of strangers"
        return found


def plan_payout(owed: Owed, till: Till, pin_id: bytes = b"") -> Payout:
    """
    An unsigned payout of a withdrawal.

    Args:
        pin_id: the pin that members signed with before, which must stay; or nothing.

    Raises:
        NotCovered, NeedsMerge, NoGas: what is missing.
    """
    locked = _chosen(owed, till, pin_id)
    fee = relay_fee(owed.amount, till.relay_fee_ppm) if till.coordinator else 0
    outputs = [Output(owed.asset, owed.amount - fee, owed.recipient)]
    if fee:
        outputs.append(Output(owed.asset, fee, till.coordinator))
    left = sum(one.coin.amount for one in locked) - owed.amount
    if left:
        treasury = treasury_program(till.federation, till.chain_id)
        outputs.append(Output(owed.asset, left, treasury))
    tx = with_gas(till, locked, tuple(outputs))
    scripts = tuple(one.script for one in locked)
    return Payout(owed.id, tx, scripts, till.coordinator)


def most_inputs(federation: Federation, asset: bytes) -> int:
    """How many outputs of a federation one transaction can spend, gas input beside."""
    each = input_gas(federation)
    if asset == BTM:
        return (GAS_CREDIT - GAS_INPUT_GAS) // each
    return min(MOST_LOCKED, (MOST_GAS - 3 * GAS_INPUT_GAS) // (each + 700))


def fits(till: Till, locked: Sequence[Held]) -> bool:
    """Can one transaction spend these outputs of one asset, gas input beside?"""
    each = [input_gas(till.holder(one)) for one in locked]
    if locked and locked[0].coin.asset == BTM:
        return sum(each) <= GAS_CREDIT - GAS_INPUT_GAS
    whole = sum(gas + 700 for gas in each)
    return len(each) <= MOST_LOCKED and whole <= MOST_GAS - 3 * GAS_INPUT_GAS


def _chosen(owed: Owed, till: Till, pin_id: bytes) -> list[Held]:
    """The pin, then the biggest, of the newest epoch alone if that is enough."""
    if till.past and not pin_id:
        newest = tuple(one for one in till.held if till.holder(one) == till.federation)
        with suppress(errors.NotCovered, errors.NeedsMerge):
            return _covering(owed, replace(till, held=newest, past=()), b"")
    return _covering(owed, till, pin_id)


def _covering(owed: Owed, till: Till, pin_id: bytes) -> list[Held]:
    """The pin, then the biggest, until they cover the amount."""
    own = biggest(till, owed.asset)
    if pin_id:
        own.sort(key=lambda one: one.coin.id != pin_id)
        if not own or own[0].coin.id != pin_id:
            raise errors.NotCovered(
                f"the pin {pin_id.hex()[:16]} cannot be spent now", pin=pin_id
            )
    have = sum(one.coin.amount for one in own)
    if have < owed.amount:
        raise errors.NotCovered(
            f"{have} units are settled and free, {owed.amount} are owed",
            have=have,
            need=owed.amount,
        )
    taken, total = 0, 0
    while total < owed.amount:
        total += own[taken].coin.amount
        taken += 1
    if not fits(till, own[:taken]):
        most = len(fitting(till, own))
        raise errors.NeedsMerge(
            f"{owed.amount} units are in {taken} pieces, one payout can spend {most}",
            pieces=taken,
            most=most,
        )
    return own[:taken]


def fitting(till: Till, own: Sequence[Held]) -> list[Held]:
    """As many of these, from the first on, as one transaction can spend."""
    taken = 0
    while taken < len(own) and fits(till, own[: taken + 1]):
        taken += 1
    return list(own[:taken])


def biggest(till: Till, asset: bytes) -> list[Held]:
    """All free pieces of an asset, the biggest first; age and id settle ties."""
    own = [one for one in till.held if one.coin.asset == asset]
    return sorted(own, key=lambda one: (-one.coin.amount, one.coin.height, one.coin.id))


def _fuel(till: Till) -> Coin:
    """The relayer's biggest coin: one is enough for any payout."""
    if not till.fuel:
        raise errors.NoGas(f"{till.relayer.name} has no free BTM for the gas")
    return min(till.fuel, key=lambda coin: (-coin.amount, coin.height, coin.id))


def with_gas(
    till: Till, locked: Sequence[Held], outputs: tuple[Output, ...]
) -> Transaction:
    """
    The transaction with the fee that its gas costs, and the relayer's change.

    Raises:
        NoGas: the relayer has not so much in one piece.
    """
    fuel = _fuel(till)
    gas = sum(input_gas(till.holder(one)) for one in locked)
    gas += GAS_INPUT_GAS + SPARE_GAS
    spends = [_spend(one.coin, blank_witness(till, one)) for one in locked]
    spends.append(_spend(fuel, till.relayer.blank))
    back = Output(BTM, fuel.amount, till.relayer.program)
    draft = Transaction(1, 0, tuple(spends), (*outputs, back))
    fee = (gas + draft.size) * NEU_PER_GAS
    if fuel.amount <= fee:
        raise errors.NoGas(
            f"{till.relayer.name} has {fuel.amount} neu free in one piece, the gas "
            f"costs {fee}",
            have=fuel.amount,
            need=fee,
        )
    back = Output(BTM, fuel.amount - fee, till.relayer.program)
    bare = tuple(_spend(one.coin, ()) for one in locked)
    return Transaction(1, 0, (*bare, _spend(fuel, ())), (*outputs, back))


def blank_witness(till: Till, one: Held) -> tuple[bytes, ...]:
    """Arguments of the right length, before anybody signed."""
    holder = till.holder(one)
    redeem = redeem_script(holder, till.chain_id, one.script)
    return (*(bytes(64) for _ in range(holder.quorum)), redeem)


def _spend(coin: Coin, arguments: tuple[bytes, ...]) -> Spend:
    return Spend(
        coin.source_id, coin.asset, coin.amount, coin.position, coin.program, arguments
    )
