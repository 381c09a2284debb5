"""
The same story from the same seed must end in the same bytes: here it is told, and what
came of it printed, so that other processes and other Pythons can be compared.

    python -m tests.engine.tips [SEED] [--real]

prints one line of JSON: the tip of every chain, a digest of the world, one of the whole
event stream. `--real` mines with Tensority (a few seconds on one core) instead of the
cheap function that tests use.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha3_256

from devnet.engine.network import Network, SidechainSpec
from devnet.worker import InProcessWorks
from tests.engine.support import BTM_UNITS, InstantWorks, advance, network, tips


def story(seed: int, works: InstantWorks | InProcessWorks | None = None) -> Network:
    """Deposits, payments, swaps and a new sidechain, at fixed virtual times."""
    net = network(
        (
            SidechainSpec("alpha", "dpos-bbft", "tinydb"),
            SidechainSpec("beta", "poa", "sqlite"),
            SidechainSpec("gamma", "solo", "memory"),
        ),
        works=works,
        seed=seed,
        relay_fee_ppm=1000,
    )
    advance(net, 700)
    net.lock("alice", 250 * BTM_UNITS, "BTM", "alpha")
    net.lock("bob", 40, "GOLD", "beta", to="carol")
    advance(net, 800)
    net.lock("carol", 7 * BTM_UNITS, "BTM", "gamma")
    net.request_swap("gamma", "poa")
    advance(net, 4_600)
    net.transfer_value("alice", "bob", 30 * BTM_UNITS, "BTM", "alpha")
    net.transfer_value("alice", "carol", 20 * BTM_UNITS, "BTM", "alpha")
    net.request_swap("alpha", "solo", validators=("v2", "v4"))
    net.new_sidechain("delta", "dpos-bbft", 7, params={"interval_ms": 200})
    net.lock("alice", 3 * BTM_UNITS, "BTM", "delta")
    advance(net, 14_000)
    return net


def told(net: Network) -> dict[str, object]:
    """What can be compared: tips, the world's digest, the stream's digest."""
    stream = sha3_256()
    for event in net.events:
        stream.update(json.dumps(event.as_dict(), sort_keys=True).encode())
    return {
        "tips": tips(net),
        "digest": net.digest(),
        "events": len(net.events),
        "stream": stream.hexdigest(),
        "stages": {transfer.id: transfer.stage for transfer in net.transfers()},
    }


def main(arguments: list[str]) -> None:
    """Tell the story and print what came of it."""
    seeds = [int(word) for word in arguments if word.isdigit()] or [7]
    works = InProcessWorks() if "--real" in arguments else InstantWorks()
    print(json.dumps(told(story(seeds[0], works)), sort_keys=True))


if __name__ == "__main__":
    main(sys.argv[1:])
