"""
Which rule makes the next block: the whole of the live swap, as one pure question.

Up to the closing height C everything is ordinary. Above it the old rule makes closing
blocks that only carry certificates, until the chain itself proves C final; the first
block on such a parent belongs to the new rule. Waiting for finality is what keeps two
engines from finalising two different blocks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from devnet.engine.bc.records import SwapCancelled, SwapRecord
from devnet.engine.bc.sideblock import swap_message
from devnet.engine.errors import BlockError, SwapError
from devnet.engine.interfaces import Certificate, Checkpoint, Rules, quorum
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.state import PendingSwap, SideEntry, SideState, SideTree


class SwapPending(SwapError):
    """Only one swap at a time."""

    code = "swap.pending"


class SwapTooSoon(SwapError):
    """The closing height leaves less than the notice."""

    code = "swap.too-soon"


class SwapTooLate(SwapError):
    """The closing height is so far ahead that it could as well be never."""

    code = "swap.too-late"
    default_hint = "Name a nearer height, or none for the earliest."


class SwapNothingChanges(SwapError):
    """Engine, parameters and validators are those in force."""

    code = "swap.nothing-changes"
    default_hint = "Name another engine, or change a parameter or the validators."


class SwapNotApproved(SwapError):
    """The approvals do not reach a quorum of the validators in force."""

    code = "swap.not-approved"


class NothingToCancel(SwapError):
    """No swap is asked for or on its way."""

    code = "swap.nothing-to-cancel"


class CancelTooLate(SwapError):
    """The closing height is so near that the swap can no longer be taken back."""

    code = "swap.cancel-too-late"
    default_hint = "Let it happen, then swap back."


class BadSwapRecord(BlockError):
    """A block carries a swap record that the chain does not allow."""

    code = "block.swap-record"


@dataclass(frozen=True, slots=True)
class InForce:
    """The answer for one parent: whose turn it is, and whether only closing blocks."""

    rules: Rules
    closing: bool = False
    opens_epoch: bool = False


def in_force(tree: SideTree, parent: SideEntry) -> InForce:
    """
    Under which rules the child of `parent` must be made.

    Exactly one of three answers: the current rules, the current rules for a closing
    block, or the next epoch's.
    """
    pending = parent.state.pending
    if pending is None or parent.height < pending.record.closing_height:
        return InForce(parent.state.rules)
    closing_height = pending.record.closing_height
    if parent.final.height < closing_height:
        return InForce(parent.state.rules, closing=True)
    base_hash = tree.hash_at(parent.hash, closing_height)
    assert base_hash is not None, "the closing block is an ancestor of its children"
    base = Checkpoint(closing_height, base_hash)
    return InForce(next_rules(pending, parent.state, base), opens_epoch=True)


def next_rules(pending: PendingSwap, state: SideState, base: Checkpoint) -> Rules:
    """
    The rules that a swap record brings into force above `base`. Names of validators are
    not on the wire; who had a seat before, or registered, is known by it.
    """
    record = pending.record
    names = {one.key: one.name for one in state.roster.all()}
    for rules in state.epochs:
        names |= {validator.key: validator.name for validator in rules.validators}
    bls_keys = pending.bls_keys or (b"",) * len(record.validators)
    validators = tuple(
        replace(one, name=names.get(one.key, one.name), bls_key=bls_key)
        for one, bls_key in zip(record.validators, bls_keys, strict=True)
    )
    params = json.loads(record.params)
    return Rules(record.from_epoch + 1, record.engine, params, validators, base)


def peg_rests(tree: SideTree, parent: SideEntry) -> bool:
    """
    Do claims pause in the child of `parent`? From the closing height until the first
    block of the new epoch is final, so that a claim never hangs between two rules.
    """
    answer = in_force(tree, parent)
    if answer.closing or answer.opens_epoch:
        return True
    rules = answer.rules
    return rules.epoch > 0 and parent.final.height <= rules.base.height


def approve_message(chain_id: bytes, record: SwapRecord | SwapCancelled) -> bytes:
    """What a validator signs: the swap or the cancellation without approvals."""
    return swap_message(chain_id, record.body_without_approvals())


def count_approvals(
    record: SwapRecord | SwapCancelled, rules: Rules, chain_id: bytes
) -> int:
    """Weight of the validators in force whose approval in the record is good."""
    voters = Certificate(record.bitmap, record.signatures).voters()
    if len(voters) != len(record.signatures):
        return 0
    message = approve_message(chain_id, record)
    return sum(
        rules.validators[index].weight
        for index, signature in zip(voters, record.signatures, strict=True)
        if index < len(rules.validators)
        and verify(rules.validators[index].key, message, signature)
    )


def needed_weight(rules: Rules) -> int:
    """More than two thirds of the weight in force."""
    return quorum(sum(validator.weight for validator in rules.validators))


def check_record(
    record: SwapRecord, parent: SideEntry, height: int, chain_id: bytes, notice: int
) -> PendingSwap:
    """
    May a block at this height carry this swap record?

    Raises:
        BadSwapRecord: with the rule of the record that is broken.
    """
    rules = parent.state.seated
    if record.from_epoch != rules.epoch:
        raise BadSwapRecord(
            f"the record leaves epoch {record.from_epoch}, in force is {rules.epoch}"
        )
    if parent.state.pending is not None:
        raise BadSwapRecord("a swap is pending already")
    banned = parent.state.roster.banned
    for one in record.validators:
        if one.key in banned:
            raise BadSwapRecord(f"the key {one.key.hex()[:16]} lost its seat for ever")
    if record.body_hash in parent.state.cancelled:
        raise BadSwapRecord("this very swap was cancelled; ask for another")
    if record.closing_height < height + notice:
        raise BadSwapRecord(
            f"closing height {record.closing_height} leaves less than {notice} blocks "
            f"of notice after {height}"
        )
    weight, needed = count_approvals(record, rules, chain_id), needed_weight(rules)
    if weight < needed:
        raise BadSwapRecord(f"approved by weight {weight}, needs {needed}")
    return PendingSwap(record, height)


def last_cancel_height(record: SwapRecord, notice: int) -> int:
    """The last height whose block may carry the cancellation of a swap."""
    return record.closing_height - notice // 2


def check_cancelled(
    record: SwapCancelled, parent: SideEntry, height: int, chain_id: bytes, notice: int
) -> None:
    """
    May a block at this height take the pending swap back?

    Raises:
        BadSwapRecord: with the rule of the record that is broken.
    """
    rules, pending = parent.state.seated, parent.state.pending
    if pending is None or pending.record.body_hash != record.body_hash:
        raise BadSwapRecord("the cancelled swap is not the one on its way")
    if record.from_epoch != rules.epoch:
        raise BadSwapRecord(
            f"the cancellation is of epoch {record.from_epoch}, in force is "
            f"{rules.epoch}"
        )
    latest = last_cancel_height(pending.record, notice)
    if height > latest:
        raise BadSwapRecord(
            f"a cancellation at {height} comes too late, {latest} was the last height"
        )
    weight, needed = count_approvals(record, rules, chain_id), needed_weight(rules)
    if weight < needed:
        raise BadSwapRecord(f"cancelled by weight {weight}, needs {needed}")
