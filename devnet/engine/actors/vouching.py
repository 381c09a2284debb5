"""What a collector signs for a claim that it hands in, to answer for with its bond."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.bc.evidence import HandIn, hand_in_message
from devnet.engine.bc.transaction import Transaction
from devnet.engine.federation.collector import Collector
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.view import settled_hash


def word_for(turn: Turn, collector: Collector, chain: str, tx: Transaction) -> HandIn:
    """Its word that these very bytes are good on this sidechain, as it sees things."""
    anchor_hash = settled_hash(turn.tree, collector.view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    chain_id = turn.side(chain).tree.spec.chain_id
    message = hand_in_message(chain_id, anchor, tx.raw)
    return HandIn(anchor, collector.key, sign(collector.xprv, message))
