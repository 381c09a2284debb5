"""
What can be set by hand about mining, time and mempools. `Network` inherits from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from devnet.engine.actors import pegin, steering
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Steering, World
from devnet.engine.bc.merkleblock import MerkleBlock

P = ParamSpec("P")
T = TypeVar("T")


class Steered:
    """Acts of whoever runs the devnet, not of anybody on its chains."""

    world: World

    def _act(
        self,
        act: Callable[Concatenate[Turn, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One act of somebody, now. `Network` has it."""
        raise NotImplementedError

    @property
    def wall_ms(self) -> int:
        """The clock that block times follow: milliseconds since 1970."""
        world = self.world
        return world.start_ms + world.now_ms + world.steering.ahead_ms

    @property
    def steering(self) -> Steering:
        """What is set by hand."""
        return self.world.steering

    def main_hashes(self, first_height: int) -> list[str]:
        """The blocks of the mainchain from a height on, as the first node has it."""
        state = self.world.tree[self.world.main_tip].state
        heights = range(first_height, self.world.tree[self.world.main_tip].height + 1)
        return [state.hashes[height].hex() for height in heights]

    def program_at(self, to: str) -> bytes:
        """The program of an account or a mainchain address. Raises UnknownName."""
        return self._act(steering.program_of, to)

    def set_automine(self, mode: str, interval_ms: int = 0) -> None:
        """Say when mainchain blocks come by themselves. Raises BadValue."""
        self._act(steering.set_automine, mode, interval_ms)

    def set_clock(self, wall_ms: int) -> None:
        """Set the clock of block times. Raises TimeGoneBy, BadValue."""
        self._act(steering.set_clock, wall_ms)

    def drop_transaction(self, chain: str, tx_id: bytes) -> None:
        """Let every node forget a waiting transaction. Raises NotWaiting."""
        self._act(steering.drop_transaction, chain, tx_id)

    def expect_lock(self, chain: str, claim_script: bytes) -> None:
        """Let collectors claim what is locked for a claim script. UnknownName."""
        self._act(pegin.expect_lock, chain, claim_script)

    def bring_claim(
        self, chain: str, raw: bytes, proof: MerkleBlock, claim_script: bytes
    ) -> str:
        """Claim a lock with a proof from outside. Returns the Claim's id."""
        return self._act(pegin.bring_claim, chain, raw, proof, claim_script).hex()

    def give(self, to: str, amount: int, asset: str) -> str:
        """Coins out of the devnet's pocket. Returns the transaction id."""
        return self._act(steering.give, to, amount, asset).hex()
