"""
Who is registered for one role: the candidates, whether they stand or left, and how they
are found.

A role is a kind of seat: validator, collector, federation member. Each has a book of
its own, so a name, or an address, may stand in several; a key in one alone, because a
vote names a key and counts for one role.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rpds import HashTrieMap

from devnet.engine.bc.electoral import ROLE_NAMES, VALIDATOR_ROLE, stake_key_of


def where_to_look(role: int) -> str:
    """What a refusal advises: the list of those who stand for a role."""
    return f"{ROLE_NAMES[role]} list SIDECHAIN shows who is registered."


@dataclass(frozen=True, slots=True)
class Registration:
    """
    One candidate.

    Args:
        key: of the seat: 32 bytes; of a federation member the 64-byte root xpub.
        program: the author's control program, which acts for it.
        bond_id: the output that vouches for it.
        height: of the block that registered it.
        left_height: of the block in which it left; 0 while it stands.
    """

    name: str
    key: bytes
    program: bytes
    bond_id: bytes
    bond_neu: int
    height: int
    left_height: int = 0
    role: int = VALIDATOR_ROLE

    @property
    def stands(self) -> bool:
        """Can it be elected?"""
        return not self.left_height

    @property
    def stake_key(self) -> bytes:
        """The 32 bytes that votes and bonds name."""
        return stake_key_of(self.key)


@dataclass(frozen=True, slots=True)
class Book:
    """
    The registrations of one role.

    Args:
        by_name: those whose bond is not spent, whether they stand or left.
        by_program, by_key, by_bond: the name of each; keys are stake keys.
    """

    by_name: HashTrieMap[str, Registration] = field(default_factory=HashTrieMap)
    by_program: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    by_key: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    by_bond: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)

    def all(self) -> list[Registration]:
        """Everybody whose bond is not spent, by name."""
        return [self.by_name[name] for name in sorted(self.by_name)]

    def standing(self) -> list[Registration]:
        """Who can be elected, by name."""
        return [one for one in self.all() if one.stands]

    def of_key(self, stake_key: bytes) -> Registration | None:
        """The registration of a 32-byte key, or None."""
        name = self.by_key.get(stake_key)
        return None if name is None else self.by_name[name]

    def of_bond(self, bond_id: bytes) -> Registration | None:
        """The registration that an output vouches for, or None."""
        name = self.by_bond.get(bond_id)
        return None if name is None else self.by_name[name]

    def of_program(self, program: bytes) -> Registration | None:
        """The registration that an address made, or None."""
        name = self.by_program.get(program)
        return None if name is None else self.by_name[name]

    def having(self, one: Registration) -> Book:
        """One more registration, or another state of it."""
        return Book(
            self.by_name.insert(one.name, one),
            self.by_program.insert(one.program, one.name),
            self.by_key.insert(one.stake_key, one.name),
            self.by_bond.insert(one.bond_id, one.name),
        )

    def without(self, one: Registration) -> Book:
        """The book without a registration."""
        return Book(
            self.by_name.remove(one.name),
            self.by_program.remove(one.program),
            self.by_key.remove(one.stake_key),
            self.by_bond.remove(one.bond_id),
        )
