"""The verb that puts fingerprints of documents on the mainchain and proves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, BadFile
from devnet.commands.kinds import Document, Documents, Folder, Form
from devnet.commands.recording import write_whole
from devnet.commands.registry import command
from devnet.commands.types import Account, Asset, File, Text
from devnet.commands.values import Said

if TYPE_CHECKING:
    from devnet.engine.certifying import Certified
    from devnet.engine.mainchain.proofs import Receipt

MOST_RECEIPT_BYTES = 1 << 20


@command(
    group="assets",
    example='fingerprint "the text of a contract" --by alice',
    acts=True,
    looks="verify",
    labels={"what": "[verify] FILE_OR_TEXT...", "as_": "NAME", "by": "WHO"},
)
def fingerprint(
    session: Context,
    what: Documents,
    *,
    as_: Text | None = None,
    by: Account | None = None,
    form: Form | None = None,
    carrier: Asset | None = None,
    receipts: Folder | None = None,
    receipt: File | None = None,
    alone: bool = False,
) -> Said:
    """Put the SHA3-256 of a document on the mainchain, or find it again and prove it.

    A word that names a file is the file; a text stands in quotes. Several go on chain
    together, as one Merkle root; --receipts DIR writes what each needs to be proven
    alone. The form asset issues one unit whose definition tells the fingerprint, named
    by --as; the form output puts it in front of the program of one unit of --carrier.
    fingerprint verify FILE finds it and checks everything from raw bytes: ids, Merkle
    path, block. With --receipts DIR (or one --receipt FILE) for documents deposited
    together; it also completes receipts that were written before the block was there.
    --alone asks no chain: only what the receipt itself proves.
    """
    if what.verify:
        _only(as_=as_, by=by, form=form, carrier=carrier)
        return _verify(session, what.items, receipts, receipt, alone=alone)
    _only(receipt=receipt, alone=alone or None)
    return _deposit(session, what.items, as_, by, form, carrier, receipts)


def _only(**options: object) -> None:
    """Refuse options of the other half of the verb."""
    for name, value in options.items():
        if value is not None:
            option = "--" + name.strip("_")
            raise BadArgument(
                f"{option} does not belong here",
                hint="fingerprint FILE deposits, fingerprint verify FILE proves",
            )


# Depositing.


def _deposit(
    session: Context,
    items: tuple[Document, ...],
    name: str | None,
    by: str | None,
    form: str | None,
    carrier: str | None,
    receipts: str | None,
) -> Said:
    network = session.network
    who = by or network.accounts()[0]
    folder = None if receipts is None else _folder(receipts)
    unique = {item.digest: item for item in reversed(items)}
    items = tuple(dict.fromkeys(unique[item.digest] for item in items))
    digests = tuple(item.digest for item in items)
    options = {} if carrier is None else {"carrier": carrier}
    made = network.fingerprint(who, digests, name=name, form=form or "asset", **options)
    written = []
    if folder is not None:
        for item, one in zip(
            items, network.receipts(made.root.digest, digests), strict=True
        ):
            written.append(_write(folder, item, one))
    result = {
        "tx": made.tx_id.hex(),
        "who": who,
        "root": made.root.digest.hex(),
        "algorithm": made.root.algorithm,
        "form": made.form,
        "asset": made.asset,
        "documents": [
            {"digest": item.digest.hex(), "source": item.source, "name": item.name}
            for item in items
        ],
        "receipts": written,
    }
    what = _called(items[0])
    if len(items) > 1:
        what = f"{len(items)} documents under one root"
    place = f"asset {made.asset}" if made.form == "asset" else f"1 {made.asset}"
    text = f"{what}: {made.root.digest.hex()}\nas {place}, tx {made.tx_id.hex()}"
    return Said(result, "\n".join([text, *(f"receipt {path}" for path in written)]))


# Proving.


def _verify(
    session: Context,
    items: tuple[Document, ...],
    receipts: str | None,
    receipt: str | None,
    *,
    alone: bool,
) -> Said:
    if receipt is not None and len(items) > 1:
        raise BadArgument(
            "one receipt is for one document", hint="--receipts DIR has one for each"
        )
    folder = None if receipts is None else _folder(receipts)
    proven = []
    for item in items:
        path = Path(receipt) if receipt is not None else _find_receipt(folder, item)
        proven.append(_prove(session, item, path, alone=alone))
    facts = [one for one, _ in proven]
    text = "\n".join(words for _, words in proven)
    if len(facts) == 1:
        return Said(facts[0], text)
    return Said({"verified": len(facts), "documents": facts}, text)


def _prove(
    session: Context, item: Document, path: Path | None, *, alone: bool
) -> tuple[dict[str, Any], str]:
    """One document: its facts, and the words for people."""
    from devnet.engine.certifying import certify_alone

    known = None if path is None else _read_receipt(path)
    if alone:
        if known is None:
            raise BadArgument(
                "without a chain it takes a receipt", hint="--receipt FILE"
            )
        found = certify_alone(known, item.digest)
    else:
        found = session.network.certify(item.digest, known)
    completed = ""
    whole = found.receipt.merkle_block is not None
    if path is not None and known is not None and known.merkle_block is None and whole:
        _save(path, found.receipt, known.file)
        completed = str(path)
    facts = {**_certified(session, item, found), "receipt_completed": completed}
    return facts, _words(item, found, facts)


def _certified(session: Context, item: Document, found: Certified) -> dict[str, Any]:
    from devnet.engine.describing import utc

    header = None if found.block is None else found.block.header
    deposit = found.deposit
    facts: dict[str, Any] = {
        "name": item.name,
        "digest": item.digest.hex(),
        "root": found.receipt.root.hex(),
        "height": None if header is None else header.height,
        "block": None if header is None else header.hash.hex(),
        "timestamp": None if header is None else header.timestamp,
        "time": None if header is None else utc(header.timestamp),
        "depth": found.depth,
        "tx": None if deposit is None else deposit.tx_id.hex(),
        "form": None if deposit is None else deposit.form,
        "n_deposits": found.n_deposits if deposit else None,
        "path": [
            {"side": one.side, "hash": one.sibling.hex(), "parent": one.parent.hex()}
            for one in found.path
        ],
        "checks": [
            {"title": one.title, "ok": one.ok, "detail": one.detail}
            for one in found.checks
        ],
    }
    if deposit is not None:
        facts["asset"] = session.network.names().asset(deposit.asset)
    return facts


def _words(item: Document, found: Certified, facts: dict[str, Any]) -> str:
    what = _called(item)
    if found.block is None:
        lines = [f"{what}: the receipt is whole, but for the block"]
    else:
        since = f"{what}: in main {facts['height']} since {facts['time']} UTC"
        depth = found.depth
        on_top = "" if depth is None else f", {depth} block{'s'[: depth != 1]} on top"
        lines = [since + on_top]
    lines += [f"  ✓ {one.title}: {one.detail}" for one in found.checks]
    lines += [f"    {one.side:5} {one.sibling.hex()}" for one in found.path]
    if facts["receipt_completed"]:
        lines.append(f"  receipt {facts['receipt_completed']} has its block now")
    return "\n".join(lines)


def _called(item: Document) -> str:
    return item.name or ("the text" if item.source == "text" else "the digest")


# Receipts as files.


def _folder(path: str) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise BadFile(
            f"{path}: no such folder", hint="make it first, or give another one"
        )
    return folder


def _receipt_name(item: Document) -> str:
    stem = item.name or item.source
    return f"{stem}-{item.digest.hex()[:12]}.receipt.json"


def _write(folder: Path, item: Document, receipt: Receipt) -> str:
    path = folder / _receipt_name(item)
    _save(path, receipt, item.name)
    return str(path)


def _save(path: Path, receipt: Receipt, file: str) -> None:
    values = {**receipt.as_dict(), "file": file}
    text = json.dumps(values, indent=2, sort_keys=True) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise BadFile(f"{path}: {reason}", hint="give another folder") from None


def _find_receipt(folder: Path | None, item: Document) -> Path | None:
    """The receipt of a document in a folder; None when no folder was given."""
    if folder is None:
        return None
    path = folder / _receipt_name(item)
    if path.exists():
        return path
    ending = f"-{item.digest.hex()[:12]}.receipt.json"
    found = sorted(one for one in folder.iterdir() if one.name.endswith(ending))
    if found:
        return found[0]
    raise BadFile(
        f"{folder}: no receipt of {item.name or item.digest.hex()[:16]}",
        hint="fingerprint FILE... --receipts DIR writes them",
    )


def _read_receipt(path: Path) -> Receipt:
    from devnet.engine.mainchain.proofs import BadReceipt, receipt_from_dict

    try:
        if path.stat().st_size > MOST_RECEIPT_BYTES:
            raise BadReceipt(f"{path} is longer than any receipt")
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadFile(f"{path}: {reason}", hint="give a receipt") from None
    except (ValueError, RecursionError):
        raise BadReceipt(f"{path} is not JSON") from None
    if not isinstance(values, dict):
        raise BadReceipt(f"{path} is no receipt")
    return receipt_from_dict(values)
