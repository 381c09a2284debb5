"""
Three lessons about rules that this devnet does not run: what goes wrong under them, and
what the certificate core makes of the same blocks and the same network.

Each is played twice, move by move: first under the other rule, then under ours. Blocks
have real hashes, votes real (toy) signatures; under ours the functions of the
certificate core say who may vote, what a header may name, and what is final.

Source: consensus rules of this project, sections 3 and 6.2; Bytom/vapor v1.1.9 as it
was observed; the BBFT paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devnet.engine.interfaces import Certificate, Checkpoint, Header, Rules
from devnet.plugins import certificate
from devnet.plugins.certificate import Voter
from devnet.plugins.lab.chain import (
    LabChain,
    make_genesis,
    make_header,
    make_validator,
    signed,
    toy_vote,
)

N_VALIDATORS = 4


@dataclass
class Validator:
    """What one validator remembers, under whichever rule."""

    name: str
    key: bytes
    voter: Voter = field(default_factory=Voter)
    heights: set[int] = field(default_factory=set)
    last_round: int = 0


class Stage:
    """Four honest validators under one rule of voting. Subclasses say which."""

    label = ""

    def __init__(self) -> None:
        genesis = make_genesis()
        seats = tuple(make_validator(index) for index in range(N_VALIDATORS))
        self.rules = Rules(0, "lesson", {}, seats, Checkpoint(0, genesis.hash))
        self.chain = LabChain({0: self.rules}, genesis, {genesis.hash: genesis})
        self.genesis = genesis
        self.votes: dict[bytes, dict[int, bytes]] = {}
        self.names = {genesis.hash: "genesis"}
        self.lines: list[str] = []
        self.validators = [
            Validator(f"v{index + 1}", one.key) for index, one in enumerate(seats)
        ]

    # What differs.

    def may_sign(self, one: Validator, block: Header) -> bool:
        """Does this validator's memory allow a signature under the block?"""
        raise NotImplementedError

    def final(self) -> list[Header]:
        """The blocks that are final to whoever has all signatures, by height."""
        raise NotImplementedError

    # Moves.

    def tell(self, what: str) -> None:
        """One line of the story."""
        self.lines.append(f"{self.label}: {what}")

    def make(
        self, name: str, parent: Header, maker: int, round_: int, on: Header | None
    ) -> Header:
        """
        A block.

        Args:
            on: the newest certified block that its maker knows; None: only genesis.
        """
        justify, votes = self.rules.base, Certificate()
        if on is not None:
            justify = Checkpoint(on.height, on.hash)
            votes = Certificate.of(self.votes[on.hash])
        header = make_header(
            parent, content=name, time_ms=1000 * round_, epoch=0, engine="lesson",
            round=round_, justify=justify, engine_data=b"", certificate=votes,
        )  # fmt: skip
        header = signed(header, self.validators[maker - 1].key)
        certificate.check_justify(header, parent, self.chain)
        self.chain.known[header.hash] = header
        self.names[header.hash] = name
        self.votes[header.hash] = {}
        return header

    def ask(self, block: Header, voters: Iterable[int]) -> None:
        """Ask for signatures; who is allowed to gives it, and remembers that."""
        signed_by, refused_by = [], []
        for number in voters:
            one = self.validators[number - 1]
            if not self.may_sign(one, block):
                refused_by.append(one.name)
                continue
            source = certificate.justify_round(block, self.chain)
            one.voter = certificate.after_vote(one.voter, block.round, source)
            one.heights.add(block.height)
            one.last_round = block.round
            self.votes[block.hash][number - 1] = toy_vote(one.key, block.hash)
            signed_by.append(one.name)
        words = [f"signed by {' '.join(signed_by)}"] if signed_by else []
        words += [f"refused by {' '.join(refused_by)}"] if refused_by else []
        said = f"{self._name(block)} {', '.join(words)}"
        self.tell(f"{said}: {self._standing(block)}")

    def is_certified(self, block: Header) -> bool:
        """Have more than two thirds signed it?"""
        voters = self.votes.get(block.hash, {})
        needed = certificate.needed_weight(self.rules)
        return certificate.weight_of(voters, self.rules) >= needed

    def certified(self) -> list[Header]:
        """All such blocks."""
        return [one for one in self.chain.known.values() if self.is_certified(one)]

    def conflict(self) -> tuple[Header, Header] | None:
        """Two final blocks of which neither stands on the other."""
        found = self.final()
        for index, low in enumerate(found):
            for high in found[index + 1 :]:
                below = self.chain.ancestor(high.hash, low.height)
                if below.hash != low.hash:
                    return low, high
        return None

    def _name(self, block: Header) -> str:
        return f"{self.names[block.hash]} {block.hash.hex()[:6]}"

    def _standing(self, block: Header) -> str:
        n_votes = len(self.votes[block.hash])
        word = "not certified"
        if self.is_certified(block):
            word = "certified"
        if block in self.final():
            word = "final"
        return f"{n_votes} of {N_VALIDATORS}, {word}"

    def verdict(self) -> str:
        """How it ends, in words."""
        found = self.conflict()
        if found is None:
            names = ", ".join(self._name(one) for one in self.final()) or "none yet"
            return f"I6 holds; final: {names}"
        low, high = (self._name(one) for one in found)
        return f"I6 breaks: {low} and {high} are both final, on two branches"


class OneHeight(Stage):
    """Vapor 1.x: signatures of more than two thirds are final; one block a height."""

    label = "Vapor 1.x"

    def may_sign(self, one: Validator, block: Header) -> bool:
        return block.height not in one.heights

    def final(self) -> list[Header]:
        return sorted(self.certified(), key=lambda one: one.height)


class OneView(OneHeight):
    """The BBFT paper: the same, but one block a view, whatever its height."""

    label = "BBFT paper"

    def may_sign(self, one: Validator, block: Header) -> bool:
        return block.round > one.last_round


class OurVotes(Stage):
    """V1 and V2; final is what a certified child in the next round makes so."""

    label = "here"

    def may_sign(self, one: Validator, block: Header) -> bool:
        source = certificate.justify_round(block, self.chain)
        return certificate.may_vote(one.voter, block.round, source)

    def final(self) -> list[Header]:
        found = {}
        for block in self.certified():
            point = certificate.final_through(block, self.chain)
            if point is not None:
                found[point.hash] = self.chain.known[point.hash]
        return sorted(found.values(), key=lambda one: one.height)


class FixedHeight(OurVotes):
    """Our votes, but the new rule begins above height 1 whatever is final there."""

    label = "fixed height"

    def final(self) -> list[Header]:
        based = [one for one in self.certified() if one.height == 1]
        return sorted(based, key=lambda one: one.hash)


# The plays.


def lost_block(stage: Stage) -> None:
    """Four honest validators, one cut off for its slots; then the network heals."""
    first = stage.make("A1", stage.genesis, maker=1, round_=1, on=None)
    stage.ask(first, (1, 2, 3))
    stage.tell("v4, cut off, makes B1 and B2 in its own slots")
    other = stage.make("B1", stage.genesis, maker=4, round_=2, on=None)
    above = stage.make("B2", other, maker=4, round_=3, on=None)
    stage.ask(other, (4,))
    stage.ask(above, (4,))
    stage.tell("the network heals, everybody sees B1 and B2")
    stage.ask(other, (1, 2, 3))
    stage.ask(above, (1, 2, 3))
    third = stage.make("B3", above, maker=2, round_=4, on=above)
    stage.ask(third, (1, 2, 3, 4))


def paper_commit(stage: Stage) -> None:
    """The signatures for A reach one node only; the others change the view."""
    first = stage.make("A", stage.genesis, maker=1, round_=1, on=None)
    stage.ask(first, (1, 2, 3))
    stage.tell("the certificate of A reaches v1 alone; the others change the view")
    other = stage.make("B", stage.genesis, maker=2, round_=2, on=None)
    stage.ask(other, (2, 3, 4))
    child = stage.make("B2", other, maker=3, round_=3, on=other)
    stage.ask(child, (2, 3, 4))
    stage.tell("v1 is back with the certificate of A")
    late = stage.make("A2", first, maker=1, round_=4, on=first)
    stage.ask(late, (1, 2, 3, 4))


def naive_swap(stage: Stage) -> None:
    """A swap above height 1, where two blocks of that height were certified."""
    first = stage.make("C", stage.genesis, maker=1, round_=1, on=None)
    stage.ask(first, (1, 2, 3))
    stage.tell("the certificate of C reaches v1 alone; the others change the view")
    other = stage.make("C'", stage.genesis, maker=2, round_=2, on=None)
    stage.ask(other, (2, 3, 4))
    for base, who in ((first, "v1"), (other, "v2 v3 v4")):
        opens = base in stage.final()
        words = "the new rule begins" if opens else "a closing block comes first"
        stage.tell(f"for {who}, {words} on {stage.names[base.hash]}")
    if first in stage.final():
        return
    closing = stage.make("closing", other, maker=3, round_=3, on=other)
    stage.ask(closing, (1, 2, 3, 4))
    late = stage.make("late closing", first, maker=1, round_=4, on=first)
    stage.ask(late, (1, 2, 3, 4))


@dataclass(frozen=True)
class Lesson:
    """A play, and the rule under which it goes wrong."""

    play: Callable[[Stage], None]
    other: type[Stage]


LESSONS = {
    "lost-block": Lesson(lost_block, OneHeight),
    "paper-commit": Lesson(paper_commit, OneView),
    "naive-swap": Lesson(naive_swap, FixedHeight),
}


def play_lesson(name: str) -> tuple[str, ...]:
    """
    Both outcomes of a lesson, line by line; the verdicts stand at the end of each.

    Args:
        name: one of LESSONS.
    """
    lesson = LESSONS[name]
    lines: list[str] = []
    for stage in (lesson.other(), OurVotes()):
        lesson.play(stage)
        stage.tell(stage.verdict())
        lines += stage.lines
    return tuple(lines)
