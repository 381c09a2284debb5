"""
A sidechain made block by block, without a network: for tests of what blocks may say.

A `Line` is a branch; each block gives a new one, so a fork is two blocks on one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devnet.engine.actors.acts import side_purse
from devnet.engine.actors.owners import key_of
from devnet.engine.bc.electoral import (
    MEMBER_ROLE,
    Leave,
    Register,
    registration_message,
)
from devnet.engine.bc.handover import Handover, handover_message
from devnet.engine.bc.records import Record
from devnet.engine.bc.sideblock import SideBlock, proposal_message
from devnet.engine.bc.stakes import bond_program, vote_program
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.coins import Coin, coins_of_outputs
from devnet.engine.chain.wallet import Key, Purse, pay
from devnet.engine.codec import ripemd160
from devnet.engine.federation.council import Council
from devnet.engine.interfaces import Checkpoint, Propose
from devnet.engine.keys.chainkd import public_key, sign, xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.mainchain.state import MainTree
from devnet.engine.network import Network
from devnet.engine.sidechain.judge import fill, judge
from devnet.engine.sidechain.state import SideEntry, SideTree
from devnet.plugins import load_engine
from tests.engine.support import main_block, meddle, validator

BTM_UNITS = 10**8


@dataclass(frozen=True)
class Line:
    """A branch of a sidechain under the rule solo, with all that makes its blocks."""

    tree: SideTree
    main: MainTree
    head: SideEntry
    xprv: bytes
    program: bytes
    anchor: Checkpoint

    @staticmethod
    def of(net: Network) -> Line:
        """The chain of a world with one sidechain, as it is now."""
        (side,) = net.world.sidechains
        sealer = validator(net, side.name, "v1")
        height = net.main_height() - 1
        anchor = Checkpoint(height, main_block(net, height))
        return Line(
            side.tree, net.world.tree, side.tree[side.head], sealer.xprv,
            sealer.program, anchor,
        )  # fmt: skip

    @property
    def council(self) -> Council:
        """Who holds for the next block."""
        return self.tree.council(self.head)

    def filled(
        self, txs: Sequence[Transaction] = (), records: Sequence[Record] = ()
    ) -> SideBlock:
        """A good signature under a block that says what it is told to say."""
        parent = self.head
        wish = Propose(
            parent.hash,
            parent.height + 1,
            parent.header.time_ms + 1000,
            Checkpoint(parent.height, parent.hash),
        )
        programs = [record.program for record in records]
        made = fill(
            self.tree, self.main, wish, self.anchor, list(txs), programs, self.program
        )
        for _, error in made.refused:
            raise error
        message = proposal_message(self.tree.spec.chain_id, made.block.header.hash)
        header = replace(made.block.header, signature=sign(self.xprv, message))
        return replace(made.block, header=header)

    def judged(self, block: SideBlock) -> SideEntry:
        """The verdict on a child of the head."""
        engine = load_engine(block.header.engine)
        return judge(self.tree, self.main, engine, block, block.header.timestamp_ms)

    def with_entry(self, entry: SideEntry) -> Line:
        """The line with another head."""
        return replace(self, tree=self.tree.with_entry(entry), head=entry)

    def block(
        self, txs: Sequence[Transaction] = (), records: Sequence[Record] = ()
    ) -> Line:
        """One more block."""
        return self.with_entry(self.judged(self.filled(txs, records)))

    def up_to(self, height: int) -> Line:
        """Empty blocks until the head has a height."""
        line = self
        while line.head.height < height:
            line = line.block()
        return line

    def handover(self, signers: Sequence[str]) -> Handover:
        """What the last tally asks for, signed by these old members."""
        wanted, old = self.council.wanted, self.council.current
        assert wanted is not None, "the votes ask for no other federation"
        record = Handover(self.council.epoch + 1, wanted.quorum, wanted.members)
        return signed_by(record, old.members, self.tree.spec.chain_id, signers)


def signed_by(
    record: Handover, old: Sequence[bytes], chain_id: bytes, signers: Sequence[str]
) -> Handover:
    """The record with the signatures of these, who are old members."""
    message = handover_message(chain_id, record)
    return record.signed_by(
        {
            old.index(xpub(play_root(name))): sign(play_root(name), message)
            for name in signers
        }
    )


@dataclass
class Account:
    """Somebody with coins on the chain, who makes transactions out of them."""

    key: Key
    purse: Purse
    chain_id: bytes

    @staticmethod
    def of(net: Network, name: str) -> Account:
        (side,) = net.world.sidechains
        turn = meddle(net)
        key = key_of(turn, name)
        purse = side_purse(turn, side.name, key.program)
        return Account(key, purse, side.tree.spec.chain_id)

    def paying(self, *outputs: Output, fee: int = BTM_UNITS) -> Transaction:
        """A transaction; the account goes on with what is left."""
        tx = pay(self.key, self.purse, outputs, side=True, least_fee=fee)
        spent = set(tx.spent_output_ids)
        coins = [coin for coin in self.purse.coins if coin.id not in spent]
        coins += [
            coin for coin in coins_of_outputs(tx, 1) if coin.program == self.key.program
        ]
        self.purse = replace(self.purse, coins=tuple(coins))
        return tx

    @property
    def owner_hash(self) -> bytes:
        return ripemd160(self.key.public_key)

    def standing(self, name: str, seat: str, role: int = MEMBER_ROLE) -> Transaction:
        """A registration of a play key for a role, with a bond of 100 BTM."""
        xprv = play_root(seat)
        key = xpub(xprv) if role == MEMBER_ROLE else public_key(xpub(xprv))
        message = registration_message(self.chain_id, role, name, self.key.program, key)
        record = Register(role, key, sign(xprv, message), name)
        return self.paying(
            Output(BTM, 0, record.program),
            Output(BTM, 100 * BTM_UNITS, bond_program(key[:32], self.owner_hash)),
        )

    def voting(self, seat: str, units: int) -> Transaction:
        """So many BTM in votes for a play key."""
        key = public_key(xpub(play_root(seat)))
        return self.paying(
            Output(BTM, units * BTM_UNITS, vote_program(key, self.owner_hash))
        )

    def leaving(self, role: int = MEMBER_ROLE) -> Transaction:
        return self.paying(Output(BTM, 0, Leave(role).program))

    def freeing(self, stake: Coin) -> Transaction:
        """A vote or a bond becomes ordinary coins again."""
        purse = replace(self.purse, coins=())
        return pay(self.key, purse, (), side=True, freed=(stake,))
