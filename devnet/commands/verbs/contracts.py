"""The verb that compiles contracts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, BadFile
from devnet.commands.registry import command
from devnet.commands.types import File, Names
from devnet.commands.values import Said

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})+)")


@command(
    group="looking", example="compile fixtures/scripts/vault.equity", recorded=False
)
def compile_(session: Context, file: File, *, args: Names | None = None) -> Said:
    """Compile a contract in the Equity language, byte for byte as Bytom does.

    With --args VALUE,VALUE,... the last contract of the file gets its arguments, and
    the program is one that can lock value: numbers, true or false, or bytes in hex.
    """
    from devnet.engine.bc.programs import disassemble
    from devnet.equity.compiling import compile_source, instantiate

    contract = compile_source(_text_of(file))[-1]
    program, opcodes = contract.body, contract.opcodes
    if args:
        program = instantiate(contract, [_argument(one) for one in args])
        opcodes = disassemble(program)
    parameters = {one.name: one.inferred or one.type for one in contract.parameters}
    clauses = {
        one.name: {each.name: each.inferred or each.type for each in one.parameters}
        for one in contract.clauses
    }
    value: dict[str, Any] = {
        "name": contract.name, "program": program.hex(), "opcodes": opcodes,
        "params": parameters, "clauses": clauses,
        "value": f"{contract.text.amount} of {contract.text.asset}",
    }  # fmt: skip
    taken = ", ".join(f"{name}: {kind}" for name, kind in parameters.items())
    lines = [
        f"{contract.name}({taken}) locks {value['value']}",
        f"program  {program.hex()}",
        f"opcodes  {opcodes}",
        *(
            f"clause {number}  {name}("
            + ", ".join(f"{each}: {kind}" for each, kind in given.items())
            + ")"
            for number, (name, given) in enumerate(clauses.items())
        ),
    ]
    if parameters and not args:
        lines.append("This is the bare contract: --args gives it its arguments.")
    return Said(value, "\n".join(lines))


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadFile(f"{path}: {reason}", hint="give a file with a contract") from None
    except UnicodeDecodeError:
        raise BadFile(
            f"{path} is not text", hint="give a file with a contract"
        ) from None


def _argument(word: str) -> bool | int | bytes:
    if word in ("true", "false"):
        return word == "true"
    if _INTEGER.fullmatch(word) and -(2**63) <= int(word) < 2**63:
        return int(word)
    found = _HEX.fullmatch(word)
    if found is None:
        raise BadArgument(
            f"{word[:80]!r} is no argument of a contract",
            hint="give a number, true, false, or bytes in hex, those with 0x before",
        )
    return bytes.fromhex(found[1])
