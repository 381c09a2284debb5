"""A session on the real engine, with a proof of work that costs nothing."""

from __future__ import annotations

from devnet.commands.options import WorldOptions
from devnet.commands.session import Host, Session
from devnet.engine.network import Network, WorldConfig
from tests.engine.support import ONE_SOLO, InstantWorks, environment


class Catalogue:
    """The engines and stores that tests name."""

    def engines(self) -> tuple[str, ...]:
        return ("dpos-bbft", "poa", "solo")

    def stores(self) -> tuple[str, ...]:
        return ("memory",)


def real_session(**options: object) -> Session:
    """A session whose worlds have one sidechain, gamma, unless options say more."""
    works = InstantWorks()

    def make_network(options: WorldOptions) -> Network:
        config = WorldConfig(seed=options.seed, sidechains=ONE_SOLO)
        return Network(config, environment(works))

    host = Host(make_network=make_network, works=works, catalogue=Catalogue())
    return Session(host, WorldOptions(**options))  # type: ignore[arg-type]
