"""The starter chains: what is shipped follows every rule, and is what `build` makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import starter
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.bc.transaction import BTM
from devnet.engine.chain.coins import COINBASE_MATURITY
from devnet.engine.errors import BlockError
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES, play_account
from devnet.engine.mainchain.profile import FAST, PROFILES, SOLONET, genesis_block
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.tensority import work
from devnet.exchange import base_chain
from devnet.starter import RECIPES, load_starter, verify_starter
from devnet.worker import InProcessWorks
from tests.engine.support import InstantWorks

NEU = 10**8


def tip_of(profile: str) -> MainEntry:
    chain = base_chain(profile)
    return chain.tree[chain.view.tip]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_shipped_chain_follows_every_rule_beyond_the_maturity_of_a_reward(profile):
    assert tip_of(profile).height > COINBASE_MATURITY + 10


@pytest.mark.parametrize("profile", PROFILES)
def test_everybody_can_spend_money_and_gold_in_the_next_block(profile):
    tip = tip_of(profile)
    (gold,) = tip.state.assets

    for name in ACCOUNT_NAMES:
        coins = [
            coin
            for coin in tip.state.coins.of_program(play_account(name).program)
            if coin.spendable_at(tip.height + 1)
        ]
        assert sum(coin.amount for coin in coins if coin.asset == BTM) > 2_000 * NEU
        assert sum(coin.amount for coin in coins if coin.asset == gold) == 1_000_000


def test_all_rewards_of_the_accounts_are_mature_and_no_other_will_ripen():
    for profile, recipe in RECIPES.items():
        tip = tip_of(profile)
        for name in recipe.rewarded:
            coins = tip.state.coins.of_program(play_account(name).program)
            assert all(coin.spendable_at(tip.height + 1) for coin in coins)


def test_the_solonet_chain_stands_on_bytoms_genesis_with_its_bits_and_clock():
    blocks = [
        genesis_block("solonet"),
        *(block for block, _ in load_starter("solonet")),
    ]

    assert blocks[0].hash.hex().startswith("ce4fe9431cd0225b3a811f8f8ec922f2")
    assert {block.header.bits for block in blocks} == {0x20000000000CCCCC}
    assert [block.header.timestamp for block in blocks] == [
        1528945000 + 150 * height for height in range(len(blocks))
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_shipped_work_is_the_real_one(profile):
    """All of it is computed again by `devnet starter verify`; here three blocks are."""
    chain, blocks = base_chain(profile), load_starter(profile)

    for block, shipped in (blocks[0], blocks[56], blocks[-1]):
        header = block.header
        seed = chain.tree.seed_for_child(chain.tree[header.previous])
        assert work(header.hash, seed) == shipped
        assert meets_target(shipped, header.bits)


def test_building_gives_the_shipped_bytes_again(monkeypatch):
    recipe = replace(RECIPES["fast"], n_blocks=2)
    monkeypatch.setitem(RECIPES, "fast", recipe)
    heard = []

    built = starter.build_starter(
        "fast", InProcessWorks(), lambda *step: heard.append(step)
    )

    assert built == load_starter("fast")[:2]
    assert heard == [(1, 2), (2, 2)]


def test_a_saved_chain_is_read_back(tmp_path, monkeypatch):
    blocks = load_starter("solonet")
    starter.save_starter(tmp_path / "mine.txt", "solonet", blocks)

    assert starter.load_starter("solonet", tmp_path / "mine.txt") == blocks


def test_verifying_names_the_block_whose_work_is_not_the_shipped_one():
    with pytest.raises(starter.StarterBroken, match="work of block 1 is"):
        verify_starter("fast", InstantWorks(), lambda height, last: None)


def test_verifying_refuses_a_block_that_breaks_a_rule(monkeypatch):
    (block, shipped), *_ = load_starter("fast")
    header = replace(block.header, bits=SOLONET.rule_aa_height)
    broken = replace(block, header=header, received=None)
    monkeypatch.setattr(starter, "load_starter", lambda profile: ((broken, shipped),))
    works = InProcessWorks()
    works.remember({(seed, header.hash): shipped for seed in _seeds(block)})

    with pytest.raises(BlockError, match="bits are"):
        verify_starter("fast", works, lambda height, last: None)


def _seeds(block):
    tree = base_chain("fast").tree
    return (tree.seed_for_child(tree[block.header.previous]),)


def test_a_line_that_is_no_block_is_named(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_text("{}\n0301 00\n", "ascii")

    with pytest.raises(starter.StarterBroken, match=r"broken\.txt has a line"):
        starter.load_starter("fast", path)


def test_the_profiles_differ_where_the_specification_says_so():
    assert (FAST.depth, SOLONET.depth) == (2, 6)
    assert (FAST.rule_aa_height, SOLONET.rule_aa_height) == (0, 142_500)
    assert (FAST.retarget, SOLONET.retarget) == (False, True)
    # Two miners at 15 s a try, 20 tries a block: 150 s.
    assert SOLONET.hash_ms * 20 // 2 == SOLONET.spacing_s * 1000
