"""Events of value on its way between chains."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event

# Transfers between chains.


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStarted(Event):
    """
    Somebody locked value for a sidechain, or withdrew it to the mainchain.

    `to` is the claim script's owner. Of a withdrawal (w1, w2, ...) `lock_tx` is the
    sidechain's transaction, `lock_id` the withdrawal id, `to` and `address` who is paid
    on the mainchain.
    """

    transfer: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    lock_tx: str
    lock_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMoved(Event):
    """
    A transfer entered a stage, or counted on in it.

    Deposits: lock, confirm, proof, claim, claimed. Withdrawals: burn, confirm, sign,
    pay, settled. `done` of `needed` counts inside a stage. `failed` says that it broke
    here, with the reason.
    """

    transfer: str
    stage: str
    done: int = 0
    needed: int = 0
    note: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCrafted(Event):
    """The collector made a Claim: its size, its proof, who signed it."""

    transfer: str
    chain: str
    tx: str
    proof_bytes: int
    n_hashes: int
    collector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimJudged(Event):
    """A validator ran C1 to C18 on a Claim. `failed` names the first that broke."""

    transfer: str
    chain: str
    validator: str
    tx: str
    n_passed: int
    failed: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPlanned(Event):
    """
    The coordinator made a payout: its id, and the output that pins it. `move` names
    what pays nobody, and has neither transfer, nor withdrawal, nor pin: a merge,
    migration or forward of the federation's outputs.
    """

    transfer: str
    chain: str
    withdrawal: str
    payout: str
    pin: str
    n_inputs: int
    move: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSigned(Event):
    """A member checked a payout, or a move, by P1 to P10 and signed it."""

    transfer: str
    chain: str
    member: str
    payout: str
    signatures: int
    needed: int
    move: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRefused(Event):
    """A member does not sign a payout; `check` names the rule that it breaks."""

    transfer: str
    chain: str
    member: str
    payout: str
    check: str
    reason: str
    move: str = ""
