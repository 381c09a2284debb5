"""
An account of who has what, that knows nothing of chains: names, dicts, plus and minus.
And the acts that it keeps account of, done in a real world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from devnet.engine.actors.owners import key_of
from devnet.engine.actors.purses import main_purse, side_purse
from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import address_of_program
from devnet.engine.errors import DevnetError
from devnet.engine.federation.programs import treasury_program
from devnet.engine.network import Network
from tests.engine.support import BTM_UNITS, meddle

PEOPLE = ("alice", "bob", "carol")
STRANGERS = {
    name: bytes.fromhex("0014" + f"{number:02x}" * 20)
    for number, name in enumerate(("xena", "yuri", "zoe"), start=1)
}
"""Programs on the mainchain that nobody here has the keys of."""
ASSETS = ("BTM", "GOLD")
MAIN = "main"


@dataclass
class Model:
    """
    What should be, in smallest units.

    Args:
        has: by (who, chain, asset). vault: what the federation holds for a chain, by
            (chain, asset); burned and given likewise. n_trips: there and back.
    """

    ppm: int
    has: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    vault: Counter[tuple[str, str]] = field(default_factory=Counter)
    burned: Counter[tuple[str, str]] = field(default_factory=Counter)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_trips: int = 0
    n_refused: int = 0

    def fee(self, amount: int) -> int:
        """What the relay keeps."""
        return amount * self.ppm // 1_000_000

    def moved(self, who: str, chain: str, asset: str, amount: int, gas: int) -> None:
        """Somebody gave so much away, and paid for it."""
        self.has[who, chain, asset] -= amount
        self.has[who, chain, "BTM"] -= gas

    def down(self, who: str, to: str, chain: str, asset: str, amount: int) -> None:
        """Into the vault, and on the sidechain less the fee."""
        self.vault[chain, asset] += amount
        self.has[to, chain, asset] += amount - self.fee(amount)

    def up(self, to: str, chain: str, asset: str, amount: int) -> None:
        """Out of the vault, less the fee."""
        self.vault[chain, asset] -= amount
        self.has[to, MAIN, asset] += amount - self.fee(amount)


class Life:
    """
    Acts of people in a world, each written into the model when it was not refused.

    Args:
        chains: the sidechains in use.
    """

    def __init__(
        self, net: Network, chance: Random, model: Model, chains: tuple[str, ...]
    ) -> None:
        self.net, self.chance, self.model, self.chains = net, chance, model, chains
        self.under_way: list[tuple[str, str]] = []
        self.owners_of: dict[str, str] = {}

    def draw(self, asset: str, most: int) -> int:
        """An amount: now tiny, now large, never round."""
        top = self.chance.choice((3, 1000, most))
        return self.chance.randrange(1, top) if asset == "GOLD" else (
            self.chance.randrange(1, top) * BTM_UNITS // 1000 + self.chance.randrange(9)
        )  # fmt: skip

    def attempt(self, act: Callable[[], None]) -> bool:
        """Do something; what is refused never happened."""
        try:
            act()
        except DevnetError:
            self.model.n_refused += 1
            return False
        return True

    # There.

    def lock(self) -> None:
        """Somebody locks something, for somebody."""
        chance, chain = self.chance, self.chance.choice(self.chains)
        who, to = chance.choice(PEOPLE), chance.choice(PEOPLE)
        asset = chance.choice(ASSETS)
        amount = self.draw(asset, 2000)
        if chance.random() < 0.25 and self.under_way:
            self._raw_lock(who, asset, amount)
            return

        def act() -> None:
            name = self.net.lock(who, amount, asset, chain, to)
            gas = self._gas(self.net.transfer(name).lock_tx, MAIN)
            self.model.moved(who, MAIN, asset, amount, gas)
            self.model.down(who, to, chain, asset, amount)
            self.under_way.append((name, chain))
            self.owners_of[name] = to

        self.attempt(act)

    def _raw_lock(self, who: str, asset: str, amount: int) -> None:
        """A wallet of its own pays to an address that was given out before."""
        name, chain = self.chance.choice(self.under_way)
        program = self.net.transfer(name).lock_program

        def act() -> None:
            gas = self._pay(who, MAIN, asset, amount, program)
            self.model.moved(who, MAIN, asset, amount, gas)
            self.model.down(who, self.owners_of[name], chain, asset, amount)

        self.attempt(act)

    # And back.

    def withdraw(self) -> None:
        """Somebody takes a part of what there is back, for anybody."""
        chance, chain = self.chance, self.chance.choice(self.chains)
        asset = chance.choice(ASSETS)
        who = max(PEOPLE, key=lambda one: self.net.balance(one, chain, asset))
        amount = min(self.draw(asset, 1500), self.net.balance(who, chain, asset) // 2)
        to = chance.choice((*PEOPLE, *STRANGERS))
        hrp = self.net.world.tree.profile.hrp
        address = address_of_program(STRANGERS[to], hrp) if to in STRANGERS else to

        def act() -> None:
            name = self.net.withdraw(who, amount, asset, chain, address)
            gas = self._gas(self.net.transfer(name).lock_tx, chain)
            self.model.moved(who, chain, asset, amount, gas)
            self.model.up(to, chain, asset, amount)
            self.model.n_trips += 1

        self.attempt(act)

    # Meanwhile.

    def transfer(self) -> None:
        """Somebody pays somebody, anywhere."""
        chance, chain = self.chance, self.chance.choice((MAIN, *self.chains))
        who, to = chance.choice(PEOPLE), chance.choice(PEOPLE)
        asset, gas = chance.choice(ASSETS), 0
        amount = self.draw(asset, 500)

        def act() -> None:
            tx_id = self.net.transfer_value(who, to, amount, asset, chain)
            gas = self._gas(bytes.fromhex(tx_id), chain)
            self.model.moved(who, chain, asset, amount, gas)
            self.model.has[to, chain, asset] += amount

        del gas
        self.attempt(act)

    def burn(self) -> None:
        """Somebody destroys something on a sidechain."""
        chain, who = self.chance.choice(self.chains), self.chance.choice(PEOPLE)
        asset = self.chance.choice(ASSETS)
        amount = self.draw(asset, 50)

        def act() -> None:
            gas = self._pay(who, chain, asset, amount, retire_program(b"gone"))
            self.model.moved(who, chain, asset, amount, gas)
            self.model.burned[chain, asset] += amount

        self.attempt(act)

    def give(self) -> None:
        """Somebody gives something to a treasury."""
        chain, who = self.chance.choice(self.chains), self.chance.choice(PEOPLE)
        asset, amount = self.chance.choice(ASSETS), self.chance.randrange(1, 5000)
        side = self.net.world.sidechain(chain)
        assert side is not None
        held_by = side.tree.council(side.tree[side.head]).current
        program = treasury_program(held_by, side.tree.spec.chain_id)

        def act() -> None:
            gas = self._pay(who, MAIN, asset, amount, program)
            self.model.moved(who, MAIN, asset, amount, gas)
            self.model.vault[chain, asset] += amount
            self.model.given[chain, asset] += amount

        self.attempt(act)

    # By hand.

    def _pay(
        self, who: str, chain: str, asset: str, amount: int, program: bytes
    ) -> int:
        """A raw transaction of one's own. Returns the gas that it pays, in neu."""
        turn, key = meddle(self.net), key_of(self.net.world, who)
        on_main = chain == MAIN
        purse = (
            main_purse(turn, key.program)
            if on_main
            else side_purse(turn, chain, key.program)
        )
        output = Output(self.net.asset(asset).id, amount, program)
        tx = pay(key, purse, (output,), side=not on_main)
        self.net.submit(tx.raw, chain)
        return gas_of(tx)

    def _gas(self, tx_id: bytes, chain: str) -> int:
        """What a transaction in the mempool pays for gas, in neu."""
        found = self.net.locate(tx_id.hex())
        assert found.chain == chain
        return gas_of(found.tx)


def gas_of(tx: Transaction) -> int:
    """BTM in less BTM out."""
    given = sum(
        one.amount for one in tx.inputs if isinstance(one, Spend) and one.asset == BTM
    )
    return given - sum(one.amount for one in tx.outputs if one.asset == BTM)


def begun(net: Network, ppm: int, chains: tuple[str, ...]) -> Model:
    """The account of a world as it is before anybody acts."""
    model = Model(ppm)
    for who in PEOPLE:
        for chain in (MAIN, *chains):
            for asset in ASSETS:
                model.has[who, chain, asset] = net.balance(who, chain, asset)
    for chain in chains:
        for sums in net.audit(chain).sums:
            model.vault[chain, _name(net, sums.asset)] = sums.locked
    return model


def differences(net: Network, model: Model, chains: tuple[str, ...]) -> list[str]:
    """Where a world at rest is not what the model says."""
    wrong = []
    for who in PEOPLE:
        for chain in (MAIN, *chains):
            for asset in ASSETS:
                found = net.balance(who, chain, asset)
                if found != model.has[who, chain, asset]:
                    wrong.append(f"{who} has {found} {asset} on {chain}, should have "
                                 f"{model.has[who, chain, asset]}")  # fmt: skip
    coins = net.world.tree[net.world.main_tip].state.coins
    for name, program in STRANGERS.items():
        for asset in ASSETS:
            found = coins.total_of(program, net.asset(asset).id)
            if found != model.has[name, MAIN, asset]:
                wrong.append(f"{name} has {found} {asset}, should have "
                             f"{model.has[name, MAIN, asset]}")  # fmt: skip
    for chain in chains:
        for sums in net.audit(chain).sums:
            key = chain, _name(net, sums.asset)
            for term, wanted in (
                ("locked", model.vault[key]), ("burned", model.burned[key]),
                ("donated", model.given[key]), ("arriving", 0), ("leaving", 0),
                ("stranded", 0), ("difference", 0),
            ):  # fmt: skip
                if getattr(sums, term) != wanted:
                    wrong.append(f"{term} of {key} is {getattr(sums, term)}, should be "
                                 f"{wanted}")  # fmt: skip
    return wrong


def _name(net: Network, asset: bytes) -> str:
    return next(name for name in ASSETS if net.asset(name).id == asset)
