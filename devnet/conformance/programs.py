"""programs.json and assets.json: programs as bytes and text, assets and their ids."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.fields import Case
from devnet.conformance.sections import Family, Opened, Section, each, marks, values
from devnet.conformance.values import BadCase
from devnet.engine.bc import programs
from devnet.engine.bc.definition import canonical_definition_of_text
from devnet.engine.bc.entries import asset_id
from devnet.engine.bc.opcodes import OPCODE_NAMES
from devnet.engine.codec import FormError, sha3
from devnet.engine.keys import chainkd
from devnet.engine.keys.paths import asset_path

# Programs.


def _template(case: Case) -> None:
    data, name = case.hex("data"), case.text("template")
    match name:
        case "p2wpkh":
            program = programs.p2wpkh(data)
        case "p2wsh":
            program = programs.p2wsh(data)
        case "p2pkh_sig":
            program = programs.expand_program(programs.p2wpkh(data))
        case "p2sh":
            program = programs.expand_program(programs.p2wsh(data))
        case "retire":
            program = programs.retire_program(data)
        case "coinbase":
            program = programs.TRUE_PROGRAM
        case _:
            raise BadCase(f"{case.place}: the template {name!r} is not known here")
    case.expect("program", program)


def _multisig(case: Case) -> None:
    """A refusal is the reference's; its wording is not."""
    keys, height = case.hexes("public_keys"), case.number("block_height")
    try:
        script = programs.multisig_script(keys, case.number("quorum"), height)
    except programs.BadTemplate as error:
        case.any("error", None)
        if "error" not in case:
            case.differs("program", case.any("program"), f"refused: {error.message}")
        return
    case.expect("program", script)
    case.same("error", case.any("error", None), None)
    case.same("limit height", height, programs.issuance_limit_height(script))


def _program(case: Case) -> None:
    program = case.hex("program")
    case.expect("is_p2wpkh", programs.is_p2wpkh(program))
    case.expect("is_p2wsh", programs.is_p2wsh(program))
    case.expect("is_straightforward", programs.is_straightforward(program))
    case.expect("is_standard", programs.is_standard(program))
    case.expect("is_unspendable", programs.is_unspendable(program))
    case.expect("executed_program", programs.expand_program(program))
    case.expect("issuance_limit_height", programs.issuance_limit_height(program))
    try:
        text = programs.disassemble(program)
    except FormError as error:
        case.expect("disassembly", None)
        case.expect("parse_error", error.facts["kind"])
        return
    case.expect("disassembly", text)
    lines = [str(one) for one in programs.parse_program(program)]
    case.expect("instructions", lines)


def _assembly(case: Case) -> None:
    try:
        program = programs.assemble(case.text("text"))
    except FormError:
        case.expect("ok", False)
        case.expect("program", None)
        return
    case.expect("ok", True)
    case.expect("program", program)


def _push(case: Case) -> None:
    case.expect("bytes", programs.push(case.hex("data")))


def _push_number(case: Case) -> None:
    value = case.number("value")
    case.expect("bytes", programs.push_int(value))
    case.expect("number_bytes", programs.number_bytes(value))
    read = programs.number_of(programs.number_bytes(value))
    case.same("number_of(number_bytes)", value, read)


def _opcode_name(case: Case) -> None:
    index = case.number("index")
    if index >= len(OPCODE_NAMES):
        raise BadCase(f"{case.place}: there are {len(OPCODE_NAMES)} opcodes")
    case.expect("value", OPCODE_NAMES[index])


# Assets.


def _asset_id(case: Case) -> None:
    definition, program = case.hex("definition"), case.hex("issuance_program")
    case.expect("definition_hash", sha3(definition))
    case.expect("asset_id", asset_id(program, definition, case.number("vm_version")))


def _definition(case: Case) -> None:
    definition = canonical_definition_of_text(case.text("definition_text"))
    case.expect("canonical", definition)
    case.expect("canonical_text", definition.decode())
    case.expect("definition_hash", sha3(definition))


def _registered(case: Case) -> None:
    """An asset made from account keys: its keys, program, definition and id."""
    selectors = asset_path(case.number("asset_index"))
    keys = [
        chainkd.public_key(chainkd.derive_xpub(xpub, selectors))
        for xpub in case.hexes("xpubs")
    ]
    limit_height = case.number("limit_height")
    program = programs.multisig_script(keys, case.number("quorum"), limit_height)
    definition = canonical_definition_of_text(case.text("definition_text"))
    case.expect("path", selectors)
    case.expect("public_keys", keys)
    case.expect("issuance_program", program)
    case.expect("raw_definition", definition)
    case.expect("asset_id", asset_id(program, definition))


def _open_programs(opened: Opened) -> Mapping[str, Section]:
    return {
        "templates": each(_template),
        "multisig": each(_multisig),
        "programs": each(_program),
        "assemble": each(_assembly),
        "push": each(_push),
        "push_int": each(_push_number),
        "opcode_names": values(_opcode_name),
    }


def _open_assets(opened: Opened) -> Mapping[str, Section]:
    return {
        "asset_ids": each(_asset_id),
        "definition_json": each(_definition),
        "registry": each(_registered),
    }


PROGRAMS = Family(
    "programs",
    marks(
        "templates: template data program",
        "multisig: public_keys quorum block_height",
        "programs: program is_standard executed_program",
        "assemble: text program ok",
        "push: data bytes",
        "push_int: value bytes",
    ),
    _open_programs,
)

ASSETS = Family(
    "assets",
    marks(
        "asset_ids: definition issuance_program asset_id",
        "definition_json: definition_text canonical",
        "registry: xpubs asset_index issuance_program",
    ),
    _open_assets,
)
