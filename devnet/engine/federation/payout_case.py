"""
A payout, what a member knows about it, and its parts as the checks read them.

The checks are in `payouts`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Literal

from devnet.engine.bc.transaction import Output, Spend, Transaction
from devnet.engine.chain.coins import CoinSet
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.programs import (
    Federation,
    holder_of,
    treasury_program,
)
from devnet.engine.federation.withdrawals import Owed, relay_fee
from devnet.engine.once import once

PinFate = Literal["", "open", "paid", "gone"]
"""Of the pin a member signed with: none, unspent, spent by a payout of this withdrawal,
or spent and buried in a transaction that does not pay it."""


@dataclass(frozen=True, slots=True)
class Payout:
    """
    A payout that waits for signatures.

    Args:
        scripts: the claim scripts of the federation's inputs, which come first; whoever
            knows them computes the programs, so nobody needs a list of addresses.
        coordinator: the program that takes the relay fee; nothing: nobody takes one.
    """

    withdrawal_id: bytes
    tx: Transaction
    scripts: tuple[bytes, ...]
    coordinator: bytes = b""

    @property
    def pin_id(self) -> bytes:
        """The mainchain output that the first federation input spends."""
        return self.tx.spent_output_ids[0] or b""


@dataclass(frozen=True, slots=True)
class PayoutContext:
    """
    What one member knows, from its own nodes and its own memory.

    Args:
        chain_id: the sidechain. federations: accepted epochs, newest first, by what
            is final: a treasury that could be undone gets nothing.
        owed: the withdrawal as the member's own sidechain node has it, or None.
        is_final: that node proves its block final.
        completed: the payout that the chain has recorded for it, or nothing.
        coins, height, depth: the member's own mainchain, and how deep is settled.
        pin_id, pin_fate: what it signed with before, and what became of that.
        relay_fee_ppm, coordinators: the fee, and the programs that may take it now.
        frozen, resting: the peg rests.
        past: epochs that are accepted no more, newest first.
        claimed: lock ids whose claims are final.
        anybody: whoever wants may coordinate now, without a fee.
        announced: the pin that final blocks name and that is not gone, or nothing.
        named_only: it signs first with no other pin.
        taken: pins that the chain names for other open withdrawals.
        names: of coordinators, by program.
    """

    chain_id: bytes
    federations: tuple[Federation, ...]
    owed: Owed | None
    is_final: bool
    coins: CoinSet
    height: int
    depth: int
    coordinators: tuple[bytes, ...]
    relay_fee_ppm: int = 0
    completed: bytes = b""
    pin_id: bytes = b""
    pin_fate: PinFate = ""
    frozen: bool = False
    resting: bool = False
    past: tuple[Federation, ...] = ()
    claimed: Container[bytes] = frozenset()
    anybody: bool = False
    announced: bytes = b""
    named_only: bool = False
    taken: Container[bytes] = frozenset()
    names: Mapping[bytes, str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[Federation, ...]:
        """Every epoch that may hold an input."""
        return (*self.federations, *self.past)


class PayoutCase:
    """A payout under examination: its parts, as the checks read them."""

    def __init__(self, payout: Payout, context: PayoutContext) -> None:
        self.payout = payout
        self.tx = payout.tx
        self.context = context

    @once
    def owed(self) -> Owed:
        """The withdrawal. P1 asks first, so that all others have it."""
        owed = self.context.owed
        if owed is None or owed.id != self.payout.withdrawal_id:
            raise errors.UnknownWithdrawal(
                f"no withdrawal {self.payout.withdrawal_id.hex()[:16]} is in the "
                "member's chain",
                id=self.payout.withdrawal_id,
            )
        return owed

    @once
    def locked(self) -> tuple[Spend, ...]:
        """The federation's inputs, as the payout lists them."""
        n_locked = len(self.payout.scripts)
        found = tuple(
            given for given in self.tx.inputs[:n_locked] if isinstance(given, Spend)
        )
        if not n_locked or len(found) != n_locked:
            raise errors.ForeignInput(
                f"{len(found)} spends for {n_locked} federation inputs",
                n_inputs=len(found),
            )
        return found

    @once
    def holders(self) -> tuple[Federation, ...]:
        """Who holds each of them: its members sign, its quorum is asked for."""
        context, found = self.context, []
        for index, (given, script) in enumerate(
            zip(self.locked, self.payout.scripts, strict=True)
        ):
            holder = holder_of(context.known, context.chain_id, script, given.program)
            if holder is None:
                raise errors.ForeignInput(
                    f"input {index}: program {given.program.hex()[:16]} is not the "
                    "federation's here",
                    index=index,
                )
            found.append(holder)
        return tuple(found)

    @property
    def fuel(self) -> tuple[object, ...]:
        """The inputs behind them: the relayer's."""
        return self.tx.inputs[len(self.payout.scripts) :]

    @once
    def fee(self) -> int:
        """The relay fee, by the parameter, if somebody takes it."""
        if not self.payout.coordinator:
            return 0
        return relay_fee(self.owed.amount, self.context.relay_fee_ppm)

    @once
    def due(self) -> tuple[Output, ...]:
        """The outputs to recipient and coordinator: what must come first."""
        owed = self.owed
        due = Output(owed.asset, owed.amount - self.fee, owed.recipient)
        if not self.fee:
            return (due,)
        return due, Output(owed.asset, self.fee, self.payout.coordinator)

    @once
    def change(self) -> tuple[Output, ...]:
        """The output that returns the rest to the treasury, if there is a rest."""
        left = sum(given.amount for given in self.locked) - self.owed.amount
        if not left:
            return ()
        treasury = treasury_program(self.context.federations[0], self.context.chain_id)
        return (Output(self.owed.asset, left, treasury),)
