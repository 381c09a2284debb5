"""
Types of arguments of the devnet's controls. Importing this adds them to `TYPES`.
"""

from __future__ import annotations

from typing import NewType

from devnet.commands.context import Context
from devnet.commands.errors import BadArgument
from devnet.commands.grammar import Token
from devnet.commands.types import TYPES, ArgType, Completion, spelled

Mode = NewType("Mode", str)
SnapshotId = NewType("SnapshotId", str)
TxId = NewType("TxId", str)
EventKind = NewType("EventKind", str)

_MODES = (
    ("world", "as the profile has it"),
    ("off", "only when somebody asks"),
    ("on_transaction", "when something waits"),
    ("interval", "every so many seconds"),
)


def _modes(session: Context) -> list[Completion]:
    return [Completion(name, meaning) for name, meaning in _MODES]


def _snapshots(session: Context) -> list[Completion]:
    return [Completion(one.id, f"height {one.height}") for one in session.snapshots]


def _waiting(session: Context) -> list[Completion]:
    pool = session.network.world.main_nodes[0].pool
    return [Completion(tx_id.hex(), "waits on main") for tx_id in pool.order]


def _tx_id(token: Token, session: Context) -> str:
    word = spelled(token, session).lower()
    digits = len(word) == 64 and all(digit in "0123456789abcdef" for digit in word)
    if not digits:
        raise BadArgument(
            f"{word[:70]!r} is no transaction id", hint="it has 64 hex digits"
        )
    return word


def _kinds(session: Context) -> list[Completion]:
    from devnet.engine.events import EVENT_KINDS

    return [
        Completion(name, (kind.__doc__ or "").strip().split("\n")[0])
        for name, kind in sorted(EVENT_KINDS.items())
    ]


TYPES.update(
    {
        Mode: ArgType(
            "mode", "MODE", "mode: world, off, on_transaction or interval", spelled,
            _modes,
        ),
        SnapshotId: ArgType("snapshot", "SNAPSHOT", "snapshot", spelled, _snapshots),
        TxId: ArgType("tx-id", "TX", "transaction id, 64 hex digits", _tx_id, _waiting),
        EventKind: ArgType("event-kind", "KIND", "kind of event", spelled, _kinds),
    }
)  # fmt: skip
