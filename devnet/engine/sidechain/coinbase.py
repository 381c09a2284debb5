"""
What a block's coinbase says beside the fees: records whose authority is in themselves.

Swap records and cancellations are signed by a quorum of the validators, evidence by the
offender itself, handovers by a quorum of the old members, so they need no author and
pay no fee; a proposer who has one puts it here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from devnet.engine.bc.blskeys import BlsKey
from devnet.engine.bc.records import (
    Evidence,
    Handover,
    Record,
    SwapCancelled,
    SwapRecord,
    parse_record,
)
from devnet.engine.bc.transaction import Transaction, is_side_record
from devnet.engine.errors import BlockError, CodecError
from devnet.engine.federation.council import Council
from devnet.engine.sidechain.blskeys import check_bls_keys
from devnet.engine.sidechain.court import Conviction, Court
from devnet.engine.sidechain.handovers import check_handover, handed_over
from devnet.engine.sidechain.offences import convict
from devnet.engine.sidechain.state import PendingSwap
from devnet.engine.sidechain.swap import InForce, check_cancelled, check_record


class BadSideBody(BlockError):
    """Coinbase, roots or content of a sidechain block are wrong."""

    code = "block.side-body"


@dataclass(frozen=True, slots=True)
class Said:
    """
    What stands after a coinbase.

    Args:
        pending: the swap on its way.
        cancelled: body hashes of the swaps of this epoch that a quorum took back.
        council: who holds the locks after the handover that the coinbase carries.
        convicted: what evidence records prove.
    """

    pending: PendingSwap | None
    cancelled: tuple[bytes, ...]
    council: Council
    convicted: tuple[Conviction, ...] = ()


def read_coinbase(
    court: Court, answer: InForce, coinbase: Transaction, height: int
) -> Said:
    """
    Check the records of a coinbase, in their order, and say what stands after them.

    Args:
        court: what evidence is judged against: the block below, and the anchor.

    Raises:
        BadSideBody, BadSwapRecord, BadEvidence, BadHandover: the rule that is broken.
    """
    tree, parent = court.tree, court.parent
    spec, council, state = tree.spec, tree.council(parent), parent.state
    said = Said(state.pending, state.cancelled, council)
    if answer.opens_epoch:
        said = Said(None, (), council)
    n_changes = 0
    swap: SwapRecord | None = None
    keys: list[BlsKey] = []
    for output in coinbase.outputs[1:]:
        if output.amount or not is_side_record(output.program):
            raise BadSideBody(f"the coinbase of {height} pays more than the fees")
        record = _parsed(output.program, height)
        if isinstance(record, SwapRecord | SwapCancelled):
            n_changes += 1
            if n_changes > 1 or answer.opens_epoch:
                raise BadSideBody(f"block {height} carries a second swap record")
        if isinstance(record, BlsKey):
            keys.append(record)
        if isinstance(record, SwapRecord):
            swap = record
            pending = check_record(
                record, parent, height, spec.chain_id, spec.swap_notice
            )
            said = replace(said, pending=pending)
        elif isinstance(record, SwapCancelled):
            check_cancelled(record, parent, height, spec.chain_id, spec.swap_notice)
            cancelled = (*said.cancelled, record.body_hash)
            said = replace(said, pending=None, cancelled=cancelled)
        elif isinstance(record, Handover):
            check_handover(record, said.council, parent, spec)
            said = replace(said, council=handed_over(said.council, height, spec))
        elif isinstance(record, Evidence):
            found = convict(record, court)
            if found.label in [one.label for one in said.convicted]:
                raise BadSideBody(
                    f"block {height} convicts {found.key.hex()[:16]} twice"
                )
            said = replace(said, convicted=(*said.convicted, found))
    bls_keys = check_bls_keys(swap, keys, spec.chain_id)
    if bls_keys and said.pending is not None:
        said = replace(said, pending=replace(said.pending, bls_keys=bls_keys))
    return said


def _parsed(program: bytes, height: int) -> Record:
    try:
        return parse_record(program)
    except CodecError as error:
        raise BadSideBody(f"coinbase record of {height}: {error.message}") from None
