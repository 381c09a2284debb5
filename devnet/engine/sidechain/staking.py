"""
Votes and bonds as value: how votes add up, when a stake may be spent, and how a bond is
forfeited.

A vote counts from the block that makes it to the block that spends it, and can be spent
after the unbonding period, counted from its own block. A bond is locked while its
candidate stands, and for the unbonding period after it left. A federation member's bond
is locked as well while the member sits in a federation that is accepted, or funds are
left that only its old federations can sign for. A bond that belongs to no registration
is an ordinary coin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rpds import HashTrieMap

from devnet.engine.bc.electoral import MEMBER_ROLE
from devnet.engine.bc.entries import output_id
from devnet.engine.bc.stakes import N_STAKE_BYTES, stake_of
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.codec import entry_id
from devnet.engine.errors import TransactionError
from devnet.engine.sidechain.custody import Custody
from devnet.engine.sidechain.registrations import Registration
from devnet.engine.sidechain.roster import LEAST_BOND_NEU, Roster

UNBOND_BLOCKS = 400
LEAST_VOTE_NEU = 1_000_000
REPORTER_PERCENT = 5
LEAST_PART_NEU = LEAST_BOND_NEU // 10
"""The least that a part of a bond is: a tenth of the least bond."""


class VoteLocked(TransactionError):
    """A vote output is spent before its unbonding period is over."""

    code = "tx.vote-locked"
    default_hint = "Votes stay locked for a while, so that they mean something."


class BondLocked(TransactionError):
    """A bond is spent while its candidate stands, or too soon after it left."""

    code = "tx.bond-locked"
    default_hint = "validator leave first; the bond is free some blocks after that."


class MemberBondLocked(BondLocked):
    """A bond is spent while its member has a seat, or old funds to answer for."""

    code = "tx.member-bond-locked"
    default_hint = "The old members sign everything over first; then the bond is free."


class VoteTooSmall(TransactionError):
    """A vote output holds less than the least amount."""

    code = "tx.vote-too-small"
    default_hint = "A vote is at least 0.01 BTM."


def check_stakes(
    tx: Transaction,
    roster: Roster,
    height: int,
    unbond_blocks: int,
    coin_of: Callable[[bytes, int], Coin],
    custody: Custody | None = None,
) -> None:
    """
    May a block of this height take the transaction, as far as stakes are concerned?

    Args:
        coin_of: the unspent output of an id, for a block of a height.
        custody: what members answer for; None: their bonds are locked.

    Raises:
        VoteLocked, BondLocked, MemberBondLocked, VoteTooSmall; what `coin_of` raises.
    """
    for output in tx.outputs:
        if len(output.program) == N_STAKE_BYTES and output.asset == BTM:
            _check_amount(output.program, output.amount)
    for index, spend in enumerate(tx.inputs):
        if not isinstance(spend, Spend) or len(spend.program) != N_STAKE_BYTES:
            continue
        spent_id = tx.spent_output_ids[index]
        if spend.asset == BTM and spent_id is not None and stake_of(spend.program):
            coin = coin_of(spent_id, height)
            free_at = free_from(coin, roster, unbond_blocks, custody)
            if free_at is None or height < free_at:
                one = roster.of_bond(coin.id)
                if free_at is None and one is not None and not one.stands:
                    raise _answerable(one, custody, height)
                raise _locked(coin, free_at, height)


def _check_amount(program: bytes, amount: int) -> None:
    stake = stake_of(program)
    if stake is not None and stake.kind == "vote" and amount < LEAST_VOTE_NEU:
        raise VoteTooSmall(
            f"a vote of {amount} neu, {LEAST_VOTE_NEU} is the least",
            amount=amount,
            least=LEAST_VOTE_NEU,
        )


def free_from(
    coin: Coin, roster: Roster, unbond_blocks: int, custody: Custody | None = None
) -> int | None:
    """
    The first height of a block that may spend a stake; None: not known yet.

    Args:
        custody: what members answer for; None: it is not known, and so is theirs not.
    """
    stake = stake_of(coin.program)
    if stake is None:
        return 0
    if stake.kind == "vote":
        return coin.height + unbond_blocks
    one = roster.of_bond(coin.id)
    if one is None:
        return 0
    if not one.stands and one.role == MEMBER_ROLE:
        return _member_free_from(one, unbond_blocks, custody)
    return None if one.stands else one.left_height + unbond_blocks


def _member_free_from(
    one: Registration, unbond_blocks: int, custody: Custody | None
) -> int | None:
    if custody is None or custody.seats(one.key) or custody.held_for(one.key).n_outputs:
        return None
    return max(one.left_height, custody.out_height(one.key)) + unbond_blocks


def _answerable(
    one: Registration, custody: Custody | None, height: int
) -> MemberBondLocked:
    """Why the bond of a member who left is not free."""
    bond = f"the bond of member {one.name} is locked at {height}"
    if custody is None:
        return MemberBondLocked(f"{bond}: nobody knows what it answers for")
    seats = custody.seats(one.key)
    if seats:
        epochs = ", ".join(str(epoch) for epoch in seats)
        return MemberBondLocked(
            f"{bond}: it sits in the federation of epoch {epochs}",
            height=height, member=one.name, epochs=seats,
        )  # fmt: skip
    held = custody.held_for(one.key)
    return MemberBondLocked(
        f"{bond}: {held.n_federations} federations of its hold {held.n_outputs} "
        f"outputs on main {custody.anchor.height}, {held.btm_neu} neu of them in BTM",
        height=height, member=one.name, n_outputs=held.n_outputs,
        btm_neu=held.btm_neu, anchor_height=custody.anchor.height,
    )  # fmt: skip


def _locked(coin: Coin, free_at: int | None, height: int) -> TransactionError:
    stake = stake_of(coin.program)
    assert stake is not None
    if free_at is None:
        return BondLocked(
            f"the bond {coin.id.hex()[:16]} is locked: its candidate stands",
            hint="Leave first (validator, collector or member leave).",
            id=coin.id,
            height=height,
        )
    kind = VoteLocked if stake.kind == "vote" else BondLocked
    return kind(
        f"the {stake.kind} {coin.id.hex()[:16]} can be spent from height {free_at} on, "
        f"not at {height}",
        id=coin.id,
        free_at=free_at,
        height=height,
    )


# Votes.


def tally_after(
    tally: HashTrieMap[bytes, int], spent: Iterable[Coin], created: Iterable[Coin]
) -> HashTrieMap[bytes, int]:
    """Votes in neu by key, after a block's changes; only keys that have any."""
    for sign, coins in ((-1, spent), (1, created)):
        for coin in coins:
            if len(coin.program) != N_STAKE_BYTES or coin.asset != BTM:
                continue
            stake = stake_of(coin.program)
            if stake is None or stake.kind != "vote":
                continue
            votes = (tally.get(stake.key) or 0) + sign * coin.amount
            # A vote that its own block spends goes below nothing for a moment.
            tally = tally.insert(stake.key, votes) if votes else tally.remove(stake.key)
    return tally


# Forfeiting.


@dataclass(frozen=True, slots=True)
class Forfeit:
    """
    A bond that is lost, or a part of it.

    Args:
        bond: the output that goes.
        made: the reporter's reward, then what is left of the bond, if anything is.
        burned_neu: what goes for ever.
        roster: without the candidate, its key banned; or with the bond that is left.
    """

    bond: Coin
    made: tuple[Coin, ...]
    burned_neu: int
    roster: Roster


def forfeit(
    roster: Roster,
    key: bytes,
    reporter: bytes,
    height: int,
    coin_of: Callable[[bytes, int], Coin],
) -> Forfeit | None:
    """
    Take the bond behind a key: 5 % to the reporter, the rest burned, the key banned.

    The key may stand, or have left and still be bound. None: nothing vouches for it;
    then `ban` alone is left to do.

    Args:
        reporter: the control program that gets the reward.
        coin_of: the unspent output of an id, for a block of a height.
    """
    one = roster.of_key(key)
    if one is None:
        return None
    bond = coin_of(one.bond_id, height)
    reward = _made_of(bond, 0, bond.amount * REPORTER_PERCENT // 100, reporter, height)
    left = ban(roster.without(one), key, height)
    return Forfeit(bond, (reward,), bond.amount - reward.amount, left)


def forfeit_part(
    roster: Roster,
    key: bytes,
    reporter: bytes,
    height: int,
    coin_of: Callable[[bytes, int], Coin],
) -> Forfeit | None:
    """
    Take a part of the bond behind a key: a tenth of it, 10 BTM at least, all if there
    is no more; 5 % of that to the reporter, the rest burned. The candidate stands on
    with what is left, and with nothing left is registered no more.

    Args, returns: as `forfeit`.
    """
    one = roster.of_key(key)
    if one is None:
        return None
    bond = coin_of(one.bond_id, height)
    lost_neu = min(bond.amount, max(-(-bond.amount // 10), LEAST_PART_NEU))
    reward_neu, left_neu = lost_neu * REPORTER_PERCENT // 100, bond.amount - lost_neu
    reward = _made_of(bond, 0, reward_neu, reporter, height)
    if not left_neu:
        return Forfeit(bond, (reward,), lost_neu - reward_neu, roster.without(one))
    rest = _made_of(bond, 1, left_neu, bond.program, height)
    left = roster.with_bond(one, rest.id, left_neu)
    return Forfeit(bond, (reward, rest), lost_neu - reward_neu, left)


def _made_of(
    bond: Coin, position: int, amount: int, program: bytes, height: int
) -> Coin:
    """An output that a forfeited bond leaves; no transaction makes it."""
    source_id = entry_id("bondforfeit1", bond.id)
    coin_id = output_id(source_id, BTM, amount, position, 1, program)
    return Coin(coin_id, source_id, position, BTM, amount, program, height)


def ban(roster: Roster, key: bytes, height: int) -> Roster:
    """The key gets no seat any more, by election."""
    return replace(roster, banned=roster.banned.insert(key, height))
