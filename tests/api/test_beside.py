"""A world that is served while a screen or a prompt shows it: one world, two doors."""

from __future__ import annotations

import asyncio
import json
import urllib.request

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from devnet.__main__ import main
from devnet.api.serving import Address, Service
from devnet.repl.prompt import Prompt
from devnet.tui.app import DevnetApp, TuiOptions
from tests.commands.sessions import START_HEIGHT, make_session


def ask(url, path, **fields):
    body = json.dumps(fields).encode()
    with urllib.request.urlopen(f"{url}/{path}", body, timeout=10) as answer:
        return json.load(answer)["data"]


async def asked(url, path, **fields):
    """Asked from another thread, as by another program."""
    return await asyncio.to_thread(ask, url, path, **fields)


def beside_of(service, told):
    def ready(tell):
        told.append(service.ready_line()["mainchain"])
        tell(f"served at {told[0]}")

    return lambda tell: service.run(lambda: ready(tell), drives=False)


async def until(holds):
    for _ in range(2_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_the_screens_world_is_served_meanwhile():
    session = make_session(sidechains="alpha:poa", attached=True)
    with Service(session, Address(port=0)) as service:
        url, told = service.ready_line()["mainchain"], []
        app = DevnetApp(session, TuiOptions(beside=beside_of(service, told)))

        async def play():
            async with app.run_test(size=(100, 30)):
                await until(lambda: told)
                made = await asked(url, "devnet-mine", blocks=2)
                session.begin("pause")
                shown = await asked(url, "get-block-count")
                await until(lambda: app.driver.state.main.height >= made["height"])
                return made, shown

        made, shown = asyncio.run(play())

    assert made["height"] >= START_HEIGHT + 2
    assert shown["block_count"] == session.network.main_height()


def test_the_prompts_world_is_served_meanwhile(capsys):
    session = make_session(sidechains="alpha:poa", attached=True)
    with Service(session, Address(port=0)) as service, create_pipe_input() as pipe:
        url, told = service.ready_line()["mainchain"], []

        async def play(tell):
            serving = asyncio.create_task(beside_of(service, told)(tell))
            await until(lambda: told)
            before = await asked(url, "get-block-count")
            pipe.send_text("faucet bob 5\r")
            await until(lambda: session.history == ["faucet bob 5"])
            waiting = await asked(url, "list-unconfirmed-transactions")
            made = await asked(url, "devnet-mine")
            pipe.send_text("\x04")
            seen.update(before=before, waiting=waiting, made=made)
            await serving

        seen: dict = {}
        with create_app_session(input=pipe, output=DummyOutput()):
            assert Prompt(session, beside=play).run() == 0

    assert seen["waiting"]["total"] <= 1
    assert seen["made"]["height"] > seen["before"]["block_count"]
    assert session._companions == [session.held]  # The wallet stays.


@pytest.mark.parametrize("words", [["--http", "0"], ["repl", "--http", "0"]])
def test_without_a_terminal_nothing_is_served_beside(words, capsys):
    assert main(words) == 2

    assert "devnet serve" in capsys.readouterr().err


def test_a_taken_port_is_told_before_anything_is_drawn(monkeypatch, capsys):
    monkeypatch.setattr("devnet.subcommands._has_terminal", lambda: True)
    with Address(port=0).open() as taken:
        taken.listen()
        port = str(taken.getsockname()[1])

        assert main(["repl", "--sidechains", "none", "--http", port]) == 2

    assert "--port" in capsys.readouterr().err
