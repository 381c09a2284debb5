"""
From opcodes in words to programs, and back.

Source: Bytom/bytom v1.1.0, equity/compiler (optimize) and protocol/vm (assemble), for
the table of shorter forms and the names of labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from devnet.engine.bc.opcodes import JUMP, JUMPIF, OPCODES, parse_program
from devnet.engine.bc.pushes import push, push_int
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
_LABEL_WORDS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whisky xray yankee "
    "zulu"
)
_LABELS = _LABEL_WORDS.split()
_TRUE = "TRUE"


def optimized(opcodes: str) -> str:
    """The same in fewer words, until nothing gets shorter."""
    text, before = f" {opcodes} ", ""
    while text != before:
        before = text
        for long, short in _SHORTER:
            text = text.replace(f" {long} ", f" {short} " if short else " ")
    return text.strip()


def assemble(opcodes: str) -> bytes:
    """
    The program of opcodes, numbers, 0x data and labels: `$here`, `JUMP:$here`.

    Raises:
        BadContract: a label stands twice or nowhere.
    """
    program, labels = bytearray(), dict[str, int]()
    jumps: list[tuple[int, str]] = []
    for token in opcodes.split():
        if token.startswith(("JUMP:", "JUMPIF:")):
            name, _, label = token.partition(":")
            program.append(OPCODES[name])
            jumps.append((len(program), label))
            program += bytes(4)
        elif token.startswith("$"):
            if token in labels:
                raise BadContract(f"label {token} redefined")
            labels[token] = len(program)
        else:
            program += _instruction(token)
    for at, label in jumps:
        if label not in labels:
            raise BadContract(f"undefined label {label}")
        program[at : at + 4] = labels[label].to_bytes(4, "little")
    return bytes(program)


def _instruction(token: str) -> bytes:
    if token.startswith("0x"):
        return push(bytes.fromhex(token[2:]))
    if token.lstrip("-").isdigit():
        return push_int(int(token))
    return push_int(1) if token == _TRUE else bytes((OPCODES[token],))


def disassemble(program: bytes) -> str:
    """
    A program in words, with labels where jumps go.

    Raises:
        ShortProgram: it does not parse.
    """
    instructions = parse_program(program)
    labels: dict[int, str] = {}
    for one in instructions:
        if one.opcode in (JUMP, JUMPIF):
            at = int.from_bytes(one.data, "little")
            labels.setdefault(at, _label(len(labels)))

    def words() -> Iterator[str]:
        for one in instructions:
            if one.at in labels:
                yield f"${labels[one.at]}"
            if one.opcode in (JUMP, JUMPIF):
                yield f"{one.name}:${labels[int.from_bytes(one.data, 'little')]}"
            else:
                yield f"0x{one.data.hex()}" if one.data else one.name
        if len(program) in labels:
            yield f"${labels[len(program)]}"

    return " ".join(words())


def _label(number: int) -> str:
    turn, place = divmod(number, len(_LABELS))
    return _LABELS[place] + (str(turn + 1) if turn else "")
