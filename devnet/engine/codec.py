"""
Bytes on the wire: numbers, strings, hashes, hex and addresses.

Numbers travel as base-128 groups, low group first ("varint"), and stand as 8 bytes,
little-endian, inside hashes. Readers take a number that is longer than it must be;
writers never make one. This is the only place where hex meets bytes.

Source: Bytom/bytom v1.1.0, encoding/blockchain/blockchain.go, protocol/bc/entry.go,
common/bech32/bech32.go, common/address.go.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from functools import cache
from hashlib import sha3_256
from typing import ClassVar

from devnet.engine.bech32 import LETTERS, VALUES, eight_to_five, expanded, polymod
from devnet.engine.errors import CodecError

MAX_63 = (1 << 63) - 1
MAX_31 = (1 << 31) - 1

NETWORK_HRP = {"mainnet": "bm", "wisdom": "tm", "solonet": "sm"}


class FormError(CodecError):
    """
    A refusal of bytes or text. `facts["kind"]` is the class of the decoding error as
    the protocol text names it.
    """

    kind: ClassVar[str] = "malformed"

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(message, hint=hint, **{"kind": self.kind, **facts})


class Truncated(FormError):
    """The bytes end before the value does."""

    code = "codec.truncated"
    kind = "truncated"


class VarintOverflow(FormError):
    """A number takes more than 64 bits."""

    code = "codec.varint-overflow"
    kind = "varint_overflow"


class OutOfRange(FormError):
    """A number does not fit the 31 or 63 bits that its place allows."""

    code = "codec.out-of-range"
    kind = "out_of_range"


class TrailingBytes(FormError):
    """Something follows after the value."""

    code = "codec.trailing-bytes"
    kind = "trailing_bytes"


class BadHex(FormError):
    """Text that is not an even number of hex digits."""

    code = "codec.bad-hex"
    kind = "bad_hex"


class BadAddress(FormError):
    """Text that is not an address of this network."""

    code = "codec.bad-address"
    kind = "bad_address"
    default_hint = "copy the address again, and check that it is one of this network"


# Hashes.


def sha3(data: bytes) -> bytes:
    """SHA3-256, 32 bytes."""
    return sha3_256(data).digest()


def ripemd160(data: bytes) -> bytes:
    """RIPEMD-160, 20 bytes. Some builds of OpenSSL leave it out."""
    empty = _empty_ripemd160()
    if empty is None:
        from Crypto.Hash import RIPEMD160

        return bytes(RIPEMD160.new(data).digest())
    hashed = empty.copy()
    hashed.update(data)
    return hashed.digest()


def entry_id(kind: str, body: bytes) -> bytes:
    """The id of an entry: a tagged hash of the hash of its body."""
    inner = _EMPTY_SHA3.copy()
    inner.update(body)
    outer = _tagged(kind).copy()
    outer.update(inner.digest())
    return outer.digest()


# A copy of a hash that is begun costs less than a new one, and there are many.

_EMPTY_SHA3 = sha3_256()


@cache
def _tagged(kind: str) -> hashlib._Hash:
    return sha3_256(b"entryid:%b:" % kind.encode())


@cache
def _empty_ripemd160() -> hashlib._Hash | None:
    try:
        return hashlib.new("ripemd160")
    except ValueError:
        return None


# Writing.

_pack_u64 = struct.Struct("<Q").pack
_SMALL = tuple(bytes((n,)) for n in range(128))


def varint(n: int) -> bytes:
    """A number in its shortest base-128 form. OutOfRange below 0 and from 2**63 on."""
    if 0 <= n < 128:
        return _SMALL[n]
    if not 0 <= n <= MAX_63:
        raise OutOfRange(f"{n} cannot be written: numbers have 63 bits", value=n)
    groups = bytearray()
    while n > 127:
        groups.append(n & 127 | 128)
        n >>= 7
    groups.append(n)
    return bytes(groups)


def varstr(data: bytes) -> bytes:
    """Length, then the bytes."""
    return varint(len(data)) + data


def varlist(items: Iterable[bytes]) -> bytes:
    """Count, then each item as a varstr."""
    strings = [varstr(item) for item in items]
    return varint(len(strings)) + b"".join(strings)


def u64(n: int) -> bytes:
    """8 bytes, little-endian: how numbers stand inside hashes. OutOfRange otherwise."""
    try:
        return _pack_u64(n)
    except struct.error:
        raise OutOfRange(f"{n} does not fit 64 bits", value=n) from None


# Reading.


class Reader:
    """
    A cursor over bytes. Every method takes from the front and raises a FormError
    when the bytes do not allow it. `what` names the whole in error sentences.
    """

    __slots__ = ("data", "end", "position", "what")

    def __init__(self, data: bytes, what: str = "transaction") -> None:
        self.data = data
        self.position = 0
        self.end = len(data)
        self.what = what

    def byte(self) -> int:
        """One byte as a number."""
        position = self.position
        if position >= self.end:
            raise self._truncated(1)
        self.position = position + 1
        return self.data[position]

    def take(self, n_bytes: int) -> bytes:
        """Exactly so many bytes."""
        position = self.position
        stop = position + n_bytes
        if stop > self.end:
            raise self._truncated(n_bytes)
        self.position = stop
        return self.data[position:stop]

    def hash(self) -> bytes:
        """32 bytes, as they stand."""
        return self.take(32)

    def varint63(self) -> int:
        """A number of at most 63 bits."""
        position = self.position
        if position < self.end and self.data[position] < 128:
            self.position = position + 1
            return self.data[position]
        return self._long_varint(MAX_63)

    def varint31(self) -> int:
        """A number of at most 31 bits: lengths and counts."""
        position = self.position
        if position < self.end and self.data[position] < 128:
            self.position = position + 1
            return self.data[position]
        return self._long_varint(MAX_31)

    def varstr(self) -> bytes:
        """Length, then that many bytes."""
        first = self.position + 1
        if first <= self.end:
            stop = first + self.data[first - 1]
            if stop <= self.end and stop < first + 128:
                self.position = stop
                return self.data[first:stop]
        return self.take(self.varint31())

    def varlist(self) -> tuple[bytes, ...]:
        """Count, then that many varstrs."""
        return tuple([self.varstr() for _ in range(self.varint31())])

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.end - self.position)

    def remaining(self) -> int:
        """How many bytes are left."""
        return self.end - self.position

    def expect_end(self) -> None:
        """Raise TrailingBytes when something is left."""
        if self.position != self.end:
            raise TrailingBytes(
                f"{self.what}: {self.remaining()} bytes follow after the end",
                n_bytes=self.remaining(),
                at=self.position,
            )

    def _long_varint(self, most: int) -> int:
        # As Go reads it: ten bytes at most, and the tenth holds only the 64th bit.
        data, position, value = self.data, self.position, 0
        for shift in range(0, 70, 7):
            if position >= self.end:
                raise self._truncated(position - self.position + 1)
            group = data[position]
            position += 1
            value |= (group & 127) << shift
            if group < 128 and not (shift == 63 and group > 1):
                break
        else:
            raise VarintOverflow(
                f"{self.what}: the number at byte {self.position} has over 64 bits",
                at=self.position,
            )
        if value > most:
            raise OutOfRange(
                f"{self.what}: {value} at byte {self.position} is above {most}",
                value=value,
                most=most,
                at=self.position,
            )
        self.position = position
        return value

    def _truncated(self, wanted: int) -> Truncated:
        return Truncated(
            f"{self.what}: {wanted} bytes are wanted at byte {self.position}, "
            f"{self.remaining()} are there",
            wanted=wanted,
            at=self.position,
            n_left=self.remaining(),
        )


# Hex.


def to_hex(data: bytes) -> str:
    """Lower-case hex digits."""
    return data.hex()


def from_hex(text: str) -> bytes:
    """The bytes of hex digits of either case. BadHex on anything else, spaces too."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    # White space, which fromhex skips, makes the text longer than its bytes.
    if 2 * len(data) == len(text):
        return data
    raise BadHex(
        f"{_shortened(text)!r} is not hex",
        hint="use an even number of the digits 0-9 and a-f, without 0x",
        text=text,
    )


# Addresses: bech32 with the checksum constant 1 and witness version 0.


def encode_address(witness_hash: bytes, hrp: str) -> str:
    """
    The address of a program.

    Args:
        witness_hash: 20 bytes (one key) or 32 bytes (a script).
        hrp: the network's prefix, see NETWORK_HRP.
    """
    if len(witness_hash) not in (20, 32):
        raise BadAddress(
            f"a hash of {len(witness_hash)} bytes has no address, 20 or 32 have",
            n_bytes=len(witness_hash),
        )
    groups = [0, *eight_to_five(witness_hash)]
    checksum = polymod([*expanded(hrp), *groups, 0, 0, 0, 0, 0, 0]) ^ 1
    groups += [checksum >> 5 * (5 - index) & 31 for index in range(6)]
    return f"{hrp}1{''.join(LETTERS[group] for group in groups)}"


def decode_address(text: str, hrp: str) -> bytes:
    """The 20 or 32 bytes that an address of this network stands for."""
    if not 8 <= len(text) <= 90:
        raise _bad_address(text, f"has {len(text)} letters, 8 to 90 are allowed")
    if any(not 33 <= ord(letter) <= 126 for letter in text):
        raise _bad_address(text, "has a letter that no address has")
    if text != text.lower() and text != text.upper():
        raise _bad_address(text, "mixes upper and lower case")
    prefix, separator, letters = text.lower().rpartition("1")
    if not separator or not prefix or len(letters) < 6:
        raise _bad_address(text, "has no prefix, or no checksum")
    if any(letter not in VALUES for letter in letters):
        raise _bad_address(text, "has a letter outside the alphabet of addresses")
    groups = [VALUES[letter] for letter in letters]
    if polymod([*expanded(prefix), *groups]) != 1:
        raise _bad_address(text, "has a wrong checksum: a letter was changed")
    if prefix != hrp:
        raise _bad_address(text, f"is of network {prefix!r}, this one is {hrp!r}")
    if len(groups) < 7 or groups[0] != 0:
        raise _bad_address(text, "has a version other than 0")
    witness_hash = _five_to_eight(text, groups[1:-6])
    if len(witness_hash) not in (20, 32):
        raise _bad_address(text, f"holds {len(witness_hash)} bytes, not 20 or 32")
    return witness_hash


def program_of_address(text: str, hrp: str) -> bytes:
    """The control program that an address stands for."""
    witness_hash = decode_address(text, hrp)
    return b"\x00" + varstr(witness_hash)


def address_of_program(program: bytes, hrp: str) -> str:
    """The address of a P2WPKH or P2WSH program. BadAddress: it is neither."""
    if (len(program), program[:2]) not in ((22, b"\x00\x14"), (34, b"\x00\x20")):
        raise BadAddress(
            f"program {_shortened(program.hex())} has no address",
            hint="only P2WPKH and P2WSH programs of version 0 have one",
            program=program,
        )
    return encode_address(program[2:], hrp)


def _five_to_eight(text: str, groups: list[int]) -> bytes:
    number = 0
    for group in groups:
        number = number << 5 | group
    n_bytes, n_padding = divmod(5 * len(groups), 8)
    if n_padding > 4 or number & (1 << n_padding) - 1:
        raise _bad_address(text, "has bad padding at its end")
    return (number >> n_padding).to_bytes(n_bytes, "big")


def _bad_address(text: str, why: str) -> BadAddress:
    return BadAddress(f"address {_shortened(text)!r} {why}", text=text, why=why)


def _shortened(text: str) -> str:
    return text if len(text) <= 68 else f"{text[:60]}..."
