"""Changed copies: as `dataclasses.replace` makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from devnet.engine.clock import Due
from devnet.engine.copies import changed
from devnet.engine.events import TxQueued


def test_a_changed_copy_is_what_replace_makes():
    due = Due(5, 1, "a", "what")
    queued = TxQueued(chain="beta", id="00", what="payment")

    assert changed(due, at_ms=6, what=None) == replace(due, at_ms=6, what=None)
    assert changed(due) == due
    assert changed(due) is not due
    assert changed(queued, seq=4) == replace(queued, seq=4)
    assert (due.at_ms, queued.seq) == (5, -1)


def test_a_field_that_there_is_not_is_refused():
    with pytest.raises(AttributeError):
        changed(Due(5, 1, "a", "what"), at_s=6)


def test_what_computes_when_it_is_made_is_refused():
    @dataclass(frozen=True, slots=True)
    class Sum:
        parts: tuple[int, ...]

        def __post_init__(self) -> None:
            assert self.parts

    with pytest.raises(TypeError):
        changed(Sum((1,)), parts=())
