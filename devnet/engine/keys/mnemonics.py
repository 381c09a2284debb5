"""
Words for keys: BIP39 as Bytom's wallet does it, which is not quite as others do.

The seed comes from the words exactly as they are given: no Unicode form is changed, two
spaces give another key, and there is never a passphrase. Import asks for twelve words
of the list and does not look at the checksum; `has_checksum` tells, so that a wallet
can warn. No error of this module holds a word.

Source: protocol page "keys", section 7; Bytom/bytom v1.1.0, wallet/mnemonic. The lists
are those of the package `mnemonic`, held to the hashes of the reference's lists.
"""

from __future__ import annotations

import hashlib
from functools import cache

from devnet.engine.codec import FormError
from devnet.engine.errors import BadValue
from devnet.engine.keys import chainkd

DEFAULT_LANGUAGE = "en"
N_IMPORTED_WORDS = 12
N_ROUNDS = 2048
ENTROPY_BYTES = (16, 20, 24, 28, 32)

_SALT = b"mnemonic"
_BITS_PER_WORD = 11

_LISTS = {
    "en": (
        "english",
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
    ),
    "zh_CN": (
        "chinese_simplified",
        "5c5942792bd8340cb8b27cd592f1015edf56a8c5b26276ee18a482428e7c5726",
    ),
    "zh_TW": (
        "chinese_traditional",
        "417b26b3d8500a4ae3d59717d7011952db6fc2fb84b807f3f94ac734e89c1b5f",
    ),
    "it": (
        "italian",
        "d392c49fdb700a24cd1fceb237c1f65dcc128f6b34a8aacb58b59384b5c648c2",
    ),
    "ja": (
        "japanese",
        "2eed0aef492291e061633d7ad8117f1a2b03eb80a29d0e4e3117ac2528d05ffd",
    ),
    "ko": (
        "korean",
        "9e95f86c167de88f450f0aaf89e87f6624a57f973c67b516e338e8e8b8897f60",
    ),
    "es": (
        "spanish",
        "46846a5a0139d1e3cb77293e521c2865f7bcdb82c44e8d0a06a2cd0ecba48c0b",
    ),
}
LANGUAGES = tuple(_LISTS)


class BadMnemonic(FormError):
    """The words are not twelve, or not of the list, or their checksum is wrong."""

    code = "codec.bad-mnemonic"
    kind = "bad_mnemonic"
    default_hint = "Check each word, their number and the language."


class WordListChanged(FormError):
    """An installed word list is not the reference's: it would make other keys."""

    code = "codec.word-list"
    kind = "word_list"
    default_hint = "Install another version of the package mnemonic."


@cache
def word_list(language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """
    The 2048 words of a language.

    Raises:
        BadValue: there is no such language. WordListChanged: it is not the reference's.
    """
    if language not in _LISTS:
        raise BadValue(
            f"there is no word list {language[:20]!r}",
            hint=f"Languages: {', '.join(LANGUAGES)}.",
        )
    from mnemonic import Mnemonic  # Reads the list from its own package.

    name, wanted = _LISTS[language]
    words = tuple(Mnemonic(name).wordlist)
    text = "".join(f"{word}\n" for word in words)
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != wanted:
        raise WordListChanged(
            f"the installed list {name} has the hash {found[:16]}.., "
            f"the reference's has {wanted[:16]}..",
            language=language,
        )
    return words


def mnemonic_of(entropy: bytes, language: str = DEFAULT_LANGUAGE) -> str:
    """
    The words of some entropy (16 to 32 bytes, a multiple of 4), joined by one space.

    Raises:
        BadValue: another number of bytes, or no such language.
    """
    if len(entropy) not in ENTROPY_BYTES:
        raise BadValue(
            f"{len(entropy)} bytes of entropy",
            hint=f"Numbers of bytes: {', '.join(map(str, ENTROPY_BYTES))}.",
        )
    words = word_list(language)
    n_check = len(entropy) // 4
    number = int.from_bytes(entropy, "big") << n_check | _checksum(entropy)
    n_words = (8 * len(entropy) + n_check) // _BITS_PER_WORD
    return " ".join(
        words[number >> _BITS_PER_WORD * place & 0x7FF]
        for place in reversed(range(n_words))
    )


def entropy_of(mnemonic: str, language: str = DEFAULT_LANGUAGE) -> bytes:
    """
    The entropy behind words with a good checksum.

    Raises:
        BadMnemonic: wrong number, a word outside the list, or a wrong checksum.
    """
    places = _places(mnemonic, language)
    n_bytes = len(places) * 4 // 3
    if len(places) % 3 or n_bytes not in ENTROPY_BYTES:
        raise BadMnemonic(f"{len(places)} words hold no entropy")
    number = 0
    for place in places:
        number = number << _BITS_PER_WORD | place
    n_check = n_bytes // 4
    entropy = (number >> n_check).to_bytes(n_bytes, "big")
    if _checksum(entropy) != number & (1 << n_check) - 1:
        raise BadMnemonic("the checksum of the words is wrong")
    return entropy


def check_import(mnemonic: str, language: str = DEFAULT_LANGUAGE) -> None:
    """
    What Bytom's wallet asks of words that it imports; the checksum is not among it.

    Raises:
        BadMnemonic: not twelve words, or one that is not in the list.
    """
    places = _places(mnemonic, language)
    if len(places) != N_IMPORTED_WORDS:
        raise BadMnemonic(f"{len(places)} words, {N_IMPORTED_WORDS} are wanted")


def has_checksum(mnemonic: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Is the checksum of these words right? Nobody refuses them when it is not."""
    try:
        entropy_of(mnemonic, language)
    except BadMnemonic:
        return False
    return True


def seed_of(mnemonic: str) -> bytes:
    """The 64-byte seed of these words, spaces and all. BadMnemonic: no text."""
    try:
        text = mnemonic.encode()
    except UnicodeEncodeError:
        # From None: Python's own error holds a part of the words.
        raise BadMnemonic("the words hold half of a surrogate pair") from None
    return hashlib.pbkdf2_hmac("sha512", text, _SALT, N_ROUNDS)


def xprv_of(mnemonic: str) -> bytes:
    """The root key of these words."""
    return chainkd.root_xprv(seed_of(mnemonic))


def _checksum(entropy: bytes) -> int:
    """One bit for every four bytes."""
    return hashlib.sha256(entropy).digest()[0] >> 8 - len(entropy) // 4


def _places(mnemonic: str, language: str) -> list[int]:
    """The number of each word in its list."""
    numbers = {word: number for number, word in enumerate(word_list(language))}
    places = []
    for position, word in enumerate(mnemonic.split(), 1):
        if word not in numbers:
            raise BadMnemonic(f"word {position} is not in the list {language}")
        places.append(numbers[word])
    return places
