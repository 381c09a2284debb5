"""
`devnet serve` as its callers meet it: a process of its own, asked over a socket.

Each bound is a span of wall time, so the yardstick is that span itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from devnet.bench.measure import (
    MEMORY,
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    load_average,
)

READY_S, FIRST_TRANSFER_S = 0.5, 0.1
REQUESTS_PER_S, TRANSFERS_PER_S = 1000, 100
N_REQUESTS, N_TRANSFERS, N_MANY = 500, 100, 10_000
MOST_MIB = 500.0
END_WITHIN_S = 10.0
STATUS = "/proc/{}/status"


class Served:
    """A devnet that serves, and one connection to it that stays open."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, path: str, **fields: Any) -> Any:
        """The data of an answer. Raises BenchWrong: it is a refusal."""
        self._connection.request("POST", f"/{path}", json.dumps(fields).encode())
        answer = json.loads(self._connection.getresponse().read())
        if answer["status"] != "success":
            raise BenchWrong(f"/{path}: {answer.get('error_detail', answer)}")
        return answer.get("data")

    def transfer(self, address: str) -> str:
        """Build, sign and submit a payment of alice's. Returns its id."""
        template = self.ask(
            "build-transaction",
            actions=[
                {
                    "type": "spend_account", "account_alias": "alice",
                    "asset_alias": "BTM", "amount": 30_000_000,
                    "use_unconfirmed": True,
                },
                {
                    "type": "control_address", "asset_alias": "BTM",
                    "amount": 10_000_000, "address": address,
                },
            ],
        )  # fmt: skip
        signed = self.ask("sign-transaction", password="devnet", transaction=template)
        raw = signed["transaction"]["raw_transaction"]
        return str(self.ask("submit-transaction", raw_transaction=raw)["tx_id"])

    def receiver(self) -> str:
        """An address of bob's."""
        return str(self.ask("create-account-receiver", account_alias="bob")["address"])

    def memory_mib(self) -> float:
        """What the process holds now. Raises BenchUnable: nobody tells here."""
        path = Path(STATUS.format(self.process.pid))
        if not path.exists():
            raise BenchUnable("the memory of another process is read from /proc")
        lines = path.read_text().splitlines()
        held = next(line for line in lines if line.startswith("VmRSS"))
        return int(held.split()[1]) / 1024


@contextmanager
def served() -> Iterator[tuple[Served, float]]:
    """A devnet that serves, and the seconds from its start to its ready line."""
    environment = dict(os.environ)
    # People let Python keep what it compiled; so must whoever measures for them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "devnet", "serve", "--port", "0"]
    began_s = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready_s = time.perf_counter() - began_s
        if not line:
            raise BenchUnable("devnet serve ended before it was ready")
        port = int(json.loads(line)["mainchain"].rpartition(":")[2])
        yield Served(process, port), ready_s
    finally:
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ready_line(n_pairs: int) -> Measured:
    """From the start of the process to its ready line, on a warm machine."""
    with served():
        pass
    spent_s = []
    for _ in range(n_pairs):
        with served() as (_, ready_s):
            spent_s.append(ready_s)
    return _against(READY_S, spent_s)


def first_transfer(n_pairs: int) -> Measured:
    """From the ready line to a funded transfer in the pool."""
    spent_s = []
    for _ in range(n_pairs):
        with served() as (node, _):
            began_s = time.perf_counter()
            node.transfer(node.receiver())
            spent_s.append(time.perf_counter() - began_s)
    return _against(FIRST_TRANSFER_S, spent_s)


def simple_requests(n_pairs: int) -> Measured:
    """One get-block-count after another on one connection, while the world lives."""
    with served() as (node, _):
        node.ask("get-block-count")
        spent_s = []
        for _ in range(n_pairs):
            began_s = time.perf_counter()
            for _ in range(N_REQUESTS):
                node.ask("get-block-count")
            spent_s.append((time.perf_counter() - began_s) / N_REQUESTS)
    return _against(1 / REQUESTS_PER_S, spent_s, "requests_per_s")


def transfers(n_pairs: int) -> Measured:
    """Build, sign and submit, one transfer after another."""
    with served() as (node, _):
        address = node.receiver()
        node.transfer(address)
        spent_s = []
        for _ in range(n_pairs):
            began_s = time.perf_counter()
            for _ in range(N_TRANSFERS):
                node.transfer(address)
            spent_s.append((time.perf_counter() - began_s) / N_TRANSFERS)
    return _against(1 / TRANSFERS_PER_S, spent_s, "transfers_per_s")


def memory(n_pairs: int, n_transfers: int = N_MANY) -> Measured:
    """What the process holds after many transfers. Measured once: it takes long."""
    with served() as (node, _):
        before_mib, address = node.memory_mib(), node.receiver()
        for _ in range(n_transfers):
            node.transfer(address)
        after_mib = node.memory_mib()
    facts = {"transfers": n_transfers, "mib_before": round(before_mib)}
    pairs = Pairs((after_mib,), (MOST_MIB,))
    return Measured(pairs, MEMORY, Target(1.0), facts)


def _against(bound_s: float, spent_s: list[float], rate: str = "") -> Measured:
    facts: dict[str, object] = {"load_average": load_average()}
    if rate:
        facts[rate] = round(1 / median(spent_s))
    pairs = Pairs(tuple(spent_s), (bound_s,) * len(spent_s))
    return Measured(pairs, "wall", Target(1.0), facts)


SUBJECTS = (
    Subject("ready", "ready line of devnet serve", "0.5 s", ready_line),
    Subject("first-transfer", "first transfer after it", "0.1 s", first_transfer),
    Subject("requests", "a simple request over HTTP", "1/1000 s", simple_requests),
    Subject("transfers", "build, sign, submit over HTTP", "1/100 s", transfers),
    Subject("http-memory", "memory after 10,000 transfers", "500 MiB", memory),
)
