"""What can be asked of a network. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from devnet.engine.actors import acts, issuing, withdrawing
from devnet.engine.actors.auditing import books_of
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.purses import main_purse, side_purse
from devnet.engine.actors.reporting import spendable
from devnet.engine.actors.rolls import list_validators
from devnet.engine.actors.seatrolls import epoch_facts, list_seats
from devnet.engine.actors.thawing import is_frozen
from devnet.engine.actors.turn import Tools, Turn
from devnet.engine.actors.world import (
    AssetInfo,
    Sidechain,
    Transfer,
    World,
    speaker_of,
)
from devnet.engine.audit import INVARIANTS, AuditReport, audit
from devnet.engine.audit.sheet import BalanceSheet, InvariantState, sheet_of
from devnet.engine.bc.transaction import Output
from devnet.engine.chain.wallet import Purse
from devnet.engine.codec import address_of_program
from devnet.engine.errors import UnknownName
from devnet.engine.events import Event, FaultSeen, FaultStarted
from devnet.engine.inspecting import inspect
from devnet.engine.interfaces import EngineInfo
from devnet.engine.picturing import ConsensusFacts, consensus_facts
from devnet.engine.sidechain.inspection import ClaimInspection
from devnet.engine.sidechain.persist import state_digest
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.tampers import TAMPERS
from devnet.engine.swapstory import swap_story

MAIN = "main"
NEVER_MS = 2**62


class Reading:
    """Questions about the present world."""

    world: World
    tools: Tools
    events: list[Event]

    # Names.

    def accounts(self) -> tuple[str, ...]:
        """The accounts: those of every world, then those made in this one."""
        return tuple(owner.name for owner in self.world.owners)

    def address(self, who: str) -> str:
        """An account's mainchain address."""
        return address_of_program(key_of(self.world, who).program, self._hrp())

    def assets(self) -> dict[str, AssetInfo]:
        """Every asset with a name here."""
        return {info.name: info for info in self.world.assets}

    def asset(self, name: str) -> AssetInfo:
        """An asset by name, or UnknownName."""
        return acts.asset_of(self._look(), name)

    def chain_names(self) -> tuple[str, ...]:
        """The mainchain, then the sidechains as they were made."""
        return (MAIN, *self.sidechain_names())

    def sidechain_names(self) -> tuple[str, ...]:
        """The sidechains as they were made."""
        return tuple(side.name for side in self.world.sidechains)

    def validator_names(self, chain: str) -> tuple[str, ...]:
        """The validators of a sidechain, as they joined it."""
        return tuple(node.name for node in self._side(chain).nodes)

    # Chains.

    def main_height(self) -> int:
        """Height of the mainchain's tip."""
        return self.world.tree[self.world.main_tip].height

    def raw_main_blocks(self) -> Iterator[str]:
        """The blocks of the mainchain as hex, from genesis to the tip."""
        return (
            block.raw.hex() for block in self.world.tree.branch(self.world.main_tip)
        )

    def next_at_ms(self) -> int:
        """The virtual time at which something happens next."""
        due = self.world.schedule.first()
        return NEVER_MS if due is None else due.at_ms

    def balance(self, who: str, chain: str, asset: str) -> int:
        """What an account can spend of an asset, in its smallest unit."""
        return self.held_at(key_of(self.world, who).program, chain, asset)

    def held_at(self, program: bytes, chain: str, asset: str) -> int:
        """The same of a program."""
        info = self.asset(asset)
        if chain == MAIN:
            tip = self.world.tree[self.world.main_tip]
            return spendable(tip.state.coins, program, info.id, tip.height + 1)
        head = self._head(chain)
        return spendable(head.state.coins, program, info.id, head.height + 1)

    def purse(self, chain: str, program: bytes) -> Purse:
        """What a program can spend on a chain now, change under way included."""
        look = self._look()
        if chain == MAIN:
            return main_purse(look, program)
        return side_purse(look, chain, program)

    def payment_output(self, to: str, amount: int, asset: str) -> Output:
        """What pays an account or an address on any chain. Raises UnknownName."""
        return acts.payment_output(self._look(), to, amount, asset)

    def retirement_output(self, amount: int, asset: str, note: str) -> Output:
        """What destroys units for ever. Raises NoteTooLong."""
        return issuing.retirement_output(self._look(), amount, asset, note)

    def lock_output(self, to: str, amount: int, asset: str, chain: str) -> Output:
        """What locks value for an account's or address's script on a sidechain."""
        return acts.lock_output(self._look(), to, amount, asset, chain)

    def withdrawal_output(self, to: str, amount: int, asset: str, chain: str) -> Output:
        """What burns value on a sidechain. PegFrozen, PegResting: not now."""
        look = self._look()
        withdrawing.check_peg(look, chain)
        return withdrawing.withdrawal_output(look, to, amount, asset, chain)

    def engine_info(self, engine: str) -> EngineInfo:
        """What an engine promises and what it can be given. PluginError without it."""
        return self.tools.engine(engine).info

    def rule(self, name: str) -> str:
        """The consensus engine in force on a sidechain."""
        return self._head(name).state.rules.engine

    def show(self, name: str) -> dict[str, Any]:
        """Plain facts about a chain, or UnknownName."""
        if name == MAIN:
            return self._show_main()
        side, head = self._side(name), self._head(name)
        rules = head.state.rules
        facts: dict[str, Any] = {
            "name": name,
            "height": head.height,
            "tip": head.hash.hex(),
            "rule": rules.engine,
            "epoch": rules.epoch,
            "finality": self.tools.engine(rules.engine).info.finality,
            "final": side.final.height,
            "chain_id": side.tree.spec.chain_id.hex(),
            "anchor": head.anchor.height,
            "frozen": self.frozen(name),
            "params": dict(rules.params),
            "validators": [one.name for one in head.state.seated.validators],
            "candidates": [one.name for one in head.state.roster.standing()],
            "store": side.store,
            "mempool": len(speaker_of(side.nodes, self.world.faults, name).pool),
            "says": side.said,
        }
        stopped = {node.name: node.needs for node in side.nodes if node.needs}
        if stopped:
            facts["stopped"] = stopped
        weights = {one.name: one.weight for one in head.state.seated.validators}
        if set(weights.values()) - {1}:
            facts["weights"] = weights
        if side.moving_to:
            facts["moving_to"] = side.moving_to
        story = swap_story(
            side, head, self.world.faults, self.world.swap_notice, self.tools
        )
        if story:
            facts["swap"] = story
        return facts

    def _show_main(self) -> dict[str, Any]:
        tip = self.world.tree[self.world.main_tip]
        header = tip.block.header
        return {
            "name": MAIN,
            "height": tip.height,
            "tip": tip.hash.hex(),
            "profile": self.world.config.profile,
            "genesis": self.world.tree.genesis_hash.hex(),
            "timestamp": header.timestamp,
            "bits": f"{header.bits:016x}",
            "work_sum": tip.work_sum,
            "mempool": len(self.world.main_nodes[0].pool),
            "depth": self.world.depth,
            "nodes": [node.name for node in self.world.main_nodes],
        }

    def consensus_facts(self, name: str) -> ConsensusFacts:
        """What there is to see of a sidechain's consensus now: for screens."""
        return consensus_facts(self._look(), self._side(name), self.world.swap_notice)

    def validators(self, name: str) -> list[dict[str, Any]]:
        """Who has a seat on a sidechain or stands for one: votes, bond, what comes."""
        return list_validators(self._look(), name)

    def seats(self, name: str, role: int) -> list[dict[str, Any]]:
        """Who sits in the federation (role 3) or collects (2), who stands, who did."""
        return list_seats(self._look(), name, role)

    def epoch_facts(self, name: str) -> dict[str, Any]:
        """The final federation and collectors of a sidechain, and what is under way."""
        return epoch_facts(self._look(), self._side(name))

    def state_digest(self, name: str) -> str:
        """Hash over a sidechain's unspent outputs and claimed locks, 64 hex digits."""
        return state_digest(self._head(name))

    # Transfers.

    def transfers(self) -> list[Transfer]:
        """All deposits as they were made, then all withdrawals."""
        transfers = [self.world.transfers[name] for name in self.world.transfers]
        return sorted(transfers, key=lambda one: (one.id[0], int(one.id[1:])))

    def transfer(self, transfer_id: str) -> Transfer:
        """A transfer, or UnknownName."""
        found = self.world.transfers.get(transfer_id)
        if found is None:
            known = ", ".join(one.id for one in self.transfers()) or "none yet"
            raise UnknownName(
                f"there is no transfer {transfer_id!r}", hint=f"Transfers: {known}."
            )
        return found

    def inspect_claim(
        self, transfer_id: str, tamper: str | None = None
    ) -> ClaimInspection:
        """A transfer's Claim under every check; with `tamper`, a changed copy of it."""
        return inspect(self._look(), self.transfer(transfer_id), tamper)

    def tampers(self) -> dict[str, str]:
        """What can be tampered with, and what each tampering does."""
        return {name: TAMPERS[name].sentence for name in TAMPERS}

    # The auditor.

    def audit(self, name: str, *, from_scratch: bool = True) -> AuditReport:
        """The books of a sidechain at the present tips."""
        self._side(name)
        return audit(books_of(self._look(), name), from_scratch=from_scratch)

    def balance_sheet(self, name: str, *, from_scratch: bool = False) -> BalanceSheet:
        """
        Every term of every asset of a sidechain, with what does not hold now.

        Args:
            from_scratch: add up everything anew instead of trusting what is kept.
        """
        names = {info.id: (info.name, info.decimals) for info in self.world.assets}
        report = self.audit(name, from_scratch=from_scratch)
        return sheet_of(report, names, counted=from_scratch)

    def invariants(self, name: str) -> tuple[InvariantState, ...]:
        """I1 to I10 on a sidechain: what each says, and since when it does not hold."""
        found = {one.invariant: one for one in reversed(self.audit(name).findings)}
        broken = {
            one.invariant: one for one in self.world.breaches if one.chain == name
        }
        states = []
        for one in INVARIANTS:
            state = InvariantState(one.id, one.name, one.says, name, holds=True)
            if one.id in broken:
                breach = broken[one.id]
                state = replace(
                    state, holds=False, main=breach.main, side=breach.side,
                    at_ms=breach.at_ms, detail=breach.detail, moved=breach.moved,
                )  # fmt: skip
            elif one.id in found:
                state = replace(state, holds=False, detail=found[one.id].detail)
            states.append(state)
        return tuple(states)

    def backed(self, name: str) -> bool:
        """Is everything on this sidechain backed, and everything else in order?"""
        return self.audit(name).ok

    def frozen(self, name: str) -> bool:
        """Has the best mainchain left the branch of this sidechain's anchor?"""
        return is_frozen(self._look(), name)

    def written_off(self, name: str) -> dict[str, int]:
        """What was given up with a branch of the mainchain and never came back."""
        names = {info.id: info.name for info in self.world.assets}
        report = audit(books_of(self._look(), name))
        return {
            names.get(sums.asset, sums.asset.hex()[:8]): sums.written_off
            for sums in report.sums
            if sums.written_off
        }

    def alarms(self, name: str) -> list[str]:
        """The invariants that broke on a sidechain, in that order. Alarms stand."""
        return [one.invariant for one in self.world.breaches if one.chain == name]

    # Faults.

    def fault_ids(self) -> list[str]:
        """Every fault there was in this world, whether it is over or not."""
        return [f"f{number + 1}" for number in range(self.world.n_faults)]

    def fault_story(self, fault_id: str) -> dict[str, Any] | None:
        """What a fault is, or was, and what was seen of it; None: there was none."""
        for fault in self.world.faults:
            if fault.id == fault_id:
                seen = list(fault.seen)
                return {"kind": fault.kind, "target": fault.target, "at_work": True,
                        "seen": seen}  # fmt: skip
        told = [
            event
            for event in self.events
            if isinstance(event, FaultStarted | FaultSeen) and event.id == fault_id
        ]
        if not told:
            return None
        seen = [event.what for event in told if isinstance(event, FaultSeen)]
        return {"kind": told[0].fault, "target": told[0].target, "at_work": False,
                "seen": seen}  # fmt: skip

    def is_paused_by_breach(self) -> bool:
        """Did an invariant break without anybody saying `resume`?"""
        return len(self.world.breaches) > self.world.acknowledged

    # Helpers.

    def _look(self) -> Turn:
        """A turn that is only looked at and thrown away."""
        return Turn(self.world, self.tools, self.world.now_ms)

    def _side(self, name: str) -> Sidechain:
        return self._look().side(name)

    def _head(self, name: str) -> SideEntry:
        side = self._side(name)
        return side.tree[side.head]

    def _hrp(self) -> str:
        return self.world.tree.profile.hrp
