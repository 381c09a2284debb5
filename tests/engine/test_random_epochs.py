"""
Elections, deposits to any epoch, withdrawals, forks of the mainchain, members who come
and go, in any order: all sums hold at every step, and in the end nothing is left over.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from devnet.engine.bc.electoral import MEMBER_ROLE
from devnet.engine.errors import DevnetError
from devnet.engine.network import Network, SidechainSpec
from tests.engine.support import (
    BTM_UNITS,
    deliver,
    hurry,
    main_block,
    mine_branch,
    network,
    run,
)
from tests.engine.test_epochs import (
    always_balanced,
    deposit_at,
    facts,
    old_program,
    settled,
)

PEOPLE = ("alice", "bob", "carol")
MEMBERS = ("fed-1", "fed-2", "fed-3", "fed-4", *PEOPLE)
ENGINES = ("solo", "poa", "dpos-bbft", "pow", "pbft")


def act(net: Network, rng: random.Random, paid: list[str]) -> None:
    """Somebody does something; much of it is refused, and then nothing happened."""
    who, other = rng.choice(PEOPLE), rng.choice(PEOPLE)
    amount = rng.randrange(1, 30 * BTM_UNITS)
    match rng.randrange(12):
        case 0 | 1:
            net.register_validator(who, "alpha", 100 * BTM_UNITS, MEMBER_ROLE)
        case 2:
            net.leave_validators(who, "alpha", MEMBER_ROLE)
        case 3 | 4 | 5:
            candidate = rng.choice(MEMBERS)
            net.vote(who, candidate, amount + BTM_UNITS, "alpha", MEMBER_ROLE)
        case 6:
            net.unvote(who, other, amount, "alpha", MEMBER_ROLE)
        case 7 | 8:
            paid.append(net.withdraw(who, amount, "BTM", "alpha", other))
        case 9:
            epoch = rng.randrange(facts(net)["epoch"] + 1)
            deposit_at(net, old_program(net, who, epoch), amount)
        case 10:
            switch_on(net)
            net.switch_member(rng.choice(net.world.members).name, off=True)
        case 11:
            n_lost = rng.randrange(1, 3)
            fork = main_block(net, net.main_height() - n_lost)
            deliver(net, *mine_branch(net, fork, n_lost + 1))


def switch_on(net: Network) -> None:
    """Nobody's machine stands still."""
    for member in net.world.members:
        net.switch_member(member.name, off=False)


def live(seed: int) -> Network:
    """A world in which sixty things happen, and then all members are on."""
    rng, paid = random.Random(seed), list[str]()
    net = network(
        (SidechainSpec("alpha", ENGINES[seed % len(ENGINES)]),),
        seed=seed,
        federation_blocks=rng.choice((8, 12, 20)),
        collector_blocks=8,
        unbond_blocks=10,
    )
    for who in PEOPLE:
        net.lock(who, 900 * BTM_UNITS, "BTM", "alpha")
    net.lock("alice", 10_000, "GOLD", "alpha")
    with hurry(net):
        run(net, 3000)
        for _ in range(60):
            with suppress(DevnetError):
                act(net, rng, paid)
            assert run(net, rng.choice((200, 1000, 3000))) != "breach", net.events[-1]
        switch_on(net)
        for _ in range(60):
            assert run(net, 3000) != "breach", net.events[-1]
            if settled(net, *paid) and not facts(net)["migrating"]:
                break
    assert settled(net, *paid)
    assert facts(net)["migrating"] == 0
    return net


@pytest.mark.parametrize(
    "seed",
    [*range(3), *(pytest.param(n, marks=pytest.mark.long) for n in range(3, 40))],
)
def test_whatever_happens_every_sum_holds_and_nothing_is_left_behind(seed: int):
    net = live(seed)
    assert facts(net)["epoch"] > 0
    assert always_balanced(net)
