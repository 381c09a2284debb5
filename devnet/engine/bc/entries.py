"""
Entries: the small graph that a transaction is mapped to, and the ids of its nodes.

Inputs become issuance, spend, coinbase or claim entries; all value flows through one
mux; outputs become output, retirement or side record entries; the header lists the
results. Every identifier of the protocol is the id of an entry. A body holds what its
id commits to, and nothing else: no argument and no definition is in any id.

Source: Bytom/bytom v1.1.0, protocol/bc/{entry,mux,spend,issuance,coinbase,output,
retirement,tx_header}.go and protocol/bc/types/map.go. `claim1` and `siderecord1` are
this project's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from devnet.engine.codec import entry_id, sha3, u64, varint, varstr

RECORD_MAGIC = b"BSR1"
FAIL = b"\x6a"

# The mux carries a program that is always true: TRUE, for VM version 1.
_MUX_PROGRAM = u64(1) + varstr(b"\x51")


def asset_id(program: bytes, definition: bytes, vm_version: int = 1) -> bytes:
    """
    The id of an asset, 32 bytes. A plain hash, not an entry id.

    Args:
        program: the issuance program.
        definition: the definition as it stands on chain, any bytes.
        vm_version: the version of the machine that runs the program.
    """
    return sha3(u64(vm_version) + varstr(program) + sha3(definition))


def source(ref: bytes, asset: bytes, amount: int, position: int) -> bytes:
    """Where value comes from: an entry, the value, and a position in that entry."""
    return ref + asset + u64(amount) + u64(position)


def output_id(
    source_id: bytes,
    asset: bytes,
    amount: int,
    position: int,
    vm_version: int,
    program: bytes,
) -> bytes:
    """
    The id of an output: who made it, the value, and what unlocks it.

    Args:
        source_id: the mux id of the transaction that made it.
        position: its index among that transaction's outputs.
    """
    return entry_id(
        "output1",
        source(source_id, asset, amount, position) + u64(vm_version) + varstr(program),
    )


def retirement_id(source_id: bytes, asset: bytes, amount: int, position: int) -> bytes:
    """The id of a retirement. It does not commit to the data behind the FAIL."""
    return entry_id("retirement1", source(source_id, asset, amount, position))


def side_record_id(
    source_id: bytes,
    asset: bytes,
    amount: int,
    position: int,
    vm_version: int,
    program: bytes,
) -> bytes:
    """The id of a side record: a retirement that commits to its program."""
    return entry_id(
        "siderecord1",
        source(source_id, asset, amount, position) + u64(vm_version) + varstr(program),
    )


def spend_id(spent_output_id: bytes) -> bytes:
    """The entry id of an input that spends an output."""
    return entry_id("spend1", spent_output_id)


def issuance_id(nonce: bytes, asset: bytes, amount: int) -> bytes:
    """The entry id of an input that issues an asset."""
    return entry_id("issuance1", sha3(nonce) + asset + u64(amount))


def coinbase_id(arbitrary: bytes) -> bytes:
    """The entry id of a coinbase input."""
    return entry_id("coinbase1", varstr(arbitrary))


def claim_id(
    mainchain_output_id: bytes, parent_id: bytes, claim_script: bytes
) -> bytes:
    """The entry id of a Claim: one lock, one chain it came from, one recipient."""
    return entry_id("claim1", mainchain_output_id + parent_id + varstr(claim_script))


def mux_id(sources: Sequence[bytes]) -> bytes:
    """The id of the mux, from the sources of all inputs in order."""
    return entry_id("mux1", varint(len(sources)) + b"".join(sources) + _MUX_PROGRAM)


def header_id(version: int, time_range: int, result_ids: Sequence[bytes]) -> bytes:
    """The transaction id."""
    return entry_id(
        "txheader",
        u64(version) + u64(time_range) + varint(len(result_ids)) + b"".join(result_ids),
    )


def last_of_each(ids: Iterable[bytes]) -> tuple[bytes, ...]:
    """
    The ids as the reference lists them for inputs: when several inputs have one entry
    id, only the last keeps it and the others get 32 zero bytes.
    """
    listed = list(ids)
    if len(set(listed)) == len(listed):
        return tuple(listed)
    last = {entry: index for index, entry in enumerate(listed)}
    return tuple(
        entry if last[entry] == index else bytes(32)
        for index, entry in enumerate(listed)
    )


def is_side_record(program: bytes) -> bool:
    """
    Is this program a side record: FAIL, then exactly one push (direct, PUSHDATA1 or
    PUSHDATA2) of `BSR1` and a kind byte at least, and nothing behind it?
    """
    return record_payload(program) is not None


def record_payload(program: bytes) -> bytes | None:
    """What a side record pushes, `BSR1` included, or None when it is not one."""
    if program[:1] != FAIL or len(program) < 7:
        return None
    push = program[1]
    if 1 <= push <= 75:
        start, n_bytes = 2, push
    elif push == 0x4C:
        start, n_bytes = 3, program[2]
    elif push == 0x4D:
        start, n_bytes = 4, int.from_bytes(program[2:4], "little")
    else:
        return None
    payload = program[start:]
    if len(payload) != n_bytes or n_bytes <= 4 or payload[:4] != RECORD_MAGIC:
        return None
    return payload
