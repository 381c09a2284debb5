"""
Who stands for a seat on a sidechain, and who approves of whom: what the electoral
records of a branch add up to.

An operation that fails has no effect at all, and costs its fee. The roster is a value
that belongs to a block's state, so a reorganisation takes operations back by looking
at another value. Early Vapor keeps the half of a failed vote that came before the
mistake; here nothing of it stays.

Source: consensus rules of this project, section "dpos"; protocol page "federation",
section 8. Leaving and bonds are ours, see docs/differences.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from devnet.engine.bc.electoral import (
    MOST_NAMES,
    ROLE_NAMES,
    ROLES,
    VALIDATOR_ROLE,
    Approve,
    ElectoralRecord,
    Leave,
    Register,
    WithdrawApproval,
    registration_message,
    stake_key_of,
)
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.recordform import record_kind
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.errors import CodecError, RequestError
from devnet.engine.keys.curve import is_sound
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.registrations import Book, Registration, where_to_look

BTM_NEU = 100_000_000
LEAST_BOND_NEU = 100 * BTM_NEU
LEAST_FEES_NEU = {
    Register.kind: BTM_NEU,
    Approve.kind: BTM_NEU // 100,
    WithdrawApproval.kind: BTM_NEU // 100,
    Leave.kind: BTM_NEU // 100,
}
"""What an operation costs at least; less, and it has no effect."""
NO_BOOK = Book()


class OperationFailed(RequestError):
    """An electoral record has no effect. Concrete refusals follow."""

    code = "validator.operation"


class FeeTooSmall(OperationFailed):
    """The transaction's fee does not cover its operations."""

    code = "validator.fee-too-small"
    default_hint = "To register costs 1 BTM, every other operation 0.01 BTM."


class SeatTaken(OperationFailed):
    """The address, the name or the key is registered already."""

    code = "validator.taken"
    default_hint = "validator list SIDECHAIN shows who is registered."


class NoBond(OperationFailed):
    """The registration brings no bond of its own, or too small a one."""

    code = "validator.no-bond"
    default_hint = "A bond is at least 100 BTM, in the registration's transaction."


class BadProof(OperationFailed):
    """The candidate's key did not sign the registration."""

    code = "validator.bad-proof"
    default_hint = "Sign the seat, the name and the author with the seat's own key."


class Banned(OperationFailed):
    """The key lost its bond for an offence and never gets a seat again."""

    code = "validator.banned"
    default_hint = "Register with another key."


class NotCandidate(OperationFailed):
    """Nobody of this name, or at this address, stands for a seat."""

    code = "validator.not-a-candidate"
    default_hint = "validator list SIDECHAIN shows who stands."


class TooManyApprovals(OperationFailed):
    """An address may approve of 51 candidates at most."""

    code = "validator.too-many-approvals"
    default_hint = "validator disapprove takes an approval back."


class ApprovedAlready(OperationFailed):
    """The address approves of this candidate already."""

    code = "validator.approved-already"
    default_hint = "One approval each is all there is."


class NotApproved(OperationFailed):
    """The address does not approve of this candidate."""

    code = "validator.not-approved"
    default_hint = "Only what was approved can be withdrawn."


@dataclass(frozen=True, slots=True)
class Roster:
    """
    All registrations at a block. What has no role in its name is about validators.

    Args:
        books: by role.
        approvals: by the approving address's program, names of validators.
        banned: stake keys that lost their bond, and the height at which.
        bad_claims: claims that a collector was convicted of, by transaction id, and the
            height at which.
    """

    books: HashTrieMap[int, Book] = field(default_factory=HashTrieMap)
    approvals: HashTrieMap[bytes, tuple[str, ...]] = field(default_factory=HashTrieMap)
    banned: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    bad_claims: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)

    def book(self, role: int) -> Book:
        """The registrations of a role."""
        return self.books.get(role) or NO_BOOK

    @property
    def by_name(self) -> HashTrieMap[str, Registration]:
        """Validators, standing or leaving."""
        return self.book(VALIDATOR_ROLE).by_name

    @property
    def by_key(self) -> HashTrieMap[bytes, str]:
        """Names of validators."""
        return self.book(VALIDATOR_ROLE).by_key

    def standing(self) -> list[Registration]:
        """Validators who can be elected, by name."""
        return self.book(VALIDATOR_ROLE).standing()

    def all(self) -> list[Registration]:
        """Validators whose bond is not spent, by name."""
        return self.book(VALIDATOR_ROLE).all()

    def of_key(self, stake_key: bytes) -> Registration | None:
        """The registration of a 32-byte key, whatever its role."""
        found = (self.book(role).of_key(stake_key) for role in ROLES)
        return next((one for one in found if one is not None), None)

    def of_bond(self, bond_id: bytes) -> Registration | None:
        """The registration that an output vouches for, whatever its role."""
        found = (self.book(role).of_bond(bond_id) for role in ROLES)
        return next((one for one in found if one is not None), None)

    def with_registration(self, one: Registration) -> Roster:
        """One more registration, or another state of it."""
        book = self.book(one.role).having(one)
        return replace(self, books=self.books.insert(one.role, book))

    def without_bonds(self, spent: Iterable[Coin]) -> Roster:
        """Whose bond is spent is registered no more."""
        roster = self
        for coin in spent if len(self.books) else ():
            one = roster.of_bond(coin.id)
            if one is not None:
                roster = roster.without(one)
        return roster

    def without(self, one: Registration) -> Roster:
        """The roster without a registration and the approvals of it."""
        book = self.book(one.role).without(one)
        roster = self._unapproved(one)
        return replace(roster, books=roster.books.insert(one.role, book))

    def is_convicted(self, label: bytes) -> bool:
        """Is a key, or a claim by its transaction id, convicted already?"""
        return label in self.banned or label in self.bad_claims

    def with_bond(self, one: Registration, bond_id: bytes, bond_neu: int) -> Roster:
        """The same registration with another output behind it."""
        book = self.book(one.role).without(one)
        book = book.having(replace(one, bond_id=bond_id, bond_neu=bond_neu))
        return replace(self, books=self.books.insert(one.role, book))

    def with_approvals(self, program: bytes, names: tuple[str, ...]) -> Roster:
        """An address approves of these, and of nobody else."""
        if not names:
            left = self.approvals.discard(program)
            return replace(self, approvals=left)
        return replace(self, approvals=self.approvals.insert(program, names))

    def left(self, one: Registration, height: int) -> Roster:
        """The candidate stands no more; nobody approves of it any longer."""
        gone = replace(one, left_height=height)
        return self._unapproved(one).with_registration(gone)

    def _unapproved(self, one: Registration) -> Roster:
        roster, name = self, one.name
        if one.role != VALIDATOR_ROLE:
            return roster
        for program in sorted(self.approvals):
            names = self.approvals[program]
            if name in names:
                left = tuple(other for other in names if other != name)
                roster = roster.with_approvals(program, left)
        return roster


def with_operations(
    roster: Roster,
    tx: Transaction,
    created: Iterable[Coin],
    fee_neu: int,
    height: int,
    chain_id: bytes,
) -> Roster:
    """
    The roster after the electoral records of a transaction, in their order. Each takes
    its least fee from the transaction's; those that fail have no effect.

    Args:
        created: the outputs of the transaction that can be spent.
    """
    coins = tuple(created)
    for record in records_of(tx):
        try:
            roster = operate(roster, tx, record, coins, fee_neu, height, chain_id)
        except OperationFailed:
            continue
        fee_neu -= LEAST_FEES_NEU[record.kind]
    return roster


def records_of(tx: Transaction) -> list[ElectoralRecord]:
    """The well-formed electoral records of a transaction."""
    found: list[ElectoralRecord] = []
    for output in tx.outputs:
        if output.program[:1] != b"\x6a":
            continue
        if record_kind(output.program) not in LEAST_FEES_NEU:
            continue
        try:
            record = parse_record(output.program)
        except CodecError:
            continue
        if isinstance(record, Register | Approve | WithdrawApproval | Leave):
            found.append(record)
    return found


def operate(
    roster: Roster,
    tx: Transaction,
    record: ElectoralRecord,
    coins: tuple[Coin, ...],
    fee_neu: int,
    height: int,
    chain_id: bytes,
) -> Roster:
    """
    What one record does.

    Raises:
        OperationFailed: why it has no effect.
    """
    least_neu = LEAST_FEES_NEU[record.kind]
    if fee_neu < least_neu:
        raise FeeTooSmall(
            f"a fee of {fee_neu} neu is left for {type(record).__name__}, which costs "
            f"{least_neu}",
            fee_neu=fee_neu,
            least_neu=least_neu,
        )
    first = tx.inputs[0]
    if not isinstance(first, Spend):
        raise NotCandidate("input 0 spends nothing, so the record has no author")
    match record:
        case Register():
            return _register(roster, record, first.program, coins, height, chain_id)
        case Approve(names):
            return _approve(roster, first.program, names)
        case WithdrawApproval(names):
            return _withdraw(roster, first.program, names)
        case Leave():
            return _leave(roster, first.program, record.role, height)


def _register(
    roster: Roster,
    record: Register,
    author: bytes,
    coins: tuple[Coin, ...],
    height: int,
    chain_id: bytes,
) -> Roster:
    stake_key, book = stake_key_of(record.key), roster.book(record.role)
    if stake_key in roster.banned:
        raise Banned(
            f"the key {stake_key.hex()[:16]} lost its bond at height "
            f"{roster.banned[stake_key]}"
        )
    for taken, what in (
        (author in book.by_program, "the address"),
        (record.name in book.by_name, f"the name {record.name!r}"),
        (roster.of_key(stake_key) is not None, f"the key {stake_key.hex()[:16]}"),
    ):
        if taken:
            raise SeatTaken(
                f"{what} is registered already", hint=where_to_look(record.role)
            )
    if not is_sound(stake_key):
        raise BadProof(
            f"anybody can sign for {record.name}'s key, so it proves nothing"
        )
    message = registration_message(
        chain_id, record.role, record.name, author, record.key
    )
    if not verify(stake_key, message, record.proof):
        raise BadProof(f"{record.name}'s proof of possession is not its key's")
    bond = _bond_in(coins, stake_key, author)
    one = Registration(
        record.name, record.key, author, bond.id, bond.amount, height, role=record.role
    )
    return roster.with_registration(one)


def _bond_in(coins: tuple[Coin, ...], key: bytes, author: bytes) -> Coin:
    """The output that vouches for the key and belongs to the author."""
    for coin in coins:
        stake = stake_of(coin.program)
        if stake is None or stake.kind != "bond" or coin.asset != BTM:
            continue
        owned = stake.key == key and p2wpkh(stake.owner_hash) == author
        if owned and coin.amount >= LEAST_BOND_NEU:
            return coin
    raise NoBond(
        f"no bond of at least {LEAST_BOND_NEU} neu for the key {key.hex()[:16]}, "
        "owned by the author",
        least_neu=LEAST_BOND_NEU,
    )


def _approve(roster: Roster, author: bytes, names: tuple[str, ...]) -> Roster:
    approved = roster.approvals.get(author) or ()
    if len(approved) + len(names) > MOST_NAMES:
        raise TooManyApprovals(
            f"{len(approved)} names are approved, {len(names)} more are above "
            f"{MOST_NAMES}"
        )
    for name in names:
        one = roster.by_name.get(name)
        if one is None or not one.stands:
            raise NotCandidate(f"{name} does not stand for a seat")
        if name in approved:
            raise ApprovedAlready(f"{name} is approved already")
    return roster.with_approvals(author, (*approved, *names))


def _withdraw(roster: Roster, author: bytes, names: tuple[str, ...]) -> Roster:
    approved = roster.approvals.get(author) or ()
    for name in names:
        if name not in approved:
            raise NotApproved(f"{name} is not approved")
    left = tuple(name for name in approved if name not in names)
    return roster.with_approvals(author, left)


def _leave(roster: Roster, author: bytes, role: int, height: int) -> Roster:
    one = roster.book(role).of_program(author)
    if one is None or not one.stands:
        seat = f"a {ROLE_NAMES[role]}'s seat"
        raise NotCandidate(
            f"the author does not stand for {seat}", hint=where_to_look(role)
        )
    return roster.left(one, height)
