"""
The interface as an OpenAPI document, made from the tables that route.

Names match without regard to case and unknown ones are ignored; a schema cannot say
that, and needs not to.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from devnet import __version__
from devnet.api import crossings
from devnet.api.fields import Field
from devnet.api.refusals import MESSAGES, SIDE_MESSAGES
from devnet.api.sides import PREFIX, SHARED, SIDE_TABLE, VAPORS_CODES
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
        "paths": _paths(),
        "components": {
            "schemas": {
                "Success": _object(
                    {"status": {"const": "success"}, "data": {}}, ["status"]
                ),
                "Refusal": _failure("error_detail"),
                "SideRefusal": _failure("error_detail", codes=_side_codes()),
                "Crossings": _object(
                    {"code": {"const": 200}, "msg": {"type": "string"}, "data": {}},
                    ["code", "msg", "data"],
                ),
                "Failure": _failure("detail", {"temporary": {"type": "boolean"}}),
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "basic"}},
        },
        "security": [{}, {"token": []}],
    }


def _paths() -> dict[str, Any]:
    """All paths: the mainchain's, a sidechain's, the federation daemon's two."""
    sides = {path: TABLE[path] for path in SHARED} | SIDE_TABLE
    return (
        {f"/{path}": {"post": _operation(TABLE[path])} for path in sorted(TABLE)}
        | {
            f"/{PREFIX}{{name}}/{path}": {"post": _side_operation(sides[path])}
            for path in sorted(sides)
        }
        | {
            f"/{crossings.PREFIX}{path}": {"post": _daemon_operation(path)}
            for path in sorted(crossings.ENDPOINTS)
        }
    )


def _operation(found: Endpoint) -> dict[str, Any]:
    done = found.summary
    if found.answer:
        done += f" The data: {found.answer}."
    facts: dict[str, Any] = {
        "operationId": found.path,
        "summary": found.summary,
        "tags": [_MARKS[found.mark]],
        "responses": _responses(
            _answer(done, {"oneOf": [_ref("Success"), _ref("Refusal")]})
        ),
    }
    return facts | _body(found.fields)


def _side_operation(found: Endpoint) -> dict[str, Any]:
    refused = {"oneOf": [_ref("Success"), _ref("SideRefusal")]}
    facts = _operation(found)
    told = facts["responses"]["200"]["description"]
    return facts | {
        "operationId": f"{PREFIX}{found.path}",
        "tags": ["Sidechain"],
        "parameters": [_parameter("path", "name", {"type": "string"}, required=True)],
        "responses": _responses(_answer(told, refused)),
    }


def _daemon_operation(path: str) -> dict[str, Any]:
    one = crossings.ENDPOINTS[path]
    numbers = [_parameter("query", name, {"type": "integer"}) for name in one.query]
    return {
        "operationId": path,
        "summary": (one.handler.__doc__ or "").strip(),
        "tags": ["Federation"],
        "parameters": numbers,
        "responses": _responses(_answer("What was asked for.", _ref("Crossings"))),
        **_body(one.fields),
    }


def _body(fields: tuple[Field, ...]) -> dict[str, Any]:
    if not fields:
        return {}
    properties = {
        field.name: field.kind.schema
        | ({"description": field.note} if field.note else {})
        for field in fields
    }
    content = {"application/json": {"schema": _object(properties, [])}}
    return {"requestBody": {"content": content}}


def _parameter(
    place: str, name: str, schema: dict[str, Any], *, required: bool = False
) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "required": required}


def _responses(good: dict[str, Any]) -> dict[str, Any]:
    return {"200": good} | {
        status: _answer(why, _ref("Failure")) for status, why in _STATUSES.items()
    }


def _side_codes() -> list[str]:
    """Codes of a sidechain's refusals: Vapor's."""
    known = {VAPORS_CODES.get(code, code) for code in MESSAGES | SIDE_MESSAGES}
    return sorted(known)


def _answer(why: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": why,
        "content": {"application/json": {"schema": schema}},
    }


def _failure(
    detail: str,
    more: dict[str, Any] | None = None,
    codes: list[str] | None = None,
) -> dict[str, Any]:
    properties = {
        "status": {"const": "fail"},
        "code": {"type": "string", "enum": codes or sorted(MESSAGES)},
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
