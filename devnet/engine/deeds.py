"""
What can be done with assets, accounts and fingerprints, and what can be broken on
purpose. `Network` inherits from it: each deed happens whole, or raises and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from devnet.engine.actors import (
    acts,
    candidacy,
    collecting,
    faulting,
    issuing,
    membership,
    notary,
    selfpaying,
    thawing,
    voting,
    withdrawing,
)
from devnet.engine.actors.faultkinds import FaultKind
from devnet.engine.actors.faultlessons import WHY
from devnet.engine.actors.scenariokinds import KINDS, SCENARIOS
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault, Owner
from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.electoral import VALIDATOR_ROLE
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.steered import Steered

P = ParamSpec("P")
T = TypeVar("T")


class Deeds(Steered):
    """Acts on assets, accounts and fingerprints, and faults."""

    def _act(
        self,
        act: Callable[Concatenate[Turn, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One act of somebody, now. `Network` has it."""
        raise NotImplementedError

    def withdraw(
        self, who: str, amount: int, asset: str, sidechain: str, to: str | None = None
    ) -> str:
        """
        Take value back to the mainchain. Returns the transfer's id.

        Args:
            to: an account, or a mainchain address; None: the sender's own.
        """
        return self._act(withdrawing.withdraw, who, amount, asset, sidechain, to)

    def hand_in_lock(
        self, raw: bytes, who: str, to: str, amount: int, asset: str, sidechain: str
    ) -> str:
        """
        A lock that a wallet made for somebody, followed as a transfer. Returns its id.

        Args:
            to: an account or a mainchain address: whose script claims it.
        """
        tx = parse_transaction(raw, side=False)
        return self._act(acts.lock_signed, tx, who, to, amount, asset, sidechain)

    def hand_in_withdrawal(
        self, raw: bytes, who: str, to: str, amount: int, asset: str, sidechain: str
    ) -> str:
        """The same for a withdrawal. `to`: whom the federation pays."""
        tx = parse_transaction(raw, side=True)
        return self._act(
            withdrawing.withdraw_signed, tx, who, to, amount, asset, sidechain
        )

    def payout(self, transfer_id: str, who: str | None = None) -> str:
        """
        Let an account coordinate the payout of a withdrawal, for no fee, once all
        coordinators were silent. Returns the account; None: the sender's.
        """
        return self._act(selfpaying.payout, transfer_id, who)

    def write_off(self, sidechain: str) -> AnchorReset:
        """Have the validators give up the branch that the mainchain has left."""
        return self._act(thawing.write_off, sidechain)

    def switch_member(self, name: str, *, off: bool) -> None:
        """Stop a federation member's machine, or start it again."""
        self._act(membership.switch, name, off=off)

    def switch_collector(self, name: str, *, off: bool) -> None:
        """Stop a collector's machine, or start it: it looks for what it missed."""
        self._act(collecting.switch, name, off=off)

    def issue(
        self,
        who: str,
        amount: int,
        asset: str,
        *,
        decimals: int | None = None,
        bap: str | None = None,
        definition: Mapping[str, object] | None = None,
        signers: Sequence[str] | None = None,
        quorum: int | None = None,
        limit_height: int | None = None,
        signed_by: Sequence[str] | None = None,
    ) -> str:
        """Issue an asset; define it when its name is unknown. Returns the tx id."""
        return self._act(
            issuing.issue,
            who,
            amount,
            asset,
            decimals=decimals,
            bap=bap,
            definition=definition,
            signers=signers,
            quorum=quorum,
            limit_height=limit_height,
            signed_by=signed_by,
        ).hex()

    def retire(self, who: str, amount: int, asset: str, note: str = "") -> str:
        """Destroy units for ever. No id commits to the note. Returns the tx id."""
        return self._act(issuing.retire, who, amount, asset, note).hex()

    def new_account(
        self,
        name: str,
        signers: Sequence[str] | None = None,
        quorum: int | None = None,
    ) -> Owner:
        """One more account, with one key or with several signers."""
        return self._act(issuing.new_account, name, signers, quorum)

    def fingerprint(
        self,
        who: str,
        digests: Sequence[bytes],
        *,
        name: str | None = None,
        form: str = "asset",
        carrier: str = notary.CARRIER,
    ) -> notary.Made:
        """Put the fingerprint of one document, or of several, on the mainchain."""
        return self._act(
            notary.deposit, who, digests, name=name, form=form, carrier=carrier
        )

    def start_fault(
        self,
        kind: str,
        chain: str,
        node: str = "",
        *,
        value: int | None = None,
        for_ms: int | None = None,
        for_blocks: int | None = None,
    ) -> Fault:
        """Break something on purpose, for a while or until it is mended."""
        return self._act(
            faulting.start,
            kind,
            chain,
            node,
            value=value,
            for_ms=for_ms,
            for_blocks=for_blocks,
        )

    def fault_kinds(self) -> tuple[FaultKind, ...]:
        """Everything that can be broken on purpose."""
        return tuple(KINDS.values())

    def fault_kind(self, name: str) -> FaultKind:
        """One of them, or UnknownFault."""
        return faulting.kind_of(name)

    def why_fault(self, name: str) -> str:
        """What it teaches, in a sentence or two."""
        return WHY.get(name, "")

    def scenario_names(self) -> tuple[str, ...]:
        """Those that are scenarios of the protocol's list."""
        return tuple(kind.name for kind in SCENARIOS)

    def mend(self, fault_id: str) -> Fault:
        """End a fault; whoever missed something hears of it."""
        return self._act(faulting.end, fault_id)

    # Elections. Each returns a transaction id, 64 hex digits. Roles: 1 validator,
    # 2 collector, 3 member of the federation.

    def register_validator(
        self, who: str, sidechain: str, bond_neu: int, role: int = VALIDATOR_ROLE
    ) -> str:
        """Stand for a seat with a bond; a machine of that name joins."""
        return self._act(candidacy.register, who, sidechain, bond_neu, role).hex()

    def leave_validators(
        self, who: str, sidechain: str, role: int = VALIDATOR_ROLE
    ) -> str:
        """Stand no more; the bond comes back after the unbonding period."""
        return self._act(candidacy.leave, who, sidechain, role).hex()

    def vote(
        self,
        who: str,
        candidate: str,
        amount_neu: int,
        sidechain: str,
        role: int = VALIDATOR_ROLE,
    ) -> str:
        """Lock BTM for a candidate."""
        return self._act(voting.vote, who, candidate, amount_neu, sidechain, role).hex()

    def unvote(
        self,
        who: str,
        candidate: str,
        amount_neu: int,
        sidechain: str,
        role: int = VALIDATOR_ROLE,
    ) -> str:
        """Take votes back whose unbonding period is over."""
        return self._act(
            voting.unvote, who, candidate, amount_neu, sidechain, role
        ).hex()

    def approve(self, who: str, candidate: str, sidechain: str) -> str:
        """Approve of a candidate with all that the account holds."""
        return self._act(candidacy.approve, who, candidate, sidechain).hex()

    def disapprove(self, who: str, candidate: str, sidechain: str) -> str:
        """Take an approval back."""
        return self._act(candidacy.disapprove, who, candidate, sidechain).hex()
