"""
May this block follow that one on a sidechain? And: put a block together that may.

Source: header rules H1 to H5 and A1 of the protocol; the engine checks its own part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.sideblock import SideBlock, SideHeader, rules_hash, view
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Output,
    Transaction,
)
from devnet.engine.chain.places import with_places
from devnet.engine.errors import BlockError, ConsensusError, DevnetError
from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusEngine,
    Propose,
    Rules,
)
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.candidates import elected
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.coinbase import BadSideBody, Said, read_coinbase
from devnet.engine.sidechain.court import Court
from devnet.engine.sidechain.custody import Custody
from devnet.engine.sidechain.ledger import Ledger
from devnet.engine.sidechain.pegout import has_payout_records
from devnet.engine.sidechain.reader import SideReader, claim_context
from devnet.engine.sidechain.rotation import Poll, council_after
from devnet.engine.sidechain.staking import tally_after
from devnet.engine.sidechain.state import SideEntry, SideState, SideTree
from devnet.engine.sidechain.swap import InForce, in_force, peg_rests
from devnet.engine.sidechain.thaw import (
    BadAnchorReset,
    check_reset,
    reset_in,
    written_off,
)


class BadSideHeader(BlockError):
    """A sidechain header does not follow from its parent."""

    code = "block.side-header"


class BadAnchor(BlockError):
    """The anchor is no mainchain block, or leaves the branch of the parent's anchor."""

    code = "block.anchor"


class WrongStatuses(BlockError):
    """The header says otherwise which transactions of a block failed."""

    code = "block.side-statuses"


@dataclass(frozen=True, slots=True)
class Filled:
    """
    A block put together for a proposer, the transactions left out of it, and the books
    after it, for `judge`.
    """

    block: SideBlock
    refused: tuple[tuple[bytes, DevnetError], ...]
    ledger: Ledger


def judge(
    tree: SideTree,
    main: MainTree,
    engine: ConsensusEngine,
    block: SideBlock,
    now_ms: int,
    works: Callable[[bytes, bytes], bytes] | None = None,
    known: Ledger | None = None,
) -> SideEntry:
    """
    Check a block whose parent is in the tree, and compute the state after it.

    Args:
        now_ms: the clock of whoever checks, since 1970; for history the block's own.
        works: the proof-of-work function, for rules that ask for work.
        known: the books after this very body, when whoever asks has just run it.

    Raises:
        BlockError, TransactionError, ClaimError, ConsensusError: the rule broken.
    """
    header = block.header
    parent = tree[header.previous]
    answer = in_force(tree, parent)
    _check_outline(header, parent, answer)
    reset = _check_anchor(tree, main, block, parent, answer)
    seen = view(header)
    epochs = _epochs_after(parent.state, answer)
    reader = SideReader(tree, header.previous, epochs, now_ms, works=works)
    acting = elected(engine, seen.time_ms, parent.header, answer.rules, reader)
    reader = replace(reader, judged=(header.hash, acting))
    engine.check_header(seen, parent.header, reader)
    ledger, said = _run_body(tree, main, block, parent, answer, known)
    pending = said.pending
    state = _state_after(parent, block, ledger, epochs, said, answer)
    lost = state.written_off
    if reset is not None:
        lost = written_off(parent, main, reset.base)
        pegout = replace(state.pegout, given_up=header.height)
        state = replace(state, pegout=pegout)
    state = _with_council(state, tree, parent, said)
    state = replace(state, acting=acting, written_off=lost)
    change = ledger.change()
    draft = SideEntry(
        block, seen, state, change, tuple(ledger.claims), parent.final, (),
        ledger.fee_sum, tuple(ledger.debts),
    )  # fmt: skip
    with_it = replace(reader, tree=tree.with_entry(draft), tip=header.hash)
    final = engine.final_seen(seen, with_it)
    if pending is not None and final.height > pending.record.closing_height:
        closing = with_it.ancestor(header.hash, pending.record.closing_height)
        final = Checkpoint(closing.height, closing.hash)
    if final.height < parent.final.height:
        final = parent.final
    return replace(draft, final=final, rank=engine.rank(seen, with_it))


def judge_body(tree: SideTree, main: MainTree, block: SideBlock) -> None:
    """
    Check what a block says and carries, not whose turn it was. No engine is asked, so
    evidence against its maker means the same after a swap, to whoever reads the chain.

    Raises:
        BlockError, TransactionError, ClaimError: the rule broken.
        ConsensusError: the anchor is of no branch that leads here, which proves nothing
            to somebody with another mainchain.
    """
    header, parent = block.header, tree[block.header.previous]
    answer = in_force(tree, parent)
    _check_outline(header, parent, answer)
    try:
        _check_anchor(tree, main, block, parent, answer)
    except (BadAnchor, BadAnchorReset) as error:
        raise ConsensusError(error.message) from None
    _run_body(tree, main, block, parent, answer, None)


def _check_outline(header: SideHeader, parent: SideEntry, answer: InForce) -> None:
    """Height, time, epoch, rule, round: what follows from the parent alone."""
    rules, above = answer.rules, parent.height + 1
    wanted = rules_hash(rules.engine, rules.params, rules.validators)
    oldest_round = 0 if answer.opens_epoch else parent.header.round
    for broken, sentence in (
        (header.version != 1, f"version {header.version} is not 1"),
        (header.height != above, f"height {header.height}, wants {above}"),
        (
            header.timestamp_ms <= parent.header.time_ms,
            f"time {header.timestamp_ms} is not after its parent's",
        ),
        (
            header.epoch != rules.epoch,
            f"epoch {header.epoch}, in force is {rules.epoch}",
        ),
        (
            header.engine != rules.engine,
            f"engine {header.engine!r}, in force is {rules.engine!r}",
        ),
        (header.rules_hash != wanted, "the rules hash is not that of the epoch"),
        (
            header.round <= oldest_round,
            f"round {header.round} is not above {oldest_round}",
        ),
    ):
        if broken:
            raise BadSideHeader(f"sidechain block {header.height}: {sentence}")


def _check_anchor(
    tree: SideTree,
    main: MainTree,
    block: SideBlock,
    parent: SideEntry,
    answer: InForce,
) -> AnchorReset | None:
    """
    A1: the anchor equals the parent's or descends from it; unless the validators give
    the parent's up, by the record that is returned.
    """
    anchor, old = block.header.anchor, parent.anchor
    reset = reset_in(block)
    if reset is not None:
        check_reset(reset, parent, answer, anchor, main, tree.spec.chain_id)
        return reset
    entry = main.get(anchor.hash)
    if entry is None or entry.height != anchor.height:
        raise BadAnchor(f"no mainchain block {anchor.height} {anchor.hash.hex()[:16]}")
    if not main.is_ancestor(old.hash, anchor.hash):
        raise BadAnchor(
            f"anchor {anchor.height} does not descend from the parent's {old.height}"
        )
    return None


def _epochs_after(state: SideState, answer: InForce) -> tuple[Rules, ...]:
    return (*state.epochs, answer.rules) if answer.opens_epoch else state.epochs


def _run_body(
    tree: SideTree,
    main: MainTree,
    block: SideBlock,
    parent: SideEntry,
    answer: InForce,
    known: Ledger | None,
) -> tuple[Ledger, Said]:
    """Transactions, coinbase, roots and swap records."""
    header, txs = block.header, block.transactions
    if not txs or not any(isinstance(entry, Coinbase) for entry in txs[0].inputs):
        raise BadSideBody(f"sidechain block {header.height} has no coinbase")
    if answer.closing and (len(txs) > 1 or len(txs[0].outputs) > 1):
        raise BadSideBody(f"closing block {header.height} carries content")
    context = claim_context(
        tree, parent, main, header.anchor, frozen=False, resting=peg_rests(tree, parent)
    )
    if known is not None and known.is_of(parent, header.anchor, block):
        ledger = known
    else:
        custody = Custody(tree, main, parent, header.anchor)
        ledger = Ledger(parent, context, tree.spec.unbond_blocks, custody)
        ledger.run(txs)
    reward = txs[0].outputs[0]
    if reward.asset != BTM or reward.amount != ledger.fee_sum:
        raise BadSideBody(
            f"the coinbase of {header.height} pays {reward.amount}, the fees are "
            f"{ledger.fee_sum}"
        )
    if header.tx_root != ledger.tx_root:
        raise BadSideBody(f"transactions root of {header.height} is wrong")
    if header.status_root != ledger.status_root:
        raise WrongStatuses(f"status root of {header.height} is wrong")

    def rejudge(accused: SideBlock) -> None:
        judge_body(tree, main, accused)

    court = Court(tree, main, parent, header.anchor, rejudge)
    said = read_coinbase(court, answer, txs[0], header.height)
    for conviction in said.convicted:
        ledger.forfeit(conviction, reward.program)
    return ledger, said


def _state_after(
    parent: SideEntry,
    block: SideBlock,
    ledger: Ledger,
    epochs: tuple[Rules, ...],
    said: Said,
    answer: InForce,
) -> SideState:
    height = block.header.height
    has_content = (
        len(block.transactions) > 1
        or answer.opens_epoch
        or has_payout_records(block.transactions[0])
    )
    return SideState(
        ledger.coins(),
        parent.state.hashes.with_next(block.header.hash),
        ledger.claimed,
        ledger.claimed_sum,
        ledger.burned_sum,
        ledger.withdrawn_sum,
        epochs,
        said.pending,
        height if has_content else parent.state.busy_height,
        with_places(parent.state.places, block.transactions, height),
        tally=tally_after(parent.state.tally, ledger.spent, ledger.created),
        roster=ledger.roster,
        cancelled=said.cancelled,
        pegout=ledger.pegout,
        council=parent.state.council,
        written_off=parent.state.written_off,
    )


def _with_council(
    state: SideState, tree: SideTree, parent: SideEntry, said: Said
) -> SideState:
    """
    The state with the council after its block. Whom a tally asks for must wait until
    its block is final, so such a block counts as one with content.
    """
    before = tree.council(parent)
    poll = Poll(tree.spec, said.council, state.roster, state.tally, state.epochs)
    after = council_after(parent, poll)
    if after == before:
        return state
    return replace(state, council=after, busy_height=parent.height + 1)


def fill(
    tree: SideTree,
    main: MainTree,
    wish: Propose,
    anchor: Checkpoint,
    waiting: Sequence[Transaction],
    records: Sequence[bytes],
    program: bytes,
) -> Filled:
    """
    Put a block together on the wished parent.

    Args:
        anchor: newest settled mainchain block that the proposer may name.
        waiting: transactions in order of arrival; those that do not fit are left out.
        records: programs of swap records for the coinbase.
        program: where the fees go.
    """
    parent = tree[wish.parent]
    answer = in_force(tree, parent)
    context = claim_context(
        tree, parent, main, anchor, frozen=False, resting=peg_rests(tree, parent)
    )
    custody = Custody(tree, main, parent, anchor)
    ledger = Ledger(parent, context, tree.spec.unbond_blocks, custody)
    taken: list[Transaction] = []
    refused: list[tuple[bytes, DevnetError]] = []
    for tx in () if answer.closing else waiting:
        if context.closing and is_claim(tx):
            continue
        try:
            ledger.add(tx)
        except DevnetError as error:
            refused.append((tx.id, error))
        else:
            taken.append(tx)
    height = parent.height + 1
    outputs = [Output(BTM, ledger.fee_sum, program)]
    if not answer.closing and not answer.opens_epoch:
        outputs += [Output(BTM, 0, record) for record in records]
    arbitrary = b"\x00" + str(height).encode() + tree.spec.name.encode()
    coinbase = Transaction(1, 0, (Coinbase(arbitrary),), tuple(outputs), side=True)
    txs = (coinbase, *taken)
    ledger.finish(txs)
    rules = answer.rules
    header = SideHeader(
        version=1,
        height=height,
        previous=wish.parent,
        timestamp_ms=wish.time_ms,
        tx_root=ledger.tx_root,
        status_root=ledger.status_root,
        epoch=rules.epoch,
        engine=rules.engine,
        rules_hash=rules_hash(rules.engine, rules.params, rules.validators),
        round=wish.round,
        justify=wish.justify,
        anchor=anchor,
        engine_data=wish.engine_data,
        signature=b"",
        certificate=wish.certificate or Certificate(),
        nonce=0,
        bits=wish.bits,
    )
    return Filled(SideBlock(header, txs), tuple(refused), ledger)
