"""
Requests as clients may send them: lenient where the node is, refused in the right
shape, and never with anything changed.
"""

import json
from random import Random

import pytest

from devnet.api.fields import SPAN, WrongKind
from devnet.api.table import TABLE
from devnet.api.wire import RawJson, dumps, loads
from devnet.wallet.players import adopt_players
from tests.api.worlds import House

BODIES = [
    b"", b"null", b"[]", b"7", b'"x"', b"{", b"{}", b"\xff\xfe", b'{"alias":7}',
    b"[" * 100_000, b'{"a":' * 100_000, b'{"block_height":1e400}', b"nan", b"-",
    b'{"block_height":' + b"9" * 5000 + b"}", b'{"tx_id":"\\ud800"}', b"\x00" * 50,
]  # fmt: skip
VALUES = [
    None, True, -1, 0, 2**63, 2**64, 1.5, "", "x", "00", "ff" * 32, "ab" * 64, [], [1],
    [None], {}, {"type": "spend_account"}, [{}], [{"type": "issue", "amount": 1}],
    "sm1q3jwsv0lhfmndnlag3kp6avpcq6pkd3xyxg7z8f", "\ud800", [["x"]], {"xkeys": [7]},
    {"slices": [{"account": {"xpubs": ["ab" * 64], "quorum": 9}}]},
    {"raw_transaction": "070100000000"}, [{"raw_transaction": "0701"}],
]  # fmt: skip
SLOW = {"create-key", "reset-key-password"}
"""Each costs a tenth of a second, rightly."""


@pytest.fixture(scope="module")
def house():
    made = House()
    adopt_players(made.node.wallet)
    return made


def is_well_formed(status, answer):
    if status == 200 and answer["status"] == "success":
        return answer.keys() <= {"status", "data"}
    if status == 200:
        return answer.keys() == {"status", "code", "msg", "error_detail"}
    shape = answer.keys() == {"code", "msg", "status", "detail", "temporary"}
    return shape and status in (400, 401)


@pytest.mark.parametrize("path", sorted(TABLE))
def test_any_body_gets_a_well_formed_answer(house, path, capsys):
    random = Random(path)
    names = [field.name for field in TABLE[path].fields]
    n_made = 4 if path in SLOW else 40
    made = [
        json.dumps({name: random.choice(VALUES) for name in names}).encode()
        for _ in range(n_made)
    ]
    for body in [*BODIES, *made]:
        before = house.session.network.world
        reply = house.reply(f"/{path}", body)
        answer = json.loads(reply.body)
        assert is_well_formed(reply.status, answer), (body[:200], answer)
        if answer["status"] == "fail":
            assert house.session.network.world is before
    assert capsys.readouterr().err == "", "a handler met something it did not expect"


def test_names_match_in_any_case_and_unknown_ones_are_ignored(house):
    body = b'{"BLOCK_Height": 0, "colour": "blue", "block_hash": null} and more'
    reply = house.reply("/get-block", body)
    assert json.loads(reply.body)["data"]["height"] == 0


def test_where_nothing_is_asked_for_the_body_is_not_read(house):
    for path, found in TABLE.items():
        if not found.fields:
            assert house.reply(f"/{path}", b"rubbish").status == 200, path


def test_a_path_with_a_slash_behind_it_is_another_path(house):
    reply = house.reply("/net-info/")
    assert (reply.status, json.loads(reply.body)["detail"]) == (500, "not Found")


def test_answers_escape_what_the_real_node_escapes():
    text = "<a & b>\u2028\b\f\n\x1f\\b\ud800é"
    wanted = r'"\u003ca \u0026 b\u003e\u2028\u0008\u000c\n\u001f\\b�é"'
    assert dumps(text).decode() == wanted + "\n"
    assert dumps({"a": RawJson('{"n":1.50}')}) == b'{"a":{"n":1.50}}\n'


def test_numbers_stay_as_they_were_typed():
    assert loads(b'{"n": 1.50}') == {"n": "1.50"}


@pytest.mark.parametrize(
    ("text", "ms"),
    [('"90s"', 90_000), ('"1h30m"', 5_400_000), ("250", 250), ('"1.5s"', 1500)],
)
def test_a_span_is_a_number_or_a_text(text, ms):
    assert SPAN.read(loads(text.encode())) == ms


@pytest.mark.parametrize("text", ['"-1s"', '"90"', '"s"', "-1", "1.5", "[]"])
def test_a_span_that_is_none_is_refused(text):
    with pytest.raises(WrongKind):
        SPAN.read(loads(text.encode()))


def test_no_answer_and_no_log_holds_a_password_or_a_private_key(house, capsys):
    secret = "a-password-nobody-says"
    made = house.told("/create-key", alias="quiet", password=secret)["data"]
    xprv = house.node.wallet.keyring.open(bytes.fromhex(made["xpub"]), secret)
    answers = [
        house.told("/list-keys"),
        house.told("/check-key-password", xpub=made["xpub"], password=secret),
        house.told("/delete-key", xpub=made["xpub"], password=secret + "x"),
        house.told("/create-key", alias="quiet", password=secret),
        house.told("/backup-wallet"),
        house.told("/create-key", alias="q2", password=secret, mnemonic="x " * 12),
    ]
    said = (
        json.dumps(answers)
        + "".join(capsys.readouterr())
        + repr(house.node.wallet.keyring.stored())
    )
    assert secret not in said and xprv.hex() not in said
    assert made["mnemonic"] not in said


def test_a_node_that_only_shows_refuses_what_acts():
    house = House()
    house.session.read_only = True
    raw = house.session.network.world.tree.branch(house.node.wallet.tip.hash)
    answer = house.told("/submit-block", raw_block=next(iter(raw)).raw.hex())
    assert "only shows" in answer["error_detail"]
    assert house.told("/get-block-count")["status"] == "success"
