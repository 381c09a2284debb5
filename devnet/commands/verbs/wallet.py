"""The verb of the wallet: keys, accounts, addresses, coins, and their safekeeping."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import (
    BadArgument,
    BadFile,
    MissingArgument,
    ReadOnly,
    UnknownOption,
)
from devnet.commands.outline import table
from devnet.commands.registry import command
from devnet.commands.values import Amount, Said
from devnet.commands.walletkinds import DEEDS, Secret, WalletDeed, WalletWord
from devnet.engine.errors import NameTaken

if TYPE_CHECKING:
    from devnet.engine.chain.coins import Coin
    from devnet.wallet.book import Account, Receiver

CHANGES = ("receive", "restore", "rescan", "mnemonic")
NEEDS = {"receive": "WHO", "backup": "FILE", "restore": "FILE",
         "mnemonic": "NAME", "unlock": "WHO"}  # fmt: skip
SECRETIVE = ("keys", "mnemonic", "unlock")


@command(group="money", example="wallet balances alice", labels={"who": "WHO|FILE"})
def wallet(
    session: Context,
    deed: WalletDeed,
    who: WalletWord | None = None,
    *,
    password: Secret | None = None,
    words: Secret | None = None,
    show_secrets: bool = False,
) -> Said:
    """Look into the one wallet, which the HTTP interface serves, too.

    wallet keys|accounts|rescan; addresses|balances|utxos [WHO]; receive WHO, a new
    address; backup|restore FILE; unlock WHO --password TEXT, so that verbs can pay from
    an account that was made over HTTP; mnemonic NAME, a key and an account of twelve
    words that follow from the seed, or of known --words. Its password is `devnet`
    unless --password says another. Words and private keys are shown with --show-secrets
    alone. No password is recorded, told in the stream, or kept in the history.
    """
    if deed in CHANGES and session.read_only:
        raise ReadOnly(
            f"wallet {deed} would change the wallet, and this session only shows"
        )
    if who is None and deed in NEEDS:
        raise MissingArgument(
            f"wallet {deed} needs {NEEDS[deed]}", hint=f"wallet {deed}: {DEEDS[deed]}"
        )
    if deed == "mnemonic":
        return _mnemonic(session, who or "", password, words, show_secrets)
    if words is not None or (password is not None and deed != "unlock"):
        raise UnknownOption(
            f"wallet {deed} takes no password and no words", hint="wallet --help"
        )
    if deed == "unlock":
        return _unlock(session, who or "", password)
    if deed == "keys":
        return _keys(session, show_secrets)
    return _DEEDS[deed](session, who)


# Looking.


def _keys(session: Context, show_secrets: bool) -> Said:
    keyring, rows = session.wallet.keyring, []
    for key in keyring.stored():
        opened = keyring.opened(key.xpub)
        row: dict[str, Any] = {
            "alias": key.alias, "xpub": key.xpub.hex(), "open": opened is not None,
        }  # fmt: skip
        if show_secrets:
            row["xprv"] = None if opened is None else opened.hex()
        rows.append(row)
    columns = ("alias", "open", "xpub") + (("xprv",) if show_secrets else ())
    return Said(rows, table(rows, columns) or "There is no key yet.")


def _accounts(session: Context, who: str | None) -> Said:
    book, rows = session.wallet.book, []
    for one in _chosen(session, who):
        rows.append(
            {
                "alias": one.alias, "id": one.id, "quorum": one.quorum,
                "xpubs": [xpub.hex() for xpub in one.xpubs],
                "n_addresses": len(book.of_account(one.id)),
                "own": holding.wallet_account(session, one.alias) is None,
            }
        )  # fmt: skip
    shown = [
        {**row, "n_keys": len(one.xpubs)}
        for row, one in zip(rows, _chosen(session, who), strict=True)
    ]
    columns = ("alias", "id", "quorum", "n_keys", "n_addresses")
    return Said(rows, table(shown, columns) or "There is no account yet.")


def _addresses(session: Context, who: str | None) -> Said:
    rows = [
        _place(session, account, one)
        for account in _chosen(session, who)
        for one in session.wallet.book.of_account(account.id)
    ]
    columns = ("who", "address", "change", "index")
    return Said(rows, table(rows, columns) or "There is no address yet.")


def _receive(session: Context, who: str | None) -> Said:
    (account,) = _chosen(session, who)
    made = session.wallet.book.next_receiver(account)
    row = _place(session, account, made)
    return Said(row, f"{account.alias} can be paid at {row['address']}")


def _place(session: Context, account: Account, one: Receiver) -> dict[str, Any]:
    from devnet.engine.codec import address_of_program

    return {
        "who": account.alias, "address": address_of_program(one.program,
        session.wallet.hrp), "program": one.program.hex(), "change": one.change,
        "index": one.index,
    }  # fmt: skip


def _balances(session: Context, who: str | None) -> Said:
    rows = []
    for account in _chosen(session, who):
        sums: dict[bytes, int] = {}
        for coin in session.wallet.coins_of(account):
            sums[coin.asset] = sums.get(coin.asset, 0) + coin.amount
        for asset in sorted(sums):
            rows.append({"who": account.alias, **_amount(session, sums[asset], asset)})
    return Said(rows, table(rows, ("who", "amount")) or "There is no coin yet.")


def _utxos(session: Context, who: str | None) -> Said:
    found: list[tuple[Account, Coin]] = [
        (account, coin)
        for account in _chosen(session, who)
        for coin in session.wallet.coins_of(account)
    ]
    rows = [
        {
            "who": account.alias, "id": coin.id.hex(), "height": coin.height,
            **_amount(session, coin.amount, coin.asset),
            "held": session.wallet.reservations.holds(coin.id),
        }
        for account, coin in sorted(found, key=lambda one: (one[0].id, one[1].id))
    ]  # fmt: skip
    columns = ("who", "amount", "height", "held", "id")
    return Said(rows, table(rows, columns) or "There is no coin yet.")


def _amount(session: Context, units: int, asset: bytes) -> dict[str, Any]:
    names = {info.id: info for info in session.network.assets().values()}
    info = names.get(asset)
    name, decimals = (asset.hex(), 0) if info is None else (info.name, info.decimals)
    return {"amount": Amount(units, name, decimals), "asset": name}


def _chosen(session: Context, who: str | None) -> list[Account]:
    """The account of a name, or all of them. Raises UnknownName."""
    accounts = session.wallet.book.ordered()
    if who is None:
        return accounts
    holding.check_holder(session, who)
    found = [one for one in accounts if one.alias == who]
    if not found:
        raise BadArgument(
            f"{who} is not in the wallet: in an empty world it owns nothing",
            hint="wallet accounts lists those that are",
        )
    return found


# Keeping.


def _backup(session: Context, file: str | None) -> Said:
    from devnet.wallet.images import backup
    from devnet.wallet.keyring import write_secret

    image = backup(session.wallet)
    try:
        write_secret(Path(file or ""), json.dumps(image, ensure_ascii=False))
    except OSError as error:
        raise _bad_file(file, error) from None
    n_keys = len(image["key_images"]["xkeys"] or ())
    n_accounts = len(image["account_image"]["slices"])
    result = {"file": file, "keys": n_keys, "accounts": n_accounts}
    return Said(
        result, f"{n_keys} keys, still locked, and {n_accounts} accounts in {file}"
    )


def _restore(session: Context, file: str | None) -> Said:
    from devnet.wallet.images import restore

    try:
        text = Path(file or "").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad_file(file, error) from None
    before = _counts(session)
    restore(session.wallet, text)
    keys, accounts = (
        now - then for now, then in zip(_counts(session), before, strict=True)
    )
    result = {"file": file, "keys": keys, "accounts": accounts}
    return Said(result, f"{keys} new keys and {accounts} new accounts from {file}")


def _counts(session: Context) -> tuple[int, int]:
    return len(session.wallet.keyring.stored()), len(session.wallet.book.accounts)


def _bad_file(file: str | None, error: Exception) -> BadFile:
    reason = getattr(error, "strerror", None) or "it cannot be read as text"
    return BadFile(f"{file}: {reason.lower()}", hint="give a file of a backup")


def _rescan(session: Context, who: str | None) -> Said:
    before = len(session.wallet.book.receivers)
    for account in _chosen(session, who):
        session.wallet.search(account)
    found = len(session.wallet.book.receivers) - before
    result = {"found": found, "height": session.wallet.tip.height}
    return Said(result, f"{found} addresses found, up to main {result['height']}")


# Keys.


def _unlock(session: Context, who: str, password: str | None) -> Said:
    if password is None:
        raise MissingArgument(
            "wallet unlock needs a password", hint="wallet unlock dave --password TEXT"
        )
    open_keys(session, who, password)
    (account,) = _chosen(session, who)
    keyring = session.wallet.keyring
    n_open = sum(keyring.opened(xpub) is not None for xpub in account.xpubs)
    result = {"who": who, "open": n_open, "quorum": account.quorum}
    return Said(result, f"{n_open} of {len(account.xpubs)} keys of {who} are open")


def open_keys(session: Context, who: str, password: str) -> None:
    """Open what a password opens of an account's keys. Raises KeyLocked."""
    from devnet.wallet.errors import KeyLocked

    (account,) = _chosen(session, who)
    keyring = session.wallet.keyring
    opened = [keyring.check(xpub, password) for xpub in account.xpubs]
    if True not in opened:
        raise KeyLocked(f"this password opens no key of {who}")


def _mnemonic(
    session: Context, name: str, password: str | None, words: str | None, show: bool
) -> Said:
    from devnet.engine.actors.issuing import NAME_FORM
    from devnet.engine.codec import sha3, u64
    from devnet.engine.keys.mnemonics import mnemonic_of
    from devnet.wallet.players import PASSWORD

    if not NAME_FORM.fullmatch(name):
        raise BadArgument(
            f"{name[:40]!r} is no name for an account",
            hint="take lower-case letters, digits and dashes, 16 at most",
        )
    if name in (*holding.holder_names(session), *session.network.chain_names()):
        raise NameTaken(f"the name {name!r} is taken", hint="Take another name.")
    seed = b"wallet words" + u64(session.network.config.seed) + name.encode()
    chosen = words or mnemonic_of(sha3(seed)[:16], "en")
    keyring, book = session.wallet.keyring, session.wallet.book
    key, _ = keyring.create(name, PASSWORD if password is None else password, chosen)
    account = book.create(name, (key.xpub,), 1)
    row = _place(session, account, book.place_of(account))
    result: dict[str, Any] = {
        "who": name, "address": row["address"], "xpub": key.xpub.hex(),
        "mnemonic": chosen if show else None,
    }  # fmt: skip
    text = f"{name}: {row['address']}"
    return Said(result, f"{text}\n{chosen}" if show else text)


_DEEDS: dict[str, Callable[[Context, str | None], Said]] = {
    "accounts": _accounts, "addresses": _addresses, "receive": _receive,
    "balances": _balances, "utxos": _utxos, "backup": _backup, "restore": _restore,
    "rescan": _rescan,
}  # fmt: skip
