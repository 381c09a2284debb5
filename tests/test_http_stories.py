"""
The stories recorded from real nodes, told to ours step by step.

What does not go as recorded stands in a list with its reason. A step that leaves the
list must be taken out of it, so it can only shrink.
"""

from __future__ import annotations

import asyncio
import base64
import json
from random import Random

import pytest

from devnet.__main__ import main
from devnet.api.app import Request
from devnet.api.table import TABLE
from devnet.engine.chain.coins import Coin
from devnet.engine.tensority import work
from devnet.wallet.coins import choose, ordered
from devnet.wallet.unstable import go_sorted
from tests.api.worlds import House, StoredWorks, story
from tests.engine.support import InstantWorks

DIFFERENT: dict[str, list[int]] = {}


@pytest.fixture(scope="module")
def told():
    house = House(StoredWorks())

    async def tell_all():
        return [await house.teller.tell(step) for step in story("http-api")["steps"]]

    return asyncio.run(tell_all())


def test_the_long_story_goes_as_on_the_real_node(told):
    different = {one.number: one.differences[:2] for one in told if not one.passed}
    wanted = sorted(number for numbers in DIFFERENT.values() for number in numbers)

    assert different == {number: different.get(number) for number in wanted}
    assert len(told) == 331 and sorted(different) == wanted


def test_the_kept_works_are_the_real_ones():
    works = StoredWorks()
    header = Random(3).choice(sorted(works.works))

    assert work(header, works.seed) == works.works[header]


@pytest.mark.parametrize("case", story("http-api-asset-definitions")["cases"])
def test_an_asset_is_defined_with_the_same_bytes(case):
    house = House()
    made = house.reply("/create-asset", case["request_raw"].encode())

    if case["http_status"] != 200:
        # Its words name types of another language.
        wanted = json.loads(case["response_raw"])
        got = json.loads(made.body)
        assert (made.status, got.pop("detail")[:5]) == (400, wanted.pop("detail")[:5])
        assert got == wanted
        return
    assert made.body.decode() == case["response_raw"]
    if case["get_asset_raw"]:
        asked = json.dumps({"id": case["asset_id"]}).encode()
        got = house.reply("/get-asset", asked)
        assert got.body.decode() == case["get_asset_raw"]


def test_the_same_callers_come_in_as_at_the_real_node():
    house = House()
    token = house.ask("/create-access-token", id="good")["token"]
    credentials = {
        "none": "",
        "good": token,
        "bad secret": "good:" + "0" * 64,
        "unknown id": "nobody:" + token.partition(":")[2],
    }
    for case in story("http-api-auth")["cases"]:
        house.node.checks_tokens = not case["auth_disabled"]
        pair = credentials[case["credentials"]]
        local = case["remote"].startswith(("127.", "[::1]"))
        reply = house.reply(
            case["path"],
            who="local" if local else "remote",
            authorization=f"Basic {base64.b64encode(pair.encode()).decode()}"
            if pair
            else "",
        )
        if case["http_status"] == 401:
            assert reply.status == 401 and reply.body.decode().strip() == case["body"]
        else:
            assert reply.status != 401, case


def test_the_same_coins_are_chosen():
    held = story("http-api-coin-selection")
    coins = [
        Coin(bytes.fromhex(one["id"]), b"", 0, b"", one["amount"], b"", 0)
        for one in held["coins"]
    ]
    for case in held["cases"]:
        chosen, total = choose(ordered(coins), case["amount"])
        if "code" in case:
            assert total < case["amount"]
            continue
        assert [coin.id.hex() for coin in chosen] == case["chosen"]
        assert total - case["amount"] == case["change"]


@pytest.mark.parametrize("n_items", [0, 1, 12, 13, 20, 49, 50, 51, 100, 400])
@pytest.mark.parametrize("n_values", [1, 2, 5, 1000])
def test_the_unstable_sort_sorts(n_items, n_values):
    random = Random(n_items * n_values)
    items = [random.randrange(n_values) for _ in range(n_items)]
    for given in (items, sorted(items), sorted(items, reverse=True)):
        assert go_sorted(given, lambda a, b: a > b) == sorted(given, reverse=True)


def test_every_endpoint_that_a_real_client_calls_is_there():
    called = {
        one["path"].removeprefix("/")
        for client in story("http-api-clients")["clients"]
        for one in client["endpoints"]
    }
    assert called - set(TABLE) == set()


@pytest.mark.parametrize("client", story("http-api-clients")["clients"],
                         ids=lambda client: client["client"])  # fmt: skip
def test_what_a_real_client_sends_is_understood(client):
    house = House(InstantWorks())
    for one in client["endpoints"]:
        body = (one.get("example_body") or "").encode()
        wanted = {int(status.partition(" ")[0]) for status in one["status"]}
        if body and not is_whole(body):
            continue  # The recording cut it.
        reply = asyncio.run(house.app.answer(Request(one["path"], body)))
        assert reply.status in {*wanted, 200}, (one["path"], reply.body)
        if wanted == {200}:
            assert reply.status == 200, (one["path"], body[:200], reply.body)


def test_conformance_tells_a_story_and_finds_what_was_changed(tmp_path, capsys):
    steps = json.loads(json.dumps(story("http-api")["steps"][:44]))
    steps[2]["response"]["data"]["block_count"] = 7
    (tmp_path / "story.json").write_text(json.dumps({"steps": steps}))
    (tmp_path / "vapor.json").write_text(json.dumps(story("http-api-vapor")))
    (tmp_path / "words.json").write_text(json.dumps(story("http-api-websocket")))

    assert main(["conformance", str(tmp_path)]) == 1

    said = capsys.readouterr().out
    assert "story.json 43/44\n  steps[3] /get-block-count" in said
    assert "vapor.json 0/35\n  not run: " in said
    assert "words.json 28/28" in said


@pytest.mark.parametrize(
    "story",
    [
        {"steps": [{"endpoint": "/net-info", "http_status": 200, "response": {}}]},
        {"log": [{"conn": "a", "dir": "recv", "frame": {"notification_type": "x"}}]},
        {"cases": [{"credentials": "good", "path": "/", "http_status": 401}]},
        {"steps": [{"n": 1, "endpoint": "/x", "http_status": 200, "response": []}]},
    ],
)
def test_a_story_of_another_form_fails_in_one_line(tmp_path, capsys, story):
    (tmp_path / "story.json").write_text(json.dumps(story))

    assert main(["conformance", str(tmp_path / "story.json")]) == 1

    assert capsys.readouterr().out.startswith("story.json 0/1\n")


def is_whole(body: bytes) -> bool:
    """Is this a whole JSON text?"""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
