"""
Finding offences in what arrives, and taking the seat from whoever is convicted.

The bond goes at once, with the block that carries the evidence. The seat goes by a swap
to the same rule without the offender, which every honest validator asks for by itself
as soon as that block is final, in words that follow from the chain alone.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.approving import swap_asked
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.witness import accuse, compare_heard, saw_bad_votes
from devnet.engine.bc.evidence import (
    BAD_BLOCK,
    BAD_CLAIM,
    TWO_PROPOSALS,
    Evidence,
    HandIn,
    SignedHeader,
)
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.sideblock import SideBlock, params_text, proposal_message
from devnet.engine.bc.transaction import Transaction
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.state import SideEntry

MOST_RECENT = 32
"""Blocks that a validator keeps to look for a twin."""
SPARE_BLOCKS = 4
"""More than the notice, for the approvals to be told."""


def saw_block(turn: Turn, chain: str, name: str, entry: SideEntry) -> None:
    """Is there another block of the same round under the same key?"""
    compare_heard(turn, chain, name, entry.hash)
    header = entry.block.header
    if header.bits:
        return  # Mined blocks take no turns.
    for twin in _of_round(turn, chain, name, entry):
        key = _common_signer(turn, chain, entry, twin)
        if key is not None:
            one, two = sorted((header, twin.block.header), key=lambda it: it.hash)
            first, second = SignedHeader(one, key).raw, SignedHeader(two, key).raw
            accuse(turn, chain, name, Evidence(TWO_PROPOSALS, first, second))


def _of_round(turn: Turn, chain: str, name: str, entry: SideEntry) -> list[SideEntry]:
    """Other blocks of its round, among those that came last; it becomes one of them."""
    tree, node = turn.side(chain).tree, turn.node(chain, name)
    recent = (*node.recent, entry.hash)[-MOST_RECENT:]
    turn.set_node(chain, replace(node, recent=recent))
    place = entry.header.epoch, entry.header.round
    others = [tree[one] for one in node.recent if one != entry.hash]
    return [one for one in others if (one.header.epoch, one.header.round) == place]


def _common_signer(
    turn: Turn, chain: str, one: SideEntry, two: SideEntry
) -> bytes | None:
    chain_id = turn.side(chain).tree.spec.chain_id
    for validator in one.state.seated.validators:
        if all(
            verify(
                validator.key,
                proposal_message(chain_id, entry.hash),
                entry.block.header.signature,
            )
            for entry in (one, two)
        ):
            return validator.key
    return None


def saw_bad_block(turn: Turn, chain: str, name: str, block: SideBlock) -> None:
    """
    A block that breaks a rule is evidence against its maker by itself, and with a vote
    for it against the voter, if it fits in a record.
    """
    saw_bad_votes(turn, chain, name, block)
    chain_id = turn.side(chain).tree.spec.chain_id
    message = proposal_message(chain_id, block.header.hash)
    head = turn.side(chain).tree[turn.node(chain, name).head]
    for validator in head.state.seated.validators:
        if verify(validator.key, message, block.header.signature):
            record = Evidence(BAD_BLOCK, block.raw, validator.key)
            accuse(turn, chain, name, record)
            return


def saw_claim(
    turn: Turn, chain: str, name: str, tx: Transaction, word: HandIn | None
) -> None:
    """A claim that its collector answers for, and that no pool takes, may convict."""
    if word is None or tx.id in turn.node(chain, name).pool:
        return
    accuse(turn, chain, name, Evidence(BAD_CLAIM, tx.raw, word.raw))


# The seat.


def expel(turn: Turn, chain: str, name: str) -> None:
    """Ask for the same rule without those whom a final block convicts."""
    node = turn.node(chain, name)
    head = turn.side(chain).tree[node.head]
    banned = head.state.roster.banned
    if not len(banned) or head.state.pending is not None:
        return
    rules = head.state.rules
    out = [one.key for one in rules.validators if one.key in banned]
    engine = turn.tools.engine(rules.engine)
    left = tuple(one for one in rules.validators if one.key not in banned)
    if not out or node.key in out or len(left) < engine.info.least_validators:
        return
    since = max(banned[key] for key in out)
    if head.final.height < since:
        return
    notice = turn.before.swap_notice
    closing_height = max(since, rules.base.height) + 3 * notice
    while closing_height < head.height + notice + SPARE_BLOCKS:
        closing_height += 2 * notice
    record = SwapRecord(
        rules.epoch, rules.engine, params_text(dict(rules.params)), closing_height, left
    )
    # Others may have asked first; whoever asked in other words must be waited for.
    wish = node.swap
    if wish is None or (wish.record == record and node.key not in wish.approvals):
        swap_asked(turn, chain, name, record)
