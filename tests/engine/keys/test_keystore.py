"""Key files: the reference's open, ours are its bytes, and nothing leaks."""

import hashlib
import json
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.errors import BadValue, DevnetError
from devnet.engine.keys import chainkd, keystore
from devnet.engine.keys.keystore import (
    BadKeyFile,
    WrongPassword,
    close_key,
    open_key,
)
from tests.vectors import vectors

CASES = vectors("keys")["keystores"]
CHEAP = CASES[2]
"""Its scrypt is the cheapest of the three."""
SECRET = bytes.fromhex(CHEAP["xprv"])


def changed(*path, value, case=CHEAP):
    """The text of a key file with one value replaced."""
    whole = json.loads(case["file"])
    node = whole
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return json.dumps(whole)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_references_files_open_with_their_password_alone(case):
    opened = open_key(case["file"], case["password"])

    assert opened.xprv.hex() == case["xprv"]
    assert opened.xpub == chainkd.xpub(opened.xprv)
    assert opened.alias.startswith("alias")
    with pytest.raises(WrongPassword):
        open_key(case["file"], case["wrong_password"])


def test_a_file_of_ours_is_the_references_to_the_byte():
    case = CASES[1]
    told = json.loads(case["file"])

    text = close_key(
        bytes.fromhex(case["xprv"]),
        case["password"],
        key_id=told["id"],
        alias=f"  {told['alias'].upper()} ",
        salt=bytes.fromhex(told["crypto"]["kdfparams"]["salt"]),
        iv=bytes.fromhex(told["crypto"]["cipherparams"]["iv"]),
    )

    assert text == case["file"]


def test_a_file_made_with_pbkdf2_opens_too():
    whole = json.loads(CHEAP["file"])
    salt, ciphertext = bytes(32), bytes.fromhex(whole["crypto"]["ciphertext"])
    key = hashlib.pbkdf2_hmac("sha256", b"word", salt, 10, 32)
    iv = bytes.fromhex(whole["crypto"]["cipherparams"]["iv"])
    ciphertext = keystore._aes_ctr(key[:16], iv, SECRET)
    whole["crypto"] |= {
        "kdf": "pbkdf2",
        "kdfparams": {"c": 10, "dklen": 32, "prf": "hmac-sha256", "salt": salt.hex()},
        "ciphertext": ciphertext.hex(),
        "mac": hashlib.sha3_256(key[16:] + ciphertext).hexdigest(),
    }

    assert open_key(json.dumps(whole), "word").xprv == SECRET


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "not of type bytom_kd"),
        (changed("version", value=2), "not of type"),
        (changed("crypto", value=None), "no object 'crypto'"),
        (changed("crypto", "cipher", value="aes-256-cbc"), "cipher"),
        (changed("crypto", "ciphertext", value="00"), "64 bytes"),
        (changed("crypto", "mac", value="xyz"), "'mac' of the key file is not hex"),
        (changed("crypto", "kdf", value="argon2"), "not known here"),
        (changed("crypto", "kdfparams", "dklen", value=16), "32 bytes"),
        (changed("crypto", "kdfparams", "n", value=1000), "power of two"),
        (changed("crypto", "kdfparams", "n", value=2**30), "must be 1 to"),
        (changed("crypto", "kdfparams", "n", value=True), "must be 1 to"),
        (changed("crypto", "kdfparams", "n", value=2**20), "too much memory"),
        (changed("crypto", "kdfparams", "p", value=1024 * 1024), "must be 1 to"),
        (changed("xpub", value="00" * 64), "xpub of another key"),
    ],
)
def test_a_text_that_is_no_key_file_is_refused_by_name(text, why):
    with pytest.raises(BadKeyFile, match=why):
        open_key(text, CHEAP["password"])


def test_a_flipped_bit_of_the_key_is_seen():
    whole = json.loads(CHEAP["file"])["crypto"]["ciphertext"]

    with pytest.raises(WrongPassword):
        open_key(changed("crypto", "ciphertext", value="00" + whole[2:]), "")


def test_no_secret_stands_in_an_error_or_a_repr():
    opened = open_key(CHEAP["file"], CHEAP["password"])
    assert SECRET.hex() not in repr(opened) and str(SECRET) not in repr(opened)

    for password in ("hunter2", "hunter2\ud800"):
        with pytest.raises((WrongPassword, BadValue)) as caught:
            open_key(CHEAP["file"], password)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
        assert "hunter2" not in repr(caught.value.facts)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(["n", "r", "p", "salt", "dklen"]),
    st.none() | st.integers(-4, 4) | st.text(max_size=4) | st.lists(st.none()),
)
def test_any_parameters_open_the_file_or_are_refused_by_name(name, value):
    try:
        open_key(changed("crypto", "kdfparams", name, value=value), CHEAP["password"])
    except DevnetError as error:
        assert error.code in ("codec.bad-key-file", "request.wrong-password")
