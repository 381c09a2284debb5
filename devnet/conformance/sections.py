"""
Sections of a vector file, and what a family of formats is made of.

A section is one name at the top of a file. Its function cuts the value into cases; each
case is judged by itself, so that one bad case costs one case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from devnet.conformance.fields import Case, Check
from devnet.conformance.values import BadCase

Pair: TypeAlias = tuple[bytes, bytes]
"""(seed, header hash), as the proof of work takes them."""

Planned: TypeAlias = tuple[str, object, Check]
"""Where a case stands in its file, its value, and who judges it."""

Section: TypeAlias = Callable[[str, Any], Iterator[Planned]]


class Works(Protocol):
    """Whoever computes proofs of work."""

    def work(self, seed: bytes, header_hash: bytes) -> bytes:
        """The 32-byte answer, waited for."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    One file, for the family that reads it.

    others: every file of the run that could be read, for those that refer to another.
    """

    content: Mapping[str, Any]
    works: Works
    others: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A section by which a family is known: its entries (or itself) hold these keys."""

    section: str
    keys: frozenset[str]

    def is_in(self, content: Mapping[str, Any]) -> bool:
        """Does a file have such a section? One good entry is enough."""
        value = content.get(self.section)
        entries = value if isinstance(value, list) else [value]
        return any(isinstance(one, dict) and self.keys <= one.keys() for one in entries)


@dataclass(frozen=True, slots=True)
class Family:
    """
    A format.

    Args:
        open: the sections of one file, sharing what they must share.
        wants: proofs of work that will be asked for, as far as that is easily seen.
        not_run: why files of this format cannot be run; then nothing of them is.
    """

    name: str
    marks: tuple[Mark, ...]
    open: Callable[[Opened], Mapping[str, Section]]
    wants: Callable[[Mapping[str, Any]], Iterable[Pair]] = field(
        default=lambda content: ()
    )
    not_run: str = ""


def marks(*lines: str) -> tuple[Mark, ...]:
    """Marks written as `section: key key key`."""
    split = (line.split(":") for line in lines)
    return tuple(Mark(name, frozenset(keys.split())) for name, keys in split)


# Ways to cut a section.


def each(check: Check) -> Section:
    """A list, each entry a case."""

    def cut(name: str, value: Any) -> Iterator[Planned]:
        if not isinstance(value, list):
            yield name, {}, _refusal(f"{name} is not a list")
            return
        for index, entry in enumerate(value):
            yield f"{name}[{index}]", entry, check

    return cut


def values(check: Check) -> Section:
    """A list of plain values; the check finds one as `value`, its place as `index`."""

    def cut(name: str, value: Any) -> Iterator[Planned]:
        entries = value if isinstance(value, list) else [None]
        for index, entry in enumerate(entries):
            yield f"{name}[{index}]", {"value": entry, "index": index}, check

    return cut


def single(check: Check) -> Section:
    """A plain value; the check finds it as `value`."""

    def cut(name: str, value: Any) -> Iterator[Planned]:
        yield name, {"value": value}, check

    return cut


def parts(sections: Mapping[str, Section]) -> Section:
    """
    An object whose own names are sections, taken in the family's order and not in the
    file's, since one may build on another. Unknown ones fail.
    """

    def cut(name: str, value: Any) -> Iterator[Planned]:
        if not isinstance(value, dict):
            yield name, {}, _refusal(f"{name} is not an object")
            return
        known = [part for part in sections if part in value]
        others = [part for part in value if part not in sections]
        for part in [*known, *others]:
            if part in WORD_SECTIONS:
                continue
            section = sections.get(part, unknown)
            yield from section(f"{name}.{part}" if name else part, value[part])

    return cut


def words(name: str, value: Any) -> Iterator[Planned]:
    """A section for readers: no case."""
    return iter(())


def unknown(name: str, value: Any) -> Iterator[Planned]:
    """A section that nobody knows: every entry fails, or the section itself."""
    n_cases = len(value) if isinstance(value, list) and value else 1
    for index in range(n_cases):
        place = f"{name}[{index}]" if isinstance(value, list) else name
        yield place, {}, _refusal(f"the section {name} is not known in this format")


WORD_SECTIONS = frozenset({"about", "encoding"})


def plan(sections: Mapping[str, Section], content: Mapping[str, Any]) -> list[Planned]:
    """All cases of a file."""
    return list(parts(sections)("", content))


def _refusal(sentence: str) -> Check:
    def check(case: Case) -> None:
        raise BadCase(sentence)

    return check
