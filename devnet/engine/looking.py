"""
Looking closely: one block, transaction, asset, account, mempool or program, with all
its fields and bytes. `Network` inherits from it; nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import decoding, describing
from devnet.engine.actors.acts import asset_of
from devnet.engine.actors.owners import key_of, owner_of
from devnet.engine.actors.world import AssetInfo, Sidechain
from devnet.engine.bc.difficulty import subsidy
from devnet.engine.bc.programs import issuance_limit_height
from devnet.engine.bc.transaction import BTM, Transaction
from devnet.engine.chain.mempool import Orphan
from devnet.engine.chain.places import TxPlace
from devnet.engine.codec import from_hex, program_of_address
from devnet.engine.describing import Facts
from devnet.engine.errors import UnknownName
from devnet.engine.mainchain.assets import CLASSES
from devnet.engine.mainchain.index import AssetBooks
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.overseeing import Overseeing
from devnet.engine.reading import MAIN
from devnet.engine.sidechain.state import SideEntry

MOST_HEIGHT_DIGITS = 12


class Looking(Overseeing):
    """Questions about single objects."""

    # Blocks.

    def describe_block(self, which: str = "tip", chain: str | None = None) -> Facts:
        """
        A block with its fields, transactions and bytes.

        Args:
            which: a height, a hash of 64 hex digits, or "tip".
            chain: where a height counts; the mainchain if None. A hash is found on any.

        Raises:
            UnknownName: there is no such block, or no such chain.
        """
        if len(which) == 64:
            return self._block_of_hash(which, chain)
        where = chain or MAIN
        tip = self.world.main_tip if where == MAIN else self._side(where).head
        tree = self.world.tree if where == MAIN else self._side(where).tree
        found: bytes | None = tip
        if which != "tip":
            if not which.isdecimal() or len(which) > MOST_HEIGHT_DIGITS:
                raise UnknownName(
                    f"{which[:70]!r} names no block",
                    hint="Give a height, a hash of 64 hex digits, or tip.",
                )
            found = tree.hash_at(tip, int(which))
        if found is None:
            raise UnknownName(
                f"{where} has no block {which}",
                hint=f"Its tip is {tree[tip].height}.",
            )
        if where == MAIN:
            return self._main_block(self.world.tree[found])
        side = self._side(where)
        return self._side_block(side, side.tree[found])

    def _block_of_hash(self, which: str, chain: str | None) -> Facts:
        block_hash = from_hex(which)
        if chain in (None, MAIN):
            entry = self.world.tree.get(block_hash)
            if entry is not None:
                return self._main_block(entry)
        for side in self.world.sidechains:
            found = side.tree.get(block_hash)
            if found is not None and chain in (None, side.name):
                return self._side_block(side, found)
        raise UnknownName(f"no block of {chain or 'any chain'} has the hash {which}")

    def _main_block(self, entry: MainEntry) -> Facts:
        tree, tip = self.world.tree, self.world.main_tip
        best = tree.is_ancestor(entry.hash, tip)
        txs = entry.block.transactions
        parent = tree.get(entry.block.header.previous)
        names = self.names()
        miner = names.owners.get(txs[0].outputs[0].program, "")
        return {
            "chain": MAIN,
            **describing.header_facts(entry.block.header),
            "best": best,
            "depth": tree[tip].height - entry.height if best else None,
            "work_sum": entry.work_sum,
            "seed": tree.seed_for_child(parent).hex() if parent else None,
            "producer": miner,
            "subsidy": {"amount": subsidy(entry.height), "asset": "BTM"},
            "fees": {"amount": entry.fee_sum, "asset": "BTM"},
            "size": len(entry.block.raw),
            "transactions": _rows(txs, entry.statuses),
            "raw": entry.block.raw.hex(),
        }

    def _side_block(self, side: Sidechain, entry: SideEntry) -> Facts:
        best = side.tree.is_ancestor(entry.hash, side.head)
        txs = entry.block.transactions
        final = side.tree.is_ancestor(entry.hash, side.final.hash)
        return {
            "chain": side.name,
            **describing.side_header_facts(entry.block.header),
            "best": best,
            "final": final,
            "fees": {"amount": entry.fee_sum, "asset": "BTM"},
            "claims": [claim.lock_id.hex() for claim in entry.claims],
            "size": len(entry.block.raw),
            "transactions": _rows(txs, (False,) * len(txs)),
            "raw": entry.block.raw.hex(),
        }

    # Transactions.

    def describe_tx(self, tx_id: str) -> Facts:
        """A transaction with its fields and bytes, and where it is."""
        found = self.locate(tx_id)
        facts = {
            "chain": found.chain,
            "state": "waiting" if found.place is None else "mined",
            "height": None if found.place is None else found.height,
            "position": None if found.place is None else found.place.index,
            "block": found.block_hash.hex() or None,
            "status_fail": found.failed,
        }
        if found.place is not None:
            heights = {MAIN: self.main_height()}
            if found.chain != MAIN:
                heights[found.chain] = self._head(found.chain).height
            facts["depth"] = heights[found.chain] - found.height
        return facts | describing.transaction_facts(found.tx, self.names())

    def describe_mempool(self, chain: str = MAIN) -> list[Facts]:
        """What waits on a chain, as its first node has it, oldest first."""
        pool, _ = self._pools(chain)[0]
        return [
            {
                "tx": waiting.tx.id.hex(),
                "fee": {"amount": waiting.fee, "asset": "BTM"},
                "size": waiting.tx.size,
                "n_inputs": len(waiting.tx.inputs),
                "n_outputs": len(waiting.tx.outputs),
                "status_fail": waiting.failed,
            }
            for waiting in pool.transactions()
        ] + [
            {
                "tx": orphan.tx.id.hex(),
                "size": orphan.tx.size,
                "orphan": True,
                "since_ms": orphan.since_ms,
            }
            for orphan in self._orphans(chain)
        ]

    def _orphans(self, chain: str) -> tuple[Orphan, ...]:
        """What the first node of a chain keeps until its parents come."""
        if chain == MAIN:
            return self.world.main_nodes[0].orphans
        return self._side(chain).nodes[0].pool_orphans

    # Assets and accounts.

    def describe_asset(self, name: str) -> Facts:
        """An asset: definition, issuers, supply on every chain."""
        info = asset_of(self._look(), name)
        tip = self.world.tree[self.world.main_tip]
        book = tip.state.index.books.get(info.id) or AssetBooks()
        supply = [{"chain": MAIN, **_of(tip.state.coins.total(info.id), info)}]
        for side in self.world.sidechains:
            total = side.tree[side.head].state.coins.total(info.id)
            supply.append({"chain": side.name, **_of(total, info)})
        facts: Facts = {
            "name": info.name,
            "id": info.id.hex(),
            "decimals": info.decimals,
            "supply": supply,
            "retired": _of(book.retired, info),
        }
        if info.id == BTM:
            return facts
        kind = CLASSES.get(info.bap)
        return facts | {
            "class": info.bap or None,
            "title": kind.title if kind else None,
            "divisible": info.decimals > 0,
            "fungible": kind.fungible if kind else None,
            "issued": _of(book.issued, info),
            "n_issuances": book.n_issuances,
            "first": self._place(book.first),
            "last": self._place(book.last),
            "signers": list(info.signers),
            "quorum": info.quorum,
            "limit_height": issuance_limit_height(info.program) or None,
            "program": describing.program_facts(info.program, self.names()),
            "definition": info.definition.decode("utf-8", "replace"),
            "definition_hex": info.definition.hex(),
        }

    def _place(self, place: TxPlace | None) -> Facts | None:
        if place is None:
            return None
        tip = self.world.tree[self.world.main_tip]
        block = self.world.tree[tip.state.hashes[place.height]].block
        return {"height": place.height, "tx": block.transactions[place.index].id.hex()}

    def describe_account(self, name: str) -> Facts:
        """An account: address, keys, what it holds on every chain."""
        owner, key = owner_of(self.world, name), key_of(self.world, name)
        program = describing.program_facts(key.program, self.names())
        holds = [
            {"chain": chain, **_of(sums[info.id], info)}
            for chain in self.chain_names()
            for sums in [self._sums(key.program, chain)]
            for info in self.world.assets
            if info.id in sums
        ]
        facts: Facts = {
            "name": name,
            "address": self.address(name),
            "kind": program["kind"],
            "program": key.program.hex(),
            "index": owner.index,
            "signers": list(owner.signers),
            "quorum": owner.quorum,
            "most_btm_inputs": key.most_btm_inputs,
            "holds": holds,
        }
        if key.script:
            facts["script"] = describing.program_facts(key.script, self.names())
        else:
            facts["public_key"] = key.public_key.hex()
        return facts

    def _sums(self, program: bytes, chain: str) -> dict[bytes, int]:
        """What a program can spend on a chain, by asset id."""
        tip = self.world.tree[self.world.main_tip]
        head = tip if chain == MAIN else self._head(chain)
        sums: dict[bytes, int] = {}
        for coin in head.state.coins.of_program(program):
            if coin.spendable_at(head.height + 1):
                sums[coin.asset] = sums.get(coin.asset, 0) + coin.amount
        return sums

    # Programs and bytes.

    def describe_program(self, text: str) -> Facts:
        """A program by its hex digits, or by an address of this network."""
        if text.lower().startswith(f"{self._hrp()}1"):
            program = program_of_address(text, self._hrp())
        else:
            program = from_hex(text)
        return describing.program_facts(program, self.names())

    def decode(self, text: str) -> decoding.Decoded:
        """Everything that a text can be; a hash is looked up in this world, too."""
        decoded = decoding.decode(text, self.names())
        known = self._known_here(text.strip().lower())
        if not known:
            return decoded
        certain = tuple(
            decoding.Reading(what, {"hash": text.strip().lower()}) for what in known
        )
        return replace(decoded, readings=(*certain, *decoded.readings), nearest=())

    def _known_here(self, text: str) -> list[str]:
        """What in this world has this id of 64 hex digits."""
        if len(text) != 64:
            return []
        wanted, tip = bytes.fromhex(text), self.world.tree[self.world.main_tip]
        found = []
        if wanted in self.world.tree.entries:
            height = self.world.tree[wanted].height
            found.append(f"hash of mainchain block {height}")
        for side in self.world.sidechains:
            if wanted in side.tree.entries:
                height = side.tree[wanted].height
                found.append(f"hash of block {height} of {side.name}")
            if wanted in side.tree[side.head].state.coins.by_id:
                found.append(f"id of an unspent output of {side.name}")
        for located in (
            self._mined_main(wanted), self._mined_side(wanted), self._waiting(wanted),
        ):  # fmt: skip
            if located is not None:
                found.append(f"id of a transaction of {located.chain}")
        if wanted in tip.state.coins.by_id:
            found.append("id of an unspent output of main")
        for info in self.world.assets:
            if info.id == wanted:
                found.append(f"id of the asset {info.name}")
        if wanted in tip.state.index.deposits:
            found.append("fingerprint that was deposited")
        return found


def _rows(txs: tuple[Transaction, ...], failed: tuple[bool, ...]) -> list[Facts]:
    """The transactions of a block in short."""
    return [
        {
            "index": index,
            "tx": tx.id.hex(),
            "size": tx.size,
            "kinds": [type(given).__name__.lower() for given in tx.inputs],
            "n_outputs": len(tx.outputs),
            "status_fail": fails,
        }
        for index, (tx, fails) in enumerate(zip(txs, failed, strict=True))
    ]


def _of(amount: int, info: AssetInfo) -> Facts:
    return {"amount": amount, "asset": info.name}
