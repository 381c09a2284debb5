"""What BBFT shows of a member: the tree of its round, its cost, the votes it holds."""

from __future__ import annotations

from devnet.engine.interfaces import Branches, ChainReader, Header, Picture, Tally
from devnet.plugins.bbft_state import Member, offers_for, voters_in
from devnet.plugins.bbft_tree import tree_of
from devnet.plugins.header_rules import in_epoch
from devnet.plugins.message_counts import bbft_counts

STAGES = {
    "idle": "waits for the block of its round",
    "voted": "voted, gathers the votes of its zone",
    "forwarded": "sent its zone's votes up, waits for the certificate",
    "leaving": "leaves the round",
}
N_NEWEST = 3


def drawn(state: Member, chain: ChainReader) -> Picture:
    """The picture of one member."""
    block = chain.header(state.play) if state.play else None
    block = block or chain.head()
    leader = state.rules.validators[state.leader].name
    return Picture(
        stage=f"round {state.round}, led by {leader}: {STAGES[state.stage]}",
        tallies=_tallies(state, chain),
        branches=_branches(state, block, chain)
        if in_epoch(block, state.rules)
        else None,
    )


def _branches(state: Member, block: Header, chain: ChainReader) -> Branches:
    tree = tree_of(block, state.rules, chain)
    counts = bbft_counts(len(tree.parents), len(tree.gateways))
    return Branches(
        height=block.height,
        round=block.round,
        leader=tree.leader,
        gateways=tree.gateways,
        parents=tree.parents,
        expected=(
            ("block", counts.distribute),
            ("aggregate", counts.aggregate_up),
            ("exchange", counts.exchange),
            ("finalize", counts.finalize_top + counts.finalize_down),
        ),
    )


def _tallies(state: Member, chain: ChainReader) -> tuple[Tally, ...]:
    """Votes for the newest blocks, a certificate's among them."""
    hashes = {one: None for own in state.offers for one in list(own)[-N_NEWEST:]}
    hashes |= dict.fromkeys(list(state.proofs)[-N_NEWEST:])
    found = []
    for block_hash in hashes:
        parts = list(offers_for(state, block_hash).values())
        if block_hash in state.proofs:
            parts.append(state.proofs[block_hash])
        if chain.header(block_hash) is not None:
            found.append(Tally(block_hash, tuple(sorted(voters_in(parts)))))
    return tuple(found)
