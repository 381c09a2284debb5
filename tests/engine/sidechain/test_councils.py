"""
Federations and collectors on a real branch: elected, handed over, expired, taken back;
and bonds that stay bound while there is something to answer for.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors import pooling
from devnet.engine.bc.electoral import COLLECTOR_ROLE, MEMBER_ROLE, VALIDATOR_ROLE
from devnet.engine.bc.handover import Handover
from devnet.engine.bc.records import Withdrawal, record_program
from devnet.engine.bc.sideblock import parse_side_block
from devnet.engine.bc.transaction import BTM, Output
from devnet.engine.chain.coins import Coin
from devnet.engine.errors import DevnetError
from devnet.engine.federation.programs import federation_of, treasury_program
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.chainkd import public_key, xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.network import SidechainSpec
from devnet.engine.sidechain.candidates import candidates_at
from devnet.engine.sidechain.custody import custody_above
from devnet.engine.sidechain.handovers import (
    BadHandover,
    check_handover,
    handover_is_right,
    right_handovers,
)
from devnet.engine.sidechain.judge import judge_body
from devnet.engine.sidechain.pegout import recipient_of
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.rotation import Poll
from devnet.engine.sidechain.staking import ban
from devnet.engine.sidechain.state import SideTree, genesis_entry
from tests.engine.sidechain.line import Account, Line, signed_by
from tests.engine.support import (
    BTM_UNITS,
    branch,
    change_node,
    deposit,
    hurry,
    meddle,
    network,
    run_until,
    settle,
)

EPOCH, ROUND, UNBOND = 10, 4, 6
FOUNDERS = ("fed-1", "fed-2", "fed-3", "fed-4")


def root(name):
    return xpub(play_root(name))


def key(name):
    return public_key(root(name))


def after(height, n=EPOCH):
    """The next boundary above a height."""
    return (height // n + 1) * n


@pytest.fixture(scope="module")
def world():
    """Alice and Bob have coins on gamma, which elects every few blocks."""
    net = network(
        (SidechainSpec("gamma", "solo"),), depth=1, unbond_blocks=UNBOND,
        federation_blocks=EPOCH, collector_blocks=ROUND, n_collectors=1,
    )  # fmt: skip
    deposit(net, 5000 * BTM_UNITS, "BTM", "gamma")
    deposit(net, 1000 * BTM_UNITS, "BTM", "gamma", who="bob")
    return net


@pytest.fixture(scope="module")
def counted(world):
    """
    Dave stands with more votes than any founder; a boundary has just counted. The line,
    and alice's account on it.
    """
    alice = Account.of(world, "alice")
    txs = [alice.standing("dave", "dave's root"), alice.voting("dave's root", 5)]
    line = Line.of(world).block(txs)
    return line.up_to(after(line.head.height)), replace(alice)


@pytest.fixture(scope="module")
def handed(counted):
    """The block after the boundary hands over to Dave's federation."""
    line, alice = counted
    return line.block(records=[line.handover(FOUNDERS[:3])]), replace(alice)


# Members.


def test_at_birth_the_founders_hold_the_locks_and_no_votes_change_that(world):
    line = Line.of(world)
    start = line.council
    line = line.up_to(after(line.head.height))
    assert line.head.state.council is None
    assert line.council == start
    assert (start.epoch, start.wanted, start.expires) == (0, None, 0)
    assert start.federations == (federation_of(map(root, FOUNDERS)),)


def test_the_boundary_proposes_and_nothing_changes_before_a_handover(counted):
    line, _ = counted
    council, weakest = line.council, min(map(root, FOUNDERS))
    wanted = {root(name) for name in FOUNDERS} - {weakest} | {root("dave's root")}
    assert council.wanted == federation_of(wanted)
    assert (council.epoch, len(council.federations)) == (0, 1)
    before = line.tree[line.head.header.previous]
    assert line.tree.council(before).wanted is None
    # A chain that rests goes on until the count is final.
    assert line.head.state.busy_height == line.head.height


def test_a_handover_makes_two_federations_accepted_until_the_next_epoch_ends(handed):
    line, _ = handed
    boundary = line.head.height - 1
    old, (new, before) = federation_of(map(root, FOUNDERS)), line.council.federations
    assert (line.council.epoch, line.council.wanted, before) == (1, None, old)
    assert root("dave's root") in new.members
    assert line.council.expires == boundary + 2 * EPOCH

    last = line.up_to(boundary + 2 * EPOCH - 2)
    assert last.council.federations == (new, old)
    gone = last.block()
    assert gone.council.federations == (new,)
    assert (gone.council.past, gone.council.ends) == ((old,), (boundary + 2 * EPOCH,))
    assert gone.council.expires == 0 and gone.council.known == (new, old)


def test_claims_to_the_old_federation_are_judged_by_the_council_above_the_parent(
    handed,
):
    line, _ = handed

    def accepted(line):
        context = claim_context(
            line.tree, line.head, line.main, line.anchor, frozen=False, resting=False
        )
        return context.federations

    old = federation_of(map(root, FOUNDERS))
    assert accepted(line) == (line.council.current, old)
    gone = line.up_to(line.council.expires - 1)
    assert accepted(gone) == (line.council.current,)


def test_nothing_is_withdrawn_to_a_treasury_of_any_epoch(handed):
    line, _ = handed
    line = line.up_to(line.council.expires - 1)
    spec = line.tree.spec
    context = claim_context(
        line.tree, line.head, line.main, line.anchor, frozen=False, resting=False
    )
    for federation in line.council.known:
        treasury = treasury_program(federation, spec.chain_id)
        record = Withdrawal(spec.parent_id, treasury)
        assert recipient_of(record.program, context) is None


def test_a_third_federation_sends_the_first_one_to_the_past(handed):
    line, alice = handed
    alice = replace(alice)
    line = line.block([alice.leaving()])
    line = line.up_to(after(line.head.height))
    assert root("dave's root") not in line.council.wanted.members
    signers = [name for name in FOUNDERS if root(name) in line.council.current.members]
    late = line.block(records=[line.handover(signers)])
    first, second = line.council.federations[1], line.council.current
    assert late.council.federations[1:] == (second,)
    assert late.council.past == (first,)
    assert late.council.ends == (late.head.height + 1,)
    assert (late.council.epoch, len(late.council.current.members)) == (2, 3)


REFUSALS = {
    "another epoch": "block.handover-epoch",
    "the epoch in force": "block.handover-epoch",
    "another set": "block.handover-set",
    "another quorum": "block.handover-set",
    "the old set": "block.handover-set",
    "two signatures": "block.handover-signatures",
    "no signature": "block.handover-signatures",
    "a foreign signer": "block.handover-signatures",
    "a signature under another place": "block.handover-signatures",
    "one signer twice": "block.handover-signatures",
    "a member who is not there": "block.handover-signatures",
    "signatures for another chain": "block.handover-signatures",
    "signatures for another set": "block.handover-signatures",
    "signatures of the new members": "block.handover-signatures",
}


def wrong(what, line):
    good = line.handover(FOUNDERS[:3])
    old, chain_id = line.council.current.members, line.tree.spec.chain_id
    signatures = dict(zip(good.signers(), good.signatures, strict=True))
    free = next(index for index in range(4) if index not in signatures)
    first = good.signatures[0]

    def again(**changes):
        changed = replace(good, **changes)
        return signed_by(changed, old, chain_id, FOUNDERS)

    others = signed_by(replace(good, epoch=9), old, chain_id, FOUNDERS[:3])
    foreign = signed_by(good, old, b"\x07" * 32, FOUNDERS[:3])
    new = list(good.members)
    dave = signed_by(good, new, chain_id, ["dave's root"]).signatures[0]
    return {
        "another epoch": lambda: again(epoch=2),
        "the epoch in force": lambda: again(epoch=0),
        "another set": lambda: again(members=good.members[:3]),
        "another quorum": lambda: again(quorum=2),
        "the old set": lambda: again(members=old),
        "two signatures": lambda: line.handover(FOUNDERS[1:3]),
        "no signature": lambda: line.handover(()),
        "a foreign signer": lambda: good.signed_by(signatures | {free: bytes(64)}),
        "a signature under another place": lambda: good.signed_by(
            dict(zip(good.signers(), reversed(good.signatures), strict=True))
        ),
        "one signer twice": lambda: good.signed_by(signatures | {free: first}),
        "a member who is not there": lambda: good.signed_by(signatures | {4: first}),
        "signatures for another chain": lambda: foreign,
        "signatures for another set": lambda: replace(
            good, bitmap=others.bitmap, signatures=others.signatures
        ),
        "signatures of the new members": lambda: good.signed_by(
            signatures | {free: dave}
        ),
    }[what]()


@pytest.mark.parametrize("what", REFUSALS)
def test_a_wrong_handover_makes_its_block_invalid(what, counted):
    line, _ = counted
    record = wrong(what, line)
    with pytest.raises(BadHandover) as caught:
        line.block(records=[record])
    assert caught.value.code == REFUSALS[what]
    # Evidence against the block's maker rests on the same verdict.
    with pytest.raises(BadHandover):
        judge_body(line.tree, line.main, line.filled(records=[record]))
    assert not handover_is_right(record, line.tree, line.head)
    assert right_handovers((record.program,), line.tree, line.head) == ()


def test_a_right_handover_is_found_among_wrong_ones_and_all_four_may_sign(counted):
    line, _ = counted
    good, bad = line.handover(FOUNDERS), line.handover(FOUNDERS[:2])
    junk = record_program(Handover.kind, b"junk")
    programs = (junk, bad.program, good.program)
    assert right_handovers(programs, line.tree, line.head) == (good.program,)
    assert line.block(records=[good]).council.epoch == 1


def test_a_handover_happens_once_and_only_when_somebody_asked(handed):
    line, _ = handed
    done = line.tree[line.head.header.previous]
    again = line.with_entry(done).handover(FOUNDERS[:3])
    with pytest.raises(BadHandover, match="begins epoch 1, 2 comes next"):
        line.block(records=[again])
    early = replace(again, epoch=2)
    with pytest.raises(BadHandover) as caught:
        line.block(records=[early])
    assert caught.value.code == "block.handover-nothing"
    with pytest.raises(BadHandover):
        line.with_entry(done).block(records=[again, again])


def test_a_handover_waits_until_the_count_is_final(counted):
    line, _ = counted
    below = line.tree[line.head.header.previous]
    unsure = replace(line.head, final=Checkpoint(below.height, below.hash))
    record, spec = line.handover(FOUNDERS[:3]), line.tree.spec
    check_handover(record, line.council, line.head, spec)
    with pytest.raises(BadHandover) as caught:
        check_handover(record, line.council, unsure, spec)
    assert caught.value.code == "block.handover-early"
    assert caught.value.facts["counted"] == line.head.height


def test_bytes_that_are_no_handover_make_the_block_invalid(counted):
    line, _ = counted
    good = line.handover(FOUNDERS[:3]).body()

    class Raw(Handover):
        program = record_program(Handover.kind, good + b"\x00")

    with pytest.raises(DevnetError) as caught:
        line.block(records=[Raw(1, 3, ())])
    assert caught.value.code == "block.side-body"


def test_a_handover_in_an_ordinary_transaction_says_nothing(counted):
    line, alice = counted
    alice = replace(alice)
    record = line.handover(FOUNDERS[:3])
    line = line.block([alice.paying(Output(BTM, 0, record.program))])
    assert line.council.epoch == 0 and line.council.wanted is not None


def test_a_fork_takes_a_handover_back_and_brings_it_again(counted):
    line, _ = counted
    record = line.handover(FOUNDERS[:3])
    with_it, without = line.block(records=[record]), line.block()
    assert (with_it.council.epoch, without.council.epoch) == (1, 0)
    other = replace(without, tree=without.tree.with_entry(with_it.head))
    assert other.tree.council(with_it.head) == with_it.council
    later = other.block(records=[record])
    assert later.council.federations == with_it.council.federations
    assert later.council.epoch == 1


def test_a_tally_that_comes_again_replaces_what_was_not_handed_over(world, counted):
    line, alice = counted
    alice = replace(alice)
    bob = Account.of(world, "bob")
    line = line.block(
        [bob.standing("erin", "erin's root"), alice.voting("erin's root", 9)]
    )
    first, old = line.council.wanted, line.handover(FOUNDERS[:3])
    assert root("erin's root") not in first.members
    line = line.up_to(after(line.head.height))
    wanted = line.council.wanted
    assert root("erin's root") in wanted.members and len(wanted.members) == 4
    assert root("dave's root") not in wanted.members  # One seat at a time.
    with pytest.raises(BadHandover) as caught:
        line.block(records=[old])
    assert caught.value.code == "block.handover-set"
    line = line.block(records=[line.handover(FOUNDERS[:3])])
    line = line.up_to(after(line.head.height))
    assert {root("erin's root"), root("dave's root")} <= set(
        line.council.wanted.members
    )


def test_who_shall_come_and_leaves_first_does_not_come(counted):
    line, alice = counted
    alice = replace(alice)
    line = line.block([alice.leaving()])
    assert line.council.wanted is None
    line = line.up_to(after(line.head.height))
    assert line.council.wanted is None


def test_the_chain_judged_again_from_raw_bytes_has_the_same_councils(handed):
    line, _ = handed
    line = line.up_to(line.council.expires + 1)
    blocks, entry = [], line.head
    while entry.height:
        blocks.insert(0, entry)
        entry = line.tree[entry.header.previous]
    genesis = genesis_entry(parse_side_block(entry.block.raw), entry.state.rules)
    again = replace(
        line, tree=SideTree(line.tree.spec).with_entry(genesis), head=genesis
    )
    for known in blocks:
        block = parse_side_block(known.block.raw)
        again = again.with_entry(again.judged(block))
        assert again.head.state.council == known.state.council
        assert again.head.state.roster == known.state.roster
    assert again.council.past


# Collectors.


def test_collectors_are_elected_each_round_and_take_over_when_that_is_final(world):
    alice, line = Account.of(world, "alice"), Line.of(world)
    founder = line.council.collectors
    txs = [
        alice.standing("coll", "coll's root", COLLECTOR_ROLE),
        alice.voting("coll's root", 3),
    ]
    line = line.up_to(after(line.head.height, ROUND)).block(txs)
    line = line.up_to(after(line.head.height, ROUND))
    assert line.council.collectors == founder
    assert line.council.coming == (key("coll's root"),)
    assert line.block().council.collectors == (key("coll's root"),)
    assert line.block().council.coming == ()

    unsure = line.tree[line.head.header.previous]
    slow = replace(line.head, final=Checkpoint(unsure.height, unsure.hash))
    assert line.with_entry(slow).block().council.collectors == founder


def test_there_is_always_a_collector_and_who_left_gives_way(world):
    alice, line = Account.of(world, "alice"), Line.of(world)
    founder = line.council.collectors
    txs = [
        alice.standing("coll", "coll's root", COLLECTOR_ROLE),
        alice.voting("coll's root", 3),
    ]
    line = line.block(txs)
    line = line.up_to(after(line.head.height, ROUND) + 1)
    line = line.block([alice.leaving(COLLECTOR_ROLE)])
    line = line.up_to(after(line.head.height, ROUND) + 1)
    # The founder has no place any more, and did not register: nobody can be elected.
    assert line.council.collectors == (key("coll's root"),) != founder


def test_the_same_collectors_keep_their_order_and_others_stand_by_votes(counted):
    line, _ = counted
    low, high, other = b"\x01" * 32, b"\xfe" * 32, b"\x50" * 32
    spec = replace(line.tree.spec, collectors=(low, high))
    council = replace(line.council, collectors=(low, high))
    two = replace(poll(line), spec=spec, council=council)
    assert two.collectors() == ()
    one = line.head.state.roster.book(MEMBER_ROLE).all()[0]
    third = replace(one, key=other, name="third", role=COLLECTOR_ROLE)
    roster = two.roster.with_registration(third)
    tally = two.tally.insert(other, 3)
    assert replace(two, roster=roster, tally=tally).collectors() == (other, high)


def poll(line, **changes):
    state = line.head.state
    given = {"tally": state.tally, "roster": state.roster, **changes}
    return Poll(line.tree.spec, line.council, epochs=state.epochs, **given)


def test_a_banned_key_and_a_key_of_another_role_get_no_votes(counted):
    line, _ = counted
    state, member = line.head.state, root(FOUNDERS[0])
    votes = poll(line).votes(MEMBER_ROLE)
    assert votes == dict.fromkeys(map(root, FOUNDERS), 0) | {
        root("dave's root"): 5 * BTM_UNITS
    }
    banned = ban(state.roster, key(FOUNDERS[0]), 5)
    assert member not in poll(line, roster=banned).votes(MEMBER_ROLE)

    tally = state.tally.insert(key(FOUNDERS[0]), 7)
    assert poll(line, tally=tally).votes(MEMBER_ROLE)[member] == 7
    one = state.roster.book(MEMBER_ROLE).all()[0]
    validator = replace(one, role=VALIDATOR_ROLE, key=key(FOUNDERS[0]), name="v")
    other = state.roster.with_registration(validator)
    assert poll(line, tally=tally, roster=other).votes(MEMBER_ROLE)[member] == 0


def test_a_vote_elects_validators_before_collectors_and_these_before_members(counted):
    """A key that has two roles by birth is voted for in one of them."""
    line, _ = counted
    state, spec = line.head.state, line.tree.spec
    one = state.roster.book(MEMBER_ROLE).all()[0]
    sealer = state.rules.validators[0].key
    (founder,) = spec.collectors
    for stake_key in (sealer, founder):
        twice = replace(one, key=stake_key + b"\x02" * 32, name="twice")
        roster = state.roster.with_registration(twice)
        tally = state.tally.insert(stake_key, 7)
        found = poll(line, roster=roster, tally=tally)
        assert found.votes(MEMBER_ROLE)[twice.key] == 0
    assert found.votes(COLLECTOR_ROLE) == {founder: 7}

    collector = replace(one, role=COLLECTOR_ROLE, key=key(FOUNDERS[0]), name="coll")
    roster = state.roster.with_registration(collector)
    found = poll(line, roster=roster, tally=state.tally.insert(key(FOUNDERS[0]), 7))
    assert found.votes(MEMBER_ROLE)[root(FOUNDERS[0])] == 0
    assert found.votes(COLLECTOR_ROLE)[key(FOUNDERS[0])] == 7


def test_who_stands_for_another_role_is_no_candidate_for_a_validators_seat(counted):
    state = counted[0].head.state
    assert len(state.roster.book(MEMBER_ROLE).standing()) == 1
    assert candidates_at(state, "sm") == () and state.roster.standing() == []


def test_one_key_with_two_chain_codes_has_one_seat(counted):
    line, _ = counted
    state = line.head.state
    one = state.roster.book(MEMBER_ROLE).all()[0]
    twin = replace(one, key=key(FOUNDERS[0]) + b"\x01" * 32, name="twin")
    votes = poll(line, roster=state.roster.with_registration(twin)).votes(MEMBER_ROLE)
    assert twin.key not in votes and root(FOUNDERS[0]) in votes


def test_a_banned_member_loses_its_seat_at_the_next_tally_whatever_its_votes(counted):
    line, _ = counted
    banned = ban(line.head.state.roster, key(FOUNDERS[1]), 5)
    wanted = poll(line, roster=banned).federation()
    assert wanted is not None and root(FOUNDERS[1]) not in wanted.members


def test_founders_need_no_bond_until_they_register_and_others_always_do(counted):
    line, _ = counted
    roster, member = line.head.state.roster, root(FOUNDERS[0])
    one = roster.book(MEMBER_ROLE).all()[0]
    own = replace(one, key=member, name="one", program=b"o" * 22, bond_id=b"o" * 32)
    roster = roster.with_registration(own)
    assert member in poll(line, roster=roster).votes(MEMBER_ROLE)
    left = roster.left(own, line.head.height)
    assert member not in poll(line, roster=left).votes(MEMBER_ROLE)
    # Somebody elected whose bond is gone has no claim to the seat.
    members = (*line.council.current.members[1:], one.key)
    sitting = replace(line.council, federations=(federation_of(members),))
    bare = roster.without(roster.book(MEMBER_ROLE).of_key(one.stake_key))
    seated = replace(poll(line, roster=bare), council=sitting)
    assert one.key not in seated.votes(MEMBER_ROLE)


# Bonds.


def bond_back(line, account, name="dave", role=MEMBER_ROLE):
    """The transaction that takes a bond home."""
    one = line.head.state.roster.book(role).by_name[name]
    return account.freeing(line.head.state.coins.by_id[one.bond_id])


def holding(line, federation, amount):
    """The same line, where the mainchain has so much in a federation's treasury."""
    program = treasury_program(federation, line.tree.spec.chain_id)
    entry = line.main[line.anchor.hash]
    coins = entry.state.coins
    for coin in list(coins.held_by(program)):
        coins = coins.remove(coin)
    if amount:
        coins = coins.add(Coin(b"t" * 32, bytes(32), 0, BTM, amount, program, 1))
    state = replace(entry.state, coins=coins)
    entries = line.main.entries.insert(entry.hash, replace(entry, state=state))
    return replace(line, main=replace(line.main, entries=entries))


def refused(line, tx):
    with pytest.raises(DevnetError) as caught:
        line.filled([tx])
    return caught.value


@pytest.fixture(scope="module")
def rotated_out(handed):
    """Dave has left, and his federation has expired; erin's took its place."""
    line, alice = handed
    alice = replace(alice)
    line = line.block([alice.leaving()])
    line = line.up_to(after(line.head.height))
    signers = [name for name in FOUNDERS if root(name) in line.council.current.members]
    line = line.block(records=[line.handover(signers)])
    return line, replace(alice)


def test_a_members_bond_is_bound_to_its_seat_and_to_what_its_federation_holds(
    rotated_out,
):
    line, alice = rotated_out
    daves = line.council.federations[1]
    assert root("dave's root") in daves.members
    tx = bond_back(line, alice)
    # The period after leaving is over, but the federation is accepted.
    line = line.up_to(line.head.height + UNBOND)
    error = refused(line, tx)
    assert (error.code, error.facts["epochs"]) == ("tx.member-bond-locked", (1,))

    ends = line.council.expires
    line = line.up_to(ends)
    assert daves in line.council.past
    full = holding(line, daves, 7)
    error = refused(full, tx)
    assert error.code == "tx.member-bond-locked"
    assert (error.facts["n_outputs"], error.facts["btm_neu"]) == (1, 7)
    assert "1 outputs" in error.message and "7 neu" in error.message

    # Nothing is left: the period counts from when the federation was accepted last.
    error = refused(line.up_to(ends + UNBOND - 2), tx)
    assert (error.code, error.facts["free_at"]) == ("tx.bond-locked", ends + UNBOND)
    line = line.up_to(ends + UNBOND - 1).block([tx])
    assert not line.head.state.roster.book(MEMBER_ROLE).all()


def test_deposits_that_were_claimed_bind_the_bond_of_whoever_holds_their_locks(
    world, counted
):
    line, _ = counted
    founders = federation_of(map(root, FOUNDERS))
    custody = custody_above(line.tree, line.main, line.head.hash)
    custody = replace(custody, anchor=line.anchor)
    held = custody.held_by(founders)
    assert (held.n_outputs, held.btm_neu) == (2, 6000 * BTM_UNITS)
    assert custody.held_for(root("fed-1")) == replace(held, n_federations=1)
    assert custody.held_for(root("dave's root")).n_outputs == 0
    # The same members a second time hold nothing more.
    twice = replace(line.council, past=(founders,), ends=(line.head.height,))
    state = replace(line.head.state, council=twice)
    again = replace(custody, parent=replace(line.head, state=state))
    assert again.held_for(root("fed-1")) == custody.held_for(root("fed-1"))
    assert custody.seats(root("fed-1")) in ((0,), (0, 1))
    assert custody.seats(root("dave's root")) == (1,)


def test_who_was_never_elected_gets_the_bond_back_like_a_validator(world):
    line, bob = Line.of(world), Account.of(world, "bob")
    line = line.block([bob.standing("dave", "dave's root")])
    tx = bond_back(line, bob)
    assert refused(line, tx).code == "tx.bond-locked"
    line = line.block([bob.leaving()])
    left = line.head.height
    error = refused(line.up_to(left + UNBOND - 2), tx)
    assert error.facts["free_at"] == left + UNBOND
    line.up_to(left + UNBOND - 1).block([tx])


def test_a_collectors_bond_is_free_after_leaving_and_its_period(world):
    line, bob = Line.of(world), Account.of(world, "bob")
    line = line.block([bob.standing("coll", "coll's root", COLLECTOR_ROLE)])
    tx = bond_back(line, bob, "coll", COLLECTOR_ROLE)
    line = line.block([bob.leaving(COLLECTOR_ROLE)])
    left = line.head.height
    error = refused(line.up_to(left + UNBOND - 2), tx)
    assert (error.code, error.facts["free_at"]) == ("tx.bond-locked", left + UNBOND)
    line.up_to(left + UNBOND - 1).block([tx])


# In a network.


def test_a_proposer_takes_the_handover_that_it_was_given_into_its_block(world):
    net = branch(world)
    alice = Account.of(net, "alice")
    turn = meddle(net)
    for tx in (alice.standing("dave", "dave's root"), alice.voting("dave's root", 5)):
        pooling.submit(turn, "gamma", tx, "test")
    settle(net, turn)
    with hurry(net):
        run_until(net, lambda: Line.of(net).council.wanted is not None)
    line = Line.of(net)
    bad, good = line.handover(FOUNDERS[:2]), line.handover(FOUNDERS[:3])
    change_node(net, "gamma", "v1", handovers=(bad.program, good.program))
    run_until(net, lambda: Line.of(net).council.epoch == 1)
    line = Line.of(net)
    assert root("dave's root") in line.council.current.members
    outputs = line.head.block.transactions[0].outputs
    assert [one.program for one in outputs[1:]] == [good.program]
