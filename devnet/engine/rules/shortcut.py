"""
The usual input, judged without the machine.

Nearly every input is P2WPKH with a good signature. For that case alone the answer is
known: 1409 gas and success. Anything unusual, every failure included, is None here and
goes to the machine, which stays the only place where gas and errors are made. A test
holds the two together.
"""

from __future__ import annotations

from devnet.engine import codec
from devnet.engine.keys import ed25519

P2WPKH_GAS = 1409
"""What the machine uses for a 64-byte signature and a 32-byte key."""
PLENTY_OF_GAS = 2000
"""Below this the order of charges and refunds might matter: let the machine judge."""


def p2wpkh_gas_left(
    program: bytes, arguments: tuple[bytes, ...], gas_limit: int, sig_hash: bytes
) -> int | None:
    """
    Gas left after an ordinary P2WPKH input, or None: ask the machine.

    Args:
        program: as it stands in the output, not expanded.
        arguments: signature and public key.
    """
    if program[:2] != b"\x00\x14" or len(program) != 22:
        return None
    if len(arguments) != 2 or gas_limit < PLENTY_OF_GAS:
        return None
    signature, key = arguments
    if len(signature) != 64 or len(key) != 32:
        return None
    if codec.ripemd160(key) != program[2:]:
        return None
    if not ed25519.verify(key, sig_hash, signature):
        return None
    return gas_limit - P2WPKH_GAS
