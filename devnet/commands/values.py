"""
What verbs take and give: amounts that know their asset, references that stay alive.

Money is an int of smallest units everywhere; here it meets the numbers people write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from devnet.commands.errors import BadArgument
from devnet.engine.errors import BadValue

_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?(neu)?")
_MOST_DIGITS = 40
MOST_UNITS = 2**63 - 1
"""The most that Bytom's transactions can hold of an asset."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    An amount as it was written: `250`, `0.5`, `100neu`. It has no asset yet.

    Args:
        whole: the digits before the point.
        fraction: the digits after it.
        neu: the number counts smallest units.
    """

    whole: str
    fraction: str = ""
    neu: bool = False

    def __str__(self) -> str:
        point = f".{self.fraction}" if self.fraction else ""
        return f"{self.whole}{point}{'neu' if self.neu else ''}"

    def as_fraction(self, decimals: int) -> Fraction:
        """The exact number of smallest units of an asset with so many decimals."""
        value = Fraction(int(self.whole + self.fraction), 10 ** len(self.fraction))
        return value if self.neu else value * 10**decimals

    def units(self, asset: str, decimals: int) -> int:
        """
        The amount in smallest units.

        Raises:
            BadValue: it has more decimals than the asset, is nothing, or too much.
        """
        value = self.as_fraction(decimals)
        if value.denominator != 1:
            smallest = "neu is the smallest unit" if self.neu else ""
            raise BadValue(
                f"{self} {asset} is finer than the {decimals} decimals of {asset}",
                hint=smallest or f"give at most {decimals} decimals",
                amount=str(self),
                decimals=decimals,
            )
        if value <= 0:
            raise BadValue(
                f"the amount is {self} {asset}, and must be above zero",
                hint=f"the least is 1neu, or {show_units(1, decimals)} {asset}",
            )
        if value > MOST_UNITS:
            most = show_units(MOST_UNITS, decimals)
            raise BadValue(
                f"{self} {asset} is more than an amount can be",
                hint=f"the most is {most} {asset}",
            )
        return value.numerator


def parse_quantity(text: str) -> Quantity | None:
    """The amount that a word spells, or None when it is not one."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > _MOST_DIGITS:
        return None
    return Quantity(match[1], match[2] or "", match[3] is not None)


def show_units(units: int, decimals: int, *, trim: bool = True) -> str:
    """Smallest units as people write them: 25000000000 with 8 decimals is 250."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    if trim:
        fraction = fraction.rstrip("0")
    return f"{sign}{whole}{'.' + fraction if fraction else ''}"


def parse_speed(word: str) -> float:
    """Virtual time per wall time: `x4`, `4`, `0.5`, or `max`."""
    if word == "max":
        return float("inf")
    quantity = parse_quantity(word.removeprefix("x"))
    if quantity is not None and not quantity.neu:
        speed = float(quantity.as_fraction(0))
        if 0 < speed <= 1_000_000:
            return speed
    raise BadArgument(
        f"{word[:40]!r} is not a speed", hint="write x1, x0.5, x20 or max"
    )


def parse_span(word: str) -> tuple[int, str]:
    """`20blocks` is (20, "blocks"), `30s` is (30, "s")."""
    for unit in ("blocks", "block", "s"):
        digits = word.removesuffix(unit)
        if digits != word and digits.isascii() and digits.isdecimal():
            if len(digits) <= 9:
                return int(digits), unit.removesuffix("s") + "s" if unit != "s" else "s"
            break
    raise BadArgument(
        f"{word[:40]!r} is not a span of time",
        hint="write 20blocks (of the mainchain) or 30s (of virtual time)",
    )


@dataclass(frozen=True, slots=True)
class Amount:
    """So many smallest units of an asset. In JSON: their decimal string."""

    units: int
    asset: str
    decimals: int

    def __str__(self) -> str:
        return f"{show_units(self.units, self.decimals)} {self.asset}"


@dataclass(frozen=True, slots=True)
class TransferRef:
    """A transfer by its id. Its fields are read when they are asked for."""

    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Said:
    """
    What a verb answers.

    Args:
        value: for programs; what JSON shows.
        text: for people; may have several lines.
        handle: what a name gets, when that should stay alive (a transfer).
        recorded: what a recording keeps instead of the call: a whole line, or other
            values of parameters.
    """

    value: Any
    text: str
    handle: Any = None
    recorded: str | dict[str, Any] | None = None


def plain(value: Any) -> Any:
    """The value as JSON has it: amounts are strings of units, hashes are hex."""
    match value:
        case None | bool() | int() | str():
            return value
        case Amount():
            return str(value.units)
        case Quantity() | TransferRef():
            return str(value)
        case bytes():
            return value.hex()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return str(value)


def words(value: Any) -> str:
    """The value as a person reads it."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "nothing"
        case dict():
            return "  ".join(f"{key} {words(item)}" for key, item in value.items())
        case list() | tuple():
            return ", ".join(words(item) for item in value)
        case bytes():
            return value.hex()
    return str(value)
