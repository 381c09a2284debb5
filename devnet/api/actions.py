"""
Actions of a build on the wire, in the order in which the node looks at them: aliases of
all, whether anything goes out, then each by itself.

Source: protocol page "http-api", section 10.1; Bytom/bytom v1.1.0, api/transact.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devnet.api.fields import (
    FLAG,
    HASH,
    HEX,
    INT,
    OBJECT,
    TEXT,
    UINT,
    Field,
    WrongKind,
    list_of,
    read_object,
)
from devnet.api.templates import read_key
from devnet.engine.bc.programs import number_bytes
from devnet.wallet.building import (
    Action,
    Arguments,
    Issue,
    Pay,
    Retire,
    SpendAccount,
    SpendOutput,
)
from devnet.wallet.definitions import Typed as Number
from devnet.wallet.errors import (
    BadAction,
    BadActionType,
    BadArgument,
    NoAccount,
    NoAsset,
    OnlyInputs,
)
from devnet.wallet.template import Component, Data, Signatures
from devnet.wallet.wallet import Wallet

Values = dict[str, Any]
"""The values of an action's fields by name, all of them there."""
VALUE = (Field("asset_id", HASH), Field("amount", UINT))
_UNCONFIRMED = Field("use_unconfirmed", FLAG)
_ARGUMENTS = Field("arguments", list_of(OBJECT))
_ARGUMENT = (Field("type", TEXT), Field("raw_data", OBJECT))


@dataclass(frozen=True, slots=True)
class Form:
    """
    A type of action on the wire.

    Args:
        make: from the values of its fields. Raises WalletError.
        pays: it makes an output.
    """

    fields: tuple[Field, ...]
    make: Callable[[Values], Action]
    pays: bool = True


def read_actions(
    wallet: Wallet, found: list[dict[str, Any]], forms: Mapping[str, Form] | None = None
) -> list[Action]:
    """
    The actions of a request.

    Args:
        forms: the types there are; None: the mainchain's.

    Raises:
        WalletError: the first fault.
    """
    forms = FORMS if forms is None else forms
    folded = [{name.lower(): value for name, value in one.items()} for one in found]
    for index, one in enumerate(folded):
        _resolve(wallet, one, index)
    inputs = [name for name, form in forms.items() if not form.pays]
    if all(one.get("type") in inputs for one in folded):
        raise OnlyInputs
    return [_read(one, index, forms) for index, one in enumerate(folded)]


def _resolve(wallet: Wallet, one: dict[str, Any], index: int) -> None:
    """Put ids where aliases stand alone."""
    alias = _text_of(one, "asset_alias")
    if alias and not one.get("asset_id"):
        try:
            one["asset_id"] = wallet.assets.by_alias(alias).hex()
        except NoAsset as error:
            words = f"invalid asset alias {alias} on action {index}: {error.message}"
            raise NoAsset(words) from None
    alias = _text_of(one, "account_alias")
    if alias and not one.get("account_id"):
        try:
            one["account_id"] = wallet.book.find(alias, "").id
        except NoAccount as error:
            words = f"invalid account alias {alias} on action {index}: {error.message}"
            raise NoAccount(words) from None


def _text_of(one: dict[str, Any], name: str) -> str:
    """A text of an action, or nothing."""
    value = one.get(name)
    return value if isinstance(value, str) and not isinstance(value, Number) else ""


def _read(one: dict[str, Any], index: int, forms: Mapping[str, Form]) -> Action:
    kind = _text_of(one, "type")
    if not kind:
        raise BadActionType(
            f"no action type provided on action {index}: bad action type"
        )
    if kind not in forms:
        words = f'unknown action type "{kind[:40]}" on action {index}'
        raise BadActionType(f"{words}: bad action type")
    try:
        values = read_object(one, forms[kind].fields)
    except WrongKind as error:
        raise BadAction(f"{error} on action {index}: bad action object") from None
    return forms[kind].make(values)


def _arguments(values: Values) -> Arguments:
    """Read when they are needed: a held coin is told first, as the node does."""
    found = values["arguments"]
    return (lambda: tuple(map(_argument, found))) if found else None


def _argument(found: dict[str, Any]) -> Component:
    try:
        values = read_object(found, _ARGUMENT)
        raw = values["raw_data"]
        match values["type"]:
            case "raw_tx_signature":
                return Signatures((read_key(raw),), 1)
            case "data":
                return Data(read_object(raw, (Field("value", HEX),))["value"])
            case "string":
                text = read_object(raw, (Field("value", TEXT),))["value"]
                return Data(text.encode())
            case "integer":
                number = read_object(raw, (Field("value", INT),))["value"]
                return Data(number_bytes(number))
            case "boolean":
                flag = read_object(raw, (Field("value", FLAG),))["value"]
                return Data(b"\x01" if flag else b"")
    except WrongKind as error:
        raise BadAction(str(error)) from None
    raise BadArgument


FORMS = {
    "spend_account": Form(
        (Field("account_id", TEXT), *VALUE, _UNCONFIRMED),
        lambda v: SpendAccount(
            v["account_id"], v["asset_id"], v["amount"], v["use_unconfirmed"]
        ),
        pays=False,
    ),
    "spend_account_unspent_output": Form(
        (Field("output_id", HASH), _UNCONFIRMED, _ARGUMENTS),
        lambda v: SpendOutput(v["output_id"], v["use_unconfirmed"], _arguments(v)),
        pays=False,
    ),
    "issue": Form(
        (*VALUE, _ARGUMENTS),
        lambda v: Issue(v["asset_id"], v["amount"], _arguments(v)),
        pays=False,
    ),
    "control_address": Form(
        (*VALUE, Field("address", TEXT)),
        lambda v: Pay(v["asset_id"], v["amount"], address=v["address"]),
    ),
    "control_program": Form(
        (*VALUE, Field("control_program", HEX)),
        lambda v: Pay(v["asset_id"], v["amount"], program=v["control_program"]),
    ),
    "retire": Form(
        (*VALUE, Field("arbitrary", HEX)),
        lambda v: Retire(v["asset_id"], v["amount"], v["arbitrary"]),
    ),
}
"""What bytomd knows."""
