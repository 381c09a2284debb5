"""
Events in words: one line each, for the log, the toast and the event screen.

A sign says how good the news is; the words say it too, so colour is never needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from devnet.engine import events as ev
from devnet.tui.draw import (  # noqa: F401  # They fill the table, too.
    words_epochs,
    words_trouble,
)
from devnet.tui.draw.telling import TELLS, Decimals, coins, tells
from devnet.tui.draw.text import clock, fit, line, plural, short
from devnet.tui.theme import BROKEN, DARK, NOTE, TICK, Palette

N_CHAIN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log. `tone` is one of the four signs; `quiet` kinds are shown
    only on the events screen and under a filter."""

    at_ms: int
    tone: str
    chain: str
    words: str
    quiet: bool = False


QUIET = (
    ev.MiningTried,
    ev.BalanceChanged,
    ev.BlockFinal,
    ev.TxsMined,
    ev.ConsensusSent,
    ev.ConsensusGot,
    ev.ConsensusSaid,
    ev.Audited,
)
"""Kinds that come too often for the dashboard's log."""


def tell(event: ev.Event, decimals: Decimals) -> Line:
    """The line of an event."""
    teller = TELLS.get(type(event))
    tone, chain, words = (teller or _plainly)(event, decimals)
    return Line(event.at_ms, tone, chain, words, is_quiet(event))


def _plainly(event: ev.Event, _: Decimals) -> tuple[str, str, str]:
    """Words for a kind without its own: its name and its fields."""
    facts = {
        name: value
        for name, value in event.as_dict().items()
        if name not in ("kind", "seq", "at_ms", "chain")
    }
    words = "  ".join(f"{name} {_brief(value)}" for name, value in facts.items())
    return NOTE, getattr(event, "chain", ""), f"{event.kind}  {words}"


def _brief(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return short(text) if len(text) == 64 else text


def is_quiet(event: ev.Event) -> bool:
    """Does the dashboard's log leave it out?"""
    if isinstance(event, ev.BlockAdded):
        # Blocks that carry nothing but their coinbase are the chain's breathing.
        return event.chain != "main" and event.n_txs <= 1 and not event.closing
    return isinstance(event, QUIET) and getattr(event, "ok", True)


def draw_line(one: Line, width: int, look: Palette = DARK) -> Text:
    """One line of the log in exactly `width` cells."""
    tones = {TICK: look.good, NOTE: look.dim, "!": look.now, BROKEN: look.error}
    chains = {"main": look.main, "fed": look.federation, "": look.dim}
    strong = "bold " if one.tone == BROKEN else ""
    ink = look.error if one.tone == BROKEN else look.text
    return fit(
        line(
            (f" {clock(one.at_ms):<8}", look.dim),
            (one.tone, f"{strong}{tones[one.tone]}"),
            (f" {one.chain:<{N_CHAIN}.{N_CHAIN}}", chains.get(one.chain, look.good)),
            (f" {one.words}", f"{strong}{ink}"),
        ),
        width,
    )


@tells(ev.WorldStarted)
def _world(event: ev.WorldStarted, _: Decimals) -> tuple[str, str, str]:
    words = f"world started  seed {event.seed}  {event.profile}  block {event.height}"
    return TICK, "main", words


@tells(ev.WorldResumed)
def _resumed(event: ev.WorldResumed, _: Decimals) -> tuple[str, str, str]:
    pairs = zip(event.sidechains, event.heights, strict=True)
    heights = "".join(f"  {name} {height}" for name, height in pairs)
    return TICK, "main", f"the world is back at block {event.height}{heights}"


@tells(ev.HistoryNotKept)
def _not_kept(event: ev.HistoryNotKept, _: Decimals) -> tuple[str, str, str]:
    words = f"begins again at its genesis: {event.store} kept nothing"
    return NOTE, event.chain, words


@tells(ev.AssetKnown)
def _asset(event: ev.AssetKnown, _: Decimals) -> tuple[str, str, str]:
    words = f"asset {event.asset}  {event.decimals} decimals  {short(event.id)}"
    return NOTE, "main", words


@tells(ev.AccountAdded)
def _account(event: ev.AccountAdded, _: Decimals) -> tuple[str, str, str]:
    signers = ""
    if event.signers:
        signers = f"  {event.quorum} of {', '.join(event.signers)}"
    return NOTE, "main", f"account {event.who}{signers}  {event.address}"


@tells(ev.SidechainAdded)
def _added(event: ev.SidechainAdded, _: Decimals) -> tuple[str, str, str]:
    seats = plural(len(event.validators), "validator")
    return TICK, event.name, f"runs {event.engine} on {event.store}  {seats}"


@tells(ev.BalanceChanged)
def _balance(event: ev.BalanceChanged, decimals: Decimals) -> tuple[str, str, str]:
    has = coins(event.amount, event.asset, decimals)
    return NOTE, event.chain, f"{event.who} has {has}"


@tells(ev.MiningTried)
def _tried(event: ev.MiningTried, _: Decimals) -> tuple[str, str, str]:
    tries = f"{event.tries} of ~{event.expected_tries}"
    return NOTE, "main", f"{event.node} tried {tries} for block {event.height}"


@tells(ev.BlockAdded)
def _block(event: ev.BlockAdded, _: Decimals) -> tuple[str, str, str]:
    # The coinbase of a sidechain makes nothing, so it is not counted.
    n_txs = event.n_txs if event.chain == "main" else event.n_txs - 1
    words = f"block {event.height}  {plural(n_txs, 'tx')}"
    locks = "lock" if event.chain == "main" else "claim"
    words += f"  {plural(event.n_locks, locks)}" if event.n_locks else ""
    words += f"  {plural(event.n_payouts, 'payout')}" if event.n_payouts else ""
    words += "  closing" if event.closing else ""
    words += f"  by {event.producer}" if event.producer else ""
    return TICK, event.chain, f"{words}  {short(event.id)}"


@tells(ev.BlockUndone)
def _undone(event: ev.BlockUndone, _: Decimals) -> tuple[str, str, str]:
    words = f"block {event.height} undone, another branch won  {short(event.id)}"
    return "!", event.chain, words


@tells(ev.BlockFinal)
def _final(event: ev.BlockFinal, _: Decimals) -> tuple[str, str, str]:
    bet = ", a bet" if event.finality == "depth" else ""
    return TICK, event.chain, f"block {event.height} is final{bet}  {short(event.id)}"


@tells(ev.TxQueued)
def _queued(event: ev.TxQueued, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, f"{event.what} entered mempool  {short(event.id)}"


@tells(ev.TxHeld)
def _held(event: ev.TxHeld, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"{short(event.id)} came early: {event.reason}"


@tells(ev.TxDropped)
def _dropped(event: ev.TxDropped, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"{short(event.id)} left mempool: {event.reason}"


@tells(ev.TxsMined)
def _mined(event: ev.TxsMined, _: Decimals) -> tuple[str, str, str]:
    count = len(event.ids)
    first = short(event.ids[0]) if event.ids else ""
    return NOTE, event.chain, f"block {event.height} took {count} from mempool  {first}"


@tells(ev.TransferStarted)
def _started(event: ev.TransferStarted, decimals: Decimals) -> tuple[str, str, str]:
    value = coins(event.amount, event.asset, decimals)
    whom = "" if event.to == event.who else f" for {event.to}"
    if event.transfer.startswith("w"):
        words = f"{event.transfer} {event.who} withdraws {value}{whom}"
        return NOTE, "fed", f"{words} from {event.chain}"
    words = f"{event.transfer} {event.who} locks {value}{whom} on {event.chain}"
    return NOTE, "fed", words


@tells(ev.TransferMoved)
def _moved(event: ev.TransferMoved, _: Decimals) -> tuple[str, str, str]:
    if event.failed:
        return BROKEN, "fed", f"{event.transfer} {event.stage} failed: {event.note}"
    tone = TICK if event.stage in ("claimed", "settled") else NOTE
    count = f" {event.done}/{event.needed}" if event.needed else ""
    words = f"{event.transfer} {event.stage}{count}"
    # Notes such as `confirm 1/2` or `claimed in alpha 3` say the stage themselves.
    if event.note.startswith(event.stage):
        return tone, "fed", f"{event.transfer} {event.note}"
    return tone, "fed", f"{words}  {event.note}" if event.note else words


@tells(ev.PayoutPlanned)
def _planned(event: ev.PayoutPlanned, _: Decimals) -> tuple[str, str, str]:
    if not event.withdrawal:
        words = f"{event.move} of {event.n_inputs} outputs planned"
        return NOTE, "fed", f"{words}  {short(event.payout)}"
    words = f"{event.transfer} payout planned  {short(event.payout)}"
    return NOTE, "fed", f"{words}  pin {short(event.pin)}"


@tells(ev.MemberSigned)
def _signed(event: ev.MemberSigned, _: Decimals) -> tuple[str, str, str]:
    what = event.transfer or event.move or "payout"
    count = f"{event.signatures} of {event.needed}"
    return NOTE, "fed", f"{what} signed by {event.member}  {count}"


@tells(ev.MemberRefused)
def _member_refused(event: ev.MemberRefused, _: Decimals) -> tuple[str, str, str]:
    what = event.transfer or event.move or "payout"
    words = f"{what} refused by {event.member}  {event.check}"
    return "!", "fed", f"{words}: {event.reason}"


@tells(ev.ClaimCrafted)
def _crafted(event: ev.ClaimCrafted, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.transfer} claim made by {event.collector}"
    size = f"proof of {event.proof_bytes} bytes"
    return TICK, "fed", f"{words}  {size}  {short(event.tx)}"


@tells(ev.ClaimJudged)
def _judged(event: ev.ClaimJudged, _: Decimals) -> tuple[str, str, str]:
    if event.failed:
        words = f"{event.validator} refused claim {event.transfer} at {event.failed}"
        return BROKEN, event.chain, f"{words}: {event.reason}"
    passed = f"{event.n_passed} checks passed"
    return TICK, event.chain, f"{event.validator} took claim {event.transfer}: {passed}"


@tells(ev.ConsensusSent)
def _sent(event: ev.ConsensusSent, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} > {event.to}  {event.what}"
    return NOTE, event.chain, f"{words} {event.height} round {event.round}"


@tells(ev.ConsensusGot)
def _got(event: ev.ConsensusGot, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} got {event.what} {event.height} from {event.sender}"
    return NOTE, event.chain, f"{words}  round {event.round}"


@tells(ev.ConsensusSaid)
def _said(event: ev.ConsensusSaid, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, event.text


@tells(ev.ValidatorChanged)
def _validator(event: ev.ValidatorChanged, _: Decimals) -> tuple[str, str, str]:
    words = "caught lying" if event.state == "lying" else event.state
    tone = TICK if event.state == "up" else "!"
    return tone, event.chain, f"{event.validator} is {words}"


@tells(ev.BlockRefused)
def _block_refused(event: ev.BlockRefused, _: Decimals) -> tuple[str, str, str]:
    by = f" by {event.proposer}" if event.proposer else ""
    words = f"{event.validator} refused block {event.height}{by}"
    return BROKEN, event.chain, f"{words}: {event.reason}  [{event.code}]"


@tells(ev.OffenceProven)
def _offence(event: ev.OffenceProven, decimals: Decimals) -> tuple[str, str, str]:
    who = ("" if event.role == "validator" else f"{event.role} ") + event.validator
    words = f"{who} convicted in block {event.height}: {event.offence}"
    if event.burned:
        words += f", {coins(event.burned, 'BTM', decimals)} of its bond burnt"
    return "!", event.chain, words


@tells(ev.CandidateChanged)
def _candidate(event: ev.CandidateChanged, _: Decimals) -> tuple[str, str, str]:
    words = {
        "registered": "stands for a seat",
        "leaving": "stands no more, the bond comes back later",
        "gone": "has the bond back",
        "banned": "lost seat and bond for an offence",
    }.get(event.state, event.state)
    tone = "!" if event.state == "banned" else NOTE
    role = "" if event.role == "validator" else f"{event.role} "
    return tone, event.chain, f"{role}{event.name} {words}"


@tells(ev.ValidatorsElected)
def _elected(event: ev.ValidatorsElected, _: Decimals) -> tuple[str, str, str]:
    names = ", ".join(event.validators)
    return TICK, event.chain, f"elected from block {event.height} on: {names}"


@tells(ev.SwapProposed)
def _swap_asked(event: ev.SwapProposed, _: Decimals) -> tuple[str, str, str]:
    words = f"swap {event.old_engine} > {event.engine} asked, after block "
    return (
        NOTE,
        event.chain,
        f"{words}{event.closing_height}, {event.needed} must agree",
    )


@tells(ev.SwapApproved)
def _swap_approved(event: ev.SwapApproved, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} agrees to the swap"
    count = f"{event.approvals} agree, {event.needed} needed"
    return NOTE, event.chain, f"{words}  {count}"


@tells(ev.SwapScheduled)
def _swap_scheduled(event: ev.SwapScheduled, _: Decimals) -> tuple[str, str, str]:
    words = f"swap to {event.engine} recorded in block {event.height}"
    return TICK, event.chain, f"{words}, last old block {event.closing_height}"


@tells(ev.SwapDropped)
def _swap_dropped(event: ev.SwapDropped, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"swap to {event.engine} dropped: {event.reason}"


@tells(ev.RuleSwapped)
def _swapped(event: ev.RuleSwapped, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.old_engine} > {event.engine} from block {event.height} on"
    return TICK, event.chain, f"{words}  epoch {event.epoch}"
