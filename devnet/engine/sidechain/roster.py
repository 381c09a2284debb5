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
    VALIDATOR_ROLE,
    Approve,
    ElectoralRecord,
    Leave,
    Register,
    WithdrawApproval,
    registration_message,
)
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.recordform import record_kind
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.stakes import Stake, stake_of
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.errors import CodecError, RequestError
from devnet.engine.keys.ed25519 import verify

BTM_NEU = 100_000_000
LEAST_BOND_NEU = 100 * BTM_NEU
LEAST_FEES_NEU = {
    Register.kind: BTM_NEU,
    Approve.kind: BTM_NEU // 100,
    WithdrawApproval.kind: BTM_NEU // 100,
    Leave.kind: BTM_NEU // 100,
}
"""What an operation costs at least; less, and it has no effect."""


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
class Registration:
    """
    One candidate.

    Args:
        program: the author's control program, which acts for it.
        bond_id: the output that vouches for it.
        height: of the block that registered it.
        left_height: of the block in which it left; 0 while it stands.
    """

    name: str
    key: bytes
    program: bytes
    bond_id: bytes
    bond_neu: int
    height: int
    left_height: int = 0

    @property
    def stands(self) -> bool:
        """Can it be elected?"""
        return not self.left_height


@dataclass(frozen=True, slots=True)
class Roster:
    """
    All registrations at a block.

    Args:
        by_name: those whose bond is not spent, whether they stand or left.
        by_program, by_key, by_bond: the name of each.
        approvals: by the approving address's program, the names.
        banned: keys that lost their bond, and the height at which.
    """

    by_name: HashTrieMap[str, Registration] = field(default_factory=HashTrieMap)
    by_program: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    by_key: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    by_bond: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    approvals: HashTrieMap[bytes, tuple[str, ...]] = field(default_factory=HashTrieMap)
    banned: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)

    def standing(self) -> list[Registration]:
        """Who can be elected, by name."""
        return [one for one in self.all() if one.stands]

    def all(self) -> list[Registration]:
        """Everybody whose bond is not spent, by name."""
        return [self.by_name[name] for name in sorted(self.by_name)]

    def with_registration(self, one: Registration) -> Roster:
        """One more registration, or another state of it."""
        return replace(
            self,
            by_name=self.by_name.insert(one.name, one),
            by_program=self.by_program.insert(one.program, one.name),
            by_key=self.by_key.insert(one.key, one.name),
            by_bond=self.by_bond.insert(one.bond_id, one.name),
        )

    def without_bonds(self, spent: Iterable[Coin]) -> Roster:
        """Whose bond is spent is registered no more."""
        roster = self
        for coin in spent:
            name = roster.by_bond.get(coin.id) if len(roster.by_bond) else None
            if name is not None:
                roster = roster.without(roster.by_name[name])
        return roster

    def without(self, one: Registration) -> Roster:
        """The roster without a registration and the approvals of it."""
        return replace(
            self._unapproved(one.name),
            by_name=self.by_name.remove(one.name),
            by_program=self.by_program.remove(one.program),
            by_key=self.by_key.remove(one.key),
            by_bond=self.by_bond.remove(one.bond_id),
        )

    def with_approvals(self, program: bytes, names: tuple[str, ...]) -> Roster:
        """An address approves of these, and of nobody else."""
        if not names:
            left = self.approvals.discard(program)
            return replace(self, approvals=left)
        return replace(self, approvals=self.approvals.insert(program, names))

    def left(self, one: Registration, height: int) -> Roster:
        """The candidate stands no more; nobody approves of it any longer."""
        gone = replace(one, left_height=height)
        return self._unapproved(one.name).with_registration(gone)

    def _unapproved(self, name: str) -> Roster:
        roster = self
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
            return _leave(roster, first.program, height)


def _register(
    roster: Roster,
    record: Register,
    author: bytes,
    coins: tuple[Coin, ...],
    height: int,
    chain_id: bytes,
) -> Roster:
    if record.role != VALIDATOR_ROLE:
        raise NotCandidate(f"role {record.role} is not elected on a sidechain yet")
    if record.key in roster.banned:
        raise Banned(
            f"the key {record.key.hex()[:16]} lost its bond at height "
            f"{roster.banned[record.key]}"
        )
    for taken, what in (
        (author in roster.by_program, "the address"),
        (record.name in roster.by_name, f"the name {record.name!r}"),
        (record.key in roster.by_key, f"the key {record.key.hex()[:16]}"),
    ):
        if taken:
            raise SeatTaken(f"{what} is registered already")
    message = registration_message(
        chain_id, record.role, record.name, author, record.key
    )
    if not verify(record.key, message, record.proof):
        raise BadProof(f"{record.name}'s proof of possession is not its key's")
    bond = _bond_in(coins, record.key, author)
    one = Registration(record.name, record.key, author, bond.id, bond.amount, height)
    return roster.with_registration(one)


def _bond_in(coins: tuple[Coin, ...], key: bytes, author: bytes) -> Coin:
    """The output that vouches for the key and belongs to the author."""
    for coin in coins:
        stake = stake_of(coin.program)
        if stake is None or stake.kind != "bond" or coin.asset != BTM:
            continue
        owned = stake.key == key and owner_program(stake) == author
        if owned and coin.amount >= LEAST_BOND_NEU:
            return coin
    raise NoBond(
        f"no bond of at least {LEAST_BOND_NEU} neu for the key {key.hex()[:16]}, "
        "owned by the author",
        least_neu=LEAST_BOND_NEU,
    )


def owner_program(stake: Stake) -> bytes:
    """The P2WPKH program of a stake's owner."""
    return p2wpkh(stake.owner_hash)


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


def _leave(roster: Roster, author: bytes, height: int) -> Roster:
    name = roster.by_program.get(author)
    one = None if name is None else roster.by_name[name]
    if one is None or not one.stands:
        raise NotCandidate("the author does not stand for a seat")
    return roster.left(one, height)
