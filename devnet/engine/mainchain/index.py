"""
What the mainchain keeps at hand besides unspent outputs: where each transaction is,
what was issued and retired of each asset, where each fingerprint was deposited.

All of it is one persistent value in the state at a block, grown by that block's
transactions alone. A reorganisation looks at another value; nothing is ever searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rpds import HashTrieMap

from devnet.engine.bc import fingerprint
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import BTM, Issuance, Transaction
from devnet.engine.chain.places import Places, TxPlace, with_places

Form = Literal["asset", "output"]


@dataclass(frozen=True, slots=True)
class Deposit:
    """
    A fingerprint on the mainchain.

    Args:
        form: in an asset's definition, or in an output's program.
        asset: the asset that it defines, or the one that the output holds.
        output_id: the output that carries it; empty in the asset form.
        part: index of the issuing input, or of the output.
    """

    digest: bytes
    algorithm: str
    form: Form
    tx_id: bytes
    height: int
    asset: bytes
    output_id: bytes
    part: int


@dataclass(frozen=True, slots=True)
class AssetBooks:
    """What was issued and destroyed of an asset, in its smallest unit."""

    issued: int = 0
    retired: int = 0
    n_issuances: int = 0
    first: TxPlace | None = None
    last: TxPlace | None = None


@dataclass(frozen=True, slots=True)
class MainIndex:
    """places: by transaction id. books: by asset id. deposits: by digest."""

    places: Places = field(default_factory=HashTrieMap)
    books: HashTrieMap[bytes, AssetBooks] = field(default_factory=HashTrieMap)
    deposits: HashTrieMap[bytes, tuple[Deposit, ...]] = field(
        default_factory=HashTrieMap
    )

    def with_block(
        self, transactions: Sequence[Transaction], failed: Sequence[bool], height: int
    ) -> MainIndex:
        """
        The index with one more block.

        Args:
            failed: the statuses; of a failed transaction only the BTM side counts.
        """
        books, deposits = self.books, self.deposits
        for index, tx in enumerate(transactions):
            books = _booked(books, tx, failed[index], TxPlace(height, index))
            if index and not failed[index]:
                for one in deposits_in(tx, height):
                    known = deposits.get(one.digest) or ()
                    deposits = deposits.insert(one.digest, (*known, one))
        return MainIndex(
            with_places(self.places, transactions, height), books, deposits
        )


def deposits_in(tx: Transaction, height: int) -> list[Deposit]:
    """The fingerprints that a transaction carries, inputs first."""
    found = []
    for part, given in enumerate(tx.inputs):
        if isinstance(given, Issuance):
            told = fingerprint.in_definition(given.definition)
            if told is not None:
                found.append(
                    Deposit(
                        told.digest, told.algorithm, "asset", tx.id, height,
                        given.asset, b"", part,
                    )
                )  # fmt: skip
    for part, output in enumerate(tx.outputs):
        told = fingerprint.in_program(output.program)
        if told is not None:
            found.append(
                Deposit(
                    told.digest, told.algorithm, "output", tx.id, height,
                    output.asset, tx.result_ids[part], part,
                )
            )  # fmt: skip
    return found


def _booked(
    books: HashTrieMap[bytes, AssetBooks], tx: Transaction, failed: bool, at: TxPlace
) -> HashTrieMap[bytes, AssetBooks]:
    """Issuances and retirements of one transaction."""
    for given in tx.inputs:
        if isinstance(given, Issuance) and not failed:
            book = books.get(given.asset) or AssetBooks()
            book = replace(
                book,
                issued=book.issued + given.amount,
                n_issuances=book.n_issuances + 1,
                first=book.first or at,
                last=at,
            )
            books = books.insert(given.asset, book)
    for output in tx.outputs:
        counts = output.amount and not (failed and output.asset != BTM)
        if counts and is_unspendable(output.program):
            book = books.get(output.asset) or AssetBooks()
            book = replace(book, retired=book.retired + output.amount)
            books = books.insert(output.asset, book)
    return books
