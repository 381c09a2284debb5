"""Verbs about chains: change a rule, add a chain, look at one."""

from __future__ import annotations

from typing import Any

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.errors import BadArgument, TooManyArguments
from devnet.commands.kinds import (
    Pairs,
    Seats,
    Subject,
    Weights,
    weights_by_name,
)
from devnet.commands.registry import command
from devnet.commands.types import (
    Chain,
    Engine,
    Height,
    NewName,
    Number,
    Settings,
    Sidechain,
    Store,
    Topic,
)
from devnet.commands.values import Amount, Said, words
from devnet.commands.verbs.looking import SUBJECTS, show_subject


@command(group="chains", example="swap alpha poa --at +12", acts=True)
def swap(
    session: Context,
    sidechain: Sidechain,
    engine: Engine,
    *,
    at: Height | None = None,
    validators: Seats | None = None,
    param: Pairs | None = None,
    params: Settings | None = None,
) -> Said:
    """Change the consensus of a running sidechain.

    --at is the last height under the old rule: a height, or +12 for twelve blocks from
    now; the earliest allowed one without it. The notice is at least 10 blocks.
    --validators v1:5,v2:3,v3 gives weights, 1 where none is named. --param
    interval_ms=250 sets what the rule leaves open, several with commas; --params takes
    them as JSON. `cancel-swap` takes it back while there is time.
    """
    network = session.network
    old = network.rule(sidechain)
    height = None
    if at is not None:
        base = int(network.show(sidechain)["height"]) if at.startswith("+") else 0
        height = base + int(at)
    closing = network.request_swap(
        sidechain, engine, at=height,
        validators=None if validators is None else weights_by_name(validators),
        params=settings_of(param, params),
    )  # fmt: skip
    result = {
        "chain": sidechain,
        "old_engine": old,
        "engine": engine,
        "closing_height": closing,
    }
    words = f"{sidechain} is asked to change from {old} to {engine} after {closing}"
    return Said(result, words)


@command(group="chains", example="cancel-swap alpha", acts=True)
def cancel_swap(session: Context, sidechain: Sidechain) -> Said:
    """Take back a swap that is asked for or on its way.

    Validators sign the end of it like the swap itself. It must be in a block five
    blocks before the closing height; after that the swap happens.
    """
    latest = session.network.cancel_swap(sidechain)
    result = {"chain": sidechain, "latest_height": latest}
    if latest is None:
        return Said(result, f"{sidechain}'s swap is forgotten, no block carried it")
    return Said(result, f"the end of {sidechain}'s swap has until block {latest}")


@command(group="chains", example="new-sidechain delta poa --validators 4", acts=True)
def new_sidechain(
    session: Context,
    name: NewName,
    engine: Engine,
    *,
    validators: Number | None = None,
    weights: Weights | None = None,
    store: Store | None = None,
    param: Pairs | None = None,
    params: Settings | None = None,
) -> Said:
    """Start one more sidechain while the others run.

    --weights 5,3,1,1 weighs the votes of v1, v2 and so on, and says how many they are;
    without it each weighs 1. --param interval_ms=250 sets what the rule leaves open.
    """
    network = session.network
    n_validators = len(weights) if weights else 4
    network.new_sidechain(
        name,
        engine,
        n_validators=n_validators if validators is None else validators,
        store=store or "memory",
        params=settings_of(param, params),
        weights=weights or (),
    )
    facts = network.show(name)
    result = {
        "name": name,
        "engine": engine,
        "store": store or "memory",
        "height": facts["height"],
        "tip": facts["tip"],
    }
    text = f"{name} runs, rule {engine}, store {store or 'memory'}"
    if network.will_forget(name):
        text += ", which keeps nothing on disk: it will begin again"
    return Said(result, text)


@command(group="chains", example="show block 100", labels={"chain": "CHAIN"})
def show(
    session: Context,
    what: Topic | None = None,
    which: Subject | None = None,
    chain: Chain | None = None,
) -> Said:
    """Show a chain, a transfer, one of the lists chains, accounts, assets, transfers,
    or one thing closely.

    Closely, with fields, raw bytes and words: block HEIGHT|HASH [CHAIN], tx ID, asset
    NAME, account NAME, mempool [CHAIN], program HEX|ADDRESS. Without an argument: all
    chains.
    """
    network = session.network
    topic = what or "chains"
    if topic in SUBJECTS:
        return show_subject(session, topic, which, chain)
    if which is not None:
        raise TooManyArguments(
            f"show {topic} has no place for {which[:40]!r}",
            hint=f"closely: show {', '.join(SUBJECTS)}, and then which",
        )
    lists = {"chains": _chains, "accounts": _accounts, "assets": _assets,
             "transfers": _transfers}  # fmt: skip
    if topic in lists:
        return lists[topic](session)
    if topic in network.chain_names():
        facts = network.show(topic)
        lines = [f"{name} {words(fact)}" for name, fact in facts.items() if fact != []]
        return Said(facts, "\n".join(lines))
    value = transfer_facts(session, topic)
    return Said(value, words(value))


def settings_of(
    pairs: dict[str, int] | None, json: dict[str, int] | None
) -> dict[str, int]:
    """What --param and --params say together; each setting is given once."""
    one, other = pairs or {}, json or {}
    for name in sorted(one.keys() & other.keys()):
        raise BadArgument(
            f"{name} is given twice: {one[name]} by --param, {other[name]} by --params",
            hint="Leave one of them out.",
        )
    return {**other, **one}


def transfer_facts(session: Context, transfer_id: str) -> dict[str, Any]:
    """A transfer as plain facts."""
    transfer = session.network.transfer(transfer_id)
    decimals = session.network.asset(transfer.asset).decimals
    return {
        "transfer": transfer.id,
        "who": transfer.who,
        "to": transfer.to,
        "chain": transfer.chain,
        "amount": Amount(transfer.amount, transfer.asset, decimals),
        "asset": transfer.asset,
        "stage": transfer.stage,
        "done": transfer.done,
        "needed": transfer.needed,
        "note": transfer.note,
        "failed": transfer.failed,
    }


def _chains(session: Context) -> Said:
    rows = [session.network.show(name) for name in session.network.chain_names()]
    return Said(rows, _table(rows, ("name", "height", "rule", "epoch", "final", "tip")))


def _accounts(session: Context) -> Said:
    network = session.network
    rows = []
    for who in holding.holder_names(session):
        for chain in network.chain_names():
            for asset, info in network.assets().items():
                units = holding.balance_units(session, who, chain, asset)
                if units or chain == "main":
                    amount = Amount(units, asset, info.decimals)
                    rows.append(
                        {"who": who, "chain": chain, "amount": amount, "asset": asset}
                    )
    return Said(rows, _table(rows, ("who", "chain", "amount")))


def _assets(session: Context) -> Said:
    rows = [
        {"name": name, "decimals": info.decimals, "id": info.id}
        for name, info in session.network.assets().items()
    ]
    return Said(rows, _table(rows, ("name", "decimals", "id")))


def _transfers(session: Context) -> Said:
    rows = [transfer_facts(session, one.id) for one in session.network.transfers()]
    text = _table(rows, ("transfer", "who", "chain", "amount", "stage", "note"))
    return Said(rows, text or "Nothing in flight. lock alice 250 BTM alpha starts one.")


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Rows as aligned columns; hashes in short."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not cells:
        return ""
    table = [list(columns), *cells]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    )


def _cell(value: Any) -> str:
    text = "" if value is None else words(value)
    return f"{text[:8]}..{text[-4:]}" if len(text) == 64 else text
