"""
Putting a fingerprint on the mainchain: a document's digest, or the root over many.

Only forms that a transaction id commits to; see `bc/fingerprint.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.actors import issuing, mainchain
from devnet.engine.actors.acts import asset_of, main_purse
from devnet.engine.actors.owners import key_of, owner_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc import fingerprint
from devnet.engine.bc.fingerprint import Fingerprint
from devnet.engine.bc.programs import expand_program
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.mainchain.assets import NAME_FORM, AssetTerms
from devnet.engine.mainchain.index import Deposit, Form, deposits_in

FORMS: tuple[Form, ...] = ("asset", "output")
CARRIER = "GOLD"
"""The asset of which an output in the output form holds one unit."""
MOST_DOCUMENTS = 65536


class FingerprintError(RequestError):
    """A fingerprint cannot be deposited, or is not what it should be."""

    code = "fingerprint"


class DepositedAlready(FingerprintError):
    """The same fingerprint is on the mainchain, or waits for a block."""

    code = "fingerprint.deposited-already"
    default_hint = "The first one counts: fingerprint verify shows it."


class NoCarrier(FingerprintError):
    """BTM outputs cannot carry data: their programs must be standard."""

    code = "fingerprint.no-carrier"
    default_hint = "Use --form asset, or carry it by a unit of another asset."


@dataclass(frozen=True, slots=True)
class Made:
    """
    What a deposit became.

    Args:
        root: the document's digest, or the root over several.
        asset: name of the asset: the new one, or the one that the output holds.
    """

    tx_id: bytes
    root: Fingerprint
    form: Form
    asset: str


def deposit(
    turn: Turn,
    who: str,
    digests: Sequence[bytes],
    *,
    name: str | None = None,
    form: str = "asset",
    carrier: str = CARRIER,
) -> Made:
    """
    Put the fingerprint of one document, or of several together, on the mainchain.

    Args:
        who: pays, and owns the asset or the output.
        digests: of 32 bytes, all different.
        name: of the asset in the form "asset".
        carrier: the asset that the output of the form "output" holds one unit of.

    Raises:
        BadValue, FingerprintError, NameTaken, InsufficientFunds.
    """
    if form not in FORMS:
        raise BadValue(
            f"there is no form {form[:40]!r}", hint=f"Forms: {', '.join(FORMS)}."
        )
    _check_digests(digests)
    root = fingerprint.root_of(digests)
    _check_new(turn, root.digest)
    if form == "asset":
        return _as_asset(turn, who, root, name or f"fp-{root.digest.hex()[:12]}")
    if name is not None:
        raise BadValue(
            "an output has no name", hint="--as names the asset of the form asset."
        )
    return _as_output(turn, who, root, carrier)


def _check_digests(digests: Sequence[bytes]) -> None:
    if not 1 <= len(digests) <= MOST_DOCUMENTS:
        raise BadValue(
            f"{len(digests)} documents, 1 to {MOST_DOCUMENTS} are possible at once"
        )
    if len(set(digests)) != len(digests):
        raise BadValue("two of the documents are the same", hint="Name each once.")
    if any(len(digest) != fingerprint.N_DIGEST for digest in digests):
        raise BadValue("a SHA3-256 digest has 32 bytes")


def _check_new(turn: Turn, digest: bytes) -> None:
    found = turn.tree[turn.main_tip].state.index.deposits.get(digest)
    if found:
        raise DepositedAlready(
            f"{digest.hex()[:16]} was deposited in main {found[0].height}",
            tx=found[0].tx_id.hex(),
        )
    waiting = waiting_deposit(turn, digest)
    if waiting is not None:
        raise DepositedAlready(
            f"{digest.hex()[:16]} waits for a block in the mempool",
            tx=waiting.tx_id.hex(),
        )


def waiting_deposit(turn: Turn, digest: bytes) -> Deposit | None:
    """The deposit of a digest that the first node's mempool holds, or None."""
    spelled = digest.hex().encode()
    for waiting in turn.main_nodes[0].pool.transactions():
        if not waiting.failed and _mentions(waiting.tx, digest, spelled):
            for found in deposits_in(waiting.tx, -1):
                if found.digest == digest:
                    return found
    return None


def _mentions(tx: Transaction, digest: bytes, spelled: bytes) -> bool:
    return any(digest in output.program for output in tx.outputs) or any(
        spelled in getattr(given, "definition", b"") for given in tx.inputs
    )


def _as_asset(turn: Turn, who: str, root: Fingerprint, name: str) -> Made:
    """One unit of an asset whose definition tells the fingerprint."""
    if not NAME_FORM.fullmatch(name):
        raise BadValue(
            f"{name[:40]!r} is no name for an asset",
            hint="Take a letter, then letters, digits, - and _, 32 at most.",
        )
    owner = owner_of(turn, who)
    terms = AssetTerms(name, 0, "BAP-03", fingerprint.deposit_definition(name, root))
    info = issuing.define(turn, terms, owner.signers or (who,), owner.quorum)
    tx = issuing.mint(turn, who, 1, info, None, "fingerprint")
    return Made(tx.id, root, "asset", name)


def _as_output(turn: Turn, who: str, root: Fingerprint, carrier: str) -> Made:
    """One unit of an asset in an output whose program carries the fingerprint."""
    key, info = key_of(turn, who), asset_of(turn, carrier)
    if info.id == BTM:
        raise NoCarrier("an output of BTM cannot carry a fingerprint")
    program = fingerprint.deposit_program(root.digest, expand_program(key.program))
    tx = pay(
        key,
        main_purse(turn, key.program),
        (Output(info.id, 1, program),),
        side=False,
    )
    mainchain.submit(turn, tx, "fingerprint")
    return Made(tx.id, root, "output", carrier)
