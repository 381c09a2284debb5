"""
A pytest fixture: a devnet for each test, new every time, at no cost.

    def test_a_deposit_arrives(devnet):
        deposit = devnet.lock("alice", 5, "BTM", "alpha")
        devnet.wait(deposit)
        assert devnet.balance("alice", "alpha", "BTM").units == 5 * 10**8

A world is made once for all tests that want one like it; after each test it goes back
to its first state, which is a reference and costs less than a millisecond. Nothing of
the devnet is loaded before a test asks for the fixture.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from devnet.library import Devnet

MOST_WORLDS = 8
"""Worlds of different options that are kept for the next test."""
DEFAULTS = {
    "seed": ("42", "where all chance comes from"),
    "sidechains": ("alpha:poa", "as on the command line; none for no sidechain"),
    "depth": ("1", "mainchain blocks that bury a deposit"),
    "profile": ("fast", "fast or solonet"),
    "work": ("instant", "instant: proof of work costs nothing; real: Tensority"),
}
"""The world that the fixture gives: small, so that a thousand tests take a minute."""


class Worlds:
    """The devnets of a test run, by their options."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Devnet] = OrderedDict()

    def take(self, options: dict[str, Any]) -> Devnet:
        """A devnet in its first state."""
        from devnet.library import Devnet

        key = repr(sorted(options.items()))
        net = self._held.pop(key, None) or Devnet(**options)
        self._held[key] = net
        while len(self._held) > MOST_WORLDS:
            self._held.popitem(last=False)[1].close()
        return net

    def give_back(self, net: Devnet) -> None:
        """A test is over: the next one finds it new, or does not find it at all."""
        try:
            net.renew()
        except Exception:
            for key, held in tuple(self._held.items()):
                if held is net:
                    del self._held[key]
            net.close()

    def close(self) -> None:
        """End all of them."""
        while self._held:
            self._held.popitem()[1].close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the ini file: devnet_seed, devnet_sidechains and so on."""
    for name, (default, meaning) in DEFAULTS.items():
        parser.addini(f"devnet_{name}", f"of the fixture devnet: {meaning}", "string",
                      default)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "devnet(sidechains='alpha:poa', depth=1, ...): the world that the fixture "
        "devnet gives; any argument of devnet.Devnet",
    )


@pytest.fixture(scope="session")
def devnet_worlds() -> Iterator[Worlds]:
    """Every world that a test asked for."""
    worlds = Worlds()
    yield worlds
    worlds.close()


@pytest.fixture
def devnet(request: pytest.FixtureRequest, devnet_worlds: Worlds) -> Iterator[Devnet]:
    """A devnet in its first state; what the test does to it is undone afterwards."""
    net = devnet_worlds.take(_options(request))
    yield net
    devnet_worlds.give_back(net)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of the ini file, then of the markers, the one nearest to the test last."""
    found: dict[str, Any] = {
        name: request.config.getini(f"devnet_{name}") for name in DEFAULTS
    }
    for mark in reversed(list(request.node.iter_markers("devnet"))):
        found |= mark.kwargs
    for name in ("seed", "depth"):
        found[name] = int(found[name])
    return found
