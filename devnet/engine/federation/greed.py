"""
What a greedy coordinator asks the members to sign in place of an honest payout.

Each is the honest one with a single change, so that one check alone has to notice it.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.bc.transaction import BTM, Output, Spend
from devnet.engine.federation.payouts import Payout

SHARE = 100
"""So many times smaller than the change is what is taken of it."""


def greedy_payouts(
    payout: Payout, treasury: bytes, thief: bytes
) -> tuple[tuple[str, Payout], ...]:
    """
    The changed payouts, each with what is wrong about it.

    Args:
        payout: an honest one. treasury: where its change goes. thief: who would gain.
    """
    outputs = payout.tx.outputs
    stolen = (replace(outputs[0], program=thief), *outputs[1:])
    found = [("it pays a stranger", _with(payout, stolen))]
    places = [at for at, one in enumerate(outputs) if one.program == treasury]
    for at in places[:1]:
        taken = max(1, outputs[at].amount // SHARE)
        less = replace(outputs[at], amount=outputs[at].amount - taken)
        gain = Output(less.asset, taken, thief)
        short = (*outputs[:at], less, *outputs[at + 1 :], gain)
        found.append((f"its change is {taken} short", _with(payout, short)))
    brought = sum(
        given.amount
        for given in payout.tx.inputs[len(payout.scripts) :]
        if isinstance(given, Spend) and given.asset == BTM
    )
    free = (*outputs[:-1], replace(outputs[-1], amount=brought))
    found.append(("its relayer pays no gas", _with(payout, free)))
    return tuple(found)


def _with(payout: Payout, outputs: tuple[Output, ...]) -> Payout:
    return replace(payout, tx=replace(payout.tx, outputs=outputs, received=None))
