"""The standard transaction and what it costs to check: T8, T9."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha3_256

from devnet.bench.measure import BenchWrong, Measured, Pairs, Subject, Target, in_turn
from devnet.engine.bc.transaction import (
    BTM,
    Output,
    Spend,
    Transaction,
    parse_transaction,
    with_arguments,
)
from devnet.engine.keys import ed25519
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import Account, play_account
from devnet.engine.rules.transaction import validate_transaction

N_TRANSACTIONS = 300
"""Checked per measurement. Far fewer than the answers that `ed25519` remembers."""
N_YARDSTICKS = 20_000
HEIGHT = 1000
AMOUNT_NEU = 10**10
PAID_NEU = 5 * 10**9
FEE_NEU = 10**6
NEAR_331_BYTES = range(321, 342)


def check_of_known_signature(n_pairs: int) -> Measured:
    """T8: bytes to verdict; the signature's answer is at hand."""
    raws = [tx.raw for tx in standard_transactions()]
    hundred = bytes(range(100))

    def hash_often() -> None:
        for _ in range(N_YARDSTICKS):
            sha3_256(hundred).digest()

    # The warm-up of `in_turn` verifies each signature; from then on it is remembered.
    pairs = in_turn(lambda: check_all(raws), hash_often, n_pairs)
    each = _each(pairs, len(raws), N_YARDSTICKS)
    return Measured(each, "cpu", Target(90.0), {"bytes": len(raws[0])})


def check_of_new_signature(n_pairs: int) -> Measured:
    """T9: bytes to verdict, nothing known, against the signature alone."""
    raws = [tx.raw for tx in standard_transactions()]
    verify_alone, _ = verified_alone()
    _, bound = _bare_verification()

    def check_anew() -> None:
        ed25519.forget_answers()
        check_all(raws)

    pairs = in_turn(check_anew, verify_alone, n_pairs)
    return Measured(_each(pairs, len(raws), len(raws)), "cpu", Target(bound))


SUBJECTS = (
    Subject(
        "T8", "a standard transaction less its signature", "SHA3-256 of 100 bytes",
        check_of_known_signature,
    ),
    Subject(
        "T9", "a standard transaction", "its bare signature", check_of_new_signature
    ),
)  # fmt: skip


def verified_alone() -> tuple[Callable[[], None], int]:
    """The yardstick: verify the signatures of so many standard transactions."""
    verify, _ = _bare_verification()
    questions = [_question(tx) for tx in standard_transactions()]

    def verify_all() -> None:
        for key, message, signature in questions:
            if not verify(key, message, signature):
                raise BenchWrong("a good signature was refused")

    return verify_all, len(questions)


def check_all(raws: list[bytes]) -> None:
    """Parse and judge each. Raises BenchWrong when one is not valid."""
    for raw in raws:
        verdict = validate_transaction(parse_transaction(raw), height=HEIGHT)
        if verdict.status != "valid":
            raise BenchWrong(f"a good transaction is {verdict.status}")


@lru_cache(maxsize=1)
def standard_transactions() -> tuple[Transaction, ...]:
    """Payments of one P2WPKH input and two outputs, each of another coin."""
    alice, bob = play_account("alice"), play_account("bob")
    txs = tuple(_payment(alice, bob, index) for index in range(N_TRANSACTIONS))
    if len(txs[0].raw) not in NEAR_331_BYTES:
        raise BenchWrong(f"the standard transaction has {len(txs[0].raw)} bytes")
    return txs


def _payment(payer: Account, payee: Account, index: int) -> Transaction:
    source = sha3_256(f"bench coin {index}".encode()).digest()
    spend = Spend(source, BTM, AMOUNT_NEU, 0, payer.program)
    change = Output(BTM, AMOUNT_NEU - PAID_NEU - FEE_NEU, payer.program)
    outputs = (Output(BTM, PAID_NEU, payee.program), change)
    return signed(Transaction(1, 0, (spend,), outputs), payer)


def signed(tx: Transaction, payer: Account) -> Transaction:
    """The transaction with the signature of its only input."""
    return with_arguments(tx, 0, (sign(payer.xprv, tx.sig_hash(0)), payer.key))


def _question(tx: Transaction) -> tuple[bytes, bytes, bytes]:
    """Key, message and signature of the only input."""
    spend = tx.inputs[0]
    assert isinstance(spend, Spend), "the standard transaction spends"
    signature, key = spend.arguments
    return key, tx.sig_hash(0), signature


def _bare_verification() -> tuple[Callable[[bytes, bytes, bytes], bool], float]:
    """(key, message, signature) -> bool of the library in use, and its target."""
    if not ed25519.uses_libsodium():
        return ed25519.exact_verify, 1.3
    from nacl.bindings import crypto_sign_open

    def verify(key: bytes, message: bytes, signature: bytes) -> bool:
        return crypto_sign_open(signature + message, key) == message

    return verify, 2.2


def _each(pairs: Pairs, n_subjects: int, n_yardsticks: int) -> Pairs:
    """Times of one, from times of many."""
    return Pairs(
        tuple(total_s / n_subjects for total_s in pairs.subject_s),
        tuple(total_s / n_yardsticks for total_s in pairs.yardstick_s),
    )
