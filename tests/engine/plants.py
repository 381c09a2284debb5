"""
Rules broken on purpose, each with the attacker that makes use of it: what the auditor
must find within one block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

import pytest

from devnet.engine.actors import collecting, desks, membership, tills
from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.transaction import BTM, Claim, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.federation import payouts
from devnet.engine.federation.members import Coordinator
from devnet.engine.federation.payouts import Payout, check_payout
from devnet.engine.federation.planning import plan_payout
from devnet.engine.federation.signatures import assemble, sign_inputs
from devnet.engine.keys.chainkd import root_xprv, sign, xpub
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network
from devnet.engine.sidechain import claims, judge, ledger
from devnet.engine.sidechain.claims import sign_claim
from devnet.engine.sidechain.forgeries import invented_lock
from devnet.engine.sidechain.tampers import TAMPERS
from tests.engine.support import meddle

CHAIN = "gamma"
OPEN, OLD = "d3", "d1"
"""Transfers: one whose lock is settled and not claimed, one that was claimed."""
FEE_NEU = 20_000_000
Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Plant:
    """
    A fault in the rules, and who uses it.

    Args:
        rule: what is switched off, in words.
        plant: switches it off.
        attack: makes use of it; gives the id of its transaction, if it is one.
        chain: where that must come in a block.
        breaks: the invariants that must be found broken.
        refused_by: the check that stands in the way while the rule is in force.
    """

    rule: str
    plant: Callable[[Patch], None]
    attack: Callable[[Network], bytes]
    breaks: frozenset[str]
    refused_by: str = ""
    chain: str = CHAIN


# Claims.


def without(room: ModuleType, *ids: str) -> Callable[[Patch], None]:
    """Switch checks of a table off."""

    def plant(patch: Patch) -> None:
        kept = tuple(one for one in room.CHECKS if _id(one) not in ids)
        assert len(kept) < len(room.CHECKS)
        patch.setattr(room, "CHECKS", kept)

    return plant


def _id(check: object) -> str:
    return check[0] if isinstance(check, tuple) else check.id  # type: ignore[attr-defined]


def claim_of(net: Network, name: str) -> Transaction:
    """The honest claim of a transfer."""
    turn = meddle(net)
    lock = collecting.settled_lock(turn, net.transfer(name))
    tx, _ = collecting.make_claim(turn, lock)
    return tx


def given(change: Callable[[Transaction], Transaction]) -> Callable[[Network], bytes]:
    """The collector hands in a changed claim, and signs what it changed."""

    def attack(net: Network) -> bytes:
        turn = meddle(net)
        lock = collecting.settled_lock(turn, net.transfer(OPEN))
        key = collecting.assigned(turn, lock).xprv
        return hand_in(net, sign_claim(change(claim_of(net, OPEN)), key))

    return attack


def hand_in(net: Network, tx: Transaction) -> bytes:
    turn = meddle(net)
    collecting.hand_in(turn, CHAIN, tx)
    net._close(turn)
    return tx.id


def refit(tx: Transaction) -> Transaction:
    """Outputs that fit to what the claim says: recipient, and the exact fee."""
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    fee = claim.amount // 1000
    first, second = tx.outputs
    return replace(
        tx,
        outputs=(
            replace(first, amount=claim.amount - fee),
            replace(second, amount=fee),
        ),
        received=None,
    )


def twice(tx: Transaction) -> Transaction:
    """Twice the locked amount, and the fee for it."""
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    return refit(replace(tx, inputs=(replace(claim, amount=2 * claim.amount),)))


def claim_again(net: Network) -> bytes:
    """What the collector claimed long ago is claimed by anybody, without fee."""
    tx = claim_of(net, OLD)
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    free = replace(claim, collector_auth=b"")
    whole = replace(tx.outputs[0], amount=claim.amount)
    return hand_in(net, replace(tx, inputs=(free,), outputs=(whole,), received=None))


# Payouts.


def another(net: Network, name: str) -> Payout:
    """A payout of a withdrawal from inputs that no payout under way spends."""
    turn = meddle(net)
    chain_id, me = net.transfer(name).lock_id, coordinator(net)
    head = turn.side(CHAIN).tree[turn.side(CHAIN).head]
    used = {
        spent_id
        for coin in payouts_of(net, name)
        for spent_id in coin.tx.spent_output_ids
    }
    for other in turn.coordinators:
        turn.coordinators = turn.coordinators.insert(other, Coordinator())
    till = tills.till_of(turn, me, CHAIN, chain_id)
    held = tuple(one for one in till.held if one.coin.id not in used)
    fuel = tuple(one for one in till.fuel if one.id not in used)
    owed = head.state.pegout.open[chain_id]
    return plan_payout(owed, replace(till, held=held, fuel=fuel), b"")


def payouts_of(net: Network, name: str) -> list[Payout]:
    """Payouts under way for a withdrawal."""
    wid = net.transfer(name).lock_id
    desks_ = meddle(net).coordinators
    return [
        paying.payout
        for me in desks_
        if (paying := desks_[me].paying.get(wid)) is not None
    ]


def coordinator(net: Network) -> str:
    """The schedule's name of whom the withdrawal is assigned to, who planned it."""
    wid, known = net.transfer("w1").lock_id, meddle(net).coordinators
    return next(me for me in sorted(known) if known[me].paying.get(wid) is not None)


def pay_out(net: Network, payout: Payout) -> bytes:
    """Have members judge and sign a payout, and broadcast it. PayoutRefused."""
    turn = meddle(net)
    signed = {}
    for member in turn.members[:3]:
        member = replace(
            member,
            main=turn.main_nodes[0].view,
            heads=member.heads.insert(CHAIN, turn.side(CHAIN).head),
        )
        check_payout(payout, membership.own_context(turn, member, CHAIN, payout))
        chain_id = turn.side(CHAIN).tree.spec.chain_id
        signed[member.xpub] = sign_inputs(
            member.xprv, chain_id, payout.tx, payout.scripts
        )
    relayer = desks.relayer_of(turn, coordinator(net))
    federation = turn.side(CHAIN).tree.spec.federations[0]
    chain_id = turn.side(CHAIN).tree.spec.chain_id
    tx = assemble(federation, chain_id, payout, signed, relayer)
    net.submit(tx.raw)
    return tx.id


def paid(change: Callable[[Payout], Payout]) -> Callable[[Network], bytes]:
    """The coordinator changes the payout that is under way."""

    def attack(net: Network) -> bytes:
        return pay_out(net, change(payouts_of(net, "w1")[0]))

    return attack


def to_carol(payout: Payout) -> Payout:
    """Output 0 pays somebody else."""
    carol = play_account("carol").program
    first, *others = payout.tx.outputs
    return _with_outputs(payout, replace(first, program=carol), *others)


def short_change(payout: Payout) -> Payout:
    """A BTM of the change goes to the relayer."""
    *others, change, gas = payout.tx.outputs
    return _with_outputs(
        payout,
        *others,
        replace(change, amount=change.amount - 10**8),
        replace(gas, amount=gas.amount + 10**8),
    )


def _with_outputs(payout: Payout, *outputs: Output) -> Payout:
    tx = replace(payout.tx, outputs=outputs, received=None)
    return replace(payout, tx=tx)


def pay_twice(net: Network) -> bytes:
    """One withdrawal is paid, and once more from other inputs."""
    second = another(net, "w1")
    pay_out(net, payouts_of(net, "w1")[0])
    return pay_out(net, second)


# The ledger.


def coin_of(net: Network) -> Coin:
    """Alice's biggest coin on the sidechain."""
    (side,) = net.world.sidechains
    coins = side.tree[side.head].state.coins.of_program(play_account("alice").program)
    return max((one for one in coins if one.asset == BTM), key=lambda one: one.amount)


def pay(*outputs: Output) -> Callable[[Network], bytes]:
    """Alice spends her coin for these outputs; the rest comes back to her."""

    def attack(net: Network) -> bytes:
        coin, alice = coin_of(net), play_account("alice")
        rest = coin.amount - sum(one.amount for one in outputs) - FEE_NEU
        back = (Output(BTM, rest, alice.program),) if rest > 0 else ()
        spend = Spend(coin.source_id, BTM, coin.amount, coin.position, coin.program)
        tx = Transaction(1, 0, (spend,), (*outputs, *back), side=True)
        arguments = (sign(alice.xprv, tx.sig_hash(0)), alice.key)
        tx = replace(tx, inputs=(replace(spend, arguments=arguments),), received=None)
        net.submit(tx.raw, CHAIN)
        return tx.id

    return attack


def double_fees(patch: Patch) -> None:
    """Every fee is counted twice, so coinbases pay more than was paid."""
    add = ledger.Ledger.add

    def adding(self, tx, *, coinbase=False):
        before = self.fee_sum
        add(self, tx, coinbase=coinbase)
        self.fee_sum += self.fee_sum - before

    patch.setattr(ledger.Ledger, "add", adding)


def uncounted_burns(patch: Patch) -> None:
    """What is retired leaves circulation and is in no sum."""
    patch.setattr(ledger.Ledger, "_book_burns", lambda self, tx, failed: None)


def spent_coins_stay(patch: Patch) -> None:
    """What was spent can be spent again."""
    apply = ledger.apply_to_draft

    def applying(draft, tx, height, **how):
        change = apply(draft, tx, height, **how)
        draft.change((), change.spent)
        return change

    patch.setattr(ledger, "apply_to_draft", applying)


def claims_of_all_branches(patch: Patch) -> None:
    """A claim of a block that was lost is not taken out of the claimed set."""
    leaked: dict[bytes, object] = {}
    begin, book = ledger.Ledger.__init__, ledger.Ledger._book_claim

    def beginning(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        for lock_id, claim in leaked.items():
            self.claimed = self.claimed.insert(lock_id, claim)

    def booking(self, tx, claim):
        book(self, tx, claim)
        leaked[self.claims[-1].lock_id] = self.claims[-1]

    patch.setattr(ledger.Ledger, "__init__", beginning)
    patch.setattr(ledger.Ledger, "_book_claim", booking)


def free_rotation(patch: Patch) -> None:
    """Half of the federation is another from one block to the next."""
    after = judge.council_after

    def council_after(parent, poll):
        council = after(parent, poll)
        if poll.council.epoch:
            return council
        old = council.current
        strangers = tuple(xpub(root_xprv(bytes([n]))) for n in (1, 2))
        new = replace(old, members=tuple(sorted((*old.members[2:], *strangers))))
        return replace(council, epoch=1, federations=(new, old))

    patch.setattr(judge, "council_after", council_after)


def nothing(net: Network) -> bytes:
    """Nobody needs to do anything."""
    return b""


PLANTS = {
    "claimed-twice": Plant(
        "C2, a lock is claimed once", without(claims, "C2"), claim_again,
        frozenset({"I1", "I3"}), "C2",
    ),
    "any-amount": Plant(
        "C5, the amount is the output's", without(claims, "C5"), given(twice),
        frozenset({"I1", "I3"}), "C5",
    ),
    "any-program": Plant(
        "C6, the federation holds it for this recipient", without(claims, "C6"),
        given(TAMPERS["script"]), frozenset({"I3"}), "C6",
    ),
    "any-walk": Plant(
        "C8, the proof reaches the header", without(claims, "C8"),
        given(lambda tx: refit(TAMPERS["invented-lock"](tx))),
        frozenset({"I1", "I3"}), "C8",
    ),
    "any-header": Plant(
        "C10, the header is the mainchain's", without(claims, "C10"),
        given(lambda tx: refit(invented_lock(tx))), frozenset({"I1", "I3"}), "C10",
    ),
    "any-recipient": Plant(
        "C12, the recipient is paid", without(claims, "C12"),
        given(TAMPERS["recipient"]), frozenset({"I3"}), "C12",
    ),
    "any-fee": Plant(
        "C13, the fee is exact", without(claims, "C13"), given(TAMPERS["fee"]),
        frozenset({"I8"}), "C13",
    ),
    "paid-twice": Plant(
        "P2 and P8, one pin for each withdrawal", without(payouts, "P2", "P8"),
        pay_twice, frozenset({"I1", "I4"}), "P8", "main",
    ),
    "any-payee": Plant(
        "P4, the recipient is paid", without(payouts, "P4"), paid(to_carol),
        frozenset({"I1", "I4"}), "P4", "main",
    ),
    "short-change": Plant(
        "P5 and P6, the change is exact", without(payouts, "P5", "P6"),
        paid(short_change), frozenset({"I1", "I4"}), "P5", "main",
    ),
    "uncounted-burns": Plant(
        "what is retired counts as burned", uncounted_burns,
        pay(Output(BTM, 5 * 10**8, retire_program(b"gone"))), frozenset({"I1", "I2"}),
    ),
    "spent-twice": Plant(
        "what is spent is gone", spent_coins_stay,
        pay(Output(BTM, 10**8, play_account("bob").program)), frozenset({"I1", "I2"}),
    ),
    "double-fees": Plant(
        "a coinbase pays the fees of its block", double_fees,
        pay(Output(BTM, 10**8, play_account("bob").program)), frozenset({"I8"}),
    ),
    "free-rotation": Plant(
        "a third of the seats changes at most", free_rotation, nothing,
        frozenset({"I9"}),
    ),
}  # fmt: skip
