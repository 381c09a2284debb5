"""Verbs about the devnet as a whole: what it is, and what happened in it."""

from __future__ import annotations

import json
from typing import Any

from devnet import __version__
from devnet.commands.context import Context
from devnet.commands.controlkinds import EventKind
from devnet.commands.errors import did_you_mean
from devnet.commands.registry import command
from devnet.commands.types import Chain, Number
from devnet.commands.values import Said
from devnet.engine.errors import UnknownName

N_EVENTS = 20
MOST_EVENTS = 10_000


@command(group="controls", example="devnet-info")
def devnet_info(session: Context) -> Said:
    """Say what this devnet is: version, chains, ready-made accounts, seed, clock."""
    network, options = session.network, session.options
    main = network.show("main")
    sides = [network.show(name) for name in network.sidechain_names()]
    result = {
        "version": __version__,
        "mode": "empty" if options.empty else options.profile,
        "profile": options.profile,
        "mainchain": {
            "name": "main", "height": main["height"], "tip": main["tip"],
            "consensus": "pow", "storage": network.main_store(),
        },
        "sidechains": [
            {
                "name": one["name"], "height": one["height"], "tip": one["tip"],
                "consensus": one["rule"], "storage": one["store"],
                "chain_id": one["chain_id"],
            }
            for one in sides
        ],
        "accounts": [] if options.empty else ready_accounts(),
        "seed": options.seed,
        "time": network.wall_ms // 1000,
        "automine": network.steering.automine,
        "snapshots": [one.id for one in session.snapshots],
        "next_event": session.next_event,
    }  # fmt: skip
    chains = [f"main {main['height']}"]
    chains += [f"{one['name']} {one['height']} {one['rule']}" for one in sides]
    text = f"devnet {__version__}, {result['mode']}, seed {options.seed}"
    return Said(result, "\n".join([text, *chains]))


def ready_accounts() -> list[dict[str, Any]]:
    """
    The accounts that every world begins with. Their keys follow from their names and
    not from words, so there is no mnemonic.
    """
    from devnet.engine.keys.chainkd import xpub
    from devnet.engine.mainchain.accounts import ACCOUNT_NAMES, play_root
    from devnet.wallet.players import PASSWORD

    return [
        {
            "alias": name, "xpub": xpub(play_root(name)).hex(), "mnemonic": None,
            "password": PASSWORD,
        }
        for name in ACCOUNT_NAMES
    ]  # fmt: skip


@command(
    group="controls", example="devnet-events --kind BlockAdded --count 5",
    labels={"after": "N", "count": "N"},
)  # fmt: skip
def devnet_events(
    session: Context,
    *,
    after: Number | None = None,
    count: Number | None = None,
    chain: Chain | None = None,
    kind: EventKind | None = None,
) -> Said:
    """Show what happened: numbered events, oldest first.

    --after N begins with number N, the number of the last one seen plus 1. Without it
    the last ones are shown. Numbers begin with 0, and after a revert no number comes
    again. --count is 20 by default.
    """
    wanted = N_EVENTS if count is None else min(count, MOST_EVENTS)
    found = events_of(session, after or 0, chain or "", kind or "")
    if after is None:
        picked = list(found)[-wanted:] if wanted else []
    else:
        picked = [one for one, _ in zip(found, range(wanted), strict=False)]
    return Said(picked, "\n".join(map(_line, picked)) or "nothing of that happened")


def events_of(session: Context, after: int, chain: str, kind: str) -> Any:
    """
    The events from a number on, as plain values. `seq` is their number in the stream.

    Raises:
        UnknownName: there is no such kind.
    """
    from devnet.engine.events import EVENT_KINDS

    if kind and kind not in EVENT_KINDS:
        raise UnknownName(
            f"there is no kind of event {kind[:40]!r}",
            hint=did_you_mean(kind, EVENT_KINDS, "kind"),
        )
    events, stream = session.network.events, session.stream
    return (
        {**events[index].as_dict(), "seq": stream.number(index)}
        for index in range(stream.place(after), len(events))
        if (not kind or events[index].kind == kind)
        and (not chain or getattr(events[index], "chain", "main") == chain)
    )


def _line(event: dict[str, Any]) -> str:
    skipped = ("seq", "at_ms", "kind")
    facts = {name: value for name, value in event.items() if name not in skipped}
    words = f"{event['kind']} {json.dumps(facts)[:160]}"
    return f"{event['seq']:6} {event['at_ms'] / 1000:9.3f} {words}"
