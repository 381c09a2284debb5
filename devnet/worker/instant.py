"""
Proof of work that costs nothing: SHA3 in the place of Tensority, answered at once.

For tests of what happens on the chains, a thousand of them a minute. Blocks meet their
target under this function alone; a real node, or a world with real work, takes none.
"""

from __future__ import annotations

from hashlib import sha3_256


class InstantWorks:
    """A `WorkSource` that knows every answer."""

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The work of a header, 32 bytes."""
        return sha3_256(b"instant work" + seed + header_hash).digest()

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """Nothing has to be computed ahead."""

    def wait(self, timeout_s: float) -> bool:
        """Nothing is under way."""
        return False

    def close(self) -> None:
        """Nothing is open."""
