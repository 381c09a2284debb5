"""
What stands in a transaction: the four kinds of input, the output, and how each reads
and writes itself.

Several fields sit in "extensible strings": a string that begins with the known fields
and may go on with a suffix. A suffix is in no id. It is not kept here either: whoever
needs the very bytes has them in `Transaction.received`. A Claim allows no suffix.

Source: Bytom/bytom v1.1.0, protocol/bc/types/{txinput,spend,issuance,coinbase,
spend_commitment,txoutput,output_commitment}.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from devnet.engine.bc.entries import asset_id, output_id
from devnet.engine.codec import FormError, Reader, varint, varlist, varstr

BTM = b"\xff" * 32

ISSUANCE, SPEND, COINBASE, CLAIM = 0, 1, 2, 3


class BadAssetVersion(FormError):
    """An input or output of an asset version other than 1: it has no meaning yet."""

    code = "codec.bad-asset-version"
    kind = "bad_asset_version"


class BadInputType(FormError):
    """An input of a kind that this chain does not know."""

    code = "codec.bad-input-type"
    kind = "bad_input_type"


class BadVmVersion(FormError):
    """A program for a version of the machine other than 1."""

    code = "codec.bad-vm-version"
    kind = "bad_vm_version"


class AssetIdMismatch(FormError):
    """An issuance names another asset than its program and definition give."""

    code = "codec.asset-id-mismatch"
    kind = "asset_id_mismatch"


class ClaimSuffix(FormError):
    """A Claim goes on after its last field, or has not exactly three witness items."""

    code = "codec.claim-suffix"
    kind = "claim_suffix"


@dataclass(frozen=True, slots=True)
class Issuance:
    """New units of an asset. `amount` in the asset's smallest unit."""

    nonce: bytes
    asset: bytes
    amount: int
    definition: bytes
    vm_version: int
    program: bytes
    arguments: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Spend:
    """An output that is consumed. `source_id` is the mux id of its transaction."""

    source_id: bytes
    asset: bytes
    amount: int
    source_position: int
    program: bytes
    arguments: tuple[bytes, ...] = ()
    vm_version: int = 1

    @property
    def spent_output_id(self) -> bytes:
        """The id of the output that these fields name, there or not."""
        return _named_output(self)


@dataclass(frozen=True, slots=True)
class Coinbase:
    """The miner's input. It brings the value of output 0."""

    arbitrary: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """
    Mainchain value brought into a sidechain.

    The first five fields are what a mainchain spend of the lock would hold, so the
    lock's output id follows from them by Bytom's own rule. The last three are witness:
    the raw mainchain transaction, the Merkle block, and the collector's public key and
    signature (96 bytes, or empty).
    """

    source_id: bytes
    asset: bytes
    amount: int
    source_position: int
    program: bytes
    parent_id: bytes
    claim_script: bytes
    raw_transaction: bytes
    merkle_block: bytes
    collector_auth: bytes
    vm_version: int = 1

    @property
    def mainchain_output_id(self) -> bytes:
        """The id of the lock on the mainchain."""
        return _named_output(self)


@dataclass(frozen=True, slots=True)
class Output:
    """A value and the program that unlocks it."""

    asset: bytes
    amount: int
    program: bytes
    vm_version: int = 1


Input: TypeAlias = Issuance | Spend | Coinbase | Claim


def _named_output(owned: Spend | Claim) -> bytes:
    return output_id(
        owned.source_id,
        owned.asset,
        owned.amount,
        owned.source_position,
        owned.vm_version,
        owned.program,
    )


# Reading.


def read_input(reader: Reader, side: bool) -> Input:
    """One input. `side` allows Claims, which the mainchain does not know."""
    version = reader.varint63()
    commitment = Reader(reader.varstr(), "input")
    witness = Reader(reader.varstr(), "input witness")
    if version != 1:
        raise BadAssetVersion(f"input of asset version {version}, only 1 is known")
    kind = commitment.byte()
    if kind == SPEND:
        return _read_spend(commitment, witness)
    if kind == ISSUANCE:
        return _read_issuance(commitment, witness)
    if kind == COINBASE:
        return Coinbase(commitment.varstr())
    if kind == CLAIM and side:
        return _read_claim(commitment, witness)
    raise BadInputType(f"input of kind {kind}, which this chain does not know")


def read_output(reader: Reader) -> Output:
    """One output. Its witness string is read and thrown away, as Bytom does."""
    version = reader.varint63()
    commitment = Reader(reader.varstr(), "output")
    if version != 1:
        raise BadAssetVersion(f"output of asset version {version}, only 1 is known")
    asset = commitment.hash()
    amount = commitment.varint63()
    vm_version = _read_vm_version(commitment)
    program = commitment.varstr()
    reader.varstr()
    return Output(asset, amount, program, vm_version)


def _read_spend(commitment: Reader, witness: Reader) -> Spend:
    spent = Reader(commitment.varstr(), "spent output")
    source_id, asset = spent.hash(), spent.hash()
    amount, position = spent.varint63(), spent.varint63()
    vm_version = _read_vm_version(spent)
    program = spent.varstr()
    return Spend(
        source_id, asset, amount, position, program, witness.varlist(), vm_version
    )


def _read_issuance(commitment: Reader, witness: Reader) -> Issuance:
    nonce, asset = commitment.varstr(), commitment.hash()
    amount = commitment.varint63()
    definition, vm_version = witness.varstr(), witness.varint63()
    program = witness.varstr()
    computed = asset_id(program, definition, vm_version)
    if asset != computed:
        raise AssetIdMismatch(
            f"the issuance names asset {asset.hex()[:8]}, its program and definition "
            f"give {computed.hex()[:8]}",
            expected=asset,
            computed=computed,
        )
    arguments = witness.varlist()
    return Issuance(nonce, asset, amount, definition, vm_version, program, arguments)


def _read_claim(commitment: Reader, witness: Reader) -> Claim:
    lock = Reader(commitment.varstr(), "claimed output")
    source_id, asset = lock.hash(), lock.hash()
    amount, position = lock.varint63(), lock.varint63()
    vm_version = _read_vm_version(lock)
    program = lock.varstr()
    parent_id, claim_script = commitment.hash(), commitment.varstr()
    items = witness.varlist()
    n_surplus = lock.remaining() + commitment.remaining() + witness.remaining()
    if n_surplus or len(items) != 3:
        raise ClaimSuffix(
            f"a Claim has three witness items and ends there; this one has "
            f"{len(items)} and {n_surplus} bytes more",
            n_items=len(items),
            n_bytes=n_surplus,
        )
    return Claim(
        source_id,
        asset,
        amount,
        position,
        program,
        parent_id,
        claim_script,
        *items,
        vm_version=vm_version,
    )


def _read_vm_version(reader: Reader) -> int:
    version = reader.varint63()
    if version != 1:
        raise BadVmVersion(
            f"{reader.what}: VM version {version}, only 1 is known", value=version
        )
    return version


# Writing.


def write_input(given: Input) -> bytes:
    """The input in its shortest form, without suffixes."""
    match given:
        case Spend():
            commitment = b"\x01" + varstr(_owned_bytes(given))
            witness = varlist(given.arguments)
        case Issuance():
            commitment = (
                b"\x00" + varstr(given.nonce) + given.asset + varint(given.amount)
            )
            witness = (
                varstr(given.definition)
                + varint(given.vm_version)
                + varstr(given.program)
                + varlist(given.arguments)
            )
        case Coinbase():
            commitment = b"\x02" + varstr(given.arbitrary)
            witness = b""
        case Claim():
            commitment = (
                b"\x03"
                + varstr(_owned_bytes(given))
                + given.parent_id
                + varstr(given.claim_script)
            )
            witness = varlist(
                (given.raw_transaction, given.merkle_block, given.collector_auth)
            )
    return b"\x01" + varstr(commitment) + varstr(witness)


def write_output(output: Output) -> bytes:
    """The output in its shortest form, without suffix."""
    commitment = (
        output.asset
        + varint(output.amount)
        + varint(output.vm_version)
        + varstr(output.program)
    )
    return b"\x01" + varstr(commitment) + b"\x00"


def _owned_bytes(owned: Spend | Claim) -> bytes:
    return (
        owned.source_id
        + owned.asset
        + varint(owned.amount)
        + varint(owned.source_position)
        + varint(owned.vm_version)
        + varstr(owned.program)
    )
