"""What compiling gives: a contract with its program, and what its clauses do."""

from __future__ import annotations

from dataclasses import dataclass, field

from devnet.equity.syntax import ContractText, Parameter


@dataclass(frozen=True, slots=True)
class HashCall:
    """A hash that a clause computes."""

    function: str
    argument: str
    argument_type: str


@dataclass(frozen=True, slots=True)
class Value:
    """
    A value that a clause unlocks, or locks again with a program.

    Args:
        program: as the text has it; nothing where the value is unlocked.
    """

    amount: str
    asset: str
    program: str = ""


@dataclass(slots=True)
class Clause:
    """A clause, and what tools want to know of it."""

    name: str
    parameters: tuple[Parameter, ...]
    heights: list[str] = field(default_factory=list)
    hash_calls: list[HashCall] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Contract:
    """
    A contract.

    Args:
        body: its program without arguments; no program by itself.
        opcodes: the same in words.
        clauses: in the order of the text; the number of one selects it.
    """

    text: ContractText
    is_recursive: bool
    clauses: tuple[Clause, ...]
    body: bytes = b""
    opcodes: str = ""

    @property
    def name(self) -> str:
        return self.text.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What `instantiate` takes, in this order."""
        return self.text.parameters
