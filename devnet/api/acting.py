"""
How a request becomes a verb of the prompt: the same call, without a line to be read.

Words of a request are never taken for a flag, a path or a question: they are strings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.commands.grammar import Call, Token
from devnet.commands.running import Running
from devnet.commands.session import Session
from devnet.commands.tasks import begin_call, start_running
from devnet.commands.values import Said, plain
from devnet.engine.errors import DevnetError

NAP_S = 0.002


def call_of(verb: str, words: tuple[object, ...], flags: Mapping[str, object]) -> Call:
    """The call of a verb. A flag of None or False is not there."""
    tokens = [_token(word) for word in words]
    for name, value in flags.items():
        if value is None or value is False:
            continue
        tokens.append(Token(f"--{name}", "word", 0, 0))
        if value is not True:
            tokens.append(_token(value))
    return Call(verb, tuple(tokens), verb)


def _token(value: object) -> Token:
    if isinstance(value, dict):
        return Token(str(value), "json", 0, 0, value)
    return Token(str(value), "string", 0, 0)


async def act(node: Node, verb: str, *words: object, **flags: object) -> Any:
    """
    Run a verb to its end, while time goes on. A refusal leaves no trace at all, and no
    result gets a name: these are the prompt's.

    Returns:
        Its result as JSON has it.

    Raises:
        Refused: what the verb was refused with, under the devnet's own code.
    """
    session = node.session
    try:
        _, answer = begin_call(session, call_of(verb, words, flags))
        if not isinstance(answer, Said):
            answer = await _finish(session, answer)
    except DevnetError as error:
        raise refused(error) from error
    return plain(answer.value)


async def _finish(session: Session, running: Running) -> Said:
    start_running(session, running)
    try:
        while not running.poll(session, session.now_ms):
            await asyncio.sleep(NAP_S)
        return running.finish(session)
    finally:
        running.stop(session)


def refused(error: DevnetError) -> Refused:
    """An error with its code, its sentence and the next step."""
    hint = f"; {error.hint}" if error.hint else ""
    return Refused(f"{error.code}: {error.message}{hint}")
