"""
Blocks on demand: real proof of work on a template of this moment, while no virtual time
passes. On the tip, or on an older block as a rival branch.

Each finished block is handed in as anybody outside would, and recorded as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet.commands.context import Context
from devnet.commands.importing import HAND_IN
from devnet.commands.values import Said
from devnet.engine.errors import DevnetError

if TYPE_CHECKING:
    from devnet.engine.mainchain.miner import Template

N_AHEAD = 16
"""Nonces that are asked for at once."""


class Digging:
    """
    Make so many blocks.

    Args:
        done: the answer, from the hashes of the blocks.
        program: who is paid; None: the first node's miner.
        time_s: the first block's time; None: as miners would have it.
        parent: hash of the block to build on, without transactions; None: the tip, with
            what waits.
    """

    is_stepping = True
    deadline_ms: int | None = None

    def __init__(
        self,
        n_blocks: int,
        done: Callable[[list[bytes]], Said],
        *,
        program: bytes | None = None,
        time_s: int | None = None,
        parent: bytes | None = None,
    ) -> None:
        self.n_blocks, self.done = n_blocks, done
        self.program, self.time_s, self.parent = program, time_s, parent
        self.hashes: list[bytes] = []
        self._work: Template | None = None
        self._nonce = 0
        self._clock_s = 0
        self._error: DevnetError | None = None

    def start(self, session: Context) -> None:
        """Nothing to prepare."""

    def stop(self, session: Context) -> None:
        """Nothing to take back."""

    def settled(self, session: Context, now_ms: int) -> bool:
        return False

    def end(self, error: DevnetError) -> None:
        self._error = error

    def poll(self, session: Context, now_ms: int) -> bool:
        try:
            while len(self.hashes) < self.n_blocks and self._error is None:
                if not self._dig(session):
                    return False
        except DevnetError as error:
            self._error = error
        return True

    def finish(self, session: Context) -> Said:
        if self._error is not None:
            raise self._error
        return self.done(self.hashes)

    def _dig(self, session: Context) -> bool:
        """One block. False while proof of work is awaited."""
        from devnet.engine.bc.difficulty import meets_target

        network = session.network
        work, works = self._template(session), network.tools.works
        while True:
            header = work.header_with(self._nonce)
            found = works.get(work.seed, header.hash)
            if found is None:
                ahead = range(self._nonce, self._nonce + N_AHEAD)
                hashes = [work.header_with(nonce).hash for nonce in ahead]
                works.want(tuple((work.seed, one) for one in hashes))
                return False
            if meets_target(found, header.bits):
                break
            self._nonce += 1
        block = work.block_with(self._nonce)
        if network.take_block(block, self._clock_s) == "work":
            return False
        session.record(f"{HAND_IN} {block.raw.hex()} {self._clock_s}")
        self.hashes.append(block.hash)
        self._work = None
        if self.parent is not None:
            self.parent = block.hash
        return True

    def _template(self, session: Context) -> Template:
        """What is worked on, made anew when the tip moved."""
        tip = session.network.world.main_tip
        if self._work is not None and (
            self.parent or self._work.block.header.previous == tip
        ):
            return self._work
        made = self._new_template(session)
        time_s = made.block.header.timestamp
        # By our own clock, whatever the host's says: a replay judges alike.
        self._clock_s = max(session.network.wall_ms // 1000, time_s)
        if self.hashes:
            world = session.network.world
            parent = world.tree[made.block.header.previous].block.header
            time_s = max(time_s, parent.timestamp + 1)
        elif self.time_s is not None:
            time_s = self.time_s
        header = replace(made.block.header, timestamp=time_s)
        self._work = replace(made, block=replace(made.block, header=header))
        self._nonce = 0
        return self._work

    def _new_template(self, session: Context) -> Template:
        from devnet.engine.chain.mempool import Mempool
        from devnet.engine.mainchain.miner import build_template

        world = session.network.world
        node = world.main_nodes[0]
        if self.program is not None:
            node = replace(node, program=self.program)
        if self.parent is not None:
            view = replace(node.view, tip=self.parent)
            node = replace(node, view=view, pool=Mempool())
        # A second branch on the same block must be another one.
        tag = f" by hand {len(world.tree.entries)}".encode()
        clock_s = session.network.wall_ms // 1000
        return build_template(world.tree, node, clock_s, tag)[0]
