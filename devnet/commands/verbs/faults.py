"""Verbs that break things on purpose, and mend them."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument
from devnet.commands.faultpages import ALONE, all_lines, facts, one_page
from devnet.commands.kinds import FaultId, FaultName, FaultTarget, Signed
from devnet.commands.registry import command
from devnet.commands.types import Chain, Names, Sidechain, Span
from devnet.commands.values import Said, parse_span
from devnet.engine.interfaces import Certificate


@command(group="faults", example="partition alpha v1,v2", acts=True)
def partition(session: Context, chain: Chain, side: Names | None = None) -> Said:
    """Cut a chain's network in two: those named hear only one another.

    Without names the last one is alone: `partition main` leaves node-1 to itself, so
    that two tips grow. `heal` joins them, and the chain's own rules decide.
    """
    groups = session.network.partition(chain, (side,) if side else ())
    result = {"chain": chain, "groups": [list(group) for group in groups]}
    sides = " | ".join(",".join(group) for group in groups)
    return Said(result, f"{chain} is cut: {sides}")


@command(group="faults", example="heal main", acts=True)
def heal(session: Context, chain: Chain) -> Said:
    """Join a cut network again: everybody sends what the others have not seen."""
    session.network.heal(chain)
    return Said({"chain": chain}, f"{chain} is whole again")


@command(
    group="faults", example="fault kill alpha.v2 --for 20s", acts=True, looks="list",
    topics=True,
)  # fmt: skip
def fault(
    session: Context,
    name: FaultName,
    target: FaultTarget | None = None,
    *,
    value: Signed | None = None,
    for_: Span | None = None,
) -> Said:
    """Break something on purpose: a network, a validator, or the peg.

    `fault list` tells all of them, what each needs, which invariants hold through it,
    and which are at work; `fault list NAME`, or `fault NAME --help`, tells more of one.
    A target is a chain, or a validator as in alpha.v2; faults of the federation and of
    the mainchain need none. --value is in the fault's unit. --for 20s or 6blocks ends
    it by itself; `mend` ends it at once. What is seen of it can be asked for, as in
    `expect fault.f1.seen ~ C8`. Everything is drawn from the seed, so it happens the
    same again.
    """
    if name == "list":
        return _explain(session, target) if target else _list(session)
    chain, _, node = (target or "").partition(".")
    kinds = {kind.name: kind for kind in session.network.fault_kinds()}
    if not chain and name in kinds and kinds[name].target not in ALONE:
        place = "alpha.v2" if kinds[name].target == "validator" else "alpha"
        raise BadArgument(
            f"fault {name} of what?", hint=f"for example fault {name} {place}"
        )
    count, unit = (None, "") if for_ is None else parse_span(for_)
    if count == 0:
        raise BadArgument(
            f"a fault for {for_} would be none", hint="for example --for 20s"
        )
    fault = session.network.start_fault(
        name,
        chain,
        node,
        value=value,
        for_ms=count * 1000 if count is not None and unit == "s" else None,
        for_blocks=count if unit == "blocks" else None,
    )
    result = {
        "fault": fault.id,
        "name": name,
        "target": fault.target,
        "value": fault.value,
        "until_ms": fault.until_ms,
        "until_height": fault.until_height,
    }
    if kinds[name].target == "lesson":
        return Said(result, "\n".join(fault.seen))
    return Said(result, f"{fault.id}: {name} at work on {fault.target}")


@command(group="faults", example="mend f1", acts=True)
def mend(session: Context, which: FaultId) -> Said:
    """End a fault by its id, or all of them; whoever missed something hears of it."""
    network = session.network
    ids = [fault.id for fault in network.world.faults] if which == "all" else [which]
    ended = [network.mend(one) for one in ids]
    result = [
        {"fault": fault.id, "name": fault.kind, "target": fault.target}
        for fault in ended
    ]
    text = ", ".join(f"{fault.kind} on {fault.target}" for fault in ended)
    return Said(result, f"mended: {text or 'nothing was broken'}")


@command(group="faults", example="write-off alpha", acts=True)
def write_off(session: Context, sidechain: Sidechain) -> Said:
    """Give up the mainchain branch that a frozen peg stands on.

    The peg of a sidechain freezes when the mainchain leaves the branch of its anchor.
    Either the mainchain comes back, or the validators sign that anchors go on from the
    branch that is the best now. Claims of locks that are not on it are written off:
    their coins stay in circulation, nothing backs them, and the books say so in a term
    of their own. Alarms that rang stand.
    """
    record = session.network.write_off(sidechain)
    signers = Certificate(record.bitmap, record.signatures).voters()
    result = {
        "chain": sidechain,
        "left": record.left.hex(),
        "base_height": record.base.height,
        "base": record.base.hash.hex(),
        "signatures": len(signers),
    }
    text = (
        f"{len(signers)} validators of {sidechain} anchor to main "
        f"{record.base.height} {record.base.hash.hex()[:8]}; the next block says so"
    )
    return Said(result, text)


def _list(session: Context) -> Said:
    network = session.network
    at_work = [
        {"fault": fault.id, "name": fault.kind, "target": fault.target,
         "value": fault.value, "until_ms": fault.until_ms,
         "until_height": fault.until_height}
        for fault in network.world.faults
    ]  # fmt: skip
    kinds, scenarios = network.fault_kinds(), network.scenario_names()
    lines = all_lines(kinds, at_work, len(scenarios))
    rows = [
        facts(one, network.why_fault(one.name), one.name in scenarios) for one in kinds
    ]
    return Said({"faults": rows, "at_work": at_work}, "\n".join(lines))


def _explain(session: Context, name: str) -> Said:
    network = session.network
    kind = network.fault_kind(name)
    why, scenario = network.why_fault(name), name in network.scenario_names()
    lines = one_page(kind, why, scenario)
    return Said(facts(kind, why, scenario), "\n".join(lines))
