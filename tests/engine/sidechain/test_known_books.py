"""Who has just filled a block need not run it again; nobody else may rely on that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import with_arguments
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import Checkpoint, Propose
from devnet.engine.sidechain.judge import Filled, fill, judge
from devnet.engine.sidechain.ledger import Ledger
from devnet.plugins import load_engine
from tests.engine.sidechain.test_judge import Maker, told, world  # noqa: F401


@pytest.fixture
def maker(world) -> Maker:  # noqa: F811
    return Maker(world)


def filled_by(maker: Maker) -> Filled:
    parent = Checkpoint(maker.parent.height, maker.parent.hash)
    wish = Propose(
        parent.hash, parent.height + 1, maker.parent.header.time_ms + 1000, parent
    )
    txs = [*maker.payments(3), maker.claim()]
    return fill(
        maker.tree, maker.net.world.tree, wish, maker.anchor, txs, [],
        maker.sealer.program,
    )  # fmt: skip


def judged(maker: Maker, block: SideBlock, known: Ledger | None):
    now_ms = maker.parent.header.time_ms + 2000
    engine = load_engine(block.header.engine)
    return judge(maker.tree, maker.net.world.tree, engine, block, now_ms, known=known)


def test_a_block_judged_with_its_makers_books_comes_out_as_one_judged_afresh(maker):
    filled = filled_by(maker)
    block = maker.signed(filled.block)

    assert filled.ledger.is_of(maker.parent, maker.anchor, block)
    assert judged(maker, block, filled.ledger) == judged(maker, block, None)


def test_books_save_the_running_but_none_of_the_other_checks(maker, monkeypatch):
    filled = filled_by(maker)
    block = maker.signed(filled.block)
    monkeypatch.setattr(Ledger, "add", None)

    assert judged(maker, block, filled.ledger).hash == block.hash
    for changes in (
        {"tx_root": bytes(32)},
        {"status_root": bytes(32)},
        {"height": block.header.height + 1},
        {"rules_hash": bytes(32)},
    ):
        with pytest.raises(DevnetError):
            judged(maker, maker.signed(filled.block, **changes), filled.ledger)
    unsigned = replace(block, header=replace(block.header, signature=b""))
    with pytest.raises(DevnetError):
        judged(maker, unsigned, filled.ledger)


def test_equal_ids_with_other_signatures_are_run_anew(maker):
    filled = filled_by(maker)
    coinbase, first, *others = filled.block.transactions
    forged = with_arguments(first, 0, ())
    block = maker.signed(SideBlock(filled.block.header, (coinbase, forged, *others)))

    assert forged.id == first.id and block.hash == filled.block.hash
    assert not filled.ledger.is_of(maker.parent, maker.anchor, block)
    with pytest.raises(DevnetError):
        judged(maker, block, filled.ledger)


def test_books_of_another_parent_or_anchor_are_of_no_use(maker):
    filled = filled_by(maker)
    block, anchor = filled.block, maker.anchor
    grandparent = maker.tree[maker.parent.header.previous]
    older = Checkpoint(anchor.height - 1, anchor.hash)

    assert filled.ledger.is_of(maker.parent, anchor, block)
    assert not filled.ledger.is_of(grandparent, anchor, block)
    assert not filled.ledger.is_of(maker.parent, older, block)
