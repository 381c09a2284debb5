"""
Templates on the wire. Source: protocol page "http-api", section 8.
"""

from __future__ import annotations

from typing import Any

from devnet.api.fields import (
    HEX,
    INT,
    OBJECT,
    TEXT,
    UINT,
    XPUB,
    Field,
    WrongKind,
    list_of,
    read_object,
)
from devnet.api.refusals import bad_body, unreadable
from devnet.api.shapes import Facts
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.errors import CodecError
from devnet.wallet.template import (
    Component,
    Data,
    Instruction,
    KeyAt,
    Signatures,
    Template,
)

_TEMPLATE = (
    Field("raw_transaction", HEX),
    Field("signing_instructions", list_of(OBJECT)),
    Field("fee", UINT),
)
_COMPONENTS = Field("witness_components", list_of(OBJECT))
_INSTRUCTION = (Field("position", UINT), _COMPONENTS)
_COMPONENT = (
    Field("type", TEXT),
    Field("quorum", INT),
    Field("keys", list_of(OBJECT)),
    Field("signatures", list_of(HEX)),
    Field("value", HEX),
)
KEY = (Field("xpub", XPUB), Field("derivation_path", list_of(HEX)))
SIGNED_KINDS = ("raw_tx_signature", "signature")


def template_facts(template: Template) -> Facts:
    """A template as the node shows it."""
    return {
        "raw_transaction": template.tx.raw.hex(),
        "signing_instructions": [_instruction(one) for one in template.instructions],
        "fee": template.fee,
        "allow_additional_actions": False,
    }


def _instruction(one: Instruction) -> Facts:
    facts: Facts = {"position": one.position}
    if one.components is not None:
        facts["witness_components"] = [_component(part) for part in one.components]
    return facts


def _component(one: Component) -> Facts:
    if isinstance(one, Data):
        return {"type": "data", "value": one.value.hex()}
    given = None if one.given is None else [part.hex() for part in one.given]
    return {
        "type": one.kind,
        "quorum": one.quorum,
        "keys": [
            {
                "xpub": key.xpub.hex(),
                "derivation_path": [part.hex() for part in key.path],
            }
            for key in one.keys
        ],
        "signatures": given,
    }


def read_template(found: dict[str, Any]) -> Template:
    """
    A template of a request.

    Raises:
        NotUnderstood: it cannot be read.
    """
    try:
        values = read_object(found, _TEMPLATE)
        instructions = tuple(map(_read_instruction, values["signing_instructions"]))
    except WrongKind as error:
        raise bad_body(str(error)) from None
    if not values["raw_transaction"]:
        raise bad_body("raw_transaction is missing")
    try:
        tx = parse_transaction(values["raw_transaction"])
    except CodecError as error:
        raise unreadable(error) from None
    return Template(tx, instructions, values["fee"])


def _read_instruction(found: dict[str, Any]) -> Instruction:
    values = read_object(found, _INSTRUCTION)
    named = {name.lower(): value for name, value in found.items()}
    if named.get("witness_components") is None:
        return Instruction(values["position"], None)
    parts = tuple(map(_read_component, values["witness_components"]))
    return Instruction(values["position"], parts)


def _read_component(found: dict[str, Any]) -> Component:
    values = read_object(found, _COMPONENT)
    if values["type"] == "data":
        return Data(values["value"])
    if values["type"] not in SIGNED_KINDS:
        raise WrongKind(f"invalid witness component type {values['type'][:30]!r}")
    keys = tuple(map(read_key, values["keys"]))
    given = {name.lower(): value for name, value in found.items()}.get("signatures")
    signatures = None if given is None else tuple(values["signatures"])
    return Signatures(keys, values["quorum"], signatures, values["type"])


def read_key(found: dict[str, Any]) -> KeyAt:
    """A key with its path. Raises WrongKind."""
    values = read_object(found, KEY)
    if not values["xpub"]:
        raise WrongKind("bad key string")
    return KeyAt(values["xpub"], tuple(values["derivation_path"]))
