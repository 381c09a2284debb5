"""
A small host for consensus engines: virtual time, delayed and lost messages, toy
signatures, a signer that keeps V1 and V2, and a log of what everybody did.

It knows nothing of any engine. Work is a set of numbers that wait to be in a block.
Every step checks that no two validators hold conflicting blocks final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devnet.engine.interfaces import (
    Broadcast,
    Candidate,
    CastVote,
    Certified,
    ConsensusEngine,
    Effect,
    Final,
    Foresee,
    Input,
    MessageGot,
    Propose,
    Publish,
    Seat,
    Send,
    SetTimer,
    Share,
    SignView,
    TimerFired,
    TryNonce,
    ViewSigned,
    Vote,
    Voted,
    Woken,
)
from devnet.plugins.lab.blocks import Blocks
from devnet.plugins.lab.chain import (
    LabChain,
    Polls,
    make_genesis,
    make_rules,
    make_validator,
    old_epoch,
    toy_view,
    toy_vote,
)
from devnet.plugins.lab.links import LabFault, LabNode


class LabHost(Blocks):
    """
    n validators of one engine, and the time that passes between them.

    Args:
        watchers: so many nodes more have a key, but no seat in the epoch's list.
        old_blocks: as many blocks of an earlier epoch come first, with two closing
            blocks on top; the engine then runs epoch 1.
        busy: every proposal is answered, though nothing waits.
        judged_first: tell of a judged block before the head that it changes.
        weights: of the first validators; all others have weight 1.
        seed, loss, twice, jitter_ms: see Links.
        params: of the engine, where they differ from the defaults.
    """

    def __init__(
        self,
        engine: ConsensusEngine,
        n: int = 4,
        *,
        watchers: int = 0,
        seed: int = 0,
        loss: float = 0.0,
        twice: float = 0.0,
        jitter_ms: int = 0,
        old_blocks: int = 0,
        busy: bool = False,
        judged_first: bool = False,
        weights: Sequence[int] = (),
        **params: int,
    ) -> None:
        super().__init__(seed=seed, loss=loss, twice=twice, jitter_ms=jitter_ms)
        self.engine, self.busy, self.judged_first = engine, busy, judged_first
        self.polls = Polls()
        genesis = make_genesis()
        old = old_epoch(genesis, old_blocks)
        base, head, epoch = old[old_blocks], old[-1], int(old_blocks > 0)
        epochs = {0: make_rules(engine, n, genesis, weights=weights, **params)}
        epochs[epoch] = make_rules(engine, n, base, epoch, weights=weights, **params)
        self.rules = epochs[epoch]
        self.headers = {block.hash: block for block in old}
        for block in old:
            self.name_block(block)
        elector: Any = engine if engine.info.elects else None
        self.nodes = []
        for index in range(n + watchers):
            one = make_validator(index)
            chain = LabChain(
                epochs, head, dict(self.headers), polls=self.polls, elector=elector
            )
            self.nodes.append(LabNode(index, one.name, one.key, chain, self.rules.base))
        self.now_ms = head.time_ms
        for node in self.nodes:
            self._start(node)

    # What a play asks for.

    def work(self, at_ms: int, item: int) -> None:
        """Something waits from this time on; every running validator hears of it."""

        def appear() -> None:
            for node in self.nodes:
                node.work.add(item)
                if node.up:
                    self.tell(node, Woken(self.now_ms))

        self.at(at_ms, appear)

    def down(self, index: int, at_ms: int, until_ms: int) -> None:
        """A validator crashes, and comes back with nothing but chain and signer."""
        node = self.nodes[index]

        def fall() -> None:
            node.up, node.state, node.timers = False, None, {}
            self.note(node, "go down")

        def rise() -> None:
            node.up = True
            self.note(node, "come up again")
            self._start(node)
            self.meet({node.index})

        self.at(at_ms, fall)
        self.at(until_ms, rise)

    def cut(self, indexes: set[int], at_ms: int, until_ms: int) -> None:
        """These validators hear only one another, and the others do not hear them."""

        def part() -> None:
            self.cut_off = set(indexes)
            for index in sorted(indexes):
                self.note(self.nodes[index], "get cut off")

        def join() -> None:
            self.cut_off = set()
            for index in sorted(indexes):
                self.note(self.nodes[index], "join again")
            self.meet(set(indexes))

        self.at(at_ms, part)
        self.at(until_ms, join)

    def refuse(self, index: int, at_ms: int, until_ms: int) -> None:
        """A validator's signer refuses whatever it is asked for."""
        node = self.nodes[index]

        def turn(deaf: bool) -> None:
            node.deaf = deaf
            self.note(node, "lose its signer" if deaf else "get its signer back")

        self.at(at_ms, lambda: turn(True))
        self.at(until_ms, lambda: turn(False))

    def votes_from(self, height: int, tally: Mapping[bytes, int]) -> None:
        """From this height on the chain counts these votes, by validator key."""
        self.polls.tallies[height] = tally

    def candidates_from(self, height: int, found: tuple[Candidate, ...]) -> None:
        """From this height on these are registered."""
        self.polls.candidates[height] = found

    def meet(self, indexes: set[int]) -> None:
        """These validators and the others tell one another their heads."""
        inside = [node for node in self.nodes if node.index in indexes and node.up]
        outside = [node for node in self.nodes if node.index not in indexes and node.up]
        for one in inside:
            for other in outside:
                self.send_head(one, other)
                self.send_head(other, one)

    def finals(self) -> list[int]:
        """The highest block that each validator holds final."""
        return [node.final.height for node in self.nodes]

    # The engine's inputs and effects.

    def _start(self, node: LabNode) -> None:
        node.chain.now_ms = self.now_ms
        me = node.index if node.index < len(self.rules.validators) else -1
        signed = node.ballot
        seat = Seat(
            me, self.rules, self.now_ms, node.key, signed.view_round, signed.kept
        )
        node.state, effects = self.engine.start(seat, node.chain)
        self._carry_out(node, effects)

    def tell(self, node: LabNode, event: Input) -> None:
        """Let an engine hear of something, and do what follows."""
        node.chain.now_ms = self.now_ms
        node.state, effects = self.engine.step(node.state, event, node.chain)
        self._carry_out(node, effects)

    def _carry_out(self, node: LabNode, effects: tuple[Effect, ...]) -> None:
        alarms = [isinstance(effect, SetTimer) for effect in effects]
        if alarms != sorted(alarms, reverse=True):
            raise LabFault("a timer is set behind what may set it anew")
        for effect in effects:
            answer = self._do(node, effect)
            if answer is not None:
                self.tell(node, answer)

    def _do(self, node: LabNode, effect: Effect) -> Input | None:
        match effect:
            case SetTimer(at_ms, token):
                self._set_timer(node, at_ms, token)
            case Propose():
                return self.fill(node, effect)
            case TryNonce():
                return self.try_nonce(node, effect)
            case Publish(block_hash, seats):
                self.publish(node, block_hash, seats)
            case CastVote():
                return self._sign_vote(node, effect)
            case SignView():
                return self._sign_view(node, effect)
            case Broadcast(message):
                for other in self.nodes:
                    if other is not node:
                        self._pass_on(node, other, message)
            case Send(to, message):
                self._pass_on(node, self.nodes[to], message)
            case Share(block_hash, to):
                for other in self.nodes:
                    if other is not node and to in (None, other.index):
                        self.resend(node, other, node.chain.known[block_hash])
            case Certified(block_hash, _):
                name = self.names.get(block_hash, "what nobody made")
                self.note(node, f"certify {name}")
            case Foresee():
                pass  # Toy work costs nothing.
            case Final(block_hash):
                block = node.chain.known.get(block_hash)
                if block is None:
                    raise LabFault(f"{node.name} holds final what it does not have")
                self.finalise(node, block)
            case _:
                raise LabFault(f"{type(effect).__name__} is no effect")
        return None

    def _set_timer(self, node: LabNode, at_ms: int, token: str) -> None:
        if at_ms < self.now_ms:
            raise LabFault(f"timer {token!r} lies {self.now_ms - at_ms} ms in the past")
        node.timers[token] = at_ms

        def fire() -> None:
            if node.up and node.timers.get(token) == at_ms:
                del node.timers[token]
                self.tell(node, TimerFired(self.now_ms, token))

        self.at(at_ms, fire)

    def _pass_on(self, sender: LabNode, to: LabNode, message: Any) -> None:
        seat = sender.index if sender.index < len(self.rules.validators) else -1

        def arrive() -> None:
            self.tell(to, MessageGot(self.now_ms, seat, message))

        self.carry(sender, to, arrive)

    def _sign_vote(self, node: LabNode, ask: CastVote) -> Voted | None:
        block = node.chain.known.get(ask.block_hash)
        if block is None or block.epoch != self.rules.epoch or node.deaf:
            return None
        phase, epoch = ask.phase, block.epoch
        if phase == "vote":
            base = block.justify == self.rules.base
            source = 0 if base else node.chain.known[block.justify.hash].round
            ballot, round_ = node.ballot.after_vote(block, source), block.round
        else:
            ballot, round_ = (
                node.ballot.after_phase(phase, ask.round, ask.keep),
                ask.round,
            )
        if ballot is None:
            return None
        node.ballot = ballot
        verb = "vote for" if phase == "vote" else phase
        self.note(node, f"{verb} {self.names[block.hash]}")
        signature = toy_vote(node.key, block.hash, phase, epoch, round_)
        keys = [one.key for one in node.chain.rules_of(block).validators]
        me = keys.index(node.key) if node.key in keys else -1
        vote = Vote(epoch, round_, block.height, block.hash, me, signature, phase)
        return Voted(self.now_ms, vote)

    def _sign_view(self, node: LabNode, ask: SignView) -> ViewSigned | None:
        ballot = node.ballot.after_view(ask.round)
        if ballot is None or node.deaf:
            return None
        node.ballot = ballot
        self.note(node, f"change to view {ask.round}")
        epoch = self.rules.epoch
        signature = toy_view(node.key, epoch, ask.round, ask.justify_hash)
        return ViewSigned(self.now_ms, ask.round, ask.justify_hash, signature)
