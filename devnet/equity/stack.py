"""
The machine's stack as the compiler knows it: what lies where, by name.

Operations that Bytom's compiler gives a new entry give one here; a variable renames its
entry, and whoever looks at an older stack with that entry in it sees the new name too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Entry:
    """One place on a stack."""

    name: str


class Stack:
    """Entries from the bottom to the top; never changed, but for their names."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = tuple(entries)

    @classmethod
    def of(cls, names: Iterable[str]) -> Stack:
        """A stack of new entries."""
        return cls(map(Entry, names))

    @property
    def names(self) -> list[str]:
        """From the bottom to the top."""
        return [entry.name for entry in self._entries]

    def add(self, name: str) -> Stack:
        return Stack((*self._entries, Entry(name)))

    def drop(self, count: int = 1) -> Stack:
        """Without the topmost; what is not there cannot be missed."""
        return Stack(self._entries[: max(0, len(self._entries) - count)])

    def at(self, depth: int) -> str:
        """The name at a depth below the top; nothing below the bottom."""
        if depth >= len(self._entries):
            return ""
        return self._entries[-1 - depth].name

    def find(self, name: str) -> int:
        """How deep below the top the lowest entry of a name lies, or -1."""
        names = self.names
        return len(names) - 1 - names.index(name) if name in names else -1

    def roll(self, depth: int) -> Stack:
        """The entry at a depth comes to the top."""
        if depth >= len(self._entries):
            return self.add("")
        place = len(self._entries) - 1 - depth
        above = [Entry(entry.name) for entry in self._entries[place + 1 :]]
        rolled = Entry(self._entries[place].name)
        return Stack((*self._entries[:place], *above, rolled))

    def rename(self, name: str) -> None:
        """The topmost entry has another name from now on."""
        self._entries[-1].name = name
