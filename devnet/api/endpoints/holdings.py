"""What the wallet holds, and what it went through."""

from __future__ import annotations

import json
from collections.abc import Iterator

from devnet.api.endpoints.accounts import PAGE, WHOSE, account_of, page
from devnet.api.endpoints.pool import hex_of
from devnet.api.fields import FLAG, TEXT, XPUB, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import NO_HASH, Facts, Shaper
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.mempool import Waiting
from devnet.engine.codec import address_of_program
from devnet.wallet.book import Account
from devnet.wallet.coins import valid_height
from devnet.wallet.errors import NoKeys
from devnet.wallet.history import Mined
from devnet.wallet.wallet import is_standard_form


def _accounts(node: Node, ask: Ask) -> list[Account]:
    """The account that is asked for, or all of them."""
    if ask["account_alias"] or ask["account_id"]:
        return [account_of(node, ask)]
    return node.wallet.book.ordered()


@endpoint("wallet-info", answer="best_block_height wallet_height")
def wallet_info(node: Node, ask: Ask) -> Facts:
    """How far the wallet is: always as far as the chain."""
    height = node.wallet.tip.height
    return {"best_block_height": height, "wallet_height": height}


@endpoint(
    "list-balances", *WHOSE,
    answer="(a list: account_id account_alias asset_alias asset_id amount "
    "asset_definition)",
)  # fmt: skip
def list_balances(node: Node, ask: Ask) -> list[Facts]:
    """Confirmed coins summed up by account and asset."""
    found = []
    for account in _accounts(node, ask):
        sums: dict[bytes, int] = {}
        for coin in node.wallet.coins_of(account):
            sums[coin.asset] = sums.get(coin.asset, 0) + coin.amount
        for asset_id in sorted(sums):
            asset = node.wallet.asset(asset_id)
            text = "{}" if asset is None else asset.definition_text
            found.append(
                {
                    "account_id": account.id,
                    "account_alias": account.alias,
                    "asset_alias": "" if asset is None else asset.alias,
                    "asset_id": asset_id.hex(),
                    "amount": sums[asset_id],
                    # Here alone the node lets numbers go through a float.
                    "asset_definition": _floated(text),
                }
            )
    return found


def _floated(text: str) -> Facts:
    def number(digits: str) -> float | int:
        value = float(digits)
        return int(value) if value.is_integer() and abs(value) < 1e21 else value

    found: Facts = json.loads(text, parse_int=number, parse_float=number)
    return found


@endpoint(
    "list-unspent-outputs", *WHOSE, Field("id", TEXT), Field("unconfirmed", FLAG),
    Field("smart_contract", FLAG), *PAGE, answer="(a list of coins)",
)  # fmt: skip
def list_unspent_outputs(node: Node, ask: Ask) -> list[Facts]:
    """Coins of our accounts, or everybody's under contracts."""
    confirmed: list[Coin] = []
    coming: list[Coin] = []
    for coin in _coins(node, ask):
        mined = coin.id in node.wallet.tip.state.coins.by_id
        (confirmed if mined else coming).append(coin)
    confirmed.sort(key=lambda coin: coin.id, reverse=True)
    found = [one for one in (*confirmed, *coming) if one.id.hex().startswith(ask["id"])]
    return [_shown(node, coin) for coin in page(found, ask)]


def _coins(node: Node, ask: Ask) -> Iterator[Coin]:
    if ask["smart_contract"]:
        yield from node.wallet.contract_coins(unconfirmed=ask["unconfirmed"])
        return
    for account in _accounts(node, ask):
        yield from node.wallet.coins_of(account, unconfirmed=ask["unconfirmed"])


def _shown(node: Node, coin: Coin) -> Facts:
    receiver, asset = node.wallet.receiver_of(coin), node.wallet.asset(coin.asset)
    account = (
        None if receiver is None else node.wallet.book.accounts[receiver.account_id]
    )
    has_address = is_standard_form(coin.program)
    return {
        "account_alias": "" if account is None else account.alias,
        "id": coin.id.hex(),
        "asset_id": coin.asset.hex(),
        "asset_alias": "" if asset is None else asset.alias,
        "amount": coin.amount,
        "account_id": "" if account is None else account.id,
        "address": address_of_program(coin.program, node.wallet.hrp)
        if has_address
        else "",
        "control_program_index": 0 if receiver is None else receiver.index,
        "program": coin.program.hex(),
        "source_id": coin.source_id.hex(),
        "source_pos": coin.position,
        "valid_height": valid_height(coin),
        "change": receiver is not None and receiver.change,
        "derive_rule": 0,
    }


# Transactions.


@endpoint(
    "list-transactions", Field("id", TEXT), Field("account_id", TEXT),
    Field("detail", FLAG), Field("unconfirmed", FLAG), *PAGE,
    answer="(a list of summaries, or of annotated transactions)",
)  # fmt: skip
def list_transactions(node: Node, ask: Ask) -> list[Facts]:
    """Our transactions, newest first."""
    wallet, shaper = node.wallet, Shaper(node.wallet.hrp, node.wallet)
    programs = set(wallet.book.receivers)
    if ask["account_id"]:
        receivers = wallet.book.of_account(ask["account_id"])
        programs = {one.program for one in receivers}
    found: list[Mined | Waiting] = []
    if ask["unconfirmed"]:
        found += wallet.waiting(programs)
    if ask["id"]:
        mined = wallet.find_mined(hex_of(ask["id"]))
        found = [one for one in found if one.tx.id.hex() == ask["id"]]
        found += [] if mined is None else [mined]
        if not found:
            raise Refused("account TXID not found")
    else:
        n_more = ask["from"] + ask["count"] - len(found)
        for one in wallet.mined(programs):
            if n_more <= 0 and (ask["from"] or ask["count"]):
                break
            found.append(one)
            n_more -= 1
    shown = _annotated if ask["detail"] else _summary
    return [shown(node, shaper, one) for one in page(found, ask)]


@endpoint("get-transaction", Field("tx_id", TEXT), answer="(annotated)")
def get_transaction(node: Node, ask: Ask) -> Facts:
    """One of our transactions, from a block or from the pool."""
    tx_id = hex_of(ask["tx_id"])
    found: Mined | Waiting | None = node.wallet.find_mined(tx_id)
    if found is None:
        waiting = node.waiting().get(tx_id)
        if waiting is not None and node.wallet.owns(waiting.tx):
            found = waiting
    if found is None:
        raise Refused(f"No transaction(tx_id={tx_id.hex()}) from txpool")
    return _annotated(node, Shaper(node.wallet.hrp, node.wallet), found)


def _time_of(node: Node, found: Mined | Waiting) -> int:
    if isinstance(found, Mined):
        return found.entry.block.header.timestamp
    return node.seen_s.get(found.tx.id, int(node.now_s()))


def _summary(node: Node, shaper: Shaper, found: Mined | Waiting) -> Facts:
    return shaper.summary(found.tx, _time_of(node, found))


def _annotated(node: Node, shaper: Shaper, found: Mined | Waiting) -> Facts:
    place: Facts = {"block_hash": NO_HASH, "block_height": 0, "block_index": 0}
    if isinstance(found, Mined):
        place = {
            "block_hash": found.entry.hash.hex(),
            "block_height": found.entry.height,
            "block_index": found.index,
            "block_transactions_count": len(found.entry.block.transactions),
        }
    return {
        "tx_id": found.tx.id.hex(),
        "block_time": _time_of(node, found),
        **place,
        "inputs": shaper.inputs(found.tx),
        "outputs": shaper.outputs(found.tx),
        "status_fail": found.failed,
        "size": found.tx.size,
    }


# Coming back.


@endpoint("rescan-wallet", mark="nice")
def rescan_wallet(node: Node, ask: Ask) -> object:
    """Look at the chain anew; it is looked at anew with every request."""
    return NOTHING


@endpoint("recovery-wallet", Field("xpubs", list_of(XPUB)), mark="nice")
def recovery_wallet(node: Node, ask: Ask) -> object:
    """Find the addresses of these keys' accounts along the chain."""
    if not ask["xpubs"]:
        raise NoKeys
    wanted = set(ask["xpubs"])
    for account in node.wallet.book.ordered():
        if wanted & set(account.xpubs):
            node.wallet.search(account)
    return NOTHING
