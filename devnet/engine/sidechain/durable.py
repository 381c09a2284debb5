"""
What a sidechain's database keeps besides blocks: whose it is, what is final, and what
each validator has signed.

A validator's voting state is written before the step that signed becomes real, so what
is read back is never behind what anybody can have received. Its newest own block goes
with it: a rule that gives each round to one validator would wait for ever for a block
that was signed, may not be signed again, and is lost.

Tables: m name and final block, v voting state by epoch and key, o own block by key,
w proof of work of a block.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from rpds import HashTrieMap

from devnet.engine.errors import StorageError
from devnet.engine.interfaces import Checkpoint, Reader, Store
from devnet.engine.plain import from_text, to_text
from devnet.engine.sidechain.node import Ballot, SideNode
from devnet.engine.sidechain.persist import Changes, apply_changes

NAME = b"mname"
FINAL = b"mfinal"
TIP = b"mtip"
BALLOTS = b"v"
OWN_BLOCKS = b"o"
WORKS = b"w"


class StoreOfAnother(StorageError):
    """A database that should be empty holds something: whose is it?"""

    code = "storage.of-another"
    default_hint = "It is left as it is. Move it away, or take another name or folder."


def take_over(store: Store, chain: str, chain_id: bytes) -> None:
    """
    Write a sidechain's name into its empty database. One with nothing but a name is
    as good: a world that died at its very beginning left it.

    Raises:
        StoreOfAnother: the database is not empty; nothing is written.
    """
    if any(key != NAME for key, _ in islice(store.iterate(), 2)):
        raise StoreOfAnother(f"the database for {chain} is not empty", chain=chain)
    apply_changes(store, name_changes(chain_id))


def name_changes(chain_id: bytes) -> Changes:
    """Whose database it is."""
    return ((NAME, chain_id),)


def final_changes(final: Checkpoint) -> Changes:
    """Which block somebody could prove final."""
    return ((FINAL, final.height.to_bytes(8, "big") + final.hash),)


def ballot_changes(
    nodes: Iterable[SideNode], before: Iterable[SideNode] = ()
) -> Changes:
    """The voting states that differ from those of the validators before."""
    nodes, before = tuple(nodes), tuple(before)
    if len(nodes) == len(before):
        pairs = [(a, b) for a, b in zip(nodes, before, strict=True) if a is not b]
        nodes, before = [new for new, _ in pairs], [old for _, old in pairs]
    known = {node.name: node.ballots for node in before}
    changes: list[tuple[bytes, bytes | None]] = []
    for node in nodes:
        old = known.get(node.name)
        if node.ballots is old:
            continue
        for epoch in sorted(node.ballots):
            ballot = node.ballots[epoch]
            if old is None or old.get(epoch) != ballot:
                key = BALLOTS + epoch.to_bytes(8, "big") + node.key
                changes.append((key, to_text(ballot)))
    return tuple(changes)


def own_block_changes(key: bytes, raw: bytes) -> Changes:
    """The newest block that a validator signed as its maker."""
    return ((OWN_BLOCKS + key, raw),)


def work_changes(block_hash: bytes, work: bytes | None) -> Changes:
    """The proof-of-work function's answer for a block, if it is known."""
    return ((WORKS + block_hash, work),)


def read_final(reader: Reader) -> Checkpoint | None:
    """The newest block that was final to somebody."""
    value = reader.get(FINAL)
    if value is None:
        return None
    return Checkpoint(int.from_bytes(value[:8], "big"), value[8:])


def read_ballots(reader: Reader) -> dict[bytes, HashTrieMap[int, Ballot]]:
    """Voting states by key and epoch."""
    found: dict[bytes, HashTrieMap[int, Ballot]] = {}
    for key, value in reader.iterate(prefix=BALLOTS):
        epoch, who = int.from_bytes(key[1:9], "big"), key[9:]
        ballots = found.get(who)
        if ballots is None:
            ballots = HashTrieMap()
        found[who] = ballots.insert(epoch, from_text(Ballot, value))
    return found
