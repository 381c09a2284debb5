"""equity.json: contracts, and what the reference's compiler said to each."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.fields import Case
from devnet.conformance.sections import Family, Opened, Section, each, marks
from devnet.engine.bc.programs import disassemble
from devnet.equity.compiling import compile_source
from devnet.equity.contracts import Clause, Contract
from devnet.equity.errors import BadSyntax, EquityError
from devnet.equity.syntax import Parameter


def _case(case: Case) -> None:
    try:
        contracts = compile_source(case.text("text"))
    except EquityError as error:
        where = "parse error: " if isinstance(error, BadSyntax) else ""
        case.expect("error", where + error.message)
        return
    case.expect("contracts", [_contract(one) for one in contracts])


def _contract(contract: Contract) -> dict[str, object]:
    return {
        "name": contract.name,
        "program": contract.body.hex(),
        "opcodes": contract.opcodes,
        "recursive": contract.is_recursive,
        "disassembled": disassemble(contract.body),
        "params": [_parameter(one) for one in contract.parameters],
        "clauses": [_clause(one) for one in contract.clauses],
    }


def _parameter(one: Parameter) -> dict[str, str]:
    facts = {"name": one.name, "type": one.type}
    return facts | ({"inferred_type": one.inferred} if one.inferred else {})


def _clause(one: Clause) -> dict[str, object]:
    return {
        "name": one.name,
        "params": [_parameter(each) for each in one.parameters],
        "heights": one.heights,
        "hash_calls": [
            [call.function, call.argument, call.argument_type]
            for call in one.hash_calls
        ],
        "values": [[each.program, each.asset, each.amount] for each in one.values],
        "contracts": one.contracts,
    }


def _open(opened: Opened) -> Mapping[str, Section]:
    return {"contracts": each(_case)}


EQUITY = Family("equity", marks("contracts: text"), _open)
