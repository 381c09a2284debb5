"""
The checks of a Claim in the order in which they run, with the words for the screen.

Mempool, proposer and block validation all run this one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine.sidechain import claim_checks as c
from devnet.engine.sidechain.claim_case import Case


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check: its id, a few words, why it is there, and the function itself, which
    says what it found or raises its own ClaimError.
    """

    id: str
    title: str
    why: str
    run: Callable[[Case], str]


CHECKS = (
    Check(
        "C1",
        "one Claim in its only form",
        "two ways to write it could be judged in two ways",
        c.one_form,
    ),
    Check(
        "C2",
        "not claimed before",
        "no coin twice; asked again in the block",
        c.not_claimed_before,
    ),
    Check("C3", "parent is our mainchain", "the right chain", c.parent_is_ours),
    Check(
        "C4",
        "lock transaction is readable",
        "its id is computed, never believed",
        c.lock_transaction_is_readable,
    ),
    Check(
        "C5",
        "output has this asset and amount",
        "no coin from thin air",
        c.output_is_the_lock,
    ),
    Check(
        "C6",
        "output pays the federation",
        "really locked, for this recipient on this sidechain",
        c.federation_holds_it,
    ),
    Check(
        "C7",
        "recipient is a key or a script",
        "what nobody could spend would be lost",
        c.recipient_can_be_paid,
    ),
    Check(
        "C8",
        "merkle path reaches the header",
        "it was mined",
        c.proof_reaches_the_header,
    ),
    Check(
        "C9",
        "lock transaction succeeded",
        "a failed one moves only its BTM",
        c.lock_succeeded,
    ),
    Check(
        "C10",
        "header is at or below the anchor",
        "real work, deep enough to stay",
        c.header_is_settled,
    ),
    Check(
        "C11",
        "coinbase is mature",
        "the mainchain could still take it back",
        c.coinbase_is_mature,
    ),
    Check(
        "C12",
        "outputs pay the recipient",
        "nobody can divert it, not even the collector",
        c.outputs_pay_the_recipient,
    ),
    Check("C13", "relay fee is exact", "no collector can take more", c.fee_is_exact),
    Check(
        "C14",
        "collector signed, in its turn",
        "its fee is safe; later anybody may claim",
        c.collector_signed,
    ),
    Check(
        "C15",
        "value in is value out",
        "a claim makes no value of its own",
        c.value_in_is_value_out,
    ),
    Check(
        "C16",
        "transaction succeeds here",
        "else the lock would be used up for nothing",
        c.transaction_succeeds,
    ),
    Check(
        "C17",
        "peg is open",
        "no step on a broken view, nor between two rules",
        c.peg_is_open,
    ),
    Check(
        "C18",
        "block has room",
        "checks cost time, so a block has a limit",
        c.block_has_room,
    ),
)
"""In the order in which they run, cheapest first."""
