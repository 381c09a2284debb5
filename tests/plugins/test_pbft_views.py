"""What a leader must show when it begins a view, and what the others make of it."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import Final
from devnet.plugins.pbft_proofs import NewView, Shown
from tests.plugins.fakehost import FakeHost
from tests.plugins.pbft_parts import (
    at_view_two,
    begun,
    change,
    committed,
    hear,
    new_view,
    prepared,
    prepares,
    sealed_by,
)


def test_a_new_view_with_the_prepared_block_is_obeyed():
    host, block = at_view_two()
    changes = [
        change(0, 2, begun(host)),
        change(1, 2, begun(host), prepared(block, 1)),
        change(3, 2, begun(host)),
    ]
    state, effects = hear(host, 0, new_view(block.hash, changes), sender=2)
    assert state.view == 2
    assert prepares(effects) == [block.hash]


@pytest.mark.parametrize("named", ["another", "none"])
def test_a_new_view_that_passes_over_the_prepared_block_is_ignored(named: str):
    host, block = at_view_two()
    rival = sealed_by(host, 1, host.nodes[0].chain.tip, begun(host), 1, "rival")
    host.nodes[0].chain.known[rival.hash] = rival
    changes = [
        change(0, 2, begun(host)),
        change(1, 2, begun(host), prepared(block, 1)),
        change(3, 2, begun(host)),
    ]
    hides = new_view(rival.hash if named == "another" else None, changes)
    state, effects = hear(host, 0, hides, sender=2)
    assert state.view == 1 and not prepares(effects)


def spoilt_views(host: FakeHost, block: Any) -> dict[str, tuple[NewView, int]]:
    base, shown = begun(host), prepared(block, 1)
    good = [change(index, 2, base) for index in (0, 1, 3)]
    forged = replace(good[1], signature=b"?")
    stripped = replace(change(1, 2, base, shown), prepared=None)
    unproven = replace(shown, certificate=prepared(block, 2).certificate)
    far = replace(base, block=block.justify, view=9)
    return {
        "not from the leader": (new_view(None, good), 1),
        "too few": (new_view(None, good[:2]), 2),
        "one of them twice": (new_view(None, [*good[:2], good[0]]), 2),
        "a forged one": (new_view(None, [good[0], forged, good[2]]), 2),
        "a stripped one": (new_view(None, [good[0], stripped, good[2]]), 2),
        "for another view": (NewView(6, None, tuple(good)), 2),
        "an unproven block": (
            new_view(block.hash, [*good[:2], change(3, 2, base, unproven)]), 2,
        ),
        "a base of a later view": (new_view(None, [*good[:2], change(3, 2, far)]), 2),
    }  # fmt: skip


@pytest.mark.parametrize("how", spoilt_views(*at_view_two()))
def test_a_new_view_that_proves_nothing_is_ignored(how: str):
    host, block = at_view_two()
    message, sender = spoilt_views(host, block)[how]
    state, effects = hear(host, 0, message, sender)
    assert state.view == 1
    assert not prepares(effects)


def test_of_two_prepared_blocks_the_one_of_the_higher_view_counts():
    host, block = at_view_two()
    rival = sealed_by(host, 2, host.nodes[0].chain.tip, begun(host), 2)
    host.nodes[0].chain.known[rival.hash] = rival
    changes = [
        change(0, 3, begun(host)),
        change(1, 3, begun(host), prepared(block, 1)),
        change(2, 3, begun(host), prepared(rival, 2)),
    ]
    _, old = hear(host, 0, new_view(block.hash, changes), sender=3)
    _, new = hear(host, 0, new_view(rival.hash, changes), sender=3)
    assert prepares(old) == []
    assert prepares(new) == [rival.hash]


def test_a_base_with_a_false_height_is_no_base():
    host, block = at_view_two()
    shown = committed(block, 1)
    lie = replace(shown, block=replace(shown.block, height=9))
    assert hear(host, 0, Shown(lie))[0].base.view == 0
    state, effects = hear(host, 0, Shown(shown))
    assert state.base == shown and Final(block.hash) in effects
