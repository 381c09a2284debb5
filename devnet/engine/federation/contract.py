"""
The contract address taken apart: from the members' root keys to the letters of the
address, with everything in between.

`programs` computes the same in one go; here each step is kept, so that one can see what
another recipient or another sidechain changes.

Source: protocol page "federation", section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.bc.opcodes import parse_program
from devnet.engine.bc.programs import p2wsh
from devnet.engine.bc.records import is_recipient
from devnet.engine.codec import address_of_program, sha3
from devnet.engine.errors import RequestError
from devnet.engine.federation.programs import (
    Federation,
    member_key,
    member_path,
    redeem_script,
)
from devnet.engine.keys import chainkd

Role = Literal["what is signed", "key", "quorum", "keys", "check"]


class NoRecipient(RequestError):
    """A program that no claim can pay, so no lock is for it."""

    code = "request.no-recipient"
    default_hint = "Give an account, an address, or a P2WPKH or P2WSH program in hex."


@dataclass(frozen=True, slots=True)
class KeySteps:
    """
    One member's way from its root key to its key in the script.

    Args:
        root_xpub: 64 bytes. chain_key: its child for the sidechain, 64 bytes.
        tweak: 32 zero bytes and the HMAC of the claim script under the chain key.
        child_xpub: the chain key's child for the tweak. public_key: its first half.
    """

    root_xpub: bytes
    chain_key: bytes
    tweak: bytes
    child_xpub: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class ScriptOp:
    """
    One instruction of the multisig script: where it begins, its bytes, what it is for.
    """

    at: int
    raw: bytes
    text: str
    role: Role


@dataclass(frozen=True, slots=True)
class Contract:
    """
    One address of the family, with every step to it.

    Args:
        claim_script: whom a lock there is for; empty: the treasury.
        keys: in the order of the federation record.
        script: what the spender shows. script_hash: SHA3-256 of it.
        program: what stands in the output. address: its bech32 form.
    """

    chain_id: bytes
    claim_script: bytes
    quorum: int
    keys: tuple[KeySteps, ...]
    script: bytes
    ops: tuple[ScriptOp, ...]
    script_hash: bytes
    program: bytes
    address: str


def contract_of(
    federation: Federation, chain_id: bytes, claim_script: bytes, hrp: str
) -> Contract:
    """
    Every step to the address that locks value for a claim script on a sidechain.

    Args:
        claim_script: P2WPKH or P2WSH; empty for the treasury.
        hrp: the address prefix of the mainchain's network.

    Raises:
        NoRecipient: no claim can pay this program.
    """
    if claim_script and not is_recipient(claim_script):
        raise NoRecipient(
            f"{claim_script.hex()[:80]} is neither P2WPKH nor P2WSH",
            program=claim_script,
        )
    script = redeem_script(federation, chain_id, claim_script)
    script_hash = sha3(script)
    program = p2wsh(script_hash)
    return Contract(
        chain_id=chain_id,
        claim_script=claim_script,
        quorum=federation.quorum,
        keys=tuple(
            _steps(chain_id, root_xpub, claim_script)
            for root_xpub in federation.members
        ),
        script=script,
        ops=_ops(script),
        script_hash=script_hash,
        program=program,
        address=address_of_program(program, hrp),
    )


def _steps(chain_id: bytes, root_xpub: bytes, claim_script: bytes) -> KeySteps:
    _, tweak = member_path(chain_id, root_xpub, claim_script)
    chain_key = chainkd.child_xpub(root_xpub, chain_id)
    return KeySteps(
        root_xpub=root_xpub,
        chain_key=chain_key,
        tweak=tweak,
        child_xpub=chainkd.child_xpub(chain_key, tweak),
        public_key=member_key(chain_id, root_xpub, claim_script),
    )


def _ops(script: bytes) -> tuple[ScriptOp, ...]:
    """The instructions: what is signed, the keys, m, n, and the check."""
    parts = parse_program(script)
    keys: list[Role] = ["key"] * (len(parts) - 4)
    roles: list[Role] = ["what is signed", *keys, "quorum", "keys", "check"]
    return tuple(
        ScriptOp(
            at=one.at,
            raw=script[one.at : one.at + one.n_bytes],
            text=one.name if role != "key" else f"push {one.data.hex()}",
            role=role,
        )
        for one, role in zip(parts, roles, strict=True)
    )


def changed(old: str, new: str) -> tuple[tuple[int, int], ...]:
    """
    Where `new` differs from `old`: stretches as (start, stop), in letters of `new`.
    Letters beyond the end of `old` differ.
    """
    found: list[tuple[int, int]] = []
    for at in range(len(new)):
        if at < len(old) and old[at] == new[at]:
            continue
        if found and found[-1][1] == at:
            found[-1] = found[-1][0], at + 1
        else:
            found.append((at, at + 1))
    return tuple(found)
