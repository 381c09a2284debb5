"""
A toy chain for consensus rules: headers, toy signatures, a reader over them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha3_256
from typing import Any

from devnet.engine.interfaces import (
    Candidate,
    Certificate,
    Checkpoint,
    ConsensusEngine,
    Electing,
    Header,
    Phase,
    Rules,
    Validator,
)

CHAIN_ID = sha3_256(b"a chain for tests").digest()


# Signatures that anybody could forge, and nobody does by chance.


def toy_sign(purpose: str, key: bytes, content: bytes) -> bytes:
    """A signature by the holder of this public key."""
    return sha3_256(purpose.encode() + key + content).digest()


def toy_vote(
    key: bytes, block_hash: bytes, phase: Phase = "vote", epoch: int = 0, round: int = 0
) -> bytes:
    """A vote for a block; in phases other than "vote" it counts in one view only."""
    if phase == "vote":
        return toy_sign("vote", key, block_hash)
    return toy_sign(f"{phase} {epoch} {round}", key, block_hash)


def toy_view(key: bytes, epoch: int, round: int, justify_hash: bytes) -> bytes:
    """A signature under a change of view."""
    return toy_sign(f"view {epoch} {round}", key, justify_hash)


# Blocks.


def make_header(parent: Header, *, content: object = (), **values: Any) -> Header:
    """A child of `parent` whose hash depends on everything in it but the witness."""
    header = Header(hash=b"", height=parent.height + 1, previous=parent.hash, **values)
    return hashed(header, content)


def reseal(header: Header, rules: Rules, index: int, **changes: Any) -> Header:
    """The header with some fields changed, hashed anew and signed by a validator."""
    header = hashed(replace(header, **changes))
    return signed(header, rules.validators[index].key)


def signed(header: Header, key: bytes) -> Header:
    """The header with the signature of this key as its proposer's."""
    return replace(header, signature=toy_sign("proposal", key, header.hash))


def hashed(header: Header, content: object = ()) -> Header:
    """The header under the hash of what is in it, and of the block's content."""
    bare = replace(header, hash=b"", signature=b"", certificate=Certificate())
    return replace(header, hash=sha3_256(repr((bare, content)).encode()).digest())


def make_genesis(genesis_ms: int = 0) -> Header:
    """The block of height 0."""
    return Header(
        hash=CHAIN_ID, height=0, previous=bytes(32), time_ms=genesis_ms, epoch=0,
        engine="any", round=0, justify=Checkpoint(0, bytes(32)), engine_data=b"name",
    )  # fmt: skip


def old_epoch(genesis: Header, n_blocks: int) -> list[Header]:
    """Genesis, and if asked for blocks of another rule with two closing blocks."""
    blocks = [genesis]
    for height in range(1, n_blocks + 3 if n_blocks else 1):
        block = make_header(
            blocks[-1], time_ms=137 * height, epoch=0, engine="old", round=900 + height,
            justify=Checkpoint(0, genesis.hash), engine_data=b"whatever",
        )  # fmt: skip
        blocks.append(block)
    return blocks


# Rules.


def default_params(engine: ConsensusEngine, **given: int) -> dict[str, int]:
    """The engine's parameters, some of them given."""
    return {param.name: param.default for param in engine.info.params} | given


def make_validator(index: int) -> Validator:
    """v0, v1, ... of equal weight."""
    return Validator(f"v{index}", sha3_256(b"key %d" % index).digest())


def make_rules(
    engine: ConsensusEngine,
    n: int,
    base: Header,
    epoch: int = 0,
    *,
    weights: Sequence[int] = (),
    **params: int,
) -> Rules:
    """
    Rules of an epoch with n validators v0, v1, ...

    Args:
        weights: of the first ones; all others have weight 1.
    """
    validators = [make_validator(index) for index in range(n)]
    for index, weight in enumerate(weights):
        validators[index] = replace(validators[index], weight=weight)
    return Rules(
        epoch,
        engine.info.name,
        default_params(engine, **params),
        tuple(validators),
        Checkpoint(base.height, base.hash),
    )


# What a validator knows.


@dataclass
class Polls:
    """
    Votes and candidates as the chain has them, by the height from which they hold.
    They are the same on every branch.
    """

    tallies: dict[int, Mapping[bytes, int]] = field(default_factory=dict)
    candidates: dict[int, tuple[Candidate, ...]] = field(default_factory=dict)

    def tally_at(self, height: int) -> Mapping[bytes, int]:
        """Votes by validator key after the block of a height."""
        since = [each for each in self.tallies if each <= height]
        return self.tallies[max(since)] if since else {}

    def candidates_at(self, height: int) -> tuple[Candidate, ...]:
        """Who is registered after the block of a height."""
        since = [each for each in self.candidates if each <= height]
        return self.candidates[max(since)] if since else ()


@dataclass
class LabChain:
    """
    What one validator knows of the chain. The engine reads it as a ChainReader.

    Args:
        elector: the engine, when its validators change by votes.
        lists: the rules of each block, as far as somebody asked who acted in it.
    """

    epochs: dict[int, Rules]
    tip: Header
    known: dict[bytes, Header]
    genesis_ms: int = 0
    now_ms: int = 0
    chain_id: bytes = CHAIN_ID
    polls: Polls = field(default_factory=Polls)
    elector: Electing | None = None
    lists: dict[bytes, Rules] = field(default_factory=dict)

    def header(self, block_hash: bytes) -> Header | None:
        return self.known.get(block_hash)

    def ancestor(self, block_hash: bytes, height: int) -> Header:
        block = self.known[block_hash]
        assert 0 <= height <= block.height, "asked for an ancestor above the block"
        while block.height > height:
            block = self.known[block.previous]
        return block

    def head(self) -> Header:
        return self.tip

    def rules(self, epoch: int) -> Rules:
        return self.epochs[epoch]

    def rules_of(self, header: Header) -> Rules:
        rules = self.epochs[header.epoch]
        parent = self.known.get(header.previous)
        old = header.epoch != max(self.epochs) or header.height <= rules.base.height
        if self.elector is None or parent is None or old:
            return rules
        if header.hash not in self.lists:
            # Electors ask for the list of the parent, and so on down to the base.
            acting = self.elector.acting(header.time_ms, parent, rules, self)
            self.lists[header.hash] = replace(rules, validators=acting)
        return self.lists[header.hash]

    def tally(self, block_hash: bytes) -> Mapping[bytes, int]:
        return self.polls.tally_at(self.known[block_hash].height)

    def candidates(self, block_hash: bytes) -> tuple[Candidate, ...]:
        return self.polls.candidates_at(self.known[block_hash].height)

    def banned(self, block_hash: bytes) -> frozenset[bytes]:
        return frozenset()

    def work(self, block_hash: bytes) -> bytes:
        return sha3_256(b"work" + block_hash).digest()

    def signed_by(self, header: Header, index: int) -> bool:
        key = _key(self.rules_of(header), index)
        if key is None:
            return False
        return header.signature == toy_sign("proposal", key, header.hash)

    def voted_for(
        self,
        block_hash: bytes,
        epoch: int,
        index: int,
        sig: bytes,
        phase: Phase = "vote",
        round: int = 0,
    ) -> bool:
        block = self.known.get(block_hash)
        if epoch not in self.epochs or (block is not None and block.epoch != epoch):
            return False
        if block is None and self.tip.epoch == epoch:
            block = self.tip  # The list of an unknown block: the head's.
        rules = self.epochs[epoch] if block is None else self.rules_of(block)
        key = _key(rules, index)
        return key is not None and sig == toy_vote(key, block_hash, phase, epoch, round)

    def proves(self, block_hash: bytes, epoch: int, votes: Certificate) -> bool:
        voters = votes.voters()
        return len(voters) == len(votes.signatures) and all(
            self.voted_for(block_hash, epoch, index, sig)
            for index, sig in zip(voters, votes.signatures, strict=True)
        )

    def merged(self, epoch: int, parts: Sequence[Certificate]) -> Certificate:
        return Certificate.joined(parts)

    def viewed(
        self, epoch: int, round: int, justify_hash: bytes, index: int, sig: bytes
    ) -> bool:
        key = _key(self.epochs[epoch], index) if epoch in self.epochs else None
        return key is not None and sig == toy_view(key, epoch, round, justify_hash)


def _key(rules: Rules, index: int) -> bytes | None:
    known = isinstance(index, int) and 0 <= index < len(rules.validators)
    return rules.validators[index].key if known else None
