"""What the auditor looks at, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainEntry, MainTree
from devnet.engine.sidechain.locks import Tally
from devnet.engine.sidechain.state import SideEntry, SideTree

LEFT = "locked"
RIGHT = ("circulating", "arriving", "leaving", "burned", "donated", "stranded")
"""Terms of the balance sheet: what is there, and what it must cover."""


def short_name(asset: bytes) -> str:
    """An asset as findings name it."""
    return "BTM" if asset == BTM else asset.hex()[:8]


@dataclass(frozen=True, slots=True)
class Sums:
    """
    The books of one sidechain for one asset, in its smallest unit.

    claimed, withdrawn: all that ever came in by claims and left into withdrawal
    records; with burned they make circulating (I2).
    written_off: claims whose locks were given up with a branch of the mainchain; so
    much less must be covered.
    """

    asset: bytes
    locked: int
    circulating: int
    arriving: int
    leaving: int
    burned: int
    donated: int
    claimed: int
    withdrawn: int = 0
    stranded: int = 0
    written_off: int = 0

    @property
    def covered(self) -> int:
        """All that the locked value must cover."""
        return sum(self.term(name) for name in RIGHT)

    @property
    def difference(self) -> int:
        """Locked and written off less all that must be covered. I1 wants 0."""
        return self.locked + self.written_off - self.covered

    def term(self, name: str) -> int:
        """A term by its name."""
        value = getattr(self, name)
        assert isinstance(value, int)
        return value


@dataclass(frozen=True, slots=True)
class Finding:
    """
    An invariant that does not hold, in words with the values.

    asset: whose sums are wrong; empty where it is about no asset.
    """

    invariant: str
    detail: str
    asset: bytes = b""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit of one sidechain found, at one pair of tips."""

    chain: str
    main_height: int
    side_height: int
    sums: tuple[Sums, ...]
    findings: tuple[Finding, ...]
    main_hash: bytes = b""
    side_hash: bytes = b""

    @property
    def ok(self) -> bool:
        """Does everything hold?"""
        return not self.findings


@dataclass(frozen=True)
class Books:
    """
    What an audit looks at: both chains at their tips.

    Args:
        registered: claim scripts that wallets told a collector of.
        audited: the sidechain block up to which blocks were audited before.
        final_height: up to which blocks of the sidechain are final.
        finals: what each validator holds final.
    """

    chain: str
    main: MainTree
    main_tip: bytes
    side: SideTree
    side_tip: bytes
    registered: frozenset[bytes]
    audited: bytes
    final_height: int
    finals: tuple[Checkpoint, ...] = ()

    @property
    def main_entry(self) -> MainEntry:
        """The mainchain's tip."""
        return self.main[self.main_tip]

    @property
    def side_entry(self) -> SideEntry:
        """The sidechain's tip."""
        return self.side[self.side_tip]

    @property
    def council(self) -> Council:
        """Who holds the locks at the sidechain's tip, and who held them before."""
        return self.side.council(self.side_entry)

    @property
    def federations(self) -> tuple[Federation, ...]:
        """All that ever held the sidechain's locks, each once, newest first."""
        return tuple(dict.fromkeys(self.council.known))

    def blocks_above(self, known: bytes) -> tuple[SideEntry, ...]:
        """The sidechain's blocks that are not on the branch of one, oldest first."""

        def downward() -> Iterator[SideEntry]:
            entry = self.side_entry
            while not self.side.is_ancestor(entry.hash, known):
                yield entry
                entry = self.side[entry.header.previous]

        return tuple(downward())[::-1]

    def all_blocks(self) -> tuple[SideEntry, ...]:
        """Every block of the sidechain above its first."""
        return self.blocks_above(self.side.spec.chain_id)

    def parent(self, entry: SideEntry) -> SideEntry:
        """The block below one of the sidechain."""
        return self.side[entry.header.previous]


@dataclass(frozen=True, slots=True)
class Count:
    """
    Books that were added up.

    Args:
        sums: by asset, BTM first.
        blocks: of the sidechain, to be looked at one by one, oldest first.
        whole: these are all, and nothing that was seen before is taken for granted.
    """

    books: Books
    tally: Tally
    sums: tuple[Sums, ...]
    blocks: tuple[SideEntry, ...]
    whole: bool
