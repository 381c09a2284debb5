"""What a long life must not pile up: copies of what is there already."""

from __future__ import annotations

import pytest

from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import SidechainSpec
from devnet.engine.once import once
from tests.engine.support import deposit, network, run_blocks


class Counted:
    n_computed = 0

    @once
    def answer(self) -> int:
        """Words about it."""
        self.n_computed += 1
        return 42


def test_what_is_computed_once_is_computed_when_it_is_asked_for_and_never_again():
    one, two = Counted(), Counted()

    assert one.n_computed == 0
    assert (one.answer, one.answer) == (42, 42)
    assert (one.n_computed, two.n_computed) == (1, 0)
    assert Counted.answer.__doc__ == "Words about it."


@pytest.fixture(scope="module")
def lived():
    net = network((SidechainSpec("alpha", "dpos-bbft"),))
    run_blocks(net, "alpha", 12)
    return net


def test_events_hold_the_validators_own_names_and_no_copies(lived):
    names = [event.validator for event in lived.events if hasattr(event, "validator")]

    assert len(names) > 100
    assert len({id(name) for name in names}) == len(set(names))


def test_a_block_that_was_stored_keeps_its_parts_and_not_its_bytes_too(lived):
    side = lived.world.sidechain("alpha")
    entry = side.tree[side.head]

    assert entry.block.raw == entry.block.raw
    assert not any(
        isinstance(value, bytes) and len(value) > 100
        for part in (entry.block, entry.block.header)
        for value in vars(part).values()
    )


def test_every_output_to_a_lock_program_is_kept_and_found_by_its_id():
    net = network()
    names = [deposit(net, 10**8, "BTM", "gamma") for _ in range(3)]
    locks = [net.world.transfers[name] for name in names]
    state = net.world.tree[net.world.main_tip].state

    made = list(state.deposits_to(locks[0].lock_program))

    assert [coin.id for coin in made] == [lock.lock_id for lock in locks]
    assert [coin.height for coin in made] == sorted(coin.height for coin in made)
    assert state.deposit(locks[1].lock_program, locks[1].lock_id) is made[1]
    assert state.deposit(locks[1].lock_program, bytes(32)) is None
    assert list(state.deposits_to(b"nobody's")) == []


def test_what_a_program_holds_is_the_same_in_order_and_in_none():
    net = network()
    coins = net.world.tree[net.world.main_tip].state.coins
    program = play_account("alice").program

    assert len(coins.of_program(program)) > 1
    assert set(coins.held_by(program)) == set(coins.of_program(program))
    assert list(coins.held_by(b"nobody's")) == []
