"""
How anybody becomes a validator, a collector or a member of the federation: register
with a bond, be approved, leave, and get the bond back. Votes are in `voting`.

A candidate's account signs its records and owns its bond; its seat has a key of its
own, derived from its name as those of the founders are.
"""

from __future__ import annotations

from dataclasses import replace

from rpds import HashTrieMap

from devnet.engine.actors import pooling
from devnet.engine.actors.acts import side_purse
from devnet.engine.actors.collectors import new_collector
from devnet.engine.actors.hosting import start_engines
from devnet.engine.actors.newcomers import join_collectors, join_members, new_member
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.electoral import (
    COLLECTOR_ROLE,
    MEMBER_ROLE,
    ROLE_NAMES,
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
from devnet.engine.bc.stakes import bond_program
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.coins import Coin, coins_of_outputs
from devnet.engine.chain.wallet import Key, pay
from devnet.engine.codec import ripemd160
from devnet.engine.errors import BadValue, DevnetError, NameTaken, RequestError
from devnet.engine.events import ValidatorChanged
from devnet.engine.keys.chainkd import public_key, sign, xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.sidechain.custody import custody_above
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.registrations import Registration
from devnet.engine.sidechain.roster import (
    LEAST_FEES_NEU,
    NotCandidate,
    Roster,
    operate,
    with_operations,
)
from devnet.engine.sidechain.staking import (
    free_from,
)
from devnet.engine.sidechain.state import SideEntry

MOST_NODES = 128
"""Nodes of one sidechain, with and without a seat."""


class NeedsOneKey(RequestError):
    """Votes and bonds belong to one key; the account has several."""

    code = "validator.one-key"
    default_hint = "Take an account with a key of its own; new-account NAME makes one."


# Standing.


def register(
    turn: Turn, who: str, chain: str, bond_neu: int, role: int = VALIDATOR_ROLE
) -> bytes:
    """
    An account stands for a seat: its machine joins and follows, its bond is locked as
    soon as the registration is in a block.

    Returns:
        The transaction id.

    Raises:
        UnknownName, NameTaken, NeedsOneKey, OperationFailed, InsufficientFunds.
    """
    key, chain_id = single_key(turn, who), turn.side(chain).tree.spec.chain_id
    xprv, seat = _seat_of(turn, who, chain, role)
    if bond_neu <= 0:
        raise BadValue(
            f"a bond of {bond_neu} neu is none", hint="It is 100 BTM at least."
        )
    if role == VALIDATOR_ROLE:
        _check_node(turn, chain, who, seat)
    message = registration_message(chain_id, role, who, key.program, seat)
    record = Register(role, seat, sign(xprv, message), who)
    bond = Output(BTM, bond_neu, bond_program(stake_key_of(seat), owner_hash(key)))
    tx_id = _submit(turn, chain, key, record, (bond,), "registration")
    if role == MEMBER_ROLE:
        join_members(turn, who)
    elif role == COLLECTOR_ROLE:
        join_collectors(turn, who)
    elif who not in turn.node_names(chain):
        _join(turn, chain, who, xprv, seat)
    return tx_id


def _seat_of(turn: Turn, who: str, chain: str, role: int) -> tuple[bytes, bytes]:
    """Private and public key of a seat, by its name."""
    if role == MEMBER_ROLE:
        member = new_member(who, turn.main_nodes[0].view)
        return member.xprv, member.xpub
    if role == COLLECTOR_ROLE:
        collector = new_collector(who, turn.main_nodes[0].view)
        return collector.xprv, collector.key
    xprv = play_root(f"{chain} {who}")
    return xprv, public_key(xpub(xprv))


def _check_node(turn: Turn, chain: str, who: str, seat: bytes) -> None:
    """Can a node of this name join?"""
    if who in [node.name for node in turn.nodes(chain) if node.key != seat]:
        raise NameTaken(
            f"{chain} has a node {who!r} already",
            hint="Stand with an account of another name.",
        )
    if len(turn.node_names(chain)) >= MOST_NODES:
        raise BadValue(
            f"{chain} has {MOST_NODES} nodes, no more may join",
            hint="Those who joined stay; begin another world.",
        )


def _join(turn: Turn, chain: str, name: str, xprv: bytes, key: bytes) -> None:
    """A node joins the network; it has what the first validator gives it."""
    first = turn.speaker(chain)
    node = SideNode(
        name, xprv, key, p2wpkh(ripemd160(key)), first.main, first.head, first.seen,
        first.final, orphans=first.orphans, held_blocks=first.held_blocks,
        pool=first.pool, engines=HashTrieMap(),
    )  # fmt: skip
    turn.set_node(chain, node)
    turn.say(ValidatorChanged(chain=chain, validator=name, state="joined"))
    start_engines(turn, chain, name)


def leave(turn: Turn, who: str, chain: str, role: int = VALIDATOR_ROLE) -> bytes:
    """Stand no more. The bond comes back after the unbonding period."""
    key = single_key(turn, who)
    return _submit(turn, chain, key, Leave(role), (), "leaving")


def approve(turn: Turn, who: str, candidate: str, chain: str) -> bytes:
    """Approve of a candidate with all that the account holds (rule dpos)."""
    key = single_key(turn, who)
    return _submit(turn, chain, key, Approve((candidate,)), (), "approval")


def disapprove(turn: Turn, who: str, candidate: str, chain: str) -> bytes:
    """Take an approval back."""
    key, record = single_key(turn, who), WithdrawApproval((candidate,))
    return _submit(turn, chain, key, record, (), "approval withdrawn")


def _submit(
    turn: Turn,
    chain: str,
    key: Key,
    record: ElectoralRecord,
    outputs: tuple[Output, ...],
    what: str,
) -> bytes:
    """Sign and hand in a record; if it could have no effect, say why instead."""
    purse = side_purse(turn, chain, key.program)
    said = Output(BTM, 0, record.program)
    fee_neu = LEAST_FEES_NEU[record.kind]
    tx = pay(key, purse, (said, *outputs), side=True, least_fee=fee_neu)
    height = head_of(turn, chain).height + 1
    chain_id = turn.side(chain).tree.spec.chain_id
    coins = coins_of_outputs(tx, height)
    operate(_roster_soon(turn, chain), tx, record, coins, fee_neu, height, chain_id)
    pooling.submit(turn, chain, tx, what)
    return tx.id


def _roster_soon(turn: Turn, chain: str) -> Roster:
    """The roster after what waits in the first validator's pool."""
    head = head_of(turn, chain)
    roster, height = head.state.roster, head.height + 1
    chain_id = turn.side(chain).tree.spec.chain_id
    for item in turn.speaker(chain).pool.transactions():
        coins = coins_of_outputs(item.tx, height)
        roster = with_operations(roster, item.tx, coins, item.fee, height, chain_id)
    return roster


# Bonds back.


def bring_bond_home(turn: Turn, chain: str, name: str) -> None:
    """A node whose candidate left takes the bond back as soon as the rules allow."""
    node = turn.node(chain, name)
    head = turn.side(chain).tree[node.head]
    one = head.state.roster.by_name.get(name)
    if one is not None and not one.stands and one.key == node.key:
        _bring_home(turn, chain, head, one)
    if name == turn.speaker(chain).name:
        # Members and collectors have no node of their own on the sidechain.
        for role in (COLLECTOR_ROLE, MEMBER_ROLE):
            for one in head.state.roster.book(role).all():
                if not one.stands:
                    _bring_home(turn, chain, head, one)


def _bring_home(turn: Turn, chain: str, head: SideEntry, one: Registration) -> None:
    """The bond of a candidate who left, if it may be spent already."""
    first = turn.speaker(chain)
    bond = head.state.coins.by_id.get(one.bond_id)
    if bond is None or one.bond_id in first.pool.spent:
        return
    unbond_blocks = turn.side(chain).tree.spec.unbond_blocks
    custody = custody_above(turn.side(chain).tree, turn.tree, head.hash)
    free_at = free_from(bond, head.state.roster, unbond_blocks, custody)
    seen_height = turn.side(chain).tree[first.head].height
    if free_at is None or min(head.height, seen_height) + 1 < free_at:
        return
    try:
        pooling.submit(turn, chain, _freed(turn, chain, one, bond), "bond back")
    except DevnetError:
        return  # Another branch, perhaps; the next block brings another chance.


def _freed(turn: Turn, chain: str, one: Registration, bond: Coin) -> Transaction:
    """
    Raises:
        UnknownName: the author of the registration is no account here.
    """
    key = key_of(turn, one.name)
    purse = side_purse(turn, chain, key.program)
    return pay(key, replace(purse, coins=()), (), side=True, freed=(bond,))


# Helpers.


def head_of(turn: Turn, chain: str) -> SideEntry:
    """The head of the chain as it is shown: the weightiest that anybody has."""
    side = turn.side(chain)
    return side.tree[side.head]


def single_key(turn: Turn, who: str) -> Key:
    """The key of an account that has one alone, or NeedsOneKey."""
    key = key_of(turn, who)
    if key.script:
        raise NeedsOneKey(f"{who} has {len(key.xprvs)} keys")
    return key


def owner_hash(key: Key) -> bytes:
    """Names the owner of votes and bonds, 20 bytes."""
    return ripemd160(key.public_key)


def key_of_candidate(turn: Turn, chain: str, name: str, role: int) -> bytes:
    """The key of a candidate, or of somebody who was one."""
    one = head_of(turn, chain).state.roster.book(role).by_name.get(name)
    if one is not None:
        return one.key
    seats: dict[str, bytes] = {}
    if role == MEMBER_ROLE:
        seats = {member.name: member.xpub for member in turn.members}
    elif role == COLLECTOR_ROLE:
        seats = {collector.name: collector.key for collector in turn.collectors}
    else:
        seats = {node.name: node.key for node in turn.nodes(chain)}
    if name in seats:
        return seats[name]
    raise NotCandidate(
        f"{name} does not stand for a {ROLE_NAMES[role]}'s seat on {chain}",
        hint=f"{ROLE_NAMES[role]} list {chain} shows who stands.",
    )
