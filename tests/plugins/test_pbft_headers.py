"""What a header must show under pbft, and each refusal by its name."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusError,
    Header,
    Vote,
)
from devnet.plugins.pbft import Pbft
from devnet.plugins.pbft_proofs import decode_view, encode_view, keep, kept
from tests.plugins.fakechain import FakeChain, reseal
from tests.plugins.fakehost import FakeHost
from tests.plugins.pbft_parts import prepared, proof, votes

PBFT = Pbft()


@pytest.fixture(scope="module")
def host() -> FakeHost:
    played = FakeHost(PBFT, busy=True)
    played.run(3000)
    return played


def block_at(host: FakeHost, height: int) -> tuple[Header, Header, FakeChain]:
    """A block of the play, its parent, and the chain of somebody who has both."""
    chain = host.nodes[0].chain
    block = chain.ancestor(chain.tip.hash, height)
    return block, chain.known[block.previous], chain


def refusal(host: FakeHost, height: int = 3, **changes: Any) -> ConsensusError:
    """Why the block with these changes is refused; its leader signs what it is."""
    block, parent, chain = block_at(host, height)
    round_ = changes.get("round", block.round)
    changed = reseal(block, host.rules, round_ % 4, **changes)
    proofs = {"certificate": changes.get("certificate", block.certificate)}
    with pytest.raises(ConsensusError) as caught:
        PBFT.check_header(replace(changed, **proofs), parent, chain)
    return caught.value


def test_blocks_take_a_view_each_and_carry_their_parents_commits(host: FakeHost):
    assert not host.refused
    for height in range(2, 5):
        block, parent, _ = block_at(host, height)
        assert block.round == height
        assert block.justify == Checkpoint(parent.height, parent.hash)
        assert decode_view(block.engine_data) == parent.round
        assert len(block.certificate.signatures) >= 3


def test_the_chain_shows_the_parent_of_its_tip_final(host: FakeHost):
    block, parent, chain = block_at(host, 3)
    assert PBFT.final_seen(block, chain).hash == parent.hash
    first, genesis, _ = block_at(host, 1)
    assert PBFT.final_seen(first, chain).hash == genesis.hash


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": 1}, "stray-work"),
        ({"bits": 1}, "stray-work"),
        ({"justify": Checkpoint(1, bytes(32))}, "wrong-justify"),
        ({"engine_data": b""}, "stray-data"),
        ({"engine_data": b"\x82\x00"}, "stray-data"),  # 2, but not in its shortest form
        ({"engine_data": b"\x02\x00"}, "stray-data"),
        ({"round": 2}, "wrong-round"),  # the view of its parent's commits
        ({"engine_data": encode_view(3)}, "wrong-round"),
        ({"engine_data": encode_view(1)}, "certificate-forged"),  # another view's votes
        ({"time_ms": 1499}, "too-soon"),
        ({"time_ms": 6000}, "from-the-future"),
        ({"certificate": Certificate()}, "certificate-short"),
        ({"certificate": Certificate(b"\x07", (b"", b""))}, "certificate-malformed"),
        ({"certificate": Certificate(b"\x70", (b"",) * 3)}, "certificate-malformed"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused_by_name(
    host: FakeHost, changes: dict[str, Any], code: str
):
    assert refusal(host, **changes).code == f"consensus.{code}"


def test_only_the_leader_of_its_round_may_sign_a_block(host: FakeHost):
    block, parent, chain = block_at(host, 3)
    for index in (0, 1, 2):
        other = replace(reseal(block, host.rules, index), certificate=block.certificate)
        with pytest.raises(ConsensusError) as caught:
            PBFT.check_header(other, parent, chain)
        assert caught.value.code == "consensus.wrong-proposer"


def test_prepares_are_no_commits_and_votes_for_another_block_prove_nothing(
    host: FakeHost,
):
    _, parent, chain = block_at(host, 3)
    prepares = proof(parent, "prepare", parent.round)
    assert refusal(host, certificate=prepares).code == "consensus.certificate-forged"
    older = proof(chain.known[parent.previous], "commit", parent.round)
    assert refusal(host, certificate=older).code == "consensus.certificate-forged"


def test_the_first_block_of_an_epoch_needs_no_proof_and_may_bring_none(host: FakeHost):
    block, _, _ = block_at(host, 1)
    assert block.engine_data == b"\0"
    assert block.certificate == Certificate()
    stray = proof(block, "commit", 1)
    assert refusal(host, 1, certificate=stray).code == "consensus.stray-data"
    assert refusal(host, 1, engine_data=b"\1").code == "consensus.stray-data"
    assert refusal(host, 1, round=0).code == "consensus.wrong-round"


def test_a_quorum_is_two_thirds_of_the_weight_not_of_the_heads(host: FakeHost):
    block, parent, chain = block_at(host, 3)
    heavy = replace(host.rules.validators[0], weight=5)
    rules = replace(host.rules, validators=(heavy, *host.rules.validators[1:]))
    weighed = replace(chain, epochs={0: rules})

    def with_votes_of(*who: int) -> Header:
        return replace(block, certificate=proof(parent, "commit", 2, who))

    PBFT.check_header(with_votes_of(0, 1), parent, weighed)  # 6 of 8
    with pytest.raises(ConsensusError) as caught:
        PBFT.check_header(with_votes_of(1, 2, 3), parent, weighed)
    assert caught.value.code == "consensus.certificate-short"


def test_of_two_blocks_on_one_parent_the_lower_round_leads(host: FakeHost):
    block, _, chain = block_at(host, 3)
    later = reseal(block, host.rules, 3, round=7)
    assert PBFT.rank(block, chain) > PBFT.rank(later, chain)
    child, _, _ = block_at(host, 4)
    assert PBFT.rank(child, chain) > PBFT.rank(block, chain)


@pytest.mark.parametrize("view", [0, 1, 127, 128, 300, 2**40])
def test_a_view_goes_through_bytes_and_back(view: int):
    assert decode_view(encode_view(view)) == view


def test_what_the_signer_keeps_goes_through_bytes_and_back(host: FakeHost):
    block, _, _ = block_at(host, 3)
    assert kept(keep(prepared(block, 130))) == prepared(block, 130)
    assert kept(b"") is None


def test_the_toy_votes_are_those_of_the_play(host: FakeHost):
    block, parent, _ = block_at(host, 3)
    made: list[Vote] = votes(parent, "commit", 2, range(4))
    assert set(block.certificate.signatures) <= {vote.signature for vote in made}
