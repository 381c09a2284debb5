"""Words for keys, against the reference's and on their own."""

import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.errors import BadValue
from devnet.engine.keys import chainkd, mnemonics
from devnet.engine.keys.mnemonics import (
    LANGUAGES,
    BadMnemonic,
    WordListChanged,
    check_import,
    entropy_of,
    has_checksum,
    mnemonic_of,
    seed_of,
    word_list,
    xprv_of,
)
from tests.vectors import vectors

CASES = vectors("keys")["mnemonics"]
WORDS = CASES[0]["mnemonic"]


def test_words_seeds_and_keys_are_the_references():
    for case in CASES:
        words = case["mnemonic"]
        if "entropy" in case:
            entropy = bytes.fromhex(case["entropy"])
            assert mnemonic_of(entropy, case["language"]) == words
            assert entropy_of(words, case["language"]) == entropy
        assert seed_of(words).hex() == case["seed"]
        assert xprv_of(words).hex() == case["xprv"]
        assert chainkd.xpub(xprv_of(words)).hex() == case["xpub"]


def test_import_looks_at_the_words_and_not_at_their_checksum():
    shuffled = next(case["mnemonic"] for case in CASES if "checksum" in str(case))

    check_import(shuffled)

    assert not has_checksum(shuffled)
    assert has_checksum(WORDS)


def test_two_spaces_make_another_key_of_the_same_words():
    check_import(WORDS.replace(" ", "  "))

    assert seed_of(WORDS.replace(" ", "  ")) != seed_of(WORDS)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (WORDS + " zoo", "13 words"),
        ("", "0 words"),
        (WORDS.replace("jungle", "jungel"), "word 2 is not in the list en"),
        (WORDS.upper(), "word 1 is not"),
    ],
)
def test_what_is_no_import_is_refused_without_showing_a_word(words, why):
    with pytest.raises(BadMnemonic, match=why) as caught:
        check_import(words)
    assert not any(word in str(caught.value) for word in words.split())


def test_half_a_letter_is_refused_without_showing_it():
    with pytest.raises(BadMnemonic) as caught:
        seed_of("mandate \ud800")
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("language", LANGUAGES)
@given(entropy=st.sampled_from([16, 20, 24, 28, 32]).flatmap(
    lambda n: st.binary(min_size=n, max_size=n)
))  # fmt: skip
def test_entropy_survives_its_words(language, entropy):
    words = mnemonic_of(entropy, language)

    assert entropy_of(words, language) == entropy
    assert len(words.split(" ")) == len(entropy) * 3 // 4


def test_each_list_has_2048_different_words():
    for language in LANGUAGES:
        assert len(set(word_list(language))) == 2048


@pytest.mark.parametrize("n_bytes", [0, 15, 17, 36])
def test_other_amounts_of_entropy_have_no_words(n_bytes):
    with pytest.raises(BadValue, match=f"{n_bytes} bytes"):
        mnemonic_of(bytes(n_bytes))


def test_an_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(BadValue) as caught:
        word_list("fr")
    assert "zh_TW" in caught.value.hint


def test_a_list_that_changed_is_not_used(monkeypatch):
    class Changed:
        def __init__(self, name):
            self.wordlist = ["abandom", *mnemonics.word_list("en")[1:]]

    mnemonics.word_list("en")
    monkeypatch.setitem(
        sys.modules, "mnemonic", types.SimpleNamespace(Mnemonic=Changed)
    )

    with pytest.raises(WordListChanged, match="english"):
        mnemonics.word_list.__wrapped__("en")
