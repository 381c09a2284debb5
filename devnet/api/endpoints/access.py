"""Access tokens, and feeds of transactions."""

from __future__ import annotations

from devnet.api.fields import TEXT, Field
from devnet.api.node import Node
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.api.tokens import Token

ID, ALIAS, FILTER = Field("id", TEXT), Field("alias", TEXT), Field("filter", TEXT)


def _shown(token: Token) -> Facts:
    kind = {"type": token.kind} if token.kind else {}
    return {
        "id": token.id, "token": token.text, **kind, "created_at": token.created_at
    }  # fmt: skip


@endpoint(
    "create-access-token", ID, Field("type", TEXT), mark="nice",
    answer="id token type created_at",
)  # fmt: skip
def create_access_token(node: Node, ask: Ask) -> Facts:
    """A new token; callers from elsewhere need one."""
    return _shown(node.tokens.create(ask["id"], ask["type"]))


@endpoint("list-access-tokens", mark="nice", answer="(a list of tokens)")
def list_access_tokens(node: Node, ask: Ask) -> list[Facts]:
    """All tokens in clear, for callers from this machine alone."""
    return [_shown(token) for token in node.tokens.listed()]


@endpoint("check-access-token", ID, Field("secret", TEXT), mark="nice")
def check_access_token(node: Node, ask: Ask) -> object:
    """Is this token good?"""
    node.tokens.check(ask["id"], ask["secret"])
    return NOTHING


@endpoint("delete-access-token", ID, mark="nice")
def delete_access_token(node: Node, ask: Ask) -> object:
    """A token that is good no longer."""
    node.tokens.delete(ask["id"])
    return NOTHING


@endpoint("create-transaction-feed", ALIAS, FILTER, mark="nice")
def create_transaction_feed(node: Node, ask: Ask) -> object:
    """Keep a filter under a name."""
    node.feeds.create(ask["alias"], ask["filter"])
    return NOTHING


@endpoint("update-transaction-feed", ALIAS, FILTER, mark="nice")
def update_transaction_feed(node: Node, ask: Ask) -> object:
    """Another filter under a name."""
    node.feeds.update(ask["alias"], ask["filter"])
    return NOTHING


@endpoint("delete-transaction-feed", ALIAS, mark="nice")
def delete_transaction_feed(node: Node, ask: Ask) -> object:
    """Forget a filter."""
    node.feeds.delete(ask["alias"])
    return NOTHING


@endpoint("get-transaction-feed", ALIAS, mark="nice", answer="txfeed")
def get_transaction_feed(node: Node, ask: Ask) -> Facts:
    """A filter as text and read."""
    return {"txfeed": node.feeds.get(ask["alias"]).facts}


@endpoint("list-transaction-feeds", mark="nice", answer="(a list of feeds)")
def list_transaction_feeds(node: Node, ask: Ask) -> list[Facts]:
    """All filters."""
    return [feed.facts for feed in node.feeds.listed()]
