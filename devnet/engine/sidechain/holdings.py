"""
Every program by which a sidechain's federations hold value: lock programs of each claim
script and the treasury, in each epoch that there ever was.

Source: protocol page "federation", section 9, `locked`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    lock_program,
)
from devnet.engine.once import once


@dataclass(frozen=True, slots=True)
class Holder:
    """Who signs for a program, and for whom it holds; treasuries for nobody."""

    federation: Federation
    script: bytes

    @property
    def is_treasury(self) -> bool:
        """Does it hold what cannot be claimed: change, gifts, migrated value?"""
        return self.script == TREASURY_SCRIPT


@dataclass(frozen=True)
class Holdings:
    """
    The programs, by what they are made from.

    Args:
        federations: each one once, newest first. scripts: claim scripts.
        by_program: the holder of each program.
    """

    chain_id: bytes
    federations: tuple[Federation, ...]
    scripts: frozenset[bytes]
    by_program: Mapping[bytes, Holder]

    @once
    def programs(self) -> frozenset[bytes]:
        """All of them."""
        return frozenset(self.by_program)

    @once
    def treasuries(self) -> frozenset[bytes]:
        """Those of no recipient."""
        found = self.by_program.items()
        return frozenset(program for program, holder in found if holder.is_treasury)

    @once
    def claim_scripts(self) -> Mapping[bytes, bytes]:
        """Claim script by program, empty for treasuries."""
        return {program: holder.script for program, holder in self.by_program.items()}

    def of(self, federation: Federation) -> list[bytes]:
        """One federation's programs."""
        found = self.by_program.items()
        return [program for program, one in found if one.federation == federation]

    def grown(
        self, federations: Iterable[Federation], scripts: frozenset[bytes]
    ) -> Holdings:
        """
        The holdings of these federations for these scripts. Only new programs are
        computed, if none is to go.
        """
        known = tuple(dict.fromkeys(federations))
        if known == self.federations and scripts == self.scripts:
            return self
        found: dict[bytes, Holder] = {}
        old_scripts: frozenset[bytes] = frozenset()
        old_known: frozenset[Federation] = frozenset()
        if self.scripts <= scripts and set(self.federations) <= set(known):
            found |= self.by_program
            old_scripts, old_known = self.scripts, frozenset(self.federations)
        for one in known:
            wanted = scripts - old_scripts if one in old_known else scripts
            if one not in old_known:
                wanted |= {TREASURY_SCRIPT}
            for script in sorted(wanted):
                program = lock_program(one, self.chain_id, script)
                found[program] = Holder(one, script)
        return Holdings(self.chain_id, known, scripts, found)


def holdings_of(
    chain_id: bytes, federations: Iterable[Federation], scripts: Iterable[bytes]
) -> Holdings:
    """Every program of these federations for these claim scripts."""
    nothing = Holdings(chain_id, (), frozenset(), {})
    return nothing.grown(federations, frozenset(scripts))
