"""
How the forms of single verbs differ from their bare signatures: titles, labels, words
beside the fields, and what stands below them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devnet.commands.verbs.council import COLLECTOR_DEEDS, MEMBER_DEEDS
from devnet.commands.verbs.validators import DEEDS
from devnet.tui.draw.text import money, plural
from devnet.tui.theme import MORE
from devnet.tui.views import State

if TYPE_CHECKING:
    from devnet.commands.session import Session

Values = Mapping[str, str]
Note = Callable[[Values, State], str]
Tells = Callable[[Values, "Session"], Sequence[str]]

N_BOX = 60
FEE_WORDS = "fee at most 0.0100 BTM"


@dataclass(frozen=True, slots=True)
class Shape:
    """
    How the form of one verb differs from its bare signature.

    Args:
        first: the field with the cursor.
        payer: the field of the account that must have the amount; empty: nobody.
        hidden: parameters that only the command line has.
        without: choices that the form leaves out, by field.
        tells: what it will do, in sentences below the fields.
    """

    title: str
    button: str
    first: str = ""
    payer: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    blanks: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tells: Tells | None = None


# Words beside the fields.


def _holds(who_field: str, chain_field: str) -> Note:
    def note(values: Values, state: State) -> str:
        who, asset = values.get(who_field, ""), values.get("asset", "")
        chain = values.get(chain_field, "") or "main"
        if not asset:
            return ""
        amount = state.balance(who, chain, asset)
        exact = money(amount, state.decimals.get(asset, 0), exact=True)
        return f"has {exact} {asset} on {chain}"

    return note


def _fee(values: Values, state: State) -> str:
    return FEE_WORDS


def _runs(name_field: str) -> Note:
    def note(values: Values, state: State) -> str:
        lane = state.lane(values.get(name_field, ""))
        if lane is None:
            return ""
        seats = plural(len(lane.validators), "validator")
        return f"{lane.engine}, {seats}, depth {state.depth}"

    return note


def _now_runs(values: Values, state: State) -> str:
    lane = state.lane(values.get("sidechain", ""))
    if lane is None:
        return ""
    if lane.swap is not None:
        return f"already changes to {lane.swap.engine}"
    return f"runs {lane.engine} now, height {lane.height}"


def _closing(values: Values, state: State) -> str:
    return "last height of the old rule" if values.get("at") else "the earliest"


def _who_sits(values: Values, state: State) -> str:
    lane = state.lane(values.get("sidechain", ""))
    return ",".join(one.name for one in lane.validators) if lane else ""


def _stored(values: Values, state: State) -> str:
    lane = state.lane(values.get("sidechain", ""))
    if lane is None:
        return ""
    if lane.moving_to:
        return f"is moving to {lane.moving_to}"
    return f"is kept in {lane.store} now"


def _what_hits(values: Values, state: State) -> str:
    name, target = values.get("which", ""), state.faults
    return next((f"{one.fault} {one.target}" for one in target if one.id == name), "")


def _swap_state(values: Values, state: State) -> str:
    lane = state.lane(values.get("sidechain", ""))
    if lane is None or lane.swap is None:
        return "is not swapping"
    return f"to {lane.swap.engine} after {lane.swap.closing_height}"


# Sentences below the fields.


def _rule_tells(values: Values, session: Session) -> Sequence[str]:
    """What the chosen rule is; each setting with its default and its meaning."""
    name = values.get("engine", "")
    if not name:
        return ()
    info = session.network.engine_info(name)
    settings = [f"{one.name}={one.default}  {one.meaning}" for one in info.params]
    return [f"{name}: {info.summary}", *(_cut(one) for one in settings)]


def _cut(words: str) -> str:
    """A sentence in one line of the box."""
    return words if len(words) <= N_BOX else f"{words[: N_BOX - 1]}{MORE}"


def _fault_tells(values: Values, session: Session) -> Sequence[str]:
    """What the chosen fault does and what one will see of it."""
    for kind in session.network.fault_kinds():
        if kind.name == values.get("name"):
            lines = [f"does: {kind.does}", f"you will see: {kind.sees}"]
            if kind.unit:
                low, high, unit = kind.low, kind.high, kind.unit
                lines.append(f"value: {kind.default} {unit}, from {low} to {high}")
            return lines
    return ()


def _tells_of(deeds: Mapping[str, str]) -> Tells:
    """What the chosen deed does."""

    def tells(values: Values, session: Session) -> Sequence[str]:
        deed = values.get("deed", "")
        return (f"{deed}: {deeds[deed]}",) if deed in deeds else ()

    return tells


SHAPES: dict[str, Shape] = {
    "lock": Shape(
        "Lock: from main to a sidechain",
        "Lock",
        first="amount",
        payer="who",
        labels={"sidechain": "to", "to": "for"},
        hints={"amount": "250"},
        blanks={"to": "the same"},
        notes={
            "who": _holds("who", ""),
            "amount": _fee,
            "sidechain": _runs("sidechain"),
        },
    ),
    "withdraw": Shape(
        "Withdraw: from a sidechain to main",
        "Withdraw",
        first="amount",
        payer="who",
        labels={"sidechain": "from", "to": "for"},
        hints={"amount": "20"},
        blanks={"to": "the same"},
        notes={
            "who": _holds("who", "sidechain"),
            "amount": _fee,
            "sidechain": _runs("sidechain"),
        },
    ),
    "transfer": Shape(
        "Transfer: pay somebody on one chain",
        "Transfer",
        first="amount",
        payer="sender",
        labels={"sender": "from", "receiver": "to"},
        hints={"amount": "10"},
        notes={"sender": _holds("sender", "chain"), "amount": _fee},
    ),
    "swap": Shape(
        "Swap: change a sidechain's rule while it runs",
        "Swap",
        first="engine",
        labels={
            "sidechain": "chain",
            "engine": "new rule",
            "validators": "seats",
            "param": "settings",
        },
        hints={
            "at": "+12, or a height",
            "param": "interval_ms=400",
            "validators": "those in force",
        },
        notes={"sidechain": _now_runs, "at": _closing, "validators": _who_sits},
        hidden=("params",),
        tells=_rule_tells,
    ),
    "new-sidechain": Shape(
        "New sidechain: one more chain in this world",
        "Make it",
        first="name",
        labels={
            "engine": "rule",
            "validators": "seats",
            "store": "storage",
            "param": "settings",
        },
        starts={"validators": "4", "store": "memory"},
        hints={
            "name": "delta",
            "validators": "4",
            "weights": "1 each",
            "param": "interval_ms=400",
        },
        hidden=("params",),
        tells=_rule_tells,
    ),
    "issue": Shape(
        "Issue: new units of an asset, or a new asset with :issue",
        "Issue",
        first="amount",
        labels={"class_": "class", "definition": "tells", "signed_by": "signed by"},
    ),
    "fault": Shape(
        "Fault: break something on purpose",
        "Break it",
        first="name",
        labels={"name": "what", "target": "where", "for_": "for"},
        starts={"name": "kill"},
        hints={"value": "the usual", "for_": "20s, 6blocks"},
        blanks={"target": "choose"},
        without={"name": ("list",)},
        tells=_fault_tells,
    ),
    "mend": Shape(
        "Mend: end a fault that is at work",
        "Mend",
        first="which",
        labels={"which": "fault"},
        notes={"which": _what_hits},
    ),
    "partition": Shape(
        "Partition: cut a chain's network in two",
        "Cut",
        first="side",
        labels={"side": "one side"},
        hints={"side": "v1,v2; the last"},
    ),
    "cancel-swap": Shape(
        "Cancel swap: take a change of rule back",
        "Take it back",
        first="sidechain",
        labels={"sidechain": "chain"},
        notes={"sidechain": _swap_state},
    ),
    "storage": Shape(
        "Storage: move a sidechain to another database",
        "Move",
        first="store",
        labels={"sidechain": "chain", "store": "to"},
        notes={"sidechain": _stored},
    ),
    "member": Shape(
        "Member: stand for the federation, or choose who sits in it",
        "Do it",
        first="deed",
        labels={"deed": "what", "place": "chain", "candidate": "for"},
        hints={"amount": "500", "bond": "100"},
        blanks={"who": "nobody", "candidate": "nobody"},
        without={"deed": ("list",)},
        tells=_tells_of(MEMBER_DEEDS),
    ),
    "collector": Shape(
        "Collector: stand for one, or choose who claims locks",
        "Do it",
        first="deed",
        labels={"deed": "what", "place": "chain", "candidate": "for"},
        hints={"amount": "500", "bond": "100"},
        blanks={"who": "nobody", "candidate": "nobody"},
        without={"deed": ("list",)},
        tells=_tells_of(COLLECTOR_DEEDS),
    ),
    "validator": Shape(
        "Validator: stand for a seat, or choose who sits",
        "Do it",
        first="deed",
        labels={"deed": "what", "sidechain": "chain", "candidate": "for"},
        hints={"amount": "500", "bond": "100"},
        blanks={"who": "nobody", "candidate": "nobody"},
        without={"deed": ("list",)},
        tells=_tells_of(DEEDS),
    ),
}
"""Forms with words of their own. Any other verb gets one from its signature."""
