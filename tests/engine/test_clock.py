"""The schedule: what happens next, and what comes together."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from devnet.engine.clock import Due, Schedule


@dataclass(frozen=True)
class Word:
    """News for tests."""

    words: tuple[str, ...]

    def joined(self, later: Word) -> Word:
        return Word(self.words + later.words)


def taken(schedule: Schedule) -> list[tuple[int, str, object]]:
    """All entries, in the order in which they happen."""
    found = []
    while (due := schedule.first()) is not None:
        found.append((due.at_ms, due.actor, due.what))
        schedule = schedule.rest()
    assert schedule.rest() == schedule
    return found


def test_entries_come_by_time_and_then_in_the_order_of_asking():
    chance = Random(4)
    asked = [(chance.randrange(20), f"a{n % 3}", n) for n in range(300)]
    schedule = Schedule()
    for at_ms, actor, what in asked:
        schedule = schedule.add(at_ms, actor, what)

    assert taken(schedule) == sorted(asked, key=lambda entry: entry[0])
    assert len(schedule.waiting) == 300
    assert [due.order for due in schedule.waiting if due.at_ms == 3] == sorted(
        due.order for due in schedule.waiting if due.at_ms == 3
    )


def test_a_queue_that_was_added_to_is_as_it_was():
    before = Schedule().add(5, "a", 1)
    after = before.add(5, "b", 2).add(1, "c", 3)

    assert taken(before) == [(5, "a", 1)]
    assert taken(after) == [(1, "c", 3), (5, "a", 1), (5, "b", 2)]


def test_entries_that_are_taken_out_leave_no_empty_moment():
    schedule = Schedule().add(1, "a", 1).add(2, "a", 2).add(2, "b", 3)

    left = schedule.without(lambda due: due.actor == "a")

    assert left.waiting == (Due(2, 2, "b", 3),)
    assert left.moments == (2,)
    assert left.add(1, "c", 4).waiting[0] == Due(1, 3, "c", 4)


def test_news_of_one_moment_come_together_unless_something_else_is_between():
    schedule = Schedule()
    for actor, word in (("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")):
        schedule = schedule.add_news(7, actor, Word((word,)))
    schedule = schedule.add(7, "a", "a block")
    schedule = schedule.add_news(7, "a", Word(("5",)))
    schedule = schedule.add_news(8, "a", Word(("6",)))

    assert taken(schedule) == [
        (7, "a", Word(("1", "3"))),
        (7, "b", Word(("2", "4"))),
        (7, "a", "a block"),
        (7, "a", Word(("5",))),
        (8, "a", Word(("6",))),
    ]
