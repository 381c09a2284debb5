"""What each key of the table does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from devnet.commands.values import plain
from devnet.tui.draw.faults import mending
from devnet.tui.frame import Picked
from devnet.tui.keys import Key, why_not
from devnet.tui.state import dismiss

if TYPE_CHECKING:
    from devnet.tui.desk import Desk


def why_off(app: Desk, key: Key) -> str:
    """Why this key does nothing just now, or ""."""
    return why_not(
        key,
        app.driver.state,
        read_only=app.session.read_only,
        lane=_picked_sidechain(app),
    )


def _picked(app: Desk) -> Picked:
    pick = getattr(app.screen, "picked", None)
    return pick() if pick is not None else Picked()


def _picked_sidechain(app: Desk) -> str:
    chain = _picked(app).chain
    return chain if app.driver.state.lane(chain) is not None else ""


def _form(verb: str) -> Callable[[Desk], None]:
    def opens(app: Desk) -> None:
        app.push_named("form", verb=verb, chain=_picked_sidechain(app))

    return opens


def _mend(app: Desk) -> None:
    """The only fault at once; of several the reader chooses."""
    faults = app.driver.state.faults
    if len(faults) == 1:
        app.mend(mending(faults[0]))
    else:
        app.open_screen("faults")


def _cancel_swap(app: Desk) -> None:
    name = _picked_sidechain(app)
    swapping = [one.name for one in app.driver.state.lanes if one.swap is not None]
    if name not in swapping and len(swapping) != 1:
        app.push_named("form", verb="cancel-swap", chain=name)
        return
    app.begin(f"cancel-swap {name if name in swapping else swapping[0]}")


def _validators(app: Desk) -> None:
    lanes = app.driver.state.lanes
    app.push_named("validators", chain=_picked_sidechain(app) or lanes[0].name)


def _screen(name: str) -> Callable[[Desk], None]:
    def opens(app: Desk) -> None:
        if name == "consensus":
            app.open_screen(name, chain=_picked_sidechain(app))
        elif name == "blocks":
            app.open_screen(name, chain=_picked(app).chain or "main")
        else:
            app.open_screen(name)

    return opens


def _pause(app: Desk) -> None:
    paused = app.session.pacer.paused
    app.begin("resume" if paused else "pause", quiet=True)


def _step(app: Desk) -> None:
    if not app.session.pacer.paused:
        app.begin("pause", quiet=True)
    app.begin("step", quiet=True)


def _mine(app: Desk) -> None:
    app.begin("mine 1")


def _faster(app: Desk) -> None:
    app.session.pacer = app.session.pacer.faster()


def _slower(app: Desk) -> None:
    app.session.pacer = app.session.pacer.slower()


def _find(app: Desk) -> None:
    find = getattr(app.screen, "find", None)
    if find is None:
        app.toast("nothing to filter here: D and E have lists that / narrows")
    else:
        find()


def _trouble(app: Desk) -> None:
    app.open_screen("dashboard")
    app.dashboard.go_to_trouble()


def _zoom(app: Desk) -> None:
    zoom = getattr(app.screen, "zoom", None)
    if zoom is not None:
        zoom()


def _copy(app: Desk) -> None:
    picked = _picked(app)
    if not picked.copy_text:
        app.toast("nothing is picked that could be copied: tab to a list first")
        return
    app.copy_to_clipboard(picked.copy_text)
    app.toast(picked.copy_text, f"copied: {picked.copy_what}")


def _copy_all(app: Desk) -> None:
    """All that its command answers, as JSON; what is one text already, as it is."""
    picked = _picked(app)
    if not picked.command:
        _copy(app)
        return
    outcome = app.begin(picked.command, quiet=True)
    if outcome is None or not outcome.ok:
        return
    text = json.dumps(plain(outcome.result), sort_keys=True, indent=1)
    app.copy_to_clipboard(text)
    app.toast(f"{len(text)} letters of JSON", f"copied: {picked.command}")


def _dismiss(app: Desk) -> None:
    state = app.driver.state
    failed = [one.id for one in state.transfers if one.failed and not one.dismissed]
    name = _picked(app).transfer
    if name not in failed:
        name = failed[0] if failed else ""
    if not name:
        app.toast("no failed transfer waits to be seen")
        return
    app.driver.state = dismiss(state, name)
    app.toast(f"{name} has been seen; its row moves down")


def _help(app: Desk) -> None:
    app.push_named("keys", focused=app.screen.focused, screen=app.screen)


def _quit(app: Desk) -> None:
    app.exit()


HANDLERS: dict[str, Callable[[Desk], None]] = {
    "lock": _form("lock"),
    "withdraw": _form("withdraw"),
    "transfer": _form("transfer"),
    "swap": _form("swap"),
    "new": _form("new-sidechain"),
    "issue": _form("issue"),
    "fault": _form("fault"),
    "mend": _mend,
    "cancel-swap": _cancel_swap,
    "pause": _pause,
    "step": _step,
    "mine": _mine,
    "faster": _faster,
    "slower": _slower,
    "command": lambda app: app.push_named("command"),
    "find": _find,
    "help": _help,
    "trouble": _trouble,
    "zoom": _zoom,
    "copy": _copy,
    "copy-all": _copy_all,
    "dismiss": _dismiss,
    "dashboard": _screen("dashboard"),
    "blocks": _screen("blocks"),
    "consensus": _screen("consensus"),
    "federation": _screen("federation"),
    "events": _screen("events"),
    "faults": _screen("faults"),
    "validators": _validators,
    "quit": _quit,
}
"""Keys that come later have no entry: `why_not` answers before they would act."""
