"""
Where a wallet finds its keys: derivation paths as lists of byte-string selectors.

The layout of rule 1 looks like BIP44's m/44/153/account/change/index, but every element
is a 4-byte little-endian string and no level is hardened. Indexes start at 1.

Source: protocol page "keys", section 3; Bytom/bytom v1.1.0,
blockchain/signers/signers.go.
"""

from __future__ import annotations

from devnet.engine.errors import BadValue, RequestError

OLD_RULE = 0
"""Account and address as two 64-bit selectors; no change addresses."""

BIP44_RULE = 1
"""The layout of all new accounts."""

_PURPOSE = bytes.fromhex("2c000000")
_COIN = bytes.fromhex("99000000")
_ASSET_KEY_SPACE = b"\x00"
_ACCOUNT_KEY_SPACE = b"\x01"
_INDEX_LIMIT = 2**31


class AccountLimit(RequestError):
    """Account numbers end below 2**31."""

    code = "request.account-limit"
    default_hint = "Use other root keys for more accounts."


def account_path(
    rule: int, account: int, change: bool, address: int
) -> tuple[bytes, ...]:
    """
    The selectors from a root key to an account's address key.

    Args:
        rule: BIP44_RULE, or OLD_RULE, which ignores `change`.
        account, address: indexes from 1.
    """
    if rule == BIP44_RULE:
        if account >= _INDEX_LIMIT:
            raise AccountLimit(f"account {account} is above {_INDEX_LIMIT - 1}")
        numbers = (account, int(change), address)
        return _PURPOSE, _COIN, *(_little(number, 4) for number in numbers)
    if rule == OLD_RULE:
        return _ACCOUNT_KEY_SPACE + _little(account, 8), _little(address, 8)
    raise BadValue(f"there is no derivation rule {rule}", hint="Rules are 0 and 1.")


def asset_path(index: int) -> tuple[bytes, ...]:
    """The selector from a root key to the key that issues an asset."""
    return (_ASSET_KEY_SPACE + _little(index, 8),)


def _little(number: int, n_bytes: int) -> bytes:
    if not 0 <= number < 256**n_bytes:
        raise BadValue(f"index {number} does not fit into {n_bytes} bytes")
    return number.to_bytes(n_bytes, "little")
