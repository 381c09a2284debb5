"""
The certificate core: what makes a block certified, and a certified block final.

One small safety kernel for every rule whose blocks are final by certificate. The rules
differ in who proposes and how votes travel; they share what stands here.

* A block is certified when more than two thirds of the weight voted for it.
* A header names the newest certified ancestor it knows (`justify`) and carries that
  block's certificate in its witness. The epoch's base needs none: it is certified at
  round 0, and final.
* A block J is final when a certified block B has J as its parent, names J as `justify`,
  and stands in the very next round.

A validator votes for a block only if its round is above every round that it voted in
(V1), and the round of its `justify` not below that of any block it voted for (V2).

Why that is safe. Two certificates share an honest voter, so by V1 a round has at most
one. Let A be final through B. A certified C of a later round shares an honest voter
with B, and no round fits between A and B, so that voter voted for B first; by V2 the
`justify` of C is at least as new as A, and step by step C extends A. Breaking this
takes more than a third of the weight breaking V1 or V2, which leaves two signed objects
as evidence.

Without the next-round condition, or without V2, conflicts do happen;
tests/plugins/test_certificate_search.py finds them. Votes are counted in ballots.py.

Source: consensus rules of this project, section "The certificate core".
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass

from devnet.engine.interfaces import (
    Certificate,
    ChainReader,
    Checkpoint,
    ConsensusError,
    Header,
    Phase,
    Rules,
    quorum,
)
from devnet.plugins.header_rules import (
    check_no_certificate,
    in_epoch,
    lower_hash_first,
    round_in_epoch,
)

MAX_MEMO = 2048


class JustifyNotAncestor(ConsensusError):
    """`justify` names a block that this one does not stand on (H1)."""

    code = "consensus.justify-not-ancestor"


class JustifyOtherEpoch(ConsensusError):
    """`justify` names a block of an earlier epoch that is not the base (H1)."""

    code = "consensus.justify-other-epoch"


class CertificateShort(ConsensusError):
    """The voters in the certificate do not have a quorum of the weight (H2)."""

    code = "consensus.certificate-short"


class CertificateMalformed(ConsensusError):
    """The certificate's bitmap and its signatures do not belong together (H2)."""

    code = "consensus.certificate-malformed"


class CertificateForged(ConsensusError):
    """A signature in the certificate is not that validator's vote (H2)."""

    code = "consensus.certificate-forged"


# Voting: V1 and V2.


@dataclass(frozen=True, slots=True)
class Voter:
    """
    What a validator must never forget within an epoch.

    Args:
        voted_round: the highest round that it voted in.
        source_round: the highest round of a `justify` that it voted for.
    """

    voted_round: int = 0
    source_round: int = 0


def may_vote(voter: Voter, block_round: int, source_round: int) -> bool:
    """V1 and V2 for a block of this round whose `justify` has the source's round."""
    return block_round > voter.voted_round and source_round >= voter.source_round


def after_vote(voter: Voter, block_round: int, source_round: int) -> Voter:
    """What to remember, written down before the vote leaves."""
    return Voter(block_round, max(voter.source_round, source_round))


# Certificates.


def needed_weight(rules: Rules) -> int:
    """The least weight of a quorum: more than two thirds of all."""
    return quorum(sum(validator.weight for validator in rules.validators))


def weight_of(voters: Iterable[int], rules: Rules) -> int:
    """What these validators weigh together."""
    return sum(rules.validators[index].weight for index in voters)


def counting_rules(block_hash: bytes, epoch: int, chain: ChainReader) -> Rules:
    """
    In whose list the voters of a block count: in that of the validators who act in it;
    while the block is not known, in the head's. The host looks keys up in the same one.
    """
    header, head = chain.header(block_hash), chain.head()
    if header is None and head.epoch == epoch:
        header = head
    if header is None or header.epoch != epoch:
        return chain.rules(epoch)
    return chain.rules_of(header)


def justify_round(header: Header, chain: ChainReader) -> int:
    """The round of the block that a header names as `justify`; 0 for the base."""
    rules = chain.rules(header.epoch)
    if header.justify == rules.base:
        return 0
    source = chain.header(header.justify.hash)
    assert source is not None, "a valid block's justify is its ancestor"
    return round_in_epoch(source, rules)


def check_certificate(
    certificate: Certificate,
    block_hash: bytes,
    rules: Rules,
    chain: ChainReader,
    phase: Phase = "vote",
    view: int = 0,
) -> None:
    """
    H2: the certificate holds valid votes of a quorum for this block.

    Args:
        phase, view: what the votes say, in rules of several phases.

    Raises:
        CertificateMalformed, CertificateShort, CertificateForged.
    """
    voters = certificate.voters()
    merged = rules.merges_votes and phase == "vote"
    if (
        len(certificate.signatures) != (1 if merged else len(voters))
        or certificate.bitmap != Certificate.of(dict.fromkeys(voters, b"")).bitmap
        or (voters and voters[-1] >= len(rules.validators))
    ):
        raise CertificateMalformed(
            f"the certificate of {block_hash.hex()[:8]} has "
            f"{len(certificate.signatures)} signatures under bitmap "
            f"{certificate.bitmap.hex() or 'none'} for {len(rules.validators)} "
            "validators",
            block=block_hash,
            bitmap=certificate.bitmap,
            n_signatures=len(certificate.signatures),
        )
    weight, needed = weight_of(voters, rules), needed_weight(rules)
    if weight < needed:
        raise CertificateShort(
            f"the votes for {block_hash.hex()[:8]} weigh {weight}, {needed} are needed",
            block=block_hash,
            weight=weight,
            needed=needed,
        )
    if merged:
        if not chain.proves(block_hash, rules.epoch, certificate):
            raise CertificateForged(
                f"the merged signature for {block_hash.hex()[:8]} is not that of the "
                f"{len(voters)} voters whom the certificate names",
                block=block_hash,
            )
        return
    for index, signature in zip(voters, certificate.signatures, strict=True):
        if not chain.voted_for(block_hash, rules.epoch, index, signature, phase, view):
            raise CertificateForged(
                f"{rules.validators[index].name} did not sign the vote for "
                f"{block_hash.hex()[:8]} that the certificate shows",
                block=block_hash,
                validator=rules.validators[index].name,
            )


def check_justify(header: Header, parent: Header, chain: ChainReader) -> None:
    """
    H1 and H2: `justify` is the base, or a certified ancestor of the same epoch whose
    certificate is in the witness.
    """
    rules, justify = chain.rules(header.epoch), header.justify
    if justify == rules.base:
        check_no_certificate(header)
        return
    source = chain.header(justify.hash)
    if (
        source is None
        or source.height != justify.height
        or justify.height > parent.height
        or chain.ancestor(parent.hash, justify.height).hash != justify.hash
    ):
        raise JustifyNotAncestor(
            f"block {header.height} names {justify.hash.hex()[:8]} at height "
            f"{justify.height} as justify, which it does not stand on",
            height=header.height,
            justify=justify,
        )
    if not in_epoch(source, rules):
        raise JustifyOtherEpoch(
            f"block {header.height} of epoch {header.epoch} names block "
            f"{justify.height} of epoch {source.epoch} as justify",
            hint="In a new epoch only the base block may stand in for a certificate.",
            height=header.height,
            epoch=header.epoch,
            justify=justify,
        )
    # Voters count in the list that acted in the certified block, not in this one's.
    check_certificate(header.certificate, justify.hash, chain.rules_of(source), chain)


# Finality and fork choice.


def finalises(child: Header, parent_round: int) -> bool:
    """Does `child`, once certified, make its parent final?"""
    return child.justify.hash == child.previous and child.round == parent_round + 1


def final_through(child: Header, chain: ChainReader) -> Checkpoint | None:
    """The block that a certified `child` makes final, or None."""
    rules = chain.rules(child.epoch)
    if child.justify != rules.base and finalises(child, justify_round(child, chain)):
        return child.justify
    return None


def final_seen(
    tip: Header,
    chain: ChainReader,
    memo: MutableMapping[bytes, Checkpoint] | None = None,
) -> Checkpoint:
    """
    The highest block that the chain ending in `tip` proves final.

    Args:
        memo: answers for earlier tips, by hash, kept by the caller. The answer depends
            on the tip alone, so it only saves walking when finality stands still.
    """
    rules = chain.rules(tip.epoch)
    best = rules.base
    block: Header | None = tip
    # A block proves at most its grandparent final, so older ones cannot better that.
    while block is not None and in_epoch(block, rules):
        if block.height - 2 <= best.height:
            break
        if memo is not None and block.hash in memo:
            best = max(best, memo[block.hash], key=_height)
            break
        if block.justify != rules.base:
            certified = chain.header(block.justify.hash)
            assert certified is not None, "a valid block's justify is its ancestor"
            proved = final_through(certified, chain)
            best = max(best, proved or rules.base, key=_height)
        block = chain.header(block.previous)
    if memo is not None:
        if len(memo) >= MAX_MEMO:
            memo.clear()
        memo[tip.hash] = best
    return best


def rank(
    tip: Header, chain: ChainReader, final: Checkpoint
) -> tuple[int, int, int, int]:
    """
    Fork choice: most final, then highest certified round, then height, then lower hash.

    Args:
        final: what `final_seen` says of the tip.
    """
    rules = chain.rules(tip.epoch)
    certified = justify_round(tip, chain) if in_epoch(tip, rules) else 0
    return final.height, certified, tip.height, lower_hash_first(tip.hash)


def _height(block: Checkpoint) -> int:
    return block.height
