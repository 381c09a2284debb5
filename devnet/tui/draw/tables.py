"""The tabs of the dashboard: their names, and rows of balances, mempool, messages."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.text import clock, fit, line, money, short
from devnet.tui.theme import DARK, LINE, LINK, Palette
from devnet.tui.views import MessageView, State, TxView

TABS = ("Events", "Balances", "Mempool", "Messages", "Faults")


def tab_words(n_waiting: int, n_faults: int = 0) -> tuple[str, ...]:
    """The names of the tabs, with what waits and what is broken counted."""
    counts = {"Mempool": n_waiting, "Faults": n_faults}
    return tuple(
        f"{name} {counts[name]}" if counts.get(name) else name for name in TABS
    )


def draw_tabs(
    names: tuple[str, ...],
    active: int,
    width: int,
    look: Palette = DARK,
    *,
    focused: bool = False,
    underlined: bool = False,
) -> Text:
    """The row of tabs, and with `underlined` a second row that marks the active one."""
    row, under = line(), line()
    for index, name in enumerate(names):
        here = index == active
        style = f"bold {look.text}" if here else look.dim
        if here and focused:
            style = f"bold {look.text} on {look.cursor}"
        if here and not underlined:
            style += " underline"
        row.append(" ")
        row.append(name, _clicks(style, index))
        row.append(" ")
        under.append(
            (LINE if here else LINK) * (len(name) + 2),
            look.deposit if here else look.dim,
        )
    if not underlined:
        return fit(row, width)
    under.append(LINK * max(0, width - under.cell_len), look.dim)
    return Text("\n", end="").join([fit(row, width), under])


def _clicks(style: str, index: int) -> str:
    return style


def draw_balance_head(width: int, look: Palette = DARK) -> Text:
    """What the columns of balances are."""
    words = f" {'who':<10} {'chain':<8} {'asset':<6} {'amount':>20}"
    return fit(line((words, f"bold {look.text}")), width)


def balance_rows(state: State) -> tuple[tuple[str, str, str, str], ...]:
    """Rows of (who, chain, asset, amount): people first, then what the peg holds."""
    who_order = {name: index for index, name in enumerate(state.accounts)}
    chain_order = {"main": -1} | {
        lane.name: index for index, lane in enumerate(state.lanes)
    }
    keys = sorted(
        (key for key, amount in state.balances.items() if amount),
        key=lambda key: (
            who_order.get(key[0], 99),
            key[0],
            chain_order.get(key[1], 99),
            key[2],
        ),
    )
    rows = [
        (who, chain, asset, _exact(state, state.balances[who, chain, asset], asset))
        for who, chain, asset in keys
    ]
    for lane in state.lanes:
        for one in lane.books.rows if lane.books else ():
            amount = _exact(state, one.locked, one.asset)
            rows.append((f"fed {lane.name}", "main", one.asset, amount))
    return tuple(rows)


def _exact(state: State, amount: int, asset: str) -> str:
    return money(amount, state.decimals.get(asset, 0), exact=True)


def draw_balance(
    row: tuple[str, str, str, str], width: int, look: Palette = DARK
) -> Text:
    """One row of balances in exactly `width` cells."""
    who, chain, asset, amount = row
    tone = look.main if chain == "main" else look.good
    return fit(
        line(
            (f" {who:<10.10} ", look.federation if who[:4] == "fed " else look.text),
            (f"{chain:<8.8} ", tone),
            (f"{asset:<6.6} ", look.text),
            (f"{amount:>20}", look.text),
        ),
        width,
    )


def draw_waiting(tx: TxView, width: int, look: Palette = DARK) -> Text:
    """One transaction of a mempool in exactly `width` cells."""
    tone = look.main if tx.chain == "main" else look.good
    return fit(
        line(
            (f" {clock(tx.at_ms):<8} ", look.dim),
            (f"{tx.chain:<8.8} ", tone),
            (f"{tx.what:<8.8} ", look.text),
            (short(tx.id), look.dim),
        ),
        width,
    )


def draw_message(
    chain: str, message: MessageView, width: int, look: Palette = DARK
) -> Text:
    """One message of a consensus rule in exactly `width` cells."""
    if message.arrived:
        route = f"{message.validator} < {message.other}"
    else:
        route = f"{message.validator} > {message.other}"
    return fit(
        line(
            (f" {clock(message.at_ms):<8} ", look.dim),
            (f"{chain:<8.8} ", look.good),
            (f"{route:<12} ", look.text),
            (f"{message.what} {message.height}", look.text),
            (f"  round {message.round}", look.dim),
        ),
        width,
    )
