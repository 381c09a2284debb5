"""
How a federation hands over: each member finds the result of the votes in its own chain,
signs it and tells the others; who has a quorum's signatures hands the record to the
validators, and a proposer puts it in a block.

Nothing of this is stored: the chain says what is wanted, and members sign again what
they would sign again.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.membership import actor_name, member_of, set_member
from devnet.engine.actors.messages import HandoverCame, HandoverSignature
from devnet.engine.actors.seats import actor_name as node_name
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.handover import Handover, handover_message
from devnet.engine.bc.records import parse_record
from devnet.engine.codec import sha3
from devnet.engine.errors import CodecError
from devnet.engine.events import HandoverSigned
from devnet.engine.federation.members import HandingOver, Member
from devnet.engine.interfaces import Woken
from devnet.engine.keys.chainkd import sign, verify
from devnet.engine.sidechain.rotation import boundary_below
from devnet.engine.sidechain.state import SideEntry, SideTree

MOST_KEPT = 4
"""Signed handovers that a validator keeps; members bring others again."""


def wanted_record(tree: SideTree, head: SideEntry) -> Handover | None:
    """
    The handover that is due on a head, unsigned: the votes ask for it, and the block
    that counted them is final. A pure function: whoever has the chain finds the same.
    """
    council = tree.council(head)
    wanted = council.wanted
    counted = boundary_below(head.height, tree.spec.federation_blocks)
    if wanted is None or head.final.height < counted:
        return None
    return Handover(council.epoch + 1, wanted.quorum, wanted.members)


# A member.


def head_came(turn: Turn, name: str, chain: str) -> None:
    """Sign what the member's own chain asks for, and tell the others at each head."""
    member = member_of(turn, name)
    tree = turn.side(chain).tree
    head = tree[member.heads.get(chain) or tree.spec.chain_id]
    record = wanted_record(tree, head)
    if member.off or record is None:
        if record is None and chain in member.handovers:
            left = member.handovers.remove(chain)
            set_member(turn, replace(member, handovers=left))
        return
    council = tree.council(head)
    if member.xpub not in council.current.members:
        return
    known = member.handovers.get(chain)
    if known is None or known.record != record:
        known = HandingOver(record)
    place = council.current.members.index(member.xpub)
    message = handover_message(tree.spec.chain_id, record)
    if place not in known.signatures:
        signature = sign(member.xprv, message)
        known = replace(known, signatures=known.signatures.insert(place, signature))
        _say_signed(turn, chain, known, member, council.current.quorum)
    if known.told != head.hash:
        known = replace(known, told=head.hash)
        own = HandoverSignature(chain, member.xpub, record, known.signatures[place])
        for other in turn.members:
            if other.xpub in council.current.members and other.name != name:
                label = sha3(message) + member.xpub[:8] + head.hash
                turn.send(actor_name(name), actor_name(other.name), label, own)
    _set(turn, member, chain, known)
    _post_if_signed(turn, member_of(turn, name), chain, head)


def signature_came(turn: Turn, name: str, got: HandoverSignature) -> None:
    """Another member's signature, checked before it counts."""
    member = member_of(turn, name)
    known = member.handovers.get(got.chain)
    if member.off or known is None or known.record != got.record:
        return  # It is told again at the next block.
    tree = turn.side(got.chain).tree
    head = tree[member.heads.get(got.chain) or tree.spec.chain_id]
    members = tree.council(head).current.members
    if wanted_record(tree, head) != got.record or got.member not in members:
        return
    place = members.index(got.member)
    message = handover_message(tree.spec.chain_id, got.record)
    if place in known.signatures:
        return
    if verify(got.member, message, got.signature):
        signatures = known.signatures.insert(place, got.signature)
        _set(turn, member, got.chain, replace(known, signatures=signatures))
        _post_if_signed(turn, member_of(turn, name), got.chain, head)


def _say_signed(
    turn: Turn, chain: str, known: HandingOver, member: Member, needed: int
) -> None:
    """How many signed so far: all members, not those that this one has heard of."""
    signed = {
        place
        for other in turn.members
        if (theirs := other.handovers.get(chain)) and theirs.record == known.record
        for place in theirs.signatures
    }
    n_signed = len(signed.union(known.signatures))
    turn.say(
        HandoverSigned(
            chain=chain,
            epoch=known.record.epoch,
            member=member.name,
            signatures=n_signed,
            needed=needed,
        )
    )


def _post_if_signed(turn: Turn, member: Member, chain: str, head: SideEntry) -> None:
    """Send the record, once a quorum signed it, to the validators without it."""
    known = member.handovers[chain]
    quorum = turn.side(chain).tree.council(head).current.quorum
    if len(known.signatures) < quorum:
        return
    # The first of them are enough, so that all members make one and the same record.
    chosen = sorted(known.signatures)[:quorum]
    record = known.record.signed_by({one: known.signatures[one] for one in chosen})
    for node in turn.nodes(chain):
        if not any(_is_about(program, record) for program in node.handovers):
            label = sha3(record.program) + head.hash
            to = node_name(chain, node.name)
            what = HandoverCame(record.program)
            turn.send(actor_name(member.name), to, label, what)


def _set(turn: Turn, member: Member, chain: str, known: HandingOver) -> None:
    if member.handovers.get(chain) != known:
        handovers = member.handovers.insert(chain, known)
        set_member(turn, replace(member, handovers=handovers))


# A validator.


def record_came(turn: Turn, chain: str, name: str, program: bytes) -> None:
    """A validator keeps a signed handover until its chain has it."""
    node = turn.node(chain, name)
    epoch = turn.side(chain).tree.council(turn.side(chain).tree[node.head]).epoch
    if program in node.handovers or _epoch_of(program) <= epoch:
        return
    kept = tuple(one for one in node.handovers if _epoch_of(one) > epoch)
    turn.set_node(chain, replace(node, handovers=(*kept, program)[-MOST_KEPT:]))
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def _epoch_of(program: bytes) -> int:
    """The epoch that a handover begins; -1: it is none."""
    try:
        record = parse_record(program)
    except CodecError:
        return -1
    return record.epoch if isinstance(record, Handover) else -1


def _is_about(program: bytes, record: Handover) -> bool:
    """Does a signed record begin the same epoch with the same members?"""
    kept = parse_record(program)
    return isinstance(kept, Handover) and (kept.epoch, kept.members) == (
        record.epoch, record.members,
    )  # fmt: skip
