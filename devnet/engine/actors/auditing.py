"""The auditor as an actor: after every block of every chain, and across each swap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Breach
from devnet.engine.audit import (
    AuditReport,
    Books,
    Finding,
    audit,
    check_quiet_pool,
)
from devnet.engine.audit.moving import Move, counterparts, moves_between
from devnet.engine.events import Audited, InvariantBroken, TxDropped
from devnet.engine.interfaces import Checkpoint


def best_main_tip(turn: Turn, chain: str) -> bytes:
    """
    The best mainchain block that anybody has who matters to a sidechain. The auditor
    looks at the world, not through one node: a validator may be ahead of that node. Of
    two equals it takes the one that the sidechain stands on; nothing is lost yet.
    """
    side, tree = turn.side(chain), turn.tree
    anchor = side.tree[side.head].anchor.hash
    views = [node.view for node in turn.main_nodes]
    views += [collector.view for collector in turn.collectors]
    # Who is shown the attacker's mainchain is no witness of the real one.
    views += [
        node.main
        for node in turn.nodes(chain)
        if not turn.has_fault("lying-node", chain, node.name)
    ]

    def standing(tip: bytes) -> tuple[int, int, bool]:
        return tree[tip].height, tree[tip].work_sum, tree.is_ancestor(anchor, tip)

    return max(dict.fromkeys(view.tip for view in views), key=standing)


def books_of(turn: Turn, chain: str) -> Books:
    """Both chains at the best tips there are. The step before was audited."""
    side, before = turn.side(chain), turn.before.sidechain(chain)
    watched = turn.watched.values()
    return Books(
        chain,
        turn.tree,
        best_main_tip(turn, chain),
        side.tree,
        side.head,
        registered=frozenset(one.claim_script for one in watched if one.chain == chain),
        audited=side.tree.spec.chain_id if before is None else before.head,
        final_height=side.final.height,
        finals=(side.final, *(node.final for node in turn.nodes(chain))),
    )


def audit_side(turn: Turn, chain: str) -> AuditReport:
    """Audit one sidechain at the present tips and say what came of it."""
    report = audit(books_of(turn, chain))
    names = {asset.id: asset.name for asset in turn.assets}
    broken = any(item.chain == chain for item in turn.breaches)
    turn.say(
        Audited(
            chain=chain,
            main_height=report.main_height,
            side_height=report.side_height,
            ok=report.ok and not broken,
            assets=tuple(
                names.get(sums.asset, sums.asset.hex()[:8]) for sums in report.sums
            ),
            locked=tuple(sums.locked for sums in report.sums),
            circulating=tuple(sums.circulating for sums in report.sums),
            arriving=tuple(sums.arriving for sums in report.sums),
            leaving=_if_any(tuple(sums.leaving for sums in report.sums)),
            burned=_if_any(tuple(sums.burned for sums in report.sums)),
            donated=_if_any(tuple(sums.donated for sums in report.sums)),
            stranded=_if_any(tuple(sums.stranded for sums in report.sums)),
        )
    )
    note_findings(turn, chain, report.findings, report)
    if report.ok:
        pair = (report.main_hash, report.side_hash)
        turn.set_side(replace(turn.side(chain), balanced=pair))
    return report


def _if_any(amounts: tuple[int, ...]) -> tuple[int, ...]:
    """Nothing at all where all are 0."""
    return amounts if any(amounts) else ()


def audit_waiting(turn: Turn, chain: str) -> None:
    """
    I10 for the mempool: what waits with the first validator from the closing block on
    is still with one of them when the new rule begins, or in the chain, or was
    refused and that was said.
    """
    side, node = turn.side(chain), turn.speaker(chain)
    entry = side.tree[node.head]
    pending = entry.state.pending
    if pending is not None and entry.height >= pending.record.closing_height:
        dropped = {
            event.id
            for event in turn.events
            if isinstance(event, TxDropped) and event.chain == chain
        }
        seen = dict.fromkeys((*side.waiting, *node.pool.order))
        waiting = tuple(tx_id for tx_id in seen if tx_id.hex() not in dropped)
        turn.set_side(replace(side, waiting=waiting))
    elif side.waiting:
        turn.set_side(replace(side, waiting=()))
        # The first validator may have just come back, with an old head and no pool.
        left = set(_held(turn, chain))
        mined = side.tree[side.head].state.places
        lost = tuple(it for it in side.waiting if it not in left and it not in mined)
        note_findings(turn, chain, check_quiet_pool(chain, lost))


def forget_waiting(turn: Turn, chain: str) -> None:
    """
    A validator is gone, and with it what it had told nobody: that is not for a swap to
    answer for.
    """
    side = turn.side(chain)
    if side.waiting:
        left = set(_held(turn, chain))
        waiting = tuple(tx_id for tx_id in side.waiting if tx_id in left)
        turn.set_side(replace(side, waiting=waiting))


def _held(turn: Turn, chain: str) -> Iterator[bytes]:
    """What waits with any validator. Those that were killed hold nothing."""
    for node in turn.nodes(chain):
        yield from node.pool.order


def note_findings(
    turn: Turn,
    chain: str,
    findings: Iterable[Finding],
    report: AuditReport | None = None,
) -> None:
    """
    A breach is said once; the alarm stands as long as the breach.

    Args:
        report: the audit that found it, if its sums are known.
    """
    for finding in findings:
        known = {(item.invariant, item.chain) for item in turn.breaches}
        if (finding.invariant, chain) not in known:
            breach = _breach(turn, chain, finding, report)
            turn.breaches = (*turn.breaches, breach)
            turn.say(broken_event(breach))


def broken_event(breach: Breach) -> InvariantBroken:
    """The word that an invariant broke."""
    return InvariantBroken(
        invariant=breach.invariant,
        chain=breach.chain,
        main_height=breach.main.height,
        main_id=breach.main.hash.hex(),
        side_height=breach.side.height,
        side_id=breach.side.hash.hex(),
        detail=breach.detail,
        moved=breach.moved,
        terms=breach.terms,
    )


def _breach(
    turn: Turn, chain: str, finding: Finding, report: AuditReport | None
) -> Breach:
    """Where it appeared, and what moved since the audit before."""
    side, main_tip = turn.side(chain), best_main_tip(turn, chain)
    moves: tuple[Move, ...] = ()
    if report is not None and side.balanced is not None:
        good_main, good_side = side.balanced
        books = replace(books_of(turn, chain), main_tip=good_main, side_tip=good_side)
        before = audit(books, from_scratch=True)
        found = moves_between(before.sums, report.sums, finding.invariant)
        moves = tuple(one for one in found if finding.asset in (b"", one.asset))
    return Breach(
        finding.invariant,
        chain,
        finding.detail,
        main=Checkpoint(turn.tree[main_tip].height, main_tip),
        side=Checkpoint(side.tree[side.head].height, side.head),
        moved=_words(turn, moves, finding.invariant) if report else "",
        terms=tuple(dict.fromkeys(one.term for one in moves)),
        at_ms=turn.now_ms,
    )


def _words(turn: Turn, moves: tuple[Move, ...], invariant: str) -> str:
    """As "locked fell by 100 BTM, leaving and arriving did not move"."""
    if not moves:
        return "no sum moved"
    infos = {info.id: info for info in turn.assets}
    words = []
    for one in moves:
        info = infos.get(one.asset)
        amount = Decimal(abs(one.by)).scaleb(-info.decimals if info else 0)
        name = info.name if info else one.asset.hex()[:8]
        verb = "rose" if one.by > 0 else "fell"
        words.append(f"{one.term} {verb} by {amount.normalize():f} {name}")
    if still := counterparts(moves, invariant):
        words.append(f"{' and '.join(still)} did not move")
    return ", ".join(words)
