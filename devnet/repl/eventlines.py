"""
Events as lines for people: virtual time, a sign, where, and what happened.

Signs are one cell wide, and each has a twin in ascii.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devnet.commands.values import Amount
from devnet.engine.events import AssetKnown, Event

ASCII = str.maketrans({"✓": "+", "·": ".", "✗": "x", "▼": "v", "▲": "^", "◆": "*"})
_ENDS = ("claimed", "settled")

NOISY = frozenset(
    {
        "MiningTried", "ConsensusSent", "ConsensusGot", "ConsensusSaid", "ClaimJudged",
        "BalanceChanged", "Audited", "BlockFinal", "TxQueued", "TxsMined",
    }
)  # fmt: skip
"""Kinds that a prompt leaves out: they would drown the others."""

Words = tuple[str, str, str]
"""Sign, where, and what."""


Decimals = Mapping[str, int]
"""Of each asset that has been told of; another one counts in its smallest unit."""


def learn(decimals: dict[str, int], event: Event) -> None:
    """Note the decimals of an asset that an event tells of."""
    if isinstance(event, AssetKnown):
        decimals[event.asset] = event.decimals


def event_line(
    event: Event, decimals: Decimals | None = None, *, ascii_signs: bool = False
) -> str:
    """One line without a line end."""
    if event.kind in _AMOUNTS:
        sign, where, what = _AMOUNTS[event.kind](event, decimals or {})
    else:
        sign, where, what = _WORDS.get(event.kind, _anything)(event)
    line = f"{clock(event.at_ms)} {sign} {where:6} {what}"
    return line.translate(ASCII) if ascii_signs else line


def clock(at_ms: int) -> str:
    """Virtual time as minutes, seconds and milliseconds."""
    seconds, ms = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:3d}:{seconds:02d}.{ms:03d}"


def short(hex_id: str) -> str:
    """A hash that fits a line."""
    return f"{hex_id[:4]}..{hex_id[-4:]}" if len(hex_id) > 16 else hex_id


def _anything(event: Any) -> Words:
    """Any event, field by field: a new kind is shown before somebody words it."""
    facts = event.as_dict()
    where = facts.pop("chain", "") or "-"
    for known in ("kind", "seq", "at_ms"):
        facts.pop(known)
    shown = (
        f"{name} {short(value) if isinstance(value, str) else value}"
        for name, value in facts.items()
        if value not in ("", ())
    )
    return "·", where, f"{event.kind}  {'  '.join(shown)}"


def _block(event: Any) -> Words:
    noun = "tx" if event.n_txs == 1 else "txs"
    locks = (
        f"  {event.n_locks} lock{'s'[: event.n_locks != 1]}" if event.n_locks else ""
    )
    what = f"block {event.height}  {event.n_txs} {noun}{locks}  {short(event.id)}"
    return "✓", event.chain, f"{what}  by {event.producer}"


def _moved(event: Any) -> Words:
    count = f" {event.done}/{event.needed}" if event.needed else ""
    note = f"  {event.note}" if event.note else ""
    sign = "✗" if event.failed else "✓" if event.stage in _ENDS else "·"
    return sign, "fed", f"{event.transfer} {event.stage}{count}{note}"


def _started(event: Any, amount: str) -> Words:
    if event.transfer.startswith("w"):
        what = f"{event.who} withdraws {amount} from {event.chain} for {event.to}"
        return "▲", "fed", f"{event.transfer} {what}"
    what = f"{event.who} locks {amount} for {event.to} on {event.chain}"
    return "▼", "fed", f"{event.transfer} {what}"


def _audited(event: Any) -> Words:
    verdict = "books balance" if event.ok else "books do NOT balance"
    return ("✓" if event.ok else "✗"), event.chain, verdict


def _signers(event: Any) -> str:
    if len(event.signers) < 2:
        return str(event.address)
    return f"{event.quorum} of {', '.join(event.signers)} sign"


def _amount(event: Any, decimals: Decimals) -> str:
    if event.asset not in decimals:
        return f"{event.amount}neu {event.asset}"
    return str(Amount(event.amount, event.asset, decimals[event.asset]))


def _heights(event: Any) -> str:
    pairs = zip(event.sidechains, event.heights, strict=True)
    return "".join(f"  {name} {height}" for name, height in pairs)


def _named(event: Any) -> str:
    return f"{event.id} {event.fault}" if event.id else str(event.fault)


_CANDIDATES = {
    "registered": "stands for a seat",
    "leaving": "stands no more, the bond comes back later",
    "gone": "has the bond back",
    "banned": "lost seat and bond for an offence",
}

_AMOUNTS: dict[str, Callable[[Any, Decimals], Words]] = {
    "BalanceChanged": lambda e, decimals: (
        "·", e.chain, f"{e.who} has {_amount(e, decimals)}",
    ),
    "TransferStarted": lambda e, decimals: _started(e, _amount(e, decimals)),
    "MigrationSent": lambda e, decimals: (
        "·", e.chain,
        f"{_amount(e, decimals)} move from federation {e.epoch} to the newest",
    ),
    "MigrationMined": lambda e, decimals: (
        "✓", e.chain,
        f"{_amount(e, decimals)} {'forwarded' if e.forward else 'migrated'} in main "
        f"{e.height}",
    ),
}  # fmt: skip


_WORDS: dict[str, Callable[[Any], Words]] = {
    "WorldStarted": lambda e: (
        "·", "main", f"world starts  seed {e.seed}  {e.profile}  height {e.height}",
    ),
    "WorldResumed": lambda e: (
        "✓", "main", f"the world is back  height {e.height}{_heights(e)}",
    ),
    "HistoryNotKept": lambda e: (
        "!", e.chain, f"begins again at its genesis: {e.store} kept nothing",
    ),
    "SidechainAdded": lambda e: (
        "·", e.name,
        f"starts  {e.engine}  {e.store}  {len(e.validators)} validators",
    ),
    "AssetKnown": lambda e: (
        "·", "main", f"{e.asset} has {e.decimals} decimals  id {short(e.id)}",
    ),
    "AccountAdded": lambda e: ("·", "main", f"account {e.who}  {_signers(e)}"),
    "BlockAdded": _block,
    "BlockUndone": lambda e: ("!", e.chain, f"block {e.height} undone  {short(e.id)}"),
    "BlockFinal": lambda e: (
        "✓", e.chain, f"final {e.height}" + ", a bet" * (e.finality == "depth"),
    ),
    "TxQueued": lambda e: ("·", e.chain, f"{e.what} waits  {short(e.id)}"),
    "TxHeld": lambda e: ("·", e.chain, f"held {short(e.id)}: {e.reason}"),
    "TxsMined": lambda e: (
        "·", e.chain, f"{len(e.ids)} from the mempool into block {e.height}",
    ),
    "TxDropped": lambda e: ("!", e.chain, f"dropped {short(e.id)}: {e.reason}"),
    "TransferMoved": _moved,
    "ClaimCrafted": lambda e: (
        "·", "fed", f"{e.transfer} proof built  {e.n_hashes} hashes  {e.proof_bytes} B",
    ),
    "PayoutPlanned": lambda e: (
        "·", "fed",
        f"{e.transfer} payout {short(e.payout)} planned  pin {short(e.pin)}"
        if e.withdrawal
        else f"{e.move} {short(e.payout)} of {e.n_inputs} outputs planned",
    ),
    "MemberSigned": lambda e: (
        "·", "fed",
        f"{e.transfer or e.move or 'payout'} signed by {e.member}  "
        f"{e.signatures} of {e.needed}",
    ),
    "MemberRefused": lambda e: (
        "!", "fed",
        f"{e.transfer or e.move or 'payout'} refused by {e.member}  "
        f"{e.check}: {e.reason}",
    ),
    "ConsensusSaid": lambda e: ("◆", e.chain, e.text),
    "ValidatorChanged": lambda e: ("!", e.chain, f"{e.validator} is {e.state}"),
    "BlockRefused": lambda e: (
        "✗", e.chain,
        f"{e.validator} refused block {e.height} of {e.proposer or 'somebody'}: "
        f"{e.reason} [{e.code}]",
    ),
    "OffenceProven": lambda e: (
        "!", e.chain,
        f"{'' if e.role == 'validator' else e.role + ' '}{e.validator} convicted in "
        f"block {e.height}: {e.offence}",
    ),
    "FaultStarted": lambda e: (
        "!", e.target.partition(".")[0],
        f"fault {_named(e)} begins on {e.target}  {e.detail}".rstrip(),
    ),
    "FaultSeen": lambda e: (
        "!", e.target.partition(".")[0], f"{_named(e)}: {e.what}",
    ),
    "FaultEnded": lambda e: (
        "✓", e.target.partition(".")[0],
        f"fault {_named(e)} on {e.target} is over",
    ),
    "ClaimJudged": lambda e: (
        "✗" if e.failed else "✓", e.chain,
        f"{e.validator} judged {e.transfer}: "
        + (f"{e.failed} failed, {e.reason}" if e.failed else f"{e.n_passed} passed"),
    ),
    "CandidateChanged": lambda e: (
        "·", e.chain,
        ("" if e.role == "validator" else f"{e.role} ")
        + f"candidate {e.name} {_CANDIDATES.get(e.state, e.state)}",
    ),
    "ActorChanged": lambda e: (
        "!" if e.state == "off" else "·", "fed", f"{e.role} {e.name} {e.state}",
    ),
    "FederationProposed": lambda e: (
        "·", e.chain,
        f"votes ask for federation {e.epoch}: {', '.join(e.came) or 'nobody'} for "
        f"{', '.join(e.left) or 'nobody'}, {e.needed} must sign",
    ),
    "HandoverSigned": lambda e: (
        "·", e.chain,
        f"handover to federation {e.epoch} signed by {e.member}  {e.signatures} of "
        f"{e.needed}",
    ),
    "FederationChanged": lambda e: (
        "✓", e.chain,
        f"federation {e.epoch} holds the locks: {', '.join(e.members)}; deposits to "
        f"the old one count below {e.expires}",
    ),
    "MembersSilent": lambda e: (
        "✗", e.chain,
        f"{', '.join(e.members)} do not sign what federation {e.epoch} holds",
    ),
    "MigrationDone": lambda e: (
        "✓", e.chain, f"nothing is left at older addresses, federation {e.epoch}",
    ),
    "CollectorsElected": lambda e: (
        "✓", e.chain, f"collectors from block {e.height}: {', '.join(e.collectors)}",
    ),
    "ValidatorsElected": lambda e: (
        "✓", e.chain, f"from block {e.height} on act {', '.join(e.validators)}",
    ),
    "SwapProposed": lambda e: (
        "·", e.chain,
        f"swap {e.old_engine} > {e.engine} asked for after {e.closing_height}",
    ),
    "SwapApproved": lambda e: (
        "·", e.chain, f"{e.validator} approves  {e.approvals}/{e.needed}",
    ),
    "SwapScheduled": lambda e: (
        "·", e.chain, f"swap to {e.engine} scheduled after {e.closing_height}",
    ),
    "SwapDropped": lambda e: ("!", e.chain, f"swap to {e.engine} dropped: {e.reason}"),
    "RuleSwapped": lambda e: (
        "✓", e.chain, f"{e.old_engine} > {e.engine} at {e.height}, epoch {e.epoch}",
    ),
    "StorageMoving": lambda e: (
        "·", e.chain, f"storage {e.old_store} > {e.store} begins",
    ),
    "StorageMoved": lambda e: (
        "✓", e.chain,
        f"storage {e.old_store} > {e.store}  {e.keys} keys  "
        f"digests {short(e.digest_before)} = {short(e.digest_after)}",
    ),
    "StorageStayed": lambda e: (
        "!", e.chain, f"storage stays {e.old_store}: {e.reason}",
    ),
    "Audited": _audited,
    "PegFroze": lambda e: (
        "✗", e.chain,
        f"peg frozen: main {e.anchor_height} {short(e.anchor)} is off the best chain; "
        "transfers go on",
    ),
    "PegThawed": lambda e: (
        "✓", e.chain,
        f"peg open again on main {e.anchor_height} {short(e.anchor)}"
        + (f", {e.n_written_off} claims written off" if e.n_written_off else ""),
    ),
    "InvariantBroken": lambda e: ("✗", e.chain, f"{e.invariant} BROKEN: {e.detail}"),
    "Refused": lambda e: ("✗", "-", f"{e.command}: {e.message}"),
    "EngineFailed": lambda e: ("✗", "-", e.message),
}  # fmt: skip
