"""Small transactions to judge, for tests of the rules."""

from __future__ import annotations

from devnet.engine.bc.programs import p2wpkh, p2wsh, retire_program
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Coinbase,
    Issuance,
    Output,
    Spend,
    Transaction,
    asset_id,
    with_arguments,
)
from devnet.engine.codec import ripemd160
from devnet.engine.keys import ed25519

GOLD = asset_id(b"\x51", b"gold")
SECRET, PREFIX = 987654321, b"q" * 32
KEY = ed25519.multiply_base(SECRET)
OWNER = p2wpkh(ripemd160(KEY))
RECORD = retire_program(b"BSR1\x20body")


def payment(
    amount: int = 1_000_000,
    fee: int = 400_000,
    *,
    side: bool = False,
    more_inputs: tuple[Spend | Issuance | Coinbase | Claim, ...] = (),
    more_outputs: tuple[Output, ...] = (),
) -> Transaction:
    spend = Spend(b"\x11" * 32, BTM, amount, 0, OWNER)
    outputs = (Output(BTM, amount - fee, OWNER), *more_outputs)
    tx = Transaction(1, 0, (spend, *more_inputs), outputs, side)
    return sign(tx, 0)


def sign(tx: Transaction, index: int) -> Transaction:
    signature = ed25519.sign(SECRET, PREFIX, tx.sig_hash(index), KEY)
    return with_arguments(tx, index, (signature, KEY))


def a_claim(asset: bytes = GOLD, amount: int = 50) -> Claim:
    lock = p2wsh(b"\x44" * 32)
    return Claim(
        b"\x22" * 32, asset, amount, 1, lock, b"\x33" * 32, OWNER, b"", b"", b""
    )
