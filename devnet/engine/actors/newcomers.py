"""
Collectors and members who join a world that runs: each with a machine of its own that
knows what the first mainchain node knows.
"""

from __future__ import annotations

from devnet.engine.actors.collectors import new_collector
from devnet.engine.actors.turn import Turn
from devnet.engine.events import ActorChanged
from devnet.engine.federation.members import Member
from devnet.engine.keys.chainkd import xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.mainchain.view import MainView

JOINED = "joined"


def new_member(name: str, view: MainView) -> Member:
    """A federation member that has signed nothing yet; its root key is its name's."""
    root = play_root(name)
    return Member(name, root, xpub(root), view)


def join_members(turn: Turn, name: str) -> None:
    """A candidate for the federation follows the chains from now on."""
    if any(member.name == name for member in turn.members):
        return
    member = new_member(name, turn.main_nodes[0].view)
    turn.members = (*turn.members, member)
    turn.say(ActorChanged(role="member", name=name, state=JOINED))


def join_collectors(turn: Turn, name: str) -> None:
    """A candidate for collecting follows the mainchain from now on."""
    if any(collector.name == name for collector in turn.collectors):
        return
    collector = new_collector(name, turn.main_nodes[0].view)
    turn.collectors = (*turn.collectors, collector)
    turn.say(ActorChanged(role="collector", name=name, state=JOINED))
