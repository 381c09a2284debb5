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

from devnet.engine.bc.block import Block, BlockHeader, parse_block
from devnet.engine.codec import from_hex
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import WorkSource
from devnet.engine.mainchain.foreign import check_genesis, works_ahead
from devnet.engine.mainchain.state import MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView, receive
from devnet.starter import load_starter

N_AHEAD = 16
"""Blocks whose work is asked for ahead of the one that is being judged."""
WAIT_S = 60.0
FOREVER_S = 2**40
"""A clock for our own history."""


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
class Holding:
    """
    What a node without a network has.

    Args:
        tree: all blocks with their states.
        view: the branch that it follows.
        n_taken, n_known: blocks of a file that were new, and that were here before.
    """

    tree: MainTree
    view: MainView
    n_taken: int = 0
    n_known: int = 0

    @property
    def height(self) -> int:
        """Of the tip that the node follows."""
        return self.tree[self.view.tip].height


def base_chain(profile: str, *, empty: bool = False) -> Holding:
    """What a new node of a profile has: the starter chain, or its genesis alone."""
    tree = genesis_tree(profile)
    tip = tree.genesis_hash
    for block, work in () if empty else load_starter(profile):
        tree = tree.with_block(block, work, FOREVER_S)
        tip = block.header.hash
    return Holding(tree, MainView(tip, HashTrieMap(dict.fromkeys(tree.entries))))


def raw_lines(tree: MainTree, tip: bytes) -> Iterator[str]:
    """The blocks of a branch as hex, from the genesis block to its tip."""
    return (block.raw.hex() for block in tree.branch(tip))


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
        self._next_height = 0

    def __bool__(self) -> bool:
        return bool(self._window)

    def block(self) -> Block:
        """
        The block whose turn it is.

        Raises:
            CodecError: its line is no block. The place is named.
        """
        entry = self._window[0]
        if entry.block is None:
            assert entry.error is not None
            raise self.placed(entry.error)
        return entry.block

    def headers(self) -> Iterator[BlockHeader]:
        """Its header and those after it, as far as they are at hand."""
        for entry in self._window:
            if entry.block is None:
                return
            yield entry.block.header

    def done(self) -> None:
        """On to the next."""
        self._next_height = self.block().header.height + 1
        self._window.popleft()
        self._window.extend(islice(self._rest, 1))

    def placed(self, error: DevnetError) -> DevnetError:
        """The same error, its sentence with height and line before, the rule behind."""
        entry = self._window[0]
        height = entry.block.header.height if entry.block else self._next_height
        place = f"block {height}, line {entry.line}"
        error.message = f"{place}: {error.message} [{_rule_of(error)}]"
        error.args = (error.message,)
        error.facts |= {"block_height": height, "line": entry.line}
        return error


def _rule_of(error: DevnetError) -> str:
    """The code of the rule; with the rule inside, or with Bytom's words for it."""
    more = error.facts.get("cause") or getattr(error, "text", "")
    return f"{error.code}, {more}" if more else error.code


def import_chain(
    base: Holding,
    entries: Iterable[Entry],
    works: WorkSource,
    clock_s: int,
    told: Callable[[int], None] = lambda n_done: None,
) -> Holding:
    """
    Take a file's blocks in, each by every rule, and follow the branch that a Bytom node
    would.

    Args:
        clock_s: seconds since 1970; a block may be one hour ahead of it.
        told: hears the number of blocks that are done.

    Raises:
        DevnetError: the first rule broken, with height and line in its sentence.
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
                tree = _taken(tree, block, incoming, works, clock_s)
                view = receive(tree, view, block.header.hash)
                n_taken += 1
        except DevnetError as error:
            raise incoming.placed(error) from None
        incoming.done()
        told(n_taken + n_known)
    return Holding(tree, view, n_taken, n_known)


def _taken(
    tree: MainTree, block: Block, incoming: Incoming, works: WorkSource, clock_s: int
) -> MainTree:
    """The tree with one more block. Its work is waited for, however long it takes."""
    header = block.header
    check_genesis(tree, header)
    seed = tree.seed_to_check(header, clock_s)
    works.want(((seed, header.hash), *works_ahead(tree, incoming.headers())))
    while (work := works.get(seed, header.hash)) is None:
        works.wait(WAIT_S)
    return tree.with_block(block, work, clock_s)
