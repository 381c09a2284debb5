"""
Blocks, forks and reorganisations at random: whatever a node went through, its unspent
outputs are those that its best chain gives when it is built afresh.
"""

from __future__ import annotations

import random

import pytest

from devnet.engine.bc.block import parse_block
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction, with_arguments
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.mainchain.state import genesis_tree
from tests.engine import support

WHO = [play_account(name) for name in ("alice", "bob", "carol")]
FEE_NEU = 1_000_000
N_BLOCKS = 14
FAR_FUTURE_S = 2**40


def random_payment(tree, parent, dice):
    """A payment that is valid on the branch that ends in `parent`, or None."""
    payer, payee = dice.sample(WHO, 2)
    entry = tree[parent]
    coins = [
        coin
        for coin in entry.state.coins.of_program(payer.program)
        if coin.asset == BTM and coin.spendable_at(entry.height + 1)
    ]
    if not coins:
        return None
    coin = dice.choice(coins)
    given = Spend(coin.source_id, BTM, coin.amount, coin.position, coin.program)
    part = coin.amount // 3
    outputs = (
        Output(BTM, part, payee.program),
        Output(BTM, coin.amount - part - FEE_NEU, payer.program),
    )
    tx = Transaction(1, 0, (given,), outputs)
    return with_arguments(tx, 0, (sign(payer.xprv, tx.sig_hash(0)), payer.key))


def grow_at_random(net, dice):
    """Blocks on random recent parents, told to everybody in random order."""
    blocks = [net.world.main_tip]
    for number in range(N_BLOCKS):
        parent = dice.choice(blocks[-4:])
        payment = random_payment(net.world.tree, parent, dice)
        txs = () if payment is None or dice.random() < 0.3 else (payment,)
        blocks.append(support.mine_rival(net, parent, txs, tag=f"rival {number}"))
    news = blocks[1:]
    dice.shuffle(news)
    for block_hash in news:
        support.deliver(net, block_hash)
        support.run(net, dice.choice((0, 5, 60)))
    support.run(net, 200)


def branch_of(tree, tip):
    """The blocks above genesis, oldest first."""
    blocks = []
    while tree[tip].height:
        blocks.append(tree[tip])
        tip = tree[tip].block.header.previous
    return blocks[::-1]


def built_afresh(net, entries):
    """The chain once more from raw bytes, in an empty tree."""
    tree = genesis_tree("fast")
    for entry in entries:
        block = parse_block(entry.block.raw)
        tree = tree.with_block(block, bytes(32), FAR_FUTURE_S)
    return tree


def added_up(entries, profile="fast"):
    """Unspent outputs by a plain dictionary, with no rule and no structure shared."""
    unspent = {}
    tree = genesis_tree(profile)
    for entry in (tree[tree.genesis_hash], *entries):
        for tx in entry.block.transactions:
            for spent_id in tx.spent_output_ids:
                unspent.pop(spent_id, None)
            for output_id, output in zip(tx.result_ids, tx.outputs, strict=True):
                if not is_unspendable(output.program):
                    unspent[output_id] = output.amount
    return unspent


@pytest.mark.parametrize("seed", range(12))
def test_after_any_forks_the_unspent_outputs_are_those_of_the_best_chain(seed):
    dice = random.Random(seed)
    net = support.network(())
    grow_at_random(net, dice)
    tree = net.world.tree

    for node in net.world.main_nodes:
        entries = branch_of(tree, node.view.tip)
        state = tree[node.view.tip].state
        afresh = built_afresh(net, entries)[node.view.tip].state
        coins = {coin_id: state.coins.by_id[coin_id] for coin_id in state.coins.by_id}
        again = {coin_id: afresh.coins.by_id[coin_id] for coin_id in afresh.coins.by_id}

        assert coins == again
        assert {name: coin.amount for name, coin in coins.items()} == added_up(entries)
        assert state.coins.total(BTM) == sum(
            coin.amount for coin in coins.values() if coin.asset == BTM
        )


def test_the_random_forks_do_reorganise():
    undone = 0
    for seed in range(12):
        net = support.network(())
        grow_at_random(net, random.Random(seed))
        undone += sum(event.kind == "BlockUndone" for event in net.events)

    assert undone >= 5
