"""Running the app in a test, and reading its screen as plain text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from devnet.tui.app import DevnetApp, TuiOptions

GOLDEN = Path(__file__).parent.parent / "golden"
RENEW = "DEVNET_RENEW_GOLDEN"
Script = Callable[[Pilot[None]], Awaitable[Any]]


def play(
    session: Any,
    script: Script,
    *,
    size: tuple[int, int] = (80, 24),
    options: TuiOptions | None = None,
) -> Any:
    """Open the app on a session, run the script, give what it returns."""
    app = DevnetApp(session, options)

    async def run() -> Any:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            return await script(pilot)

    return asyncio.run(run())


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what happened is drawn."""
    await pilot.pause()
    pilot.app.draw_now()
    await pilot.pause()
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one by one and wait until they are drawn."""
    for key in keys:
        await pilot.press(key)
    await settle(pilot)


async def until(
    pilot: Pilot[None], holds: Callable[[], bool], most_s: float = 20
) -> None:
    """Let the app run until something holds."""
    for _ in range(int(most_s / 0.01)):
        if holds():
            await settle(pilot)
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come true in time:\n" + dump(pilot))


def dump(pilot: Pilot[None]) -> str:
    """The screen as text, a line per row."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def styles(pilot: Pilot[None]) -> list[tuple[str, Any]]:
    """Every piece of text on the screen with its style."""
    strips = pilot.app.screen._compositor.render_strips()
    return [(one.text, one.style) for strip in strips for one in strip]


def style_of(pilot: Pilot[None], words: str) -> Any:
    """The style of the first piece of text that has these words in it."""
    return next(style for text, style in styles(pilot) if words in text)


def toasts(pilot: Pilot[None]) -> str:
    """What was said in the corner."""
    return "\n".join(f"{one.title} {one.message}" for one in pilot.app._notifications)


def check_golden(name: str, text: str) -> None:
    """
    Compare with the text that is kept. DEVNET_RENEW_GOLDEN=1 keeps this one instead;
    look at the difference before committing it.
    """
    path = GOLDEN / f"{name}.txt"
    if os.environ.get(RENEW):
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: {RENEW}=1 writes it"
    assert text == path.read_text(encoding="utf-8")
