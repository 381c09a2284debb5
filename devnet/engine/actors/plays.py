"""
What happens when a scenario of several steps begins, and when it is mended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from devnet.engine.actors import (
    collecting,
    cutting,
    forging,
    lifecycle,
    mainchain,
    memberplays,
    pegplays,
    pooling,
    powercuts,
    rivals,
)
from devnet.engine.actors.epochs import council_of, deposit_program, watch_script
from devnet.engine.actors.issuing import signed_mint
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.purses import asset_of, main_purse, side_purse
from devnet.engine.actors.seeing import keep, saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.bc.transaction import BTM, Output, Spend, with_arguments
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import sha3
from devnet.engine.errors import BadValue, DevnetError
from devnet.engine.events import ConsensusSent
from devnet.engine.federation.collector import SeenLock
from devnet.engine.federation.programs import member_key, member_path
from devnet.engine.keys import chainkd
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.accounts import play_root

MONEY = 5
"""Whole units that the small plays are about."""
MEMBER = "fed-1"
NONE = (b"", b"", b"")


def _nothing(turn: Turn, fault: Fault) -> None:
    """Some plays need no more than to be at work, or to be over."""


def _nobody(turn: Turn, fault: Fault) -> Cast:
    return ()


Cast: TypeAlias = "tuple[tuple[str, str], ...]"
"""Faults of validators that a scenario consists of: kind and validator."""


@dataclass(frozen=True, slots=True)
class Play:
    """
    What a kind of fault does when it begins, after each step, and when it ends.

    again: when the world comes back from a disk while it is at work.
    cast: faults of validators that begin and end with it.
    """

    begin: Callable[[Turn, Fault], None] = _nothing
    end: Callable[[Turn, Fault], None] = _nothing
    watch: Callable[[Turn, Fault], None] = _nothing
    again: Callable[[Turn, Fault], None] = _nothing
    cast: Callable[[Turn, Fault], Cast] = _nobody


def _lock_that_fails(turn: Turn, fault: Fault) -> None:
    """
    Alice's lock of GOLD, whose signature over the GOLD is nobody's: the mainchain takes
    the fee, marks the transaction as failed and moves nothing else.
    """
    key, gold = key_of(turn, "alice"), asset_of(turn, "GOLD")
    program = deposit_program(turn, fault.chain, key.program)
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
    watch_script(turn, fault.chain, key.program)
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


# Validators.


def _both_lies(turn: Turn, fault: Fault) -> Cast:
    return (("equivocate", fault.node), ("vote-twice", fault.node))


def _last(turn: Turn, chain: str, back: int = 1) -> str:
    """The last validator with a seat, or one before it."""
    head = turn.side(chain).tree[turn.side(chain).head]
    names = [one.name for one in head.state.seated.validators]
    return names[-min(back, len(names))]


def _under_fire(turn: Turn, fault: Fault) -> Cast:
    """One absent, one that makes two blocks a turn and votes for everything."""
    absent, liar = _last(turn, fault.chain), _last(turn, fault.chain, 2)
    return (("kill", absent), ("equivocate", liar), ("vote-twice", liar))


def _without_engine(turn: Turn, fault: Fault) -> Cast:
    return (("missing-engine", _last(turn, fault.chain)),)


def _cut(turn: Turn, fault: Fault) -> None:
    names = cutting.members(turn, fault.chain)
    if fault.value >= len(names):
        raise BadValue(
            f"{fault.chain} has {len(names)} members, {fault.value} of them cut off "
            "are all of them",
            hint=f"Cut off 1 to {len(names) - 1}.",
        )
    sides = cutting.cut(
        turn, fault.chain, (names[: -fault.value], names[-fault.value :])
    )
    saw(turn, fault.id, " | ".join(", ".join(side) for side in sides))


def _join(turn: Turn, fault: Fault) -> None:
    if fault.chain in turn.cuts:
        cutting.join(turn, fault.chain)


# Mainchains.


def _watch_misled(turn: Turn, fault: Fault) -> None:
    """
    Offer the lie as a claim once the misled one sees it settled, and tell who holds the
    block that the misled one makes.
    """
    _offer_lie(turn, fault)
    tree = turn.side(fault.chain).tree
    entry = tree[turn.node(fault.chain, fault.node).head]
    if entry.anchor.hash in fault.memory[1:] and entry.claims:
        words = f"{fault.node} alone votes for block {entry.height}, which claims it"
        saw(turn, fault.id, words)
    for other in turn.nodes(fault.chain):
        for held in other.held_blocks if other.name != fault.node else ():
            header = tree[held].block.header
            saw(
                turn,
                fault.id,
                f"{other.name} holds block {header.height} of {fault.node}: main "
                f"{header.anchor.height} {header.anchor.hash.hex()[:8]} is not settled "
                "for it",
            )


def _offer_lie(turn: Turn, fault: Fault) -> None:
    """The collector, who is in it too, claims the lock that only one validator sees."""
    node = turn.node(fault.chain, fault.node)
    if len(fault.memory) < 2 or node.main.tip not in fault.memory:
        return
    words = f"the collector claims {rivals.LIE} BTM that {fault.node} alone sees"
    if words in fault.seen:
        return
    saw(turn, fault.id, words)
    key, entry = key_of(turn, rivals.LIAR), turn.tree[fault.memory[1]]
    program = deposit_program(turn, fault.chain, key.program)
    made = [one for one in entry.change.created if one.program == program]
    if not made:
        return
    coin = made[0]
    lock = SeenLock(coin, fault.chain, key.program, entry.hash)
    tx, _ = collecting.make_claim(turn, lock)
    collecting.hand_in(turn, fault.chain, tx)


def _mislead_no_more(turn: Turn, fault: Fault) -> None:
    """It is set up anew with what an honest one has; what it signed stays."""
    honest = next(node for node in turn.nodes(fault.chain) if node.name != fault.node)
    node = turn.node(fault.chain, fault.node)
    lifecycle.kill(turn, fault.chain, fault.node)
    turn.set_node(
        fault.chain,
        replace(
            turn.node(fault.chain, fault.node), main=honest.main, head=honest.head,
            seen=honest.seen, final=honest.final, ballots=node.ballots,
        ),
    )  # fmt: skip
    lifecycle.restart(turn, fault.chain, fault.node)


def _watch_forks(turn: Turn, fault: Fault) -> None:
    """Tell of a lock that two branches claim, and of the one claim that remains."""
    side = turn.side(fault.chain)
    heads = {node.head: node.name for node in reversed(turn.nodes(fault.chain))}
    for transfer in turn.transfers.values() if len(heads) > 1 or fault.seen else ():
        lock_id, claims = transfer.lock_id, {}
        for head in sorted(heads, key=heads.__getitem__):
            state = side.tree[head].state
            claim = state.claimed.get(lock_id)
            if claim is not None:
                claims[state.hashes[claim.height]] = f"{claim.height} of {heads[head]}"
        forked = f"two branches claim lock {lock_id.hex()[:8]}"
        if len(claims) > 1:
            saw(turn, fault.id, forked)
            for block_hash, whose in claims.items():
                saw(turn, fault.id, f"it is in block {whose}, {block_hash.hex()[:8]}")
        elif len(heads) == 1 and claims and forked in _now(turn, fault).seen:
            words = f"one claim of lock {lock_id.hex()[:8]} remains"
            saw(turn, fault.id, words)


def _watch_closing(turn: Turn, fault: Fault) -> None:
    """Tell of two closing blocks of one height."""
    tree = turn.side(fault.chain).tree
    found: dict[int, set[bytes]] = {}
    for node in turn.nodes(fault.chain):
        entry = tree[node.head]
        if entry.is_closing():
            found.setdefault(entry.height, set()).add(entry.hash)
    for height, hashes in found.items():
        if len(hashes) > 1:
            both = " and ".join(sorted(one.hex()[:8] for one in hashes))
            saw(turn, fault.id, f"two closing blocks of height {height}: {both}")


def _watch_messages(turn: Turn, fault: Fault) -> None:
    """Count the messages of each round, and tell of one that took more than others."""
    round_, count, most = (int.from_bytes(one, "big") for one in fault.memory or NONE)
    for event in tuple(turn.events):
        if not isinstance(event, ConsensusSent) or event.chain != fault.chain:
            continue
        if event.round > round_:
            if count > most:
                saw(turn, fault.id, f"round {round_} took {count} messages")
            round_, count, most = event.round, 0, max(most, count)
        count += event.round == round_
    memory = tuple(one.to_bytes(8, "big") for one in (round_, count, most))
    if memory != fault.memory:
        keep(turn, replace(_now(turn, fault), memory=memory))


def _now(turn: Turn, fault: Fault) -> Fault:
    return next((one for one in turn.faults if one.id == fault.id), fault)


def _grab(turn: Turn, fault: Fault) -> None:
    """Publish a member's key for alice's locks, and compute its root key from it."""
    side = turn.side(fault.chain)
    spec, federation = side.tree.spec, council_of(side).current
    root = chainkd.xpub(play_root(MEMBER))  # Public: every address is made from it.
    script = key_of(turn, "alice").program
    chain_id, tweak = member_path(spec.chain_id, root, script)
    leaked = chainkd.derive_xprv(play_root(MEMBER), (chain_id, tweak))[:32]
    saw(
        turn,
        fault.id,
        f"{MEMBER}'s child key for alice's locks on {fault.chain} is published: "
        f"{leaked.hex()[:16]}...",
    )
    chain_xpub = chainkd.child_xpub(root, chain_id)
    chain_key = chainkd.grabbed_parent(chain_xpub, tweak, leaked)
    root_key = chainkd.grabbed_parent(root, chain_id, chain_key)
    same = "the member's own" if chainkd.xpub(root_key) == root else "another"
    saw(
        turn,
        fault.id,
        f"computed from it and the xpub: the root key {root_key.hex()[:16]}..., whose "
        f"xpub is {same}",
    )
    other = key_of(turn, "bob").program
    path = member_path(spec.chain_id, root, other)
    message = sha3(b"a payout that nobody asked for")
    signature = chainkd.sign(chainkd.derive_xprv(root_key, path), message)
    public = member_key(spec.chain_id, root, other)
    good = "holds" if verify(public, message, signature) else "does not hold"
    saw(turn, fault.id, f"its signature for bob's locks {good} too")
    n_members, quorum = len(federation.members), federation.quorum
    words = f"1 of {n_members} keys is known, {quorum} must sign: no lock moves"
    saw(turn, fault.id, words)


def _watch_rotation(turn: Turn, fault: Fault) -> None:
    memberplays.watch_rotation(turn, fault, MEMBER)


PLAYS = {
    "double-payout": Play(watch=pegplays.pay_twice),
    "burn-then-reorg": Play(pegplays.burn_and_fork, pegplays.join, pegplays.watch_fork),
    "swapped-recipient": Play(pegplays.swap_recipient),
    "members-offline": Play(
        memberplays.silence, memberplays.speak, again=memberplays.silence_again
    ),
    "collectors-offline": Play(
        memberplays.silence, memberplays.speak, again=memberplays.silence_again
    ),
    "members-collude": Play(memberplays.steal, watch=memberplays.watch_theft),
    "grab-the-keys": Play(_grab, watch=_watch_rotation),
    "power-cut": Play(watch=powercuts.watch),
    "bad-gateway": Play(watch=_watch_messages),
    "double-claim": Play(watch=_watch_forks),
    "double-sign": Play(cast=_both_lies),
    "swap-under-fire": Play(watch=_watch_closing, cast=_under_fire),
    "swap-missing-engine": Play(cast=_without_engine),
    "partition": Play(_cut, _join),
    "shallow-reorg": Play(rivals.reorganise, again=rivals.give_up),
    "deep-reorg": Play(rivals.reorganise_deep, rivals.come_back),
    "lying-node": Play(
        rivals.mislead, _mislead_no_more, _watch_misled, again=rivals.mislead_again
    ),
    "failed-tx": Play(
        _lock_that_fails, lambda turn, fault: forging.forget_failed(turn)
    ),
    "native-issue": Play(_issue_here),
}
"""By the name of the fault. Others change what actors do, and need no play."""
