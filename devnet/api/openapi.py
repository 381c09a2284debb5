"""
The interface as an OpenAPI document, made from the table that routes.

Names match without regard to case and unknown ones are ignored; a schema cannot say
that, and needs not to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from devnet import __version__
from devnet.api.refusals import MESSAGES
from devnet.api.table import TABLE, Endpoint

PATH = "/openapi.json"
_ABOUT = (
    "Bytom's HTTP interface as this devnet serves it. Every call is a POST with a JSON "
    "object, also where nothing is asked; answers come in one envelope. A refusal is "
    "HTTP 200 with status fail, one of Bytom's codes and words; what cannot be "
    "understood is HTTP 400, 401, 408 or 500."
)
_STATUSES = {
    "400": "the body is not what the endpoint takes",
    "401": "the caller has no good access token",
    "408": "the body did not come in time",
    "500": "there is no such path",
}
_MARKS = {
    "must": "Bytom",
    "nice": "Bytom",
    "extra": "Devnet",
}


@cache
def document() -> dict[str, Any]:
    """The document, OpenAPI 3.1. Nobody changes it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bystack devnet",
            "version": __version__,
            "description": _ABOUT,
        },
        "paths": {
            f"/{path}": {"post": _operation(TABLE[path])} for path in sorted(TABLE)
        },
        "components": {
            "schemas": {
                "Success": _object(
                    {"status": {"const": "success"}, "data": {}}, ["status"]
                ),
                "Refusal": _failure("error_detail"),
                "Failure": _failure("detail", {"temporary": {"type": "boolean"}}),
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "basic"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(found: Endpoint) -> dict[str, Any]:
    done = found.summary
    if found.answer:
        done += f" The data: {found.answer}."
    facts: dict[str, Any] = {
        "operationId": found.path,
        "summary": found.summary,
        "tags": [_MARKS[found.mark]],
        "responses": {
            "200": _answer(done, {"oneOf": [_ref("Success"), _ref("Refusal")]}),
            **{
                status: _answer(why, _ref("Failure"))
                for status, why in _STATUSES.items()
            },
        },
    }
    if found.reads_body:
        properties = {
            field.name: field.kind.schema
            | ({"description": field.note} if field.note else {})
            for field in found.fields
        }
        facts["requestBody"] = {
            "content": {"application/json": {"schema": _object(properties, [])}}
        }
    return facts


def _answer(why: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": why,
        "content": {"application/json": {"schema": schema}},
    }


def _failure(detail: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {
        "status": {"const": "fail"},
        "code": {"type": "string", "enum": sorted(MESSAGES)},
        "msg": {"type": "string"},
        detail: {"type": "string"},
        **(more or {}),
    }
    return _object(properties, list(properties))


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": "object", "properties": properties}
    return facts | ({"required": required} if required else {})


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
