"""
Which mainchain this is: its genesis block, its difficulty, its clock.

`fast` has a genesis of our own, two tries a block, and blocks about every second of
virtual time while something waits. `solonet` is Bytom's own, tries and clock included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.difficulty import subsidy
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.errors import BadValue
from devnet.engine.mainchain.accounts import (
    ACCOUNT_NAMES,
    FEDERATION_RELAYER,
    play_account,
)

EASY_BITS = 0x20000000007FFFFF
"""Two tries expected."""
SOLONET_BITS = 0x20000000000CCCCC
"""Twenty tries expected."""
NEU = 100_000_000
"""Smallest units in one BTM."""

GRANTS_BTM = 10
"""Outputs of the second genesis transaction for each account, in `fast`."""
GRANT_NEU = 10_000 * NEU

_BYTOM_MOTTO = (
    b"Information is power. -- Jan/11/2013. Computing is power. -- Apr/24/2018."
)
_BYTOM_FOUNDERS = bytes.fromhex("00148c9d063ff74ee6d9ffa88d83aeb038068366c4c4")


@dataclass(frozen=True, slots=True)
class Profile:
    """
    The numbers of a mainchain.

    Args:
        hash_ms: virtual time of one try of one miner.
        busy_ms, idle_ms: pause of a miner after a new tip, while something waits
            anywhere and while nothing does.
        refresh_ms: a miner that has tried for so long takes in what waits by then; 0:
            its blocks come too soon for that.
        side_ms: a sidechain with nothing to do makes a block this often while somebody
            waits; 0: in each of its slots.
        spacing_s: a block's timestamp is its parent's plus this; 0: virtual clock.
        retarget: Bytom's rule every 2016 blocks, or the genesis bits for ever.
    """

    name: str
    hrp: str
    hash_ms: int
    busy_ms: int
    idle_ms: int
    refresh_ms: int
    side_ms: int
    spacing_s: int
    retarget: bool
    depth: int
    rule_aa_height: int


FAST = Profile(
    name="fast", hrp="sm", hash_ms=200, busy_ms=700, idle_ms=9_700, refresh_ms=0,
    side_ms=0, spacing_s=0, retarget=False, depth=2, rule_aa_height=0,
)  # fmt: skip
# Two miners' tries, each every 15 s, make a block of 20 tries about every 150 s. Nobody
# wants 300 empty sidechain blocks of half a second for each of these.
SOLONET = Profile(
    name="solonet", hrp="sm", hash_ms=15_000, busy_ms=0, idle_ms=0, refresh_ms=30_000,
    side_ms=5_000, spacing_s=150, retarget=True, depth=6, rule_aa_height=142_500,
)  # fmt: skip
PROFILES = {profile.name: profile for profile in (FAST, SOLONET)}


def profile_named(name: str) -> Profile:
    """The profile, or BadValue that names those there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise BadValue(
            f"there is no profile {name!r}",
            hint=f"Profiles: {', '.join(PROFILES)}.",
            profile=name,
        ) from None


@cache
def genesis_block(profile_name: str) -> Block:
    """The block of height 0. No rule is applied to it: it is trusted as it is."""
    if profile_name == SOLONET.name:
        return _genesis(
            1528945000, SOLONET_BITS, 9253507043297,
            _mint(_BYTOM_MOTTO, (Output(BTM, subsidy(0), _BYTOM_FOUNDERS),)),
        )  # fmt: skip
    grants = tuple(
        Output(BTM, GRANT_NEU, play_account(name).program)
        for name in (*ACCOUNT_NAMES, FEDERATION_RELAYER)
        for _ in range(GRANTS_BTM)
    )
    reserve = subsidy(0) - sum(grant.amount for grant in grants)
    founder = play_account("founder").program
    return _genesis(
        1735689600, EASY_BITS, 0,
        _mint(b"Bystack devnet, fast profile", (Output(BTM, reserve, founder),)),
        _mint(b"Play money, spendable at once", grants),
    )  # fmt: skip


def _mint(arbitrary: bytes, outputs: tuple[Output, ...]) -> Transaction:
    return Transaction(1, 0, (Coinbase(arbitrary),), outputs)


def _genesis(timestamp: int, bits: int, nonce: int, *txs: Transaction) -> Block:
    header = BlockHeader(
        version=1,
        height=0,
        previous=bytes(32),
        timestamp=timestamp,
        tx_root=tx_root([tx.id for tx in txs]),
        status_root=status_root([False] * len(txs)),
        nonce=nonce,
        bits=bits,
    )
    return Block(header, txs)
