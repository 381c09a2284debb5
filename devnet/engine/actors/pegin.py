"""
Claims that somebody else proves: the lock's transaction and its proof come as bytes,
and a collector whose turn it is adds its signature.
"""

from __future__ import annotations

from devnet.engine.actors import collecting, pooling
from devnet.engine.actors.epochs import watch_script
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.errors import UnknownName
from devnet.engine.federation.programs import lock_programs
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.claims import craft_claim
from devnet.engine.sidechain.reader import claim_context


def expect_lock(turn: Turn, chain: str, claim_script: bytes) -> None:
    """Let collectors claim what is locked for a claim script. Raises UnknownName."""
    watch_script(turn, chain, claim_script)


def bring_claim(
    turn: Turn, chain: str, raw: bytes, proof: MerkleBlock, claim_script: bytes
) -> bytes:
    """
    Claim a lock with a proof from outside. Returns the Claim's id.

    Args:
        raw: the mainchain transaction that holds the lock.
        claim_script: the recipient's program, to which the lock is bound.

    Raises:
        FormError: the bytes are no transaction. UnknownName: it locks nothing for this
        script. ClaimError: the check that refuses it, C8 for a wrong proof.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    known = side.tree.council(head).known
    programs = lock_programs(known, side.tree.spec.chain_id, claim_script)
    main_tx = parse_transaction(raw)
    found = [
        index
        for index, output in enumerate(main_tx.outputs)
        if output.program in programs
    ]
    if not found:
        raise UnknownName(
            f"transaction {main_tx.id.hex()[:16]} locks nothing for this claim script "
            f"on {chain}",
            hint="Pay to the address that belongs to the claim script.",
        )
    position, view = found[0], turn.main_nodes[0].view
    anchor_hash = settled_hash(turn.tree, view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    context = claim_context(
        side.tree, head, turn.tree, anchor, frozen=False, resting=False
    )
    keys = context.may_collect(
        main_tx.result_ids[position], anchor.height - proof.header.height
    )
    xprvs = [one.xprv for one in turn.collectors if one.key in keys]
    tx = craft_claim(
        raw_transaction=raw,
        position=position,
        merkle_block=proof,
        claim_script=claim_script,
        context=context,
        collector_xprv=xprvs[0] if xprvs else None,
    )
    pooling.admit(turn, chain, turn.speaker(chain), tx)
    collecting.hand_in(turn, chain, tx)
    return tx.id
