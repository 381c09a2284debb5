"""
Building and signing on a sidechain: payments, votes, and `cross_chain_out`, which takes
value back to the mainchain.

The builder and the keys are the mainchain wallet's; only where coins are looked for,
and the form in which ids are computed, are the sidechain's.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.api.actions import read_actions
from devnet.api.endpoints.spending import ESTIMATED, SHOWN, estimated_facts
from devnet.api.fields import OBJECT, SPAN, TEXT, UINT, XPRV, Field, list_of
from devnet.api.refusals import bad_body
from devnet.api.shapes import Facts
from devnet.api.sideactions import forms_of
from devnet.api.sides import Side, SideWallet, side_endpoint
from devnet.api.table import Ask
from devnet.api.templates import read_template, template_facts
from devnet.wallet.building import build
from devnet.wallet.template import Template, estimate, sign_template, sign_with_xprv


@side_endpoint(
    "build-transaction", Field("actions", list_of(OBJECT)), Field("ttl", SPAN),
    Field("time_range", UINT), answer=SHOWN,
)  # fmt: skip
def build_transaction(side: Side, ask: Ask) -> Facts:
    """A transaction from actions, to be signed."""
    wallet = SideWallet(side)
    actions = read_actions(wallet, ask["actions"], forms_of(side))
    made = build(wallet, actions, ttl_s=ask["ttl"] / 1000, time_range=ask["time_range"])
    return template_facts(_as_side(made))


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
    "sign-with-xprv", Field("xprv", XPRV), Field("transaction", OBJECT), mark="nice",
    answer="transaction sign_complete",
)  # fmt: skip
def sign_with_key(side: Side, ask: Ask) -> Facts:
    """Sign what a root key can that is kept nowhere."""
    template = _as_side(read_template(ask["transaction"]))
    if not ask["xprv"]:
        raise bad_body("xprv is missing")
    signed, complete = sign_with_xprv(template, ask["xprv"])
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
