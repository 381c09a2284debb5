"""
Votes for candidates: who votes locks value, and gets it back when the unbonding period
is over. A vote counts for the one role whose key it names.
"""

from __future__ import annotations

from devnet.engine.actors import pooling
from devnet.engine.actors.acts import side_purse
from devnet.engine.actors.candidacy import (
    head_of,
    key_of_candidate,
    owner_hash,
    single_key,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.electoral import ROLE_NAMES, VALIDATOR_ROLE, stake_key_of
from devnet.engine.bc.stakes import vote_program
from devnet.engine.bc.transaction import BTM, Output
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.wallet import pay
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.sidechain.roster import NotCandidate
from devnet.engine.sidechain.rotation import Poll
from devnet.engine.sidechain.staking import LEAST_VOTE_NEU, VoteLocked, VoteTooSmall


class NoVotes(RequestError):
    """The account has fewer votes for this candidate than it wants back."""

    code = "validator.no-votes"
    default_hint = "list SIDECHAIN of the same verb shows the votes."


def vote(
    turn: Turn,
    who: str,
    candidate: str,
    amount_neu: int,
    chain: str,
    role: int = VALIDATOR_ROLE,
) -> bytes:
    """
    Lock value for a candidate. It counts from its block on.

    Raises:
        NotCandidate, VoteTooSmall, NeedsOneKey, InsufficientFunds.
    """
    key, state = single_key(turn, who), head_of(turn, chain).state
    seat = key_of_candidate(turn, chain, candidate, role)
    if not _can_be_elected(turn, chain, candidate, seat, role):
        raise NotCandidate(
            f"{candidate} does not stand for a {ROLE_NAMES[role]}'s seat on {chain}",
            hint=f"{ROLE_NAMES[role]} list {chain} shows who stands.",
        )
    if stake_key_of(seat) in state.roster.banned:
        raise NotCandidate(f"{candidate} lost its seat for an offence")
    if amount_neu < LEAST_VOTE_NEU:
        raise VoteTooSmall(
            f"a vote of {amount_neu} neu, {LEAST_VOTE_NEU} is the least",
            amount=amount_neu,
            least=LEAST_VOTE_NEU,
        )
    program = vote_program(stake_key_of(seat), owner_hash(key))
    output = Output(BTM, amount_neu, program)
    tx = pay(key, side_purse(turn, chain, key.program), (output,), side=True)
    pooling.submit(turn, chain, tx, "vote")
    return tx.id


def _can_be_elected(
    turn: Turn, chain: str, candidate: str, seat: bytes, role: int
) -> bool:
    """Does somebody stand, or sit without a registration as founders do?"""
    state = head_of(turn, chain).state
    if role != VALIDATOR_ROLE:
        return seat in poll_of(turn, chain).votes(role)
    one = state.roster.by_name.get(candidate)
    listed = seat in [one.key for one in state.rules.validators]
    return listed or (one is not None and one.stands)


def poll_of(turn: Turn, chain: str) -> Poll:
    """What elections of collectors and members look at, at the chain's head."""
    head, tree = head_of(turn, chain), turn.side(chain).tree
    state, council = head.state, tree.council(head)
    return Poll(tree.spec, council, state.roster, state.tally, state.epochs)


def unvote(
    turn: Turn,
    who: str,
    candidate: str,
    amount_neu: int,
    chain: str,
    role: int = VALIDATOR_ROLE,
) -> bytes:
    """
    Take votes back, the oldest first. What is left of the last one votes on, and its
    unbonding period starts anew.

    Raises:
        NoVotes: so much was never given.
        VoteLocked: with the height from which it works.
    """
    key = single_key(turn, who)
    seat = key_of_candidate(turn, chain, candidate, role)
    if amount_neu <= 0:
        raise BadValue(
            f"{amount_neu} neu of votes are none", hint="Name what is to come back."
        )
    program = vote_program(stake_key_of(seat), owner_hash(key))
    chosen = _oldest_votes(turn, chain, who, candidate, program, amount_neu)
    rest = sum(coin.amount for coin in chosen) - amount_neu
    again = (Output(BTM, rest, program),) if rest >= LEAST_VOTE_NEU else ()
    purse = side_purse(turn, chain, key.program)
    tx = pay(key, purse, again, side=True, freed=chosen)
    pooling.submit(turn, chain, tx, "votes back")
    return tx.id


def _oldest_votes(
    turn: Turn, chain: str, who: str, candidate: str, program: bytes, amount_neu: int
) -> list[Coin]:
    """Votes that reach the amount and can be spent in the next block."""
    head, pool = head_of(turn, chain), turn.speaker(chain).pool
    unbond_blocks = turn.side(chain).tree.spec.unbond_blocks
    chosen: list[Coin] = []
    for coin in head.state.coins.of_program(program):
        if coin.id in pool.spent or coin.asset != BTM:
            continue
        chosen.append(coin)
        if sum(one.amount for one in chosen) >= amount_neu:
            break
    given = sum(coin.amount for coin in chosen)
    if given < amount_neu:
        raise NoVotes(
            f"{who} has {given} neu of votes for {candidate} on {chain}, not "
            f"{amount_neu}",
            have=given,
            want=amount_neu,
        )
    free_at = max(coin.height for coin in chosen) + unbond_blocks
    speaker = turn.side(chain).tree[turn.speaker(chain).head]
    height = min(head.height, speaker.height)
    if free_at > height + 1:
        raise VoteLocked(
            f"{amount_neu} neu of {who}'s votes for {candidate} can be taken back from "
            f"height {free_at} on; {chain} is at {height}",
            free_at=free_at,
            height=height,
        )
    return chosen
