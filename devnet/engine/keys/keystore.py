"""
Key files: one extended private key, locked with a password, as Bytom's wallet keeps it.

The text is one JSON object. A wrong password shows as a wrong mac and as nothing else.
No error and no repr of this module holds a key, a password or what is made of one.

Source: protocol page "keys", section 8; Bytom/bytom v1.1.0, blockchain/pseudohsm.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from devnet.engine.codec import FormError, from_hex, sha3
from devnet.engine.errors import BadValue, CodecError, RequestError
from devnet.engine.keys import chainkd

FILE_TYPE = "bytom_kd"
FILE_VERSION = 1
CIPHER = "aes-128-ctr"
SCRYPT_N, SCRYPT_R, SCRYPT_P = 4096, 8, 6

MOST_MEMORY = 1 << 29
"""Bytes that the scrypt of a key file may take; a foreign file decides, so a limit."""
MOST_SCRYPT_WORK = 1 << 24
MOST_ROUNDS = 10_000_000

_DK_BYTES = 32
_IV_BYTES = 16


class BadKeyFile(FormError):
    """The text is not a key file, or one that cannot be opened here."""

    code = "codec.bad-key-file"
    kind = "bad_key_file"
    default_hint = "A key file is the JSON object that the wallet wrote, unchanged."


class WrongPassword(RequestError):
    """The password does not open the key file."""

    code = "request.wrong-password"
    default_hint = "Type the password again; upper and lower case matter."


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What an opened key file holds. The private key is kept out of its repr."""

    id: str
    alias: str
    xpub: bytes
    xprv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Locked:
    """The parts of a key file that the password is tried on."""

    kdf: str
    params: dict[str, object]
    salt: bytes
    iv: bytes
    ciphertext: bytes
    mac: bytes


def close_key(
    xprv: bytes, password: str, *, key_id: str, alias: str, salt: bytes, iv: bytes
) -> str:
    """
    The text of a key file.

    Args:
        key_id: a UUID. alias: trimmed and lower-cased here, as the wallet does.
        salt: 32 random bytes, never used twice. iv: 16 random bytes.

    Raises:
        BadKey: the key has another length than 64 bytes.
        BadValue: the password is no text.
    """
    xpub = chainkd.xpub(xprv)
    key = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    ciphertext = _aes_ctr(key[:16], iv, xprv)
    crypto = {
        "cipher": CIPHER,
        "ciphertext": ciphertext.hex(),
        "cipherparams": {"iv": iv.hex()},
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": _DK_BYTES, "n": SCRYPT_N, "p": SCRYPT_P, "r": SCRYPT_R,
            "salt": salt.hex(),
        },
        "mac": _mac(key, ciphertext).hex(),
    }  # fmt: skip
    whole = {
        "crypto": crypto,
        "id": key_id,
        "type": FILE_TYPE,
        "version": FILE_VERSION,
        "alias": alias.strip().lower(),
        "xpub": xpub.hex(),
    }
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def open_key(text: str, password: str) -> StoredKey:
    """
    The key inside a key file.

    Raises:
        BadKeyFile: the text has another form, asks for more than we compute, or names
            another public key than that of the key inside.
        WrongPassword: the password is another one.
    """
    whole = _read_object(text)
    locked = _locked_of(whole)
    key = _derive(locked, password)
    if not hmac.compare_digest(_mac(key, locked.ciphertext), locked.mac):
        raise WrongPassword("the password does not open this key file")
    xprv = _aes_ctr(key[:16], locked.iv, locked.ciphertext)
    xpub = chainkd.xpub(xprv)
    if _text(whole, "xpub", xpub.hex()) != xpub.hex():
        raise BadKeyFile("the key file names the xpub of another key")
    return StoredKey(_text(whole, "id", ""), _text(whole, "alias", ""), xpub, xprv)


# Reading.


def _read_object(text: str) -> dict[str, object]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeyFile("the text of the key file is not JSON") from None
    if not isinstance(whole, dict):
        raise BadKeyFile("the key file is not a JSON object")
    if whole.get("type") != FILE_TYPE or whole.get("version") != FILE_VERSION:
        raise BadKeyFile(
            f"the file is not of type {FILE_TYPE} and version {FILE_VERSION}"
        )
    return whole


def _locked_of(whole: dict[str, object]) -> _Locked:
    crypto = _object(whole, "crypto")
    params = _object(crypto, "kdfparams")
    if crypto.get("cipher") != CIPHER:
        raise BadKeyFile(f"the cipher is not {CIPHER}")
    locked = _Locked(
        _text(crypto, "kdf"),
        params,
        _bytes(params, "salt"),
        _bytes(_object(crypto, "cipherparams"), "iv"),
        _bytes(crypto, "ciphertext"),
        _bytes(crypto, "mac"),
    )
    if len(locked.iv) != _IV_BYTES or len(locked.ciphertext) != 64:
        raise BadKeyFile("an initial counter of 16 and a ciphertext of 64 bytes belong")
    if params.get("dklen") != _DK_BYTES:
        raise BadKeyFile(f"the derived key must have {_DK_BYTES} bytes")
    return locked


def _object(whole: dict[str, object], name: str) -> dict[str, object]:
    found = whole.get(name)
    if not isinstance(found, dict):
        raise BadKeyFile(f"the key file has no object {name!r}")
    return found


def _text(whole: dict[str, object], name: str, default: str | None = None) -> str:
    found = whole.get(name, default)
    if not isinstance(found, str):
        raise BadKeyFile(f"the key file has no text {name!r}")
    return found


def _bytes(whole: dict[str, object], name: str) -> bytes:
    try:
        return from_hex(_text(whole, name))
    except CodecError:
        raise BadKeyFile(f"{name!r} of the key file is not hex") from None


def _number(whole: dict[str, object], name: str, most: int) -> int:
    found = whole.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found <= most:
        raise BadKeyFile(f"{name!r} of the key file must be 1 to {most}")
    return found


# Computing.


def _derive(locked: _Locked, password: str) -> bytes:
    params = locked.params
    if locked.kdf == "scrypt":
        n = _number(params, "n", 1 << 22)
        r, p = _number(params, "r", 1 << 10), _number(params, "p", 1 << 10)
        if n & n - 1 or n < 2 or 128 * n * r > MOST_MEMORY:
            raise BadKeyFile("scrypt's n is no power of two, or takes too much memory")
        if n * r * p > MOST_SCRYPT_WORK:
            raise BadKeyFile("the key file asks for too much work")
        return _scrypt(password, locked.salt, n, r, p)
    if locked.kdf == "pbkdf2":
        if params.get("prf") != "hmac-sha256":
            raise BadKeyFile("pbkdf2 of a key file is made with hmac-sha256")
        n_rounds = _number(params, "c", MOST_ROUNDS)
        return hashlib.pbkdf2_hmac(
            "sha256", _utf8(password), locked.salt, n_rounds, _DK_BYTES
        )
    raise BadKeyFile("the key derivation of the key file is not known here")


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    if not hasattr(hashlib, "scrypt"):  # An OpenSSL that was built without it.
        from Crypto.Protocol.KDF import scrypt

        return bytes(scrypt(_utf8(password), salt, _DK_BYTES, n, r, p))
    # Some slack: OpenSSL counts more than the 128 n r bytes of the table.
    most = 128 * r * (n + p + 32)
    return hashlib.scrypt(
        _utf8(password), salt=salt, n=n, r=r, p=p, maxmem=most, dklen=_DK_BYTES
    )


def _utf8(password: str) -> bytes:
    try:
        return password.encode()
    except UnicodeEncodeError:
        # From None: Python's own error holds a part of the password.
        raise BadValue("the password holds half of a surrogate pair") from None


def _aes_ctr(key: bytes, counter: bytes, data: bytes) -> bytes:
    """Both ways: the stream is added to the data."""
    from Crypto.Cipher import AES

    cipher = AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=counter)
    return bytes(cipher.encrypt(data))


def _mac(key: bytes, ciphertext: bytes) -> bytes:
    return sha3(key[16:32] + ciphertext)
