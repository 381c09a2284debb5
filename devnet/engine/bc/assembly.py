"""
Programs as text: names of opcodes, 0x bytes, numbers, 'strings' and jump labels.

    DUP HASH160 0x2157... EQUALVERIFY TXSIGHASH SWAP CHECKSIG
    JUMP:$end FAIL $end TRUE

Source: Bytom/bytom v1.1.0, protocol/vm/assemble.go.
"""

from __future__ import annotations

import re

from devnet.engine.bc.opcodes import (
    JUMP,
    JUMPIF,
    OPCODE_NAMES,
    is_unassigned,
    parse_program,
)
from devnet.engine.bc.pushes import push, push_int
from devnet.engine.codec import MAX_31, MAX_63, FormError, from_hex

_SPELLING = (
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"),
    *("india", "juliet", "kilo", "lima", "mike", "november", "oscar", "papa"),
    *("quebec", "romeo", "sierra", "tango", "uniform", "victor", "whisky", "xray"),
    *("yankee", "zulu"),
)

_TOKEN = re.compile(r"\s*('(?:\\.|[^'\\])*'(?=\s|$)|[^\s']\S*)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JUMPS = {"JUMP": JUMP, "JUMPIF": JUMPIF}

# What stands for itself: not the pushes with data behind them, not what is reserved.
_WORDS = {
    name: bytes((opcode,))
    for opcode, name in enumerate(OPCODE_NAMES)
    if not is_unassigned(opcode)
    and opcode not in (0x4C, 0x4D, 0x4E, JUMP, JUMPIF)
    and not 0x51 <= opcode <= 0x60
} | {"TRUE": b"\x51"}


class BadAssembly(FormError):
    """Text that is no program."""

    code = "codec.bad-assembly"
    kind = "bad_assembly"


def disassemble(program: bytes) -> str:
    """The program as text. FormError: it does not parse."""
    instructions = parse_program(program)
    labels: dict[int, str] = {}
    for one in instructions:
        if one.opcode in (JUMP, JUMPIF):
            target = int.from_bytes(one.data, "little")
            labels.setdefault(target, f"${_label(len(labels))}")
    words = []
    for one in instructions:
        if one.at in labels:
            words.append(labels[one.at])
        if one.opcode in (JUMP, JUMPIF):
            words.append(f"{one.name}:{labels[int.from_bytes(one.data, 'little')]}")
        else:
            words.append(f"0x{one.data.hex()}" if one.data else one.name)
    if len(program) in labels:
        words.append(labels[len(program)])
    return " ".join(words)


def assemble(text: str) -> bytes:
    """
    The program that a text describes.

    Raises:
        BadAssembly: an unknown word, a number above 64 bits, a label that is missing
            or stands twice.
    """
    program = bytearray()
    labels: dict[str, int] = {}
    jumps: list[tuple[int, str]] = []
    for word in _tokens(text):
        if word.startswith("$"):
            if word in labels:
                raise BadAssembly(f"label {word} stands twice", word=word)
            labels[word] = len(program)
        elif word.startswith(("JUMP:", "JUMPIF:")):
            name, _, target = word.partition(":")
            program.append(_JUMPS[name])
            if target.startswith("$"):
                jumps.append((len(program), target))
                program += bytes(4)
            else:
                program += _address(target)
        else:
            program += _word(word)
    for at, target in jumps:
        if target not in labels:
            raise BadAssembly(f"no label {target} to jump to", word=target)
        program[at : at + 4] = labels[target].to_bytes(4, "little")
    return bytes(program)


def _label(index: int) -> str:
    turn, letter = divmod(index, len(_SPELLING))
    return _SPELLING[letter] + (str(turn + 1) if turn else "")


def _tokens(text: str) -> list[str]:
    words = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadAssembly(f"no word can be read from {text[at : at + 20]!r}")
        words.append(found[1])
        at = found.end()
    return words


def _word(word: str) -> bytes:
    if word in _WORDS:
        return _WORDS[word]
    if word.startswith("0x"):
        return push(from_hex(word[2:]))
    if word.startswith("'"):
        return push(_ESCAPED.sub(r"\1", word[1:-1]).encode())
    if _NUMBER.fullmatch(word):
        number = int(word)
        if -MAX_63 - 1 <= number <= MAX_63:
            return push_int(number)
        raise BadAssembly(f"{word} does not fit 64 bits", word=word)
    raise BadAssembly(f"{word!r} is no opcode, number or string", word=word)


def _address(word: str) -> bytes:
    if not word.isdecimal() or not word.isascii() or int(word) > 2 * MAX_31 + 1:
        raise BadAssembly(f"{word!r} is no address to jump to", word=word)
    return int(word).to_bytes(4, "little")
