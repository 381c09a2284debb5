"""
Blocks in the laboratory: filled for a proposer, published, checked by everybody,
followed where they weigh more, and held final. Two finals that conflict end the play.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from devnet.engine.interfaces import (
    BlockJudged,
    Checkpoint,
    ConsensusEngine,
    ConsensusError,
    Filled,
    HeadChanged,
    Header,
    Input,
    Propose,
    Rules,
    TryNonce,
)
from devnet.plugins.lab.chain import hashed, make_header, signed
from devnet.plugins.lab.links import Conflict, LabFault, LabNode, Links


class Blocks(Links):
    """
    What the validators build, each with its own chain.

    Attributes:
        refused: what check_header raised about blocks that engines published.
        content: the work in each block.
        names: short names of blocks, as the log has them.
    """

    engine: ConsensusEngine
    rules: Rules
    busy: bool
    judged_first: bool
    nodes: list[LabNode]

    def __init__(self, **links: Any) -> None:
        super().__init__(**links)
        self.headers: dict[bytes, Header] = {}
        self.names: dict[bytes, str] = {}
        self.content: dict[bytes, frozenset[int]] = {}
        self.refused: list[ConsensusError] = []

    @abstractmethod
    def tell(self, node: LabNode, event: Input) -> None:
        """Let an engine hear of something, and do what follows."""

    def name_block(self, header: Header) -> None:
        """Its height, and a letter where others have the same."""
        same = sum(self.headers[it].height == header.height for it in self.names)
        letter = chr(ord("a") + same) if same else ""
        self.names[header.hash] = f"{header.height}{letter}"

    # Making.

    def fill(self, node: LabNode, ask: Propose) -> Filled | None:
        """A block with what waits, or nothing when nothing needs one."""
        parent = node.chain.known.get(ask.parent)
        if parent is None:
            raise LabFault(f"{node.name} proposes on a block that it does not have")
        done, busy_height, block = set[int](), 0, parent
        while block.height > self.rules.base.height:
            content = self.content.get(block.hash, frozenset())
            busy_height = max(busy_height, block.height if content else 0)
            done |= content
            block = node.chain.known[block.previous]
        content = frozenset(node.work - done)
        final = self.seen(node, parent)
        if not content and busy_height <= final.height and not self.busy:
            return None
        header = make_header(
            parent, content=(node.index, sorted(content)), time_ms=ask.time_ms,
            epoch=self.rules.epoch, engine=self.engine.info.name, round=ask.round,
            justify=ask.justify, engine_data=ask.engine_data,
            certificate=ask.certificate, bits=ask.bits,
        )  # fmt: skip
        node.filled = {header.hash: (header, content)}
        return Filled(self.now_ms, header)

    def try_nonce(self, node: LabNode, ask: TryNonce) -> Filled | None:
        """The block that was filled last, with another nonce."""
        if ask.block_hash not in node.filled:
            return None
        header, content = node.filled[ask.block_hash]
        header = replace(header, nonce=ask.nonce)
        header = hashed(header, (node.index, sorted(content)))
        node.filled = {header.hash: (header, content)}
        return Filled(self.now_ms, header)

    def publish(
        self, node: LabNode, block_hash: bytes, to: tuple[int, ...] | None = None
    ) -> None:
        """Sign a filled block and send it, unless its round is spent."""
        if block_hash not in node.filled:
            return
        header, content = node.filled[block_hash]
        ballot = node.ballot.after_proposal(header.round)
        if ballot is None or node.deaf:
            return
        node.ballot, node.filled = ballot, {}
        header = signed(header, node.key)
        self.headers[block_hash], self.content[block_hash] = header, content
        self.name_block(header)
        what = f"with {len(content)}" if content else "empty"
        self.note(
            node,
            f"seal {self.names[block_hash]} on {self.names[header.previous]} "
            f"{what}, round {header.round}, "
            f"justify {self.names.get(header.justify.hash, 'nothing known')}",
        )
        self.take_in(node, header)
        for other in self.nodes:
            seated = other.index < len(self.rules.validators)
            if other is not node and (to is None or other.index in to or not seated):
                self.resend(node, other, header)

    # Arriving.

    def send_head(self, sender: LabNode, to: LabNode) -> None:
        """Tell another validator what one follows."""
        self.resend(sender, to, sender.chain.tip)

    def resend(self, sender: LabNode, to: LabNode, header: Header) -> None:
        """Send a block that exists to one validator."""
        self.carry(sender, to, lambda: self.fetch(to, header))

    def fetch(self, node: LabNode, header: Header) -> None:
        """A block arrived; what lies below it and is missing is history."""
        missing: list[Header] = []
        while header.hash not in node.chain.known:
            missing.insert(0, header)
            header = self.headers[header.previous]
        for block in missing:
            if block.previous in node.chain.known:
                self.take_in(node, block, votable=block is missing[-1])

    def take_in(self, node: LabNode, header: Header, votable: bool = True) -> None:
        """Check a block whose parent is known; tell the engine and follow it."""
        node.chain.now_ms = self.now_ms
        parent = node.chain.known[header.previous]
        if header.time_ms <= parent.time_ms:
            raise LabFault(f"block {header.height} is not later than its parent")
        try:
            self.engine.check_header(header, parent, node.chain)
        except ConsensusError as error:
            self.refused.append(error)
            self.note(node, f"refuse {self.names[header.hash]}: {error.code}")
            return
        node.chain.known[header.hash] = header
        judged = BlockJudged(self.now_ms, header, votable)
        if self.judged_first:
            self.tell(node, judged)
        self._follow(node, header)
        if not self.judged_first:
            self.tell(node, judged)

    def _follow(self, node: LabNode, header: Header) -> None:
        """Make the block the head if it weighs more."""
        tip = node.chain.tip
        if self._rank(node, header) <= self._rank(node, tip):
            return
        node.chain.tip = header
        if header.previous != tip.hash:
            old, new = self.names[tip.hash], self.names[header.hash]
            self.note(node, f"leave {old} for {new}")
        self.finalise(node, node.chain.known[self.seen(node, header).hash])
        self.tell(node, HeadChanged(self.now_ms, header))

    # Weighing.

    def seen(self, node: LabNode, tip: Header) -> Checkpoint:
        """What the chain that ends in `tip` proves final."""
        if tip.height <= self.rules.base.height or tip.epoch != self.rules.epoch:
            return self.rules.base
        return self.engine.final_seen(tip, node.chain)

    def _rank(self, node: LabNode, tip: Header) -> tuple[Any, ...]:
        if tip.epoch != self.rules.epoch or tip.height == self.rules.base.height:
            return (-1,)
        return self.engine.rank(tip, node.chain)

    def finalise(self, node: LabNode, block: Header) -> None:
        """A validator holds a block final. Raises Conflict."""
        if block.height <= node.final.height:
            return
        node.final = Checkpoint(block.height, block.hash)
        self.note(node, f"see {self.names[block.hash]} final")
        for other in self.nodes:
            low, high = sorted((node, other), key=lambda each: each.final.height)
            below = self.headers[high.final.hash]
            while below.height > low.final.height:
                below = self.headers[below.previous]
            if below.hash != low.final.hash:
                raise Conflict(
                    f"{node.name} and {other.name} hold "
                    f"{self.names[block.hash]} and {self.names[other.final.hash]} final"
                )
