"""
A transaction on its way to be signed: what each input still needs.

Source: protocol page "http-api", sections 8 and 10; Bytom/bytom v1.1.0,
blockchain/txbuilder/{signing_instruction,rawtxsig_witness,estimate}.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from devnet.engine.bc.programs import is_p2wpkh, is_p2wsh
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Issuance,
    Spend,
    Transaction,
    with_arguments,
)
from devnet.engine.keys import chainkd
from devnet.wallet.errors import BadTemplate, NoKeyOrPassword
from devnet.wallet.keyring import Keyring

NEU_PER_GAS = 200
KEY_WITNESS_BYTES, KEY_GAS = 98, 1409
INPUT_BYTES = 176
ISSUE_ALONE_BYTES = 274
CHAIN_TX_NEU = 6_000_000
"""What merging coins costs, for each transaction before the last one of a chain."""


@dataclass(frozen=True, slots=True)
class KeyAt:
    """A root key, and the path from it to the key that signs."""

    xpub: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """
    Signatures of some keys.

    Args:
        given: one slot a key, empty where a signature is missing; None: never tried.
        kind: the type on the wire.
    """

    keys: tuple[KeyAt, ...]
    quorum: int
    given: tuple[bytes, ...] | None = None
    kind: str = "raw_tx_signature"

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """As many signatures as are needed, in the order of the keys."""
        return tuple(one for one in self.given or () if one)[: self.quorum]


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes that a program takes as they are."""

    value: bytes

    @property
    def arguments(self) -> tuple[bytes, ...]:
        return (self.value,)


Component: TypeAlias = Signatures | Data


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one input needs. None: nothing is said about it."""

    position: int
    components: tuple[Component, ...] | None


@dataclass(frozen=True, slots=True)
class Template:
    """
    A transaction with what its inputs still need.

    Args:
        fee: what goes in and not out of BTM, modulo 2^64 as in the reference.
    """

    tx: Transaction
    instructions: tuple[Instruction, ...]
    fee: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Gas of a template in neu."""

    flexible_neu: int
    storage_neu: int
    vm_neu: int
    chain_neu: int = 0

    @property
    def total_neu(self) -> int:
        """All but what the transactions before it cost."""
        return self.flexible_neu + self.storage_neu + self.vm_neu


def fee_of(tx: Transaction) -> int:
    """BTM in minus BTM out; it may be negative."""
    values = (
        tx.value_of(given) for given in tx.inputs if not isinstance(given, Coinbase)
    )
    paid = sum(amount for asset, amount in values if asset == BTM)
    return paid - sum(output.amount for output in tx.outputs if output.asset == BTM)


def sign_template(
    template: Template, keyring: Keyring, password: str
) -> tuple[Template, bool]:
    """
    Sign what one password can: in each component the first key that it opens.

    Returns:
        The template, and whether every component has its signatures.

    Raises:
        BadTemplate: the instructions do not fit the transaction.
    """

    def opened(xpub: bytes) -> bytes | None:
        try:
            return keyring.open(xpub, password)
        except NoKeyOrPassword:
            return None

    # One key a call, so that each owner signs by himself.
    signed = _signed_with(template, opened, lambda component: 1)
    return signed, is_complete(signed)


def sign_with_xprv(template: Template, xprv: bytes) -> tuple[Template, bool]:
    """Sign what one root key can. Returns, raises: as `sign_template`."""
    xpub = chainkd.xpub(xprv)
    signed = _signed_with(
        template, lambda wanted: xprv if wanted == xpub else None, lambda component: 1
    )
    return signed, is_complete(signed)


def sign_opened(template: Template, keyring: Keyring) -> Template:
    """Sign with keys that were opened before, as many as are needed."""
    return _signed_with(template, keyring.opened, lambda component: component.quorum)


Opened: TypeAlias = "Callable[[bytes], bytes | None]"
"""The private key of an xpub, or None."""


def _signed_with(
    template: Template, opened: Opened, n_most: Callable[[Signatures], int]
) -> Template:
    tx = template.tx
    check_positions(template)
    instructions = []
    for instruction in template.instructions:
        message = tx.sig_hash(instruction.position)
        components = None
        if instruction.components is not None:
            components = tuple(
                _signed(one, opened, message, n_most(one))
                if isinstance(one, Signatures)
                else one
                for one in instruction.components
            )
        instructions.append(replace(instruction, components=components))
    for instruction in instructions:
        if instruction.components:
            arguments = [a for one in instruction.components for a in one.arguments]
            tx = with_arguments(tx, instruction.position, tuple(arguments))
    return Template(tx, tuple(instructions), template.fee)


def is_complete(template: Template) -> bool:
    """Has every component as many signatures as it needs?"""
    return all(
        len(one.arguments) >= one.quorum
        for instruction in template.instructions
        for one in instruction.components or ()
        if isinstance(one, Signatures)
    )


def check_positions(template: Template) -> None:
    """Raises BadTemplate where an instruction has no input that runs a program."""
    inputs = template.tx.inputs
    for instruction in template.instructions:
        at = instruction.position
        if at >= len(inputs) or not isinstance(inputs[at], Spend | Issuance):
            raise BadTemplate(f"there is no input {at} that could be signed")


def _signed(
    component: Signatures, opened: Opened, message: bytes, n_most: int
) -> Signatures:
    given = list(component.given or ())
    given += [b""] * (len(component.keys) - len(given))
    for place, key in enumerate(component.keys):
        if n_most == 0:
            break
        if given[place] or (xprv := opened(key.xpub)) is None:
            continue
        given[place] = chainkd.sign(chainkd.derive_xprv(xprv, key.path), message)
        n_most -= 1
    return replace(component, given=tuple(given))


# Gas.


def estimate(template: Template) -> Estimate:
    """
    The gas of a template before signing.

    Raises:
        BadTemplate: the instructions do not fit the transaction.
    """
    check_positions(template)
    by_input = {one.position: one for one in template.instructions}
    n_bytes, vm_gas = len(template.tx.raw), 0
    script: tuple[int, int] | None = None
    has_key = has_spend = False
    for place, given in enumerate(template.tx.inputs):
        components = by_input[place].components if place in by_input else None
        n_keys, quorum = _signers(components or ())
        if isinstance(given, Issuance):
            limit = 5 if given.program[:1] != b"\xae" and n_keys else 0
            n_bytes += 65 * quorum
            vm_gas += 1065 * n_keys + 72 * quorum + 316 + limit if n_keys else 0
        elif isinstance(given, Spend) and _is_of_key(given.program):
            n_bytes, vm_gas = n_bytes + KEY_WITNESS_BYTES, vm_gas + KEY_GAS
            has_key = has_spend = True
        elif isinstance(given, Spend) and is_p2wsh(given.program):
            witness = 33 * n_keys + 65 * quorum
            gas = 1131 * n_keys + 72 * quorum + 659 + 27 * (n_keys == quorum == 1)
            n_bytes, vm_gas = n_bytes + witness, vm_gas + gas
            script, has_spend = (witness, gas), True
    flexible = 0
    if has_key:
        flexible = KEY_GAS + INPUT_BYTES + KEY_WITNESS_BYTES
    elif script is not None:
        flexible = script[1] + INPUT_BYTES + script[0]
    if not has_spend and _only_issues(template.tx):
        n_bytes, vm_gas = n_bytes + ISSUE_ALONE_BYTES, vm_gas + KEY_GAS
    return Estimate(flexible * NEU_PER_GAS, n_bytes * NEU_PER_GAS, vm_gas * NEU_PER_GAS)


def estimate_chain(templates: Sequence[Template]) -> Estimate:
    """The last one's gas, and what those before it cost."""
    last = estimate(templates[-1])
    return replace(last, chain_neu=CHAIN_TX_NEU * (len(templates) - 1))


def _is_of_key(program: bytes) -> bool:
    """Does one key's signature open it? A stake's program runs the same steps."""
    return is_p2wpkh(program) or stake_of(program) is not None


def _only_issues(tx: Transaction) -> bool:
    return bool(tx.inputs) and all(isinstance(given, Issuance) for given in tx.inputs)


def _signers(components: Sequence[Component]) -> tuple[int, int]:
    """Keys and quorum of the first component that is signed."""
    for one in components:
        if isinstance(one, Signatures):
            return len(one.keys), one.quorum
    return 0, 0
