"""The handlers. Loading this package fills the table."""

from devnet.api.endpoints import (
    access,
    accounts,
    assets,
    backup,
    chain,
    contracts,
    controls,
    holdings,
    keys,
    mining,
    pegin,
    pool,
    sidechain,
    sidespending,
    sidevotes,
    spending,
)

__all__ = [
    "access", "accounts", "assets", "backup", "chain", "contracts", "controls",
    "holdings", "keys", "mining", "pegin", "pool", "sidechain",
    "sidespending", "sidevotes", "spending",
]  # fmt: skip
