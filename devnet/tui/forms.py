"""
Forms from signatures: what a command asks for, as fields with checks. No widget here.

A field is a choice when its type knows what fits, a text otherwise. What is judged
while typing is what the command line would judge, and the balance besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet.commands.grammar import parse_line, quoted
from devnet.commands.registry import Command, Param, bind
from devnet.commands.values import Amount, Quantity
from devnet.commands.verbs import find
from devnet.engine.errors import DevnetError
from devnet.tui.draw.text import money
from devnet.tui.shapes import SHAPES, Shape, Values
from devnet.tui.views import State

if TYPE_CHECKING:
    from devnet.commands.session import Session


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
    left_out = shape.without.get(param.name, ())
    choices = tuple(
        (one.text, one.meta)
        for one in param.type.complete(session)
        if one.text not in left_out
    )
    names = [name for name, _ in choices]
    start = shape.starts.get(param.name, "")
    if not start and names and param.required:
        # The second account of a form is somebody else than the first.
        index = used.get(param.type.kind, 0) % len(names)
        start = names[index]
    used[param.type.kind] = used.get(param.type.kind, 0) + 1
    if param.type.kind in ("sidechain", "place") and chain in names:
        start = chain
    if param.type.kind == "fault-target":
        start = _first_target(names, chain)
    return Field(
        name=param.name,
        label=shape.labels.get(param.name, param.name),
        choices=choices,
        start=start if not choices or start in names else "",
        optional=not param.required,
        hint=shape.hints.get(param.name, ""),
        blank=shape.blanks.get(param.name, "as it is"),
    )


def _first_target(names: list[str], chain: str) -> str:
    """A validator of the picked sidechain, not the first: screens look through it."""
    validators = [name for name in names if "." in name]
    here = [name for name in validators if name.startswith(f"{chain}.")] or validators
    return here[1] if len(here) > 1 else here[0] if here else ""


def line_of(verb: str, values: Values) -> str:
    """The command that the form is about to run."""
    command = find(verb)
    words = [verb]
    for param in command.params:
        value = values.get(param.name, "").strip()
        if not value and (param.flag or not param.required):
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
        if verb == "withdraw":
            chain = bound["sidechain"]
        has = state.balance(who, chain, asset)
        # The screens know the balances of the world's accounts, not the wallet's own.
        if needed > has and who in state.accounts:
            return f"{who} has only {money(has, decimals)} {asset} on {chain}"
    if verb == "swap":
        lane = state.lane(bound["sidechain"])
        if lane is not None and lane.swap is not None:
            return f"{lane.name} is already swapping to {lane.swap.engine}"
    if verb == "new-sidechain" and state.lane(bound["name"]) is not None:
        return f"a sidechain is called {bound['name']} already"
    if verb in ("swap", "new-sidechain"):
        return _judge_settings(bound["engine"], bound.get("param") or {}, session)
    if verb == "fault":
        return _judge_fault(bound, session)
    if verb == "validator":
        missing = [name for name in NEEDS[bound["deed"]] if bound.get(name) is None]
        return f"{bound['deed']} needs {' and '.join(missing)}" if missing else ""
    return ""


NEEDS = {
    "list": (),
    "register": ("who",),
    "leave": ("who",),
    "approve": ("who", "candidate"),
    "disapprove": ("who", "candidate"),
    "vote": ("who", "candidate", "amount"),
    "unvote": ("who", "candidate", "amount"),
}
"""What each deed of `validator` asks for besides the sidechain."""


def _judge_settings(engine: str, chosen: dict[str, int], session: Session) -> str:
    """The first setting that the rule does not have, or that is out of bounds."""
    known = {one.name: one for one in session.network.engine_info(engine).params}
    for name, value in chosen.items():
        if name not in known:
            return f"{engine} has no setting {name}: {_listed(known) or 'it has none'}"
        low, high = known[name].low, known[name].high
        if not low <= value <= high:
            return f"{name} is from {low} to {high}, not {value}"
    return ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _judge_fault(bound: dict[str, Any], session: Session) -> str:
    """What a fault is about, as far as its target can be chosen wrongly."""
    target = bound.get("target") or ""
    kinds = [one for one in session.network.fault_kinds() if one.name == bound["name"]]
    of = kinds[0].target if kinds else ""
    if of in ("network", "sidechain", "validator") and not target:
        return "still missing: where"
    if of in ("network", "sidechain") and "." in target:
        chain = target.partition(".")[0]
        return f"{bound['name']} is about a whole {of}: choose {chain}"
    if of == "validator" and "." not in target:
        return f"{bound['name']} is about one validator: choose {target}.v1 or another"
    return ""
