"""Verbs about the federation: contract addresses, withdrawals under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet.commands.context import Context
from devnet.commands.errors import UnknownOption
from devnet.commands.outline import outline, table, with_amounts
from devnet.commands.registry import command
from devnet.commands.types import Number, Payee, Sidechain, Transfer
from devnet.commands.values import Amount, Said

if TYPE_CHECKING:
    from devnet.engine.federation.contract import Contract
    from devnet.engine.payoutparts import PayoutPart
    from devnet.engine.payoutstory import WithdrawalStory

MARKS = {"done": "●", "now": "◐", "to come": "○", "broken": "✗"}
ANSWERS = {"signed": "✓", "refused": "✗", "waiting": "○", "off": "-"}


@command(group="chains", example="federation alpha --for alice", labels={"for_": "WHO"})
def federation(
    session: Context,
    sidechain: Sidechain | None = None,
    *,
    for_: Payee | None = None,
    epoch: Number | None = None,
) -> Said:
    """Tell who holds a sidechain's locks, and take its contract address apart.

    With --for, an account, an address or a claim script in hex, every step to that
    recipient's deposit address: each member's root key, its key for the sidechain, the
    tweak, its key in the script, the script op by op, its hash, the program, the
    address. Without --for the same of the treasury, where change goes. --epoch asks
    for an older federation. Without a sidechain: the treasuries of all.
    """
    network = session.network
    if sidechain is None:
        if for_ is not None or epoch is not None:
            raise UnknownOption(
                "--for and --epoch need a sidechain",
                hint="federation alpha --for alice",
            )
        return _treasuries(session)
    contract = network.contract(sidechain, for_, epoch)
    value = _contract_facts(session, sidechain, for_, contract)
    return Said(value, "\n".join(_steps_told(value)))


def _treasuries(session: Context) -> Said:
    network, rows = session.network, []
    names = network.member_names()
    for chain in network.sidechain_names():
        found = network.contract(chain)
        rows.append(
            {
                "chain": chain,
                "members": [_name(names, one.root_xpub) for one in found.keys],
                "quorum": found.quorum,
                "treasury": found.address,
            }
        )
    columns = ("chain", "quorum", "members", "treasury")
    text = table(rows, columns) or "No sidechain, so nothing is held."
    return Said({"sidechains": rows}, text)


def _name(names: dict[bytes, str], root_xpub: bytes) -> str:
    return names.get(root_xpub) or root_xpub.hex()[:8]


def _contract_facts(
    session: Context, chain: str, who: str | None, found: Contract
) -> dict[str, Any]:
    names = session.network.member_names()
    return {
        "chain": chain,
        "chain_id": found.chain_id.hex(),
        "for": who or "treasury",
        "claim_script": found.claim_script.hex(),
        "quorum": found.quorum,
        "members": [
            {
                "member": _name(names, one.root_xpub),
                "root_xpub": one.root_xpub.hex(),
                "chain_key": one.chain_key.hex(),
                "tweak": one.tweak.hex(),
                "child_xpub": one.child_xpub.hex(),
                "public_key": one.public_key.hex(),
            }
            for one in found.keys
        ],
        "ops": [
            {"at": op.at, "bytes": op.raw.hex(), "op": op.text.split()[0],
             "role": op.role}
            for op in found.ops
        ],
        "script": found.script.hex(),
        "script_hash": found.script_hash.hex(),
        "program": found.program.hex(),
        "address": found.address,
    }  # fmt: skip


def _steps_told(value: dict[str, Any]) -> list[str]:
    """The steps for people: one member after the other, then the script by its ops."""
    apart = ("members", "ops", "script")
    first = ("chain", "for", "chain_id", "claim_script")
    lines = outline({key: value[key] for key in first})
    for one in value["members"]:
        lines.append(one["member"])
        lines += outline({k: v for k, v in one.items() if k != "member"}, "  ")
    n_members = len(value["members"])
    lines.append(f"script: {value['quorum']} of {n_members} must sign")
    lines += [
        f"  {op['at']:>3}  {op['bytes'][:66]:<66}  {op['op']:<13}  {op['role']}"
        for op in value["ops"]
    ]
    rest = {k: v for k, v in value.items() if k not in (*apart, *first, "quorum")}
    return lines + outline(rest)


@command(group="money", example="withdrawals")
def withdrawals(session: Context, transfer: Transfer | None = None) -> Said:
    """List what goes back to the mainchain, or follow one withdrawal closely.

    A withdrawal is requested, final, planned, signed, broadcast, mined, settled and
    completed. Closely: where and under which id each of these happened, what each
    member answered, the payout's inputs and outputs, the intent and the completion.
    """
    if transfer is None:
        return _listed(session)
    story = session.network.withdrawal(transfer)
    value = with_amounts(session, _story_facts(session, story))
    return Said(value, "\n".join(_told(value)))


def _listed(session: Context) -> Said:
    found = session.network.withdrawals()
    rows = [
        {
            "transfer": one.transfer,
            "chain": one.chain,
            "amount": one.amount,
            "asset": one.asset,
            "to": one.to,
            "state": one.state,
            "signed": one.n_signed,
            "quorum": one.quorum,
            "members": {each.member: each.answer for each in one.members},
            "payout": one.payout or None,
        }
        for one in found
    ]
    value = with_amounts(session, rows)
    grid = [
        {**row, "members": " ".join(
            f"{name} {ANSWERS[answer]}" for name, answer in row["members"].items()
        ), "needed": row["quorum"]}
        for row in value
    ]  # fmt: skip
    columns = (
        "transfer",
        "chain",
        "amount",
        "to",
        "state",
        "signed",
        "needed",
        "members",
    )
    text = table(grid, columns) or "Nothing was withdrawn yet."
    return Said({"withdrawals": value}, text)


def _story_facts(session: Context, one: WithdrawalStory) -> dict[str, Any]:
    return {
        "transfer": one.transfer,
        "who": one.who,
        "to": one.to,
        "chain": one.chain,
        "amount": one.amount,
        "asset": one.asset,
        "fee": {"amount": one.fee, "asset": one.asset},
        "state": one.state,
        "note": one.note,
        "withdrawal": one.withdrawal,
        "tx": one.tx,
        "recipient": one.recipient.hex(),
        "steps": [
            {"state": step.state, "mark": step.mark, "where": step.where,
             "id": step.id or None}
            for step in one.steps
        ],
        "signed": one.n_signed,
        "quorum": one.quorum,
        "members": [
            {"member": each.member, "answer": each.answer,
             "check": each.check or None, "reason": each.reason or None,
             "pin": each.pin or None}
            for each in one.members
        ],
        "payout": one.payout or None,
        "pin": one.pin or None,
        "inputs": [_part_facts(session, part) for part in one.inputs],
        "outputs": [_part_facts(session, part) for part in one.outputs],
        "intent": {"payout": one.intent or None, "height": one.intent_height or None},
        "completion": {"height": one.completed_height or None},
    }  # fmt: skip


def _part_facts(session: Context, part: PayoutPart) -> dict[str, Any]:
    return {
        "what": part.what,
        "of": part.of or None,
        "amount": part.amount,
        "asset": session.network.asset_name(part.asset),
        "id": part.id.hex(),
        "program": part.program.hex(),
    }


def _told(value: dict[str, Any]) -> list[str]:
    """The story for people: the states first, then what belongs to them."""
    amount: Amount = value["amount"]
    lines = [f"{value['transfer']}: {amount} from {value['chain']} to {value['to']}"]
    for step in value["steps"]:
        row = f"  {MARKS[step['mark']]} {step['state']:<10} {step['where']:<28}"
        lines.append(f"{row} {step['id'] or ''}".rstrip())
    lines.append(f"members  {value['signed']} signed, {value['quorum']} needed")
    for one in value["members"]:
        why = f"{one['check']}: {one['reason']}" if one["check"] else ""
        row = f"  {ANSWERS[one['answer']]} {one['member']:<8} {one['answer']:<8} {why}"
        lines.append(row.rstrip())
    for side in ("inputs", "outputs"):
        if value[side]:
            lines.append(side)
            rows = table(value[side], ("what", "of", "amount", "id")).split("\n")
            lines += [f"  {row}" for row in rows]
    rest = ("withdrawal", "recipient", "payout", "pin", "intent", "completion")
    return lines + outline({key: value[key] for key in rest if _says(value[key])})


def _says(value: Any) -> bool:
    return any(value.values()) if isinstance(value, dict) else bool(value)
