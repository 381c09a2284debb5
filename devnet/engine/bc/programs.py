"""
Standard programs: how to build them, and how to tell them apart.

An output says what unlocks it in a program. Nearly all are one of two shapes: the hash
of a public key (P2WPKH) or the hash of a script (P2WSH). Both are placeholders that
are replaced by a longer program before they run.

Source: Bytom/bytom v1.1.0, protocol/vm/vmutil/{script,builder}.go,
protocol/vm/{pushdata,types}.go, consensus/segwit/segwit.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from devnet.engine.bc.assembly import assemble, disassemble
from devnet.engine.bc.opcodes import (
    BLOCKHEIGHT,
    GREATERTHAN,
    NUMBER_16,
    VERIFY,
    Instruction,
    ProgramOverflow,
    ShortProgram,
    instruction_at,
    parse_program,
)
from devnet.engine.bc.pushes import (
    NotANumber,
    number_bytes,
    number_of,
    push,
    push_int,
)
from devnet.engine.codec import FormError

__all__ = [
    "TRUE_PROGRAM", "BadTemplate", "Instruction", "NotANumber", "ProgramOverflow",
    "ShortProgram", "assemble", "disassemble", "expand_program", "instruction_at",
    "is_p2wpkh", "is_p2wsh", "is_standard", "is_straightforward", "is_unspendable",
    "issuance_limit_height", "multisig_script", "number_bytes", "number_of", "p2wpkh",
    "p2wsh", "parse_program", "push", "push_int", "retire_program",
]  # fmt: skip

TRUE_PROGRAM = b"\x51"

# A height limit: <height> BLOCKHEIGHT GREATERTHAN VERIFY.
_LIMIT_TAIL = bytes((BLOCKHEIGHT, GREATERTHAN, VERIFY))


class BadTemplate(FormError):
    """Values from which no standard program can be built."""

    code = "codec.bad-template"
    kind = "bad_template"


# Building.


def p2wpkh(key_hash: bytes) -> bytes:
    """The program of one key, from the RIPEMD-160 of the key (20 bytes)."""
    if len(key_hash) != 20:
        raise BadTemplate(f"a key hash has 20 bytes, this one {len(key_hash)}")
    return b"\x00\x14" + key_hash


def p2wsh(script_hash: bytes) -> bytes:
    """The program of a script, from the SHA3-256 of the script (32 bytes)."""
    if len(script_hash) != 32:
        raise BadTemplate(f"a script hash has 32 bytes, this one {len(script_hash)}")
    return b"\x00\x20" + script_hash


def multisig_script(keys: Sequence[bytes], quorum: int, limit_height: int = 0) -> bytes:
    """
    The script that asks for `quorum` signatures of these keys, in their order.

    Args:
        keys: public keys of 32 bytes. Nothing sorts them.
        quorum: how many must sign, 1 to the number of keys (0 of 0 is allowed).
        limit_height: when above 0, it works in blocks below this height only.
    """
    n_keys = len(keys)
    if limit_height < 0:
        raise BadTemplate(f"a limit height of {limit_height}", value=limit_height)
    if not 0 <= quorum <= n_keys or (quorum == 0 and n_keys > 0):
        raise BadTemplate(f"a quorum of {quorum} among {n_keys} keys", value=quorum)
    limit = push_int(limit_height) + _LIMIT_TAIL if limit_height else b""
    pushed = b"".join(push(key) for key in keys)
    return b"".join(
        (limit, b"\xae", pushed, push_int(quorum), push_int(n_keys), b"\xad")
    )


def retire_program(data: bytes = b"") -> bytes:
    """
    A program that nothing unlocks, with a note. Anybody who relays the transaction can
    replace the note: no id commits to it.
    """
    return b"\x6a" + push(data) if data else b"\x6a"


# Telling apart.


def is_p2wpkh(program: bytes) -> bool:
    """
    Is it shaped like one key's program? The first instruction may be any push, or an
    opcode up to 60; only 00 is expanded. Others can be spent by anybody.
    """
    return _is_witness(program, 20)


def is_p2wsh(program: bytes) -> bool:
    """Is it shaped like a script's program? See `is_p2wpkh` about the first byte."""
    return _is_witness(program, 32)


def is_straightforward(program: bytes) -> bool:
    """Is it the single instruction TRUE or FAIL?"""
    return program in (b"\x51", b"\x6a")


def is_standard(program: bytes) -> bool:
    """May BTM be locked by it? P2WPKH, P2WSH, TRUE and FAIL alone may."""
    if len(program) == 22 and program.startswith(b"\x00\x14"):
        return True  # The usual one.
    return is_straightforward(program) or is_p2wpkh(program) or is_p2wsh(program)


def is_unspendable(program: bytes) -> bool:
    """Does it begin with FAIL, which makes its output a retirement?"""
    return program[:1] == b"\x6a"


def expand_program(program: bytes) -> bytes:
    """What runs when an output with this program is spent."""
    if program[:2] == b"\x00\x14" and len(program) == 22:
        return b"\x76\xab" + program[1:] + b"\x88\xae\x7c\xac"
    if program[:2] == b"\x00\x20" and len(program) == 34:
        # The script runs with all items (-1) and all gas (0).
        return b"\x76\xaa" + program[1:] + b"\x88" + push_int(-1) + b"\x7c\x00\xc0"
    return program


def issuance_limit_height(program: bytes) -> int:
    """The height from which on an asset cannot be issued any more; 0 means none."""
    try:
        instructions = parse_program(program)
        first = instructions[0] if instructions else None
        opcodes = bytes(one.opcode for one in instructions[1:4])
        if first is None or not first.is_push or opcodes != _LIMIT_TAIL:
            return 0
        return number_of(first.data)
    except FormError:
        return 0


def _is_witness(program: bytes, n_hash: int) -> bool:
    n_first = len(program) - n_hash - 1
    if n_first < 1 or program[n_first] != n_hash or program[0] > NUMBER_16:
        return False
    if n_first == 1 and program[0] == 0:
        return True
    try:
        return instruction_at(program, 0).n_bytes == n_first
    except FormError:
        return False
