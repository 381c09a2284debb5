"""vm.json: programs run on the virtual machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Planned,
    Section,
    each,
    marks,
)
from devnet.conformance.values import BadCase, as_bytes
from devnet.engine.bc.transaction import Output
from devnet.engine.vm.machine import VmContext, VmResult, run

RETIREMENT_PROGRAM = b"\x6a"
"""What an output of kind retirement has; the files leave it out."""


def _context(facts: Case) -> VmContext:
    """What the program can learn. A null: the field is absent."""

    def data(name: str) -> bytes | None:
        value = facts.any(name)
        return None if value is None else as_bytes(value, f"{facts.place}.{name}")

    def number(name: str) -> int | None:
        return None if facts.any(name) is None else facts.number(name)

    outputs = None
    if facts.any("outputs") is not None:
        outputs = tuple(_output(output) for output in facts.each("outputs"))
    return VmContext(
        entry_id=facts.hex("entry_id"),
        tx_version=number("tx_version"),
        block_height=number("block_height"),
        asset_id=data("asset_id"),
        amount=number("amount"),
        destination_position=number("dest_pos"),
        spent_output_id=data("spent_output_id"),
        sig_hash=data("tx_sig_hash"),
        outputs=outputs,
    )


def _output(output: Case) -> Output:
    asset, amount = output.hex("asset_id"), output.number("amount")
    kind = output.text("kind")
    if kind == "retirement":
        return Output(asset, amount, RETIREMENT_PROGRAM)
    if kind != "output":
        raise BadCase(f"{output.place}: an output is no {kind!r}")
    return Output(asset, amount, output.hex("program"), output.number("vm_version"))


def _read_context(case: Case) -> None:
    _context(case)


def _read_output(case: Case) -> None:
    _output(case)


def _expect_end(case: Case, result: VmResult) -> None:
    """Error, gas, and the data stack of runs that came to their end."""
    case.expect("error", result.error_name or None)
    case.expect("gas_left", result.gas_left)
    if result.error_name in ("", "FalseVMResult") or "stack" in case:
        case.expect("stack", result.stack)


class _Machine:
    """The checks of one file, which share its default context."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._default = content.get("default_context", {})

    def default(self, name: str, value: Any) -> Iterator[Planned]:
        """The shared context must be one, and each output that it shows."""
        yield name, value, _read_context
        outputs = value.get("outputs") if isinstance(value, dict) else None
        if outputs is not None:
            yield from each(_read_output)(f"{name}.outputs", outputs)

    def run_case(self, case: Case) -> None:
        """A program; its alt stack is given where it is not empty."""
        result = self._ran(case)
        _expect_end(case, result)
        if "stack" in case:
            alt_stack = [item.hex() for item in result.alt_stack]
            case.same("alt_stack", case.any("alt_stack", []), alt_stack)

    def quirk(self, case: Case) -> None:
        """The reference shares bytes between stack items; the rule is values."""
        result = self._ran(case)
        case.expect("error", result.error_name or None)
        case.expect("gas_left", result.gas_left)
        case.expect("stack_with_value_semantics", result.stack)
        case.ignore("stack", "reference_quirk")
        case.remark(
            "reference_quirks: stack items are values here; the reference lets some "
            "share bytes (its own stack is not compared)"
        )

    def cut_push(self, case: Case) -> None:
        """A push that ends early, over nothing."""
        context = self._context_of(case)
        result = run(case.hex("program"), [], case.number("gas_limit"), context)
        case.expect("error", result.error_name or None)
        case.expect("gas_left", result.gas_left)

    def sweeps(self, name: str, value: Any) -> Iterator[Planned]:
        """Each opcode of each sweep is a case of its own."""
        if not isinstance(value, list):
            yield name, None, self.swept
            return
        for index, sweep in enumerate(value):
            results = sweep.get("results") if isinstance(sweep, dict) else None
            if not isinstance(results, list):
                yield f"{name}[{index}]", None, self.swept
                continue
            shared = {key: sweep[key] for key in sweep if key != "results"}
            for number, result in enumerate(results):
                place = f"{name}[{index}].results[{number}]"
                yield place, {"sweep": shared, "result": result}, self.swept

    def swept(self, case: Case) -> None:
        """One opcode, then the tail of its sweep. Sweeps do not tell the alt stack."""
        sweep, result = case.inside("sweep"), case.inside("result")
        program = result.hex("op") + sweep.hex("program_tail")
        changes = {"context": {"tx_version": sweep.number("tx_version")}}
        context = self._context_of(Case(changes, case.place))
        arguments = sweep.hexes("args")
        ended = run(program, arguments, sweep.number("gas_limit"), context)
        _expect_end(result, ended)

    def _ran(self, case: Case) -> VmResult:
        version = case.number("vm_version") if "vm_version" in case else 1
        return run(
            case.hex("program"), case.hexes("args"), case.number("gas_limit"),
            self._context_of(case), version,
        )  # fmt: skip

    def _context_of(self, case: Case) -> VmContext:
        default = Case(self._default, "default_context")
        return _context(case.over("context", default))


def _open(opened: Opened) -> Mapping[str, Section]:
    machine = _Machine(opened.content)
    return {
        "default_context": machine.default,
        "cases": each(machine.run_case),
        "sweeps": machine.sweeps,
        "truncated_pushes": each(machine.cut_push),
        "reference_quirks": each(machine.quirk),
    }


VM = Family(
    "vm",
    marks(
        "cases: program args gas_limit gas_left",
        "sweeps: program_tail args results",
        "truncated_pushes: program gas_limit gas_left",
        "reference_quirks: program stack_with_value_semantics",
    ),
    _open,
)
