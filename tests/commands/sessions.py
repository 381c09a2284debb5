"""
Sessions on the real engine that cost nothing: proof of work is a cheap pure function.

Alarms and failures, which never come by themselves, are planted here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from devnet.commands.launch import make_host
from devnet.commands.options import WorldOptions, parse_sidechains
from devnet.commands.session import Session
from devnet.engine.actors.dispatch import dispatch
from devnet.engine.bc.transaction import BTM
from devnet.engine.chain.coins import Coin
from devnet.engine.interfaces import WorkSource
from devnet.engine.network import Network
from tests.engine.support import InstantWorks, LateWorks, meddle, settle

START_HEIGHT = 112
"""Of the mainchain in every new world: the starter chain's."""


class CountingWorks(LateWorks):
    """Late, and counts how often it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.n_waits = 0

    def wait(self, timeout_s: float) -> bool:
        self.n_waits += 1
        return super().wait(timeout_s)


def make_session(
    works: WorkSource | None = None,
    *,
    sidechains: str | None = None,
    seed: int = 42,
    read_only: bool = False,
    attached: bool = False,
) -> Session:
    """
    A session on the default world, or on these sidechains.

    Args:
        works: answers at once if not given.
        sidechains: as on the command line.
    """
    sides = None if sidechains is None else parse_sidechains(sidechains)
    return Session(
        make_host(works or InstantWorks()),
        WorldOptions(seed=seed, sidechains=sides),
        read_only=read_only,
        attached=attached,
    )


def run(session: Session, *lines: str) -> list[str]:
    """Codes of the outcomes, "ok" where there is none."""
    codes = []
    for line in lines:
        outcome = session.execute(line)
        codes.append("ok" if outcome.error is None else outcome.error.code)
    return codes


def happened(session: Session) -> list[dict[str, Any]]:
    """The stream as plain values."""
    return [event.as_dict() for event in session.network.events]


def forge_coins(network: Network, chain: str = "alpha") -> None:
    """Coins out of nothing on a sidechain: its next block breaks I1 and I2."""
    turn = meddle(network)
    side = turn.side(chain)
    entry = side.tree[side.head]
    program = bytes.fromhex("0014" + "ab" * 20)
    coin = Coin(b"\xc0" * 32, b"\xc1" * 32, 0, BTM, 7, program, 1)
    forged = replace(
        entry, state=replace(entry.state, coins=entry.state.coins.add(coin))
    )
    turn.set_side_tree(chain, side.tree.with_entry(forged))
    settle(network, turn)


def forging_session() -> Session:
    """A session whose worlds have forged coins from their first moment."""
    session = make_session()
    make: Callable[[WorldOptions], Network] = session.host.make_network

    def make_forged(options: WorldOptions) -> Network:
        network = make(options)
        forge_coins(network)
        return network

    session.host.make_network = make_forged
    return session


def fail_once(patch: pytest.MonkeyPatch, at_ms: int) -> None:
    """The first step of any world from this virtual time on has a bug."""
    failed = False

    def failing(turn: Any, due: Any) -> None:
        nonlocal failed
        if not failed and turn.now_ms >= at_ms:
            failed = True
            raise RuntimeError("planted by a test")
        dispatch(turn, due)

    patch.setattr("devnet.engine.network.dispatch", failing)
