"""The prompt, driven through a pipe: keys in, words out."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.plain_text import PlainTextOutput

from devnet.repl.prompt import LineCompleter, Prompt
from tests.commands.sessions import START_HEIGHT, fail_once, make_session


@dataclass
class Terminal:
    """What a person types, and the words that appear."""

    pipe: PipeInput
    screen: io.StringIO = field(default_factory=io.StringIO)

    def type(self, text: str) -> None:
        self.pipe.send_text(text)

    @property
    def words(self) -> str:
        return self.screen.getvalue()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with create_pipe_input() as pipe:
        found = Terminal(pipe)
        with create_app_session(input=pipe, output=PlainTextOutput(found.screen)):
            yield found


def test_lines_are_answered_and_ctrl_d_ends(terminal):
    session = make_session(attached=True)
    terminal.type("balance alice main BTM\rlok\r\x04")

    assert Prompt(session).run() == 0

    said = terminal.words
    assert "alice has 101649.99 BTM on main" in said
    assert "did you mean lock?" in said


def test_an_open_brace_goes_on_in_the_next_line(terminal):
    session = make_session(attached=True)
    terminal.type('swap alpha poa --params {"interval_ms":\r700}\rquit\r')

    assert Prompt(session).run() == 0

    assert "alpha is asked to change from dpos-bbft to poa" in terminal.words


def test_a_question_mark_explains_and_gives_the_line_back(terminal):
    session = make_session(attached=True)
    terminal.type("lock alice ?\r250 BTM alpha\r\x04")

    Prompt(session).run()

    assert "next: AMOUNT" in terminal.words
    assert [one.id for one in session.network.transfers()] == ["d1"]


def test_ctrl_c_at_the_prompt_drops_the_line_only(terminal):
    session = make_session(attached=True)
    terminal.type("lock alice 250\x03pause\r\x04")

    assert Prompt(session).run() == 0
    assert session.history == ["pause"]


def test_time_goes_on_behind_the_prompt_and_prints_events_when_asked(terminal):
    session = make_session(attached=True)
    terminal.type("events on; speed x50; mine 3\rquit\r")

    Prompt(session).run()

    said = terminal.words
    assert session.network.main_height() >= START_HEIGHT + 3
    assert f"block {START_HEIGHT + 1}" in said


def test_an_interrupt_ends_the_running_command(terminal):
    session = make_session(attached=True)
    one = Prompt(session)
    terminal.type("mine 500\rpause\r\x04")

    async def run() -> None:
        running = asyncio.ensure_future(one._run())
        while not session.busy:
            await asyncio.sleep(0)
        session.interrupt()
        await running

    asyncio.run(run())

    assert "[interrupted]" in terminal.words
    assert session.history == ["mine 500", "pause"]


def test_the_toolbar_says_heights_pace_and_what_is_in_flight(terminal):
    session = make_session(attached=True)
    session.execute("lock alice 1 BTM alpha")

    text = Prompt(session).toolbar()

    assert text == (
        f"main {START_HEIGHT}  alpha 0 dpos-bbft  beta 0 poa  gamma 0 bbft  "
        "x1  1 in flight"
    )


def test_a_broken_engine_is_told_and_keeps_the_prompt(terminal, monkeypatch):
    session = make_session(attached=True)
    session.host.keep_wreck = lambda session: ""
    fail_once(monkeypatch, 500)
    terminal.type("speed max; mine 9\rbalance alice main BTM\r\x04")

    assert Prompt(session).run() == 5

    said = terminal.words
    assert "RuntimeError" in said and "alice has 101649.99 BTM" in said


def test_completions_replace_the_word_at_the_cursor():
    session = make_session()
    found = list(
        LineCompleter(session).get_completions(Document("lock al"), None)  # type: ignore[arg-type]
    )

    assert [(one.text, one.start_position) for one in found] == [("alice", -2)]
