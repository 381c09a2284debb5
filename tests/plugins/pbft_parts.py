"""Votes, changes of view and proofs for tests of pbft, with toy signatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devnet.engine.interfaces import (
    CastVote,
    Certificate,
    Effect,
    Header,
    MessageGot,
    Phase,
    Vote,
)
from devnet.plugins.header_rules import checkpoint
from devnet.plugins.lab.chain import make_header, make_validator, signed, toy_view
from devnet.plugins.lab.chain import toy_vote as toy
from devnet.plugins.pbft import Pbft
from devnet.plugins.pbft_proofs import (
    Committed,
    NewView,
    Prepared,
    ViewChange,
    claim_of,
    encode_view,
)
from devnet.plugins.pbft_replica import Replica
from tests.plugins.fakehost import FakeHost, FakeNode

ALL = range(4)
PBFT = Pbft()


def votes(block: Header, phase: Phase, view: int, who: Iterable[int]) -> list[Vote]:
    """What these validators say of a block in epoch 0."""
    return [
        Vote(
            0, view, block.height, block.hash, index,
            toy(make_validator(index).key, block.hash, phase, 0, view), phase,
        )
        for index in who
    ]  # fmt: skip


def proof(
    block: Header, phase: Phase, view: int, who: Iterable[int] = range(3)
) -> Certificate:
    """The certificate of these votes."""
    cast = votes(block, phase, view, who)
    return Certificate.of({vote.index: vote.signature for vote in cast})


def prepared(block: Header, view: int) -> Prepared:
    """The block, prepared by three of four."""
    return Prepared(block.hash, view, proof(block, "prepare", view))


def committed(block: Header, view: int) -> Committed:
    """The block, committed by three of four."""
    return Committed(checkpoint(block), view, proof(block, "commit", view))


def change(
    index: int, view: int, base: Committed, shown: Prepared | None = None
) -> ViewChange:
    """A signed change of view."""
    key = make_validator(index).key
    sig = toy_view(key, 0, view, claim_of(base, shown))
    return ViewChange(view, base, shown, index, sig)


def new_view(named: bytes | None, changes: Iterable[ViewChange]) -> NewView:
    """The beginning of the view that these changes ask for."""
    given = tuple(changes)
    return NewView(given[0].round, named, given)


def sealed_by(host: FakeHost, index: int, parent: Header, base: Committed,
              round_: int, tag: str = "") -> Header:  # fmt: skip
    """A block on the parent that a validator made by itself, known to the host."""
    block = make_header(
        parent, content=(tag, index), time_ms=parent.time_ms + 500, epoch=0,
        engine="pbft", round=round_, justify=base.block,
        engine_data=encode_view(base.view), certificate=base.certificate,
    )  # fmt: skip
    block = signed(block, make_validator(index).key)
    host.headers[block.hash] = block
    host.name_block(block)
    return block


def hear(
    host: FakeHost, index: int, message: Any, sender: int = 0
) -> tuple[Replica, tuple[Effect, ...]]:
    """What would follow for a validator; nothing of it happens."""
    node = host.nodes[index]
    got = MessageGot(host.now_ms, sender, message)
    return PBFT.step(node.state, got, node.chain)


def give(host: FakeHost, index: int, message: Any, sender: int = 0) -> FakeNode:
    """Let a validator hear a message now, with all that follows."""
    host.tell(host.nodes[index], MessageGot(host.now_ms, sender, message))
    return host.nodes[index]


def begun(host: FakeHost) -> Committed:
    """The base of the epoch, as a change of view shows it."""
    return Committed(host.rules.base, 0)


def at_view_two() -> tuple[FakeHost, Any]:
    """A play in which v1 sealed block 1 in view 1, known to all; nobody voted."""
    host = FakeHost(PBFT)
    for index in ALL:
        host.refuse(index, 0, 600)
    host.run(100)
    genesis = host.nodes[0].chain.tip
    block = sealed_by(host, 1, genesis, begun(host), 1)
    for node in host.nodes:
        node.chain.known[block.hash] = block
    return host, block


def prepares(effects: tuple[Effect, ...]) -> list[bytes]:
    return [
        it.block_hash
        for it in effects
        if isinstance(it, CastVote) and it.phase == "prepare"
    ]
