"""
A file of blocks on its way into the network of a session.

Virtual time stands still while a proof of work is awaited, and passes only to let what
was handed in arrive everywhere. So the world does not depend on the speed of the host.
A recording keeps each block with the clock that it was judged by, not the file's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.commands.context import Context
from devnet.commands.pacer import NO_LIMIT_MS
from devnet.commands.values import Said
from devnet.engine.errors import DevnetError

if TYPE_CHECKING:
    from devnet.engine.network import Network
    from devnet.exchange import Incoming

BLOCKS_PER_BREATH = 32
"""Then they are let arrive, so that no crowd of messages is on its way at once."""
BREATH_MS = 50
MOST_PER_POLL = 500
MOST_PER_SLICE = 8
"""A front end that draws gets its turn after so many."""
HAND_IN = "hand-in"
"""The word that a recording has before a block."""
BRING_CLAIM = "bring-claim"
"""The word that a recording has before a claim with a proof from outside."""
EXPECT_LOCK = "expect-lock"
"""The word that a recording has before a claim script that collectors hear of."""


class Importing:
    """
    Hands the blocks of a file to the first node, one after the other.

    Args:
        incoming: what the file holds.
        clock_s: the host's clock, seconds since 1970.
    """

    deadline_ms = NO_LIMIT_MS
    is_stepping = True

    def __init__(self, incoming: Incoming, clock_s: int) -> None:
        self._incoming, self._clock_s = incoming, clock_s
        self._network: Network
        self._error: DevnetError | None = None
        self._until_ms, self._n_on_the_way = 0, 0
        self._answer: Said | None = None
        self.n_taken = self.n_known = 0

    def start(self, session: Context) -> None:
        # The first line of a session starts its world: now, not in the middle.
        self._network = session.network

    def stop(self, session: Context) -> None:
        """Nothing to take back."""

    def settled(self, session: Context, now_ms: int) -> bool:
        return False

    def end(self, error: DevnetError) -> None:
        self._error = error

    def poll(self, session: Context, now_ms: int) -> bool:
        try:
            return self._carry_on(session)
        except DevnetError as error:
            self._error = error
            return True

    def finish(self, session: Context) -> Said:
        if self._error is not None:
            raise self._error
        main = self._network.show("main")
        value = {
            "height": main["height"], "tip": main["tip"],
            "taken": self.n_taken, "known": self.n_known,
        }  # fmt: skip
        known = f", {self.n_known} known" if self.n_known else ""
        text = f"{self.n_taken} blocks taken{known}; main {main['height']}"
        return Said(value, f"{text}, tip {main['tip'][:16]}")

    # Below: as far as it goes now.

    def _carry_on(self, session: Context) -> bool:
        for _ in range(MOST_PER_SLICE if session.attached else MOST_PER_POLL):
            if not self._let_arrive(session):
                return False
            if not self._incoming:
                return True
            if not self._hand_in(session):
                return False
        return False

    def _hand_in(self, session: Context) -> bool:
        """The next block. False while its work is awaited."""
        incoming = self._incoming
        block = incoming.block()
        try:
            answer = self._network.take_block(block, self._clock_s, incoming.headers())
        except DevnetError as error:
            raise incoming.placed(error) from None
        if answer == "work":
            return False
        if answer == "taken":
            session.record(f"{HAND_IN} {block.raw.hex()} {self._clock_s}")
            self.n_taken += 1
            self._n_on_the_way += 1
        else:
            self.n_known += 1
        incoming.done()
        if self._n_on_the_way >= BLOCKS_PER_BREATH or not incoming:
            self._n_on_the_way = 0
            self._until_ms = session.now_ms + BREATH_MS
        return True

    def _let_arrive(self, session: Context) -> bool:
        """Take steps until the network has heard. False while a work is awaited."""
        if session.pacer.paused:
            return True
        while self._network.next_at_ms() <= self._until_ms:
            if not session.step_once():
                return False
        return True
