"""
The error tree. Every refusal has one stable code, a sentence for people, the values
that broke the rule for programs, and the next step.

Branches stand here; each concrete error stands beside the rule that raises it and
inherits from one of these branches. Two classes never share a code.
"""

from __future__ import annotations

from typing import ClassVar


class DevnetError(Exception):
    """
    Something was refused. The state of the world is as it was before.

    Args:
        message: one sentence with the values that broke the rule.
        hint: what to do next; the class may have one for all its instances.
        facts: the offending values by name, for programs.
    """

    code: ClassVar[str] = "devnet"
    default_hint: ClassVar[str] = ""
    by_code: ClassVar[dict[str, type[DevnetError]]] = {}

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.facts = facts

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        known = DevnetError.by_code.setdefault(cls.code, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(
                f"code {cls.code!r} belongs to {known.__qualname__} already"
            )


class CodecError(DevnetError):
    """Bytes or text that do not have the form they should have."""

    code = "codec"


class VmError(DevnetError):
    """A program did not end in success."""

    code = "vm"


class TransactionError(DevnetError):
    """A transaction broke a rule."""

    code = "tx"


class BlockError(DevnetError):
    """A block broke a rule."""

    code = "block"


class ClaimError(DevnetError):
    """A Claim failed one of the checks C1 to C18."""

    code = "claim"


class PayoutError(DevnetError):
    """A payout failed one of the checks P1 to P10, or cannot be planned."""

    code = "payout"


class ConsensusError(DevnetError):
    """A sidechain header or message broke its consensus rule."""

    code = "consensus"


class SwapError(DevnetError):
    """A consensus swap was refused."""

    code = "swap"


class StorageError(DevnetError):
    """A database refused, or broke its contract."""

    code = "storage"


class PluginError(DevnetError):
    """A plug-in is missing, broken, or made for another version."""

    code = "plugin"


class RequestError(DevnetError):
    """A command asked for something that cannot be done."""

    code = "request"


class UnknownName(RequestError):
    """No account, asset, chain, engine, store or verb has this name."""

    code = "request.unknown-name"


class InsufficientFunds(RequestError):
    """The account holds less than the command needs."""

    code = "request.insufficient-funds"


class NameTaken(RequestError):
    """Something has this name already."""

    code = "request.name-taken"


class BadValue(RequestError):
    """A value is out of its range, or has the wrong form."""

    code = "request.bad-value"
