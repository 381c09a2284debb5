"""The line on top of every screen, and the alarm below it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from devnet.tui.draw.text import clock, fit, line, plural, sides
from devnet.tui.theme import BROKEN, DARK, PLAY, STILL, TICK, Palette
from devnet.tui.views import BreachView, State


@dataclass(frozen=True, slots=True)
class HeaderView:
    """How the world goes, where it is, whether the books are right."""

    pace: str = "x1"
    paused: bool = False
    seed: int = 0
    main_height: int = 0
    side_heights: tuple[tuple[str, int], ...] = ()
    n_in_flight: int = 0
    n_failed: int = 0
    n_audited: int = 0
    n_down: int = 0
    n_faults: int = 0
    breach: BreachView | None = None
    failed: bool = False
    read_only: bool = False
    now_s: int = 0


def header_view(
    state: State, *, pace: str, paused: bool, now_ms: int, read_only: bool = False
) -> HeaderView:
    """The header of a state. Time counts whole seconds, so it changes seldom."""
    return HeaderView(
        pace=pace,
        paused=paused,
        seed=state.seed,
        main_height=state.main.height,
        side_heights=tuple((lane.name, lane.height) for lane in state.lanes),
        n_in_flight=state.n_in_flight,
        n_failed=state.n_failed,
        n_audited=state.n_audited,
        n_down=state.n_down,
        n_faults=len(state.faults),
        breach=state.breach,
        failed=state.failure is not None,
        read_only=read_only,
        now_s=now_ms // 1000,
    )


def draw_header(view: HeaderView, width: int, look: Palette = DARK) -> Text:
    """One line. Where room is short, what matters least goes first."""
    heights = "  ".join(f"{name} {height}" for name, height in view.side_heights)
    # (how much it matters, words, style); parts stand in reading order.
    parts: list[tuple[int, str, str]] = [
        (9, " bystack", f"bold {look.main}"),
        (1, " devnet", f"bold {look.main}"),
        (9, "  " + _pace(view), f"bold {look.now if view.paused else look.good}"),
        (3, f"  seed {view.seed}", look.dim),
        (8, f"  main {view.main_height}", look.text),
        (4, f"  {len(view.side_heights)} side", look.text),
        (0, f"  {heights}" if heights else "", look.dim),
        (6, _in_flight(view), look.now if view.n_in_flight else look.dim),
        (7, _failed(view), f"bold {look.error}"),
        (6, _down(view), f"bold {look.error}"),
        (5, _faults(view), look.now),
        (9, "  " + _verdict(view), _verdict_style(view, look)),
        (2, "  read-only" if view.read_only else "", look.now),
    ]
    while _length(parts) > width and len(parts) > 2:
        parts.remove(min(parts, key=lambda part: part[0]))
    left = line(*((words, style) for _, words, style in parts))
    return sides(left, line((clock(view.now_s * 1000)[:-2] + " ", look.dim)), width)


def draw_alarms(
    breach: BreachView | None,
    frozen: tuple[str, ...],
    width: int,
    look: Palette = DARK,
) -> list[Text]:
    """Below the header: what broke, whose peg is frozen, and what to do."""
    rows = [] if breach is None else [draw_alarm(breach, width, look)]
    if frozen:
        names = ", ".join(frozen)
        words = (
            f" {BROKEN} peg of {names} frozen: the mainchain left the anchor  M mends, "
            "or :write-off; F tells"
        )
        rows.append(fit(line((words, f"bold {look.error}")), width))
    return rows


def draw_alarm(breach: BreachView, width: int, look: Palette = DARK) -> Text:
    """Which sum or order failed, and what to do."""
    words = (
        f" {BROKEN} {breach.invariant} broken on {breach.chain}, main "
        f"{breach.main_height}, block {breach.side_height}: {breach.detail}  "
        "space goes on"
    )
    return fit(line((words, f"bold {look.error}")), width)


def _length(parts: list[tuple[int, str, str]]) -> int:
    return sum(len(words) for _, words, _ in parts)


def _pace(view: HeaderView) -> str:
    if view.failed:
        return f"{STILL} stopped"
    return f"{STILL} paused" if view.paused else f"{PLAY} {view.pace}"


def _in_flight(view: HeaderView) -> str:
    return f"  {view.n_in_flight} in flight"


def _failed(view: HeaderView) -> str:
    return f"  {view.n_failed} failed {BROKEN}" if view.n_failed else ""


def _down(view: HeaderView) -> str:
    return f"  {plural(view.n_down, 'validator')} down" if view.n_down else ""


def _faults(view: HeaderView) -> str:
    return f"  {plural(view.n_faults, 'fault')}" if view.n_faults else ""


def _verdict(view: HeaderView) -> str:
    if view.breach is not None:
        return f"{BROKEN} {view.breach.invariant} BROKEN"
    return f"books {TICK}" if view.n_audited else "books -"


def _verdict_style(view: HeaderView, look: Palette) -> str:
    if view.breach is not None:
        return f"bold {look.error}"
    return look.good if view.n_audited else look.dim
