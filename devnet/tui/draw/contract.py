"""The contract address taken apart; what another recipient changed is lit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.engine.federation.contract import changed
from devnet.tui.draw.pages import heading
from devnet.tui.draw.text import line, short
from devnet.tui.theme import DARK, PROPOSER, Palette

if TYPE_CHECKING:
    from devnet.engine.federation.contract import Contract, KeySteps

WIDE = 138
"""From this width on a 64-byte key has room on one line."""
N_LABEL = 9


def draw_contract(
    contract: Contract,
    width: int,
    look: Palette = DARK,
    *,
    chain: str,
    who: str,
    names: Mapping[bytes, str],
    before: Contract | None = None,
) -> list[Text]:
    """
    Every step from the members' root keys to the address.

    Args:
        who: as the reader named the recipient.
        names: of members by root xpub.
        before: the contract that was shown before; what differs from it is lit.
    """
    old = _Old(before, look)
    rows = [
        line(
            (f" {chain}", f"bold {look.good}"),
            (f" for {who or 'the treasury'}", f"bold {look.text}"),
            ("   r next recipient  / type one  [ ] sidechain", look.dim),
        ),
        old.row("script", contract.claim_script.hex() or "none: the treasury's",
                before.claim_script.hex() if before else ""),
        old.row("chain id", contract.chain_id.hex(),
                before.chain_id.hex() if before else ""),
        old.row("address", contract.address, before.address if before else "",
                f"bold {look.deposit}"),
        heading("Keys", look, "root key > child for the chain > child for the tweak"),
    ]  # fmt: skip
    for index, steps in enumerate(contract.keys):
        name = names.get(steps.root_xpub) or steps.root_xpub.hex()[:8]
        last = before.keys[index] if before and index < len(before.keys) else None
        rows += _steps(name, steps, last, old, width, look)
    rows += _script(contract, before, old, look)
    rows += [
        heading("Hash", look, "SHA3-256 of the script, then the program, then letters"),
        old.row("hash", contract.script_hash.hex(),
                before.script_hash.hex() if before else ""),
        old.row("program", contract.program.hex(),
                before.program.hex() if before else ""),
        old.row("address", contract.address, before.address if before else "",
                f"bold {look.deposit}"),
    ]  # fmt: skip
    return rows


class _Old:
    """Lines beside those that stood there before."""

    def __init__(self, before: Contract | None, look: Palette) -> None:
        self._compares, self._look = before is not None, look

    def row(self, label: str, value: str, old: str, ink: str = "") -> Text:
        """A name and a value; a sign where it changed, and the letters that did."""
        look = self._look
        stretches = changed(old, value) if self._compares else ()
        sign = PROPOSER if stretches else " "
        text = line((f" {sign}", f"bold {look.now}"), (f"{label:<{N_LABEL}}", look.dim))
        start = text.cell_len
        text.append(value, ink or look.text)
        for first, last in stretches:
            text.stylize(f"bold underline {look.now}", start + first, start + last)
        return text


def _steps(
    name: str,
    steps: KeySteps,
    last: KeySteps | None,
    old: _Old,
    width: int,
    look: Palette,
) -> list[Text]:
    """One member's way: three lines, four where whole keys have room."""
    root, chain_key = steps.root_xpub.hex(), steps.chain_key.hex()
    old_root = last.root_xpub.hex() if last else ""
    old_chain_key = last.chain_key.hex() if last else ""
    tweak = f"32 x 00, {steps.tweak[32:].hex()}" if width >= WIDE else None
    rows = []
    if width >= WIDE:
        rows += [
            old.row(f"{name:.8}", root, old_root),
            old.row("  chain", chain_key, old_chain_key),
        ]
    else:
        keys = f"root {short(root)} > for the chain {short(chain_key)}"
        old_keys = f"root {short(old_root)} > for the chain {short(old_chain_key)}"
        rows.append(old.row(f"{name:.8}", keys, old_keys if last else ""))
    # The first half of the tweak is 32 zero bytes: they never change.
    shown = tweak or steps.tweak[32:].hex()
    before = last.tweak[32:].hex() if last else ""
    if tweak and last:
        before = f"32 x 00, {before}"
    rows += [
        old.row("  tweak", shown, before),
        old.row("  key", steps.public_key.hex(), last.public_key.hex() if last else "",
                f"bold {look.text}"),
    ]  # fmt: skip
    return rows


def _script(
    contract: Contract, before: Contract | None, old: _Old, look: Palette
) -> list[Text]:
    """The script by its instructions; keys are known from above by their number."""
    n_keys = len(contract.keys)
    said = f"{contract.quorum} of {n_keys} must sign, {len(contract.script)} bytes"
    rows = [heading("Script", look, said)]
    for index, op in enumerate(contract.ops):
        label, value = f"{op.at:>3}", op.raw.hex()
        if op.role == "key":
            label += " push"
        last = before.ops[index].raw.hex() if before and index < len(before.ops) else ""
        row = old.row(label, value, last)
        notes = {
            "what is signed": "TXSIGHASH: the hash that is signed",
            "quorum": "so many must sign",
            "keys": "of so many keys",
            "check": "CHECKMULTISIG",
        }
        if op.role in notes:
            row.append(f"  {notes[op.role]}", look.dim)
        rows.append(row)
    return rows
