"""The federation: books, members, collectors, addresses, withdrawals, epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.engine.errors import DevnetError
from devnet.tui.draw.books import draw_books
from devnet.tui.draw.contract import draw_contract
from devnet.tui.draw.council import draw_collectors, draw_epochs, draw_members
from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.transfers import federation_title
from devnet.tui.frame import Frame, Picked
from devnet.tui.keys import READ_ONLY
from devnet.tui.pegs import peg_views
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.finder import Finder
from devnet.tui.widgets.grid import WithdrawalGrid
from devnet.tui.widgets.lines import TabLine
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of

if TYPE_CHECKING:
    from devnet.engine.federation.contract import Contract

TABS = ("Books", "Members", "Collectors", "Contract", "Withdrawals", "Epochs")
BOOKS, MEMBERS, COLLECTORS, CONTRACT, WITHDRAWALS, EPOCHS = range(len(TABS))
FORMS = {MEMBERS: "member", COLLECTORS: "collector"}
"""What enter opens on a tab."""


class FederationScreen(DevnetScreen):
    """
    Six tabs; left and right turn them. Books and withdrawals are of all sidechains, the
    others of one at a time: `[` and `]` choose it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Tab before", show=False),
        Binding("right", "turn(1)", "Next tab", show=False),
        Binding("left_square_bracket", "chain(-1)", "Chain before", show=False),
        Binding("right_square_bracket", "chain(1)", "Next chain", show=False),
        Binding("r", "recipient", "Recipient", show=False),
        *(Binding(str(number), f"go({number})", show=False) for number in range(1, 10)),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("left right", "another tab"),
        ("[ ] 1 to 9", "another sidechain"),
        ("r /", "the contract of the next recipient; of one that is typed"),
        ("enter", "on a withdrawal: where it is and who signed"),
        ("enter", "on members, collectors: stand, vote, leave, off, on"),
        ("y", "copy the contract's address, or the payout's id"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.tab, self.chain, self.who = BOOKS, "", "alice"
        self._reason = ""
        self._contract: Contract | None = None
        self._before: Contract | None = None
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        tabs = TabLine()
        tabs.names = TABS
        yield tabs
        yield Page(id="federation-page", classes="first")
        yield WithdrawalGrid(id="grid")
        yield Finder("for", "an account, an address, or a claim script in hex")

    def on_mount(self) -> None:
        self._turn_to(BOOKS)

    # Drawing.

    def show_body(self, frame: Frame) -> None:
        state, look = frame.state, look_of(self)
        lanes = [lane.name for lane in state.lanes]
        if self.chain not in lanes:
            self.chain = lanes[0] if lanes else ""
            self._contract = self._before = None
        tips = tuple((lane.tip, lane.final_height, lane.books) for lane in state.lanes)
        shown = (
            self.tab, self.chain, self.who, self._reason, state.main.tip, tips,
            state.transfers, state.breach, frame.frozen, state.n_holders, look,
        )  # fmt: skip
        if shown == self._shown:
            return
        self._shown = shown
        self.query_one(TabLine).active = self.tab
        grid, page = self.query_one(WithdrawalGrid), self.query_one(Page)
        # By class: a window too small hides what is shown by hand.
        grid.set_class(self.tab != WITHDRAWALS, "-aside")
        page.set_class(self.tab == WITHDRAWALS, "-aside")
        page.border_title = grid.border_title = federation_title(state, look)
        if self.tab == WITHDRAWALS:
            grid.show_stories(self._network().withdrawals(), state.decimals)
        else:
            page.show_drawing(self._drawing(frame))

    def _drawing(self, frame: Frame) -> Callable[[int], list[Text]]:
        """What the tab in front shows. Facts are asked for once, not at each width."""
        look, network, state = look_of(self), self._network(), frame.state
        if self.tab == BOOKS:
            pegs = peg_views(network, state, frame.frozen)
            return lambda width: draw_books(pegs, width, look)
        if not self.chain:
            words = "No sidechain yet: c makes one, and then there is a federation."
            return lambda width: wrapped(words, width, look.dim)
        if self.tab == CONTRACT:
            return self._contract_drawing()
        facts, names = network.council(self.chain), network.asset_name
        decimals = state.decimals
        if self.tab == MEMBERS:
            return lambda width: draw_members(facts, width, look)
        if self.tab == COLLECTORS:
            known = network.collector_locks()
            return lambda width: draw_collectors(
                facts, width, look, decimals=decimals, asset_name=names, known=known
            )
        lane = state.lane(self.chain)
        signed = lane.handover if lane is not None else ()
        return lambda width: draw_epochs(
            facts, width, look, decimals=decimals, asset_name=names, signed=signed
        )

    def _contract_drawing(self) -> Callable[[int], list[Text]]:
        """The contract, and what differs from the one that was looked at before."""
        look, network = look_of(self), self._network()
        reason = self._reason
        try:
            contract = network.contract(self.chain, self.who or None)
        except DevnetError as error:
            reason, contract = f"{error.message} {error.hint}", self._contract
        if contract is None:
            return lambda width: wrapped(reason, width, look.now)
        if contract != self._contract:
            self._before, self._contract = self._contract, contract
        before, names = self._before, network.member_names()
        chain, who = self.chain, self.who

        def drawing(width: int) -> list[Text]:
            rows = draw_contract(
                contract, width, look, chain=chain, who=who, names=names, before=before
            )
            return [*wrapped(reason, width, look.now), *rows] if reason else rows

        return drawing

    def _network(self) -> Any:
        return self.devnet.session.network

    # Keys.

    def picked(self) -> Picked:
        grid = self.query_one(WithdrawalGrid)
        if self.tab == WITHDRAWALS:
            return grid.picked()
        if self.tab != CONTRACT or self._contract is None:
            return Picked(chain=self.chain)
        who = f" --for {self.who}" if self.who else ""
        return Picked(
            chain=self.chain,
            copy_what=f"address for {self.who or 'the treasury'} on {self.chain}",
            copy_text=self._contract.address,
            command=f"federation {self.chain}{who}",
        )

    def action_turn(self, by: int) -> None:
        """Another tab."""
        self._turn_to((self.tab + by) % len(TABS))

    def on_tab_line_turned(self, message: TabLine.Turned) -> None:
        # A message may be older than the last key.
        now = self.query_one(TabLine).active
        if message.index == now != self.tab:
            self._turn_to(message.index)

    def _turn_to(self, tab: int) -> None:
        self.tab = tab
        self.devnet.draw_now()
        (self.query_one(WithdrawalGrid if tab == WITHDRAWALS else Page)).focus()

    def action_chain(self, by: int) -> None:
        """Another sidechain."""
        names = [lane.name for lane in self.devnet.driver.state.lanes]
        if names:
            self.chain = names[(names.index(self.chain) + by) % len(names)]
            self.devnet.draw_now()

    def action_go(self, number: int) -> None:
        """A sidechain by its place."""
        names = [lane.name for lane in self.devnet.driver.state.lanes]
        if number > len(names):
            self.devnet.toast(f"there is no sidechain {number}")
            return
        self.chain = names[number - 1]
        self.devnet.draw_now()

    def action_recipient(self) -> None:
        """The contract of the next account; after the last one the treasury's."""
        accounts = [*self.devnet.driver.state.accounts, ""]
        at = accounts.index(self.who) if self.who in accounts else -1
        self.who, self._reason = accounts[(at + 1) % len(accounts)], ""
        self._turn_to(CONTRACT)

    def find(self) -> None:
        """Type a recipient."""
        self._turn_to(CONTRACT)
        self.query_one(Finder).open()

    def on_finder_changed(self, message: Finder.Changed) -> None:
        """Show the contract as soon as what is typed names somebody."""
        if not message.needle:
            self._reason = ""
        else:
            try:
                self._network().contract(self.chain, message.needle)
                self.who, self._reason = message.needle, ""
            except DevnetError as error:
                self._reason = error.message
        self.devnet.draw_now()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        if isinstance(message.rows, WithdrawalGrid):
            self.devnet.open_transfer(message.rows.transfer_at(message.index))
        elif self.tab in FORMS and self.chain:
            if self.devnet.session.read_only:
                self.devnet.toast(READ_ONLY)
            else:
                verb = FORMS[self.tab]
                self.devnet.push_named("form", verb=verb, chain=self.chain)

    def action_back(self) -> None:
        if self.query_one(Finder).display:
            self.query_one(Finder).close()
        else:
            self.devnet.back()
