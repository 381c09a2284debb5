"""
Whatever a body says, the answer is well-formed, and a refusal changes nothing.

Bodies are drawn from the OpenAPI document: as it wants them, and as it does not.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from devnet.api.openapi import document
from devnet.api.table import TABLE
from tests.api.worlds import House

SCHEMA = schemathesis.openapi.from_dict(document())
STATUSES = {200, 400, 401, 408}
SEEN = (
    "backup-wallet", "list-access-tokens", "list-transaction-feeds", "get-block-count",
    "list-unconfirmed-transactions", "is-mining", "get-mining-address",
)  # fmt: skip
"""What shows a change of state that a request made."""
N_DEFAULT, N_LONG = 4, 200


@pytest.fixture(scope="module")
def house():
    return House()


def state_of(house: House) -> list[Any]:
    return [house.reply(f"/{path}").body for path in SEEN]


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


def check(house: House, path: str, body: bytes) -> None:
    before = state_of(house)

    reply = house.reply(f"/{path}", body)

    assert reply.status in STATUSES, (path, body, reply)
    answer = json.loads(reply.body)
    assert answer["status"] in ("success", "fail")
    if answer["status"] == "success":
        assert set(answer) <= {"status", "data"} and reply.status == 200
        return
    detail = "error_detail" if reply.status == 200 else "detail"
    assert answer["code"].startswith("BTM") and answer["msg"] and detail in answer
    assert "a bug of the devnet" not in answer[detail], (path, body, answer)
    assert state_of(house) == before, (path, body, answer)


def fuzz(house: House, mode: GenerationMode, n_each: int) -> int:
    """How many requests were made."""
    n_made = 0
    for found in SCHEMA.get_all_operations():
        operation = found.ok()
        path = operation.path[1:]
        if mode is GenerationMode.POSITIVE or TABLE[path].reads_body:
            n_made += fuzz_one(
                house, path, operation.as_strategy(generation_mode=mode), n_each
            )
    return n_made


def fuzz_one(house: House, path: str, bodies: Any, n_each: int) -> int:
    made = []

    @given(bodies)
    @settings(
        max_examples=n_each, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        made.append(case)
        check(house, path, body_bytes(hastened(case.body)))

    ask()
    return len(made)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_any_body_gets_a_well_formed_answer(house, mode):
    assert fuzz(house, mode, N_DEFAULT) > 100


@pytest.mark.long
def test_twenty_thousand_bodies_get_well_formed_answers(house):
    n_made = sum(fuzz(house, mode, N_LONG) for mode in GenerationMode)

    assert n_made >= 20_000, n_made
