"""The devnet as a Python object."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest

from devnet import Devnet, DevnetError
from devnet.commands.verbs import all_commands
from devnet.results import call_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/python.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
BTM = 10**8


@pytest.fixture(scope="module")
def world():
    with Devnet(sidechains="alpha:poa", depth=1, work="instant") as net:
        yield net


@pytest.fixture
def net(world):
    yield world
    world.renew()


def ask(url, path, **fields):
    body = json.dumps(fields).encode()
    with urllib.request.urlopen(f"{url}/{path}", body, timeout=10) as answer:
        found = json.load(answer)
    assert found["status"] == "success", found
    return found.get("data")


def test_a_deposit_goes_through_and_is_seen_as_it_is(net):
    deposit = net.lock("alice", Decimal("2.5"), "BTM", "alpha")
    assert deposit.stage == "lock" and deposit["who"] == "alice"

    net.wait(deposit)

    assert (deposit.stage, str(deposit)) == ("claimed", "d1")
    assert net.balance("alice", "alpha", "BTM").units == 250_000_000


def test_a_result_goes_into_the_next_call(net):
    net.wait(net.lock("alice", 3, "BTM", "alpha"))
    held = net.balance("alice", "alpha", "BTM")

    net.transfer("bob", "carol", held, "BTM", "main")
    deposit = net.lock("bob", held, "BTM", "alpha")
    net.wait(deposit, within="20blocks")

    assert net.balance("bob", "alpha", "BTM") == held


def test_a_refusal_is_an_exception_with_code_hint_and_exit_status(net):
    deposit = net.lock("alice", 1, "BTM", "alpha")
    net.wait(deposit)

    with pytest.raises(DevnetError) as refused:
        net.claim(deposit)

    error = refused.value
    assert (error.code, error.exit) == ("claim.replayed", 3)
    assert error.message and error.hint
    for code in ("claim.replayed", "claim"):
        with net.refuses(code):
            net.claim(deposit)


@pytest.mark.parametrize(
    ("act", "code", "status"),
    [
        (lambda net: net.lock("alice"), "usage.missing-argument", 2),
        (lambda net: net.lock("alice", object()), "usage.bad-argument", 2),
        (lambda net: net.execute("lock alice"), "usage.missing-argument", 2),
        (lambda net: net.execute('lock "'), "usage.unfinished", 2),
        (lambda net: net.expect("main.height == 1"), "expect.missed", 1),
        (lambda net: net.wait("main.height > 900", within="2blocks"),
         "wait.ran-out", 4),
        (lambda net: net.transfer("--to", "bob", 1, "BTM", "main"),
         "request.unknown-name", 3),
        (lambda net: net.show("$_"), "request.unknown-name", 3),
    ],
)  # fmt: skip
def test_each_kind_of_failure_has_its_exit_status(net, act, code, status):
    with pytest.raises(DevnetError) as refused:
        act(net)

    assert (refused.value.code, refused.value.exit) == (code, status)


def test_what_should_be_refused_and_is_not_is_found(net):
    with pytest.raises(DevnetError) as missed, net.refuses("claim.replayed"):
        net.mine()

    assert missed.value.code == "refuses.missed"


def test_every_verb_is_a_method_with_words(net):
    for one in all_commands():
        method = getattr(net, one.verb.replace("-", "_"))
        assert callable(method) and method.__doc__
    assert {"lock", "set_time", "devnet_mine", "http"} <= set(dir(net))
    with pytest.raises(AttributeError, match="did you mean"):
        net.locck("alice")


def test_lines_of_the_prompt_can_be_run(net):
    assert net.execute("") is None
    assert (
        net.execute("d = lock alice 5 BTM alpha; wait $d.stage == claimed") is not None
    )
    assert net.execute("show $d").stage == "claimed"


def test_options_dicts_and_lists_are_spelled():
    call = call_of("swap", ("alpha", "pos"), {"params": {"a": 1}, "validators": ["v1"],
                                              "at": None, "now": True})  # fmt: skip

    kinds = [(token.kind, token.text) for token in call.tokens]
    assert kinds == [
        ("string", "alpha"), ("string", "pos"), ("word", "--params"),
        ("json", "{'a': 1}"), ("word", "--validators"), ("string", "v1"),
        ("word", "--now"),
    ]  # fmt: skip
    assert call_of("lock", (1e-7, 10.0), {}).tokens[0].text == "0.0000001"


def test_a_snapshot_is_gone_back_to(net):
    before = net.show("main").height
    made = net.snapshot()
    net.mine(2)

    assert net.revert(made).height == before == net.show("main").height
    with net.scratch():
        net.mine(2)
    assert net.show("main").height == before


def test_events_can_be_followed(net):
    n_events = len(net.events())
    net.mine(2, now=True)

    new = net.events(n_events, kind="BlockAdded", chain="main")
    assert [one.height for one in new] == [113, 114] and new[0].seq >= n_events


def test_time_passes_when_it_is_let(net):
    net.pass_time(22.5)

    assert net.now_ms == 22_500 and net.show("alpha").height > 0


def test_a_renewed_devnet_remembers_nothing(world):
    digest = world.network.digest()
    world.execute("d = lock alice 5 BTM alpha; wait $d.stage == claimed; pause")

    world.renew()

    assert world.network.digest() == digest
    session = world.session
    assert not (session.names or session.history or session.log.entries)
    assert not session.pacer.paused


def test_the_same_seed_gives_the_same_hashes():
    def tip(seed):
        with Devnet(seed=seed, sidechains=["alpha:solo"], work="instant") as net:
            return net.mine(2).tip

    assert tip(7) == tip(7) != tip(8)


def test_a_world_with_real_work_gives_blocks_that_a_node_takes():
    with Devnet(sidechains="none") as net:
        made = net.mine(1)
        assert made.height == 113


def test_a_world_that_cannot_be_is_refused():
    for wrong in ({"work": "none"}, {"profile": "x"}, {"sidechains": "alpha:x"}):
        with pytest.raises(DevnetError) as refused:
            Devnet(**wrong)
        assert refused.value.exit == 2


def test_the_same_world_is_served_over_http(net):
    server = net.http(speed=0)
    address = ask(server.url, "create-account-receiver", account_alias="bob")["address"]

    paid = net.faucet(address, 5)
    assert ask(server.url, "list-unconfirmed-transactions")["tx_ids"] == [paid.tx]
    ask(server.url, "devnet-mine", blocks=2)

    assert net.show("main").height == ask(server.url, "get-block-count")["block_count"]
    assert net.http() is server and str(server) == server.url


def test_requests_and_calls_may_come_at_the_same_time(net):
    server = net.http(speed=50)
    began_ms, end_s = net.now_ms, time.monotonic() + 20
    deposits = []
    for _ in range(5):
        deposits.append(net.lock("alice", 1, "BTM", "alpha"))
        ask(server.url, "list-balances", account_alias="alice")
        net.mine(1)
    while net.now_ms < began_ms + 5_000 and time.monotonic() < end_s:
        ask(server.url, "get-block-count")
    net.wait(deposits[-1])

    assert net.now_ms >= began_ms + 5_000
    assert {deposit.stage for deposit in deposits} == {"claimed"}


def test_a_closed_server_is_gone_and_the_world_goes_on(net):
    url = net.http().url
    net.renew()

    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=2)
    assert net.mine(1).height == 113
    assert net.session._companions == [net.session.held]  # The wallet stays.


def test_importing_the_package_loads_nothing():
    words = "import sys, devnet; print([m for m in sys.modules if m[:6] == 'devnet'])"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['devnet']"


def test_the_package_says_what_it_has_not():
    import devnet

    with pytest.raises(AttributeError):
        devnet.nothing  # noqa: B018


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_of_the_page_run(text, monkeypatch, net):
    if "def test_" in text:
        return  # These are run by pytest, in test_plugin.py.
    if "Devnet(" in text:
        text = re.sub(r"Devnet\(([^)]*)\)", _quickly, text)
    exec(compile(text, str(PAGE), "exec"), {"net": net})


def _quickly(found):
    """The same devnet, with work that costs nothing."""
    inside = found[1] if "work=" in found[1] else f"{found[1]}, work='instant'"
    return f"Devnet({inside.lstrip(', ')})"
