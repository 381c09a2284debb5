"""
Who holds a sidechain's locks now, as actors ask it.

What could be undone gets no money: addresses, change and migrations follow what is
final. What is to be recognised, on the other hand, is all that ever was.
"""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.transaction import Transaction
from devnet.engine.federation.collector import Watched
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation, lock_program, lock_programs
from devnet.engine.federation.signatures import holders_of
from devnet.engine.sidechain.state import SideEntry, SideTree


def final_council(tree: SideTree, head: SideEntry) -> Council:
    """Who holds the locks by the newest block that is final to somebody's head."""
    return tree.council(tree[head.final.hash])


def council_of(side: Sidechain) -> Council:
    """The same as the world sees it: new deposits go to its newest federation."""
    return side.tree.council(side.tree[side.final.hash])


def older(council: Council) -> tuple[Federation, ...]:
    """Every federation but the newest, newest first; each set of members once."""
    return tuple(dict.fromkeys(one for one in council.known if one != council.current))


def expired(council: Council) -> tuple[Federation, ...]:
    """Those whose deposits cannot be claimed, unless the same members came again."""
    return tuple(one for one in council.past if one not in council.federations)


def epoch_of(side: Sidechain, federation: Federation) -> int:
    """The number of the newest epoch in which a federation was in force."""
    known = known_federations(side)
    newest = side.tree.council(side.tree[side.head]).epoch
    return newest - known.index(federation)


def deposit_program(turn: Turn, chain: str, claim_script: bytes) -> bytes:
    """The lock program that wallets show for a claim script today."""
    side = turn.side(chain)
    return lock_program(council_of(side).current, side.tree.spec.chain_id, claim_script)


def known_federations(side: Sidechain) -> tuple[Federation, ...]:
    """Every federation there ever was by the sidechain's newest block, newest first."""
    return side.tree.council(side.tree[side.head]).known


def watch_script(turn: Turn, chain: str, claim_script: bytes) -> None:
    """From now on collectors look for deposits to a claim script, in every epoch."""
    side = turn.side(chain)
    chain_id = side.tree.spec.chain_id
    for program in lock_programs(known_federations(side), chain_id, claim_script):
        if program not in turn.watched:
            one = Watched(program, chain, claim_script)
            turn.watched = turn.watched.insert(program, one)


def watch_epochs(turn: Turn, side: Sidechain) -> None:
    """Do so for every claim script that is known, when a new epoch begins."""
    watched = turn.watched
    scripts = {
        watched[program].claim_script
        for program in watched
        if watched[program].chain == side.name
    }
    for script in sorted(scripts):
        watch_script(turn, side.name, script)


def holders(
    side: Sidechain, tx: Transaction, scripts: tuple[bytes, ...]
) -> tuple[Federation, ...]:
    """Who holds each of the federation's inputs of a payout."""
    return holders_of(known_federations(side), side.tree.spec.chain_id, tx, scripts)
