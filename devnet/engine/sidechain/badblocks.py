"""
Does a block break a rule for certain, whatever its witnesses?

A header's signature covers the transactions by their ids, which leave out witnesses:
anybody could spoil a signature or a proof in an honest block. So a block convicts by
what its maker signed alone: the header, the coinbase, and claims that no proof in the
world could make right.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from devnet.engine.bc.merkle import tx_root
from devnet.engine.bc.records import is_recipient
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.errors import (
    BlockError,
    ClaimError,
    ConsensusError,
    DevnetError,
    TransactionError,
)
from devnet.engine.federation.programs import holder_of
from devnet.engine.sidechain.claim_case import FEE_UNIT
from devnet.engine.sidechain.court import BadEvidence, Court

_BY_WITNESS = frozenset(
    ("block.side-statuses", "block.invalid-transaction", "block.side-gas")
)
"""Refusals of blocks that a spoilt witness can cause."""
_PAYOUTS = "block.payout"
"""Begins the codes of refused payout records, which carry proofs."""


def check_broken(block: SideBlock, court: Court) -> None:
    """
    Raise unless what the block's maker signed breaks a rule.

    Raises:
        BadEvidence: it is right, or somebody else may have spoilt it.
    """
    header, tree = block.header, court.tree
    if not tree.is_ancestor(header.previous, court.parent.hash):
        raise BadEvidence("the block stands on no block of this chain")
    if tx_root([tx.id for tx in block.transactions]) != header.tx_root:
        raise BadEvidence("these are not the transactions that its maker signed")
    if _has_hopeless_claim(block, court):
        return
    try:
        court.rejudge(block)
    except ConsensusError as error:
        raise BadEvidence(f"no offence is shown: {error.message}") from None
    except (TransactionError, ClaimError) as error:
        raise BadEvidence(f"a witness may be spoilt: {error.message}") from None
    except BlockError as error:
        if error.code in _BY_WITNESS or error.code.startswith(_PAYOUTS):
            raise BadEvidence(f"a witness may be spoilt: {error.message}") from None
        return
    except DevnetError as error:
        raise BadEvidence(f"nothing is proven: {error.message}") from None
    raise BadEvidence(f"block {header.hash.hex()[:16]} breaks no rule")


def _has_hopeless_claim(block: SideBlock, court: Court) -> bool:
    """
    Is there a claim that no witness could make right: of a lock that is not on the
    mainchain below the block's anchor, or that is claimed already, or that pays others?
    """
    anchor = block.header.anchor
    if not court.main.is_ancestor(anchor.hash, court.anchor.hash):
        return False  # Seen from another mainchain it may be right.
    parent = court.tree[block.header.previous]
    taken: set[bytes] = set()
    for tx in block.transactions[1:]:
        for given in tx.inputs:
            if not isinstance(given, Claim):
                continue
            lock_id = given.mainchain_output_id
            there = court.main[anchor.hash].state.deposits_by_id.get(lock_id)
            if there is None or lock_id in taken or lock_id in parent.state.claimed:
                return True
            if len(tx.inputs) > 1 or _pays_others(tx, given, court, block):
                return True
            taken.add(lock_id)
    return False


def _pays_others(tx: Transaction, claim: Claim, court: Court, block: SideBlock) -> bool:
    """C3, C6, C7, C12 and C13, as far as they ask for no witness."""
    spec, parent = court.tree.spec, court.tree[block.header.previous]
    council = court.tree.council(parent)
    holder = holder_of(
        council.federations, spec.chain_id, claim.claim_script, claim.program
    )
    fee = tx.outputs[1].amount if len(tx.outputs) > 1 else 0
    first = tx.outputs[0] if tx.outputs else None
    return (
        claim.parent_id != spec.parent_id
        or holder is None
        or not is_recipient(claim.claim_script)
        or first is None
        or len(tx.outputs) > 2
        or any(one.asset != claim.asset for one in tx.outputs)
        or (first.program, first.amount) != (claim.claim_script, claim.amount - fee)
        or fee not in (0, claim.amount * spec.relay_fee_ppm // FEE_UNIT)
    )
