"""
Mainchains in files: one raw block in hex a line, lowest height first.

A stock Bytom node takes such lines through `submit-block`, and what it answers to
`get-raw-block` makes such a file. A chain that comes in is judged by every rule, its
proof of work computed anew; cheap rules come first, so that a file of nonsense costs
nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from rpds import HashTrieMap

from devnet.engine.bc.block import Block, parse_block
from devnet.engine.codec import from_hex, to_hex
from devnet.engine.errors import BlockError, DevnetError
from devnet.engine.interfaces import WorkSource
from devnet.engine.mainchain.profile import PROFILES, genesis_block
from devnet.engine.mainchain.state import (
    SEED_WINDOW,
    MainTree,
    UnknownParent,
    genesis_tree,
)
from devnet.engine.mainchain.view import MainView, receive
from devnet.starter import load_starter

N_AHEAD = 16
"""Blocks whose work is asked for ahead of the one that is being judged."""
WAIT_S = 60.0
FOREVER_S = 2**40
"""A clock for our own history."""


class WrongGenesis(BlockError):
    """The file begins with the genesis block of another chain."""

    code = "block.genesis"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of a file.

    Args:
        line: its number, from 1.
        block: what it holds; None when it is no block, and `error` says why.
    """

    line: int
    block: Block | None
    error: DevnetError | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A tree with what came in, the tip that a node follows then, and how many came."""

    tree: MainTree
    view: MainView
    n_taken: int = 0
    n_known: int = 0


# Out.


def raw_lines(tree: MainTree, tip: bytes) -> Iterator[str]:
    """The blocks of a branch as hex, from the genesis block to its tip."""
    hashes = tree[tip].state.hashes
    for height in range(tree[tip].height + 1):
        yield to_hex(tree[hashes[height]].block.raw)


def base_chain(profile: str, *, empty: bool = False) -> Imported:
    """What a new node of a profile has: the starter chain, or its genesis alone."""
    tree = genesis_tree(profile)
    tip = tree.genesis_hash
    for block, work in () if empty else load_starter(profile):
        tree = tree.with_block(block, work, FOREVER_S)
        tip = block.header.hash
    return Imported(tree, MainView(tip, HashTrieMap(dict.fromkeys(tree.entries))))


# In.


def read_entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The blocks of a file, read one by one. Empty lines do not count."""
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            yield Entry(number, parse_block(from_hex(text.strip())))
        except DevnetError as error:
            yield Entry(number, None, error)


class Incoming:
    """
    The entries of a file, one after the other, with a look at those that follow.

    Args:
        entries: as `read_entries` gives them.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._rest = iter(entries)
        self._window = deque(islice(self._rest, N_AHEAD))
        self.last_height = -1

    def __bool__(self) -> bool:
        return bool(self._window)

    @property
    def entry(self) -> Entry:
        """The one whose turn it is."""
        return self._window[0]

    def block(self) -> Block:
        """
        Its block.

        Raises:
            CodecError: the line is no block. The place is named.
        """
        if self.entry.block is None:
            assert self.entry.error is not None
            raise self.placed(self.entry.error)
        return self.entry.block

    def done(self) -> None:
        """On to the next."""
        self.last_height = self.block().header.height
        self._window.popleft()
        self._window.extend(islice(self._rest, 1))

    def ahead(self, tree: MainTree) -> tuple[tuple[bytes, bytes], ...]:
        """The (seed, header hash) pairs of the blocks at hand, if all goes well."""
        seeds: dict[bytes, tuple[int, bytes]] = {}
        pairs = []
        for block in (entry.block for entry in self._window):
            if block is None:
                break
            header = block.header
            if (parent := tree.get(header.previous)) is not None:
                seed = tree.seed_for_child(parent)
            elif (below := seeds.get(header.previous)) is not None:
                is_first = below[0] % SEED_WINDOW == 0
                seed = header.previous if is_first else below[1]
            else:
                break
            seeds[header.hash] = header.height, seed
            if header.hash not in tree.entries:
                pairs.append((seed, header.hash))
        return tuple(pairs)

    def placed(self, error: DevnetError) -> DevnetError:
        """The same error, with the block and its line in front of its sentence."""
        block = self.entry.block
        height = self.last_height + 1 if block is None else block.header.height
        place = f"block {height}, line {self.entry.line}"
        error.message = f"{place}: {error.message} [{_rule_of(error)}]"
        error.args = (error.message,)
        error.facts |= {"block_height": height, "line": self.entry.line}
        return error


def _rule_of(error: DevnetError) -> str:
    """The code of the rule; with the rule inside, or with Bytom's words for it."""
    more = error.facts.get("cause") or getattr(error, "text", "")
    return f"{error.code}, {more}" if more else error.code


def check_place(tree: MainTree, block: Block) -> None:
    """
    Does the block belong to this mainchain at all?

    Raises:
        WrongGenesis, UnknownParent: with the profile to which it belongs, if there is
            one.
    """
    header = block.header
    if header.hash in tree.entries or header.previous in tree.entries:
        return
    for name in PROFILES:
        genesis = genesis_block(name).header.hash
        if genesis in (header.hash, header.previous):
            raise WrongGenesis(
                f"this chain begins with {genesis.hex()[:16]}, ours with "
                f"{tree.genesis_hash.hex()[:16]}",
                hint=f"It is a chain of the profile {name}: --profile {name}",
            )
    if header.height == 0:
        raise WrongGenesis(
            f"this chain begins with {header.hash.hex()[:16]}, ours with "
            f"{tree.genesis_hash.hex()[:16]}"
        )
    raise UnknownParent(
        f"the parent {header.previous.hex()[:16]} is unknown",
        height=header.height,
        previous=header.previous,
    )


def import_chain(
    base: Imported,
    entries: Iterable[Entry],
    works: WorkSource,
    clock_s: int,
    told: Callable[[int], None] = lambda n_done: None,
) -> Imported:
    """
    Take a file's blocks in, each by every rule. The view follows the branch that a
    Bytom node would.

    Args:
        clock_s: seconds since 1970; a block may be one hour ahead of it.
        told: hears the number of lines that are done.

    Raises:
        DevnetError: the first rule broken, with height and line in its sentence. What
            came before is lost with the value that was not returned.
    """
    tree, view = base.tree, base.view
    n_taken = n_known = 0
    incoming = Incoming(entries)
    while incoming:
        block = incoming.block()
        try:
            if block.header.hash in view.seen:
                n_known += 1
            else:
                check_place(tree, block)
                seed = tree.seed_to_check(block.header, clock_s)
                work = _awaited(works, incoming.ahead(tree), seed, block.header.hash)
                tree = tree.with_block(block, work, clock_s)
                view = receive(tree, view, block.header.hash)
                n_taken += 1
        except DevnetError as error:
            raise incoming.placed(error) from None
        incoming.done()
        told(n_taken + n_known)
    return Imported(tree, view, n_taken, n_known)


def _awaited(
    works: WorkSource,
    ahead: tuple[tuple[bytes, bytes], ...],
    seed: bytes,
    header_hash: bytes,
) -> bytes:
    """The work of a header, however long it takes."""
    works.want(((seed, header_hash), *ahead))
    while (work := works.get(seed, header_hash)) is None:
        works.wait(WAIT_S)
    return work
