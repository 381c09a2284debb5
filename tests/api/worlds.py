"""
A node without a socket: an empty solonet world, works from a file, a clock by hand.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

from devnet.api.app import App, Reply, Request
from devnet.api.node import Node
from devnet.api.stories import Teller
from devnet.commands.launch import make_host
from devnet.commands.options import SideOptions, WorldOptions
from devnet.commands.session import Session
from devnet.engine.interfaces import WorkSource
from tests.engine.support import InstantWorks

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW_S = 1_795_355_000.0
"""A little after the blocks of the stories."""


class StoredWorks(InstantWorks):
    """Real proofs of work, computed once and kept."""

    def __init__(self) -> None:
        held = json.loads((FIXTURES / "works/http-api.json").read_text())
        self.seed = bytes.fromhex(held["seed"])
        self.works = {
            bytes.fromhex(header): bytes.fromhex(work)
            for header, work in held["works"].items()
        }

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        assert seed == self.seed
        return self.works[header_hash]


@cache
def story(name: str) -> dict[str, Any]:
    """One of the recorded stories."""
    found: dict[str, Any] = json.loads(
        (FIXTURES / f"stories/{name}.json").read_text("utf-8")
    )
    return found


class House:
    """An app on an empty world, asked without a socket."""

    def __init__(
        self, works: WorkSource | None = None, profile: str = "solonet",
        *, empty: bool = True, folder: Path | None = None,
        sidechains: tuple[SideOptions, ...] = (), unbond_blocks: int = 400,
    ) -> None:  # fmt: skip
        self.now_s = NOW_S
        options = WorldOptions(profile=profile, empty=empty, sidechains=sidechains,
                               unbond_blocks=unbond_blocks)  # fmt: skip
        self.session = Session(
            make_host(works or InstantWorks()), options, attached=True
        )
        self.node = Node(self.session, folder, now_s=lambda: self.now_s)
        self.app = App(self.node)
        self.teller = Teller(self.app, self.wait)

    def wait(self, seconds: float) -> None:
        """Let time pass on the wall."""
        self.now_s += seconds

    def reply(self, path: str, body: bytes = b"{}", **more: Any) -> Reply:
        """The answer to a request."""
        return asyncio.run(self.app.answer(Request(path, body, **more)))

    def ask(self, path: str, **fields: Any) -> Any:
        """The data of an answer that must be a success."""
        answer = self.told(path, **fields)
        assert answer["status"] == "success", answer
        return answer.get("data")

    def told(self, path: str, **fields: Any) -> dict[str, Any]:
        """A whole answer."""
        found: dict[str, Any] = json.loads(
            self.reply(path, json.dumps(fields).encode()).body
        )
        return found
