"""
A made-up stream of events, the same every time, that shows the design's dashboards.

Nothing here knows the engine: hashes are digests of names, times are counted by hand.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha3_256

from devnet.engine import events as ev

BTM = 10**8
COUNTS = (0, 0, 4, 1, 1, 1, 0, 0, 9, 0, 0, 0, 1, 1)
MAIN_COUNTS = {115: 2, 118: 3, 121: 4, 126: 3, 128: 3}
GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
]
ENGINES = ("dpos-bbft", "poa", "solo")
STORES = ("tinydb", "sqlite", "memory")


def named(*parts: object) -> str:
    """A hash that depends on the name only."""
    return sha3_256(repr(parts).encode()).hexdigest()


class Tape:
    """Events with sequence numbers and a clock that the writer moves."""

    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.now_ms = 0

    def say(self, event: ev.Event) -> None:
        """Put an event at the end."""
        self.events.append(replace(event, seq=len(self.events), at_ms=self.now_ms))

    def later(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms


def start(tape: Tape, n_sidechains: int = 3, *, height: int = 113) -> None:
    """A world with accounts, assets and sidechains, before anything happened."""
    tape.say(
        ev.WorldStarted(
            seed=42,
            profile="fast",
            height=height,
            tip=named("main", height),
            depth=6,
            quorum=2,
            members=("fed-1", "fed-2", "fed-3"),
            collectors=("fed-1",),
            accounts=("alice", "bob", "carol"),
            n_miners=2,
        )
    )
    tape.say(ev.AssetKnown(asset="BTM", id="ff" * 32, decimals=8))
    tape.say(ev.AssetKnown(asset="GOLD", id=named("GOLD"), decimals=0))
    for index, name in enumerate(GREEK[:n_sidechains]):
        n_validators = (4, 7, 3)[index] if index < 3 else 4
        tape.say(
            ev.SidechainAdded(
                name=name,
                chain_id=named(name),
                engine=ENGINES[index % 3],
                store=STORES[index % 3],
                finality=("certificate", "builders", "instant")[index % 3],
                validators=tuple(f"v{i + 1}" for i in range(n_validators)),
            )
        )
    for who, chain, asset, amount in (
        ("alice", "main", "BTM", 98_750 * BTM),
        ("alice", "main", "GOLD", 5_000),
        ("bob", "main", "BTM", 12_000 * BTM),
    ):
        tape.say(ev.BalanceChanged(who=who, chain=chain, asset=asset, amount=amount))


def main_block(tape: Tape, height: int, n_locks: int = 0, n_payouts: int = 0) -> None:
    """A mainchain block."""
    tape.say(
        ev.BlockAdded(
            chain="main",
            height=height,
            id=named("main", height),
            producer="node-0",
            n_txs=MAIN_COUNTS.get(height, 1),
            n_locks=n_locks,
            n_payouts=n_payouts,
            size=900,
        )
    )


def side_block(
    tape: Tape, chain: str, height: int, *, engine: str = "", epoch: int = 0
) -> None:
    """A sidechain block: final at once, on alpha two blocks later."""
    n_validators = {"alpha": 4, "beta": 7, "gamma": 3}.get(chain, 4)
    tape.say(
        ev.BlockAdded(
            chain=chain,
            height=height,
            id=named(chain, height),
            producer=f"v{height % n_validators + 1}",
            n_txs=COUNTS[height % len(COUNTS)] + 1,
            engine=engine,
            epoch=epoch,
        )
    )
    final = height - 2 if chain == "alpha" else height
    tape.say(ev.BlockFinal(chain=chain, height=final, id=named(chain, final)))


def transfer(
    tape: Tape,
    name: str,
    chain: str,
    amount: int,
    asset: str = "BTM",
    *moves: tuple[str, int, int, str],
    failed: bool = False,
) -> None:
    """A transfer with all its moves so far; `failed` is about the last one."""
    tape.say(
        ev.TransferStarted(
            transfer=name,
            who="alice",
            to="alice",
            chain=chain,
            asset=asset,
            amount=amount,
            lock_tx=named(name, "tx"),
            lock_id=named(name, "id"),
            address="sm1qfederation",
        )
    )
    for index, (stage, done, needed, note) in enumerate(moves):
        tape.say(
            ev.TransferMoved(
                transfer=name,
                stage=stage,
                done=done,
                needed=needed,
                note=note,
                failed=failed and index == len(moves) - 1,
            )
        )


def dashboard(n_sidechains: int = 3, *, breach: bool = False) -> list[ev.Event]:
    """The stream behind the mock-ups: five transfers, one failed, a validator down."""
    tape = Tape()
    start(tape, n_sidechains)
    tape.later(200_000)
    for height in range(114, 126):
        main_block(tape, height, n_locks=height in (121, 125))
        tape.later(3_000)
    for step in range(19):
        for index, name in enumerate(GREEK[:n_sidechains]):
            height = 380 + 37 * index + step
            side_block(tape, name, height, engine=ENGINES[index % 3])
        tape.later(1_000)
    _transfers(tape)
    main_block(tape, 126)
    tape.later(700)
    tape.say(ev.TxQueued(chain="alpha", id=named("d6", "claim"), what="claim"))
    tape.later(2_000)
    main_block(tape, 127, n_payouts=1)
    tape.later(200)
    tape.say(ev.ValidatorChanged(chain="beta", validator="v7", state="down"))
    tape.say(ev.TxQueued(chain="main", id=named("p1"), what="payment"))
    tape.say(ev.TxQueued(chain="main", id=named("p2"), what="lock"))
    tape.later(300)
    for index, name in enumerate(GREEK[:n_sidechains]):
        side_block(tape, name, 399 + 37 * index, engine=ENGINES[index % 3])
    _sayings(tape, n_sidechains)
    _books(tape)
    tape.later(3_100)
    main_block(tape, 128)
    if breach:
        tape.say(
            ev.InvariantBroken(
                invariant="I2",
                chain="alpha",
                main_height=128,
                side_height=399,
                detail="locked 2 500 BTM, circulating 2 501 BTM",
            )
        )
    tape.later(6_000)
    tape.say(
        ev.MiningTried(
            node="node-0", height=129, tries=37, expected_tries=64, since_tip_ms=6_000
        )
    )
    return tape.events


def _transfers(tape: Tape) -> None:
    transfer(
        tape,
        "d4",
        "gamma",
        10 * BTM,
        "BTM",
        ("claim", 0, 0, "claim refused: merkle root mismatch"),
        failed=True,
    )
    transfer(tape, "d5", "beta", 400, "GOLD", ("claimed", 0, 0, "claimed in beta 436"))
    transfer(
        tape, "d6", "alpha", 1_000 * BTM, "BTM", ("claim", 0, 0, "in alpha mempool")
    )
    transfer(tape, "d7", "alpha", 250 * BTM, "BTM", ("confirm", 4, 6, ""))
    transfer(
        tape, "w1", "alpha", 20 * BTM, "BTM", ("settled", 0, 0, "paid in main 127")
    )
    tape.events.pop()
    tape.say(ev.TransferMoved(transfer="w1", stage="pay", note="in main 127"))
    transfer(tape, "w2", "beta", 75 * BTM, "BTM", ("sign", 1, 2, "waiting for fed-3"))
    tape.say(
        ev.ClaimCrafted(
            transfer="d6",
            chain="alpha",
            tx=named("d6", "claim"),
            proof_bytes=412,
            n_hashes=2,
            collector="fed-1",
        )
    )


def _sayings(tape: Tape, n_sidechains: int) -> None:
    words = (
        "round 0  propose v1 > vote 4/4",
        "slot 311  turn v2  next v3 in 1 s",
        "turn v1  sealed alone",
    )
    for index, name in enumerate(GREEK[:n_sidechains]):
        tape.say(
            ev.ConsensusSaid(
                chain=name,
                text=words[index] if index < 3 else "turn v2",
                proposer=("v1", "v2", "v1")[index] if index < 3 else "v2",
            )
        )
    for sender in ("v1", "v2"):
        tape.say(
            ev.ConsensusSent(
                chain="alpha",
                validator=sender,
                to="all",
                what="vote",
                height=399,
                round=1,
            )
        )
        tape.later(20)
        tape.say(
            ev.ConsensusGot(
                chain="alpha",
                validator="v3",
                sender=sender,
                what="vote",
                height=399,
                round=1,
            )
        )
    if n_sidechains > 3:
        tape.say(
            ev.SwapProposed(
                chain="delta",
                engine="poa",
                old_engine="dpos-bbft",
                closing_height=520,
                needed=3,
            )
        )
        tape.say(
            ev.SwapScheduled(
                chain="delta", engine="poa", closing_height=520, height=508
            )
        )


def _books(tape: Tape) -> None:
    for who, chain, asset, amount in (
        ("alice", "alpha", "BTM", 1_250 * BTM),
        ("alice", "beta", "GOLD", 400),
        ("bob", "beta", "BTM", 75 * BTM),
    ):
        tape.say(ev.BalanceChanged(who=who, chain=chain, asset=asset, amount=amount))
    for chain, asset, locked, there, coming in (
        ("alpha", "BTM", 2_500 * BTM, 1_250 * BTM, 1_250 * BTM),
        ("beta", "GOLD", 400, 400, 0),
    ):
        tape.say(
            ev.Audited(
                chain=chain,
                main_height=127,
                side_height=399,
                ok=True,
                assets=(asset,),
                locked=(locked,),
                circulating=(there,),
                arriving=(coming,),
            )
        )
