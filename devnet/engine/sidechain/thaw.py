"""
Giving up a mainchain branch that was left below an anchor: the rule of the record.

A block that carries the record takes the record's base as its anchor, in place of a
descendant of its parent's. Claims whose lock is not on the branch of the base are
written off; which ones follows from the base and the claimed set, so nobody states it.
"""

from __future__ import annotations

from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.records import parse_record, record_kind
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.errors import BlockError, CodecError
from devnet.engine.interfaces import Certificate, Checkpoint, Rules
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.state import Claimed, SideEntry
from devnet.engine.sidechain.swap import InForce, needed_weight


class BadAnchorReset(BlockError):
    """A block gives an anchor up, and may not."""

    code = "block.anchor-reset"


def reset_in(block: SideBlock) -> AnchorReset | None:
    """The record in a block's coinbase, or None. Only the first one counts."""
    for output in block.transactions[0].outputs[1:] if block.transactions else ():
        if record_kind(output.program) == AnchorReset.kind:
            try:
                record = parse_record(output.program)
            except CodecError as error:
                raise BadAnchorReset(f"it cannot be read: {error.message}") from None
            assert isinstance(record, AnchorReset)
            return record
    return None


def check_reset(
    record: AnchorReset,
    parent: SideEntry,
    answer: InForce,
    anchor: Checkpoint,
    main: MainTree,
    chain_id: bytes,
) -> None:
    """
    May the child of `parent`, with this anchor, carry this record?

    Raises:
        BadAnchorReset: with the rule of the record that is broken.
    """
    base, rules = record.base, parent.state.seated
    entry = main.get(base.hash)
    for broken, sentence in (
        (
            answer.closing or answer.opens_epoch,
            "no anchor is given up while a swap closes",
        ),
        (record.epoch != rules.epoch, f"it is of epoch {record.epoch}"),
        (record.left != parent.anchor.hash, "it gives another anchor up"),
        (anchor != base, f"the block's anchor {anchor.height} is not its base"),
        (
            entry is None or entry.height != base.height,
            f"no mainchain block {base.height} {base.hash.hex()[:16]}",
        ),
        (
            main.is_ancestor(parent.anchor.hash, base.hash),
            "its base descends from the anchor: nothing has to be given up",
        ),
    ):
        if broken:
            raise BadAnchorReset(f"above sidechain block {parent.height}: {sentence}")
    weight, needed = approval_weight(record, rules, chain_id), needed_weight(rules)
    if weight < needed:
        raise BadAnchorReset(f"approved by weight {weight}, needs {needed}")


def approval_weight(record: AnchorReset, rules: Rules, chain_id: bytes) -> int:
    """Weight of the validators in force whose approval in the record is good."""
    voters = Certificate(record.bitmap, record.signatures).voters()
    if len(voters) != len(record.signatures):
        return 0
    message = record.message(chain_id)
    return sum(
        rules.validators[index].weight
        for index, signature in zip(voters, record.signatures, strict=True)
        if index < len(rules.validators)
        and verify(rules.validators[index].key, message, signature)
    )


def written_off(
    parent: SideEntry, main: MainTree, base: Checkpoint
) -> tuple[Claimed, ...]:
    """The claims below a reset whose locks are not on the branch of its base."""
    kept = main[base.hash].state.deposits_by_id
    claimed = parent.state.claimed
    lost = [claimed[lock_id] for lock_id in claimed if lock_id not in kept]
    return tuple(sorted(lost, key=lambda one: (one.height, one.lock_id)))
