"""
Votes on a sidechain, as they stand and by account.

Source: protocol page "http-api", section 14; BytomDAO/vapor v1.1.9, api/query.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from devnet.api.endpoints.accounts import WHOSE
from devnet.api.endpoints.sidechain import accounts_of
from devnet.api.fields import HEX, UINT, Field
from devnet.api.shapes import Facts
from devnet.api.sides import Side, SideWallet, side_endpoint
from devnet.api.table import Ask
from devnet.engine.bc.electoral import (
    COLLECTOR_ROLE,
    MEMBER_ROLE,
    ROLE_NAMES,
    VALIDATOR_ROLE,
    stake_key_of,
)
from devnet.engine.sidechain.state import SideEntry
from devnet.wallet.staking import votes_of

MAYBE = replace(UINT, name="unsigned or nothing", zero=lambda: None)
_BLOCK = (Field("block_height", MAYBE), Field("block_hash", HEX))


@side_endpoint("get-vote-result", *_BLOCK, answer="(a list: vote vote_number role)")
def get_vote_result(side: Side, ask: Ask) -> list[Facts]:
    """Votes by key, most first, as they stood at a block; without one, as they are."""
    is_named = ask["block_height"] is not None or ask["block_hash"]
    entry = side.entry(ask) if is_named else side.head
    return [
        {"vote": key.hex(), "vote_number": number, "role": _role(side, entry, key)}
        for key, number in _ranked(entry.state.tally)
    ]


def _ranked(votes: Mapping[bytes, int]) -> list[tuple[bytes, int]]:
    return sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))


def _role(side: Side, entry: SideEntry, key: bytes) -> str:
    """The role of a key at a block; nothing for one that stands for no seat."""
    state, council = entry.state, side.chain.tree.council(entry)
    registered = state.roster.of_key(key)
    if registered is not None:
        return ROLE_NAMES[registered.role]
    sitting = {
        VALIDATOR_ROLE: [one.key for one in state.rules.validators],
        COLLECTOR_ROLE: list(council.collectors),
        MEMBER_ROLE: [one for each in council.known for one in each.members],
    }
    for role, keys in sitting.items():
        if key in map(stake_key_of, keys):
            return ROLE_NAMES[role]
    return ""


@side_endpoint(
    "list-account-votes", *WHOSE,
    answer="(a list: account_id account_alias total_vote_number vote_details)",
)  # fmt: skip
def list_account_votes(side: Side, ask: Ask) -> list[Facts]:
    """Accounts that vote, and for which keys."""
    wallet = SideWallet(side)
    rows: list[Facts] = []
    for account in accounts_of(side, ask):
        votes: Counter[bytes] = Counter()
        for key, coin in votes_of(wallet, account):
            votes[key] += coin.amount
        if votes:
            rows.append(
                {
                    "account_id": account.id, "account_alias": account.alias,
                    "total_vote_number": votes.total(),
                    "vote_details": [
                        {"vote": key.hex(), "vote_number": number}
                        for key, number in _ranked(votes)
                    ],
                }
            )  # fmt: skip
    return rows
