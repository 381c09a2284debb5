"""
What an asset is: its name, decimals, class and definition, and who may issue it.

Consensus knows an id and whole amounts, nothing else. The classes BAP-01 to BAP-04 are
a convention of the definition, kept by whoever issues; only a limit height and the
number of signatures are in the issuance program, where every node enforces them.

Source: protocol page "keys", section 9; "transactions", section 7. The encoding of the
classes is this project's own choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from devnet.engine.bc.definition import canonical_definition
from devnet.engine.bc.programs import issuance_limit_height, multisig_script
from devnet.engine.bc.transaction import asset_id
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.keys.chainkd import derive_xprv, public_key, xpub
from devnet.engine.keys.paths import asset_path

NAME_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
MOST_DECIMALS = 8
MOST_DEFINITION_BYTES = 16384


class AssetError(RequestError):
    """An asset cannot be issued like this."""

    code = "asset"


class UnknownClass(AssetError):
    """There are four classes of assets."""

    code = "asset.class-unknown"


class ClassDecimals(AssetError):
    """The class asks for other decimals."""

    code = "asset.class-decimals"


class NoSeries(AssetError):
    """An asset of class BAP-02 belongs to a series, which its definition names."""

    code = "asset.series-missing"
    default_hint = 'Add --definition {"series": "2024-A"}, one asset for each series.'


class SeriesTaken(AssetError):
    """This issuer has an asset for this series already."""

    code = "asset.series-taken"
    default_hint = "Issue more of that asset, or name another series."


class NotOneUnit(AssetError):
    """An item of class BAP-03 is exactly one unit."""

    code = "asset.not-one-unit"
    default_hint = "Issue 1 of it; many alike are class BAP-04."


class NotAgain(AssetError):
    """An item of class BAP-03 is issued once."""

    code = "asset.not-again"
    default_hint = "Define another asset for another item."


class NotWhole(AssetError):
    """The asset comes in whole pieces."""

    code = "asset.not-whole"
    default_hint = "Give a whole number, or define it with --decimals."


class DefinedAlready(AssetError):
    """The asset is defined; its definition and program are in its id."""

    code = "asset.defined-already"
    default_hint = "Leave these options out to issue more, or take another name."


class LimitReached(AssetError):
    """The issuance program works in blocks below its limit height only."""

    code = "asset.limit-reached"
    default_hint = "Nobody can issue it any more: that is what the limit is for."


class NotIssuer(AssetError):
    """Somebody else issues this asset."""

    code = "asset.not-issuer"


class QuorumMissing(AssetError):
    """Too few of the issuers sign."""

    code = "asset.quorum-missing"
    default_hint = "Name more signers with --signed-by."


@dataclass(frozen=True, slots=True)
class AssetClass:
    """One class of the convention."""

    name: str
    title: str
    divisible: bool
    fungible: bool

    def check_decimals(self, decimals: int) -> None:
        """Raise ClassDecimals when an asset of this class cannot have so many."""
        if self.divisible != (decimals > 0):
            wanted = f"1 to {MOST_DECIMALS}" if self.divisible else "0"
            raise ClassDecimals(
                f"{self.name} ({self.title}) has {wanted} decimals, not {decimals}",
                hint="BAP-01 and BAP-02 are divisible, BAP-03 and BAP-04 are not.",
                decimals=decimals,
            )


CLASSES = {
    one.name: one
    for one in (
        AssetClass("BAP-01", "byte", divisible=True, fungible=True),
        AssetClass("BAP-02", "atomic", divisible=True, fungible=False),
        AssetClass("BAP-03", "quark", divisible=False, fungible=False),
        AssetClass("BAP-04", "quantum", divisible=False, fungible=True),
    )
}


def class_named(name: str) -> AssetClass:
    """The class, or UnknownClass that names those there are."""
    found = CLASSES.get(name.upper())
    if found is None:
        raise UnknownClass(
            f"there is no class {name[:40]!r}", hint=f"Classes: {', '.join(CLASSES)}."
        )
    return found


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """
    What a new asset shall be.

    Args:
        definition: canonical bytes, as they go on chain.
        limit_height: it can be issued in blocks below it only; 0: in any.
    """

    name: str
    decimals: int
    bap: str
    definition: bytes
    series: str = ""


def decimals_of(
    decimals: int | None, bap: str | None, definition: Mapping[str, object] | None
) -> int:
    """
    How many decimals a new asset has: as said, as defined, or as its class has them
    (8 when divisible, 0 when not). Nothing said: whole pieces.

    Raises:
        BadValue: not from 0 to 8, or said and defined differ.
    """
    told = (definition or {}).get("decimals")
    if told is not None and not (type(told) is int or isinstance(told, float)):
        raise BadValue(f"the definition's decimals are {told!r}, not a number")
    if told is not None and int(told) != told:
        raise BadValue(f"the definition's decimals are {told!r}, not a whole number")
    if decimals is not None and told is not None and decimals != told:
        raise BadValue(
            f"--decimals says {decimals}, the definition says {int(told)}",
            hint="Say it once.",
        )
    chosen = decimals if decimals is not None else None if told is None else int(told)
    if chosen is None:
        chosen = MOST_DECIMALS if bap and class_named(bap).divisible else 0
    if not 0 <= chosen <= MOST_DECIMALS:
        raise BadValue(
            f"decimals must be from 0 to {MOST_DECIMALS}, not {chosen}",
            decimals=chosen,
        )
    return chosen


def plan_asset(
    name: str,
    *,
    decimals: int | None = None,
    bap: str | None = None,
    definition: Mapping[str, object] | None = None,
) -> AssetTerms:
    """
    The terms of a new asset, its definition completed and in canonical bytes.

    Args:
        bap: its class; None: BAP-01 when it has decimals, BAP-04 when not.
        definition: members of its own; name, symbol, decimals and bap are added.

    Raises:
        BadValue, AssetError: what is asked for does not fit together.
    """
    if not NAME_FORM.fullmatch(name):
        raise BadValue(
            f"{name[:40]!r} is no name for an asset",
            hint="Take a letter, then letters, digits, - and _, 32 at most.",
        )
    given = dict(definition or {})
    chosen = bap or str(given.get("bap") or "")
    n_decimals = decimals_of(decimals, chosen or None, given)
    kind = class_named(chosen or ("BAP-01" if n_decimals else "BAP-04"))
    members: dict[str, object] = {
        "bap": kind.name, "decimals": n_decimals, "name": name, "symbol": name,
    }  # fmt: skip
    for key, value in members.items():
        if key in given and key != "name" and given[key] != value:
            raise BadValue(
                f"the definition says {key} {given[key]!r}, the command {value!r}",
                hint="Say it once.",
            )
    kind.check_decimals(n_decimals)
    series = str(given.get("series") or "")
    if kind.name == "BAP-02" and not series:
        raise NoSeries(f"{name} of class BAP-02 names no series")
    raw = canonical_definition({**members, **given})
    if len(raw) > MOST_DEFINITION_BYTES:
        raise BadValue(
            f"a definition of {len(raw)} bytes, {MOST_DEFINITION_BYTES} are allowed",
            hint="Put a fingerprint of the document in it instead.",
        )
    return AssetTerms(name, n_decimals, kind.name, raw, series)


def check_amount(name: str, bap: str, amount: int) -> None:
    """Raise NotOneUnit when a class fixes the amount to something else."""
    if bap == "BAP-03" and amount != 1:
        raise NotOneUnit(f"{name} is an item of class BAP-03: 1 unit, not {amount}")


# What a definition tells.


def definition_members(definition: bytes) -> dict[str, object]:
    """A definition's members; none when it is not a JSON object."""
    try:
        told = json.loads(definition)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def told_decimals(members: Mapping[str, object]) -> int:
    """The decimals that a definition tells, 0 to 18; 0 when it tells none."""
    told = members.get("decimals", 0)
    if isinstance(told, int | float | str):
        try:
            return min(max(int(told), 0), 18)
        except (ValueError, OverflowError):
            pass
    return 0


# Keys and programs.


@cache
def issuance_key(root: bytes, index: int) -> bytes:
    """The extended private key with which a root key issues its asset number index."""
    return derive_xprv(root, asset_path(index))


def issuance_program(
    roots: Sequence[bytes], quorum: int, index: int, limit_height: int = 0
) -> bytes:
    """The program that asks for `quorum` signatures of these roots' issuance keys."""
    keys = [public_key(xpub(issuance_key(root, index))) for root in roots]
    return multisig_script(keys, quorum, limit_height)


def id_of(program: bytes, definition: bytes) -> bytes:
    """The id of an asset with this issuance program and definition."""
    return asset_id(program, definition)


def check_limit(name: str, program: bytes, height: int) -> None:
    """Raise LimitReached when a block of this height may not issue it any more."""
    limit = issuance_limit_height(program)
    if limit and height >= limit:
        raise LimitReached(
            f"{name} can be issued in blocks below {limit}, the next is {height}",
            limit=limit,
            height=height,
        )
