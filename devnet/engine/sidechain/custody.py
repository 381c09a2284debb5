"""
What federation members answer for with their bonds: seats that are accepted, and funds
that the federations they sat in still hold on the mainchain.

Funds that old members do not sign over remain theirs to sign, and so does their bond
remain bound. The mainchain is looked at as the block's anchor has it, so every node and
every replay finds the same.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation, lock_program, treasury_program
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.state import SideEntry, SideTree


@dataclass(frozen=True, slots=True)
class Held:
    """
    What federations hold.

    Args:
        n_outputs: unspent outputs of every asset. btm_neu: those of BTM together.
        n_federations: how many of the federations hold any.
    """

    n_outputs: int = 0
    btm_neu: int = 0
    n_federations: int = 0


@dataclass(frozen=True, slots=True)
class Custody:
    """
    The view of a block on `parent`.

    Args:
        anchor: that block's; it is in the tree of the mainchain.
    """

    tree: SideTree
    main: MainTree
    parent: SideEntry
    anchor: Checkpoint

    @property
    def council(self) -> Council:
        """Who holds the locks for this block."""
        return self.tree.council(self.parent)

    def seats(self, member: bytes) -> tuple[int, ...]:
        """Epochs of the accepted or coming federations that a root xpub sits in."""
        council = self.council
        found = [
            council.epoch - age
            for age, federation in enumerate(council.federations)
            if member in federation.members
        ]
        if council.wanted is not None and member in council.wanted.members:
            found.append(council.epoch + 1)
        return tuple(sorted(found))

    def out_height(self, member: bytes) -> int:
        """From which height on it sat in no accepted federation; 0: it never sat."""
        council = self.council
        return max(
            (
                end
                for federation, end in zip(council.past, council.ends, strict=True)
                if member in federation.members
            ),
            default=0,
        )

    def held_for(self, member: bytes) -> Held:
        """What the federations hold that this member ever sat in."""
        # The same members may have come back; what they hold counts once.
        found = [
            self.held_by(federation)
            for federation in dict.fromkeys(self.council.known)
            if member in federation.members
        ]
        return Held(
            sum(one.n_outputs for one in found),
            sum(one.btm_neu for one in found),
            sum(one.n_outputs > 0 for one in found),
        )

    def held_by(self, federation: Federation) -> Held:
        """
        What a federation holds: in its treasury, and at the lock programs of every
        claim script that was ever claimed for.
        """
        chain_id = self.tree.spec.chain_id
        claims = self.parent.state.claimed.values()
        scripts = {claim.claim_script for claim in claims}
        programs = [lock_program(federation, chain_id, one) for one in scripts]
        coins = self.main[self.anchor.hash].state.coins
        outputs = [
            coin
            for program in (treasury_program(federation, chain_id), *programs)
            for coin in coins.held_by(program)
        ]
        return Held(
            len(outputs),
            sum(coin.amount for coin in outputs if coin.asset == BTM),
            1 if outputs else 0,
        )


def custody_above(tree: SideTree, main: MainTree, head: bytes) -> Custody:
    """What a block above this head sees at the least: its anchor may be a newer one."""
    parent = tree[head]
    return Custody(tree, main, parent, parent.anchor)
