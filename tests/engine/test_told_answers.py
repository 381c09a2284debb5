"""What members answered is read from the stream once, however often it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devnet.engine.events import Event, MemberSigned, PayoutPlanned
from devnet.engine.payoutparts import Told


class Stream(list[Event]):
    """A list that counts the events that were read in bulk."""

    n_read = 0

    def __iter__(self) -> Iterator[Event]:
        raise AssertionError("the whole stream is read")

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        self.n_read += len(found) if isinstance(index, slice) else 0
        return found


def planned(payout: str) -> PayoutPlanned:
    return PayoutPlanned(
        seq=0, at_ms=0, transfer="w1", chain="alpha", withdrawal="aa", payout=payout,
        pin="bb", n_inputs=1,
    )  # fmt: skip


def signed(payout: str, member: str = "fed-1") -> MemberSigned:
    return MemberSigned(
        seq=0, at_ms=0, transfer="w1", chain="alpha", member=member, payout=payout,
        signatures=1, needed=3,
    )  # fmt: skip


def test_each_event_is_read_once_though_the_answers_are_asked_for_a_hundred_times():
    stream, told = Stream(), Told()
    for n in range(100):
        stream.extend([planned("cc"), signed("cc", f"fed-{n % 4}")])
        told = told.followed(stream)
    assert stream.n_read == len(stream) == 200
    assert told.get(("w1", "fed-3")) is not None


def test_an_answer_to_an_older_payout_is_none_to_the_newest():
    told = Told().followed([planned("cc"), signed("cc")])
    assert told.get(("w1", "fed-1")) == signed("cc")
    told = told.followed([planned("cc"), signed("cc"), planned("dd")])
    assert told.get(("w1", "fed-1")) is None
    assert told.get(("w1", "fed-2")) is None


def test_a_stream_that_was_cut_off_and_grew_again_is_read_anew():
    stream: list[Event] = [planned("cc"), signed("cc")]
    told = Told().followed(stream)
    del stream[1:]
    stream.extend([signed("cc", "fed-2"), signed("cc", "fed-3")])
    told = told.followed(stream)
    assert told.get(("w1", "fed-1")) is None
    assert told.get(("w1", "fed-3")) is not None
