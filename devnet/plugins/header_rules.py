"""
What the headers of every built-in rule have to obey: distance in time, the node's
clock, the proposer's signature, and the field `justify` of rules without certificates.

A rule of somebody else may use these parts too; nothing obliges it to.
"""

from __future__ import annotations

from devnet.engine.interfaces import (
    Certificate,
    ChainReader,
    Checkpoint,
    ConsensusError,
    Header,
    Rules,
)


class TooSoon(ConsensusError):
    """The block follows its parent closer than the rule allows."""

    code = "consensus.too-soon"
    default_hint = "A proposer waits until the distance in time is kept."


class FromTheFuture(ConsensusError):
    """The block's time is further ahead than the node's clock tolerates."""

    code = "consensus.from-the-future"
    default_hint = "The same block may be good later; check the proposer's clock."


class WrongRound(ConsensusError):
    """The round is not the one that height or time give."""

    code = "consensus.wrong-round"


class WrongProposer(ConsensusError):
    """The block is not signed by the validator whose turn it is."""

    code = "consensus.wrong-proposer"
    default_hint = "Only the owner of the turn may sign a block for it."


class WrongJustify(ConsensusError):
    """`justify` is not the last final block that the parent's chain shows."""

    code = "consensus.wrong-justify"


class StrayData(ConsensusError):
    """The header carries engine data or a certificate that this rule does not have."""

    code = "consensus.stray-data"


class StrayWork(ConsensusError):
    """The header carries a nonce or bits, and this rule asks for no proof of work."""

    code = "consensus.stray-work"


def in_epoch(header: Header, rules: Rules) -> bool:
    """
    Was this block made under these rules? The base block was not: it is where they
    start, certified at round 0 and final.
    """
    return header.epoch == rules.epoch and header.height > rules.base.height


def round_in_epoch(header: Header, rules: Rules) -> int:
    """A block's round as the epoch counts: 0 for whatever came before it."""
    return header.round if in_epoch(header, rules) else 0


def checkpoint(header: Header) -> Checkpoint:
    """The block's name by height and hash."""
    return Checkpoint(header.height, header.hash)


def lower_hash_first(block_hash: bytes) -> int:
    """The last entry of a rank: of two equal tips the lower hash wins."""
    return -int.from_bytes(block_hash, "big")


def check_distance(header: Header, parent: Header, distance_ms: int) -> None:
    """Raise TooSoon when fewer than `distance_ms` lie between parent and child."""
    passed_ms = header.time_ms - parent.time_ms
    if passed_ms < distance_ms:
        raise TooSoon(
            f"block {header.height} comes {passed_ms} ms after its parent, "
            f"{distance_ms} ms is the least",
            height=header.height,
            passed_ms=passed_ms,
            least_ms=distance_ms,
        )


def check_clock(header: Header, chain: ChainReader, tolerance_ms: int) -> None:
    """Raise FromTheFuture when the block is further ahead than `tolerance_ms`."""
    ahead_ms = header.time_ms - chain.now_ms
    if ahead_ms > tolerance_ms:
        raise FromTheFuture(
            f"block {header.height} is {ahead_ms} ms ahead of this clock, "
            f"{tolerance_ms} ms is tolerated",
            height=header.height,
            ahead_ms=ahead_ms,
            tolerance_ms=tolerance_ms,
        )


def check_round(header: Header, parent: Header, rules: Rules, want: int) -> None:
    """
    Raise WrongRound unless the round is `want` and above the parent's (H3).

    The first block of an epoch stands on round 0, whatever engine made its parent.
    """
    least = round_in_epoch(parent, rules) + 1
    if header.round != want or header.round < least:
        raise WrongRound(
            f"block {header.height} says round {header.round}; its height and time "
            f"give {want}, its parent asks for at least {least}",
            height=header.height,
            round=header.round,
            want=want,
            least=least,
        )


def check_proposer(
    header: Header, index: int, rules: Rules, chain: ChainReader
) -> None:
    """Raise WrongProposer unless validator `index` signed the block (H4)."""
    if not chain.signed_by(header, index):
        raise WrongProposer(
            f"block {header.height} of round {header.round} is not signed by "
            f"{rules.validators[index].name}, whose turn it is",
            height=header.height,
            round=header.round,
            owner=rules.validators[index].name,
        )


def check_plain_justify(header: Header, last_final: Checkpoint) -> None:
    """
    For a rule without certificates: `justify` repeats the last final block that the
    parent's chain shows, and the witness carries no certificate.
    """
    if header.justify != last_final:
        raise WrongJustify(
            f"block {header.height} names {header.justify.height} as the last final "
            f"block, its parent's chain shows {last_final.height}",
            height=header.height,
            named=header.justify,
            shown=last_final,
        )
    check_no_certificate(header)


def check_no_certificate(header: Header) -> None:
    """Raise StrayData when the header carries a certificate that proves nothing."""
    if header.certificate != Certificate():
        raise StrayData(
            f"block {header.height} carries {len(header.certificate.signatures)} "
            "votes where none are wanted",
            height=header.height,
        )


def check_engine_data(header: Header, want: bytes) -> None:
    """Raise StrayData unless the engine data are exactly these bytes."""
    if header.engine_data != want:
        raise StrayData(
            f"block {header.height} carries engine data "
            f"{header.engine_data.hex() or 'none'}, the rule wants "
            f"{want.hex() or 'none'}",
            height=header.height,
        )


def check_no_work(header: Header) -> None:
    """Raise StrayWork when a header has a nonce or bits that prove nothing here."""
    if header.nonce or header.bits:
        raise StrayWork(
            f"block {header.height} carries nonce {header.nonce} and bits "
            f"{header.bits}, {header.engine} asks for no work",
            height=header.height,
            nonce=header.nonce,
            bits=header.bits,
        )
