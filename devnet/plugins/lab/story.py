"""A log of who did what, told in lines."""

from collections.abc import Iterable

IRREGULAR = {"go": "goes", "certify": "certifies"}


def story(log: Iterable[tuple[int, str, str]]) -> list[str]:
    """
    Lines of (time in ms, who, verb and more). Who did the same at the same time stands
    in one line.
    """
    grouped: dict[tuple[int, str], list[str]] = {}
    for at_ms, who, what in log:
        grouped.setdefault((at_ms, what), []).append(who)
    return [
        f"{at_ms:>6}  {' '.join(sorted(who))} {_conjugate(what, len(who))}"
        for (at_ms, what), who in grouped.items()
    ]


def _conjugate(what: str, n_subjects: int) -> str:
    verb, _, rest = what.partition(" ")
    if n_subjects == 1:
        verb = IRREGULAR.get(verb, f"{verb}s")
    return f"{verb} {rest}"
