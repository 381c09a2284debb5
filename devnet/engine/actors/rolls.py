"""
Elections, told as events and as facts: who stands, who has how many votes, who acts.
"""

from __future__ import annotations

from typing import Any

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.electoral import ROLE_NAMES, ROLES
from devnet.engine.events import CandidateChanged, ValidatorsElected
from devnet.engine.interfaces import Coming, Electing
from devnet.engine.sidechain.candidates import candidates_at
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.state import SideEntry


def say_roster(turn: Turn, side: Sidechain, entry: SideEntry) -> None:
    """What a block that joined the chain changes about candidates and seats."""
    parent = side.tree[entry.header.previous]
    old, new = parent.state, entry.state
    if new.roster is not old.roster:
        for role in ROLES:
            for name, state in _changes(parent, entry, role):
                turn.say(
                    CandidateChanged(
                        chain=side.name,
                        name=name,
                        state=state,
                        height=entry.height,
                        role=ROLE_NAMES[role],
                    )
                )
    seated = [one.key for one in new.seated.validators]
    same_epoch = new.rules.epoch == old.rules.epoch
    if same_epoch and seated != [one.key for one in old.seated.validators]:
        turn.say(
            ValidatorsElected(
                chain=side.name,
                height=entry.height,
                validators=tuple(one.name for one in new.seated.validators),
            )
        )


def _changes(parent: SideEntry, entry: SideEntry, role: int) -> list[tuple[str, str]]:
    """Names of a role's candidates to whom something happened, and what."""
    banned_now = entry.state.roster.banned
    old, new = parent.state.roster.book(role), entry.state.roster.book(role)
    found: list[tuple[str, str]] = []
    if new is old:
        return found
    for name in sorted({*old.by_name, *new.by_name}):
        before, after = old.by_name.get(name), new.by_name.get(name)
        if before == after:
            continue
        if after is not None:
            found.append((name, "registered" if after.stands else "leaving"))
        elif before is not None:
            banned = before.stake_key in banned_now
            found.append((name, "banned" if banned else "gone"))
    return found


def list_validators(turn: Turn, chain: str) -> list[dict[str, Any]]:
    """
    Everybody who has a seat, stands for one, or has a bond here. `acts`: in the newest
    block; `elected` and `from_height`: by the votes as they stand.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    state, coming = head.state, coming_of(turn, chain)
    acting = [one.key for one in state.seated.validators]
    next_keys = [one.key for one in coming.validators] if coming else acting
    found = {one.name: one for one in candidates_at(state, side.tree.spec.hrp)}
    names = {one.key: one.name for one in state.roster.all()}
    for listed in (state.rules.validators, state.seated.validators):
        names = {one.key: one.name for one in listed} | names
    rows = []
    for key in sorted(names, key=lambda key: names[key]):
        name = names[key]
        one, able = state.roster.by_name.get(name), found.get(name)
        rows.append(
            {
                "name": name,
                "key": key.hex(),
                "state": _state_of(head, key, name),
                "votes": state.tally.get(key) or 0,
                "approvals": able.n_approvals if able else 0,
                "weight": able.weight if able else 0,
                "bond": one.bond_neu if one else 0,
                "bond_free_at": (
                    one.left_height + side.tree.spec.unbond_blocks
                    if one is not None and not one.stands
                    else None
                ),
                "acts": key in acting,
                "elected": key in next_keys,
                "from_height": coming.height if coming and key in next_keys else None,
            }
        )
    return rows


def _state_of(head: SideEntry, key: bytes, name: str) -> str:
    state = head.state
    one = state.roster.by_name.get(name)
    if key in state.roster.banned:
        return "banned"
    if one is None:
        return "founder"
    return "stands" if one.stands else "leaving"


def coming_of(turn: Turn, chain: str) -> Coming | None:
    """Who acts next if no vote moves; None where votes decide nothing."""
    side = turn.side(chain)
    head = side.tree[side.head]
    engine = turn.tools.engine(head.state.rules.engine)
    if not engine.info.elects:
        return None
    reader = SideReader(side.tree, head.hash, head.state.epochs, turn.wall_ms)
    electing: Electing = engine  # type: ignore[assignment]  # `elects` says so.
    return electing.coming(head.header, reader)
