"""pegin.json: federation programs, locks and their proofs, payouts; early Vapor's."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.fields import Case
from devnet.conformance.sections import Family, Opened, Section, each, marks
from devnet.conformance.values import BadCase
from devnet.engine.bc import merkle, programs
from devnet.engine.bc.block import parse_header
from devnet.engine.bc.transaction import (
    Spend,
    Transaction,
    parse_transaction,
    with_arguments,
)
from devnet.engine.codec import NETWORK_HRP, address_of_program, sha3
from devnet.engine.federation import early_vapor
from devnet.engine.federation.programs import (
    Federation,
    lock_program,
    member_key,
    member_path,
    redeem_script,
    treasury_program,
)
from devnet.engine.interfaces import quorum
from devnet.engine.keys import chainkd, ed25519
from devnet.engine.rules.transaction import validate_transaction

# Early Vapor, for comparison.


def _early(case: Case) -> None:
    """Keys bent towards one recipient, and the three forms of their program."""
    script = case.hex("claim_script")
    keys = [_early_member(member, script) for member in case.each("members")]
    n_keys, most = len(keys), early_vapor.majority(len(keys))
    contract = case.inside("contract_form")
    _expect_form(contract, early_vapor.contract_form(keys), most)
    together = case.inside("all_of_n_form")
    _expect_form(together, early_vapor.all_of_n_form(keys), n_keys)
    wanted = sorted({most, quorum(n_keys)})
    standard = case.each("standard_multisig_form")
    case.same("number of standard_multisig_form", len(standard), len(wanted))
    for form, n_needed in zip(standard, wanted, strict=False):
        _expect_form(form, programs.multisig_script(keys, n_needed), n_needed)


def _early_member(member: Case, script: bytes) -> bytes:
    """The member's 32-byte key."""
    xprv = chainkd.root_xprv(member.hex("seed"))
    xpub = chainkd.xpub(xprv)
    tweak = early_vapor.tweak(xpub, script)
    child = early_vapor.member_xpub(xpub, script)
    member.expect("xprv", xprv)
    member.expect("xpub", xpub)
    member.expect("tweak", tweak)
    member.expect("hmac_sha256", tweak[32:])
    member.expect("child_xpub", child)
    member.expect("child_xprv", chainkd.child_xprv(xprv, tweak))
    member.expect("child_pubkey", chainkd.public_key(child))
    return chainkd.public_key(child)


def _expect_form(form: Case, program: bytes, n_needed: int) -> None:
    control = programs.p2wsh(sha3(program))
    form.expect("quorum", n_needed)
    form.expect("program", program)
    form.expect("asm", programs.disassemble(program))
    form.expect("program_sha3", sha3(program))
    form.expect("control_program", control)
    addresses = {
        network: address_of_program(control, hrp)
        for network, hrp in NETWORK_HRP.items()
    }
    form.expect("mainchain_address", addresses)


# Our own locks.


def federation_of_case(case: Case) -> Federation:
    """The members of a lock in the order of the file."""
    members = tuple(member.hex("root_xpub") for member in case.each("members"))
    return Federation(members, case.number("quorum"))


def _bound(case: Case) -> None:
    """A lock: its programs, its transaction, its place in a block, its payout."""
    federation = federation_of_case(case)
    chain_id, script = case.hash("chain_id"), case.hex("claim_script")
    for member in case.each("members"):
        _bound_member(member, chain_id, script)
    case.expect("redeem_program", redeem_script(federation, chain_id, script))
    case.expect("lock_program", lock_program(federation, chain_id, script))
    case.expect("treasury_program", treasury_program(federation, chain_id))
    _expect_lock(case)
    _expect_place(case)
    if "payout" in case:
        _payout(case, case.inside("payout"), federation)


def _bound_member(member: Case, chain_id: bytes, script: bytes) -> None:
    xpub = chainkd.xpub(chainkd.root_xprv(member.hex("seed")))
    selectors = member_path(chain_id, xpub, script)
    member.expect("root_xpub", xpub)
    member.expect("sidechain_xpub", chainkd.child_xpub(xpub, chain_id))
    member.expect("tweak", selectors[1])
    member.expect("pubkey", member_key(chain_id, xpub, script))


def _expect_lock(case: Case) -> None:
    tx, position = parse_transaction(case.hex("lock_tx")), case.number("position")
    case.expect("lock_tx_id", tx.id)
    case.expect("source_id", tx.mux_id)
    if not 0 <= position < len(tx.outputs):
        raise BadCase(f"{case.place}.position: there are {len(tx.outputs)} outputs")
    output = tx.outputs[position]
    case.expect("mainchain_output_id", tx.result_ids[position])
    case.expect("asset_id", output.asset)
    case.expect("amount", output.amount)
    case.expect("lock_program", output.program)


def _expect_place(case: Case) -> None:
    """The header, and the proof for one of its transactions."""
    header = parse_header(case.hex("block_header"))
    ids, failed = case.hashes("tx_ids"), _statuses(case)
    index = case.number("tx_index")
    if not 0 <= index < len(ids):
        raise BadCase(f"{case.place}.tx_index: there are {len(ids)} transactions")
    case.same("tx_ids[tx_index]", case.any("lock_tx_id"), ids[index].hex())
    proof = merkle.build_proof(ids, [ids[index]])
    case.expect("block_hash", header.hash)
    case.expect("tx_root", merkle.tx_root(ids))
    case.expect("status_root", merkle.status_root(failed))
    case.same("root in the header", case.any("tx_root"), header.tx_root.hex())
    case.same(
        "status root in the header", case.any("status_root"), header.status_root.hex()
    )
    case.expect("tx_hashes", proof.hashes)
    case.expect("flags", proof.flags)
    case.expect("status_hashes", merkle.status_hashes(failed, proof.flags))


def _statuses(case: Case) -> list[bool]:
    """Which transactions of the block failed."""
    told = case.items("tx_status")
    if any(word not in ("ok", "fail") for word in told):
        raise BadCase(f"{case.place}.tx_status holds something else than ok and fail")
    return [word == "fail" for word in told]


# Payouts.


def _payout(case: Case, payout: Case, federation: Federation) -> None:
    """The members' signatures over the payout, and Bytom's verdict on the whole."""
    unsigned = parse_transaction(payout.hex("unsigned"))
    signed = parse_transaction(payout.hex("signed"))
    payout.expect("tx_id", unsigned.id)
    payout.expect("sighash_0", unsigned.sig_hash(0))
    made = [_signature(case, one, unsigned) for one in payout.each("signatures")]
    payout.same("number of signatures", federation.quorum, len(made))
    redeem = redeem_script(federation, case.hash("chain_id"), case.hex("claim_script"))
    whole = with_arguments(unsigned, 0, (*made, redeem))
    for index, given in enumerate(signed.inputs[1:], 1):
        # The relayer pays the gas with a key that the file does not hold.
        if isinstance(given, Spend):
            whole = with_arguments(whole, index, given.arguments)
    payout.expect("signed", whole.raw)
    verdict = validate_transaction(signed, height=_height(case))
    payout.same("verdict", "valid", verdict.error_name or verdict.status)
    payout.expect("gas_used", verdict.gas_used)
    _expect_paid(case, payout, unsigned)


def _signature(case: Case, one: Case, unsigned: Transaction) -> bytes:
    """What the member at an index signs."""
    members, index = case.each("members"), one.number("member")
    if not 0 <= index < len(members):
        raise BadCase(f"{one.place}.member: there are {len(members)} members")
    chain_id, script = case.hash("chain_id"), case.hex("claim_script")
    xprv = chainkd.root_xprv(members[index].hex("seed"))
    selectors = member_path(chain_id, chainkd.xpub(xprv), script)
    signature = chainkd.sign(chainkd.derive_xprv(xprv, selectors), unsigned.sig_hash(0))
    one.expect("signature", signature)
    key = member_key(chain_id, chainkd.xpub(xprv), script)
    good = ed25519.verify(key, unsigned.sig_hash(0), signature)
    one.same("the signature holds", True, good)
    return signature


def _expect_paid(case: Case, payout: Case, tx: Transaction) -> None:
    """The lock is spent; recipient, relay fee and change get all of it."""
    pin = tx.spent_output_ids[0]
    payout.same(
        "spent output", case.any("mainchain_output_id"), pin.hex() if pin else None
    )
    asset, amount = case.hash("asset_id"), case.number("amount")
    pays, fee = payout.number("pays"), payout.number("relay_fee")
    treasury = case.hex("treasury_program")
    paid = [output.amount for output in tx.outputs if _is(output, payout.hex("to"))]
    payout.same("paid to the recipient", [pays], paid)
    first = tx.outputs[0]
    payout.same("asset paid", asset.hex(), first.asset.hex())
    change = amount - pays - fee
    kept = [output.amount for output in tx.outputs if _is(output, treasury)]
    payout.same("change to the treasury", [change] if change else [], kept)
    if fee:
        payout.same("relay fee in output 1", fee, tx.outputs[1].amount)
        payout.same("asset of the fee", asset.hex(), tx.outputs[1].asset.hex())


def _is(output: object, program: bytes) -> bool:
    return getattr(output, "program", None) == program


def _height(case: Case) -> int:
    """Any height above the lock's block would do."""
    return parse_header(case.hex("block_header")).height + 1


def _open(opened: Opened) -> Mapping[str, Section]:
    return {"early_vapor": each(_early), "sidechain_bound": each(_bound)}


PEGIN = Family(
    "pegin",
    marks(
        "early_vapor: claim_script members contract_form",
        "sidechain_bound: chain_id members lock_tx lock_program",
    ),
    _open,
)
