"""
Actions of a build on a sidechain, as a Vapor node names them: payments, the way back,
votes, and vetos, which take votes back.

Source: protocol page "http-api", section 14; BytomDAO/vapor v1.1.9, api/transact.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from devnet.api.actions import FORMS, VALUE, Form, Values
from devnet.api.fields import HASH, HEX, TEXT, UINT, Field
from devnet.api.sides import Side
from devnet.engine.bc.entries import asset_id
from devnet.engine.bc.records import Withdrawal
from devnet.engine.bc.transaction import BTM
from devnet.engine.codec import address_of_program, program_of_address
from devnet.engine.errors import CodecError
from devnet.engine.sidechain.staking import LEAST_VOTE_NEU
from devnet.wallet.building import (
    NO_ASSET,
    Action,
    Draft,
    Pay,
    Special,
    add_output,
    need,
    program_at,
)
from devnet.wallet.errors import BadAction, BadActionType, WalletError
from devnet.wallet.staking import Veto, VoteOutput
from devnet.wallet.wallet import Wallet

SIDE_HRP = {"bm": "vp", "tm": "tp", "sm": "sp"}
"""How Vapor's addresses begin. Ours are the mainchain's; both are understood here."""
_VOTE = Field("vote", HEX)


class WrongAsset(WalletError):
    """The asset's id does not follow from its program and definition."""

    code = "wallet.wrong-asset"
    # Vapor joins the same words twice.
    words = "incorrect asset_idincorrect asset_id"


@dataclass(frozen=True, slots=True)
class CrossOut(Special):
    """Value that leaves for the mainchain: to an address, or else to a program."""

    asset: bytes
    amount: int
    address: str
    program: bytes
    parent_id: bytes

    def carry_out(self, wallet: Wallet, draft: Draft) -> None:
        """Raises MissingField, WalletError."""
        need(self.asset != NO_ASSET, self.amount, self.address or self.program)
        program = self.program
        if self.address:
            program = program_at(wallet, self.address)
        record = Withdrawal(self.parent_id, program)
        add_output(draft, self.asset, self.amount, record.program)


@dataclass(frozen=True, slots=True)
class CrossIn(Special):
    """What a federation signs there, and nobody here."""

    asset: bytes
    amount: int
    source_id: bytes
    vm_version: int
    definition: bytes
    program: bytes

    def carry_out(self, wallet: Wallet, draft: Draft) -> None:
        """Raises MissingField, WrongAsset, BadActionType; there is no good one."""
        need(self.asset != NO_ASSET, self.amount, self.source_id != NO_ASSET)
        if self.asset != BTM:
            known = asset_id(self.program, self.definition, self.vm_version)
            if self.asset != known:
                raise WrongAsset
        raise BadActionType("cross_chain_in: claim-pegin-transaction brings value in")


def forms_of(side: Side) -> Mapping[str, Form]:
    """The types of actions that a sidechain knows."""
    spec, hrp = side.chain.tree.spec, side.node.wallet.hrp

    def veto(v: Values) -> Action:
        return Veto(
            v["account_id"], v["asset_id"], v["amount"], _key(v["vote"]),
            LEAST_VOTE_NEU, spec.unbond_blocks,
        )  # fmt: skip

    def cross_out(v: Values) -> Action:
        return CrossOut(
            v["asset_id"], v["amount"], v["address"], v["control_program"],
            spec.parent_id,
        )  # fmt: skip

    def pay(v: Values) -> Action:
        return Pay(v["asset_id"], v["amount"], address=ours(v["address"], hrp))

    def vote(v: Values) -> Action:
        return VoteOutput(
            v["asset_id"], v["amount"], ours(v["address"], hrp), _key(v["vote"]),
            LEAST_VOTE_NEU,
        )  # fmt: skip

    address, program = Field("address", TEXT), Field("control_program", HEX)
    common = {name: form for name, form in FORMS.items() if name != "issue"}
    return common | {
        "control_address": replace(FORMS["control_address"], make=pay),
        "vote_output": Form((*VALUE, address, _VOTE), vote),
        "veto": Form((Field("account_id", TEXT), *VALUE, _VOTE), veto, pays=False),
        "cross_chain_out": Form((*VALUE, address, program), cross_out),
        "cross_chain_in": Form(_CROSS_IN, _cross_in, pays=False),
    }


_CROSS_IN = (
    *VALUE, Field("source_id", HASH), Field("vm_version", UINT),
    Field("raw_definition_byte", HEX), Field("issuance_program", HEX),
)  # fmt: skip


def _cross_in(v: Values) -> Action:
    return CrossIn(
        v["asset_id"], v["amount"], v["source_id"], v["vm_version"],
        v["raw_definition_byte"], v["issuance_program"],
    )  # fmt: skip


def ours(address: str, hrp: str) -> str:
    """An address with the mainchain's prefix. What is none stays as it is."""
    try:
        return address_of_program(program_of_address(address, SIDE_HRP[hrp]), hrp)
    except (CodecError, KeyError):
        return address


def _key(vote: bytes) -> bytes:
    """The public key of a vote: the first half of an xpub. Raises BadAction."""
    if len(vote) not in (0, 32, 64):
        words = "a vote names a key of 32 bytes, or an xpub of 64"
        raise BadAction(f"{words}: bad action object")
    return vote[:32]
