"""The OpenAPI document says what the table routes, and nothing else."""

from __future__ import annotations

import json

import schemathesis

from devnet.api.openapi import PATH, document
from devnet.api.table import TABLE
from tests.api.worlds import House


def test_the_document_is_valid():
    assert schemathesis.openapi.from_dict(document()).validate() is None


def test_every_endpoint_stands_in_it_with_every_field():
    paths = document()["paths"]

    assert sorted(paths) == sorted(f"/{path}" for path in TABLE)
    for path, found in TABLE.items():
        body = paths[f"/{path}"]["post"].get("requestBody")
        assert (body is not None) == found.reads_body
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
