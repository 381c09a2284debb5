"""
What a Byzantine validator does instead. It has its own key and nothing else: whatever
it signs, the others judge by the rules.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.messages import BadBlockCame
from devnet.engine.actors.seats import actor_name, index_of, reader_of
from devnet.engine.actors.sending import broadcast, say_sent
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.sideblock import (
    SideBlock,
    phase_message,
    proposal_message,
    vote_message,
)
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.interfaces import Header, Phase, Vote, VoteMessage
from devnet.engine.keys.aggregation import ED25519_LIST, aggregation_of
from devnet.engine.keys.chainkd import sign
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.state import SideTree

COIN = 100_000_000


def twin_of(node: SideNode, chain_id: bytes, block: SideBlock) -> SideBlock:
    """Another block of the same turn: the same but for a word in the coinbase."""
    first = block.transactions[0]
    words = tuple(
        Coinbase(entry.arbitrary + b" twin") if isinstance(entry, Coinbase) else entry
        for entry in first.inputs
    )
    return _with_coinbase(node, chain_id, block, replace(first, inputs=words))


def greedy(node: SideNode, chain_id: bytes, block: SideBlock) -> SideBlock:
    """The block with a coinbase that pays its maker a coin out of nothing."""
    first = block.transactions[0]
    reward = first.outputs[0]
    more = Output(BTM, reward.amount + COIN, reward.program)
    coinbase = replace(first, outputs=(more, *first.outputs[1:]))
    return _with_coinbase(node, chain_id, block, coinbase)


def doubled(
    tree: SideTree, node: SideNode, chain_id: bytes, block: SideBlock
) -> SideBlock | None:
    """
    The block with a claim once more: one that it holds, or the newest one below it.
    None when nothing was ever claimed.
    """
    found = [tx for tx in block.transactions if is_claim(tx)]
    entry = tree[block.header.previous]
    while not found and entry.height:
        found = [tx for tx in entry.block.transactions if is_claim(tx)]
        entry = tree[entry.header.previous]
    if not found:
        return None
    return _with_body(node, chain_id, block, (*block.transactions, found[-1]))


def _with_coinbase(
    node: SideNode, chain_id: bytes, block: SideBlock, coinbase: Transaction
) -> SideBlock:
    body = (coinbase, *block.transactions[1:])
    return _with_body(node, chain_id, block, body)


def _with_body(
    node: SideNode, chain_id: bytes, block: SideBlock, txs: tuple[Transaction, ...]
) -> SideBlock:
    header = replace(block.header, tx_root=tx_root([tx.id for tx in txs]))
    if len(txs) != len(block.transactions):
        header = replace(header, status_root=status_root([False] * len(txs)))
    signature = sign(node.xprv, proposal_message(chain_id, header.hash))
    return SideBlock(replace(header, signature=signature), txs)


def send_bad_block(turn: Turn, chain: str, name: str, block: SideBlock) -> None:
    """Send a block that breaks a rule; nobody has it in the tree."""
    header = block.header
    say_sent(turn, chain, name, "all", "block", header.height, header.round)
    me = actor_name(chain, name)
    for other in turn.node_names(chain):
        if other != name:
            what = BadBlockCame(block, name)
            turn.send(me, actor_name(chain, other), header.hash, what)


def vote_for_all(turn: Turn, chain: str, name: str, header: Header) -> None:
    """Sign a vote for whatever comes, past the signer, and tell everybody."""
    node = turn.node(chain, name)
    reader = reader_of(turn, chain, node)
    if header.epoch >= len(reader.epochs):
        return
    rules = reader.rules_of(header)
    me = index_of(rules, node)
    if me < 0:
        return
    ballot = node.ballots.get(header.epoch)
    phased = ballot is not None and ballot.prepared_round > 0
    phases: tuple[Phase, ...] = ("prepare", "commit") if phased else ("vote",)
    for phase in phases:
        message = (
            phase_message(
                reader.chain_id, phase, header.epoch, header.round, header.hash
            )
            if phased
            else vote_message(reader.chain_id, header.hash)
        )
        by_key = ED25519_LIST if phased else aggregation_of(rules)
        signature = by_key.sign(node.xprv, message)
        vote = Vote(
            header.epoch, header.round, header.height, header.hash, me, signature, phase
        )
        broadcast(turn, chain, name, header.epoch, VoteMessage(vote))
