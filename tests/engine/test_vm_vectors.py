"""The machine against the reference: every program of vm.json, gas in failures too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from devnet.engine.bc.transaction import Output
from devnet.engine.vm.machine import VmContext, VmResult, run
from tests.vectors import vectors

VECTORS = vectors("vm")


def context_of(changes: Mapping[str, Any]) -> VmContext:
    """The default context of the file with the case's own fields over it."""
    facts = {**VECTORS["default_context"], **changes}

    def data(name: str) -> bytes | None:
        return None if facts[name] is None else bytes.fromhex(facts[name])

    outputs = facts["outputs"]
    if outputs is not None:
        outputs = tuple(
            Output(
                bytes.fromhex(output["asset_id"]),
                output["amount"],
                bytes.fromhex(output.get("program", "6a")),  # a retirement has none
                output.get("vm_version", 1),
            )
            for output in outputs
        )
    return VmContext(
        entry_id=bytes.fromhex(facts["entry_id"]),
        tx_version=facts["tx_version"],
        block_height=facts["block_height"],
        asset_id=data("asset_id"),
        amount=facts["amount"],
        destination_position=facts["dest_pos"],
        spent_output_id=data("spent_output_id"),
        sig_hash=data("tx_sig_hash"),
        outputs=outputs,
    )


def outcome(
    program: str,
    args: Sequence[str],
    gas_limit: int,
    context: Mapping[str, Any] | None = None,
    vm_version: int = 1,
) -> VmResult:
    return run(
        bytes.fromhex(program),
        [bytes.fromhex(item) for item in args],
        gas_limit,
        context_of(context or {}),
        vm_version,
    )


def hexes(items: Sequence[bytes]) -> list[str]:
    return [item.hex() for item in items]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_program_ends_as_in_the_reference(case: dict[str, Any]) -> None:
    result = outcome(
        case["program"],
        case["args"],
        case["gas_limit"],
        case.get("context"),
        case.get("vm_version", 1),
    )

    assert (result.error_name or None) == case["error"]
    assert result.gas_left == case["gas_left"]
    if "stack" in case:
        assert hexes(result.stack) == case["stack"]
        assert hexes(result.alt_stack) == case.get("alt_stack", [])


@pytest.mark.parametrize("sweep", VECTORS["sweeps"], ids=range(len(VECTORS["sweeps"])))
def test_each_of_256_opcodes_does_what_the_reference_does(
    sweep: dict[str, Any],
) -> None:
    assert len(sweep["results"]) == 256
    for wanted in sweep["results"]:
        result = outcome(
            wanted["op"] + sweep["program_tail"],
            sweep["args"],
            sweep["gas_limit"],
            {"tx_version": sweep["tx_version"]},
        )

        got = {
            "op": wanted["op"],
            "error": result.error_name or None,
            "gas_left": result.gas_left,
        }
        if "stack" in wanted:
            got["stack"] = hexes(result.stack)
        if "alt_stack" in wanted:
            got["alt_stack"] = hexes(result.alt_stack)
        assert got == wanted


def test_a_push_that_is_cut_off_is_a_short_program() -> None:
    assert len(VECTORS["truncated_pushes"]) == 75
    for case in VECTORS["truncated_pushes"]:
        result = outcome(case["program"], [], case["gas_limit"])

        assert result.error_name == case["error"] == "ShortProgram"
        assert result.gas_left == case["gas_left"]


@pytest.mark.parametrize(
    "case", VECTORS["reference_quirks"], ids=lambda case: case["name"]
)
def test_items_are_values_where_the_reference_shares_memory(
    case: dict[str, Any],
) -> None:
    result = outcome(case["program"], case["args"], case["gas_limit"])

    assert (result.error_name or None) == case["error"]
    assert result.gas_left == case["gas_left"]
    assert hexes(result.stack) == case["stack_with_value_semantics"]
    assert hexes(result.stack) != case["stack"], "the reference's is the strange one"
