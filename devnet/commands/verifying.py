"""What `devnet verify DIR` does: judge a kept world again, from genesis on."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.errors import BadFile
from devnet.commands.folder import SIDES_NAME, WORLD_NAME, DataFolder

if TYPE_CHECKING:
    from devnet.engine.actors.resuming import Resumed
    from devnet.engine.interfaces import Store, WorkSource

N_AHEAD = 16
"""Proofs of work that are asked for at a time."""


def verify_folder(
    path: str, works: WorkSource, *, full: bool = False
) -> dict[str, Any]:
    """
    Judge every block of a kept world, recompute every state, audit the books.

    Args:
        full: compute each proof of work anew, too.

    Returns:
        The facts: ok, heights, final blocks, digests, and what is broken.

    Raises:
        BadFile: there is no world.
        StorageError: it is in use, damaged, or of another version.
    """
    if not (Path(path) / WORLD_NAME).exists():
        raise BadFile(
            f"{path} keeps no world", hint="devnet --data DIR makes a folder with one"
        )
    folder = DataFolder(path)
    try:
        return _verified(folder, works, full)
    finally:
        folder.close()


def _verified(folder: DataFolder, works: WorkSource, full: bool) -> dict[str, Any]:
    from devnet.opening import read_world

    keep = folder.keep
    folder.config()
    back = read_world(works, folder.path / SIDES_NAME, keep)
    try:
        broken = [
            f"{one.invariant} on {one.chain}: {one.detail}"
            for one in back.turn.breaches
        ]
        if full:
            broken += _wrong_works(back, keep, works)
        return _facts(folder, back, broken, full)
    finally:
        for store in back.stores.values():
            store.close()


def _facts(
    folder: DataFolder, back: Resumed, broken: list[str], full: bool
) -> dict[str, Any]:
    from devnet.engine.sidechain.persist import state_digest

    turn = back.turn
    return {
        "v": 1,
        "ok": not broken,
        "folder": str(folder.path),
        "full": full,
        "height": turn.tree[turn.main_tip].height,
        "tip": turn.main_tip.hex(),
        "blocks": len(turn.tree.entries),
        "sidechains": {
            side.name: {
                "height": side.tree[side.head].height,
                "tip": side.head.hex(),
                "final": side.final.height,
                "state_digest": state_digest(side.tree[side.head]),
            }
            for side in turn.sides()
        },
        "transfers": len(turn.transfers),
        "broken": broken,
    }


def _wrong_works(back: Resumed, keep: Store, works: WorkSource) -> list[str]:
    """Blocks of the mainchain whose stored work is not what it should be."""
    from devnet.engine.kept import Patient

    tree, patient = back.turn.tree, Patient(works)
    blocks = iter(sorted(tree.entries.values(), key=lambda one: one.height))
    wrong = []
    while part := list(islice(blocks, N_AHEAD)):
        asked = [(one, one.seed_below) for one in part if one.height]
        works.want(tuple((seed, one.hash) for one, seed in asked))
        for one, seed in asked:
            if patient.get(seed, one.hash) != keep.get(b"w" + one.hash):
                wrong.append(f"the stored work of main block {one.height} is wrong")
    for side in back.turn.sides():
        seed, store = side.tree.spec.chain_id, back.stores[side.name]
        for key, stored in store.iterate(prefix=b"w"):
            if patient.get(seed, key[1:]) != stored:
                height = side.tree[key[1:]].height
                wrong.append(f"the stored work of {side.name} {height} is wrong")
    return wrong
