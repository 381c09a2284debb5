"""
Keys in files, as Bytom's wallet keeps them: one locked file for each.

A key that was opened is remembered under its password for a while, because scrypt takes
a tenth of a second and a transaction may have many inputs; what is kept is a keyed hash
of the password, never the password. Passwords and private keys stand in no error. What
was opened once stays open for verbs of the prompt until the process ends; requests give
their password each time, as a node wants it.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devnet.engine.errors import BadValue, DevnetError
from devnet.engine.keys import chainkd
from devnet.engine.keys.keystore import BadKeyFile, WrongPassword, close_key, open_key
from devnet.engine.keys.mnemonics import (
    BadMnemonic,
    check_import,
    mnemonic_of,
    xprv_of,
)
from devnet.wallet.errors import (
    KeyAliasTaken,
    KeyLocked,
    NoKeyOrPassword,
    WalletError,
)

MOST_REMEMBERED = 256
N_ENTROPY_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key file. `text` is what stands in it."""

    alias: str
    xpub: bytes
    path: str
    text: str = field(repr=False)


@dataclass(slots=True)
class Chance:
    """Where random bytes and the time of a file's name come from."""

    token: Callable[[int], bytes] = secrets.token_bytes
    now_ns: Callable[[], int] = time.time_ns


class Keyring:
    """
    All keys of a wallet.

    Args:
        folder: where the files lie; None keeps them in memory.
    """

    def __init__(
        self, folder: Path | None = None, chance: Chance | None = None
    ) -> None:
        self._folder = folder
        self._chance = chance or Chance()
        self._keys: dict[str, StoredKey] = {}
        self._secret = secrets.token_bytes(32)
        self._tried: OrderedDict[tuple[bytes, bytes], bytes | None] = OrderedDict()
        self._unlocked: dict[bytes, tuple[bytes, str]] = {}
        self._opened: dict[bytes, bytes] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(folder.iterdir()):
                self._read(path)

    def stored(self) -> list[StoredKey]:
        """All of them, oldest first."""
        return [self._keys[path] for path in sorted(self._keys)]

    def find(self, xpub: bytes) -> StoredKey:
        """The key of an xpub. Raises NoKeyOrPassword."""
        for key in self._keys.values():
            if key.xpub == xpub:
                return key
        raise NoKeyOrPassword

    def create(
        self, alias: str, password: str, mnemonic: str = "", language: str = ""
    ) -> tuple[StoredKey, str]:
        """
        A new key, or that of known words.

        Returns:
            The key, and its words if they are new.

        Raises:
            KeyAliasTaken. WalletError: words that are none.
        """
        self._check_alias(alias)
        language = language or "en"
        if mnemonic:
            _check_words(mnemonic, language)
            return self._store(alias, xprv_of(mnemonic), password), ""
        try:
            words = mnemonic_of(self._chance.token(N_ENTROPY_BYTES), language)
        except BadValue as error:
            raise WalletError(error.message) from None
        return self._store(_folded(alias), xprv_of(words), password), words

    def adopt(self, alias: str, xprv: bytes, password: str) -> None:
        """
        A key that everybody may know, at no cost: in memory it is locked only when
        somebody asks for its file. One that is here already is left alone.
        """
        xpub = chainkd.xpub(xprv)
        self._opened[xpub] = xprv
        if self._has_alias(alias) or self.has(xpub):
            return
        if self._folder is not None:
            self._store(alias, xprv, password)
            return
        key = StoredKey(alias, xpub, self._new_path(), "")
        self._keys[key.path] = key
        self._unlocked[xpub] = (xprv, password)

    def opened(self, xpub: bytes) -> bytes | None:
        """The private key, if somebody gave its password since the start; else None."""
        return self._opened.get(xpub)

    def has(self, xpub: bytes) -> bool:
        """Is there a key of this xpub?"""
        return any(key.xpub == xpub for key in self._keys.values())

    def texts(self) -> list[str]:
        """What stands in the key files, oldest first."""
        return [self._whole(key).text for key in self.stored()]

    def restore(self, text: str) -> None:
        """Take a key file in; one that is here already is left alone."""
        xpub, alias = _facts_of(text)
        if not self.has(xpub) and not self._has_alias(alias):
            self._write(StoredKey(alias, xpub, self._new_path(), text))

    def rename(self, xpub: bytes, alias: str) -> None:
        """Give a key another alias. Raises NoKeyOrPassword, KeyAliasTaken."""
        key = self.find(xpub)
        if _folded(key.alias) != _folded(alias):
            self._check_alias(alias)
        self._write(_with_alias(self._whole(key), _folded(alias)))

    def check(self, xpub: bytes, password: str) -> bool:
        """Is this the password of a key?"""
        try:
            self.open(xpub, password)
        except NoKeyOrPassword:
            return False
        return True

    def reset(self, xpub: bytes, old: str, new: str) -> bool:
        """Another password. False: the old one is another."""
        try:
            xprv = self.open(xpub, old)
        except NoKeyOrPassword:
            return False
        key = self.find(xpub)
        self._forget(xpub)
        self._write(self._locked(key.alias, xprv, new, key.path))
        return True

    def delete(self, xpub: bytes, password: str) -> None:
        """Forget a key. Raises NoKeyOrPassword (unknown), KeyLocked."""
        key = self.find(xpub)
        try:
            self.open(xpub, password)
        except NoKeyOrPassword:
            raise KeyLocked from None
        self._forget(xpub)
        self._opened.pop(xpub, None)
        del self._keys[key.path]
        if self._folder is not None:
            Path(key.path).unlink(missing_ok=True)

    def open(self, xpub: bytes, password: str) -> bytes:
        """The private key, 64 bytes. Raises NoKeyOrPassword."""
        digest = hmac.digest(
            self._secret, password.encode("utf-8", "replace"), "sha256"
        )
        place = (xpub, digest)
        if place not in self._tried:
            self._tried[place] = self._read_with(xpub, password)
            while len(self._tried) > MOST_REMEMBERED:
                self._tried.popitem(last=False)
        found = self._tried[place]
        if found is None:
            raise NoKeyOrPassword
        self._opened[xpub] = found
        return found

    def frozen(self) -> object:
        """All keys as they are now, for `thaw`; nothing of keys in files: they stay."""
        return None if self._folder else (dict(self._keys), dict(self._unlocked))

    def thaw(self, state: Any) -> None:
        """As they were."""
        if state is not None:
            self._keys, self._unlocked = map(dict, state)
            self._tried.clear()

    # Below: files.

    def _forget(self, xpub: bytes) -> None:
        """No password that was known of a key is good any more."""
        self._tried.clear()
        self._unlocked.pop(xpub, None)

    def _read_with(self, xpub: bytes, password: str) -> bytes | None:
        if xpub in self._unlocked:
            xprv, known = self._unlocked[xpub]
            if hmac.compare_digest(known.encode(), password.encode("utf-8", "replace")):
                return xprv
        # Two files may hold the same key under two passwords.
        for key in self.stored():
            if key.xpub != xpub or not key.text:
                continue
            try:
                return open_key(key.text, password).xprv
            except (WrongPassword, BadKeyFile, BadValue):
                continue
        return None

    def _whole(self, key: StoredKey) -> StoredKey:
        """The key with its text, which an adopted one gets now."""
        if key.text:
            return key
        xprv, password = self._unlocked.pop(key.xpub)
        made = self._locked(key.alias, xprv, password, key.path)
        self._write(made)
        return made

    def _has_alias(self, alias: str) -> bool:
        wanted = _folded(alias)
        return any(_folded(key.alias) == wanted for key in self._keys.values())

    def _check_alias(self, alias: str) -> None:
        if self._has_alias(alias):
            raise KeyAliasTaken

    def _store(self, alias: str, xprv: bytes, password: str) -> StoredKey:
        key = self._locked(alias, xprv, password, self._new_path())
        self._tried.clear()
        self._write(key)
        self._opened[key.xpub] = xprv
        return key

    def _locked(self, alias: str, xprv: bytes, password: str, path: str) -> StoredKey:
        text = close_key(
            xprv, password, alias=alias, key_id=self._uuid(),
            salt=self._chance.token(32), iv=self._chance.token(16),
        )  # fmt: skip
        return _with_alias(StoredKey(alias, chainkd.xpub(xprv), path, text), alias)

    def _uuid(self) -> str:
        return str(uuid.UUID(bytes=self._chance.token(16), version=4))

    def _new_path(self) -> str:
        now_ns = self._chance.now_ns()
        date = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(now_ns // 10**9))
        name = f"UTC--{date}.{now_ns % 10**9:09d}Z--{self._uuid()}"
        folder = Path("keystore") if self._folder is None else self._folder
        return str(folder / name)

    def _write(self, key: StoredKey) -> None:
        if self._folder is not None:
            write_secret(Path(key.path), key.text)
        self._keys[key.path] = key

    def _read(self, path: Path) -> None:
        if not path.name.startswith("UTC--") or path.suffix == ".new":
            return
        try:
            text = path.read_text("utf-8")
            xpub, alias = _facts_of(text)
        except (OSError, UnicodeDecodeError, WalletError):
            return  # Not one of ours; whoever put it there keeps it.
        self._keys[str(path)] = StoredKey(alias, xpub, str(path), text)


def write_secret(path: Path, text: str) -> None:
    """Write a file that its owner alone reads: whole, or not at all."""
    draft = path.with_name(path.name + ".new")
    # Whatever has this name is not written to: it may be somebody's, or lead elsewhere.
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def _check_words(mnemonic: str, language: str) -> None:
    if len(mnemonic.split()) != 12:
        raise WalletError("mnemonic length error")
    try:
        check_import(mnemonic, language)
    except BadMnemonic:
        raise WalletError("Invalid menomic") from None
    except DevnetError as error:
        raise WalletError(error.message) from None


def _folded(alias: str) -> str:
    return alias.strip().lower()


def _facts_of(text: str) -> tuple[bytes, str]:
    """The xpub and the alias of a key file."""
    try:
        whole = json.loads(text)
        xpub, alias = bytes.fromhex(whole["xpub"]), whole["alias"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise WalletError("the text is no key file") from None
    if len(xpub) != 64 or not isinstance(alias, str):
        raise WalletError("the text is no key file")
    return xpub, alias


def _with_alias(key: StoredKey, alias: str) -> StoredKey:
    """The key with an alias as it is given; the file's own form would fold it."""
    whole = json.loads(key.text)
    whole["alias"] = alias
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    return replace(key, alias=alias, text=text)
