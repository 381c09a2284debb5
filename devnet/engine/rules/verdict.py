"""
The three-valued verdict on a transaction, and the gas account behind it.

Source: Bytom/bytom v1.1.0, protocol/validation/tx.go, consensus/general.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from devnet.engine.rules.errors import GasCalculate, OverGasCredit, TransactionRefusal
from devnet.engine.vm.errors import ProgramFailure

NEU_PER_GAS = 200
MOST_GAS = 200_000
"""The most gas that one transaction can buy. A larger fee is simply paid."""
GAS_CREDIT = 30_000
"""What the BTM inputs may use before the fee is secured."""

Status = Literal["valid", "gas_only", "invalid"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What validation found. `fee` in neu. Gas figures of an invalid transaction are those
    at the moment of its error.
    """

    status: Status
    error: TransactionRefusal | ProgramFailure | None = field(compare=False)
    fee: int
    gas_used: int
    gas_left: int
    storage_gas: int
    error_name: str = ""

    @property
    def fails(self) -> bool:
        """The flag in the block's status: only the BTM side of it applies."""
        return self.status == "gas_only"


@dataclass(slots=True)
class Gas:
    """The gas of one transaction while it is validated."""

    fee: int = 0
    left: int = 0
    used: int = 0
    storage: int = 0
    is_secured: bool = False

    def buy(self, fee: int, n_bytes: int) -> None:
        """Turn the BTM left over into gas."""
        self.fee = fee
        self.left = min(fee // NEU_PER_GAS, MOST_GAS)
        self.storage = n_bytes

    def pay_program(self, left: int) -> None:
        """A program ran and left so much."""
        self.used += self.left - left
        self.left = left

    def check_credit(self) -> None:
        """Nobody may run programs on credit that the fee will not cover."""
        if self.used > GAS_CREDIT or self.storage > self.left:
            raise OverGasCredit(
                f"the BTM inputs used {self.used} gas, {self.left} are left "
                f"for {self.storage} bytes",
                used=self.used,
                left=self.left,
                storage=self.storage,
            )

    def pay_storage(self) -> None:
        """Pay for the bytes. From here on the fee is secured."""
        self.left -= self.storage
        if self.left < 0:
            raise GasCalculate(
                f"the fee of {self.fee} neu buys less gas than "
                f"{self.storage} bytes cost",
                fee=self.fee,
            )
        self.used += self.storage
        self.is_secured = True
