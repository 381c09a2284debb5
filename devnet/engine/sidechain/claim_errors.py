"""
Every way in which a Claim is refused, by the check that refuses it.

The walk errors of C8 and the status errors of C9 stand beside the proof rule, in
bc/merkleblock.py. All have a `check` from C1 to C18.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import ClaimError


class ClaimShape(ClaimError):
    """Not exactly one Claim as the only input, or another version or time range."""

    code = "claim.shape"
    check: ClassVar[str] = "C1"
    default_hint = "One transaction claims one lock and does nothing else."


class ClaimMalformed(ClaimError):
    """The bytes are not the one canonical form of a Claim transaction."""

    code = "claim.malformed"
    check: ClassVar[str] = "C1"
    default_hint = "Write numbers in their shortest form and add nothing."


class ClaimTooBig(ClaimError):
    """A part of the claim is longer than its limit."""

    code = "claim.too-big"
    check: ClassVar[str] = "C1"


class ClaimReplayed(ClaimError):
    """This lock was claimed already, however this claim is written."""

    code = "claim.replayed"
    check: ClassVar[str] = "C2"
    default_hint = "A lock is claimed once. Lock again to bring in more."


class WrongParent(ClaimError):
    """The claim names another mainchain than this sidechain's."""

    code = "claim.wrong-parent"
    check: ClassVar[str] = "C3"


class BadRawTransaction(ClaimError):
    """The witness holds no readable mainchain transaction."""

    code = "claim.bad-transaction"
    check: ClassVar[str] = "C4"


class NoSuchOutput(ClaimError):
    """The lock transaction has no output at the claimed position."""

    code = "claim.no-such-output"
    check: ClassVar[str] = "C5"


class OutputMismatch(ClaimError):
    """The output at the claimed position is another one than the claim describes."""

    code = "claim.output-mismatch"
    check: ClassVar[str] = "C5"


class NotFederation(ClaimError):
    """The program is no lock of this sidechain's federation for this recipient."""

    code = "claim.not-federation"
    check: ClassVar[str] = "C6"
    default_hint = "Recipient, sidechain and members together make the lock address."


class ExpiredFederation(NotFederation):
    """The program is that of a federation which is accepted no more."""

    code = "claim.expired-federation"
    default_hint = "Its members forward it to the federation in force; claim that."


class BadRecipient(ClaimError):
    """The claim script is neither P2WPKH nor P2WSH."""

    code = "claim.bad-recipient"
    check: ClassVar[str] = "C7"


class UnknownHeader(ClaimError):
    """The header is no block on the branch of the anchor."""

    code = "claim.unknown-header"
    check: ClassVar[str] = "C10"


class NotSettled(ClaimError):
    """The lock's block is above the anchor: too few blocks on top of it."""

    code = "claim.not-settled"
    check: ClassVar[str] = "C10"
    default_hint = "Wait for more mainchain blocks; the collector tries again."


class ImmatureCoinbase(ClaimError):
    """The lock is in a coinbase that the mainchain itself does not let spend yet."""

    code = "claim.immature-coinbase"
    check: ClassVar[str] = "C11"
    default_hint = "Wait until the coinbase is mature."


class WrongRecipient(ClaimError):
    """An output pays somebody else than the claim script or the collector."""

    code = "claim.wrong-recipient"
    check: ClassVar[str] = "C12"
    default_hint = "Who locks decides who is paid; nobody can change it afterwards."


class WrongOutputs(ClaimError):
    """The outputs are not the ones that lock and fee determine."""

    code = "claim.wrong-outputs"
    check: ClassVar[str] = "C12"


class WrongFee(ClaimError):
    """The relay fee is another than the parameter gives."""

    code = "claim.wrong-fee"
    check: ClassVar[str] = "C13"


class CollectorMissing(ClaimError):
    """Nobody signed, and the time in which only collectors may claim is not over."""

    code = "claim.collector-missing"
    check: ClassVar[str] = "C14"
    default_hint = "Let the collector claim, or wait until anybody may."


class NotYourTurn(ClaimError):
    """The signer is no collector, or another one's turn is not over."""

    code = "claim.collector-turn"
    check: ClassVar[str] = "C14"


class BadCollectorSignature(ClaimError):
    """The collector's signature does not fit this transaction."""

    code = "claim.collector-signature"
    check: ClassVar[str] = "C14"


class ValueMismatch(ClaimError):
    """What the outputs hold is not exactly what the lock brings in."""

    code = "claim.value-mismatch"
    check: ClassVar[str] = "C15"


class FailedStatus(ClaimError):
    """The claim transaction would be in a block with status fail, or not at all."""

    code = "claim.failed-status"
    check: ClassVar[str] = "C16"


class PegFrozen(ClaimError):
    """The mainchain left the branch of an anchor: nothing moves over the peg."""

    code = "claim.frozen"
    check: ClassVar[str] = "C17"
    default_hint = "Transfers inside the sidechain go on."


class PegClosing(ClaimError):
    """A consensus swap is closing: claims pause until the new rule's first final."""

    code = "claim.closing"
    check: ClassVar[str] = "C17"
    default_hint = "The claim waits and is taken after the swap."


class TooManyClaims(ClaimError):
    """The block holds as many claims as a block may."""

    code = "claim.too-many"
    check: ClassVar[str] = "C18"
    default_hint = "It waits for the next block."
