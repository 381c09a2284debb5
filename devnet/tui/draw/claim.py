"""The Claim inspector: where the lock is, the proof as a tree, every check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.text import fit, line, money, short
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DONE,
    PROPOSER,
    SENT_ALONG,
    TICK,
    TO_COME,
    Palette,
)
from devnet.tui.views import TransferView

if TYPE_CHECKING:
    from devnet.engine.bc.prooftree import ProofNode
    from devnet.engine.sidechain.claims import CheckResult
    from devnet.engine.sidechain.inspection import ClaimInspection

LEGEND = (
    ("leaf", "the lock transaction"),
    ("path", "computed on the way up"),
    ("assist", "sent along with the claim"),
)
N_LEGEND = 29


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was changed in the copy that is looked at: a name and a sentence."""

    name: str
    sentence: str


def claim_title(
    transfer: TransferView, found: ClaimInspection, look: Palette = DARK
) -> Text:
    """The title: which claim this is."""
    return line(
        (f"claim {transfer.id}", f"bold {look.federation}"),
        (
            f"  main > {transfer.chain}  tx {short(found.claim_tx_id.hex())}",
            look.federation,
        ),
    )


def draw_claim_head(
    transfer: TransferView,
    found: ClaimInspection,
    width: int,
    look: Palette = DARK,
    *,
    decimals: int = 0,
    tampering: Tampering | None = None,
) -> list[Text]:
    """Everything above the checks: verdict, place of the lock, roots and the path."""
    rows = [] if tampering is None else [_changed(tampering, look)]
    rows += [_verdict(found, look), _place(transfer, found, decimals, look)]
    rows += _roots(found, look)
    tree = draw_path(found.nodes, width - N_LEGEND, look)
    legend = [line(_sign(role, look), f" {words}") for role, words in LEGEND]
    for index, row in enumerate(tree):
        if index < len(legend):
            rows.append(line(fit(row, width - N_LEGEND), legend[index]))
        else:
            rows.append(row)
    return rows


def _changed(tampering: Tampering, look: Palette) -> Text:
    return line(
        (f" a copy, {tampering.name} changed: ", f"bold {look.now}"),
        (tampering.sentence, look.now),
    )


def _verdict(found: ClaimInspection, look: Palette) -> Text:
    failed = found.failed
    n_checks = len(found.checks)
    if failed is None:
        words = f" {TICK} {found.n_passed} of {n_checks} checks pass"
        return line((words, f"bold {look.good}"))
    words = f" {BROKEN} {failed.id} breaks: {failed.title}"
    return line((words, f"bold {look.error}"))


def _place(
    transfer: TransferView, found: ClaimInspection, decimals: int, look: Palette
) -> Text:
    amount = f" {money(found.amount, decimals)} {transfer.asset} to {transfer.to}"
    where = f"  output {found.lock_output_index}"
    if found.lock_block is not None:
        where = f"  lock: main {found.lock_block.height}"
        if found.lock_tx_index is not None:
            where += f", tx {found.lock_tx_index + 1} of {found.n_lock_txs}"
        where += f", output {found.lock_output_index}"
    size = f"  {found.claim_bytes} bytes, proof {found.proof_bytes}"
    return line((amount, f"bold {look.text}"), (where, look.text), (size, look.dim))


def _roots(found: ClaimInspection, look: Palette) -> list[Text]:
    height = str(found.lock_block.height) if found.lock_block else "?"
    equal = found.roots_equal
    says = (
        (f"  {TICK} equal", look.good)
        if equal
        else (f"  {BROKEN} not equal", f"bold {look.error}")
    )
    settled = ""
    if found.depth is not None:
        settled = f"  settled up to {found.anchor.height}"
    return [
        line(
            (f" root in header {height:<6} ", look.dim),
            (_hash(found.header_root), look.text),
            says,
            (settled, look.dim),
        ),
        line(
            (f" {'root from the proof':<21} ", look.dim),
            (_hash(found.computed_root), look.text),
        ),
    ]


def _hash(value: bytes) -> str:
    return short(value.hex()) if value else "nothing"


# The path: a tree that grows downwards when it fits, a list with indents otherwise.


@dataclass(frozen=True, slots=True)
class _Box:
    lines: tuple[Text, ...]
    width: int
    anchor: int


def draw_path(
    nodes: Sequence[ProofNode], width: int, look: Palette = DARK
) -> list[Text]:
    """The proof from the root down to the lock's transaction."""
    if not nodes:
        return [line((" the proof cannot be read", look.error))]
    box = _box(nodes, 0, look)
    if box.width + 1 <= width:
        return [line(" ", one) for one in box.lines]
    return _indented(nodes, look)


def _sign(role: str, look: Palette) -> tuple[str, str]:
    if role == "leaf":
        return PROPOSER, f"bold {look.now}"
    if role == "assist":
        return SENT_ALONG, look.withdrawal
    return DONE, look.good


def _label(node: ProofNode, look: Palette) -> Text:
    sign, style = _sign(node.role, look)
    tone = look.text if node.role == "leaf" else look.dim
    return line((sign, style), (f" {_hash(node.hash)}", tone))


def _box(nodes: Sequence[ProofNode], at: int, look: Palette) -> _Box:
    node = nodes[at]
    children = [child for child in (node.left, node.right) if child >= 0]
    if not children:
        label = _label(node, look)
        return _Box((label,), label.cell_len, label.cell_len // 2)
    boxes = [_box(nodes, child, look) for child in children]
    sign, style = _sign(node.role, look)
    if len(boxes) == 1:
        only = boxes[0]
        top = line(" " * only.anchor, (sign, style))
        return _Box((top, *only.lines), only.width, only.anchor)
    left, right = boxes
    gap, width = 2, left.width + 2 + right.width
    right_anchor = left.width + gap + right.anchor
    anchor = (left.anchor + right_anchor) // 2
    branch = [" "] * width
    for column in range(left.anchor, right_anchor + 1):
        branch[column] = "─"
    branch[left.anchor], branch[right_anchor], branch[anchor] = "┌", "┐", "┴"
    lines = [line(" " * anchor, (sign, style)), line(("".join(branch), look.dim))]
    for row in range(max(len(left.lines), len(right.lines))):
        one = left.lines[row] if row < len(left.lines) else line("")
        other = right.lines[row] if row < len(right.lines) else line("")
        lines.append(line(fit(one, left.width + gap), other))
    return _Box(tuple(lines), width, anchor)


def _indented(nodes: Sequence[ProofNode], look: Palette) -> list[Text]:
    return [
        line(" " * (1 + 2 * min(one.depth, 16)), _label(one, look)) for one in nodes
    ]


# The checks.


def draw_check(check: CheckResult, width: int, look: Palette = DARK) -> Text:
    """One check in exactly `width` cells: verdict, what it is, why it exists."""
    sign, tone = {
        "passed": (TICK, look.good),
        "failed": (BROKEN, f"bold {look.error}"),
    }.get(check.verdict, (TO_COME, look.dim))
    ink = f"bold {look.error}" if check.verdict == "failed" else look.text
    if check.verdict == "not reached":
        ink = look.dim
    row = line(
        (f" {check.id:<4}", look.dim),
        (f"{sign} ", tone),
        (f"{check.title:<33}", ink),
    )
    if width < 110:
        return fit(line(row, (f" {check.why}", look.dim)), width)
    row = line(row, (f" {check.why:<52}", look.dim))
    return fit(line(row, (f" {check.reason}", ink)), width)


def check_words(check: CheckResult) -> str:
    """Two lines: why the picked check exists, and what it found or why it refuses."""
    why = f"{check.id} is there because: {check.why}"
    if check.verdict == "not reached":
        return f"{why}\nnot reached: an earlier check refuses already"
    code = f"  [{check.code}]" if check.code else ""
    found = "refuses" if check.verdict == "failed" else "found"
    return f"{why}\n{found}: {check.reason}{code}"
