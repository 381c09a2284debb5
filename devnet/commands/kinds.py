"""
Types of arguments about assets and documents. Importing this adds them to `TYPES`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha3_256
from pathlib import Path
from typing import Any, NewType

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, BadFile
from devnet.commands.grammar import Token
from devnet.commands.types import TYPES, ArgType, Completion, settings_of, spelled

AssetName = NewType("AssetName", str)
AssetClass = NewType("AssetClass", str)
Members = NewType("Members", dict[str, Any])
AccountName = NewType("AccountName", str)
Signers = NewType("Signers", tuple[str, ...])
Form = NewType("Form", str)
Folder = NewType("Folder", str)
Subject = NewType("Subject", str)
Raw = NewType("Raw", str)
FaultName = NewType("FaultName", str)
FaultTarget = NewType("FaultTarget", str)
FaultId = NewType("FaultId", str)
Signed = NewType("Signed", int)
Pairs = NewType("Pairs", dict[str, int])
Seats = NewType("Seats", tuple[str, ...])
Weights = NewType("Weights", tuple[int, ...])

_WHOLE = re.compile(r"[0-9]{1,9}")
DIGEST = "sha3-256:"
TEXT, FILE = "text:", "file:"
_CHUNK_BYTES = 1 << 20
_CLASSES = (
    ("BAP-01", "divisible, fungible: currencies, shares"),
    ("BAP-02", "divisible, one for each series"),
    ("BAP-03", "one single piece, issued once"),
    ("BAP-04", "whole pieces, all alike: tickets, coupons"),
)


# Documents.


@dataclass(frozen=True, slots=True)
class Document:
    """
    Something to take a fingerprint of.

    Args:
        digest: SHA3-256, 32 bytes.
        source: "file", "text", or "digest" when somebody else computed it.
        name: the file's name without its folder; empty for others.
    """

    digest: bytes
    source: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Documents:
    """
    The documents of a call. Spelled, they are their digests: a recording needs no file.

    Args:
        verify: find them again, instead of depositing them.
    """

    items: tuple[Document, ...]
    verify: bool = False

    def __str__(self) -> str:
        return DIGEST + ",".join(item.digest.hex() for item in self.items)


def read_documents(words: tuple[Token, ...], session: Context) -> Documents:
    """
    Read the words behind `fingerprint`: files, texts, digests, `verify` before them.

    Raises:
        BadFile, BadArgument: a word is no document.
    """
    verify = words[0].kind == "word" and words[0].text == "verify"
    items: list[Document] = []
    for word in words[1:] if verify else words:
        items += _documents(word, spelled(word, session))
    if not items:
        raise BadArgument(
            "there is nothing to take a fingerprint of",
            hint='for example fingerprint "a text", or fingerprint contract.pdf',
        )
    return Documents(tuple(items), verify)


def _documents(word: Token, text: str) -> Iterable[Document]:
    """What one word names: usually one document, with `sha3-256:` any number."""
    if text.startswith(DIGEST):
        return [_digest(part) for part in text.removeprefix(DIGEST).split(",")]
    if text.startswith(TEXT):
        return [_text(text.removeprefix(TEXT))]
    path = Path(text.removeprefix(FILE))
    if text.startswith(FILE) or _is_there(path):
        return [Document(digest_of_file(path), "file", path.name)]
    if word.kind == "word" and ("/" in text or "." in text):
        raise BadFile(
            f"{text[:80]}: no such file",
            hint=f'put a text in quotes: "{text[:20]}", or write text:{text[:20]}',
        )
    return [_text(text)]


def _text(text: str) -> Document:
    if not text:
        raise BadArgument("the text is empty", hint='fingerprint "a text"')
    return Document(sha3_256(text.encode()).digest(), "text")


def _digest(word: str) -> Document:
    try:
        digest = bytes.fromhex(word)
    except ValueError:
        digest = b""
    if len(digest) != 32 or len(word) != 64:
        raise BadArgument(
            f"{word[:70]!r} is no SHA3-256 digest", hint="it has 64 hex digits"
        )
    return Document(digest, "digest")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # A text can be longer than any name of a file.


def digest_of_file(path: Path) -> bytes:
    """
    The SHA3-256 of a file, read in pieces.

    Raises:
        BadFile: it cannot be read.
    """
    digest = sha3_256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_CHUNK_BYTES):
                digest.update(piece)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise BadFile(f"{path}: {reason.lower()}", hint="give a file") from None
    return digest.digest()


# Assets and accounts.


def _asset_class(token: Token, session: Context) -> str:
    word = spelled(token, session).upper()
    if word.isdecimal():
        word = f"BAP-{word.zfill(2)}"
    if word not in dict(_CLASSES):
        raise BadArgument(
            f"there is no class {word[:40]!r}",
            hint=f"classes: {', '.join(name for name, _ in _CLASSES)}",
        )
    return word


def _members(token: Token, session: Context) -> dict[str, Any]:
    if token.kind != "json" or not isinstance(token.value, dict):
        raise BadArgument(
            f"a definition is a JSON object, not {token.text[:40]!r}",
            hint='for example {"description": "of the club", "series": "A"}',
        )
    return dict(token.value)


def _signers(token: Token, session: Context) -> tuple[str, ...]:
    names = tuple(name for name in spelled(token, session).split(",") if name)
    if not names:
        raise BadArgument("a list of signers is empty", hint="write alice,bob")
    return names


def _issuable(session: Context) -> list[Completion]:
    return [
        Completion(name, f"{info.decimals} decimals")
        for name, info in session.network.assets().items()
        if name != "BTM"
    ]


def _classes(session: Context) -> list[Completion]:
    return [Completion(name, meaning) for name, meaning in _CLASSES]


def _forms(session: Context) -> list[Completion]:
    return [
        Completion("asset", "one unit of an asset of its own"),
        Completion("output", "in front of an output's program"),
    ]


def _subjects(session: Context) -> list[Completion]:
    network = session.network
    names = [(name, "account") for name in network.accounts()]
    names += [(name, "asset") for name in network.assets()]
    return [Completion(name, what) for name, what in names]


def _faults(session: Context) -> list[Completion]:
    lines = [Completion(one.name, one.does) for one in session.network.fault_kinds()]
    return [*lines, Completion("list", "all of them, and what is at work")]


def _targets(session: Context) -> list[Completion]:
    network, found = session.network, [Completion("main", "its network")]
    for chain in network.sidechain_names():
        found.append(Completion(chain, "its network"))
        found += [
            Completion(f"{chain}.{name}", "one validator")
            for name in network.validator_names(chain)
        ]
    return found


def _fault_ids(session: Context) -> list[Completion]:
    at_work = session.network.world.faults
    lines = [Completion(one.id, f"{one.kind} {one.target}") for one in at_work]
    return [*lines, Completion("all", "every fault")]


def _signed(token: Token, session: Context) -> int:
    word = spelled(token, session)
    digits = word.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 9:
        return int(word)
    raise BadArgument(f"{word[:40]!r} is not a whole number", hint="for example 3000")


def _pairs(token: Token, session: Context) -> dict[str, int]:
    if token.kind == "json":
        return settings_of(token, session)  # As a recording spells it.
    pairs: dict[str, int] = {}
    for part in spelled(token, session).split(","):
        name, _, number = part.partition("=")
        digits = number.removeprefix("-")
        if not name or not (digits.isascii() and digits.isdecimal()):
            raise BadArgument(
                f"{part[:40]!r} is no setting",
                hint="write --param interval_ms=500, several with commas",
            )
        pairs[name] = int(number)
    return pairs


def _seats(token: Token, session: Context) -> tuple[str, ...]:
    seats = tuple(filter(None, spelled(token, session).split(",")))
    for seat in seats:
        name, colon, number = seat.partition(":")
        if not name or bool(colon) != bool(_WHOLE.fullmatch(number)):
            raise BadArgument(
                f"{seat[:40]!r} is no seat",
                hint="write v1,v2,v3, or with weights v1:5,v2:3,v3",
            )
    names = [seat.partition(":")[0] for seat in seats]
    if not seats or len(set(names)) < len(names):
        raise BadArgument(
            f"{token.text[:40]!r} names no seat, or one twice", hint="write v1,v2,v3"
        )
    return seats


def weights_by_name(seats: tuple[str, ...]) -> dict[str, int]:
    """The weight of each seat of a list such as `v1:5,v2`; 1 where none is named."""
    pairs = [seat.partition(":") for seat in seats]
    return {name: int(number or 1) for name, _, number in pairs}


def _weights(token: Token, session: Context) -> tuple[int, ...]:
    parts = spelled(token, session).split(",")
    if not all(_WHOLE.fullmatch(part) for part in parts):
        raise BadArgument(
            f"{token.text[:40]!r} are no weights",
            hint="write one whole number for each validator: 5,3,1,1",
        )
    return tuple(int(part) for part in parts)


TYPES.update(
    {
        FaultName: ArgType("fault", "FAULT", "fault, or list", spelled, _faults),
        FaultTarget: ArgType(
            "fault-target", "TARGET", "chain, or chain.validator", spelled, _targets
        ),
        FaultId: ArgType("fault-id", "ID|all", "fault at work", spelled, _fault_ids),
        Signed: ArgType("signed", "N", "whole number, perhaps below 0", _signed),
        Pairs: ArgType("pairs", "K=V,...", "settings of the rule", _pairs),
        Seats: ArgType("seats", "V1:5,V2,...", "names with commas, weights", _seats),
        Weights: ArgType("weights", "5,3,...", "numbers with commas", _weights),
        AssetName: ArgType(
            "asset-name", "ASSET", "asset, known or new", spelled, _issuable
        ),
        AssetClass: ArgType(
            "asset-class", "BAP-01|..|BAP-04", "class of assets", _asset_class, _classes
        ),
        Members: ArgType("members", "{JSON}", "JSON object", _members),
        AccountName: ArgType("new-name", "NAME", "new name", spelled),
        Signers: ArgType("names", "A,B,...", "accounts with commas", _signers),
        Form: ArgType("form", "asset|output", "form of a deposit", spelled, _forms),
        Folder: ArgType("folder", "DIR", "folder for files", spelled, recorded=False),
        Subject: ArgType(
            "subject", "WHICH", "height, hash, name or chain", spelled, _subjects
        ),
        Raw: ArgType("raw", "HEX", "text in hex, an address or JSON", spelled),
        Documents: ArgType(
            "documents", "FILE_OR_TEXT...", "files, or texts in quotes",
            read_documents, rest=True,
        ),
    }
)  # fmt: skip
