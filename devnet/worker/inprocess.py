"""The proof of work without a process: for tests, and for whoever must not have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from devnet.worker.memo import Memo, Pair

HashFunction = Callable[[bytes, bytes], bytes]
"""(header hash, seed) -> work, as `devnet.engine.tensority.work`."""


class InProcessWorks:
    """
    A `WorkSource` that computes one wish whenever it is waited for, in the caller's
    thread, and never earlier.

    Args:
        hash_function: Tensority unless a test wants something cheaper.
    """

    def __init__(self, hash_function: HashFunction | None = None) -> None:
        self._hash = hash_function
        self._memo = Memo()
        self._wishes: list[Pair] = []

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The 32-byte work, or None when it is not known yet."""
        return self._memo.get((seed, header_hash))

    def want(self, pairs: tuple[Pair, ...]) -> None:
        """These will be needed, soonest first. Replaces what was wanted before."""
        self._wishes = [p for p in dict.fromkeys(pairs) if p not in self._memo]

    def wait(self, timeout_s: float) -> bool:
        """Compute the soonest wish, however long it takes. False if there is none."""
        while self._wishes:
            pair = self._wishes.pop(0)
            if pair not in self._memo:
                seed, header_hash = pair
                self._memo.add({pair: self._function()(header_hash, seed)})
                return True
        return False

    def remember(
        self, works: Mapping[Pair, bytes] | Iterable[tuple[Pair, bytes]]
    ) -> None:
        """Take over works that are known from elsewhere."""
        self._memo.add(works)

    def known(self) -> dict[Pair, bytes]:
        """Every work known here."""
        return self._memo.all()

    def close(self) -> None:
        """Forget the wishes."""
        self._wishes = []

    def _function(self) -> HashFunction:
        if self._hash is None:
            from devnet.engine import tensority  # numpy, only when it is needed.

            self._hash = tensority.work
        return self._hash
