"""
One case of a vector file: its values by name, and where the engine differs from them.

Every value is asked for by name and kind, and what nobody asked for is a difference,
too: so a case cannot pass because a check overlooked a part of it, and a file cannot
hold values that nothing looks at. Words for readers are the one exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devnet.conformance.values import (
    BadCase,
    answer_like,
    as_bytes,
    as_hash,
    as_number,
    as_text,
    is_same,
)
from devnet.engine.errors import DevnetError

WORDS: Final = frozenset(
    {"about", "comment", "encoding", "name", "note", "origin", "reason", "source"}
    | {"uses", "why"}
)
"""Fields and sections that explain and claim nothing."""

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a case and the engine disagree. Both sides as they stand in JSON."""

    case: str
    what: str
    expected: object
    got: object


class Case:
    """
    An object of a file. `place` says where it stands in it.

    Children made by `inside` and `each` report to the same list of differences.
    """

    def __init__(
        self,
        value: object,
        place: str,
        differences: list[Difference] | None = None,
        remarks: list[str] | None = None,
    ) -> None:
        if not isinstance(value, dict):
            raise BadCase(f"{place} is not an object")
        self.place = place
        self.differences = [] if differences is None else differences
        self.remarks = [] if remarks is None else remarks
        self._values: Mapping[str, Any] = value
        self._seen: set[str] = set()
        self._children: dict[str, list[Case]] = {}

    # Asking.

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> tuple[str, ...]:
        """What it holds."""
        return tuple(self._values)

    def any(self, name: str, default: object = _MISSING) -> Any:
        """The value as it stands in JSON."""
        if name not in self._values:
            if default is _MISSING:
                raise BadCase(f"{self._of(name)} is missing")
            return default
        self._seen.add(name)
        return self._values[name]

    def text(self, name: str) -> str:
        """A string."""
        return as_text(self.any(name), self._of(name))

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.any(name)
        if not isinstance(value, bool):
            raise BadCase(f"{self._of(name)} is not true or false")
        return value

    def number(self, name: str, least: int | None = None) -> int:
        """An integer, as a JSON number or as a decimal string."""
        value = as_number(self.any(name), self._of(name))
        if least is not None and value < least:
            raise BadCase(f"{self._of(name)} is {value}, below {least}")
        return value

    def hex(self, name: str) -> bytes:
        """Bytes."""
        return as_bytes(self.any(name), self._of(name))

    def hash(self, name: str) -> bytes:
        """32 bytes."""
        return as_hash(self.any(name), self._of(name))

    def hashes(self, name: str) -> list[bytes]:
        """A list of 32 bytes each."""
        return [as_hash(item, self._of(name)) for item in self.items(name)]

    def items(self, name: str) -> list[Any]:
        """A list, of anything."""
        value = self.any(name)
        if not isinstance(value, list):
            raise BadCase(f"{self._of(name)} is not a list")
        return value

    def hexes(self, name: str) -> list[bytes]:
        """A list of bytes."""
        return [as_bytes(item, self._of(name)) for item in self.items(name)]

    def numbers(self, name: str) -> list[int]:
        """A list of integers."""
        return [as_number(item, self._of(name)) for item in self.items(name)]

    def flags(self, name: str) -> list[bool]:
        """A list of true and false."""
        items = self.items(name)
        if not all(isinstance(item, bool) for item in items):
            raise BadCase(f"{self._of(name)} is not a list of true and false")
        return items

    def inside(self, name: str) -> Case:
        """An object within."""
        if name not in self._children:
            self._children[name] = [self._child(self.any(name), self._of(name))]
        return self._children[name][0]

    def each(self, name: str) -> list[Case]:
        """The objects of a list within."""
        if name not in self._children:
            self._children[name] = [
                self._child(item, f"{self._of(name)}[{index}]")
                for index, item in enumerate(self.items(name))
            ]
        return self._children[name]

    def over(self, name: str, base: Case) -> Case:
        """An object within (or none), its values before those of another one."""
        changes = self.any(name, {})
        if not isinstance(changes, dict):
            raise BadCase(f"{self._of(name)} is not an object")
        merged = self._child({**base._values, **changes}, self._of(name))
        merged._seen.update(set(base._values) - set(changes))
        self._children[name] = [merged]
        return merged

    def ignore(self, *names: str) -> None:
        """These say nothing that can be checked here; the check says why."""
        self._seen.update(names)

    # Comparing.

    def expect(self, name: str, got: object) -> None:
        """The engine's answer for a field. Bytes compare with hex."""
        expected = self.any(name)
        self.same(name, expected, answer_like(expected, got))

    def same(self, what: str, expected: object, got: object) -> None:
        """Two JSON values that must be equal, true and 1 being different."""
        if not is_same(expected, got):
            self.differs(what, expected, got)

    def differs(self, what: str, expected: object, got: object) -> None:
        """Note a difference."""
        self.differences.append(Difference(self.place, what, expected, got))

    def remark(self, sentence: str) -> None:
        """Say something about this file below its line, once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def unread(self) -> Iterator[str]:
        """Names of values, here and within, that no check asked for."""
        for name in self._values:
            if name not in self._seen and name not in WORDS:
                yield self._of(name)
        for children in self._children.values():
            for child in children:
                yield from child.unread()

    def _of(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _child(self, value: object, place: str) -> Case:
        return Case(value, place, self.differences, self.remarks)


Check = Callable[[Case], None]


def judge(
    value: object, place: str, check: Check, remarks: list[str]
) -> list[Difference]:
    """Run a check on a case. Whatever happens in it becomes a difference."""
    case = Case(value if isinstance(value, dict) else {}, place, remarks=remarks)
    try:
        if not isinstance(value, dict):
            raise BadCase(f"{place} is not an object")
        check(case)
        for name in case.unread():
            case.differs(name, "a known field", "nothing here knows this field")
    except BadCase as error:
        case.differs("", "a case of this form", str(error))
    except DevnetError as error:
        case.differs("", "an answer", f"refused ({error.code}): {error.message}")
    except RecursionError:
        case.differs("", "a case of this form", "it is nested too deeply")
    except Exception as error:
        # A value of a kind that the engine was never promised, such as a text for a
        # number: a finding about the file, told without a traceback.
        case.differs("", "a case of this form", f"{type(error).__name__}: {error}")
    return case.differences
