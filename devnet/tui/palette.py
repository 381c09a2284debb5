"""ctrl+p: every command, every screen, every chain and transfer, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from devnet.commands.verbs import all_commands
from devnet.tui.doing import why_off
from devnet.tui.keys import KEYS
from devnet.tui.shapes import SHAPES

if TYPE_CHECKING:
    from devnet.tui.desk import Desk

Entry = tuple[str, str, Callable[[], None]]
"""What it is called, what it does, and the doing."""


class DevnetCommands(Provider):
    """What can be done now; keys that are off are left out."""

    def _entries(self) -> Iterable[Entry]:
        app = cast("Desk", self.app)
        for key in KEYS:
            if not why_off(app, key):
                yield key.word, key.why, partial(app.action_press, key.id)
        for one in all_commands():
            if one.acts and app.session.read_only:
                continue
            yield one.verb, one.summary, partial(_begin, app, one.verb)
        for index, lane in enumerate(app.driver.state.lanes):
            words = f"{lane.engine}, height {lane.height}"
            yield f"Go to {lane.name}", words, partial(app.action_lane, index + 1)
        for transfer in app.driver.state.transfers:
            yield (
                f"Go to {transfer.id}",
                f"{transfer.stage} {transfer.note}",
                partial(app.open_transfer, transfer.id),
            )

    async def discover(self) -> Hits:
        for name, words, act in self._entries():
            yield DiscoveryHit(name, act, help=words)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, words, act in self._entries():
            score = max(matcher.match(name), 0.8 * matcher.match(words))
            if score > 0:
                yield Hit(score, matcher.highlight(name), act, help=words)


def _begin(app: Desk, verb: str) -> None:
    """A form where there is one, else the command line with the verb in it."""
    if verb in SHAPES:
        app.push_named("form", verb=verb)
    else:
        app.push_named("command", line=f"{verb} ")
