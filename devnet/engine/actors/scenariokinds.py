"""
The catalogue of attacks and plays: each is a scenario of the protocol's list.

Source: protocol page "scenarios", section 2.
"""

from __future__ import annotations

from devnet.engine.actors.faultkinds import NETWORK, VALIDATOR, FaultKind

PEG = (
    FaultKind(
        "forged-proof", "sidechain",
        "the collector proves the Merkle root itself, and no transaction in it",
        "C8 at every validator; early Vapor took such a proof",
        holds=("I1", "I3"), watches=("claims",),
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
        "the collector stops; with a value it claims, and takes so much more as fee",
        "stopped: anybody claims without fee 20 blocks after settlement; greedy: C13",
        "ppm", 0, 0, 500_000, holds=("I8",), watches=("claims",),
    ),
    FaultKind(
        "native-issue", "sidechain",
        "alice, who issues GOLD on the mainchain, issues the same asset id here",
        "every validator refuses the issuance",
        holds=("I2",),
    ),
)  # fmt: skip
SCENARIOS = PEG
KINDS = {kind.name: kind for kind in (*NETWORK, *VALIDATOR, *SCENARIOS)}
"""Everything that can be broken on purpose, by name."""
