"""
A peg that freezes, and the two ways out: the mainchain comes back, or the validators
write the lost branch off and anchor to the one that is the best now.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.auditing import best_main_tip
from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.lifecycle import is_up
from devnet.engine.actors.messages import AnchorResetCame
from devnet.engine.actors.seats import actor_name, index_of
from devnet.engine.actors.telling import say_transfer
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.errors import RequestError
from devnet.engine.events import PegFroze, PegThawed
from devnet.engine.interfaces import Certificate, Checkpoint, Woken
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.swap import in_force, needed_weight
from devnet.engine.sidechain.thaw import approval_weight

WAITING = "the peg is frozen: validators hold the claim"


class NotFrozen(RequestError):
    """The peg of this sidechain is open: nothing has to be written off."""

    code = "request.not-frozen"
    default_hint = "It freezes when the mainchain leaves the branch of an anchor."


class NotAgreed(RequestError):
    """Too few validators see the new branch settled, or are up to sign."""

    code = "request.not-agreed"
    default_hint = "Mine on, or mend what is broken; then ask again."


def is_frozen(turn: Turn, chain: str) -> bool:
    """Has the best mainchain left the branch of this sidechain's anchor?"""
    side = turn.side(chain)
    anchor = side.tree[side.head].anchor
    return not turn.tree.is_ancestor(anchor.hash, best_main_tip(turn, chain))


def write_off(turn: Turn, chain: str) -> AnchorReset:
    """
    Ask the validators to give up the branch that the mainchain has left. Each signs if
    its own view says so, and that the base is settled.

    Raises:
        NotFrozen, NotAgreed.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    if not is_frozen(turn, chain):
        raise NotFrozen(f"the peg of {chain} is not frozen")
    answer = in_force(side.tree, head)
    if answer.closing or answer.opens_epoch:
        raise NotAgreed(f"a consensus swap of {chain} is closing")
    record, weight = _approved(turn, chain)
    needed = needed_weight(head.state.seated)
    if record is None or weight < needed:
        raise NotAgreed(
            f"no block of the new branch is settled for validators of weight {needed}, "
            f"only for {weight}",
            weight=weight,
        )
    for name in turn.node_names(chain):
        to = actor_name(chain, name)
        turn.send("operator", to, record.left, AnchorResetCame(record))
    return record


def _approved(turn: Turn, chain: str) -> tuple[AnchorReset | None, int]:
    """
    The record with the newest base that a quorum approves of; else the one that most
    approve of. Each validator signs if its own mainchain has left the branch, too.
    """
    tree = turn.side(chain).tree
    head = tree[turn.side(chain).head]
    rules, chain_id = head.state.seated, tree.spec.chain_id
    signers: dict[int, tuple[SideNode, bytes]] = {}
    for node in turn.nodes(chain):
        index = index_of(rules, node)
        lies = turn.has_fault("lying-node", chain, node.name)
        left = not turn.tree.is_ancestor(head.anchor.hash, node.main.tip)
        if index >= 0 and left and not lies and is_up(turn, chain, node.name):
            signers[index] = node, settled_hash(turn.tree, node.main, turn.depth)
    best: tuple[AnchorReset | None, int] = None, 0
    bases = {own: turn.tree[own].height for _, own in signers.values()}
    for base_hash in sorted(bases, key=lambda one: (-bases[one], one)):
        base = Checkpoint(bases[base_hash], base_hash)
        draft = AnchorReset(rules.epoch, head.anchor.hash, base)
        proof = Certificate.of(
            {
                index: sign(node.xprv, draft.message(chain_id))
                for index, (node, own) in signers.items()
                if turn.tree.is_ancestor(base.hash, own)
            }
        )
        record = replace(draft, bitmap=proof.bitmap, signatures=proof.signatures)
        weight = approval_weight(record, rules, chain_id)
        if weight > best[1]:
            best = record, weight
        if weight >= needed_weight(rules):
            break
    return best


def reset_came(turn: Turn, chain: str, name: str, record: AnchorReset) -> None:
    """A validator puts the record into the next block that it makes."""
    turn.set_node(chain, replace(turn.node(chain, name), reset=record))
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def say_frozen(turn: Turn, chain: str) -> None:
    """Tell that the peg froze in this step, or that it works again, and by what."""
    before = turn.before.sidechain(chain)
    side = turn.side(chain)
    now = is_frozen(turn, chain)
    if now:
        _note_waiting(turn, chain)
    if before is None or now == side.frozen:
        return
    turn.set_side(replace(side, frozen=now))
    anchor = side.tree[side.head].anchor
    if now:
        turn.say(
            PegFroze(chain=chain, anchor_height=anchor.height, anchor=anchor.hash.hex())
        )
        return
    lost = side.tree[side.head].state.written_off
    was = side.tree[before.head].state.written_off
    turn.say(
        PegThawed(
            chain=chain,
            anchor_height=anchor.height,
            anchor=anchor.hash.hex(),
            n_written_off=len(lost) if lost != was else 0,
        )
    )


def _note_waiting(turn: Turn, chain: str) -> None:
    """Deposits whose claims validators hold back say why nothing moves."""
    for name in turn.open_transfers:
        transfer = turn.transfers[name]
        waits = transfer.stage == "claim" and transfer.note.startswith("handed to")
        if transfer.chain == chain and waits and not transfer.is_withdrawal:
            say_transfer(turn, transfer, replace(transfer, note=WAITING))
