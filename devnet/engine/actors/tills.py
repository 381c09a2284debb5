"""What a sidechain's withdrawals can be paid from, as a coordinator sees it."""

from __future__ import annotations

from devnet.engine.actors.desks import (
    desk_of,
    heads_of,
    program_of,
    relayer_of,
    tip_of,
)
from devnet.engine.actors.epochs import expired, final_council, older
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.transaction import BTM
from devnet.engine.federation.council import Council
from devnet.engine.federation.planning import Held, Till
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    holder_of,
    treasury_program,
)
from devnet.engine.sidechain.state import SideEntry


def scripts_of(turn: Turn, chain: str, council: Council) -> dict[bytes, bytes]:
    """The claim scripts of all federations' programs for a sidechain, by program."""
    watched, known = turn.watched, council.known
    chain_id = turn.side(chain).tree.spec.chain_id
    scripts = {}
    for program in watched:
        one = watched[program]
        if one.chain == chain and (
            len(known) == 1
            or holder_of(known, chain_id, one.claim_script, program) is not None
        ):
            scripts[program] = one.claim_script
    for federation in known:
        scripts[treasury_program(federation, chain_id)] = TREASURY_SCRIPT
    return scripts


def waits_for_claim(
    one: Held, council: Council, chain_id: bytes, final: SideEntry
) -> bool:
    """
    Is it a deposit to an older epoch that nobody has claimed for good? It must stay,
    to be claimed or forwarded.
    """
    newest = (council.current,)
    return (
        one.script != TREASURY_SCRIPT
        and one.coin.id not in final.state.claimed
        and holder_of(newest, chain_id, one.script, one.coin.program) is None
    )


def _payable(
    held: tuple[Held, ...],
    council: Council,
    chain_id: bytes,
    head: SideEntry,
    final: SideEntry,
) -> tuple[Held, ...]:
    """
    What payouts may spend: all but deposits that cannot be claimed any more. One that
    was announced as a pin stays what it is.
    """
    gone = expired(council)
    if not gone:
        return held
    debts = head.state.pegout.open
    pins = {debts[key].pin_id for key in debts}
    return tuple(
        one
        for one in held
        if one.coin.id in pins
        or holder_of(gone, chain_id, one.script, one.coin.program) is None
        or not waits_for_claim(one, council, chain_id, final)
    )


def till_of(
    turn: Turn,
    me: str,
    chain: str,
    withdrawal_id: bytes,
    *,
    with_expired: bool = False,
) -> Till:
    """
    What a sidechain's withdrawals can be paid from, to a coordinator's eyes.

    Args:
        me: the coordinator, as the schedule names it.
        with_expired: deposits that can be claimed no more as well, for a migration.
    """
    tip, desk = tip_of(turn, me), desk_of(turn, me)
    tree = turn.side(chain).tree
    spec, coins = tree.spec, tip.state.coins
    head = tree[heads_of(turn, me).get(chain) or turn.side(chain).head]
    council = final_council(tree, head)
    used = {
        spent_id
        for key in desk.paying
        if key != withdrawal_id
        for spent_id in desk.paying[key].payout.tx.spent_output_ids
    }
    scripts = scripts_of(turn, chain, council)
    deepest = tip.height - turn.depth
    held = tuple(
        Held(coin, scripts[program])
        for program in sorted(scripts)
        for coin in coins.of_program(program)
        if coin.height <= deepest and coin.id not in used
        and coin.spendable_at(tip.height + 1)
    )  # fmt: skip
    final = tree[head.final.hash]
    if not with_expired:
        held = _payable(held, council, spec.chain_id, head, final)
    relayer = relayer_of(turn, me)
    fuel = tuple(
        coin
        for coin in coins.of_program(relayer.program)
        if coin.asset == BTM and coin.id not in used
        and coin.spendable_at(tip.height + 1)
    )  # fmt: skip
    return Till(
        spec.chain_id, council.current, held, fuel, relayer, spec.relay_fee_ppm,
        program_of(turn, me), older(council),
    )  # fmt: skip
