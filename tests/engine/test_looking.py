"""Blocks, transactions, programs under the glass; traces; what bytes can be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine import decoding
from devnet.engine.bc.merkleblock import merkle_block_of
from devnet.engine.bc.records import Definition
from devnet.engine.bc.transaction import Claim, Issuance, Spend, parse_transaction
from devnet.engine.codec import from_hex
from devnet.engine.errors import CodecError, DevnetError
from devnet.engine.network import Network
from devnet.engine.rules.tracing import trace_input
from devnet.engine.rules.transaction import validate_transaction
from tests.engine.support import (
    BTM_UNITS,
    branch,
    deposit,
    network,
    run_blocks,
)
from tests.vectors import vectors


@pytest.fixture(scope="module")
def world() -> Network:
    """A world in which a bit of everything has happened."""
    net = network()
    net.new_account("vault", ["alice", "bob", "carol"], 2)
    net.transfer_value("alice", "vault", 50 * BTM_UNITS, "BTM", "main")
    net.issue("bob", 9, "TIN", signers=["alice", "bob"])
    deposit(net, 5 * BTM_UNITS, "BTM", "gamma")
    net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "gamma")
    run_blocks(net, "gamma", 2)
    net.retire("bob", 2, "TIN", "two less")
    net.transfer_value("vault", "bob", BTM_UNITS, "BTM", "main")
    return net


@pytest.fixture
def net(world: Network) -> Network:
    return branch(world)


# Blocks and transactions.


def test_a_block_is_found_by_height_by_hash_and_as_the_tip(net):
    tip = net.describe_block()
    for chain in net.chain_names():
        by_height = net.describe_block("1", chain)
        assert by_height == net.describe_block(by_height["hash"])
        assert by_height["chain"] == chain and by_height["best"]
        json.dumps(by_height)

    assert tip["height"] == net.main_height() and tip["depth"] == 0
    assert tip["hash"] == net.show("main")["tip"]
    assert len(bytes.fromhex(tip["raw"])) == tip["size"]


@pytest.mark.parametrize(
    ("which", "chain", "code"),
    [
        ("99999", None, "request.unknown-name"),
        ("-1", None, "request.unknown-name"),
        ("tipp", "gamma", "request.unknown-name"),
        ("1", "delta", "request.unknown-name"),
        ("ab" * 32, None, "request.unknown-name"),
        ("zz" * 32, None, "codec.bad-hex"),
    ],
)
def test_a_block_that_is_not_there_is_said_to_be_missing(net, which, chain, code):
    with pytest.raises(DevnetError) as caught:
        net.describe_block(which, chain)

    assert caught.value.code == code


def test_every_transaction_of_every_chain_is_found_by_its_id(net):
    seen = 0
    for chain in net.chain_names():
        height = net.show(chain)["height"]
        for number in range(max(1, height - 20), height + 1):
            for row in net.describe_block(str(number), chain)["transactions"]:
                facts = net.describe_tx(row["tx"])
                assert (facts["chain"], facts["height"]) == (chain, number)
                assert facts["position"] == row["index"]
                side = chain != "main"
                parsed = parse_transaction(from_hex(facts["raw"]), side)
                assert parsed.id.hex() == row["tx"]
                json.dumps(facts)
                seen += 1
    assert seen > 20


def test_a_transaction_that_waits_is_found_and_listed(net):
    rows = net.describe_mempool()

    facts = [net.describe_tx(row["tx"]) for row in rows]

    assert [one["state"] for one in facts] == ["waiting", "waiting"]
    assert [one["fee"] for one in facts] == [row["fee"] for row in rows]
    with pytest.raises(DevnetError) as caught:
        net.describe_tx("00" * 32)
    assert caught.value.code == "request.unknown-name"


def test_an_undone_block_is_still_shown_but_not_as_the_best(net):
    before = net.world
    run_blocks(net, "main", 1)
    lost = net.world.tree[net.world.main_tip]

    net.world = before
    tree = before.tree.__class__(
        before.tree.profile, before.tree.entries.insert(lost.hash, lost)
    )
    net.world = before.__class__(
        **{name: getattr(before, name) for name in before.__slots__} | {"tree": tree}
    )
    facts = net.describe_block(lost.hash.hex())

    assert facts["best"] is False and facts["depth"] is None


def test_assets_and_accounts_tell_what_they_are(net):
    tin, vault = net.describe_asset("TIN"), net.describe_account("vault")

    assert (tin["signers"], tin["quorum"]) == (["alice", "bob"], 2)
    assert tin["program"]["quorum"] == 2 and len(tin["program"]["keys"]) == 2
    assert net.describe_tx(tin["first"]["tx"])["height"] == tin["first"]["height"]
    assert vault["script"]["words"].endswith("CHECKMULTISIG")
    assert vault["most_btm_inputs"] == 8
    held = {one["asset"]: one["amount"] for one in vault["holds"]}
    assert held == {"BTM": net.balance("vault", "main", "BTM")}
    json.dumps([tin, vault, net.describe_asset("BTM")])


def test_a_program_is_read_from_hex_and_from_an_address(net):
    address = net.address("vault")
    facts = net.describe_program(address)

    assert facts == net.describe_program(facts["program"])
    assert facts["owner"] == "vault" and facts["kind"] == "P2WSH"
    assert net.describe_program("0101").get("words") == "0x01"
    assert net.describe_program("05aa")["kind"] == "does not parse"
    anybody = net.describe_program("5114" + "11" * 20)
    assert anybody["kind"] == "P2WPKH shape, spendable by anybody"


# Traces.


def test_traces_use_the_gas_that_validation_used():
    """All valid transactions of the vectors, every input of them."""
    n_traced = 0
    for case in vectors("transactions")["cases"]:
        verdict = case.get("validation") or {}
        if verdict.get("status") != "valid" or case["group"] == "reference_quirk":
            continue
        tx = parse_transaction(from_hex(case["raw"]))
        if not all(isinstance(one, Spend | Issuance) for one in tx.inputs):
            continue
        height = case["context"]["block_height"]
        traces = [trace_input(tx, at, height) for at in range(len(tx.inputs))]
        used = sum(trace.gas_used for trace in traces) + verdict["storage_gas"]
        assert used == verdict["gas_used"], case["name"]
        assert all(trace.failure is None for trace in traces)
        n_traced += len(traces)
    assert n_traced > 50


def test_a_failing_input_is_traced_to_its_failure():
    failed = 0
    for case in vectors("transactions")["cases"]:
        verdict = case.get("validation") or {}
        if verdict.get("status") != "gas_only":
            continue
        tx = parse_transaction(from_hex(case["raw"]))
        height = case["context"]["block_height"]
        names = [
            trace.failure.name
            for at in range(len(tx.inputs))
            if isinstance(tx.inputs[at], Spend | Issuance)
            and (trace := trace_input(tx, at, height)).failure is not None
            and not trace.unreached
        ]
        failed += verdict["error"] in names
    assert failed > 5


def test_a_trace_starts_with_the_arguments_and_ends_with_true(net):
    (tx_id,) = [
        row["tx"]
        for row in net.describe_mempool()
        if any(one.program[:2] == b"\x00\x20" for one in inputs(net, row["tx"]))
    ]

    trace = net.trace(tx_id, 0)

    assert trace.steps[0].stack_before == trace.arguments
    assert trace.steps[-1].stack_after == (b"\x01",)
    assert max(step.depth for step in trace.steps) == 1
    located = net.locate(tx_id)
    verdict = validate_transaction(located.tx, height=located.height)
    assert verdict.gas_used == trace.gas_used + located.tx.size


def inputs(net: Network, tx_id: str) -> list[Spend]:
    return [one for one in net.locate(tx_id).tx.inputs if isinstance(one, Spend)]


def test_inputs_without_a_program_and_inputs_that_are_not_there_are_refused(net):
    coinbase = net.describe_block()["transactions"][0]["tx"]
    for index, code in ((0, "tx.no-program"), (1, "tx.no-input"), (-1, "tx.no-input")):
        with pytest.raises(DevnetError) as caught:
            net.trace(coinbase, index)
        assert caught.value.code == code


# Decoding.


def objects(net: Network) -> dict[str, tuple[bytes, str]]:
    """Raw bytes of one object of each kind, and what they must be read as."""
    entry = net.world.tree[net.world.main_tip]
    side = net.world.sidechain("gamma")
    claimed = next(
        one
        for height in range(side.tree[side.head].height)
        if (one := side.tree[side.tree.hash_at(side.head, height)]).claims
    )
    claim_tx = next(
        tx for tx in claimed.block.transactions if isinstance(tx.inputs[0], Claim)
    )
    tx = entry.block.transactions[0]
    record = Definition(b"\x51", b"{}")
    return {
        "tx": (tx.raw, "transaction"),
        "claim": (claim_tx.raw, "Claim of a sidechain"),
        "block": (entry.block.raw, "mainchain block"),
        "header": (entry.block.header.raw, "mainchain header"),
        "side block": (claimed.block.raw, "sidechain block"),
        "side header": (claimed.block.header.raw, "sidechain header"),
        "merkle": (
            merkle_block_of(entry.block, entry.statuses, tx.id).raw, "Merkle block",
        ),
        "record": (record.program, "side record"),
        "program": (from_hex(net.describe_account("vault")["program"]), "program"),
        "definition": (net.asset("TIN").definition, "asset definition"),
    }  # fmt: skip


def test_every_object_is_read_as_what_it_is(net):
    for name, (raw, what) in objects(net).items():
        decoded = net.decode(raw.hex())
        found = [reading.what for reading in decoded.readings]
        assert found[0] == what or (name == "record" and what in found), (name, found)
        json.dumps([reading.facts for reading in decoded.readings])


def test_all_that_bytes_can_be_is_listed(net):
    found = net.decode("07" * 32).readings
    known = net.decode(net.show("main")["tip"]).readings
    record = net.decode(Definition(b"\x51", b"{}").program.hex()).readings

    assert [(one.what, one.certain) for one in found] == [
        ("program", False), ("hash, id, asset id or public key", False),
    ]  # fmt: skip
    assert known[0].what == f"hash of mainchain block {net.main_height()}"
    assert [one.what for one in record] == ["side record", "program"]


def test_a_transaction_with_a_record_has_an_id_for_each_dialect(net):
    tx = net.locate(net.retire("alice", 1, "GOLD")).tx
    record = Definition(b"\x51", b"{}").program
    outputs = tuple(
        one if one.program[:1] != b"\x6a" else one.__class__(one.asset, 1, record)
        for one in tx.outputs
    )
    both = tx.__class__(tx.version, tx.time_range, tx.inputs, outputs)

    found = net.decode(both.raw.hex()).readings

    assert [one.what for one in found][:2] == [
        "transaction of the mainchain", "transaction of a sidechain",
    ]  # fmt: skip
    assert found[0].facts["tx"] != found[1].facts["tx"]


def test_addresses_and_definitions_are_read_from_text(net):
    address = net.decode(net.address("alice")).readings[0]
    foreign = net.decode("bm1q5u8u4eldhjf3lvnkmyl78jj8a75neuryzlknk0").readings[0]
    definition = net.decode('{"b": 1.50, "a": "<"}').readings[0]

    assert address.facts["owner"] == "alice" and address.facts["here"]
    assert foreign.facts["network"] == "mainnet" and not foreign.facts["here"]
    assert definition.facts["canonical"] is False
    assert definition.facts["definition"] == '{\n  "a": "\\u003c",\n  "b": 1.5\n}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("xyz", "codec.bad-hex"),
        ("0x00", "codec.bad-hex"),
        ("abc", "codec.bad-hex"),
        ("4c", "codec.unknown-object"),
        ("0701ff4b", "codec.unknown-object"),
        ("sm1qqqqqqqqqqqq", "codec.bad-address"),
        ("{1: 2}", "codec.bad-definition"),
        ("00" * (4 * 1024 * 1024 + 1), "codec.too-long"),
    ],
)
def test_rubbish_is_refused_by_name(net, text, code):
    with pytest.raises(DevnetError) as caught:
        net.decode(text)

    assert caught.value.code == code


def test_the_refusal_of_a_broken_transaction_says_where_it_breaks(net):
    with pytest.raises(decoding.UnknownObject) as caught:
        net.decode("0701000101" + "4c")
    doubtful = net.decode("07" + "01" * 7)

    assert "no transaction: " in caught.value.hint
    # Nearly any bytes are some program, so what they nearly are is said as well.
    assert not any(one.certain for one in doubtful.readings)
    assert doubtful.nearest[0].what == "transaction"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x07\x01", b"\x01\x01", b"j"]))
def test_any_bytes_are_something_or_refused_by_name(raw, head):
    try:
        decoded = decoding.decode_bytes(head + raw)
    except CodecError as error:
        assert error.code == "codec.unknown-object"
    else:
        json.dumps([reading.facts for reading in decoded.readings])
        assert decoded.readings


def test_a_claim_in_a_block_shows_its_lock_and_its_proof(net):
    (transfer,) = net.transfers()

    facts = net.describe_tx(transfer.claim_tx.hex())

    assert facts["chain"] == "gamma"
    assert facts["inputs"][0]["lock"] == transfer.lock_id.hex()
    assert facts["inputs"][0]["lock_program"]["owner"] == "lock for gamma"
