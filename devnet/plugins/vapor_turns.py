"""
Whose turn it is in Vapor 1.x's schedule: vote rounds and turns of slots in a row.

All times are milliseconds. Source: Bytom/vapor v1.1.9, protocol/bbft.go.
"""

from __future__ import annotations

from devnet.engine.interfaces import ChainReader, ConsensusError, Header, Rules


class BeforeTheTurns(ConsensusError):
    """
    The block's time lies before the first slot of its vote round.

    Vapor 1.x subtracts unsigned numbers here and lets such a time wrap around.
    """

    code = "consensus.before-the-turns"


def vote_sequence(height: int, round_blocks: int) -> int:
    """The vote round of a height: 0 for genesis, then 1, 2, ..."""
    return 0 if height == 0 else (height - 1) // round_blocks + 1


def proposer_order(
    time_ms: int, start_ms: int, interval_ms: int, per_node: int, n_nodes: int
) -> int:
    """
    Whose turn it is at a time.

    Args:
        start_ms: the first slot of the vote round: the last block of the round before,
            plus one interval.

    Raises:
        BeforeTheTurns: the time lies before `start_ms`.
    """
    if time_ms < start_ms:
        raise BeforeTheTurns(
            f"time {time_ms} lies before the vote round's first slot at {start_ms}",
            time_ms=time_ms,
            start_ms=start_ms,
        )
    turn_ms = per_node * interval_ms
    return (time_ms - start_ms) % (turn_ms * n_nodes) // turn_ms


def turns_start_ms(parent: Header, rules: Rules, chain: ChainReader) -> int:
    """
    When the turns began that are in force above `parent`: one interval after the last
    block of the previous vote round, or after the base if that is later.
    """
    round_blocks = rules.params["round_blocks"]
    sequence = vote_sequence(parent.height + 1, round_blocks)
    last_height = max((sequence - 1) * round_blocks, rules.base.height)
    last = chain.ancestor(parent.hash, last_height)
    return last.time_ms + rules.params["interval_ms"]
