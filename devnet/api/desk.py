"""
Block templates for miners outside: what get-work hands out and submit-work takes back.

A template holds what waits now and pays whoever is set now. All that were handed out on
the present tip stay good, so a miner that began earlier loses nothing.
Source: protocol page "http-api", sections 9.2 and 11; Bytom/bytom v1.1.0,
mining/miningpool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from devnet.api.refusals import Refused
from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.programs import TRUE_PROGRAM
from devnet.engine.codec import address_of_program, program_of_address
from devnet.engine.errors import CodecError
from devnet.engine.mainchain.miner import coinbase_of, pick_transactions
from devnet.wallet.errors import NoAccount
from devnet.wallet.wallet import Wallet

MOST_ARBITRARY_BYTES = 107


@dataclass(frozen=True, slots=True)
class Work:
    """A block without nonce, and the seed of its proof of work."""

    block: Block
    seed: bytes


class Desk:
    """Makes templates for a wallet's node and keeps those of the present tip."""

    def __init__(self, wallet: Wallet, now_s: Callable[[], float]) -> None:
        self._wallet, self._now_s = wallet, now_s
        self.program = b""
        self.arbitrary = b""
        self.n_changes = 0
        self._out: dict[bytes, Work] = {}
        self._tip = b""
        # As the node does: the first template is there before anybody is to be paid.
        self.work()

    def work(self) -> Work:
        """A template of the present state, its time now."""
        wallet, parent = self._wallet, self._wallet.tip
        if parent.hash != self._tip:
            self._out, self._tip = {}, parent.hash
        tree = wallet.tree
        picked = pick_transactions(
            parent, wallet.pool.transactions(), tree.profile.rule_aa_height
        )
        height = parent.height + 1
        coinbase = coinbase_of(
            height, sum(item.fee for item in picked.taken),
            self.program or TRUE_PROGRAM, self.arbitrary,
        )  # fmt: skip
        txs = (coinbase, *(item.tx for item in picked.taken))
        facts = tree.facts_for_child(parent)
        header = BlockHeader(
            version=1,
            height=height,
            previous=parent.hash,
            timestamp=max(int(self._now_s()), facts.median_time_s + 1),
            tx_root=tx_root([tx.id for tx in txs]),
            status_root=status_root([False, *(item.failed for item in picked.taken)]),
            nonce=0,
            bits=facts.next_bits,
        )
        made = Work(Block(header, txs), tree.seed_for_child(parent))
        self._out.pop(header.tx_root, None)
        self._out[header.tx_root] = made
        return made

    def finished(self, header: BlockHeader) -> Block:
        """
        The block of a header that came back: its nonce and time on our template.

        Raises:
            Refused: its parent is not the tip any more.
        """
        if header.previous != self._wallet.tip.hash or self._tip != header.previous:
            raise Refused("pending mining block has been changed")
        work = self._out.get(header.tx_root) or self._out[next(reversed(self._out))]
        ours = replace(
            work.block.header, nonce=header.nonce, timestamp=header.timestamp
        )
        return Block(ours, work.block.transactions)

    # Who is paid.

    def address(self) -> str:
        """Where blocks pay; the first account gets a receiver at need. NoAccount."""
        if not self.program:
            accounts = self._wallet.book.ordered()
            if not accounts:
                raise NoAccount
            self.program = self._wallet.book.next_receiver(accounts[0]).program
            self.n_changes += 1
        return address_of_program(self.program, self._wallet.hrp)

    def set_address(self, text: str) -> None:
        """Pay this address from now on. Raises Refused."""
        try:
            self.program = program_of_address(text, self._wallet.hrp)
        except CodecError:
            raise Refused("unknown address type") from None
        self.n_changes += 1

    def set_arbitrary(self, data: bytes) -> None:
        """Say this in coinbases from now on. Raises Refused."""
        if len(data) > MOST_ARBITRARY_BYTES:
            raise Refused(f"Arbitrary exceeds limit: {MOST_ARBITRARY_BYTES}")
        self.arbitrary = data
        self.n_changes += 1
