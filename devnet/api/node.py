"""
What handlers act on: one session with its network, one wallet, and the node's settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from devnet.api.desk import Desk
from devnet.api.feeds import Feeds
from devnet.api.keeping import NodePart
from devnet.api.tokens import Tokens
from devnet.commands.errors import ReadOnly
from devnet.commands.importing import BRING_CLAIM, EXPECT_LOCK, HAND_IN
from devnet.commands.session import Session
from devnet.engine.actors.submitting import Fate
from devnet.engine.bc.block import Block
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.mempool import AlreadySpent, Waiting
from devnet.engine.errors import DevnetError
from devnet.engine.mainchain.state import UnknownParent
from devnet.engine.network import Network
from devnet.engine.rules.transaction import validate_transaction
from devnet.wallet.keyring import Chance
from devnet.wallet.wallet import Wallet

WORK_NAP_S = 0.002
MOST_ORPHANS = 100
MOST_RIVALS = 1_000


class Node:
    """
    A Bytom node's face on a session and its wallet.

    Args:
        session: holds the network; its time is driven by somebody else.
        folder: of the wallet, chance, now_s (a clock in seconds since 1970): instead
            of what the session has, as long as it has no wallet yet.
        checks_tokens: callers from elsewhere need a token.
    """

    def __init__(
        self,
        session: Session,
        folder: Path | None = None,
        *,
        chance: Chance | None = None,
        now_s: Callable[[], float] | None = None,
        checks_tokens: bool = True,
    ) -> None:
        self.session = session
        self.checks_tokens = checks_tokens
        session.network  # noqa: B018  A folder holds a world before it holds keys.
        held = session.held
        if chance is not None:
            held.chance = chance
        if folder is not None:
            held.folder = folder
        if now_s is not None:
            held.now_s = now_s
        self.now_s = held.now_s
        _ = self.wallet
        self.tokens = Tokens(self.wallet.chance)
        self.feeds = Feeds()
        self.desk = Desk(self.wallet, self.now_s)
        self.is_mining = False
        self.keeper = held.keeper
        self.keeper.join(NodePart(self.desk, self.tokens, self.feeds))
        self.seen_s: dict[bytes, int] = {}
        self._rivals: dict[bytes, Waiting] = {}
        self._orphans: dict[bytes, Block] = {}
        self.is_closing = False
        self.guard: AbstractContextManager[object] = nullcontext()
        """Held whenever the session is touched, where two threads do."""
        self.places: dict[str, str] = {}
        """Where each chain is served: a URL by the chain's name."""

    # Going back, together with the world.

    def saved(self) -> object:
        """What is ours beside world and wallet. Tokens and feeds are nobody's past."""
        desk = self.desk
        return desk.program, desk.arbitrary, self.is_mining

    def put_back(self, state: Any) -> None:
        """The world went back: so does who is paid."""
        self.desk.program, self.desk.arbitrary, mining = state
        self.desk.n_changes += 1
        self.seen_s.clear()
        self._rivals.clear()
        self._orphans.clear()
        self.is_mining = False  # Whoever waited for blocks waits no more.
        if mining:
            self.set_mining(True)

    @property
    def wallet(self) -> Wallet:
        """The session's wallet: there is one."""
        return self.session.wallet

    @property
    def network(self) -> Network:
        """The network of the moment."""
        return self.session.network

    # Transactions.

    def submit(self, tx: Transaction) -> Fate:
        """
        Hand a transaction in. Raises the rule that it breaks.

        One that spends what another in the pool spends is shown as waiting too, as the
        node does; it never gets into a block, unless somebody else mines it.
        """
        if tx.id in self.wallet.pool:
            return "waiting"
        self._check_acting()
        self.seen_s.setdefault(tx.id, int(self.now_s()))
        try:
            done = self.network.submit(tx.raw)
        except AlreadySpent:
            self._add_rival(tx)
            return "waiting"
        self.session.record(f"submit {tx.raw.hex()} main")
        return done.fate

    def submit_side(self, tx: Transaction, chain: str) -> Fate:
        """Hand a transaction in on a sidechain. Raises the rule that it breaks."""
        self._check_acting()
        done = self.network.submit(tx.raw, chain)
        self.session.record(f"submit {tx.raw.hex()} {chain}")
        return done.fate

    def expect_lock(self, chain: str, claim_script: bytes) -> None:
        """Let collectors claim what is locked for a claim script. Raises ReadOnly."""
        self._check_acting()
        self.network.expect_lock(chain, claim_script)
        self.session.record(f"{EXPECT_LOCK} {chain} {claim_script.hex()}")

    def bring_claim(
        self, chain: str, raw: bytes, proof: MerkleBlock, claim_script: bytes
    ) -> str:
        """Claim a lock with a proof from outside. Raises the check that refuses it."""
        self._check_acting()
        claim = self.network.bring_claim(chain, raw, proof, claim_script)
        words = (chain, raw.hex(), proof.raw.hex(), claim_script.hex())
        self.session.record(" ".join((BRING_CLAIM, *words)))
        return claim

    def waiting(self) -> dict[bytes, Waiting]:
        """What waits for a block, oldest first, rivals of the pool's at the end."""
        pool, coins = self.wallet.pool, self.wallet.tip.state.coins.by_id
        self._rivals = {
            tx_id: one
            for tx_id, one in self._rivals.items()
            if all(
                spent is None or spent in coins or spent in pool.created
                for spent in one.tx.spent_output_ids
            )
        }
        return {one.tx.id: one for one in pool.transactions()} | self._rivals

    def forget(self, tx_id: str) -> None:
        """A transaction was dropped: it is no rival of the pool's either."""
        self._rivals.pop(bytes.fromhex(tx_id), None)
        self.seen_s.pop(bytes.fromhex(tx_id), None)

    def _add_rival(self, tx: Transaction) -> None:
        verdict = validate_transaction(
            tx, block_version=1, height=self.wallet.tip.height + 1,
            first_in_block=False,
            rule_aa_height=self.wallet.tree.profile.rule_aa_height,
        )  # fmt: skip
        if verdict.error is not None and verdict.status == "invalid":
            raise verdict.error
        if len(self._rivals) >= MOST_RIVALS:
            del self._rivals[next(iter(self._rivals))]
        self._rivals[tx.id] = Waiting(tx, verdict.fee, verdict.status == "gas_only")

    # Blocks.

    async def hand_in(self, block: Block) -> None:
        """
        Hand a block in, waiting for its proof of work, then those that waited for it.

        Raises:
            DevnetError: the rule that it breaks. An orphan is kept all the same.
        """
        self._check_acting()
        try:
            await self._take(block)
        except UnknownParent:
            if len(self._orphans) >= MOST_ORPHANS:
                del self._orphans[next(iter(self._orphans))]
            self._orphans[block.header.previous] = block
            raise
        parent = block.hash
        while (child := self._orphans.pop(parent, None)) is not None:
            try:
                await self._take(child)
            except DevnetError:
                return
            parent = child.hash

    async def _take(self, block: Block) -> None:
        clock_s = int(self.now_s())
        while (answer := self.network.take_block(block, clock_s)) == "work":
            await asyncio.sleep(WORK_NAP_S)
        if answer == "taken":
            self.session.record(f"{HAND_IN} {block.raw.hex()} {clock_s}")

    def set_mining(self, wanted: bool) -> None:
        """
        Mine without pause, or not. In a world that mines by itself its own miners do;
        in an empty one `mining.py` does, and pays the mining address.
        """
        if wanted != self.is_mining:
            self._check_acting()
            if not self.session.options.empty:
                self.session.hurry(1 if wanted else -1, mines=True)
            self.is_mining = wanted

    def _check_acting(self) -> None:
        if self.session.read_only:
            raise ReadOnly("this devnet only shows, it does not act")
