"""Why a payout is refused, or cannot be made. One class for each reason."""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import PayoutError


class PayoutRefused(PayoutError):
    """A member does not sign. `check` names the rule, P1 to P10."""

    code = "payout.refused"
    check: ClassVar[str] = ""
    default_hint = "The coordinator must make another payout; value stays owed."


class UnknownWithdrawal(PayoutRefused):
    """No withdrawal record of this id is in the chain as the member has it."""

    code = "payout.unknown-withdrawal"
    check = "P1"


class NotFinal(PayoutRefused):
    """The block of the withdrawal record can still be undone."""

    code = "payout.not-final"
    check = "P1"
    default_hint = "Wait: the member signs when the block is final."


class PaidAlready(PayoutRefused):
    """The withdrawal is completed, or its payout is settled."""

    code = "payout.paid-already"
    check = "P2"
    default_hint = "Nothing is owed any more."


class ForeignInput(PayoutRefused):
    """An input is not held by a federation program of this sidechain."""

    code = "payout.foreign-input"
    check = "P3"


class InputGone(PayoutRefused):
    """An input is not unspent on the member's own mainchain."""

    code = "payout.input-gone"
    check = "P3"


class InputTooYoung(PayoutRefused):
    """An input has too few blocks on top."""

    code = "payout.input-too-young"
    check = "P3"
    default_hint = "Wait until it is buried."


class DepositStrands(PayoutRefused):
    """An input is an unclaimed deposit that must stay, to be claimed or forwarded."""

    code = "payout.deposit-strands"
    check = "P3"
    default_hint = "It can be spent when it is claimed, or has been forwarded."


class NoSeat(PayoutRefused):
    """The member sits in none of the federations that hold the inputs."""

    code = "payout.no-seat"
    check = "P3"
    default_hint = "Ask the members of the epoch that holds the inputs."


class WrongPayee(PayoutRefused):
    """The payout pays somebody else, another asset, or another amount."""

    code = "payout.wrong-payee"
    check = "P4"


class WrongRelayFee(PayoutRefused):
    """The relay fee is not the parameter's, or not the coordinator's."""

    code = "payout.wrong-fee"
    check = "P4"


class NotYourPayout(PayoutRefused):
    """Another coordinator's turn is not over, or nobody else may act yet."""

    code = "payout.coordinator-turn"
    check = "P4"


class WrongChange(PayoutRefused):
    """What is left of the federation's inputs does not return to the treasury."""

    code = "payout.wrong-change"
    check = "P5"


class GasFromLocked(PayoutRefused):
    """The gas is not paid by the relayer's own BTM alone."""

    code = "payout.gas-from-locked"
    check = "P6"


class WrongShape(PayoutRefused):
    """Another version, a time range, or outputs that nothing explains."""

    code = "payout.wrong-shape"
    check = "P7"


class PinBroken(PayoutRefused):
    """The member signed for this withdrawal with another pin, which may be mined."""

    code = "payout.pin-broken"
    check = "P8"
    default_hint = "A replacement spends the same pin, or waits until that is gone."


class PinNotFinal(PayoutRefused):
    """No final block of the sidechain names the pin yet."""

    code = "payout.pin-not-final"
    check = "P8"
    default_hint = "Wait: the member signs when the block with the intent is final."


class PegFrozen(PayoutRefused):
    """The mainchain left the branch of the sidechain's anchor."""

    code = "payout.peg-frozen"
    check = "P9"
    default_hint = "Wait until the mainchain returns to that branch."


class PegResting(PayoutRefused):
    """A consensus swap is closing; payouts pause until the new epoch is final."""

    code = "payout.peg-resting"
    check = "P9"
    default_hint = "Wait until the first block of the new epoch is final."


class GasCreditExceeded(PayoutRefused):
    """The inputs need more gas than the mainchain gives before the fee is counted."""

    code = "payout.gas-credit"
    check = "P10"
    default_hint = "A payout of fewer inputs must do."


class BadMerge(PayoutRefused):
    """A merge of the federation's outputs moves something out."""

    code = "payout.bad-merge"
    check = "P10"


class BadForward(PayoutRefused):
    """A deposit is forwarded that can be claimed where it is, or not as a whole."""

    code = "payout.bad-forward"
    check = "P10"


class PinMerged(PayoutRefused):
    """A merge spends the output that pins an open payout."""

    code = "payout.pin-merged"
    check = "P10"
    default_hint = "Merge it when that payout is settled."

    @property
    def pin_id(self) -> bytes:
        """The output that must stay."""
        found = self.facts["pin"]
        assert isinstance(found, bytes)
        return found


class NotCovered(PayoutError):
    """The federation's settled outputs hold less than is owed, for now."""

    code = "payout.not-covered"
    default_hint = "It is planned when change and deposits have settled."


class NeedsMerge(PayoutError):
    """The value is there, but in more pieces than one transaction can spend."""

    code = "payout.needs-merge"
    default_hint = "The federation merges its outputs first."


class NoGas(PayoutError):
    """The relayer has no BTM of its own for the mainchain's fee."""

    code = "payout.no-gas"
    default_hint = "Send the relayer some BTM on the mainchain."


class BadSignature(PayoutError):
    """A member's signature is missing, or not over this payout."""

    code = "payout.bad-signature"
