"""
Applying transactions to a sidechain's state, one by one, for whoever makes or checks a
block. A transaction that is refused leaves the ledger as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rpds import HashTrieMap

from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import BTM, Claim, Transaction
from devnet.engine.chain.coins import (
    Coin,
    CoinChange,
    CoinDraft,
    CoinSet,
    apply_to_draft,
)
from devnet.engine.errors import BlockError
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.interfaces import Checkpoint
from devnet.engine.once import once
from devnet.engine.rules.block import MOST_BLOCK_GAS
from devnet.engine.rules.memo import remembered_verdict
from devnet.engine.sidechain.claims import ClaimContext, check_claim
from devnet.engine.sidechain.court import Conviction
from devnet.engine.sidechain.custody import Custody
from devnet.engine.sidechain.pegout import debts_of, recipient_of, with_records
from devnet.engine.sidechain.roster import with_operations
from devnet.engine.sidechain.staking import (
    UNBOND_BLOCKS,
    ban,
    check_stakes,
    forfeit,
    forfeit_part,
)
from devnet.engine.sidechain.state import Claimed, SideEntry


class InvalidTransaction(BlockError):
    """A block holds a transaction that breaks a rule by itself."""

    code = "block.invalid-transaction"


class TooMuchGas(BlockError):
    """The transactions of a block use more gas than a block may."""

    code = "block.side-gas"


@dataclass(frozen=True, slots=True)
class Draft:
    """A block put together here, and the books after its body, once it was run."""

    block: SideBlock
    ledger: Ledger | None = None


class Ledger:
    """
    A sidechain's books while a block is put together on `parent`.

    Args:
        parent: the block below.
        context: what claims are judged against; its anchor is the new block's.
        unbond_blocks: how long votes and bonds stay locked.
        custody: what federation members answer for; None: their bonds stay locked.
    """

    def __init__(
        self,
        parent: SideEntry,
        context: ClaimContext,
        unbond_blocks: int = UNBOND_BLOCKS,
        custody: Custody | None = None,
    ) -> None:
        state = parent.state
        self.parent = parent
        self.height = parent.height + 1
        self._draft = CoinDraft(state.coins)
        self.claimed = state.claimed
        self.claimed_sum = state.claimed_sum
        self.burned_sum = state.burned_sum
        self.withdrawn_sum = state.withdrawn_sum
        self.pegout = state.pegout
        self.debts: list[Owed] = []
        self.roster = state.roster
        self.unbond_blocks = unbond_blocks
        self.custody = custody
        self.context = context
        self.claims: list[Claimed] = []
        self.spent: list[Coin] = []
        self.created: list[Coin] = []
        self.statuses: list[bool] = []
        self.fee_sum = 0
        self.gas_left = MOST_BLOCK_GAS
        self.body: tuple[Transaction, ...] = ()

    def run(self, body: tuple[Transaction, ...]) -> None:
        """
        Apply all transactions of a block, the coinbase last although it stands first.

        Raises:
            As `add`; then the ledger is of no use any more.
        """
        for tx in body[1:]:
            self.add(tx)
        self.finish(body)

    def finish(self, body: tuple[Transaction, ...]) -> None:
        """The same, when all but the coinbase of this body are applied already."""
        self.add(body[0], coinbase=True)
        self.body = body

    def is_of(self, parent: SideEntry, anchor: Checkpoint, block: SideBlock) -> bool:
        """
        Did it run this very block's body, on this very parent? Equal objects are not
        enough: ids leave out the witness, so the transactions must be the same ones.
        """
        return (
            self.parent is parent
            and self.context.anchor == anchor
            and self.body is block.transactions
        )

    @once
    def tx_root(self) -> bytes:
        """Root of the transactions of the body that was run."""
        return tx_root([tx.id for tx in self.body])

    @once
    def status_root(self) -> bytes:
        """Root of their statuses, in the order of the body."""
        return status_root([self.statuses[-1], *self.statuses[:-1]])

    def claim_context(self) -> ClaimContext:
        """The context of the next claim: what this block has claimed so far counts."""
        claimed = self.claimed
        return replace(
            self.context,
            is_claimed=lambda lock_id: lock_id in claimed,
            claims_before=len(self.claims),
        )

    def add(self, tx: Transaction, *, coinbase: bool = False) -> None:
        """
        Apply one transaction.

        Raises:
            ClaimError, TransactionError, InvalidTransaction, TooMuchGas,
            BadPayoutRecord: and nothing of the transaction was applied.
        """
        claim = _claim_of(tx)
        facts = check_claim(tx, self.claim_context()) if claim else None
        verdict = remembered_verdict(
            tx, block_version=1, height=self.height, first_in_block=coinbase
        )
        failed = verdict.status == "gas_only"
        if verdict.status == "invalid" or (failed and claim is not None):
            assert verdict.error is not None
            raise verdict.error
        pegout = self.pegout
        if not failed:
            pegout = with_records(pegout, tx, self.height, self.context)
        if verdict.gas_used > self.gas_left:
            raise TooMuchGas(f"the block has {self.gas_left} gas left", id=tx.id)
        check_stakes(
            tx, self.roster, self.height, self.unbond_blocks, self._draft.to_spend,
            self.custody,
        )  # fmt: skip
        change = apply_to_draft(
            self._draft, tx, self.height, failed=failed, coinbase=coinbase
        )
        self.gas_left -= verdict.gas_used
        self.fee_sum += verdict.fee
        self.spent += change.spent
        self.created += change.created
        self.statuses.append(failed)
        if claim is not None and facts is not None:
            self._book_claim(tx, claim)
        self.pegout = pegout
        self._book_burns(tx, failed)
        self.roster = self.roster.without_bonds(change.spent)
        if not failed:
            self.roster = with_operations(
                self.roster, tx, change.created, verdict.fee, self.height,
                self.context.chain_id,
            )  # fmt: skip

    def forfeit(self, proven: Conviction, reporter: bytes) -> int:
        """
        Somebody proved an offence. Its key never gets a seat by election again, and the
        bond behind it, if there is one, is burned but for the reporter's part; for a
        bad claim a part of the bond goes, and the seat stays.

        Args:
            reporter: the control program that is rewarded.

        Returns:
            What was burned, in neu; nothing when these books know it already.
        """
        key, height = proven.key, self.height
        if key in self.roster.banned or proven.act in self.roster.bad_claims:
            return 0
        take = forfeit_part if proven.act else forfeit
        lost = take(self.roster, key, reporter, height, self._draft.to_spend)
        if lost is not None:
            self._draft.change((lost.bond,), lost.made)
            self.spent.append(lost.bond)
            self.created += lost.made
            self.burned_sum = _plus(self.burned_sum, BTM, lost.burned_neu)
            self.roster = lost.roster
        if proven.act:
            known = self.roster.bad_claims.insert(proven.act, height)
            self.roster = replace(self.roster, bad_claims=known)
        elif lost is None:
            self.roster = ban(self.roster, key, height)
        return 0 if lost is None else lost.burned_neu

    def _book_claim(self, tx: Transaction, claim: Claim) -> None:
        entry = Claimed(
            claim.mainchain_output_id, claim.asset, claim.amount, claim.claim_script,
            self.height, tx.id,
        )  # fmt: skip
        self.claims.append(entry)
        self.claimed = self.claimed.insert(entry.lock_id, entry)
        self.claimed_sum = _plus(self.claimed_sum, entry.asset, entry.amount)

    def _book_burns(self, tx: Transaction, failed: bool) -> None:
        """What leaves circulation: into a withdrawal record, or for nothing."""
        for output in tx.outputs:
            if not output.amount or not is_unspendable(output.program):
                continue
            if failed and output.asset != BTM:
                continue
            if recipient_of(output.program, self.context) is not None:
                self.withdrawn_sum = _plus(
                    self.withdrawn_sum, output.asset, output.amount
                )
            else:
                self.burned_sum = _plus(self.burned_sum, output.asset, output.amount)
        for owed in debts_of(tx, self.height, failed, self.context):
            self.debts.append(owed)
            self.pegout = self.pegout.with_debt(owed)

    def coins(self) -> CoinSet:
        """The unspent outputs after all transactions so far."""
        return self._draft.frozen()

    def change(self) -> CoinChange:
        """What all transactions so far did to the unspent outputs."""
        return CoinChange(tuple(self.spent), tuple(self.created))


def _claim_of(tx: Transaction) -> Claim | None:
    for entry in tx.inputs:
        if isinstance(entry, Claim):
            return entry
    return None


def _plus(
    sums: HashTrieMap[bytes, int], asset: bytes, amount: int
) -> HashTrieMap[bytes, int]:
    return sums.insert(asset, (sums.get(asset) or 0) + amount)
