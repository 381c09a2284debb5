"""
Whatever a body says, the answer is well-formed, and a refusal changes nothing.

Bodies are drawn from the OpenAPI document: as it wants them, and as it does not.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from devnet.api.openapi import document
from tests.api.test_controls_http import house_of
from tests.api.worlds import House

SCHEMA = schemathesis.openapi.from_dict(document())
STATUSES = {200, 400, 401, 408}
SEEN = (
    "backup-wallet", "list-access-tokens", "list-transaction-feeds", "get-block-count",
    "list-unconfirmed-transactions", "is-mining", "get-mining-address",
)  # fmt: skip
"""What shows a change of state that a request made."""
SIDE = "/sidechain/{name}/"
SIDE_SEEN = ("get-block-hash", "list-unconfirmed-transactions", "list-account-votes")
DAEMON = "/api/v1/federation/"
N_DEFAULT, N_LONG = 2, 100


@pytest.fixture(scope="module")
def houses():
    """An empty world for the mainchain's paths, and one with value on a sidechain."""
    crossed = house_of("alpha:poa")
    crossed.session.attached = False
    for line in ("speed max", "d = lock alice 9 BTM alpha; wait $d.stage == claimed"):
        assert crossed.session.execute(line).ok
    return House(), crossed


def state_of(house: House) -> list[Any]:
    seen = [f"/{path}" for path in SEEN]
    if house.session.network.sidechain_names():
        seen += [f"/sidechain/alpha/{path}" for path in SIDE_SEEN]
    return [house.reply(path).body for path in seen]


def body_bytes(found: Any) -> bytes:
    if isinstance(found, bytes):
        return found
    if not isinstance(found, dict | list | str | int | float | bool | type(None)):
        return b""
    return json.dumps(found).encode("utf-8", "surrogatepass")


LONG = {"wait": 0, "blocks": 2}
"""Fields that only make an answer late, and the most that they ask for here."""


def hastened(body: Any) -> Any:
    """The same body, without long waits."""
    if not isinstance(body, dict):
        return body
    late = {name for name in LONG if isinstance(body.get(name), int)}
    return {**body, **{name: min(body[name], LONG[name]) for name in late}}


def check(house: House, path: str, body: bytes, query: str) -> None:
    before = state_of(house)

    reply = house.reply(path, body, query=query)

    assert reply.status in STATUSES, (path, body, reply)
    answer = json.loads(reply.body)
    if path.startswith(DAEMON) and reply.status == 200:
        assert (answer["code"], answer.keys()) == (200, {"code", "msg", "data"})
        assert state_of(house) == before
        return
    assert answer["status"] in ("success", "fail")
    if answer["status"] == "success":
        assert set(answer) <= {"status", "data"} and reply.status == 200
        return
    detail = "error_detail" if reply.status == 200 else "detail"
    assert answer["code"].startswith("BTM") and answer["msg"] and detail in answer
    assert "a bug of the devnet" not in answer[detail], (path, body, answer)
    assert state_of(house) == before, (path, body, answer)


def fuzz(houses: tuple[House, House], mode: GenerationMode, n_each: int) -> int:
    """How many requests were made."""
    empty, crossed = houses
    n_made = 0
    for found in SCHEMA.get_all_operations():
        operation = found.ok()
        is_mains = not operation.path.startswith((SIDE, DAEMON))
        path = operation.path.replace("{name}", "alpha")
        if mode is GenerationMode.POSITIVE or operation.body:
            cases = operation.as_strategy(generation_mode=mode)
            n_made += fuzz_one(empty if is_mains else crossed, path, cases, n_each)
    return n_made


def fuzz_one(house: House, path: str, cases: Any, n_each: int) -> int:
    made = []

    @given(cases)
    @settings(
        max_examples=n_each, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        made.append(case)
        query = urlencode(case.query or {}, errors="replace")
        check(house, path, body_bytes(hastened(case.body)), query)

    ask()
    return len(made)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_any_body_gets_a_well_formed_answer(houses, mode):
    assert fuzz(houses, mode, N_DEFAULT) > 150


@pytest.mark.long
def test_twenty_thousand_bodies_get_well_formed_answers(houses):
    n_made = sum(fuzz(houses, mode, N_LONG) for mode in GenerationMode)

    assert n_made >= 20_000, n_made
