"""
Running a program: `run` is the door, one loop does the work.

The loop does not call itself: a machine that needs a child is put aside, the child
runs, and the parent goes on. Programs can nest several hundred machines within the gas
of one transaction, deeper than Python likes to recurse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from devnet.engine.vm.control import end_predicate
from devnet.engine.vm.errors import FalseVMResult, ProgramFailure, UnsupportedVM
from devnet.engine.vm.state import Machine, Shared, VmContext
from devnet.engine.vm.table import EXECUTE, decode
from devnet.engine.vm.trace import StepRecorder, Tracer
from devnet.engine.vm.values import as_bool

__all__ = ["VmContext", "VmResult", "run"]


@dataclass(frozen=True, slots=True)
class VmResult:
    """
    How a run ended. `error` is None for success. The gas that is left counts after a
    failure too: a parent machine gets it back.
    """

    error: ProgramFailure | None = field(compare=False)
    gas_left: int
    stack: tuple[bytes, ...] = ()
    alt_stack: tuple[bytes, ...] = ()
    error_name: str = ""


def run(
    program: bytes,
    arguments: Sequence[bytes],
    gas_limit: int,
    context: VmContext,
    vm_version: int = 1,
    trace: Tracer | None = None,
) -> VmResult:
    """
    Run a program over the arguments of its input.

    Args:
        program: as executed, a witness program expanded before
            (`bc.programs.expand_program`).
        arguments: pushed in order at the start; this costs gas.
        gas_limit: what the run may use.
        context: what the program can learn about its transaction.
        vm_version: anything but 1 fails with `UnsupportedVM`, and nothing is run.
        trace: called with a TraceStep after each instruction. Without it stepping
            costs one comparison.

    Returns:
        Never raises for what a program does; the failure is in the result.
    """
    if vm_version != 1:
        error = UnsupportedVM(f"VM version {vm_version} is not known here")
        return VmResult(error, gas_limit, error_name=error.name)
    machine = Machine(
        program,
        gas_limit,
        Shared(program, context, gas_limit),
        is_strict=context.tx_version == 1,
    )
    failure = _start(machine, arguments)
    if failure is None:
        recorder = None if trace is None else StepRecorder(trace)
        failure = _run_with_children(machine, recorder)
    return VmResult(
        failure,
        machine.gas,
        tuple(machine.stack),
        tuple(machine.alt_stack),
        failure.name if failure else "",
    )


def _start(machine: Machine, arguments: Sequence[bytes]) -> ProgramFailure | None:
    """Push the arguments."""
    try:
        for argument in arguments:
            machine.push_now(argument)
    except ProgramFailure as failure:
        return failure.with_traceback(None)
    return None


def _run_with_children(
    machine: Machine, recorder: StepRecorder | None
) -> ProgramFailure | None:
    """Run a machine, and its children when it has any, to the end."""
    waiting: list[Machine] = []
    while True:
        failure: ProgramFailure | None = None
        try:
            _advance(machine, recorder)
            if machine.child is not None:
                waiting.append(machine)
                machine = machine.child
                continue
            if not machine.stack or not as_bool(machine.stack[-1]):
                failure = FalseVMResult()
        except ProgramFailure as caught:
            failure = caught.with_traceback(None)
            if recorder is not None:
                recorder.end(machine, failure)
        if not waiting:
            return failure
        machine = waiting.pop()
        machine.child_succeeded = failure is None


def _advance(m: Machine, recorder: StepRecorder | None) -> None:
    """
    Execute instructions until the program ends or a child has to run first.

    A failure leaves the stacks as they are and drops the deferred cost of the
    instruction that failed: it is neither charged nor credited.
    """
    program = m.program
    if m.child is not None:
        end_predicate(m)
        _finish(m, recorder)
    while m.pc < len(program):
        m.deferred = 0
        m.data = b""
        if recorder is not None:
            recorder.begin(m)
        op, m.data, m.next_pc = decode(program, m.pc)
        EXECUTE[op](m)
        if m.child is not None:
            return
        _finish(m, recorder)


def _finish(m: Machine, recorder: StepRecorder | None) -> None:
    """Settle the deferred cost, move on."""
    if m.deferred:
        m.charge(m.deferred)
    if recorder is not None:
        recorder.end(m)
    m.pc = m.next_pc
