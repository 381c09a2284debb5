"""
Forms from signatures: what a command asks for, as fields with checks. No widget here.

A field is a choice when its type knows what fits, a text otherwise. What is judged
while typing is what the command line would judge, and the balance besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devnet.commands.grammar import parse_line, quoted
from devnet.commands.registry import Command, Param, bind
from devnet.commands.values import Amount, Quantity
from devnet.commands.verbs import find
from devnet.engine.errors import DevnetError
from devnet.tui.draw.text import money, plural
from devnet.tui.views import State

if TYPE_CHECKING:
    from devnet.commands.session import Session

Values = Mapping[str, str]
Note = Callable[[Values, State], str]

FEE_WORDS = "fee at most 0.0100 BTM"


@dataclass(frozen=True, slots=True)
class Field:
    """
    One row of a form.

    Args:
        name: the parameter.
        label: what stands before it.
        choices: pairs of (value, words beside it); empty for a text.
        start: what it holds when the form opens.
        optional: it may stay empty.
        hint: words in an empty text field.
        blank: words of a choice that may stay empty.
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    start: str = ""
    optional: bool = False
    hint: str = ""
    blank: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """
    How the form of one verb differs from its bare signature.

    Args:
        first: the field with the cursor.
        payer: the field of the account that must have the amount; empty: nobody.
        hidden: parameters that only the command line has.
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


def shape_of(verb: str) -> Shape:
    """The shape of a verb's form; a plain one for verbs without their own."""
    return SHAPES.get(verb, Shape(verb.capitalize(), verb.capitalize()))


def fields_of(verb: str, session: Session, chain: str = "") -> tuple[Field, ...]:
    """
    The rows of a verb's form.

    Args:
        verb: a command.
        session: knows accounts, assets, chains, plug-ins.
        chain: the sidechain that the reader has picked, to start with.
    """
    shape = shape_of(verb)
    used: dict[str, int] = {}
    return tuple(
        _field(param, shape, session, chain, used)
        for param in find(verb).params
        if param.name not in shape.hidden and not param.plain_flag
    )


def _field(
    param: Param, shape: Shape, session: Session, chain: str, used: dict[str, int]
) -> Field:
    choices = tuple((one.text, one.meta) for one in param.type.complete(session))
    names = [name for name, _ in choices]
    start = shape.starts.get(param.name, "")
    if not start and names and param.required:
        # The second account of a form is somebody else than the first.
        index = used.get(param.type.kind, 0) % len(names)
        start = names[index]
    used[param.type.kind] = used.get(param.type.kind, 0) + 1
    if param.type.kind == "sidechain" and chain in names:
        start = chain
    return Field(
        name=param.name,
        label=shape.labels.get(param.name, param.name),
        choices=choices,
        start=start if not choices or start in names else "",
        optional=not param.required,
        hint=shape.hints.get(param.name, ""),
        blank=shape.blanks.get(param.name, "as it is"),
    )


def line_of(verb: str, values: Values) -> str:
    """The command that the form is about to run."""
    command = find(verb)
    words = [verb]
    for param in command.params:
        value = values.get(param.name, "").strip()
        if not value and param.flag:
            continue
        if param.flag:
            words.append(param.option)
        words.append(_spelled(param, value) if value else param.label)
    return " ".join(words)


def _spelled(param: Param, value: str) -> str:
    return value if param.type.kind == "settings" else quoted(value)


def why_not_run(verb: str, values: Values, session: Session, state: State) -> str:
    """Why the form cannot be handed in: one sentence, or "" when it can."""
    command = find(verb)
    for param in command.params:
        if param.required and not values.get(param.name, "").strip():
            return f"still missing: {param.type.meaning}"
    try:
        bound = _bound(command, line_of(verb, values), session)
        return _judge(verb, bound, session, state)
    except DevnetError as error:
        return error.message


def _bound(command: Command, line: str, session: Session) -> dict[str, Any]:
    (call,) = parse_line(line)
    return bind(command, call.tokens, session)


def _judge(verb: str, bound: dict[str, Any], session: Session, state: State) -> str:
    """What the world would refuse at once, as far as the screens know."""
    amount, asset = bound.get("amount"), bound.get("asset", "")
    payer = shape_of(verb).payer
    if payer and isinstance(amount, Quantity | Amount):
        decimals = state.decimals.get(asset, 0)
        units = amount.units
        needed = units if isinstance(units, int) else units(asset, decimals)
        who = bound[payer]
        chain = bound.get("chain", "main")
        has = state.balance(who, chain, asset)
        if needed > has:
            return f"{who} has only {money(has, decimals)} {asset} on {chain}"
    if verb == "swap":
        lane = state.lane(bound["sidechain"])
        if lane is not None and lane.swap is not None:
            return f"{lane.name} is already swapping to {lane.swap.engine}"
    if verb == "new-sidechain" and state.lane(bound["name"]) is not None:
        return f"a sidechain is called {bound['name']} already"
    return ""


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
            "params": "settings",
        },
        hints={
            "at": "+12, or a height",
            "params": '{"interval_ms": 400}',
            "validators": "those in force",
        },
        notes={"sidechain": _now_runs, "at": _closing},
    ),
    "new-sidechain": Shape(
        "New sidechain: one more chain in this world",
        "Make it",
        first="name",
        labels={
            "engine": "rule",
            "validators": "seats",
            "store": "storage",
            "params": "settings",
        },
        starts={"validators": "4", "store": "memory"},
        hints={
            "name": "delta",
            "validators": "4",
            "weights": "1 each",
            "params": '{"interval_ms": 400}',
        },
    ),
    "issue": Shape(
        "Issue: new units of an asset, or a new asset with :issue",
        "Issue",
        first="amount",
        labels={"class_": "class", "definition": "tells", "signed_by": "signed by"},
    ),
}
"""Forms with words of their own. Any other verb gets one from its signature."""
