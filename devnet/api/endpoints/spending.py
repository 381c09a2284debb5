"""Building, signing, and estimating transactions."""

from __future__ import annotations

from devnet.api.actions import read_actions
from devnet.api.endpoints.pool import read_transaction
from devnet.api.fields import HEX, OBJECT, SPAN, TEXT, UINT, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import bad_body
from devnet.api.shapes import Facts
from devnet.api.table import Ask, endpoint
from devnet.api.templates import read_template, template_facts
from devnet.wallet.building import build
from devnet.wallet.chaining import build_chain
from devnet.wallet.template import Estimate, estimate, estimate_chain, sign_template

SHOWN = "raw_transaction signing_instructions fee allow_additional_actions"
ESTIMATED = "total_neu flexible_neu storage_neu vm_neu chain_tx_neu"


@endpoint(
    "build-transaction", Field("actions", list_of(OBJECT)),
    Field("base_transaction", HEX), Field("ttl", SPAN), Field("time_range", UINT),
    answer=SHOWN,
)  # fmt: skip
def build_transaction(node: Node, ask: Ask) -> Facts:
    """A transaction from actions, to be signed."""
    base = ask["base_transaction"]
    made = build(
        node.wallet,
        read_actions(node.wallet, ask["actions"]),
        base=read_transaction(base) if base else None,
        ttl_s=ask["ttl"] / 1000,
        time_range=ask["time_range"],
    )
    return template_facts(made)


@endpoint(
    "build-chain-transactions", Field("actions", list_of(OBJECT)),
    Field("ttl", SPAN), Field("time_range", UINT), mark="nice",
    answer=f"(a list: {SHOWN})",
)  # fmt: skip
def build_chain_transactions(node: Node, ask: Ask) -> list[Facts]:
    """Transactions that merge coins, and the one that pays."""
    made = build_chain(
        node.wallet,
        read_actions(node.wallet, ask["actions"]),
        ttl_s=ask["ttl"] / 1000,
        time_range=ask["time_range"],
    )
    return [template_facts(one) for one in made]


@endpoint(
    "sign-transaction", Field("password", TEXT), Field("transaction", OBJECT),
    answer="transaction sign_complete",
)  # fmt: skip
def sign_transaction(node: Node, ask: Ask) -> Facts:
    """Sign what one password can."""
    signed, complete = sign_template(
        read_template(ask["transaction"]), node.wallet.keyring, ask["password"]
    )
    return {"transaction": template_facts(signed), "sign_complete": complete}


@endpoint(
    "sign-transactions", Field("password", TEXT),
    Field("transactions", list_of(OBJECT)), mark="nice",
    answer="transaction (a list) sign_complete",
)  # fmt: skip
def sign_transactions(node: Node, ask: Ask) -> Facts:
    """Sign what one password can, in some transactions."""
    templates = [read_template(one) for one in ask["transactions"]]
    done = [
        sign_template(one, node.wallet.keyring, ask["password"]) for one in templates
    ]
    return {
        "transaction": [template_facts(signed) for signed, _ in done] or None,
        "sign_complete": all(complete for _, complete in done),
    }


@endpoint(
    "estimate-transaction-gas", Field("transaction_template", OBJECT), answer=ESTIMATED
)
def estimate_transaction_gas(node: Node, ask: Ask) -> Facts:
    """What a transaction will cost, before it is signed."""
    return estimated_facts(estimate(read_template(ask["transaction_template"])))


@endpoint(
    "estimate-chain-transaction-gas",
    Field("transaction_templates", list_of(OBJECT)), mark="nice", answer=ESTIMATED,
)  # fmt: skip
def estimate_chain_transaction_gas(node: Node, ask: Ask) -> Facts:
    """What the last of a chain of transactions costs, and those before it."""
    if not ask["transaction_templates"]:
        raise bad_body("transaction_templates is missing")
    return estimated_facts(
        estimate_chain([read_template(one) for one in ask["transaction_templates"]])
    )


def estimated_facts(one: Estimate) -> Facts:
    """An estimate as the node shows it."""
    return {
        "total_neu": one.total_neu,
        "flexible_neu": one.flexible_neu,
        "storage_neu": one.storage_neu,
        "vm_neu": one.vm_neu,
        "chain_tx_neu": one.chain_neu,
    }
