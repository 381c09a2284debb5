"""Electoral records and stakes: what each does, when nothing, how votes add up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpds import HashTrieMap

from devnet.engine.bc.electoral import (
    COLLECTOR_ROLE,
    MEMBER_ROLE,
    MOST_NAMES,
    ROLES,
    Approve,
    ElectoralRecord,
    Leave,
    Register,
    WithdrawApproval,
    registration_message,
)
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.records import BadRecord, parse_record, record_program
from devnet.engine.bc.stakes import bond_program, stake_of, vote_program
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin, CoinDraft, CoinSet, coins_of_outputs
from devnet.engine.codec import FormError
from devnet.engine.describing import program_facts
from devnet.engine.errors import TransactionError
from devnet.engine.keys.chainkd import public_key, sign, xpub
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.sidechain.court import Conviction
from devnet.engine.sidechain.ledger import Ledger
from devnet.engine.sidechain.roster import (
    LEAST_BOND_NEU,
    LEAST_FEES_NEU,
    OperationFailed,
    Roster,
    operate,
    with_operations,
)
from devnet.engine.sidechain.staking import (
    LEAST_VOTE_NEU,
    ban,
    check_stakes,
    forfeit,
    free_from,
    tally_after,
)

CHAIN_ID = b"c" * 32
BTM_NEU = 10**8
UNBOND = 400
RICH = 10 * BTM_NEU


def owner(name: str) -> bytes:
    """The 20-byte hash of somebody."""
    return name.encode().ljust(20, b".")[:20]


def seat(name: str) -> bytes:
    return public_key(xpub(play_root(f"seat {name}")))


def registration(who: str, **changes: object) -> Register:
    author = p2wpkh(owner(who))
    message = registration_message(CHAIN_ID, 1, who, author, seat(who))
    record = Register(1, seat(who), sign(play_root(f"seat {who}"), message), who)
    return replace(record, **changes)  # type: ignore[arg-type]


def tx_of(
    who: str, *records: ElectoralRecord, bond: int = LEAST_BOND_NEU, key: str = ""
) -> Transaction:
    spend = Spend(who.encode().ljust(32), BTM, 10**12, 0, p2wpkh(owner(who)), ())
    bond_output = Output(BTM, bond, bond_program(seat(key or who), owner(who)))
    outputs = [Output(BTM, 0, record.program) for record in records]
    return Transaction(1, 0, (spend,), (*outputs, bond_output), True)


def do(roster: Roster, who: str, record: ElectoralRecord, **terms: int) -> Roster:
    """The roster after one operation, or OperationFailed."""
    fee, height = terms.pop("fee", RICH), terms.pop("height", 7)
    tx = tx_of(who, record, **terms)  # type: ignore[arg-type]
    coins = coins_of_outputs(tx, height)
    return operate(roster, tx, record, coins, fee, height, CHAIN_ID)


def standing(*names: str) -> Roster:
    roster = Roster()
    for name in names:
        roster = do(roster, name, registration(name))
    return roster


def failure(roster: Roster, who: str, record: ElectoralRecord, **terms: int) -> str:
    with pytest.raises(OperationFailed) as caught:
        do(roster, who, record, **terms)
    assert caught.value.message and caught.value.hint
    return caught.value.code


# Records.


@pytest.mark.parametrize(
    "record",
    [
        registration("bob"),
        Approve(("bob", "carol")),
        WithdrawApproval(("bob",)),
        Leave(1),
    ],
)
def test_a_record_reads_as_it_was_written(record: ElectoralRecord) -> None:
    assert parse_record(record.program) == record


@pytest.mark.parametrize(
    "record",
    [
        registration("bob", role=4),
        registration("bob", key=b"short"),
        registration("bob", proof=b""),
        registration("bob", name="Bob"),
        registration("bob", name=""),
        registration("bob", name="x" * 17),
        Approve(()),
        Approve(("bob", "bob")),
        Approve(tuple(f"n{index}" for index in range(MOST_NAMES + 1))),
        Leave(0),
    ],
)
def test_a_record_with_wrong_fields_is_none(record: ElectoralRecord) -> None:
    with pytest.raises(BadRecord):
        parse_record(record.program)


@given(st.binary(max_size=60), st.sampled_from([0x10, 0x11, 0x12, 0x13]))
def test_no_bytes_make_a_record_fail_otherwise(body: bytes, kind: int) -> None:
    try:
        record = parse_record(record_program(kind, body))
    except FormError:
        return
    assert record.body() == body


def test_programs_of_votes_and_bonds_are_told_apart() -> None:
    vote, bond = (
        vote_program(b"k" * 32, owner("a")),
        bond_program(b"k" * 32, owner("a")),
    )
    assert stake_of(vote) is not None and stake_of(vote).kind == "vote"  # type: ignore[union-attr]
    assert stake_of(bond) is not None and stake_of(bond).kind == "bond"  # type: ignore[union-attr]
    assert stake_of(bond + b"\x61") is None


def test_a_stake_is_described_with_its_key_and_its_owner() -> None:
    for make, kind in ((vote_program, "vote"), (bond_program, "bond")):
        facts = program_facts(make(b"k" * 32, owner("a")))
        assert facts["kind"] == f"{kind} for a validator"
        assert facts["validator"] == (b"k" * 32).hex()
        assert facts["owner_hash"] == owner("a").hex()


# Operations.


def test_who_registers_stands_with_its_bond() -> None:
    one = standing("bob").by_name["bob"]
    assert (one.key, one.bond_neu, one.height) == (seat("bob"), LEAST_BOND_NEU, 7)
    assert one.stands and one.program == p2wpkh(owner("bob"))


def test_address_name_and_key_are_each_taken_once() -> None:
    roster = standing("bob")
    assert failure(roster, "bob", registration("bob")) == "validator.taken"
    other = replace(registration("carol"), name="bob")
    assert failure(roster, "carol", other) == "validator.taken"
    same_key = replace(registration("dave"), key=seat("bob"))
    assert failure(roster, "dave", same_key) == "validator.taken"


def test_a_registration_needs_its_own_bond_its_keys_proof_and_its_fee() -> None:
    record, small = registration("bob"), LEAST_BOND_NEU - 1
    assert failure(Roster(), "bob", record, bond=small) == "validator.no-bond"
    foreign = tx_of("bob", record, key="carol")
    coins = coins_of_outputs(foreign, 7)
    with pytest.raises(OperationFailed, match="no bond"):
        operate(Roster(), foreign, record, coins, RICH, 7, CHAIN_ID)
    assert failure(Roster(), "carol", record) == "validator.bad-proof"
    stolen = replace(record, name="carol")
    assert failure(Roster(), "bob", stolen) == "validator.bad-proof"
    least = LEAST_FEES_NEU[Register.kind]
    assert failure(Roster(), "bob", record, fee=least - 1) == "validator.fee-too-small"
    assert do(Roster(), "bob", record, fee=least).by_name["bob"].stands


def stand(who: str, role: int, key_of: str = "") -> Register:
    """A registration for any role; a member's key is its root xpub."""
    xprv = play_root(f"seat {key_of or who}")
    key = xpub(xprv) if role == MEMBER_ROLE else public_key(xpub(xprv))
    message = registration_message(CHAIN_ID, role, who, p2wpkh(owner(who)), key)
    return Register(role, key, sign(xprv, message), who)


@pytest.mark.parametrize("role", [COLLECTOR_ROLE, MEMBER_ROLE])
def test_other_roles_have_books_of_their_own(role: int) -> None:
    record = stand("bob", role)
    assert parse_record(record.program) == record
    roster = do(Roster(), "bob", record)
    (one,) = roster.book(role).standing()
    assert (one.name, one.key, one.role) == ("bob", record.key, role)
    assert one.stake_key == seat("bob") and roster.of_key(seat("bob")) == one
    assert not roster.standing() and not len(roster.by_name)


def test_one_account_stands_for_every_role_with_a_key_each_and_one_name() -> None:
    roster = standing("bob")
    for role, key in ((COLLECTOR_ROLE, "bob c"), (MEMBER_ROLE, "bob m")):
        roster = do(roster, "bob", stand("bob", role, key), key=key)  # type: ignore[arg-type]
    assert [len(roster.book(role).standing()) for role in ROLES] == [1, 1, 1]
    left = do(roster, "bob", Leave(COLLECTOR_ROLE), height=30)
    assert [len(left.book(role).standing()) for role in ROLES] == [1, 0, 1]
    with pytest.raises(OperationFailed) as caught:
        do(left, "bob", Leave(COLLECTOR_ROLE))
    assert caught.value.code == "validator.not-a-candidate"
    assert caught.value.hint.startswith("collector list")


@pytest.mark.parametrize("role", [COLLECTOR_ROLE, MEMBER_ROLE])
def test_a_key_stands_for_one_role_so_that_a_vote_counts_once(role: int) -> None:
    roster = standing("bob")
    assert failure(roster, "bob", stand("bob", role)) == "validator.taken"
    banned = ban(Roster(), seat("bob"), 5)
    assert failure(banned, "bob", stand("bob", role)) == "validator.banned"


@pytest.mark.parametrize("role", [COLLECTOR_ROLE, MEMBER_ROLE])
def test_a_proof_is_for_one_role_and_by_the_key_itself(role: int) -> None:
    record = stand("bob", role)
    foreign = replace(record, proof=stand("bob", role, "carol").proof)
    assert failure(Roster(), "bob", foreign) == "validator.bad-proof"
    other = replace(registration("bob"), role=COLLECTOR_ROLE)
    assert failure(Roster(), "bob", other) == "validator.bad-proof"


SMALL = (
    bytes([1]) + bytes(31),
    bytes([1]) + bytes(30) + b"\x80",  # The same point, written otherwise.
    b"\xee" + b"\xff" * 30 + b"\x7f",
)


@pytest.mark.parametrize("key", SMALL)
def test_a_key_that_anybody_can_sign_for_has_no_seat(key: bytes) -> None:
    forged = bytes([1]) + bytes(63)
    assert verify(key, b"anything at all", forged)
    for role, whole in ((COLLECTOR_ROLE, key), (MEMBER_ROLE, key + bytes(32))):
        record = Register(role, whole, forged, "bob")
        assert failure(Roster(), "bob", record) == "validator.bad-proof"


def test_a_key_has_the_length_of_its_role() -> None:
    for role, key in ((COLLECTOR_ROLE, bytes(64)), (MEMBER_ROLE, bytes(32))):
        with pytest.raises(BadRecord, match="key of"):
            parse_record(replace(stand("bob", role), key=key).program)


def test_approvals_name_validators_whoever_else_has_that_name() -> None:
    roster = do(standing("bob"), "alice", Approve(("bob",)))
    roster = do(roster, "bob", stand("bob", MEMBER_ROLE, "m"), key="m")  # type: ignore[arg-type]
    left = do(roster, "bob", Leave(MEMBER_ROLE), height=30)
    assert left.approvals == roster.approvals and len(left.approvals)
    gone = left.without(left.book(MEMBER_ROLE).all()[0])
    assert gone.approvals == roster.approvals and len(gone.by_name) == 1


def test_approvals_are_given_and_taken_back_by_name() -> None:
    roster = do(standing("bob", "carol"), "alice", Approve(("bob", "carol")))
    author = p2wpkh(owner("alice"))
    assert roster.approvals[author] == ("bob", "carol")
    assert failure(roster, "alice", Approve(("bob",))) == "validator.approved-already"
    roster = do(roster, "alice", WithdrawApproval(("bob",)))
    assert roster.approvals[author] == ("carol",)
    gone = failure(roster, "alice", WithdrawApproval(("bob",)))
    assert gone == "validator.not-approved"
    assert not len(do(roster, "alice", WithdrawApproval(("carol",))).approvals)


def test_a_failing_operation_keeps_nothing_of_itself() -> None:
    """Early Vapor keeps the names before the one that fails."""
    roster = standing("bob")
    tx = tx_of("alice", Approve(("bob", "nobody")))
    after = with_operations(roster, tx, (), RICH, 9, CHAIN_ID)
    assert after is roster
    approved = do(roster, "alice", Approve(("bob",)))
    tx = tx_of("alice", WithdrawApproval(("bob", "nobody")))
    assert with_operations(approved, tx, (), RICH, 9, CHAIN_ID) is approved


def test_nobody_approves_of_more_than_51() -> None:
    roster = standing("bob")
    author = p2wpkh(owner("alice"))
    full = roster.with_approvals(author, tuple(f"n{one}" for one in range(MOST_NAMES)))
    code = failure(full, "alice", Approve(("bob",)))
    assert code == "validator.too-many-approvals"
    almost = roster.with_approvals(author, tuple(f"n{one}" for one in range(50)))
    assert len(do(almost, "alice", Approve(("bob",))).approvals[author]) == MOST_NAMES


def test_the_fee_pays_for_the_operations_in_their_order() -> None:
    roster = standing("bob", "carol")
    tx = tx_of("alice", Approve(("bob",)), Approve(("carol",)))
    fee = LEAST_FEES_NEU[Approve.kind]
    one = with_operations(roster, tx, (), 2 * fee - 1, 9, CHAIN_ID)
    assert one.approvals[p2wpkh(owner("alice"))] == ("bob",)
    two = with_operations(roster, tx, (), 2 * fee, 9, CHAIN_ID)
    assert two.approvals[p2wpkh(owner("alice"))] == ("bob", "carol")


def test_a_record_without_an_author_does_nothing() -> None:
    record = Leave(1)
    tx = Transaction(
        1, 0, (Coinbase(b"\x00"),), (Output(BTM, 0, record.program),), True
    )
    assert with_operations(standing("bob"), tx, (), RICH, 9, CHAIN_ID) == standing(
        "bob"
    )


def test_who_leaves_loses_its_approvals_and_leaves_once() -> None:
    roster = do(standing("bob"), "alice", Approve(("bob",)))
    left = do(roster, "bob", Leave(1), height=30)
    assert (left.by_name["bob"].left_height, left.standing()) == (30, [])
    assert not len(left.approvals)
    assert failure(left, "bob", Leave(1)) == "validator.not-a-candidate"
    assert failure(left, "alice", Approve(("bob",))) == "validator.not-a-candidate"
    assert failure(left, "bob", registration("bob")) == "validator.taken"


# Stakes.


def bond_of(roster: Roster, name: str) -> Coin:
    one = roster.by_name[name]
    program = bond_program(one.key, one.program[2:])
    return Coin(one.bond_id, bytes(32), 0, BTM, one.bond_neu, program, one.height)


def test_a_bond_is_bound_while_it_vouches_and_free_after_the_period() -> None:
    roster = standing("bob")
    bond = bond_of(roster, "bob")
    assert free_from(bond, roster, UNBOND) is None
    left = do(roster, "bob", Leave(1), height=30)
    assert free_from(bond, left, UNBOND) == 430
    assert free_from(bond, left.without_bonds([bond]), UNBOND) == 0
    assert not len(left.without_bonds([bond]).by_name)


def test_a_vote_is_spent_from_its_period_on_and_not_before() -> None:
    program = vote_program(b"k" * 32, owner("a"))
    coin = Coin(b"i" * 32, b"s" * 32, 0, BTM, LEAST_VOTE_NEU, program, 10)
    spend = Spend(coin.source_id, BTM, coin.amount, 0, program, ())
    tx = Transaction(1, 0, (spend,), (), True)
    for height, ok in ((409, False), (410, True)):
        if ok:
            check_stakes(tx, Roster(), height, UNBOND, lambda *_: coin)
            continue
        with pytest.raises(TransactionError) as caught:
            check_stakes(tx, Roster(), height, UNBOND, lambda *_: coin)
        assert (caught.value.code, caught.value.facts["free_at"]) == (
            "tx.vote-locked", 410,
        )  # fmt: skip


def test_a_vote_below_the_least_amount_is_refused() -> None:
    program = vote_program(b"k" * 32, owner("a"))
    for amount, ok in ((LEAST_VOTE_NEU, True), (LEAST_VOTE_NEU - 1, False)):
        tx = Transaction(1, 0, (), (Output(BTM, amount, program),), True)
        if ok:
            check_stakes(tx, Roster(), 1, UNBOND, lambda *_: None)  # type: ignore[arg-type,return-value]
        else:
            with pytest.raises(TransactionError, match="least"):
                check_stakes(tx, Roster(), 1, UNBOND, lambda *_: None)  # type: ignore[arg-type,return-value]


def test_a_forfeited_bond_pays_the_reporter_and_burns_the_rest() -> None:
    roster = do(standing("bob"), "alice", Approve(("bob",)))
    bond, reporter = bond_of(roster, "bob"), p2wpkh(owner("carol"))
    lost = forfeit(roster, seat("bob"), reporter, 50, lambda *_: bond)
    assert lost is not None
    (reward,) = lost.made
    assert reward.amount == LEAST_BOND_NEU // 20
    assert reward.amount + lost.burned_neu == bond.amount
    assert reward.program == reporter and reward.spendable_at(51)
    spend = Spend(reward.source_id, BTM, reward.amount, 0, reporter, ())
    assert Transaction(1, 0, (spend,), (), True).spent_output_ids == (reward.id,)
    assert not len(lost.roster.by_name) and not len(lost.roster.approvals)
    banned = failure(lost.roster, "bob", registration("bob"))
    assert banned == "validator.banned"
    assert forfeit(roster, b"?" * 32, reporter, 50, lambda *_: bond) is None


def test_a_ledger_that_forfeits_keeps_its_sums_exact() -> None:
    """What a forfeited bond burns leaves circulation, so I1 and I2 stay exact."""
    roster = standing("bob")
    bond = bond_of(roster, "bob")
    ledger = Ledger.__new__(Ledger)
    ledger.height, ledger.roster = 50, roster
    ledger._draft = CoinDraft(CoinSet().add(bond))
    ledger.burned_sum, ledger.spent, ledger.created = HashTrieMap(), [], []
    burned = ledger.forfeit(Conviction(seat("bob"), "?"), p2wpkh(owner("carol")))
    assert ledger.coins().total(BTM) == bond.amount - burned
    assert ledger.burned_sum[BTM] == burned == LEAST_BOND_NEU * 95 // 100
    assert ledger.forfeit(Conviction(seat("nobody"), "?"), p2wpkh(owner("carol"))) == 0
    assert seat("nobody") in ledger.roster.banned


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # Whose key.
        st.integers(LEAST_VOTE_NEU, 10**12),
        st.booleans(),  # A vote, or another program with the same key.
        st.booleans(),  # The native asset, or another.
        st.sets(st.integers(0, 40), max_size=4),  # Which of the coins are spent.
    ),
    max_size=30,
)


@given(STEPS)
def test_the_tally_is_the_recount_of_the_unspent_outputs(
    steps: list[tuple[int, int, bool, bool, set[int]]],
) -> None:
    coins = CoinSet()
    tally: HashTrieMap[bytes, int] = HashTrieMap()
    for number, (who, amount, is_vote, native, spends) in enumerate(steps):
        make = vote_program if is_vote else bond_program
        program = make(bytes([who]) * 32, owner("a"))
        asset = BTM if native else b"\x07" * 32
        made = Coin(bytes([number]) * 32, bytes(32), 0, asset, amount, program, number)
        alive = sorted(coins.by_id.values(), key=lambda coin: coin.id)
        spent = [alive[one] for one in sorted(spends) if one < len(alive)]
        # Now and then a block spends what it makes.
        spent += [made] if 40 in spends else []
        coins = coins.add(made)
        for coin in spent:
            coins = coins.remove(coin)
        tally = tally_after(tally, spent, [made])
        votes: dict[bytes, int] = {}
        for coin in coins.by_id.values():
            stake = stake_of(coin.program)
            if stake is not None and stake.kind == "vote" and coin.asset == BTM:
                votes[stake.key] = votes.get(stake.key, 0) + coin.amount
        assert dict(tally.items()) == votes
