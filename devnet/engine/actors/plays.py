"""
What happens when a scenario of several steps begins, and when it is mended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine.actors import collecting, forging, mainchain, pooling
from devnet.engine.actors.issuing import signed_mint
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.purses import asset_of, main_purse, side_purse
from devnet.engine.actors.seeing import saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.bc.transaction import BTM, Output, Spend, with_arguments
from devnet.engine.chain.wallet import pay
from devnet.engine.errors import DevnetError
from devnet.engine.federation.collector import Watched
from devnet.engine.federation.programs import lock_program

MONEY = 5
"""Whole units that the small plays are about."""


def _nothing(turn: Turn, fault: Fault) -> None:
    """Some plays need no more than to be at work, or to be over."""


@dataclass(frozen=True, slots=True)
class Play:
    """What a kind of fault does when it begins and when it ends."""

    begin: Callable[[Turn, Fault], None] = _nothing
    end: Callable[[Turn, Fault], None] = _nothing


def _lock_that_fails(turn: Turn, fault: Fault) -> None:
    """
    Alice's lock of GOLD, whose signature over the GOLD is nobody's: the mainchain takes
    the fee, marks the transaction as failed and moves nothing else.
    """
    key, gold = key_of(turn, "alice"), asset_of(turn, "GOLD")
    spec = turn.side(fault.chain).tree.spec
    program = lock_program(turn.before.federation, spec.chain_id, key.program)
    amount = MONEY * 10**gold.decimals
    tx = pay(
        key,
        main_purse(turn, key.program),
        (Output(gold.id, amount, program),),
        side=False,
    )
    for index, given in enumerate(tx.inputs):
        if isinstance(given, Spend) and given.asset != BTM:
            tx = with_arguments(tx, index, (bytes(64), key.public_key))
    collecting.watch(turn, Watched(program, fault.chain, key.program))
    mainchain.submit(turn, tx, "lock")
    saw(turn, fault.id, f"{tx.id.hex()[:8]} waits with the status fail")


def _issue_here(turn: Turn, fault: Fault) -> None:
    """GOLD by its real issuer under its real program, on the wrong chain."""
    key, gold = key_of(turn, "alice"), asset_of(turn, "GOLD")
    amount = MONEY * 10**gold.decimals
    purse = side_purse(turn, fault.chain, key.program)
    tx = signed_mint(turn, key, purse, amount, gold, side=True)
    for node in turn.nodes(fault.chain):
        try:
            pooling.admit(turn, fault.chain, node, tx)
        except DevnetError as error:
            words = f"{node.name} refuses the issuance, {error.code}: {error.message}"
            saw(turn, fault.id, words)


PLAYS = {
    "failed-tx": Play(
        _lock_that_fails, lambda turn, fault: forging.forget_failed(turn)
    ),
    "native-issue": Play(_issue_here),
}
"""By the name of the fault. Others change what actors do, and need no play."""
