"""The benchmark of `devnet serve` asks a real server over a socket."""

from __future__ import annotations

import pytest

from devnet.bench import calling
from devnet.bench.measure import BenchWrong


def test_a_served_devnet_is_measured_from_its_start_to_its_transfers():
    with calling.served() as (node, ready_s):
        before = node.ask("list-unconfirmed-transactions")["total"]
        tx_id = node.transfer(node.receiver())
        waiting = node.ask("list-unconfirmed-transactions")

        assert ready_s > 0 and node.process.poll() is None
        assert tx_id in waiting["tx_ids"] or waiting["total"] < before + 1
        with pytest.raises(BenchWrong):
            node.ask("get-block", block_height=10**6)
    assert node.process.poll() is not None
