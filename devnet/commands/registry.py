"""
The registry: a verb is a typed function, and its signature is its grammar.

Parameters after the session are arguments, in order; keyword-only ones are flags. From
this come parsing, help, completion, and the forms of the TUI.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import (
    MissingArgument,
    TooManyArguments,
    UnknownOption,
    UnknownVerb,
    did_you_mean,
    nearest,
)
from devnet.commands.grammar import Token, quoted
from devnet.commands.types import TYPES, ArgType, source_of
from devnet.commands.values import Amount, words

LATER = {"fault": "partition", "load": "run", "watch": "show"}
"""Verbs of later versions, and the one that comes nearest today."""


@dataclass(frozen=True, slots=True)
class Param:
    """
    One argument or flag of a verb.

    Args:
        name: the function's parameter.
        type: how it is read.
        label: how a signature shows it.
        required: it has no default.
        flag: it is given by name, as in `--at +12`.
        plain_flag: the flag has no value.
    """

    name: str
    type: ArgType
    label: str
    required: bool
    flag: bool
    plain_flag: bool = False

    @property
    def option(self) -> str:
        """The flag as it is typed."""
        return "--" + self.name.strip("_").replace("_", "-")

    @property
    def shown(self) -> str:
        """The parameter as the signature shows it."""
        text = self.label
        if self.flag:
            text = self.option if self.plain_flag else f"{self.option} {self.label}"
        return text if self.required else f"[{text}]"


@dataclass(frozen=True, slots=True)
class Command:
    """
    A verb.

    Args:
        verb: its name in a line.
        group: under which heading `help` lists it.
        summary: the first paragraph of its docstring.
        details: the rest of it.
        example: one line that works in the default world.
        params: arguments in order, then flags.
        run: the function; takes the session and the values by name.
        acts: it changes the world, so a read-only session refuses it.
        recorded: a recording keeps it.
        looks: with this as its first word it changes nothing after all.
        topics: `VERB WORD --help` is `VERB looks WORD`.
    """

    verb: str
    group: str
    summary: str
    details: str
    example: str
    params: tuple[Param, ...]
    run: Callable[..., Any]
    acts: bool
    recorded: bool
    looks: str = ""
    topics: bool = False

    def asked_about(self, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        """The words, or those that ask for a topic's own page instead."""
        if not self.topics or [one.text for one in tokens[1:]] != ["--help"]:
            return tokens
        return replace(tokens[0], text=self.looks), tokens[0]

    def only_looks(self, tokens: tuple[Token, ...]) -> bool:
        """Do these words make it change nothing, though it is a verb that acts?"""
        first = tokens[0] if self.looks and tokens else None
        return first is not None and (first.kind, first.text) == ("word", self.looks)

    @property
    def arguments(self) -> tuple[Param, ...]:
        """The parameters that are given by place."""
        return tuple(param for param in self.params if not param.flag)

    @property
    def flags(self) -> dict[str, Param]:
        """The parameters that are given by name, under their option."""
        return {param.option: param for param in self.params if param.flag}

    @property
    def signature(self) -> str:
        """One line, as in `lock WHO AMOUNT ASSET SIDECHAIN`."""
        return " ".join((self.verb, *(param.shown for param in self.params)))


_COMMANDS: dict[str, Command] = {}


def command(
    *,
    group: str,
    example: str,
    acts: bool = False,
    recorded: bool | None = None,
    looks: str = "",
    topics: bool = False,
    labels: dict[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Make a verb of a function. Its name is the verb, with `-` for `_`.

    Args:
        group: the heading in `help`.
        example: a line that works.
        acts: it changes the world.
        recorded: a recording keeps it; as `acts` if not given.
        looks: a first word with which it changes nothing.
        topics: `VERB WORD --help` is `VERB looks WORD`.
        labels: other labels than the types have, by parameter.

    Raises:
        TypeError: a parameter has no annotation, or one that is not in TYPES, or the
            docstring is missing. These are mistakes of ours, found when importing.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        verb = function.__name__.strip("_").replace("_", "-")
        text = inspect.getdoc(function)
        if not text:
            raise TypeError(f"the verb {verb} has no docstring")
        summary, _, details = text.partition("\n\n")
        params = tuple(_params(function, labels or {}))
        _COMMANDS[verb] = Command(
            verb=verb,
            group=group,
            summary=" ".join(summary.split()),
            details=details.strip(),
            example=example,
            params=params,
            run=function,
            acts=acts,
            recorded=acts if recorded is None else recorded,
            looks=looks,
            topics=topics,
        )
        return function

    return register


def also(name: str, verb: str) -> None:
    """Give a verb a second name, in the group of such names."""
    one = _COMMANDS[verb]
    _COMMANDS[name] = replace(
        one,
        verb=name,
        group="controls",
        details=f"The same as `{verb}`, under the name that it has over HTTP.",
        example=name + one.example.removeprefix(verb),
    )


def _params(function: Callable[..., Any], labels: dict[str, str]) -> Iterable[Param]:
    """The parameters after the session."""
    _, *parameters = inspect.signature(function).parameters.items()
    # What a verb returns may be defined below it, so only its parameters are read.
    read = {name: one.annotation for name, one in parameters}
    hints = typing.get_type_hints(
        types.SimpleNamespace(__annotations__=read),
        dict(getattr(function, "__globals__", {})),
    )
    for name, parameter in parameters:
        wanted = hints.get(name)
        if typing.get_origin(wanted) in (types.UnionType, typing.Union):
            wanted = next(
                one for one in typing.get_args(wanted) if one is not type(None)
            )
        plain_flag = wanted is bool
        if not plain_flag and wanted not in TYPES:
            raise TypeError(f"{function.__name__}: {name} has no known type: {wanted}")
        kind = TYPES[wanted] if not plain_flag else _PLAIN
        yield Param(
            name=name,
            type=kind,
            label=labels.get(name, kind.label),
            required=parameter.default is inspect.Parameter.empty,
            flag=parameter.kind is inspect.Parameter.KEYWORD_ONLY,
            plain_flag=plain_flag,
        )


_PLAIN = ArgType("flag", "", "flag without a value", lambda token, session: True)


def all_commands() -> tuple[Command, ...]:
    """The registered verbs in the order of their names; `verbs` registers all."""
    return tuple(_COMMANDS[verb] for verb in sorted(_COMMANDS))


def find(verb: str) -> Command:
    """The verb of this name. Raises UnknownVerb with the nearest one."""
    known = {one.verb: one for one in all_commands()}
    if verb in known:
        return known[verb]
    if verb in LATER:
        raise UnknownVerb(
            f"{verb} is not in this version",
            hint=f"the nearest verb here is {LATER[verb]}; help lists them all",
        )
    near = nearest(verb, known)
    raise UnknownVerb(
        f"there is no verb {verb[:40]!r}",
        hint=f"did you mean {near}?" if near else "help lists the verbs",
    )


def bind(one: Command, tokens: tuple[Token, ...], session: Context) -> dict[str, Any]:
    """
    The values of a call, by parameter.

    Raises:
        UsageError: an argument is missing, too many, or has the wrong form.
        UnknownName: an argument names nothing.
    """
    placed = place(one, tokens)
    for param in one.params:
        if param.required and not placed.get(param.name):
            raise MissingArgument(
                f"{one.verb} needs {param.label}, {param.type.explained}",
                hint=f"{one.signature}; for example {one.example}",
            )
    return {
        param.name: param.type.parse(found if param.type.rest else found[0], session)
        for param in one.params
        if (found := placed.get(param.name))
    }


def place(one: Command, tokens: tuple[Token, ...]) -> dict[str, tuple[Token, ...]]:
    """Which words belong to which parameter. Raises UsageError."""
    placed: dict[str, tuple[Token, ...]] = {}
    waiting, rest = list(one.arguments), list(tokens)
    while rest:
        word = rest.pop(0)
        if waiting and waiting[0].type.kind == "call":
            placed[waiting.pop(0).name] = (word, *rest)
            break
        if word.is_flag:
            param, value = _flag(one, word)
            if param.plain_flag:
                placed[param.name] = (word,)
                continue
            if value is None and (not rest or rest[0].is_flag):
                raise MissingArgument(
                    f"{param.option} needs {param.label}, {param.type.explained}",
                    hint=one.signature,
                )
            placed[param.name] = (value if value is not None else rest.pop(0),)
        elif not waiting:
            shown = repr(source_of(word)[:40])
            if any(param.type.kind == "secret" for param in one.params):
                shown = "so many words"  # One of them may be a secret.
            raise TooManyArguments(
                f"{one.verb} has no place for {shown}",
                hint=one.signature,
            )
        elif waiting[0].type.rest:
            name = waiting[0].name
            placed[name] = (*placed.get(name, ()), word)
        else:
            placed[waiting.pop(0).name] = (word,)
    return placed


def _flag(one: Command, word: Token) -> tuple[Param, Token | None]:
    """The flag that a word names, and its value when it stands behind an `=`."""
    option, equals, value = word.text.partition("=")
    param = one.flags.get(option)
    if param is None:
        raise UnknownOption(
            f"{one.verb} has no option {option[:40]}",
            hint=did_you_mean(option, one.flags, "option") + f"; {one.signature}",
        )
    if not equals or param.plain_flag:
        return param, None
    return param, Token(value, "word", word.end - len(value), word.end)


def line_of(one: Command, values: dict[str, Any]) -> str:
    """The call as one line with every name resolved: what a recording keeps."""
    parts = [one.verb]
    for param in one.params:
        value = values.get(param.name)
        if value is None or not param.type.recorded:
            continue
        parts += [param.option] if param.flag else []
        parts += [] if param.plain_flag else [_spell(value)]
    return " ".join(parts)


def _spell(value: Any) -> str:
    """A value as a line spells it."""
    match value:
        case dict():
            return json.dumps(value, sort_keys=True)
        case tuple():
            return ",".join(map(str, value))
        case Amount():
            return f"{value.units}neu"
    return quoted(words(value))
