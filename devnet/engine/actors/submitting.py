"""
Transactions that somebody brings as bytes, for any chain.

Source: Bytom/bytom v1.1.0, api/transact.go and blockchain/txbuilder/finalize.go: two
checks come before the pool's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from devnet.engine.actors import collecting, mainchain, pooling
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.transaction import BTM, Spend, Transaction, parse_transaction
from devnet.engine.chain.mempool import Mempool, Orphan, UnknownOutput, keep_orphan
from devnet.engine.errors import DevnetError, TransactionError
from devnet.engine.events import TxHeld
from devnet.engine.sidechain.claims import is_claim

MAIN = "main"
MOST_FEE_NEU = 1_000_000_000

Fate = Literal["waiting", "status_fail", "orphan"]


class FeeTooHigh(TransactionError):
    """The fee is above what a node takes through its API."""

    code = "tx.fee-too-high"
    default_hint = "Add a change output, or pay a smaller fee."


class NoGasInput(TransactionError):
    """No input of BTM pays the gas."""

    code = "tx.no-gas-input"
    default_hint = "Add an input of BTM."


@dataclass(frozen=True, slots=True)
class Submitted:
    """
    What became of a transaction.

    fate: "waiting" in the mempool; "status_fail": so too, but only its fee and BTM side
    will count; "orphan": kept until what it spends arrives.
    """

    tx: Transaction
    fate: Fate


Answers: TypeAlias = "tuple[Submitted | DevnetError, ...]"


def submit_raw(turn: Turn, raw: bytes, chain: str) -> Submitted:
    """
    Hand in a raw transaction, as a wallet of any kind would.

    Raises:
        FormError: the bytes are no transaction of this chain.
        TransactionError, ClaimError, VmError: the rule that it breaks.
    """
    tx = parse_transaction(raw, side=chain != MAIN)
    if chain != MAIN:
        return _submit_side(turn, chain, tx)
    _check_like_the_api(tx)
    node = turn.main_nodes[0]
    try:
        mainchain.submit(turn, tx, "payment")
    except UnknownOutput as error:
        orphans = keep_orphan(node.orphans, Orphan(tx, turn.now_ms), turn.now_ms)
        turn.set_main_node(replace(node, orphans=orphans))
        return _held(turn, chain, tx, error)
    failed = turn.main_nodes[0].pool.by_id[tx.id].failed
    return Submitted(tx, "status_fail" if failed else "waiting")


def _submit_side(turn: Turn, chain: str, tx: Transaction) -> Submitted:
    name = turn.speaker(chain).name
    if is_claim(tx):
        pooling.admit(turn, chain, turn.node(chain, name), tx)
        collecting.hand_in(turn, chain, tx)
        return Submitted(tx, "waiting")
    (refusal,) = pooling.submit_all(turn, chain, (tx,), "payment")
    answer = _answer(turn, chain, turn.speaker(chain).pool, tx, refusal)
    if isinstance(answer, DevnetError):
        raise answer
    return answer


def submit_many(turn: Turn, raws: Sequence[bytes], chain: str) -> Answers:
    """
    Hand in many raw transactions at once, each for itself. On a sidechain those that
    are taken reach the other validators in one message.

    Returns:
        For each what became of it, or why it was refused.
    """
    answers: dict[int, Submitted | DevnetError] = {}
    batch: dict[int, Transaction] = {}
    for index, raw in enumerate(raws):
        try:
            tx = parse_transaction(raw, side=chain != MAIN)
            if chain != MAIN and not is_claim(tx):
                batch[index] = tx
                continue
            _hand_in(turn, chain, batch, answers)
            answers[index] = submit_raw(turn, raw, chain)
        except DevnetError as error:
            answers[index] = error
    _hand_in(turn, chain, batch, answers)
    return tuple(answers[index] for index in range(len(raws)))


def _hand_in(
    turn: Turn,
    chain: str,
    batch: dict[int, Transaction],
    answers: dict[int, Submitted | DevnetError],
) -> None:
    """Submit the batch, note its answers by index, and empty it."""
    if not batch:
        return
    refusals = pooling.submit_all(turn, chain, tuple(batch.values()), "payment")
    pool = turn.speaker(chain).pool
    for (index, tx), refusal in zip(batch.items(), refusals, strict=True):
        answers[index] = _answer(turn, chain, pool, tx, refusal)
    batch.clear()


def _answer(
    turn: Turn,
    chain: str,
    pool: Mempool,
    tx: Transaction,
    refusal: DevnetError | None,
) -> Submitted | DevnetError:
    """What became of a transaction that the first validator was given."""
    if isinstance(refusal, UnknownOutput):
        return _held(turn, chain, tx, refusal)
    if refusal is not None:
        return refusal
    waiting = pool.by_id.get(tx.id)
    failed = waiting is not None and waiting.failed
    return Submitted(tx, "status_fail" if failed else "waiting")


def _held(turn: Turn, chain: str, tx: Transaction, error: UnknownOutput) -> Submitted:
    turn.say(TxHeld(chain=chain, id=tx.id.hex(), reason=error.message))
    return Submitted(tx, "orphan")


def _check_like_the_api(tx: Transaction) -> None:
    """Fee and gas input, as the node's submit call looks at them."""
    spends = [given for given in tx.inputs if isinstance(given, Spend)]
    paid = sum(given.amount for given in spends if given.asset == BTM)
    left = paid - sum(output.amount for output in tx.outputs if output.asset == BTM)
    if left > MOST_FEE_NEU:
        raise FeeTooHigh(
            f"the fee is {left} neu, a node takes {MOST_FEE_NEU} at most", fee=left
        )
    if not any(given.asset == BTM for given in spends):
        raise NoGasInput(f"transaction {tx.id.hex()[:16]} has no input of BTM")
