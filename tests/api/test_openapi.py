"""The OpenAPI document says what the table routes, and nothing else."""

from __future__ import annotations

import json

import schemathesis

from devnet.api.crossings import ENDPOINTS
from devnet.api.openapi import PATH, document
from devnet.api.sides import SHARED, SIDE_TABLE
from devnet.api.table import TABLE
from tests.api.worlds import House


def test_the_document_is_valid():
    assert schemathesis.openapi.from_dict(document()).validate() is None


def test_every_endpoint_stands_in_it_with_every_field():
    paths = document()["paths"]

    sides = {path: TABLE[path] for path in SHARED} | SIDE_TABLE
    routed = {f"/{path}": found for path, found in TABLE.items()}
    routed |= {f"/sidechain/{{name}}/{path}": one for path, one in sides.items()}
    routed |= {f"/api/v1/federation/{path}": one for path, one in ENDPOINTS.items()}
    assert sorted(paths) == sorted(routed)
    for path, found in routed.items():
        body = paths[path]["post"].get("requestBody")
        assert (body is not None) == bool(found.fields)
        if body is not None:
            asked = body["content"]["application/json"]["schema"]["properties"]
            assert list(asked) == [field.name for field in found.fields]


def test_every_endpoint_says_what_it_does():
    for path in document()["paths"].values():
        assert path["post"]["summary"][-1] in ".?", path


def test_it_is_served_as_it_is():
    reply = House().reply(PATH)

    assert reply.status == 200
    assert json.loads(reply.body) == document()


def test_a_sidechains_refusals_have_vapors_codes():
    schemas = document()["components"]["schemas"]
    main, side = (set(schemas[name]["properties"]["code"]["enum"])
                  for name in ("Refusal", "SideRefusal"))  # fmt: skip

    assert {"BTM704", "BTM717", "BTM749"} <= side and "vote-locked" not in side | main
    assert "BTM708" in main - side and "BTM749" not in main
