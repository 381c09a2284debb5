"""
Does a claim convict the collector that handed it in?

It does when the claim breaks one of C3 to C13 for certain. What only time decides
convicts nobody: a lock that is not settled yet, a coinbase that is not mature, a
federation that is accepted no more. Nor does a header that the collector saw on another
branch of the mainchain: it names the anchor that it looked from.

Source: protocol page "federation", sections 5 and 8.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.bc.electoral import COLLECTOR_ROLE
from devnet.engine.bc.evidence import Evidence, HandIn, hand_in_message, parse_hand_in
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.errors import ClaimError
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.claim_case import Case, ClaimContext
from devnet.engine.sidechain.claim_errors import NotSettled
from devnet.engine.sidechain.claim_table import CHECKS
from devnet.engine.sidechain.court import BadEvidence, Court
from devnet.engine.sidechain.reader import claim_context

_BY_ID = {check.id: check for check in CHECKS}
CONVICTING = tuple(_BY_ID[f"C{number}"] for number in (*range(3, 11), 12, 13))
"""C11 is left out: a coinbase matures."""
_ANCHORED = "C10"


def bad_claim(record: Evidence, court: Court) -> tuple[bytes, bytes]:
    """
    The collector's key and the claim's transaction id.

    Raises:
        BadEvidence: it proves nothing, or nothing new.
        CodecError: it cannot be read.
    """
    tx, word = parse_transaction(record.first, side=True), parse_hand_in(record.second)
    _check_collector(word.key, court)
    state, chain_id = court.parent.state, court.tree.spec.chain_id
    if tx.id in state.roster.bad_claims:
        raise BadEvidence(
            f"claim {tx.id.hex()[:16]} was convicted in block "
            f"{state.roster.bad_claims[tx.id]}"
        )
    message = hand_in_message(chain_id, word.anchor, record.first)
    if not verify(word.key, message, word.signature):
        raise BadEvidence(
            f"{word.key.hex()[:16]} did not hand in claim {tx.id.hex()[:16]}"
        )
    _check_broken(Case(record.first, _context(word, court)), word, court)
    return word.key, tx.id


def _check_collector(key: bytes, court: Court) -> None:
    """A collector, or one whose bond is still here."""
    elected = court.tree.council(court.parent).collectors
    registered = court.parent.state.roster.book(COLLECTOR_ROLE).of_key(key)
    if key not in elected and registered is None:
        raise BadEvidence(f"{key.hex()[:16]} is no collector here")


def _context(word: HandIn, court: Court) -> ClaimContext:
    """As the collector's own words have it; every federation that ever was counts."""
    council = court.tree.council(court.parent)
    wanted = () if council.wanted is None else (council.wanted,)
    context = claim_context(
        court.tree, court.parent, court.main, word.anchor, frozen=False, resting=False
    )
    known = (*wanted, *council.known)
    return replace(context, federations=known, failed_btm_counts=True)


def _check_broken(case: Case, word: HandIn, court: Court) -> None:
    """Raise unless one of the convicting checks refuses the claim."""
    try:
        _BY_ID["C1"].run(case)
    except ClaimError as error:
        raise BadEvidence(f"no claim can be read: {error.message}") from None
    seen = court.main.hash_at(court.anchor.hash, word.anchor.height)
    sees_ours = seen == word.anchor.hash
    for check in CONVICTING:
        if check.id == _ANCHORED and not sees_ours:
            continue
        try:
            check.run(case)
        except NotSettled:
            continue
        except ClaimError:
            return
    raise BadEvidence(
        f"claim {case.tx.id.hex()[:16]} breaks no rule from C3 to C13 for certain"
    )
