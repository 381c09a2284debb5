"""The early Vapor part of dpos.json: slots, irreversible blocks, elections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devnet.conformance.fields import Case
from devnet.conformance.values import BadCase, as_number
from devnet.plugins import early_dpos


def rows(case: Case, answer: Callable[[int], Sequence[int]]) -> None:
    """Rows of integers: a question, then the answers."""
    for index, row in enumerate(case.items("rows")):
        place = f"rows[{index}]"
        if not isinstance(row, list) or not row:
            raise BadCase(f"{case.place}.{place} is not a list of integers")
        numbers = [as_number(item, f"{case.place}.{place}") for item in row]
        case.same(place, numbers[1:], list(answer(numbers[0])))


def slots(case: Case) -> None:
    """Rows are time, round and delegate."""
    start = case.number("start")
    where = start, case.number("interval", 1), case.number("delegates", 1)

    def answer(time_s: int) -> tuple[int, int]:
        return (
            early_dpos.round_index(time_s, *where),
            early_dpos.slot_index(time_s, *where),
        )

    rows(case, answer)


def irreversible(case: Case) -> None:
    n_delegates = case.number("delegates")
    memory = early_dpos.RoundHeights()
    for row in case.each("rows"):
        height = row.number("first_height_of_round")
        memory, became = memory.after(height, n_delegates)
        row.expect("became_irreversible", became)


class EarlyVotes:
    """Elections of one file, whose addresses have short names."""

    def __init__(self, addresses: object) -> None:
        found = addresses if isinstance(addresses, dict) else {}
        self._addresses = {k: v for k, v in found.items() if isinstance(v, str)}
        self._short = {text: name for name, text in self._addresses.items()}

    def election(self, case: Case) -> None:
        """As the reference did it, and whether the corrected rule agrees."""
        ballots = [
            early_dpos.Ballot(as_reference=True), early_dpos.Ballot(as_reference=False),
        ]  # fmt: skip
        for step in case.each("ops"):
            done = [self._act(ballot, step) for ballot in ballots]
            ballots = [ballot for ballot, _ in done]
            if step.text("op") != "balance":
                step.expect("ok", done[0][1])
        n_seats, least = case.number("max_delegates"), case.number("min_hold")
        as_reference, corrected = (
            early_dpos.elect(ballot, n_seats, least) for ballot in ballots
        )
        self._compare(case, as_reference)
        if as_reference.seats() != corrected.seats():
            seats = [f"{name} {weight}" for name, weight in self._named(corrected)]
            case.remark(
                f"{case.place}: the reference keeps the names before a failing one; "
                f"a failing vote has no effect here, which elects {', '.join(seats)}"
            )

    def _act(
        self, ballot: early_dpos.Ballot, step: Case
    ) -> tuple[early_dpos.Ballot, bool]:
        who, kind = self._address(step, step.any("addr")), step.text("op")
        if kind == "balance":
            return ballot.paid(who, step.number("delta")), True
        if kind == "register":
            return ballot.register(who, step.text("name"))
        to = [self._address(step, name) for name in step.items("to")]
        if kind == "vote":
            return ballot.approve(who, to)
        if kind == "cancel":
            return ballot.withdraw(who, to)
        raise BadCase(f"{step.place}.op: {kind!r} is not known here")

    def _compare(self, case: Case, elected: early_dpos.Elected) -> None:
        got = self._named(elected)
        if case.any("reference_is_not_deterministic", False) is not True:
            case.expect("elected", got)
            return
        # A hash map's order is among those that the rule without an order allows.
        case.expect("elected", None)
        allowed = {self._short.get(address) for address in elected.candidates}
        n_voted, last = len(elected.voted), len(got) - 1
        for index, seen in enumerate(case.items("results_seen")):
            place = f"results_seen[{index}]"
            if not _is_seats(seen):
                raise BadCase(f"{case.place}.{place} is not a list of [name, weight]")
            case.same(f"{place}, with votes", seen[:n_voted], got[:n_voted])
            case.same(f"{place}, at the end", seen[last:], got[last:])
            filled = seen[n_voted:last]
            names = {name for name, weight in filled if weight == 0}
            good = len(names) == len(filled) == elected.fill and names <= allowed
            case.same(f"{place}, without votes", True, good)
        chosen = ", ".join(str(name) for name, _ in got[n_voted:last])
        case.remark(
            f"{case.place}: the reference takes delegates without votes in the order "
            f"of a hash map; here the address decides, which elects {chosen}"
        )

    def _named(self, elected: early_dpos.Elected) -> list[list[object]]:
        seats: list[list[object]] = [
            [self._short.get(address, address), weight]
            for address, weight in elected.seats()
        ]
        return [*seats, ["super", early_dpos.BOOTSTRAP_VOTES]]

    def _address(self, step: Case, name: object) -> str:
        if not isinstance(name, str) or name not in self._addresses:
            raise BadCase(f"{step.place}: {name!r} is not in addresses")
        return self._addresses[name]


def _is_seats(value: object) -> bool:
    """Names with weights?"""
    return isinstance(value, list) and all(
        isinstance(seat, list) and len(seat) == 2 and isinstance(seat[0], str)
        for seat in value
    )
