"""
The sequences of unspent outputs in transactions.json.

The reference keeps markers of what was spent and can undo a transaction. The engine
does neither: a spent output is gone, and an earlier state is looked at again. So the
engine's own rule applies each transaction here, and the markers are kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devnet.conformance.fields import Case
from devnet.conformance.values import BadCase, as_bytes
from devnet.engine.bc.transaction import BTM, Transaction, parse_transaction
from devnet.engine.chain.coins import (
    Coin,
    CoinSet,
    ImmatureCoinbase,
    MissingOutput,
    apply_transaction,
    coins_of_outputs,
)

NOT_FOUND = "fail to find utxo entry"
SPENT_ALREADY = "utxo has been spent"
IMMATURE = "coinbase utxo is not ready for use"
NOT_SPENT = "try to revert an unspent utxo"


@dataclass(slots=True)
class _Marker:
    """What the reference remembers of an output that is spent."""

    height: int
    is_coinbase: bool


@dataclass(slots=True)
class _View:
    """Unspent outputs as the engine holds them, and markers of spent ones."""

    coins: CoinSet = field(default_factory=CoinSet)
    spent: dict[bytes, _Marker] = field(default_factory=dict)


def utxo_case(case: Case) -> None:
    """A view, then transactions that are applied to it or taken back."""
    view = _View()
    for entry in case.each("view"):
        _enter(view, entry.hex("id"), entry)
    for step in case.each("steps"):
        tx = parse_transaction(step.hex("raw"))
        failed = step.flag("status_fail") if "status_fail" in step else False
        is_first = step.flag("coinbase") if "coinbase" in step else False
        height = step.number("height")
        if "detach" in step and step.flag("detach"):
            error = _detach(view, tx, failed=failed)
        else:
            error = _apply(view, tx, height, failed=failed, is_first=is_first)
        step.expect("error", error)
        _compare(step, view)


def _enter(view: _View, coin_id: bytes, entry: Case) -> None:
    height, is_coinbase = entry.number("height"), entry.flag("coinbase")
    if entry.flag("spent"):
        view.spent[coin_id] = _Marker(height, is_coinbase)
    else:
        view.coins = view.coins.add(_coin(coin_id, height, is_coinbase))


def _coin(coin_id: bytes, height: int, is_coinbase: bool) -> Coin:
    """The view tells nothing of value and program, and the rules ask for neither."""
    return Coin(coin_id, bytes(32), 0, BTM, 0, b"", height, is_coinbase)


def _apply(
    view: _View, tx: Transaction, height: int, *, failed: bool, is_first: bool
) -> str | None:
    """The engine's rule. The error in the reference's words."""
    try:
        coins, change = apply_transaction(
            view.coins, tx, height, failed=failed, coinbase=is_first
        )
    except MissingOutput as error:
        missing = error.facts["id"]
        return SPENT_ALREADY if missing in view.spent else NOT_FOUND
    except ImmatureCoinbase:
        return IMMATURE
    view.coins = coins
    for coin in change.spent:
        view.spent[coin.id] = _Marker(coin.height, coin.is_coinbase)
    for coin in change.created:
        view.spent.pop(coin.id, None)
    return None


def _detach(view: _View, tx: Transaction, *, failed: bool) -> str | None:
    """What the reference does to its view: outputs become markers, inputs return."""
    taken = [
        spent_id
        for spent_id, given in zip(tx.spent_output_ids, tx.inputs, strict=True)
        if spent_id is not None and not (failed and tx.value_of(given)[0] != BTM)
    ]
    if any(spent_id in view.coins.by_id for spent_id in taken):
        return NOT_SPENT
    for spent_id in taken:
        marker = view.spent.pop(spent_id, _Marker(0, False))
        coin = _coin(spent_id, marker.height, marker.is_coinbase)
        view.coins = view.coins.add(coin)
    for made in coins_of_outputs(tx, 0, failed=failed):
        old = view.coins.by_id.get(made.id)
        if old is not None:
            view.coins = view.coins.remove(old)
        view.spent[made.id] = _Marker(0, False)
    return None


def _compare(step: Case, view: _View) -> None:
    """The whole view after a step."""
    wanted = step.any("entries_after")
    if not isinstance(wanted, dict):
        raise BadCase(f"{step.place}.entries_after is not an object")
    for coin_id in wanted:
        as_bytes(coin_id, f"{step.place}.entries_after")
    got: dict[str, object] = {
        coin_id.hex(): _entry(marker.height, marker.is_coinbase, spent=True)
        for coin_id, marker in view.spent.items()
    }
    for coin_id in view.coins.by_id:
        coin = view.coins.by_id[coin_id]
        got[coin_id.hex()] = _entry(coin.height, coin.is_coinbase, spent=False)
    step.same("entries_after", wanted, got)


def _entry(height: int, is_coinbase: bool, *, spent: bool) -> dict[str, object]:
    return {"coinbase": is_coinbase, "height": height, "spent": spent}
