"""The certificate core: V1, V2, H1, H2, what is final, which tip leads."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusError,
    Header,
    Rules,
    Validator,
)
from devnet.plugins.certificate import (
    MAX_MEMO,
    Voter,
    after_vote,
    check_certificate,
    check_justify,
    final_seen,
    may_vote,
    needed_weight,
    rank,
    weight_of,
)
from tests.plugins.blocktree import GENESIS, RULES, Tree, certificate, vote

# V1 and V2.


@pytest.mark.parametrize(
    ("block_round", "source_round", "allowed"),
    [(8, 5, True), (8, 6, True), (7, 5, False), (6, 9, False), (8, 4, False)],
)
def test_a_vote_needs_a_higher_round_and_a_source_not_older(
    block_round: int, source_round: int, allowed: bool
):
    voter = Voter(voted_round=7, source_round=5)
    assert may_vote(voter, block_round, source_round) is allowed


def test_a_vote_is_remembered_and_the_source_never_goes_back():
    assert after_vote(Voter(7, 5), 9, 6) == Voter(9, 6)
    assert after_vote(Voter(7, 5), 9, 3) == Voter(9, 5)


# H2.


def test_a_quorum_of_genuine_votes_is_a_certificate():
    block = Tree().add("a", "base", 1, "base")
    chain = Tree().chain
    check_certificate(certificate(block, 0, 2, 3), block.hash, RULES, chain)
    check_certificate(certificate(block, 0, 1, 2, 3), block.hash, RULES, chain)


def foul(block: Header, other: Header) -> dict[str, tuple[Certificate, str]]:
    good = certificate(block)
    return {
        "two of four": (certificate(block, 0, 1), "short"),
        "none": (Certificate(), "short"),
        "a vote for another block": (
            Certificate(good.bitmap, (*good.signatures[:2], vote(2, other))),
            "forged",
        ),
        "votes in the wrong order": (
            Certificate(good.bitmap, good.signatures[::-1]),
            "forged",
        ),
        "a bit without signature": (
            Certificate(b"\x0f", good.signatures),
            "malformed",
        ),
        "a signature without bit": (
            Certificate(good.bitmap, (*good.signatures, vote(3, block))),
            "malformed",
        ),
        "a voter beyond the list": (
            Certificate.of({0: b"", 1: b"", 4: b""}),
            "malformed",
        ),
        "a longer bitmap": (
            Certificate(good.bitmap + b"\0", good.signatures),
            "malformed",
        ),
    }


@pytest.mark.parametrize("case", foul(GENESIS, GENESIS))
def test_a_foul_certificate_is_refused(case: str):
    tree = Tree()
    block = tree.add("a", "base", 1, "base")
    other = tree.add("b", "base", 2, "base")
    given, code = foul(block, other)[case]
    with pytest.raises(ConsensusError) as refused:
        check_certificate(given, block.hash, RULES, tree.chain)
    assert refused.value.code == f"consensus.certificate-{code}"


def test_weight_counts_and_not_heads():
    heavy = replace(
        RULES,
        validators=tuple(
            Validator(f"v{i}", bytes([i]), weight)
            for i, weight in enumerate((6, 1, 1, 1))
        ),
    )
    assert needed_weight(heavy) == 7
    assert weight_of((1, 2, 3), heavy) == 3
    assert weight_of((0, 3), heavy) == 7


# H1.


def test_justify_may_be_the_base_or_any_certified_ancestor():
    tree = Tree()
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "base")
    for source in ("a", "b"):
        block = tree.add("c", "b", 3, source)
        check_justify(block, tree.by_name["b"], tree.chain)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"justify": Checkpoint(1, b"side")}, "justify-not-ancestor"),
        ({"justify": Checkpoint(1, b"nowhere")}, "justify-not-ancestor"),
        ({"justify": Checkpoint(2, b"a")}, "justify-not-ancestor"),
        ({"justify": Checkpoint(3, b"c")}, "justify-not-ancestor"),
        ({"certificate": Certificate()}, "certificate-short"),
        ({"justify": RULES.base}, "stray-data"),
    ],
)
def test_a_foul_justify_is_refused(changes: dict[str, Any], code: str):
    tree = Tree()
    tree.add("a", "base", 1, "base")
    tree.add("side", "base", 2, "base")
    parent = tree.add("b", "a", 3, "base")
    tree.add("c", "b", 4, "base")
    block = replace(tree.add("d", "b", 5, "a"), **changes)
    with pytest.raises(ConsensusError) as refused:
        check_justify(block, parent, tree.chain)
    assert refused.value.code == f"consensus.{code}"


def test_a_certificate_of_an_earlier_epoch_is_void():
    tree = Tree()
    for name, parent in [("a", "base"), ("b", "a"), ("c", "b")]:
        tree.add(name, parent, tree.by_name[parent].round + 1, "base")
    rules = Rules(1, "dpos-bbft", RULES.params, RULES.validators, Checkpoint(1, b"a"))
    tree.chain.epochs[1] = rules
    closing = tree.by_name["c"]
    first = Header(
        b"first", 4, b"c", 9, 1, "dpos-bbft", 9, Checkpoint(2, b"b"),
        certificate=certificate(tree.by_name["b"]),
    )  # fmt: skip
    with pytest.raises(ConsensusError) as refused:
        check_justify(first, closing, tree.chain)
    assert refused.value.code == "consensus.justify-other-epoch"
    good = replace(first, justify=rules.base, certificate=Certificate())
    check_justify(good, closing, tree.chain)
    assert final_seen(good, tree.chain) == rules.base


# Finality.


def test_a_certified_child_in_the_next_round_makes_its_parent_final():
    tree = Tree()
    tree.add("a", "base", 4, "base")
    tree.add("b", "a", 5, "a")
    tree.add("c", "b", 6, "b")
    assert tree.final("b") == GENESIS.hash
    assert tree.final("c") == b"a"


def test_a_lost_round_in_between_leaves_the_parent_open():
    tree = Tree()
    tree.add("a", "base", 4, "base")
    tree.add("b", "a", 6, "a")
    tree.add("c", "b", 7, "b")
    assert tree.final("c") == GENESIS.hash
    tree.add("d", "c", 8, "c")
    assert tree.final("d") == b"b"


def test_a_child_that_does_not_name_its_parent_makes_nothing_final():
    tree = Tree()
    tree.add("a", "base", 4, "base")
    tree.add("b", "a", 5, "base")
    tree.add("c", "b", 6, "b")
    assert tree.final("c") == GENESIS.hash


def test_what_an_ancestor_proved_stays_proved_under_a_forgetful_tip():
    tree = Tree()
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "a")
    tree.add("c", "b", 3, "b")
    tree.add("d", "c", 9, "base")
    tree.add("e", "d", 10, "d")
    assert tree.final("e") == b"a"


def test_a_memo_changes_no_answer():
    tree = Tree()
    names, memo = ["base"], {}
    for number in range(1, 60):
        round_ = number + number // 7  # Every seventh round is lost.
        justify = names[-1] if number % 5 else names[max(0, number - 4)]
        tree.add(f"{number}", names[-1], round_, justify)
        names.append(f"{number}")
    assert tree.final("59") != GENESIS.hash
    for name in names[1:]:
        tip = tree.by_name[name]
        assert final_seen(tip, tree.chain, memo) == final_seen(tip, tree.chain)


def test_a_memo_stays_small():
    tree = Tree()
    tip = tree.add("a", "base", 1, "base")
    memo = {bytes([i % 256, i // 256]): RULES.base for i in range(MAX_MEMO)}
    final_seen(tip, tree.chain, memo)
    assert len(memo) == 1


# Fork choice.


def test_final_leads_then_the_certified_round_then_height_then_the_lower_hash():
    tree = Tree()
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "a")
    tree.add("c", "b", 3, "b")  # a is final
    tree.add("x", "base", 5, "base")
    tree.add("y", "x", 7, "x")  # certified in round 5, nothing final
    tree.add("p", "base", 8, "base")
    tree.add("q", "p", 9, "base")
    tree.add("r", "q", 10, "base")  # high, nothing certified
    tree.add("s", "q", 10, "base")
    order = sorted(
        "cyrsq",
        key=lambda name: rank(
            tree.by_name[name], tree.chain, final_seen(tree.by_name[name], tree.chain)
        ),
        reverse=True,
    )
    assert order == ["c", "y", "r", "s", "q"]
