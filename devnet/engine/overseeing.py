"""
Looking after the peg: contract addresses taken apart, withdrawals followed.
`Network` inherits from it; nothing here changes anything.
"""

from __future__ import annotations

from devnet.engine.actors.epochs import council_of
from devnet.engine.actors.owners import key_of
from devnet.engine.bc.transaction import BTM
from devnet.engine.codec import from_hex, program_of_address
from devnet.engine.councilstory import CouncilFacts, council_facts
from devnet.engine.errors import CodecError, UnknownName
from devnet.engine.federation.contract import Contract, contract_of
from devnet.engine.federation.programs import TREASURY_SCRIPT
from devnet.engine.locating import Locating
from devnet.engine.lockstory import LockFacts, lock_facts
from devnet.engine.payoutparts import Told
from devnet.engine.payoutstory import WithdrawalStory, withdrawal_story


class Overseeing(Locating):
    """Questions about the federation and about what goes back to the mainchain."""

    _told: Told | None = None

    # Contract addresses.

    def contract(
        self, chain: str, who: str | None = None, epoch: int | None = None
    ) -> Contract:
        """
        The deposit address of a recipient on a sidechain, with every step to it.

        Args:
            who: an account, an address, or a claim script in hex; None: the treasury.
            epoch: of the federation; None: the newest that is final, which takes
                deposits.

        Raises:
            UnknownName: no such sidechain, recipient or epoch. NoRecipient: nobody can
            claim for this program.
        """
        side = self._side(chain)
        council = council_of(side)
        wanted = council.epoch if epoch is None else epoch
        if not council.epoch - len(council.known) < wanted <= council.epoch:
            raise UnknownName(
                f"{chain} has had no federation epoch {wanted}",
                hint=f"The newest is {council.epoch}.",
            )
        federation = council.known[council.epoch - wanted]
        script = TREASURY_SCRIPT if who is None else self.claim_script(who)
        return contract_of(federation, side.tree.spec.chain_id, script, self._hrp())

    def claim_script(self, who: str) -> bytes:
        """
        The program that claims for somebody pay: an account's, an address's, or these
        very bytes in hex. Raises UnknownName.
        """
        if who in self.accounts():
            return key_of(self.world, who).program
        try:
            if who.lower().startswith(f"{self._hrp()}1"):
                return program_of_address(who, self._hrp())
            return from_hex(who)
        except CodecError as error:
            known = ", ".join(self.accounts())
            raise UnknownName(
                f"{who[:80]!r} is no recipient: {error.message}",
                hint=f"Give one of {known}, an address, or a claim script in hex.",
            ) from None

    def council(self, chain: str) -> CouncilFacts:
        """Who holds a sidechain's locks and who claims for it: for screens."""
        return council_facts(self._look(), self._side(chain))

    def collector_locks(self) -> tuple[LockFacts, ...]:
        """What each collector knows of each lock that it has not done with."""
        return lock_facts(self._look())

    def member_names(self) -> dict[bytes, str]:
        """Names of federation members by their root xpubs, in force or not."""
        return {member.xpub: member.name for member in self.world.members}

    # Withdrawals.

    def withdrawal(self, transfer_id: str) -> WithdrawalStory:
        """One withdrawal with everything about it. UnknownName: it is none."""
        transfer = self.transfer(transfer_id)
        if not transfer.is_withdrawal:
            raise UnknownName(
                f"{transfer_id} goes to a sidechain, it is no withdrawal",
                hint=f"show {transfer_id} tells where it is.",
            )
        return withdrawal_story(self._look(), transfer, self._answers())

    def withdrawals(self) -> tuple[WithdrawalStory, ...]:
        """Every withdrawal in the order in which they were asked for, in short."""
        turn = self._look()
        wanted = [one for one in self.transfers() if one.is_withdrawal]
        told = self._answers() if wanted else Told()
        return tuple(withdrawal_story(turn, one, told, closely=False) for one in wanted)

    def _answers(self) -> Told:
        self._told = (self._told or Told()).followed(self.events)
        return self._told

    def asset_name(self, asset: bytes) -> str:
        """The asset's name here, or the first digits of its id."""
        named = {info.id: info.name for info in self.world.assets} | {BTM: "BTM"}
        return named.get(asset) or asset.hex()[:8]
