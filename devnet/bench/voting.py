"""Merged votes: what the check of a certificate costs when many signed it. T16."""

from __future__ import annotations

from functools import lru_cache

from devnet.bench.cheap import cheap_network
from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
)
from devnet.engine.keys import bls
from devnet.engine.network import Network, SidechainSpec

N_CHECKS = 20
N_BLOCKS = 2
MANY, FEW = 100, 4


def check_of_merged_votes(n_pairs: int) -> Measured:
    """T16: keys read before, their sum and the pairing anew; 100 voters against 4."""
    try:
        bls.check_installed()
    except bls.BlsMissing as error:
        raise BenchUnable(error.message, hint=error.hint) from None
    pairs = in_turn(lambda: _check(MANY), lambda: _check(FEW), n_pairs)
    each = Pairs(
        tuple(total_s / N_CHECKS for total_s in pairs.subject_s),
        tuple(total_s / N_CHECKS for total_s in pairs.yardstick_s),
    )
    return Measured(each, "cpu", Target(1.5), {"bytes": bls.SIGNATURE_BYTES})


def block_of_a_hundred(n_pairs: int) -> Measured:
    """A block of 100 members of `bbft`, all messages played, against one of 4."""
    many, few = _chain(MANY), _chain(FEW)
    pairs = in_turn(lambda: _more_blocks(many), lambda: _more_blocks(few), n_pairs)
    each = Pairs(
        tuple(total_s / N_BLOCKS for total_s in pairs.subject_s),
        tuple(total_s / N_BLOCKS for total_s in pairs.yardstick_s),
    )
    # 378 messages against 10, and each node checks 22 times as many votes.
    return Measured(each, "cpu", Target(120.0))


SUBJECTS = (
    Subject(
        "T16", "the check of votes merged by 100", "by 4", check_of_merged_votes
    ),
    Subject("hundred", "a bbft block of 100 members", "of 4", block_of_a_hundred),
)  # fmt: skip


def _check(n_voters: int) -> None:
    """Check certificates of different blocks. Raises BenchWrong when one is refused."""
    bls.forget_answers()
    keys, votes = _votes(n_voters)
    for message, merged in votes:
        if not bls.verify(keys, message, merged):
            raise BenchWrong("a good merged signature was refused")


@lru_cache(maxsize=2)
def _votes(n_voters: int) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Keys of the voters, and messages with their merged signatures."""
    secrets = [bls.secret_key(b"bench %026d" % number) for number in range(n_voters)]
    messages = [b"bench block %d" % number for number in range(N_CHECKS)]
    return [bls.public_key(secret) for secret in secrets], [
        (message, bls.merge([bls.sign(secret, message) for secret in secrets]))
        for message in messages
    ]


def _chain(n: int) -> Network:
    return cheap_network((SidechainSpec("bench", "bbft", "memory", n),))


def _more_blocks(net: Network) -> None:
    """Let time pass until the chain is higher. Raises BenchWrong if it stops."""
    goal = net.show("bench")["height"] + N_BLOCKS
    for _ in range(100):
        if net.show("bench")["height"] >= goal:
            return
        net.advance(net.now_ms + 250)
    raise BenchWrong("the chain stands still")
