"""
Collectors at work: each sees locks in its own view of the mainchain, waits until they
are settled and its turn has come, builds the proof, crafts the Claim and hands it to
the validators. A refusal is remembered, and tried again at every new anchor.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import forging
from devnet.engine.actors.collectors import actor_of, collector_of, set_collector
from devnet.engine.actors.mainchain import ask_for_parent
from devnet.engine.actors.messages import ClaimRefused, CollectorWorks, SideTxCame
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.vouching import word_for
from devnet.engine.actors.world import Transfer
from devnet.engine.bc.evidence import HandIn
from devnet.engine.bc.merkleblock import MerkleBlock, merkle_block_of
from devnet.engine.bc.transaction import Transaction
from devnet.engine.errors import RequestError
from devnet.engine.events import ActorChanged, ClaimCrafted, TransferMoved
from devnet.engine.federation.collector import Collector, SeenLock
from devnet.engine.federation.turns import order_of
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.mainchain.view import how_moved, receive, settled_hash
from devnet.engine.sidechain.claims import ClaimContext, craft_claim
from devnet.engine.sidechain.reader import claim_context

OUTSIDE = "outside"
"""Who hands in what somebody made by hand."""
THINKING_MS = 60
"""How long a collector takes from a new block to a Claim."""


class NotSettledYet(RequestError):
    """The lock has too few blocks on top."""

    code = "request.not-settled"
    default_hint = "Mine on, or wait: a collector claims it by itself."


# What collectors see.


def main_block_came(turn: Turn, name: str, block_hash: bytes) -> None:
    """The collector's own view grows: note new locks, forget those of lost blocks."""
    collector = collector_of(turn, name)
    if collector.off:
        return
    view = receive(turn.tree, collector.view, block_hash)
    ask_for_parent(turn, actor_of(name), view, block_hash)
    moved = how_moved(turn.tree, collector.view.tip, view.tip)
    pending = tuple(
        lock for lock in collector.pending if lock.block_hash not in moved.undone
    )
    known = {lock.coin.id for lock in pending}
    for joined in moved.joined:
        for lock in locks_in(turn, turn.tree[joined]):
            if lock.coin.id not in known:
                pending = (*pending, lock)
    collector = replace(collector, view=view, pending=pending)
    set_collector(turn, collector)
    if pending:
        turn.later(THINKING_MS, actor_of(name), CollectorWorks())
    for lock in pending:
        if is_settled(turn, collector, lock) and is_in_turn(turn, collector, lock):
            _say_proving(turn, collector, lock)


def locks_in(turn: Turn, entry: MainEntry) -> list[SeenLock]:
    """Outputs of a block that pay a watched lock program."""
    found = []
    for coin in (*entry.change.created, *forging.failed_outputs(turn, entry)):
        watched = turn.watched.get(coin.program)
        if watched is not None:
            found.append(
                SeenLock(coin, watched.chain, watched.claim_script, entry.hash)
            )
    return found


def rescan(turn: Turn, name: str) -> None:
    """
    A collector that was away looks at its whole best chain for locks whose claim is not
    final, and goes to work.
    """
    collector = collector_of(turn, name)
    tip = turn.tree[collector.view.tip]
    pending = []
    for height in range(tip.height + 1) if turn.watched else ():
        for lock in locks_in(turn, turn.tree[tip.state.hashes[height]]):
            if not is_claimed_for_good(turn, lock):
                pending.append(lock)
    set_collector(turn, replace(collector, pending=tuple(pending)))
    if pending:
        turn.later(THINKING_MS, actor_of(name), CollectorWorks())


def switch(turn: Turn, name: str, *, off: bool) -> None:
    """A collector's machine stops, or comes back and looks at what it missed."""
    collector = collector_of(turn, name)
    if collector.off == off:
        return
    view = collector.view if off else turn.main_nodes[0].view
    set_collector(turn, replace(collector, off=off, view=view))
    turn.say(ActorChanged(role="collector", name=name, state="off" if off else "on"))
    if not off:
        rescan(turn, name)


# When to act.


def is_settled(turn: Turn, collector: Collector, lock: SeenLock) -> bool:
    """Is the lock deep enough in the collector's own view?"""
    tip_height = turn.tree[collector.view.tip].height
    return tip_height - turn.tree[lock.block_hash].height >= turn.depth


def is_in_turn(turn: Turn, collector: Collector, lock: SeenLock) -> bool:
    """Is the lock assigned to it, or were those before it silent long enough?"""
    return collector.key in those_in_turn(turn, collector, lock)


def those_in_turn(
    turn: Turn, collector: Collector, lock: SeenLock
) -> tuple[bytes, ...]:
    """Keys of the collectors who may claim a lock now, to one collector's eyes."""
    context = _context(turn, lock.chain, collector)
    age = context.anchor.height - turn.tree[lock.block_hash].height
    return context.may_collect(lock.coin.id, age)


def _context(turn: Turn, chain: str, collector: Collector | None) -> ClaimContext:
    """What a claim made now is judged against; None: to the first node's eyes."""
    view = turn.main_nodes[0].view if collector is None else collector.view
    anchor_hash = settled_hash(turn.tree, view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    tree = turn.side(chain).tree
    head = tree[turn.side(chain).head]
    return claim_context(tree, head, turn.tree, anchor, frozen=False, resting=False)


def who_is_due(turn: Turn, lock: SeenLock) -> str:
    """Who may claim a lock now, and from when on anybody may, to be read."""
    context = _context(turn, lock.chain, None)
    height = turn.tree[lock.block_hash].height
    names = {collector.key: collector.name for collector in turn.collectors}
    keys = context.may_collect(lock.coin.id, context.anchor.height - height)
    due = ", ".join(names.get(key) or key.hex()[:8] for key in keys)
    opens = height + context.grace + turn.depth
    return f"it is the turn of {due or 'nobody'}, anybody may from main {opens} on"


def is_claimed_for_good(turn: Turn, lock: SeenLock) -> bool:
    """Is its claim, whoever made it, in a final block?"""
    side = turn.side(lock.chain)
    head = side.tree[side.head]
    done = head.state.claimed.get(lock.coin.id)
    return done is not None and side.tree.is_final_at(
        head.hash, done.height, side.final
    )


def work(turn: Turn, name: str) -> None:
    """Claim what is settled; try again, at each new anchor, what is not yet claimed."""
    collector = collector_of(turn, name)
    if collector.off:
        return
    still = []
    for lock in collector.pending:
        if is_claimed_for_good(turn, lock):
            continue
        side = turn.side(lock.chain)
        if lock.coin.id not in side.tree[side.head].state.claimed:
            lock = _claim_if_due(turn, collector, lock)
        still.append(lock)
    set_collector(turn, replace(collector, pending=tuple(still)))


def refusal_came(turn: Turn, name: str, refused: ClaimRefused) -> None:
    """Why a validator does not take a collector's claim: kept until the next try."""
    collector = collector_of(turn, name)
    pending = tuple(
        replace(lock, refused=refused.reason) if refused.tx_id in lock.claims else lock
        for lock in collector.pending
    )
    set_collector(turn, replace(collector, pending=pending))


def _claim_if_due(turn: Turn, collector: Collector, lock: SeenLock) -> SeenLock:
    tip_height, name = turn.tree[collector.view.tip].height, collector.name
    if (
        lock.submitted_at == tip_height
        or not is_settled(turn, collector, lock)
        or not is_in_turn(turn, collector, lock)
        or _is_anothers(turn, lock)
    ):
        return lock
    transfer = transfer_of(turn, lock.coin.id)
    tx, proof = make_claim(turn, lock, collector)
    found = forging.offers(
        turn, collector, lock, tx, lambda one: make_claim(turn, one, collector)[0]
    )
    if not found:
        return lock
    if lock.submitted_at < 0 and transfer is not None:
        _say_crafted(turn, collector, transfer, lock, tx, proof)
    for offer in found:
        word = word_for(turn, collector, offer.chain, offer.tx)
        hand_in(turn, offer.chain, offer.tx, actor_of(name), offer.late_ms, word)
    ids = tuple(offer.tx.id for offer in found)
    return replace(lock, submitted_at=tip_height, claims=ids, refused="")


def _is_anothers(turn: Turn, lock: SeenLock) -> bool:
    """Does a claim that somebody else made wait with the validator that it asks?"""
    waits = lock.coin.id in turn.speaker(lock.chain).pool.spent
    return waits and lock.submitted_at < 0


# Telling.


def _say_proving(turn: Turn, collector: Collector, lock: SeenLock) -> None:
    """The collector begins with the proof of a lock that is its to claim from now."""
    transfer = transfer_of(turn, lock.coin.id)
    if transfer is None or transfer.stage != "confirm" or lock.submitted_at >= 0:
        return
    if transfer.done < turn.depth:  # The first node has yet to see the last block.
        done, needed = turn.depth, turn.depth
        note = f"confirm {done}/{needed}"
        turn.say(
            TransferMoved(
                transfer=transfer.id,
                stage="confirm",
                done=done,
                needed=needed,
                note=note,
            )
        )
    note = f"{collector.name} builds the proof"
    turn.set_transfer(replace(transfer, stage="proof", done=0, needed=1, note=note))
    turn.say(TransferMoved(transfer=transfer.id, stage="proof", needed=1, note=note))


def _say_crafted(
    turn: Turn,
    collector: Collector,
    transfer: Transfer,
    lock: SeenLock,
    tx: Transaction,
    proof: MerkleBlock,
) -> None:
    n_hashes, n_bytes = len(proof.tx_hashes), len(proof.raw)
    turn.say(
        TransferMoved(
            transfer=transfer.id,
            stage="proof",
            done=1,
            needed=1,
            note=f"proof built, {n_hashes} hashes, {n_bytes} bytes",
        )
    )
    turn.say(
        ClaimCrafted(
            transfer=transfer.id,
            chain=lock.chain,
            tx=tx.id.hex(),
            proof_bytes=n_bytes,
            n_hashes=n_hashes,
            collector=collector.name,
        )
    )
    note = f"handed to {len(turn.node_names(lock.chain))} validators"
    turn.say(TransferMoved(transfer=transfer.id, stage="claim", note=note))
    turn.set_transfer(
        replace(transfer, stage="claim", done=0, needed=0, note=note, claim_tx=tx.id)
    )


# Claims.


def assigned(turn: Turn, lock: SeenLock) -> Collector:
    """The collector that a lock is assigned to; the first, if that is not here."""
    side = turn.side(lock.chain)
    keys = side.tree.council(side.tree[side.head]).collectors
    by_key = {collector.key: collector for collector in turn.collectors}
    here = [by_key[key] for key in order_of(keys, lock.coin.id) if key in by_key]
    return (*here, *turn.collectors)[0]


def make_claim(
    turn: Turn, lock: SeenLock, collector: Collector | None = None
) -> tuple[Transaction, MerkleBlock]:
    """
    The Claim of a settled lock, signed by its collector, and its proof.

    Args:
        collector: whose it is; None: of the one that the lock is assigned to.
    """
    if collector is None:
        collector = assigned(turn, lock)
    context = _context(turn, lock.chain, collector)
    return _claim_and_proof(turn, lock, context, collector.xprv)


def anybodys_claim(turn: Turn, lock: SeenLock) -> Transaction:
    """The Claim of a settled lock that nobody signs, for no fee."""
    context = _context(turn, lock.chain, None)
    return _claim_and_proof(turn, lock, context, None)[0]


def _claim_and_proof(
    turn: Turn, lock: SeenLock, context: ClaimContext, xprv: bytes | None
) -> tuple[Transaction, MerkleBlock]:
    entry = turn.tree[lock.block_hash]
    tx = next(tx for tx in entry.block.transactions if lock.coin.id in tx.result_ids)
    proof = merkle_block_of(entry.block, entry.statuses, tx.id)
    claim = craft_claim(
        raw_transaction=tx.raw,
        position=lock.coin.position,
        merkle_block=proof,
        claim_script=lock.claim_script,
        context=context,
        collector_xprv=xprv,
    )
    return claim, proof


def hand_in(
    turn: Turn,
    chain: str,
    tx: Transaction,
    sender: str = OUTSIDE,
    late_ms: int = 0,
    word: HandIn | None = None,
) -> None:
    """
    Send a Claim to the validators without it; each judges it for itself.

    Args:
        sender: whose message it is, as the schedule names them.
        late_ms: as `forging.Offer` has it.
        word: the collector's who hands it in, by which a bad claim convicts it.
    """
    for node in turn.nodes(chain):
        if tx.id not in node.pool:
            to = actor_name(chain, node.name)
            if late_ms:
                turn.later(late_ms, to, SideTxCame(tx, word))
            else:
                turn.send(sender, to, tx.id, SideTxCame(tx, word))


def transfer_of(turn: Turn, lock_id: bytes) -> Transfer | None:
    """The open transfer of a lock, or None."""
    for name in turn.open_transfers:
        if turn.transfers[name].lock_id == lock_id:
            return turn.transfers[name]
    return None


def settled_lock(turn: Turn, transfer: Transfer) -> SeenLock:
    """
    The lock of a transfer, for a Claim that is made by hand.

    Raises:
        NotSettledYet: it is not in a block, or not deep enough.
    """
    tip = turn.tree[turn.main_tip]
    coin = tip.state.deposit(transfer.lock_program, transfer.lock_id)
    depth = -1 if coin is None else tip.height - coin.height
    if coin is None or depth < turn.depth:
        raise NotSettledYet(
            f"the lock of {transfer.id} has {max(depth, 0)} blocks on top, needs "
            f"{turn.depth}",
            transfer=transfer.id,
            depth=depth,
        )
    watched = turn.watched[transfer.lock_program]
    return SeenLock(
        coin, transfer.chain, watched.claim_script, tip.state.hashes[coin.height]
    )
