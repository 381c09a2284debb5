"""
A toy chain for tests of consensus rules: headers, toy signatures, a reader over them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import Any

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusEngine,
    Header,
    Rules,
    Validator,
)

CHAIN_ID = sha3_256(b"a chain for tests").digest()


def toy_sign(purpose: str, key: bytes, block_hash: bytes) -> bytes:
    """A signature that anybody could forge, and nobody does by chance."""
    return sha3_256(purpose.encode() + key + block_hash).digest()


def make_header(parent: Header, *, content: object = (), **values: Any) -> Header:
    """A child of `parent` whose hash depends on everything in it but the witness."""
    header = Header(hash=b"", height=parent.height + 1, previous=parent.hash, **values)
    return _hashed(header, content)


def reseal(header: Header, rules: Rules, index: int, **changes: Any) -> Header:
    """The header with some fields changed, hashed anew and signed by a validator."""
    header = _hashed(replace(header, **changes))
    key = rules.validators[index].key
    return replace(header, signature=toy_sign("proposal", key, header.hash))


def _hashed(header: Header, content: object = ()) -> Header:
    bare = replace(header, hash=b"", signature=b"", certificate=Certificate())
    return replace(header, hash=sha3_256(repr((bare, content)).encode()).digest())


def default_params(engine: ConsensusEngine, **given: int) -> dict[str, int]:
    """The engine's parameters, some of them given."""
    return {param.name: param.default for param in engine.info.params} | given


def make_rules(
    engine: ConsensusEngine, n: int, base: Header, epoch: int = 0, **params: int
) -> Rules:
    """Rules of an epoch with n validators v0, v1, ... of equal weight."""
    validators = tuple(
        Validator(f"v{index}", sha3_256(b"key %d" % index).digest())
        for index in range(n)
    )
    return Rules(
        epoch,
        engine.info.name,
        default_params(engine, **params),
        validators,
        Checkpoint(base.height, base.hash),
    )


def make_genesis(genesis_ms: int = 0) -> Header:
    """The block of height 0."""
    return Header(
        hash=CHAIN_ID, height=0, previous=bytes(32), time_ms=genesis_ms, epoch=0,
        engine="any", round=0, justify=Checkpoint(0, bytes(32)), engine_data=b"name",
    )  # fmt: skip


@dataclass
class FakeChain:
    """What one validator knows of the chain. The engine reads it as a ChainReader."""

    epochs: dict[int, Rules]
    tip: Header
    known: dict[bytes, Header]
    genesis_ms: int = 0
    now_ms: int = 0
    chain_id: bytes = CHAIN_ID

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

    def signed_by(self, header: Header, index: int) -> bool:
        key = self.epochs[header.epoch].validators[index].key
        return header.signature == toy_sign("proposal", key, header.hash)

    def voted_for(self, block_hash: bytes, epoch: int, index: int, sig: bytes) -> bool:
        key = self.epochs[epoch].validators[index].key
        return sig == toy_sign("vote", key, block_hash)


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
