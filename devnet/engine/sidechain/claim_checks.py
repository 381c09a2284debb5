"""
The checks C1 to C18: what must hold before mainchain value appears on a sidechain.

Each is one function that says in a few words what it found, or raises its own
ClaimError. Their order, titles and reasons stand in claim_table.py.

Source: protocol page "federation", section 5.
"""

from __future__ import annotations

from devnet.engine.bc.merkleblock import MAX_BYTES as MAX_MERKLE_BLOCK_BYTES
from devnet.engine.bc.merkleblock import LockFailed, check_inclusion, check_status
from devnet.engine.bc.records import is_recipient
from devnet.engine.bc.transaction import BTM, Coinbase, Output, serialize
from devnet.engine.codec import MAX_63
from devnet.engine.errors import CodecError
from devnet.engine.federation.programs import lock_program
from devnet.engine.keys.accounts import key_program
from devnet.engine.keys.ed25519 import verify
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.sidechain.claim_case import Case
from devnet.engine.sidechain.claim_errors import (
    BadCollectorSignature,
    BadRecipient,
    ClaimMalformed,
    ClaimReplayed,
    ClaimShape,
    ClaimTooBig,
    CollectorMissing,
    ExpiredFederation,
    FailedStatus,
    ImmatureCoinbase,
    NoSuchOutput,
    NotFederation,
    NotSettled,
    NotYourTurn,
    OutputMismatch,
    PegClosing,
    PegFrozen,
    TooManyClaims,
    UnknownHeader,
    ValueMismatch,
    WrongFee,
    WrongOutputs,
    WrongParent,
    WrongRecipient,
)

MAX_RAW_TRANSACTION_BYTES = 200_000
MAX_CLAIM_SCRIPT_BYTES = 34
AUTH_BYTES = 96
"""A collector's public key and signature."""


def one_form(case: Case) -> str:
    """C1: one Claim, nothing else, in the only form that these values have."""
    tx, claim = case.tx, case.claim
    if not tx.side or tx.version != 1 or tx.time_range != 0:
        raise ClaimShape(
            f"version {tx.version}, time range {tx.time_range}; a claim has 1 and 0",
            version=tx.version,
            time_range=tx.time_range,
        )
    for what, part, most in (
        ("lock transaction", claim.raw_transaction, MAX_RAW_TRANSACTION_BYTES),
        ("Merkle block", claim.merkle_block, MAX_MERKLE_BLOCK_BYTES),
        ("claim script", claim.claim_script, MAX_CLAIM_SCRIPT_BYTES),
    ):
        if len(part) > most:
            raise ClaimTooBig(
                f"{what} of {len(part)} bytes, {most} are allowed", n_bytes=len(part)
            )
    if len(claim.collector_auth) not in (0, AUTH_BYTES):
        raise ClaimMalformed(
            f"collector's part has {len(claim.collector_auth)} bytes, wanted are 0 or "
            f"{AUTH_BYTES}"
        )
    try:
        shortest = serialize(tx)
    except CodecError as error:
        raise ClaimMalformed(error.message) from None
    if tx.raw != shortest:
        raise ClaimMalformed(
            f"{len(tx.raw)} bytes where the same values take {len(shortest)}, or others"
        )
    n_hashes = len(case.proof.tx_hashes)
    return f"{len(shortest)} bytes, proof of {n_hashes} hashes"


def not_claimed_before(case: Case) -> str:
    """C2: the lock id is not taken. It is the key, however the claim is written."""
    if case.context.is_claimed(case.lock_id):
        raise ClaimReplayed(
            f"lock {case.lock_id.hex()[:8]} is claimed already", lock_id=case.lock_id
        )
    return f"lock {case.lock_id.hex()[:8]} is new"


def parent_is_ours(case: Case) -> str:
    """C3: the claim names this sidechain's mainchain."""
    expected, found = case.context.parent_id, case.claim.parent_id
    if found != expected:
        raise WrongParent(
            f"parent {found.hex()[:8]}, this sidechain's is {expected.hex()[:8]}",
            expected=expected,
            found=found,
        )
    return f"parent {found.hex()[:8]}"


def lock_transaction_is_readable(case: Case) -> str:
    """C4: the raw transaction parses whole; its id is computed here."""
    return f"transaction {case.main_tx.id.hex()[:8]}"


def output_is_the_lock(case: Case) -> str:
    """C5: the output at the position is the one that the commitment describes."""
    claim, main_tx = case.claim, case.main_tx
    position, n_outputs = claim.source_position, len(main_tx.outputs)
    if position >= n_outputs:
        raise NoSuchOutput(
            f"output {position} of a transaction with {n_outputs}",
            position=position,
            n_outputs=n_outputs,
        )
    computed = main_tx.result_ids[position]
    if computed != case.lock_id:
        real = main_tx.outputs[position]
        raise OutputMismatch(
            f"output {position} {_difference(case, real)}",
            expected=case.lock_id,
            computed=computed,
            amount=real.amount,
            claimed_amount=claim.amount,
        )
    return f"output {position} holds {claim.amount} of {_asset(claim.asset)}"


def _difference(case: Case, real: Output) -> str:
    """The first value in which a claim differs from the output that it names."""
    claim = case.claim
    if real.amount != claim.amount:
        return f"holds {real.amount}, the claim says {claim.amount}"
    if real.asset != claim.asset:
        return f"holds {_asset(real.asset)}, the claim says {_asset(claim.asset)}"
    if real.program != claim.program:
        found, said = real.program.hex()[:12], claim.program.hex()[:12]
        return f"pays program {found}, the claim says {said}"
    return (
        f"comes from {case.main_tx.mux_id.hex()[:8]}, the claim says "
        f"{claim.source_id.hex()[:8]}, or is a retirement"
    )


def federation_holds_it(case: Case) -> str:
    """C6: the program is the federation's, for this recipient on this sidechain."""
    claim, context = case.claim, case.context
    if claim.vm_version != 1:
        raise NotFederation(f"lock of VM version {claim.vm_version}, only 1 counts")
    for epochs_ago, federation in enumerate(context.federations):
        if claim.program == lock_program(
            federation, context.chain_id, claim.claim_script
        ):
            n_members = len(federation.members)
            past = f", {epochs_ago} epochs ago" if epochs_ago else ""
            return f"{federation.quorum} of {n_members} members hold it{past}"
    script = claim.claim_script
    for epochs_ago, federation in enumerate(context.past, len(context.federations)):
        if claim.program == lock_program(federation, context.chain_id, script):
            raise ExpiredFederation(
                f"program {claim.program.hex()[4:12]} is that of the federation "
                f"{epochs_ago} epochs ago, which is accepted no more",
                found=claim.program,
                epochs_ago=epochs_ago,
            )
    newest = context.federations[0] if context.federations else None
    wanted = (
        lock_program(newest, context.chain_id, claim.claim_script) if newest else b""
    )
    raise NotFederation(
        f"program {claim.program.hex()[4:12]} is not {wanted.hex()[4:12]}, the "
        "federation's for this recipient here",
        expected=wanted,
        found=claim.program,
    )


def recipient_can_be_paid(case: Case) -> str:
    """C7: the claim script is exactly P2WPKH or P2WSH; never the treasury's."""
    script = case.claim.claim_script
    if not is_recipient(script):
        raise BadRecipient(
            f"claim script {script.hex() or 'of no bytes'} pays neither a key nor a "
            "script",
            claim_script=script,
        )
    return "a key" if len(script) == 22 else "a script"


def proof_reaches_the_header(case: Case) -> str:
    """C8: one canonical Merkle path from this transaction to the header's root."""
    check_inclusion(case.proof, case.main_tx.id)
    return f"root {case.header.tx_root.hex()[:8]} from {len(case.proof.flags)} flags"


def lock_succeeded(case: Case) -> str:
    """C9: the same path shows success, or the asset is BTM and that is enough."""
    status = check_status(case.proof, asset_is_btm=case.claim.asset == BTM)
    if status == "succeeded":
        return status
    if not case.context.failed_btm_counts:
        raise LockFailed(
            f"the transaction failed in main {case.header.height}, where a failed one "
            "may count an input twice (no rule AA)",
            height=case.header.height,
        )
    return "failed, but BTM moves all the same"


def header_is_settled(case: Case) -> str:
    """C10: the header is a mainchain block at or below the block's anchor."""
    header, anchor = case.header, case.context.anchor
    if header.height > anchor.height:
        raise NotSettled(
            f"the lock is in main {header.height}, settled is main {anchor.height}",
            height=header.height,
            anchor_height=anchor.height,
        )
    known = case.context.main.block_hash_at(anchor.hash, header.height)
    if known != header.hash:
        found = known.hex()[:8] if known else "unknown"
        raise UnknownHeader(
            f"main {header.height} is {found}, the claim shows {header.hash.hex()[:8]}",
            height=header.height,
            expected=known,
            found=header.hash,
        )
    return f"main {header.height}, anchor is main {anchor.height}"


def coinbase_is_mature(case: Case) -> str:
    """C11: value of a coinbase counts when the mainchain lets it be spent."""
    if not any(isinstance(given, Coinbase) for given in case.main_tx.inputs):
        return "no coinbase"
    if case.age < case.context.coinbase_depth:
        raise ImmatureCoinbase(
            f"a coinbase {case.age} blocks below the anchor, "
            f"{case.context.coinbase_depth} are needed",
            age=case.age,
            needed=case.context.coinbase_depth,
        )
    return f"{case.age} blocks below the anchor"


def outputs_pay_the_recipient(case: Case) -> str:
    """C12: the outputs are the recipient's, and the collector's when there is a fee."""
    claim, outputs = case.claim, case.tx.outputs
    if len(outputs) not in (1, 2) or any(
        output.asset != claim.asset or output.vm_version != 1 for output in outputs
    ):
        raise WrongOutputs(
            f"{len(outputs)} outputs; wanted are the recipient's and, for a fee, the "
            "collector's, both of the locked asset",
            n_outputs=len(outputs),
        )
    _check_payee("output 0", outputs[0].program, claim.claim_script)
    if outputs[0].amount != claim.amount - case.fee:
        raise WrongOutputs(
            f"the recipient gets {outputs[0].amount} of {claim.amount}, the fee is "
            f"{case.fee}",
            amount=outputs[0].amount,
            fee=case.fee,
        )
    if len(outputs) == 1:
        return "all to the recipient"
    if case.fee == 0 or not case.collector_key:
        raise WrongOutputs("a second output without a fee or without a collector")
    _check_payee("output 1", outputs[1].program, key_program(case.collector_key))
    return "recipient and collector"


def _check_payee(which: str, found: bytes, wanted: bytes) -> None:
    if found != wanted:
        raise WrongRecipient(
            f"{which} pays {found.hex()[:12]}, wanted is {wanted.hex()[:12]}",
            expected=wanted,
            found=found,
        )


def fee_is_exact(case: Case) -> str:
    """C13: the relay fee is the parameter's; without a collector there is none."""
    wanted = case.context.fee_of(case.claim.amount) if case.collector_key else 0
    if case.fee != wanted:
        raise WrongFee(
            f"fee {case.fee}, wanted is {wanted}", expected=wanted, found=case.fee
        )
    return f"fee {wanted}"


def collector_signed(case: Case) -> str:
    """C14: the collector whose turn it is signed; after the grace anybody may claim."""
    context, key = case.context, case.collector_key
    if not key:
        if case.age < context.grace:
            raise CollectorMissing(
                f"no collector signed; anybody may claim {context.grace} blocks after "
                f"settlement, this is {case.age} after",
                age=case.age,
                grace=context.grace,
            )
        return f"nobody's claim, {case.age} blocks after settlement"
    if key not in context.may_collect(case.lock_id, case.age):
        who = "not yet this collector's turn" if key in context.collectors else ""
        raise NotYourTurn(
            f"signed by {key.hex()[:8]}: {who or 'no collector'}", key=key, age=case.age
        )
    if not verify(key, case.tx.sig_hash(0), case.claim.collector_auth[32:]):
        raise BadCollectorSignature(
            f"the signature of collector {key.hex()[:8]} is not over this transaction",
            key=key,
        )
    return f"collector {key.hex()[:8]}"


def value_in_is_value_out(case: Case) -> str:
    """C15: the outputs together hold exactly what the lock brings in."""
    claim, outputs = case.claim, case.tx.outputs
    if not 1 <= claim.amount <= MAX_63:
        raise ValueMismatch(f"an amount of {claim.amount}", amount=claim.amount)
    total = sum(output.amount for output in outputs)
    foreign = any(output.asset != claim.asset for output in outputs)
    if foreign or total != claim.amount or any(not one.amount for one in outputs):
        raise ValueMismatch(
            f"{claim.amount} of {_asset(claim.asset)} comes in, the outputs hold "
            f"{[(one.amount, _asset(one.asset)) for one in outputs[:3]]}",
            amount=claim.amount,
            total=total,
        )
    return f"{total} in, {total} out"


def transaction_succeeds(case: Case) -> str:
    """C16: a block must not burn a lock by including its claim with status fail."""
    # Nothing of a claim depends on the height: it has no time range, no program runs.
    verdict = validate_transaction(case.tx, height=1)
    if verdict.status != "valid":
        reason = verdict.error.message if verdict.error else verdict.status
        raise FailedStatus(f"the claim transaction fails: {reason}")
    return "succeeds"


def peg_is_open(case: Case) -> str:
    """C17: the mainchain view is whole, and no swap is in its closing blocks."""
    if case.context.frozen:
        raise PegFrozen("the peg is frozen: the mainchain left the anchor's branch")
    if case.context.closing:
        raise PegClosing("claims pause while a consensus swap closes")
    return "open"


def block_has_room(case: Case) -> str:
    """C18: a block holds so many claims and no more."""
    before, most = case.context.claims_before, case.context.max_claims
    if before >= most:
        raise TooManyClaims(f"{before} claims in the block, {most} are allowed")
    return f"claim {before + 1} of at most {most}"


def _asset(asset: bytes) -> str:
    return "BTM" if asset == BTM else asset.hex()[:8]
