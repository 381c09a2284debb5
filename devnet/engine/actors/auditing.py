"""The auditor as an actor: after every block of every chain, and across each swap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Breach
from devnet.engine.audit import (
    AuditReport,
    Books,
    Finding,
    audit,
    check_quiet_pool,
    check_quiet_swap,
)
from devnet.engine.events import Audited, InvariantBroken, TxDropped
from devnet.engine.sidechain.state import SideEntry


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
    audited = side.tree.spec.chain_id if before is None else before.head
    watched = turn.watched
    programs = sorted(program for program in watched if watched[program].chain == chain)
    main_tip = best_main_tip(turn, chain)
    return Books(
        chain, turn.tree, main_tip, side.tree, side.head, tuple(programs), audited,
        side.final.height,
    )  # fmt: skip


def audit_side(turn: Turn, chain: str) -> AuditReport:
    """Audit one sidechain at the present tips and say what came of it."""
    report = audit(books_of(turn, chain))
    names = {asset.id: asset.name for asset in turn.assets}
    turn.say(
        Audited(
            chain=chain,
            main_height=report.main_height,
            side_height=report.side_height,
            ok=report.ok and not any(item.chain == chain for item in turn.breaches),
            assets=tuple(
                names.get(sums.asset, sums.asset.hex()[:8]) for sums in report.sums
            ),
            locked=tuple(sums.locked for sums in report.sums),
            circulating=tuple(sums.circulating for sums in report.sums),
            arriving=tuple(sums.arriving for sums in report.sums),
            leaving=_if_any(tuple(sums.leaving for sums in report.sums)),
        )
    )
    note_findings(turn, chain, report.findings)
    return report


def _if_any(amounts: tuple[int, ...]) -> tuple[int, ...]:
    """Nothing at all where all are 0."""
    return amounts if any(amounts) else ()


def audit_swap(turn: Turn, chain: str, opening: SideEntry) -> None:
    """I10 at the first block of a new epoch, as far as the chain shows it."""
    found = check_quiet_swap(turn.side(chain).tree, chain, opening)
    note_findings(turn, chain, found)


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


def note_findings(turn: Turn, chain: str, findings: Iterable[Finding]) -> None:
    """A breach is said once; the alarm stands as long as the breach."""
    for finding in findings:
        known = {(item.invariant, item.chain) for item in turn.breaches}
        if (finding.invariant, chain) in known:
            continue
        turn.breaches = (
            *turn.breaches,
            Breach(finding.invariant, chain, finding.detail),
        )
        side = turn.side(chain)
        turn.say(
            InvariantBroken(
                invariant=finding.invariant,
                chain=chain,
                main_height=turn.tree[turn.main_tip].height,
                side_height=side.tree[side.head].height,
                detail=finding.detail,
            )
        )
