"""Made-up members, withdrawals and epochs for the Federation screen."""

from __future__ import annotations

from functools import cache

from devnet.engine.codec import sha3
from devnet.engine.councilstory import CouncilFacts, EpochFacts, Holder, LockTurn
from devnet.engine.errors import UnknownName
from devnet.engine.federation.contract import Contract, contract_of
from devnet.engine.federation.programs import federation_of
from devnet.engine.keys import chainkd
from devnet.engine.lockstory import LockFacts
from devnet.engine.payoutparts import MemberAnswer, PayoutPart
from devnet.engine.payoutstory import STATES, Step, WithdrawalStory
from devnet.tui.views import State, TransferView

BTM_ID, GOLD_ID = b"\xff" * 32, sha3(b"gold")
BTM = 10**8
NAMES = ("fed-1", "fed-2", "fed-3")


@cache
def member_names() -> dict[bytes, str]:
    """Root xpubs, as seeds of names give them."""
    return {chainkd.xpub(chainkd.root_xprv(name.encode())): name for name in NAMES}


@cache
def contract(chain: str, who: str | None = None) -> Contract:
    """The real steps from made-up keys."""
    script = b"" if who is None else b"\x00\x14" + sha3(who.encode())[:20]
    if who == "nobody":
        raise UnknownName("'nobody' is no recipient", hint="Give an account.")
    return contract_of(
        federation_of(member_names()), sha3(chain.encode()), script, "sm"
    )


def council(chain: str) -> CouncilFacts:
    """Three sit, bob stands and is wanted; an older epoch still holds something."""
    keys = {name: key for key, name in member_names().items()}
    members = tuple(
        Holder(name, keys[name], sits=True, up=name != "fed-3", epochs=(1, 0),
               founder=True, goes=name == "fed-3", votes=0)
        for name in NAMES
    )  # fmt: skip
    bob = Holder("bob", bytes(64), sits=False, up=True, comes=True, votes=500 * BTM,
                 bond=100 * BTM)  # fmt: skip
    one, other = contract(chain).address, contract(f"old {chain}").address
    return CouncilFacts(
        chain=chain,
        height=399,
        anchor=122,
        epoch=1,
        quorum=2,
        next_tally=400,
        members=(*members, bob),
        collectors=(
            Holder("fed-1", bytes(32), sits=True, up=True, founder=True),
            Holder("fed-2", bytes(32), sits=True, up=True, founder=True),
            Holder("fed-3", bytes(32), sits=True, up=False, founder=True),
        ),
        locks=(
            LockTurn("d6", sha3(b"d6"), BTM_ID, 1_000 * BTM, 121, ("fed-2", "fed-1"),
                     "ready", 17),
            LockTurn("", sha3(b"d9"), GOLD_ID, 40, 127, ("fed-1",), "burying 1/6", 20),
        ),
        epochs=(
            EpochFacts(2, "wanted", ("bob", "fed-1", "fed-2"), 3, ("bob",), ("fed-3",)),
            EpochFacts(1, "in force", NAMES, 3, ("fed-3",), ("fed-0",), 0, one,
                       ((BTM_ID, 900 * BTM),)),
            EpochFacts(0, "accepted", ("fed-0", "fed-1", "fed-2"), 3, until=600,
                       treasury=other, held=((BTM_ID, 350 * BTM), (GOLD_ID, 40))),
        ),
    )  # fmt: skip


def collector_locks() -> tuple[LockFacts, ...]:
    """What two collectors know of d6; a third lock is of another sidechain."""
    asset, amount = BTM_ID, 1_000 * BTM
    return (
        LockFacts("fed-1", "d6", "alpha", sha3(b"d6"), asset, amount, "mined", 3, 6),
        LockFacts("fed-2", "d6", "alpha", sha3(b"d6"), asset, amount, "rejected",
                  note="C14: not yet this collector's turn"),
        LockFacts("fed-3", "d6", "alpha", sha3(b"d6"), asset, amount, "gone"),
        LockFacts("fed-2", "d7", "beta", sha3(b"d7"), asset, amount, "final"),
    )  # fmt: skip


def stories(state: State) -> tuple[WithdrawalStory, ...]:
    """One for each withdrawal of the stream: w1 is nearly through, w2 is being signed,
    and a member refuses it."""
    return tuple(
        _story(one, "mined" if one.id == "w1" else "planned")
        for one in state.transfers
        if one.id.startswith("w")
    )


def _story(one: TransferView, state: str) -> WithdrawalStory:
    n_done = STATES.index(state) + 1
    where = ("alpha 380", "alpha 380 is final", "2 inputs", "2 of 3, 2 needed",
             "left the mempool", "main 127", "", "")  # fmt: skip
    steps = tuple(
        Step(
            name,
            "done" if index < n_done else "now" if index == n_done else "to come",
            where[index] if index < n_done else "waits" * (index == n_done),
            sha3(name.encode()).hex() if index in (0, 2, 5) and index < n_done else "",
        )
        for index, name in enumerate(STATES)
    )
    pin, other = sha3(b"pin"), sha3(b"another pin")
    refused = MemberAnswer(
        "fed-2", "refused", "P8",
        "signed before with pin 0102030405060708, this payout's is 1112131415161718",
        other.hex(),
    )  # fmt: skip
    signed = MemberAnswer("fed-1", "signed", pin=pin.hex())
    last = MemberAnswer("fed-3", "signed" if state == "mined" else "waiting")
    program = b"\x00\x14" + bytes(20)
    asset = BTM_ID if one.asset == "BTM" else GOLD_ID
    return WithdrawalStory(
        transfer=one.id,
        who=one.who,
        to=one.to,
        chain=one.chain,
        asset=one.asset,
        amount=one.amount,
        fee=0,
        withdrawal=sha3(one.id.encode()).hex(),
        tx=sha3(b"tx").hex(),
        recipient=program,
        steps=steps,
        members=(signed, refused, last),
        quorum=2,
        payout=sha3(b"payout").hex(),
        pin=pin.hex(),
        inputs=(
            PayoutPart("pin, lock", pin, asset, 50 * BTM, program, "d5"),
            PayoutPart("gas", sha3(b"gas"), BTM_ID, 10_000 * BTM, program),
        ),
        outputs=(
            PayoutPart("recipient", sha3(b"a"), asset, one.amount, program),
            PayoutPart("change to the treasury", sha3(b"b"), asset, 30 * BTM, program),
            PayoutPart("what is left of the gas", sha3(b"c"), BTM_ID, 9_999 * BTM,
                       program),
        ),
        intent=sha3(b"payout").hex(),
        intent_height=383,
    )  # fmt: skip
