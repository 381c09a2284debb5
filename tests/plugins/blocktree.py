"""Small trees of named blocks with real-looking certificates, for tests."""

from __future__ import annotations

from devnet.engine.interfaces import Certificate, Checkpoint, Header
from devnet.plugins.certificate import final_seen
from devnet.plugins.dpos_bbft import DposBbft
from tests.plugins.fakechain import FakeChain, make_genesis, make_rules, toy_sign

GENESIS = make_genesis()
RULES = make_rules(DposBbft(), 4, GENESIS)


def vote(index: int, block: Header) -> bytes:
    return toy_sign("vote", RULES.validators[index].key, block.hash)


def certificate(block: Header, *voters: int) -> Certificate:
    return Certificate.of({index: vote(index, block) for index in voters or (0, 1, 2)})


class Tree:
    """Blocks by name, each with its parent, round and justify."""

    def __init__(self) -> None:
        self.chain = FakeChain({0: RULES}, GENESIS, {GENESIS.hash: GENESIS})
        self.by_name = {"base": GENESIS}

    def add(self, name: str, parent: str, round_: int, justify: str) -> Header:
        under, source = self.by_name[parent], self.by_name[justify]
        block = Header(
            name.encode(), under.height + 1, under.hash, round_, 0, "dpos-bbft", round_,
            Checkpoint(source.height, source.hash),
            certificate=Certificate() if justify == "base" else certificate(source),
        )  # fmt: skip
        self.by_name[name] = self.chain.known[block.hash] = block
        return block

    def final(self, name: str) -> bytes:
        return final_seen(self.by_name[name], self.chain).hash
