"""Who does what when an entry of the schedule is due."""

from __future__ import annotations

from devnet.engine.actors import (
    approving,
    cheating,
    collecting,
    collectors,
    desks,
    faulting,
    gathering,
    handover,
    hosting,
    lifecycle,
    mainchain,
    membership,
    paying,
    payrecords,
    pooling,
    registering,
    rivals,
    thawing,
    validators,
    witness,
    witnessing,
)
from devnet.engine.actors.collectors import actor_of
from devnet.engine.actors.messages import (
    AnchorResetCame,
    BadBlockCame,
    BlsKeyCame,
    ClaimRefused,
    CollectorWorks,
    EngineMessage,
    EngineTimer,
    EvidenceCame,
    FaultEnds,
    GossipDue,
    HandoverCame,
    HandoverSignature,
    MainBlockCame,
    MainTxCame,
    MineStart,
    MineTry,
    NotSigned,
    PayoutRecordCame,
    RivalTry,
    SideBlockCame,
    SideHeadCame,
    SideTxCame,
    SideTxsCame,
    Signed,
    SignPlease,
    SwapApproval,
    SwapAsked,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.clock import Due


def dispatch(turn: Turn, due: Due) -> None:
    """Let the actor named by the entry do what is due."""
    if isinstance(due.what, FaultEnds):
        faulting.expire(turn, due.what.fault_id)
        return
    if isinstance(due.what, RivalTry):
        rivals.try_nonce(turn, due.what)
        return
    if isinstance(due.what, GossipDue):
        lifecycle.gossip(turn, due.what)
        return
    kind, _, rest = due.actor.partition(":")
    if kind == "main":
        _main_node(turn, rest, due.what)
        return
    if kind == collectors.KIND:
        _collector(turn, rest, due.what)
        return
    if kind == cheating.KIND:
        cheating.answer_came(turn, rest, due.what)
        return
    if kind == desks.USER:
        _coordinator(turn, due.actor, due.what)
        return
    if kind == membership.KIND:
        _member(turn, rest, due.what)
        return
    chain, _, name = rest.partition(":")
    # Events keep these names for ever: the node's own, not a copy for each event.
    node = turn.node(chain, name)
    _validator(turn, turn.side(chain).name, node.name, due.what)


def _collector(turn: Turn, name: str, what: object) -> None:
    match what:
        case MainBlockCame(block_hash):
            collecting.main_block_came(turn, name, block_hash)
            paying.work(turn, actor_of(name))
        case CollectorWorks():
            collecting.work(turn, name)
        case ClaimRefused():
            collecting.refusal_came(turn, name, what)
        case _:
            _coordinator(turn, actor_of(name), what)


def _coordinator(turn: Turn, me: str, what: object) -> None:
    match what:
        case SideHeadCame(chain, block_hash):
            paying.head_came(turn, me, chain, block_hash)
            return
        case Signed():
            gathering.signature_came(turn, me, what)
        case NotSigned():
            gathering.refusal_came(turn, me, what)
        case MainBlockCame():
            pass
        case _:
            raise TypeError(f"nothing for a coordinator: {what}")
    paying.work(turn, me)


def _member(turn: Turn, name: str, what: object) -> None:
    match what:
        case MainBlockCame(block_hash):
            membership.main_block_came(turn, name, block_hash)
        case SideHeadCame(chain, block_hash):
            membership.head_came(turn, name, chain, block_hash)
            handover.head_came(turn, name, chain)
        case SignPlease():
            membership.asked_to_sign(turn, name, what)
            return
        case HandoverSignature():
            handover.signature_came(turn, name, what)
            return
        case _:
            _coordinator(turn, membership.actor_name(name), what)
            return
    # When all collectors stay silent, members pay.
    paying.work(turn, membership.actor_name(name))


def _main_node(turn: Turn, name: str, what: object) -> None:
    match what:
        case MainBlockCame(block_hash):
            mainchain.block_came(turn, name, block_hash)
        case MainTxCame(tx):
            mainchain.tx_came(turn, name, tx)
        case MineStart(plan):
            mainchain.mine_start(turn, name, plan)
        case MineTry(plan):
            mainchain.mine_try(turn, name, plan)
        case _:
            raise TypeError(f"nothing for a mainchain node: {what}")


def _validator(turn: Turn, chain: str, name: str, what: object) -> None:
    if lifecycle.swallowed(turn, chain, name, what):
        return
    match what:
        case SideBlockCame(block_hash):
            validators.block_came(turn, chain, name, block_hash)
        case BadBlockCame(block, sender):
            validators.bad_block_came(turn, chain, name, block, sender)
        case EvidenceCame(record):
            witness.evidence_came(turn, chain, name, record)
        case EngineMessage():
            hosting.message_came(turn, chain, name, what)
        case EngineTimer():
            hosting.timer_fired(turn, chain, name, what)
        case MainBlockCame(block_hash):
            validators.main_block_came(turn, chain, name, block_hash)
        case SideTxCame(tx, word):
            pooling.tx_came(turn, chain, name, tx)
            witnessing.saw_claim(turn, chain, name, tx, word)
        case SideTxsCame(txs):
            pooling.txs_came(turn, chain, name, txs)
        case SwapAsked(record):
            approving.swap_asked(turn, chain, name, record)
        case SwapApproval():
            approving.approval_came(turn, chain, name, what)
        case PayoutRecordCame():
            payrecords.record_came(turn, chain, name, what)
        case HandoverCame(program):
            handover.record_came(turn, chain, name, program)
        case AnchorResetCame(record):
            thawing.reset_came(turn, chain, name, record)
        case BlsKeyCame():
            registering.key_came(turn, chain, name, what)
        case _:
            raise TypeError(f"nothing for a validator: {what}")
