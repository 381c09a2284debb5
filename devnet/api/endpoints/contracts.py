"""Contracts in the Equity language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from devnet.api.fields import (
    FLAG,
    HEX,
    INT,
    OBJECT,
    TEXT,
    Field,
    WrongKind,
    list_of,
)
from devnet.api.node import Node
from devnet.api.refusals import Refused, bad_body
from devnet.api.shapes import Facts
from devnet.api.table import Ask, endpoint
from devnet.engine.bc.programs import disassemble
from devnet.equity.compiling import Argument, compile_source, instantiate
from devnet.equity.contracts import Clause
from devnet.equity.errors import BadSyntax, EquityError
from devnet.equity.syntax import Parameter

_MAYBE = replace(list_of(OBJECT), zero=lambda: None)
"""An empty list instantiates a contract without parameters; no list does nothing."""
_ARGUMENTS = {"boolean": FLAG, "integer": INT, "string": HEX}
"""Kinds of an argument; of several the first counts."""


@endpoint(
    "compile", Field("contract", TEXT), Field("args", _MAYBE), mark="nice",
    answer="name source program params value clause_info opcodes error",
)  # fmt: skip
def compile_(node: Node, ask: Ask) -> Facts:
    """The program of the last contract in a text, with its arguments if there are."""
    asked = ask["args"]
    arguments = [_argument(one) for one in asked or ()]
    try:
        contract = compile_source(ask["contract"])[-1]
    except EquityError as error:
        where = "parse error: " if isinstance(error, BadSyntax) else ""
        raise Refused(
            f"{where}{error.message}: compile contract failed", "BTM300"
        ) from None
    program, opcodes = contract.body, contract.opcodes
    if asked is not None:
        try:
            program = instantiate(contract, arguments)
        except EquityError as error:
            detail = f"{error.message}: instantiate contract failed"
            raise Refused(detail, "BTM301") from None
        opcodes = disassemble(program)
    return {
        "name": contract.name,
        "source": ask["contract"],
        "program": program.hex(),
        "params": [_narrowed(one) for one in contract.parameters] or None,
        "value": f"{contract.text.amount} of {contract.text.asset}",
        "clause_info": [_clause(one) for one in contract.clauses],
        "opcodes": opcodes,
        "error": "",
    }


def _argument(found: dict[str, Any]) -> Argument:
    for name, kind in _ARGUMENTS.items():
        if name in found:
            try:
                value: Argument = kind.read(found[name])
            except WrongKind as error:
                raise bad_body(str(error).replace("%", name)) from None
            return value
    raise bad_body("contract arg must define one of boolean, integer, string")


def _narrowed(one: Parameter) -> Facts:
    return {"name": one.name, "type": one.inferred or one.type}


def _declared(one: Parameter) -> Facts:
    facts = {"name": one.name, "type": one.type}
    return facts | ({"inferred_type": one.inferred} if one.inferred else {})


def _clause(clause: Clause) -> Facts:
    calls = [
        {"hash_type": one.function, "arg": one.argument, "arg_type": one.argument_type}
        for one in clause.hash_calls
    ]
    values = [
        {"name": ""}
        | ({"program": one.program} if one.program else {})
        | {"asset": one.asset, "amount": one.amount}
        for one in clause.values
    ]
    lists = {
        "params": [_declared(one) for one in clause.parameters],
        "blockheight": clause.heights,
        "hash_calls": calls,
    }
    facts: Facts = {"name": clause.name}
    facts |= {name: found for name, found in lists.items() if found}
    facts["values"] = values or None
    return facts | ({"contracts": clause.contracts} if clause.contracts else {})
