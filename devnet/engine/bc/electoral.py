"""
Side records of elections: who stands for a seat, who approves of whom, who leaves.

The author of such a record is the control program that input 0 of its transaction
spends: the virtual machine has just authorised it. What follows from a record is
settled in sidechain/roster.py.

Source: protocol page "claim", section 6, kinds 10 to 12; kind 13 is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from devnet.engine.bc.recordform import BadRecord, BaseRecord
from devnet.engine.codec import Reader, varlist, varstr

VALIDATOR_ROLE, COLLECTOR_ROLE, MEMBER_ROLE = 1, 2, 3
ROLES = (VALIDATOR_ROLE, COLLECTOR_ROLE, MEMBER_ROLE)
ROLE_NAMES = {
    VALIDATOR_ROLE: "validator",
    COLLECTOR_ROLE: "collector",
    MEMBER_ROLE: "member",
}
MOST_NAMES = 51
NAME_FORM = re.compile(r"[a-z][a-z0-9-]{0,15}")


@dataclass(frozen=True)
class Register(BaseRecord):
    """
    Somebody stands for a seat.

    Args:
        role: 1 validator, 2 collector, 3 federation.
        key: public key of the seat, 32 bytes; of a federation member its root xpub, 64
            bytes, of which the first 32 are the public key.
        proof: that public key's signature over `registration_message`, 64 bytes:
            nobody stands with a key that is not theirs.
        name: how voters call the candidate.
    """

    role: int
    key: bytes
    proof: bytes
    name: str
    kind: ClassVar[int] = 0x10

    def body(self) -> bytes:
        return b"".join(
            (
                bytes((self.role,)),
                varstr(self.key),
                varstr(self.proof),
                varstr(self.name.encode()),
            )
        )


@dataclass(frozen=True)
class Approve(BaseRecord):
    """The author approves of these candidates, with all that it holds."""

    names: tuple[str, ...]
    kind: ClassVar[int] = 0x11

    def body(self) -> bytes:
        return varlist([name.encode() for name in self.names])


@dataclass(frozen=True)
class WithdrawApproval(BaseRecord):
    """The author approves of these candidates no more."""

    names: tuple[str, ...]
    kind: ClassVar[int] = 0x12

    def body(self) -> bytes:
        return varlist([name.encode() for name in self.names])


@dataclass(frozen=True)
class Leave(BaseRecord):
    """The author stands no more; its bond is free after the unbonding period."""

    role: int
    kind: ClassVar[int] = 0x13

    def body(self) -> bytes:
        return bytes((self.role,))


ElectoralRecord = Register | Approve | WithdrawApproval | Leave


def key_bytes_of(role: int) -> int:
    """How long the key of a seat is."""
    return 64 if role == MEMBER_ROLE else 32


def stake_key_of(key: bytes) -> bytes:
    """What votes and bonds name: the public key of a seat, 32 bytes."""
    return key[:32]


def registration_message(
    chain_id: bytes, role: int, name: str, author: bytes, key: bytes
) -> bytes:
    """What a candidate's key signs: the seat, the name, and who registers it."""
    head = b"bystack-register-1" + chain_id + bytes((role,))
    return head + varstr(name.encode()) + varstr(author) + key


def read_register(reader: Reader) -> Register:
    role, key, proof = reader.byte(), reader.varstr(), reader.varstr()
    name = _checked_name(reader.varstr())
    _check_role(role)
    wanted = key_bytes_of(role)
    if (len(key), len(proof)) != (wanted, 64):
        raise BadRecord(
            f"a {ROLE_NAMES[role]}'s key of {len(key)} bytes and a proof of "
            f"{len(proof)}, {wanted} and 64 are due"
        )
    return Register(role, key, proof, name)


def read_approve(reader: Reader) -> Approve:
    return Approve(_read_names(reader))


def read_withdraw_approval(reader: Reader) -> WithdrawApproval:
    return WithdrawApproval(_read_names(reader))


def read_leave(reader: Reader) -> Leave:
    role = reader.byte()
    _check_role(role)
    return Leave(role)


def _check_role(role: int) -> None:
    if role not in ROLES:
        raise BadRecord(
            f"role {role} is none of 1 (validator), 2 (collector), 3 (member)"
        )


def _read_names(reader: Reader) -> tuple[str, ...]:
    names = tuple(_checked_name(name) for name in reader.varlist())
    if not names or len(names) > MOST_NAMES or len(set(names)) != len(names):
        raise BadRecord(
            f"{len(names)} names, {len(set(names))} different; 1 to {MOST_NAMES} "
            "different ones are due"
        )
    return names


def _checked_name(name: bytes) -> str:
    text = name.decode("ascii", "replace")
    if not NAME_FORM.fullmatch(text):
        raise BadRecord(
            f"{text[:40]!r} is no name for a candidate",
            hint="Take lower-case letters, digits and dashes, 16 at most.",
        )
    return text
