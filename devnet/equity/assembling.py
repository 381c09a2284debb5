"""
Opcodes said shorter, and their program.

Source: Bytom/bytom v1.1.0, equity/compiler (optimize), for the table.
"""

from __future__ import annotations

from devnet.engine.bc.assembly import BadAssembly, assemble
from devnet.equity.errors import BadContract

_SHORTER = (
    ("0 ROLL", ""),
    ("0 PICK", "DUP"),
    ("1 ROLL", "SWAP"),
    ("1 PICK", "OVER"),
    ("2 ROLL", "ROT"),
    ("TRUE VERIFY", ""),
    ("SWAP SWAP", ""),
    ("OVER OVER", "2DUP"),
    ("SWAP OVER", "TUCK"),
    ("DROP DROP", "2DROP"),
    ("SWAP DROP", "NIP"),
    ("5 ROLL 5 ROLL", "2ROT"),
    ("3 PICK 3 PICK", "2OVER"),
    ("3 ROLL 3 ROLL", "2SWAP"),
    ("2 PICK 2 PICK 2 PICK", "3DUP"),
    ("1 ADD", "1ADD"),
    ("1 SUB", "1SUB"),
    ("EQUAL VERIFY", "EQUALVERIFY"),
    ("SWAP TXSIGHASH ROT", "TXSIGHASH SWAP"),
    ("SWAP EQUAL", "EQUAL"),
    ("SWAP EQUALVERIFY", "EQUALVERIFY"),
    ("SWAP ADD", "ADD"),
    ("SWAP BOOLAND", "BOOLAND"),
    ("SWAP BOOLOR", "BOOLOR"),
    ("SWAP MIN", "MIN"),
    ("SWAP MAX", "MAX"),
    ("DUP 2 PICK EQUAL", "2DUP EQUAL"),
    ("DUP 2 PICK EQUALVERIFY", "2DUP EQUALVERIFY"),
    ("DUP 2 PICK ADD", "2DUP ADD"),
    ("DUP 2 PICK BOOLAND", "2DUP BOOLAND"),
    ("DUP 2 PICK BOOLOR", "2DUP BOOLOR"),
    ("DUP 2 PICK MIN", "2DUP MIN"),
    ("DUP 2 PICK MAX", "2DUP MAX"),
)
"""What can be said shorter, in the order in which it is looked for."""


def optimized(opcodes: str) -> str:
    """The same in fewer words, until nothing gets shorter."""
    text, before = f" {opcodes} ", ""
    while text != before:
        before = text
        for long, short in _SHORTER:
            text = text.replace(f" {long} ", f" {short} " if short else " ")
    return text.strip()


def program_of(opcodes: str) -> bytes:
    """
    The program of opcodes with labels.

    Raises:
        BadContract: a clause is called like a label of the compiler's own.
    """
    try:
        return assemble(opcodes)
    except BadAssembly as error:
        raise BadContract(f"label {error.facts['word']} redefined") from None
