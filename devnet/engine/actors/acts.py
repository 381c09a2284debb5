"""
What people ask of the world. Each act either happens whole or raises and changes
nothing: a turn whose act raised is thrown away.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import collecting, mainchain, pooling
from devnet.engine.actors.epochs import deposit_program, watch_script
from devnet.engine.actors.owners import key_of, program_of
from devnet.engine.actors.purses import MAIN, asset_of, main_purse, side_purse
from devnet.engine.actors.telling import say_transfer
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Transfer
from devnet.engine.bc.transaction import Output, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import address_of_program
from devnet.engine.errors import BadValue, UnknownName
from devnet.engine.events import TransferStarted
from devnet.engine.sidechain.claim_errors import CollectorMissing

__all__ = [
    "MAIN", "acknowledge", "asset_of", "claim", "claim_of", "lock", "lock_output",
    "lock_signed", "main_purse", "payment_output", "set_hurry", "side_purse",
    "transfer_value",
]  # fmt: skip


def lock(
    turn: Turn, who: str, amount: int, asset: str, chain: str, to: str | None = None
) -> str:
    """
    Lock value at the federation's address for a claim script on a sidechain.

    Args:
        amount: in the asset's smallest unit.
        to: an account or an address whose script may receive it there; the sender's
            own if None.

    Returns:
        The transfer's id, for example "d1".

    Raises:
        UnknownName, BadValue, InsufficientFunds, TransactionError.
    """
    key = key_of(turn, who)
    output = lock_output(turn, to or who, amount, asset, chain)
    tx = pay(key, main_purse(turn, key.program), (output,), side=False)
    return lock_signed(turn, tx, who, to or who, amount, asset, chain)


def lock_output(turn: Turn, to: str, amount: int, asset: str, chain: str) -> Output:
    """What locks value for somebody's claim script on a sidechain."""
    script = program_of(turn, to)
    return Output(
        asset_of(turn, asset).id, amount, deposit_program(turn, chain, script)
    )


def lock_signed(
    turn: Turn, tx: Transaction, who: str, to: str, amount: int, asset: str, chain: str
) -> str:
    """
    Hand in a transaction that locks value, and follow the lock. Somebody may have made
    it whose key is not here.

    Raises:
        UnknownName, BadValue (no output locks the amount), TransactionError.
    """
    wanted = lock_output(turn, to, amount, asset, chain)
    if wanted not in tx.outputs:
        raise BadValue(
            f"transaction {tx.id.hex()[:16]} has no output of {amount} units of "
            f"{asset} for {to} on {chain}",
            hint="An epoch may have changed the deposit address: build it again.",
        )
    program, lock_id = wanted.program, tx.result_ids[tx.outputs.index(wanted)]
    watch_script(turn, chain, program_of(turn, to))
    mainchain.submit(turn, tx, "lock")
    name = next_name(turn, "d")
    transfer = Transfer(name, who, to, chain, asset, amount, tx.id, lock_id, program)
    turn.set_transfer(transfer)
    turn.say(
        TransferStarted(
            transfer=name,
            who=who,
            to=transfer.to,
            chain=chain,
            asset=asset,
            amount=amount,
            lock_tx=tx.id.hex(),
            lock_id=transfer.lock_id.hex(),
            address=address_of_program(program, turn.tree.profile.hrp),
        )
    )
    say_transfer(turn, transfer, replace(transfer, note="in mempool"))
    return name


def next_name(turn: Turn, letter: str) -> str:
    """The name of the next deposit (d) or withdrawal (w)."""
    n_others = sum(name.startswith(letter) for name in turn.transfers)
    return f"{letter}{n_others + 1}"


def payment_output(turn: Turn, to: str, amount: int, asset: str) -> Output:
    """What pays an account or an address."""
    return Output(asset_of(turn, asset).id, amount, program_of(turn, to))


def transfer_value(
    turn: Turn, sender: str, receiver: str, amount: int, asset: str, chain: str
) -> bytes:
    """Pay an account or an address on a chain. Returns the transaction id."""
    key = key_of(turn, sender)
    output = payment_output(turn, receiver, amount, asset)
    if chain == MAIN:
        tx = pay(key, main_purse(turn, key.program), (output,), side=False)
        mainchain.submit(turn, tx, "payment")
        return tx.id
    turn.side(chain)
    tx = pay(key, side_purse(turn, chain, key.program), (output,), side=True)
    pooling.submit(turn, chain, tx, "payment")
    return tx.id


def claim(turn: Turn, name: str) -> bytes:
    """
    Make a transfer's Claim by hand, signed by no collector and for no fee, and give it
    to the first validator.

    Raises:
        UnknownName: no such transfer.
        NotSettledYet: the lock is not deep enough.
        CollectorMissing: only collectors may claim it yet, and who is due.
        ClaimError: the check that refuses it; a second claim of a lock is C2.
    """
    transfer = _deposit_of(turn, name)
    lock = collecting.settled_lock(turn, transfer)
    tx, node = collecting.anybodys_claim(turn, lock), turn.speaker(transfer.chain)
    try:
        pooling.admit(turn, transfer.chain, node, tx)
    except CollectorMissing as error:
        due = collecting.who_is_due(turn, lock)
        raise CollectorMissing(f"{error.message}; {due}", due=due) from None
    collecting.hand_in(turn, transfer.chain, tx)
    return tx.id


def claim_of(turn: Turn, name: str) -> Transaction:
    """The Claim that the collector makes, or made, of a transfer's lock."""
    transfer = _deposit_of(turn, name)
    tx, _ = collecting.make_claim(turn, collecting.settled_lock(turn, transfer))
    return tx


def _deposit_of(turn: Turn, name: str) -> Transfer:
    """A deposit by its name, or UnknownName."""
    transfer = turn.transfers.get(name)
    if transfer is not None and not transfer.is_withdrawal:
        return transfer
    known = ", ".join(sorted(one for one in turn.transfers if one[0] == "d"))
    what = "transfer" if transfer is None else "deposit"
    raise UnknownName(
        f"there is no {what} {name!r}", hint=f"Deposits: {known or 'none yet'}."
    )


def set_hurry(turn: Turn, delta: int, mines: bool = False) -> None:
    """
    Somebody begins (+1) or ends (-1) to wait; full pace while anybody does.

    Args:
        mines: they wait for mainchain blocks, so that an empty world mines too.
    """
    turn.hurry = max(0, turn.hurry + delta)
    if mines:
        turn.diggers = max(0, turn.diggers + delta)
    mainchain.plan_all(turn)


def acknowledge(turn: Turn) -> None:
    """Go on after a breach; its alarm stands, it does not pause again."""
    turn.acknowledged = len(turn.breaches)
