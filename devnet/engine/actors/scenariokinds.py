"""
The catalogue of attacks and plays: each is a scenario of the protocol's list.

Source: protocol page "scenarios", section 2.
"""

from __future__ import annotations

from typing import get_args

from devnet.engine.actors.faultkinds import NETWORK, VALIDATOR, FaultKind, Target

PEG = (
    FaultKind(
        "forged-proof", "sidechain",
        "the collector proves the Merkle root itself, and no transaction in it",
        "C8 at every validator; early Vapor took such a proof; a collector with a bond "
        "loses a part of it for each bad claim",
        holds=("I1", "I3"), watches=("claims", "offences"),
    ),
    FaultKind(
        "wrong-flags", "sidechain",
        "the flags of every proof become 0, 1, 2, ..., which was early Vapor's bug",
        "C8: an honest deposit is refused until the flags are right, as it was there",
        holds=("I1",), watches=("claims",),
    ),
    FaultKind(
        "invented-lock", "sidechain",
        "the collector claims a transaction that was never mined, under a header of "
        "its own without work",
        "the proof is perfect; C10, for nobody has that header",
        holds=("I1", "I3"), watches=("claims",),
    ),
    FaultKind(
        "inflate", "sidechain",
        "the collector claims a thousand times the amount, and another asset",
        "C5 with both values",
        holds=("I1", "I2"), watches=("claims",),
    ),
    FaultKind(
        "steal-claim", "sidechain", "the collector's claims pay a stranger",
        "C12: the lock says who is paid",
        holds=("I3",), watches=("claims",),
    ),
    FaultKind(
        "two-chains", "sidechain",
        "locks for every other sidechain are claimed on this one",
        "C6 with two addresses; where they belong they are claimed as ever",
        holds=("I1",), watches=("claims",),
    ),
    FaultKind(
        "failed-tx", "sidechain",
        "alice locks 5 GOLD in a transaction that the mainchain takes as failed; the "
        "collector claims it all the same",
        "the proof of inclusion is right, the status leaf is not: C9",
        holds=("I1",), watches=("claims",),
    ),
    FaultKind(
        "lazy-collector", "sidechain",
        "the collector that a lock is assigned to stops; with a value it claims, and "
        "takes so much more as fee",
        "greedy: C13; either way the next collector claims 3 blocks after settlement; "
        "with all of them off anybody may after 20, without fee",
        "ppm", 0, 0, 500_000, holds=("I8",), watches=("claims",),
    ),
    FaultKind(
        "native-issue", "sidechain",
        "alice, who issues GOLD on the mainchain, issues the same asset id here",
        "every validator refuses the issuance",
        holds=("I2",),
    ),
)  # fmt: skip
SIMPLE = (
    FaultKind(
        "collectors-offline", "federation",
        "so many collectors are silent; mending brings them back",
        "locks wait for the next collector, or until anybody may claim them",
        "collectors", 1, 1, 10, holds=("I1", "I8"),
    ),
)  # fmt: skip
WAY_BACK = (
    FaultKind(
        "greedy-coordinator", "sidechain",
        "the collector that a withdrawal is assigned to asks the members for a payout "
        "to a stranger, for one with short change, and for one without gas of its own",
        "members refuse, P4, P5 and P6; after 3 blocks the next collector may pay, "
        "honestly",
        holds=("I1", "I4"), watches=("withdrawals",),
    ),
    FaultKind(
        "double-payout", "sidechain",
        "for each withdrawal a second payout from other inputs is asked for: while the "
        "first waits, when it is mined, and when a reorganisation has undone it",
        "P8, for the pin is another; P2 when it is mined; a replacement with the same "
        "pin is signed, and at most one of the two can be mined",
        holds=("I4",), watches=("undone", "withdrawals"),
    ),
    FaultKind(
        "burn-then-reorg", "sidechain",
        "alice burns 5 BTM with a validator that is cut off, and spends them otherwise "
        "with the others; a hasty coordinator asks for the payout at once",
        "P1, for the burn is not final; its block is rolled back, nothing was signed",
        holds=("I1", "I4"), watches=("undone", "withdrawals"),
    ),
    FaultKind(
        "swapped-recipient", "sidechain",
        "a relay changes the recipient in alice's withdrawal record of 5 BTM, and in a "
        "plain retirement of 5 BTM",
        "the record gets another id, and the signature fails; the retirement keeps its "
        "id, and nobody notices: why withdrawals are records",
        holds=("I4",), watches=("withdrawals",),
    ),
    FaultKind(
        "members-offline", "federation",
        "so many members are silent; mending brings them back",
        "with less than a quorum left withdrawals queue as leaving, nothing is lost; "
        "then they drain",
        "members", 2, 1, 10, holds=("I1",), watches=("withdrawals", "members"),
    ),
    FaultKind(
        "members-collude", "sidechain",
        "a quorum of members signs the biggest locked piece of BTM away to a stranger; "
        "mending does not bring it back",
        "the mainchain accepts it; the alarm rings in that very block; evidence "
        "convicts each of them, and burns the bond of those who have one",
        holds=("I6",), breaks=("I1", "I4"), watches=("offences",),
    ),
)  # fmt: skip
MAINCHAIN = (
    FaultKind(
        "shallow-reorg", "mainchain",
        "the mainchain's last blocks are replaced, none below a settled one",
        "a lock in them sinks back to the mempool and its counter starts again; it "
        "was not claimable yet",
        "blocks", 1, 1, 100, holds=("I1", "I5"), watches=("undone", "locks"),
    ),
    FaultKind(
        "deep-reorg", "mainchain",
        "the mainchain is replaced from below the newest claimed lock on, whose money "
        "is spent otherwise; mending brings the old branch back, write-off gives it up",
        "the peg freezes, the alarm rings, transfers go on: the cost of a finite "
        "depth; what is written off is a term of the books from then on",
        holds=("I6",), breaks=("I1", "I5"), watches=("undone", "alarms"),
    ),
)  # fmt: skip
BYZANTINE = (
    FaultKind(
        "lying-node", "validator",
        "it is shown a mainchain of the attacker's, with a lock of 1000 BTM in it, and "
        "the collector claims that lock",
        "the others refuse the claim by C10 and hold its block; it votes alone",
        holds=("I1", "I6"), watches=("claims", "alarms"),
    ),
    FaultKind(
        "double-claim", "validator",
        "its blocks hold a claim twice, and the collector hands a second claim of each "
        "lock to everybody, past any cut",
        "C2 in the pool and in the block, whose maker is convicted; after a fork one "
        "claim remains",
        holds=("I3",), watches=("claims", "blocks", "undone", "offences"),
    ),
    FaultKind(
        "double-sign", "validator", "it proposes twice and votes twice in a round",
        "an evidence record; its bond is burned but for the reporter's part, its seat "
        "is gone",
        holds=("I6",), watches=("offences", "swaps"),
    ),
)  # fmt: skip
CONSENSUS = (
    FaultKind(
        "partition", "network", "so many of a chain's members hear only one another",
        "three of four go on and the fourth catches up; two of four certify nothing",
        "members", 1, 1, 100, holds=("I6",), watches=("undone",),
    ),
    FaultKind(
        "swap-under-fire", "sidechain",
        "the last validator with a seat is gone, and the one before makes two blocks a "
        "turn and votes for everything",
        "a swap closes and opens all the same: one chain, the same coins before and "
        "after",
        holds=("I6", "I10"), watches=("closing", "swaps", "alarms", "offences"),
    ),
    FaultKind(
        "swap-missing-engine", "sidechain",
        "the last validator with a seat can load no further engine",
        "it approves no swap; after one it stops and says which engine it needs, and "
        "the chain goes on",
        holds=("I6",), watches=("states", "swaps"),
    ),
)  # fmt: skip
OTHERS = (
    FaultKind(
        "power-cut", "sidechain",
        "the power fails between any two writes to its database, for so many blocks; "
        "then all its validators start again",
        "tip, coins and claims agree at every moment, and no signature is forgotten",
        "blocks", 3, 1, 20, holds=("I3", "I6", "S4"), watches=("alarms",),
    ),
    FaultKind(
        "grab-the-keys", "sidechain",
        "a member's private key for one recipient's locks is published",
        "the member's root key, computed from it and the xpub; one key of a quorum "
        "moves nothing, and an election takes its seat",
        holds=("I1", "I9"), watches=("alarms",),
    ),
)  # fmt: skip
LESSONS = (
    FaultKind(
        "lost-block", "lesson",
        "four honest validators, one cut off for its slots, under the voting rule of "
        "Vapor 1.x and under ours",
        "there a final block disappears; here it was only certified, never final",
        holds=("I6",),
    ),
    FaultKind(
        "paper-commit", "lesson",
        "a certificate reaches one validator only, then the view changes, under the "
        "BBFT paper's rule and under ours",
        "there two final blocks of one height; here a certified child decides",
        holds=("I6",),
    ),
    FaultKind(
        "naive-swap", "lesson",
        "a swap at a fixed height, whatever is final there, and one behind the gate",
        "there two final blocks at the closing height; here closing blocks decide",
        holds=(), breaks=("I6",),
    ),
)  # fmt: skip
SCENARIOS = (
    *PEG, *WAY_BACK, *MAINCHAIN, *BYZANTINE, *CONSENSUS, *OTHERS, *LESSONS,
    *(kind for kind in VALIDATOR if kind.name in ("bad-gateway", "clock-skew")),
)  # fmt: skip
"""Those of the protocol's list."""
_ALL = (*NETWORK, *VALIDATOR, *SIMPLE, *SCENARIOS)
KINDS = {
    kind.name: kind
    for target in get_args(Target)
    for kind in _ALL
    if kind.target == target
}
"""Everything that can be broken on purpose, by name, each target's kinds together."""
