"""
Opcodes as they are written one after another, each with what it does to the stack.

A VERIFY waits until something follows it: the last one of a clause is left out, for the
machine looks at the top of the stack itself in the end.
"""

from __future__ import annotations

from devnet.equity.stack import Stack


class Builder:
    """A program in the making: words, and the stack after them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._words: list[str] = []
        self._waiting = False

    @property
    def opcodes(self) -> str:
        """All words so far."""
        return " ".join(self._words)

    def word(self, word: str) -> None:
        """A word that leaves the stack as it is known."""
        if self._waiting:
            self._words.append("VERIFY")
            self._waiting = False
        self._words.append(word)

    def verify(self) -> None:
        """The top of the stack must be true."""
        if self._waiting:
            self._words.append("VERIFY")
        self._waiting = True
        self.stack = self.stack.drop()

    def forget_verify(self) -> None:
        """Nothing follows the last VERIFY in this clause."""
        self._waiting = False

    def push(self, word: str, name: str = "") -> None:
        """A word that puts a value on the stack."""
        self.word(word)
        self.stack = self.stack.add(name or word)

    def number(self, number: int) -> None:
        self.push(str(number))

    def data(self, data: bytes) -> None:
        """Bytes; fewer than two are written as a number, as in Bytom."""
        self.push(f"0x{data.hex()}" if len(data) > 1 else str(sum(data)))

    def replace(self, word: str, n_taken: int, name: str) -> None:
        """Words that take values from the stack and leave one."""
        self.word(word)
        self.stack = self.stack.drop(n_taken).add(name)

    def drop(self, word: str = "DROP") -> None:
        """A word that takes the top of the stack."""
        self.word(word)
        self.stack = self.stack.drop()

    def roll(self, depth: int) -> None:
        """Bring an entry to the top."""
        if depth == 1:
            self.word("SWAP")
        elif depth:
            self.word(str(depth))
            self.word("ROLL")
        if depth:
            self.stack = self.stack.roll(depth)

    def pick(self, depth: int) -> None:
        """Copy an entry to the top."""
        if depth < 2:
            self.word(("DUP", "OVER")[depth])
        else:
            self.word(str(depth))
            self.word("PICK")
        self.stack = self.stack.add(self.stack.at(depth))

    def select(self, depth: int) -> None:
        """Bring the clause selector to the top, always with a ROLL."""
        self.word(str(depth))
        self.word("ROLL")
        self.stack = self.stack.roll(depth)

    def label(self, label: str) -> None:
        """The place that jumps name."""
        self.word(f"${label}")

    def jump(self, label: str) -> None:
        self.word(f"JUMP:${label}")

    def jump_if(self, label: str) -> None:
        self.drop(f"JUMPIF:${label}")
