"""
Access tokens: an id and a secret, as HTTP basic authentication carries them.

Source: protocol page "http-api", sections 5 and 9.6; Bytom/bytom v1.1.0, accesstoken/.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from dataclasses import dataclass, field
from typing import Literal

from devnet.api.refusals import NotUnderstood, Refused
from devnet.wallet.keyring import Chance

_ID = re.compile(r"[\w-]+", re.ASCII)
N_SECRET_BYTES = 32

LOCAL_ALONE = {
    "/backup-wallet": "backup-wallets",
    "/restore-wallet": "restore-wallet",
    "/list-access-tokens": "token list",
}
"""What nobody gets from elsewhere, and how its refusal calls it."""
OPEN_TO_ALL = ("/dashboard", "/equity")

Access = Literal["local", "remote"]


@dataclass(frozen=True, slots=True)
class Token:
    """`created_at`: RFC 3339. The secret is kept out of its repr."""

    id: str
    kind: str
    created_at: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What its owner is told."""
        return f"{self.id}:{self.secret}"


class Tokens:
    """All tokens by id."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._tokens: dict[str, Token] = {}
        self.n_changes = 0

    def create(self, token_id: str, kind: str) -> Token:
        """A new token. Raises Refused."""
        if not _ID.fullmatch(token_id):
            raise Refused(f'invalid id "{token_id}": invalid id')
        if token_id in self._tokens:
            words = "duplicate access token ID"
            raise Refused(f'id "{token_id}" already in use: {words}')
        now_ns = self._chance.now_ns()
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ns // 10**9))
        secret = self._chance.token(N_SECRET_BYTES).hex()
        made = Token(token_id, kind, f"{date}.{now_ns % 10**9:09d}Z", secret)
        self.put_back(made)
        return made

    def put_back(self, token: Token) -> None:
        """A token that was made before."""
        self._tokens[token.id] = token
        self.n_changes += 1

    def listed(self) -> list[Token]:
        """All of them by id."""
        return [self._tokens[token_id] for token_id in sorted(self._tokens)]

    def check(self, token_id: str, secret: str) -> None:
        """Raises Refused unless the pair is good."""
        if token_id not in self._tokens:
            words = "nonexisting access token ID"
            raise Refused(f'check id "{token_id}" nonexisting: {words}')
        if not self.is_good(token_id, secret):
            raise Refused("invalid token")

    def is_good(self, token_id: str, secret: str) -> bool:
        """Is this pair good? Takes as long for any secret."""
        known = self._tokens.get(token_id)
        wanted = "" if known is None else known.secret
        same = hmac.compare_digest(wanted.encode(), secret.encode("utf-8", "replace"))
        return same and known is not None

    def delete(self, token_id: str) -> None:
        """Forget a token. Raises Refused."""
        if self._tokens.pop(token_id, None) is None:
            raise Refused(f'check id "{token_id}": nonexisting access token ID')
        self.n_changes += 1


def check_access(
    tokens: Tokens, path: str, who: Access, authorization: str, *, checks: bool
) -> None:
    """
    May a caller come in?

    Args:
        who: "local" for callers from a loopback address.
        authorization: the header of that name.
        checks: callers from elsewhere need a token.

    Raises:
        NotUnderstood: BTM860.
    """
    if who == "local" or path.startswith(OPEN_TO_ALL):
        return
    if path in LOCAL_ALONE:
        raise NotUnderstood("BTM860", f"only local can get access {LOCAL_ALONE[path]}")
    if not checks:
        return
    pair = _pair_of(authorization)
    if pair is None:
        raise NotUnderstood("BTM860", "no token")
    if not tokens.is_good(*pair):
        raise NotUnderstood("BTM860", "invalid token")


def _pair_of(authorization: str) -> tuple[str, str] | None:
    kind, _, text = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (name, secret) if colon else None
