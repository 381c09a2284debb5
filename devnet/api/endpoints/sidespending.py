"""
Building and signing on a sidechain: payments, and `cross_chain_out`, which takes value
back to the mainchain.

The builder and the keys are the mainchain wallet's; only where coins are looked for,
and the form in which ids are computed, are the sidechain's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from devnet.api.actions import read_actions
from devnet.api.endpoints.spending import ESTIMATED, SHOWN, estimated_facts
from devnet.api.fields import OBJECT, SPAN, TEXT, UINT, Field, list_of
from devnet.api.refusals import Refused
from devnet.api.shapes import Facts
from devnet.api.sides import Side, side_endpoint
from devnet.api.table import Ask
from devnet.api.templates import read_template, template_facts
from devnet.engine.bc.records import Withdrawal
from devnet.engine.chain.mempool import Mempool
from devnet.engine.codec import from_hex, program_of_address
from devnet.engine.errors import CodecError
from devnet.engine.mainchain.state import MainEntry
from devnet.wallet.building import build
from devnet.wallet.template import Template, estimate, sign_template
from devnet.wallet.wallet import Wallet

NOT_HERE = {
    "cross_chain_in": "claim-pegin-transaction brings value in",
    "vote_output": "the verb `validator vote` votes",
    "veto": "the verb `validator unvote` takes votes back",
}


class SideWallet(Wallet):
    """The one wallet, looking at a sidechain."""

    def __init__(self, side: Side) -> None:
        self.__dict__.update(side.node.wallet.__dict__)
        self._side = side

    @property
    def tip(self) -> MainEntry:
        """The sidechain's newest block: what the builder asks of it has one form."""
        return cast(MainEntry, self._side.head)

    @property
    def pool(self) -> Mempool:
        """What waits there."""
        return self._side.pool


@side_endpoint(
    "build-transaction", Field("actions", list_of(OBJECT)), Field("ttl", SPAN),
    Field("time_range", UINT), answer=SHOWN,
)  # fmt: skip
def build_transaction(side: Side, ask: Ask) -> Facts:
    """A transaction from actions, to be signed."""
    wallet = SideWallet(side)
    actions = [_known_action(side, one, n) for n, one in enumerate(ask["actions"])]
    made = build(
        wallet, read_actions(wallet, actions), ttl_s=ask["ttl"] / 1000,
        time_range=ask["time_range"],
    )  # fmt: skip
    return template_facts(_as_side(made))


def _known_action(side: Side, found: dict[str, Any], index: int) -> dict[str, Any]:
    """An action as the mainchain's builder knows it. Raises Refused."""
    one = {name.lower(): value for name, value in found.items()}
    kind = one.get("type")
    if kind == "issue":
        words = f'unknown action type "issue" on action {index}: bad action type'
        raise Refused(words, "BTM704")
    if kind in NOT_HERE:
        raise Refused(f"{kind} on action {index}: {NOT_HERE[kind]}", "BTM704")
    if kind != "cross_chain_out":
        return one
    try:
        if one.get("address"):
            recipient = program_of_address(str(one["address"]), side.node.wallet.hrp)
        else:
            recipient = from_hex(str(one.get("control_program", "")))
    except CodecError as error:
        raise Refused(f"action index {index}: {error.message}") from None
    if not recipient:
        raise Refused(f"action index {index}: required field is missing", "BTM707")
    record = Withdrawal(side.chain.tree.spec.parent_id, recipient)
    program = record.program.hex()
    return {**one, "type": "control_program", "control_program": program}


@side_endpoint(
    "sign-transaction", Field("password", TEXT), Field("transaction", OBJECT),
    answer="transaction sign_complete",
)  # fmt: skip
def sign_transaction(side: Side, ask: Ask) -> Facts:
    """Sign what one password can."""
    template = _as_side(read_template(ask["transaction"]))
    keyring = side.node.wallet.keyring
    signed, complete = sign_template(template, keyring, ask["password"])
    return {"transaction": template_facts(signed), "sign_complete": complete}


@side_endpoint(
    "estimate-transaction-gas", Field("transaction_template", OBJECT), answer=ESTIMATED
)
def estimate_transaction_gas(side: Side, ask: Ask) -> Facts:
    """What a transaction will cost, before it is signed."""
    template = _as_side(read_template(ask["transaction_template"]))
    return estimated_facts(estimate(template))


def _as_side(template: Template) -> Template:
    """The same transaction with the ids that it has on a sidechain."""
    return replace(template, tx=replace(template.tx, side=True, received=None))
