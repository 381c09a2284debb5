"""
Events in words: one line each, for the log, the toast and the event screen.

A sign says how good the news is; the words say it too, so colour is never needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.text import Text

from devnet.engine import events as ev
from devnet.tui.draw.text import clock, fit, line, money, plural, short
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


Decimals = Mapping[str, int]
Tell = Callable[..., tuple[str, str, str]]
TELLS: dict[type[ev.Event], Tell] = {}
"""Kind of event to (tone, chain, words)."""

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


def _tells(kind: type[ev.Event]) -> Callable[[Tell], Tell]:
    def register(teller: Tell) -> Tell:
        TELLS[kind] = teller
        return teller

    return register


def _coins(amount: int, asset: str, decimals: Decimals) -> str:
    return f"{money(amount, decimals.get(asset, 0))} {asset}"


@_tells(ev.WorldStarted)
def _world(event: ev.WorldStarted, _: Decimals) -> tuple[str, str, str]:
    words = f"world started  seed {event.seed}  {event.profile}  block {event.height}"
    return TICK, "main", words


@_tells(ev.WorldResumed)
def _resumed(event: ev.WorldResumed, _: Decimals) -> tuple[str, str, str]:
    pairs = zip(event.sidechains, event.heights, strict=True)
    heights = "".join(f"  {name} {height}" for name, height in pairs)
    return TICK, "main", f"the world is back at block {event.height}{heights}"


@_tells(ev.HistoryNotKept)
def _not_kept(event: ev.HistoryNotKept, _: Decimals) -> tuple[str, str, str]:
    words = f"begins again at its genesis: {event.store} kept nothing"
    return NOTE, event.chain, words


@_tells(ev.AssetKnown)
def _asset(event: ev.AssetKnown, _: Decimals) -> tuple[str, str, str]:
    words = f"asset {event.asset}  {event.decimals} decimals  {short(event.id)}"
    return NOTE, "main", words


@_tells(ev.AccountAdded)
def _account(event: ev.AccountAdded, _: Decimals) -> tuple[str, str, str]:
    signers = ""
    if event.signers:
        signers = f"  {event.quorum} of {', '.join(event.signers)}"
    return NOTE, "main", f"account {event.who}{signers}  {event.address}"


@_tells(ev.SidechainAdded)
def _added(event: ev.SidechainAdded, _: Decimals) -> tuple[str, str, str]:
    seats = plural(len(event.validators), "validator")
    return TICK, event.name, f"runs {event.engine} on {event.store}  {seats}"


@_tells(ev.BalanceChanged)
def _balance(event: ev.BalanceChanged, decimals: Decimals) -> tuple[str, str, str]:
    has = _coins(event.amount, event.asset, decimals)
    return NOTE, event.chain, f"{event.who} has {has}"


@_tells(ev.MiningTried)
def _tried(event: ev.MiningTried, _: Decimals) -> tuple[str, str, str]:
    tries = f"{event.tries} of ~{event.expected_tries}"
    return NOTE, "main", f"{event.node} tried {tries} for block {event.height}"


@_tells(ev.BlockAdded)
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


@_tells(ev.BlockUndone)
def _undone(event: ev.BlockUndone, _: Decimals) -> tuple[str, str, str]:
    words = f"block {event.height} undone, another branch won  {short(event.id)}"
    return "!", event.chain, words


@_tells(ev.BlockFinal)
def _final(event: ev.BlockFinal, _: Decimals) -> tuple[str, str, str]:
    bet = ", a bet" if event.finality == "depth" else ""
    return TICK, event.chain, f"block {event.height} is final{bet}  {short(event.id)}"


@_tells(ev.TxQueued)
def _queued(event: ev.TxQueued, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, f"{event.what} entered mempool  {short(event.id)}"


@_tells(ev.TxHeld)
def _held(event: ev.TxHeld, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"{short(event.id)} came early: {event.reason}"


@_tells(ev.TxDropped)
def _dropped(event: ev.TxDropped, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"{short(event.id)} left mempool: {event.reason}"


@_tells(ev.TxsMined)
def _mined(event: ev.TxsMined, _: Decimals) -> tuple[str, str, str]:
    count = len(event.ids)
    first = short(event.ids[0]) if event.ids else ""
    return NOTE, event.chain, f"block {event.height} took {count} from mempool  {first}"


@_tells(ev.TransferStarted)
def _started(event: ev.TransferStarted, decimals: Decimals) -> tuple[str, str, str]:
    coins = _coins(event.amount, event.asset, decimals)
    whom = "" if event.to == event.who else f" for {event.to}"
    words = f"{event.transfer} {event.who} locks {coins}{whom} on {event.chain}"
    return NOTE, "fed", words


@_tells(ev.TransferMoved)
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


@_tells(ev.ClaimCrafted)
def _crafted(event: ev.ClaimCrafted, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.transfer} claim made by {event.collector}"
    size = f"proof of {event.proof_bytes} bytes"
    return TICK, "fed", f"{words}  {size}  {short(event.tx)}"


@_tells(ev.ClaimJudged)
def _judged(event: ev.ClaimJudged, _: Decimals) -> tuple[str, str, str]:
    if event.failed:
        words = f"{event.validator} refused claim {event.transfer} at {event.failed}"
        return BROKEN, event.chain, f"{words}: {event.reason}"
    passed = f"{event.n_passed} checks passed"
    return TICK, event.chain, f"{event.validator} took claim {event.transfer}: {passed}"


@_tells(ev.ConsensusSent)
def _sent(event: ev.ConsensusSent, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} > {event.to}  {event.what}"
    return NOTE, event.chain, f"{words} {event.height} round {event.round}"


@_tells(ev.ConsensusGot)
def _got(event: ev.ConsensusGot, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} got {event.what} {event.height} from {event.sender}"
    return NOTE, event.chain, f"{words}  round {event.round}"


@_tells(ev.ConsensusSaid)
def _said(event: ev.ConsensusSaid, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, event.text


@_tells(ev.ValidatorChanged)
def _validator(event: ev.ValidatorChanged, _: Decimals) -> tuple[str, str, str]:
    words = "caught lying" if event.state == "lying" else event.state
    tone = TICK if event.state == "up" else "!"
    return tone, event.chain, f"{event.validator} is {words}"


@_tells(ev.CandidateChanged)
def _candidate(event: ev.CandidateChanged, _: Decimals) -> tuple[str, str, str]:
    words = {
        "registered": "stands for a seat",
        "leaving": "stands no more, the bond comes back later",
        "gone": "has the bond back",
        "banned": "lost seat and bond for an offence",
    }.get(event.state, event.state)
    tone = "!" if event.state == "banned" else NOTE
    return tone, event.chain, f"{event.name} {words}"


@_tells(ev.ValidatorsElected)
def _elected(event: ev.ValidatorsElected, _: Decimals) -> tuple[str, str, str]:
    names = ", ".join(event.validators)
    return TICK, event.chain, f"elected from block {event.height} on: {names}"


@_tells(ev.SwapProposed)
def _swap_asked(event: ev.SwapProposed, _: Decimals) -> tuple[str, str, str]:
    words = f"swap {event.old_engine} > {event.engine} asked, after block "
    return (
        NOTE,
        event.chain,
        f"{words}{event.closing_height}, {event.needed} must agree",
    )


@_tells(ev.SwapApproved)
def _swap_approved(event: ev.SwapApproved, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.validator} agrees to the swap"
    count = f"{event.approvals} agree, {event.needed} needed"
    return NOTE, event.chain, f"{words}  {count}"


@_tells(ev.SwapScheduled)
def _swap_scheduled(event: ev.SwapScheduled, _: Decimals) -> tuple[str, str, str]:
    words = f"swap to {event.engine} recorded in block {event.height}"
    return TICK, event.chain, f"{words}, last old block {event.closing_height}"


@_tells(ev.SwapDropped)
def _swap_dropped(event: ev.SwapDropped, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"swap to {event.engine} dropped: {event.reason}"


@_tells(ev.RuleSwapped)
def _swapped(event: ev.RuleSwapped, _: Decimals) -> tuple[str, str, str]:
    words = f"{event.old_engine} > {event.engine} from block {event.height} on"
    return TICK, event.chain, f"{words}  epoch {event.epoch}"


@_tells(ev.StorageMoving)
def _moving(event: ev.StorageMoving, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, f"storage {event.old_store} > {event.store} begins"


@_tells(ev.StorageMoved)
def _moved_store(event: ev.StorageMoved, _: Decimals) -> tuple[str, str, str]:
    digests = f"{short(event.digest_before)} = {short(event.digest_after)}"
    words = f"storage {event.old_store} > {event.store}  {event.keys} keys"
    return TICK, event.chain, f"{words}  digests {digests}"


@_tells(ev.StorageStayed)
def _stayed(event: ev.StorageStayed, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"storage stays {event.old_store}: {event.reason}"


@_tells(ev.FaultStarted)
def _fault_started(event: ev.FaultStarted, _: Decimals) -> tuple[str, str, str]:
    detail = f"  {event.detail}" if event.detail else ""
    return "!", "", f"fault {event.fault} at {event.target} begins{detail}"


@_tells(ev.FaultEnded)
def _fault_ended(event: ev.FaultEnded, _: Decimals) -> tuple[str, str, str]:
    return TICK, "", f"fault {event.fault} at {event.target} is over"


@_tells(ev.Audited)
def _audited(event: ev.Audited, decimals: Decimals) -> tuple[str, str, str]:
    rows = zip(
        event.assets, event.locked, event.circulating, event.arriving, strict=True
    )
    sums = "  ".join(
        f"{_coins(locked, asset, decimals)} = {money(there, decimals.get(asset, 0))}"
        f" + {money(coming, decimals.get(asset, 0))} arriving"
        for asset, locked, there, coming in rows
    )
    if not event.ok:
        return BROKEN, event.chain, f"books wrong: {sums}"
    return TICK, event.chain, f"books right: {sums or 'nothing locked'}"


@_tells(ev.InvariantBroken)
def _broken(event: ev.InvariantBroken, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, event.chain, f"{event.invariant} broken: {event.detail}"


@_tells(ev.Refused)
def _refused(event: ev.Refused, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, "", f"{event.command} refused: {event.message}  [{event.code}]"


@_tells(ev.EngineFailed)
def _failed(event: ev.EngineFailed, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, "", f"engine failed: {event.message}"
