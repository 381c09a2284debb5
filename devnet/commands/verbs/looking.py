"""Verbs that look closely: what a block, transaction or program is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import MissingArgument
from devnet.commands.kinds import Raw
from devnet.commands.outline import outline, table, with_amounts
from devnet.commands.registry import command
from devnet.commands.types import Number, Text
from devnet.commands.values import Said

if TYPE_CHECKING:
    from devnet.engine.rules.tracing import InputTrace
    from devnet.engine.vm.trace import TraceStep

SUBJECTS = ("block", "tx", "asset", "account", "mempool", "program")
"""What `show` shows closely, before the name of one."""
_N_ITEM = 8


def show_subject(
    session: Context, subject: str, which: str | None, chain: str | None
) -> Said:
    """One object closely. Raises MissingArgument, UnknownName, CodecError."""
    network = session.network
    match subject:
        case "block":
            if which in network.chain_names():
                which, chain = chain or "tip", which
            return _said(session, network.describe_block(which or "tip", chain))
        case "mempool":
            return _mempool(session, which or "main")
        case "tx":
            return _said(session, network.describe_tx(_needed(which, "tx", "ID")))
        case "asset":
            return _said(
                session, network.describe_asset(_needed(which, "asset", "NAME"))
            )
        case "account":
            return _account(session, _needed(which, "account", "NAME"))
    word = _needed(which, "program", "HEX_OR_ADDRESS")
    return _said(session, network.describe_program(word))


def _account(session: Context, who: str) -> Said:
    """An account: the world's, or one that only the wallet knows."""
    network, account = session.network, holding.wallet_account(session, who)
    if account is None:
        return _said(session, network.describe_account(who))
    holds = [
        {"chain": chain, "amount": units, "asset": asset}
        for chain in network.chain_names()
        for asset in network.assets()
        if (units := holding.balance_units(session, who, chain, asset))
    ]
    receivers = session.wallet.book.of_account(account.id)
    facts = {
        "name": who, "address": holding.place_of(session, who), "kind": "wallet",
        "id": account.id, "xpubs": [xpub.hex() for xpub in account.xpubs],
        "quorum": account.quorum, "n_addresses": len(receivers), "holds": holds,
    }  # fmt: skip
    return _said(session, facts)


def _needed(word: str | None, subject: str, label: str) -> str:
    if word is None:
        raise MissingArgument(
            f"show {subject} needs {label}", hint=f"show {subject} {label}"
        )
    return word


def _said(session: Context, facts: Any) -> Said:
    value = with_amounts(session, facts)
    return Said(value, "\n".join(outline(value)))


def _mempool(session: Context, chain: str) -> Said:
    rows = with_amounts(session, session.network.describe_mempool(chain))
    value = {"chain": chain, "n": len(rows), "transactions": rows}
    columns = ("tx", "fee", "size", "n_inputs", "n_outputs", "status_fail")
    text = table(rows, columns) or f"Nothing waits on {chain}."
    return Said(value, text)


@command(
    group="chains",
    example="t = transfer alice bob 1 BTM main; trace $t.tx",
    labels={"tx": "TX", "n": "INPUT"},
)
def trace(session: Context, tx: Text, n: Number | None = None) -> Said:
    """Step through the program of one input: each instruction, its gas, the stack.

    TX is an id, mined or waiting on any chain, or the raw bytes of a transaction in
    hex. INPUT counts from 0. Stacks have their top first here, last in JSON.
    """
    run = session.network.trace(tx, n or 0)
    steps = [_step(one) for one in run.steps]
    value = {
        "tx": tx if len(tx) == 64 else None,
        "input": run.index,
        "program": run.program.hex(),
        "executed": run.executed.hex(),
        "arguments": [one.hex() for one in run.arguments],
        "gas_limit": run.gas_limit,
        "gas_left": run.gas_left,
        "gas_used": run.gas_used,
        "ok": run.failure is None,
        "error": None if run.failure is None else run.failure.code,
        "reason": None if run.failure is None else run.failure.message,
        "unreached": run.unreached or None,
        "steps": steps,
    }
    return Said(value, _drawn(run))


def _step(one: TraceStep) -> dict[str, Any]:
    return {
        "index": one.index,
        "depth": one.depth,
        "pc": one.pc,
        "op": f"{one.op:02x}",
        "text": one.text,
        "meaning": one.opcode.meaning,
        "gas_before": one.gas_before,
        "gas_after": one.gas_after,
        "change": one.change,
        "stack": [item.hex() for item in one.stack_after],
        "alt_stack": [item.hex() for item in one.alt_stack_after],
        "failure": one.failure or None,
    }


def _drawn(run: InputTrace) -> str:
    lines = [f"{'pc':>5}  {'op':34} {'gas before':>10} {'change':>7}  stack, top first"]
    for one in run.steps:
        text = "  " * one.depth + one.text
        op = text if len(text) <= 34 else f"{text[:32]}.."
        stack = " ".join(_item(item) for item in reversed(one.stack_after))
        failure = f"  {one.failure}" if one.failure else ""
        lines.append(
            f"{one.pc:5}  {op:34} {one.gas_before:10} {one.change:7}  {stack}{failure}"
        )
    end = "succeeds" if run.failure is None else f"fails: {run.failure.message}"
    lines.append(f"input {run.index} {end}; {run.gas_used} gas of {run.gas_limit} used")
    if run.unreached:
        lines.append(f"validation never came here: {run.unreached}")
    return "\n".join(lines)


def _item(item: bytes) -> str:
    if not item:
        return "empty"
    text = item.hex()
    return text if len(text) <= 2 * _N_ITEM else f"{text[:8]}..({len(item)})"


@command(group="chains", example="decode 6a0474657374")
def decode(session: Context, hex_: Raw) -> Said:
    """Say what raw bytes are: every reading that fits, with all its fields.

    Transactions, blocks, headers of both kinds, Claims, Merkle blocks, side records,
    asset definitions, programs, addresses; a hash is looked up in this world. What is
    uncertain, because nearly any bytes would pass, is said to be.
    """
    decoded = session.network.decode(hex_)
    value = {
        "bytes": decoded.n_bytes,
        "readings": [
            {"what": one.what, "certain": one.certain, "fields": one.facts}
            for one in decoded.readings
        ],
        "nearest": [
            {"what": one.what, "code": one.code, "message": one.message}
            for one in decoded.nearest
        ],
    }
    value = with_amounts(session, value)
    lines = [f"{decoded.n_bytes} bytes"]
    for reading in value["readings"]:
        doubt = "" if reading["certain"] else " (perhaps: nearly any bytes would pass)"
        lines += [f"{reading['what']}{doubt}", *outline(reading["fields"], "  ")]
    lines += [f"no {one['what']}: {one['message']}" for one in value["nearest"]]
    return Said(value, "\n".join(lines))
