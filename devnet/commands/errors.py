"""
Refusals of the command layer itself: lines that make no sense, tests that missed.

What the protocol refuses stands beside its rule. Each class here knows the exit status
of a script that ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from devnet.engine.errors import DevnetError, RequestError

EXIT_DONE = 0
EXIT_MISSED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_RAN_OUT = 4
EXIT_ENGINE = 5
EXIT_INTERRUPTED = 130


class UsageError(DevnetError):
    """A line, an option or a file that makes no sense."""

    code = "usage"


class BadLine(UsageError):
    """The line does not follow the grammar."""

    code = "usage.syntax"


class UnfinishedLine(UsageError):
    """A quote, brace or bracket is open, or the line ends with a backslash."""

    code = "usage.unfinished"
    default_hint = "close it on one of the next lines"


class UnknownVerb(UsageError):
    """No verb has this name."""

    code = "usage.unknown-verb"


class MissingArgument(UsageError):
    """The verb needs one more argument."""

    code = "usage.missing-argument"


class TooManyArguments(UsageError):
    """The verb takes fewer arguments."""

    code = "usage.too-many-arguments"


class UnknownOption(UsageError):
    """The verb, or the command, has no such option."""

    code = "usage.unknown-option"


class BadArgument(UsageError):
    """The argument has the wrong form for its place."""

    code = "usage.bad-argument"


class UnknownPath(UsageError):
    """The path leads nowhere: no such name, no such field."""

    code = "usage.unknown-path"


class NotComparable(UsageError):
    """The two sides of a test cannot be compared in this way."""

    code = "usage.not-comparable"


class BadConfig(UsageError):
    """A configuration file cannot be read, or says something unknown."""

    code = "usage.bad-config"


class BadFile(UsageError):
    """A file is missing, or is not what it should be."""

    code = "usage.bad-file"


class ReadOnly(RequestError):
    """The session only shows; it does not act."""

    code = "request.read-only"
    default_hint = "start devnet without --read-only to act"


class Paused(RequestError):
    """Time stands still, so nothing would happen."""

    code = "request.paused"
    default_hint = "say resume, or step to take one step"


class ExpectMissed(DevnetError):
    """An `expect` does not hold."""

    code = "expect.missed"


class RefusesMissed(DevnetError):
    """A call under `refuses` was accepted, or refused for another reason."""

    code = "refuses.missed"


class WaitRanOut(DevnetError):
    """What was waited for did not come in time."""

    code = "wait.ran-out"


class Interrupted(DevnetError):
    """Somebody pressed Ctrl-C."""

    code = "interrupted"
    default_hint = "the world stands where it was; nothing is lost"


class InvariantAlarm(DevnetError):
    """An invariant broke while a command was running. The world is paused."""

    code = "world.invariant-broken"
    default_hint = "save recording FILE keeps it; resume goes on, the alarm stands"


class EngineFault(DevnetError):
    """Something failed that never should: a bug of the devnet, not of its user."""

    code = "engine.fault"


_EXIT: tuple[tuple[type[DevnetError], int], ...] = (
    (UsageError, EXIT_USAGE),
    (ExpectMissed, EXIT_MISSED),
    (RefusesMissed, EXIT_MISSED),
    (WaitRanOut, EXIT_RAN_OUT),
    (Interrupted, EXIT_INTERRUPTED),
    (InvariantAlarm, EXIT_ENGINE),
)


def exit_status(error: DevnetError | None) -> int:
    """The status with which a script ends that ended with this."""
    if error is None:
        return EXIT_DONE
    if error.code.startswith(("engine.", "worker.")):
        return EXIT_ENGINE
    for kind, status in _EXIT:
        if isinstance(error, kind):
            return status
    return EXIT_REFUSED


def was_refused(error: DevnetError) -> bool:
    """
    Was it a request that the world refused, so that its stream tells of it?

    A line that makes no sense never became a request; a test that missed and a wait
    that ran out asked for nothing.
    """
    return exit_status(error) == EXIT_REFUSED


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, or None when none does."""
    choices = sorted(known)
    lowered = {choice.lower(): choice for choice in reversed(choices)}
    if word.lower() in lowered:
        return lowered[word.lower()]
    found = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.5)
    if found:
        return lowered[found[0]]
    for choice in choices:
        if word and choice.lower().startswith(word.lower()):
            return choice
    return None


def did_you_mean(word: str, known: Iterable[str], what: str) -> str:
    """A hint: the nearest known word, or all of them when none is near."""
    choices = sorted(known)
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean {near}?"
    if not choices:
        return f"there is no {what} yet"
    return f"known: {', '.join(choices)}"
