"""What a sidechain's withdrawals can be paid from, as the coordinator sees it."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.bc.transaction import BTM
from devnet.engine.chain.wallet import Key
from devnet.engine.federation.planning import Held, Till
from devnet.engine.federation.programs import TREASURY_SCRIPT, treasury_program
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.accounts import FEDERATION_RELAYER, play_account
from devnet.engine.mainchain.state import MainEntry


def relayer_key() -> Key:
    """Who pays the mainchain's gas, from its own BTM."""
    one = play_account(FEDERATION_RELAYER)
    return Key(one.name, one.xprv, one.key, one.program)


def _scripts(turn: Turn, chain: str) -> dict[bytes, bytes]:
    """The claim scripts of the federation's programs for a sidechain, by program."""
    watched = turn.watched
    scripts = {
        program: watched[program].claim_script
        for program in watched
        if watched[program].chain == chain
    }
    chain_id = turn.side(chain).tree.spec.chain_id
    scripts[treasury_program(turn.before.federation, chain_id)] = TREASURY_SCRIPT
    return scripts


def till_of(turn: Turn, chain: str, tip: MainEntry, withdrawal_id: bytes) -> Till:
    """What a sidechain's withdrawals can be paid from at a mainchain tip."""
    spec = turn.side(chain).tree.spec
    coins, federation = tip.state.coins, turn.before.federation
    used = {
        spent_id
        for key in turn.coordinator.paying
        if key != withdrawal_id
        for spent_id in turn.coordinator.paying[key].payout.tx.spent_output_ids
    }
    scripts = _scripts(turn, chain)
    deepest = tip.height - turn.depth
    held = tuple(
        Held(coin, scripts[program])
        for program in sorted(scripts)
        for coin in coins.of_program(program)
        if coin.height <= deepest and coin.id not in used
        and coin.spendable_at(tip.height + 1)
    )  # fmt: skip
    relayer = relayer_key()
    fuel = tuple(
        coin
        for coin in coins.of_program(relayer.program)
        if coin.asset == BTM and coin.id not in used
        and coin.spendable_at(tip.height + 1)
    )  # fmt: skip
    return Till(
        spec.chain_id, federation, held, fuel, relayer, spec.relay_fee_ppm,
        key_program(turn.collectors[0].key),
    )  # fmt: skip
