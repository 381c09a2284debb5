"""
The assets that a wallet knows: those it defined, and those that the chain tells of.

Source: protocol page "http-api", section 9.3; Bytom/bytom v1.1.0, asset/asset.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devnet.engine.bc.programs import multisig_script
from devnet.engine.bc.transaction import BTM, asset_id
from devnet.engine.keys import chainkd
from devnet.engine.keys.paths import asset_path
from devnet.engine.mainchain.state import AssetRecord, MainState
from devnet.wallet.book import check_signers
from devnet.wallet.definitions import Typed, canonical_text, object_text
from devnet.wallet.errors import NoAsset, NoKeys, WalletError

BTM_ALIAS = "BTM"


@dataclass(frozen=True, slots=True)
class Asset:
    """
    An asset.

    Args:
        kind: "asset" with keys of ours, "internal" for BTM, else empty.
        definition: the bytes that its id commits to.
    """

    kind: str
    xpubs: tuple[bytes, ...]
    quorum: int
    index: int
    id: bytes
    alias: str
    program: bytes
    definition: bytes
    limit_height: int = 0

    @property
    def definition_text(self) -> str:
        """The definition as one line of JSON."""
        return object_text(self.definition)


BTM_ASSET = Asset(
    "internal", (), 0, 0, BTM, BTM_ALIAS, b"",
    canonical_text(
        {
            "name": "BTM", "symbol": "BTM", "decimals": Typed("8"),
            "description": "Bytom Official Issue",
        }
    ).encode(),
)  # fmt: skip


class Assets:
    """The assets by id; those that stand on the chain alone are asked for with it."""

    def __init__(self) -> None:
        self.known: dict[bytes, Asset] = {BTM: BTM_ASSET}
        self.n_attempts = 0
        self.n_changes = 0

    def define(
        self,
        alias: str,
        xpubs: Sequence[bytes],
        quorum: int,
        definition: Mapping[str, Any],
        limit_height: int = 0,
        program: bytes = b"",
    ) -> Asset:
        """
        A new asset, issued by keys or by a program of its own.

        Raises:
            WalletError: the alias or the id is taken, keys or quorum are wrong.
        """
        alias = alias.strip().upper()
        if not alias:
            raise WalletError("null asset alias")
        if alias == BTM_ALIAS:
            raise WalletError("btm has been defined as the internal asset")
        raw = canonical_text(definition).encode()
        kind, index = "", 0
        if program:
            xpubs, quorum, limit_height = (), 0, 0
        else:
            if not xpubs:
                raise NoKeys
            self.n_attempts += 1
            self.n_changes += 1
            kind, index = "asset", self.n_attempts
            check_signers(xpubs, quorum)
            keys = [
                chainkd.public_key(chainkd.derive_xpub(xpub, asset_path(index)))
                for xpub in xpubs
            ]
            program = multisig_script(keys, quorum, limit_height)
        made = Asset(
            kind, tuple(xpubs), quorum, index, asset_id(program, raw), alias, program,
            raw, limit_height,
        )  # fmt: skip
        if made.id in self.known:
            raise WalletError("duplicate asset id")
        self._check_alias(alias)
        self.known[made.id] = made
        self.n_changes += 1
        return made

    def put_back(self, asset: Asset) -> None:
        """An asset from a backup, unless it or its alias is here."""
        taken = any(one.alias == asset.alias for one in self.known.values())
        if asset.id not in self.known and not taken:
            self.known[asset.id] = asset
            self.n_changes += 1
            self.n_attempts = max(self.n_attempts, asset.index)

    def rename(self, asset: bytes, alias: str, state: MainState) -> None:
        """Another alias. Raises WalletError, NoAsset."""
        alias = alias.strip().upper()
        if asset == BTM or alias == BTM_ALIAS:
            raise WalletError("btm has been defined as the internal asset")
        if not alias:
            raise WalletError("null asset alias")
        found = self.find(asset, state)
        self._check_alias(alias)
        self.known[asset] = replace(found, alias=alias)
        self.n_changes += 1

    def find(self, asset: bytes, state: MainState) -> Asset:
        """An asset by id. Raises NoAsset."""
        found = self.get(asset, state)
        if found is None:
            raise NoAsset(f"no such asset, assetID: {asset.hex()}: {NoAsset.words}")
        return found

    def get(self, asset: bytes, state: MainState) -> Asset | None:
        """An asset by id, or None."""
        found = self.known.get(asset)
        if found is None and (record := state.assets.get(asset)) is not None:
            return _seen(record)
        return found

    def by_alias(self, alias: str) -> bytes:
        """The id of an alias, whatever its case. Raises NoAsset."""
        wanted = alias.upper()
        for asset in self.known.values():
            if asset.alias == wanted:
                return asset.id
        raise NoAsset(f"no such asset, alias: {alias}: {NoAsset.words}")

    def listed(self, state: MainState) -> list[Asset]:
        """BTM first, then by id."""
        ids = {*self.known, *state.assets} - {BTM}
        return [BTM_ASSET, *(self.find(one, state) for one in sorted(ids))]

    def frozen(self) -> object:
        """All of them as they are now, for `thaw`."""
        return dict(self.known), self.n_attempts

    def thaw(self, state: Any) -> None:
        """As they were."""
        self.known, self.n_attempts = dict(state[0]), state[1]
        self.n_changes += 1

    def _check_alias(self, alias: str) -> None:
        if any(one.alias == alias for one in self.known.values()):
            raise WalletError("duplicate asset alias")


def _seen(record: AssetRecord) -> Asset:
    return Asset(
        "", (), 0, 0, record.id, record.id.hex(), record.program, record.definition
    )
