"""The parts of keys.json about keeping keys: words, and files with a password."""

from __future__ import annotations

from devnet.conformance.fields import Case
from devnet.engine.keys import chainkd, keystore, mnemonics


def mnemonic(case: Case) -> None:
    given, language = case.text("mnemonic"), case.text("language")
    if "entropy" in case:
        entropy = case.hex("entropy")
        case.expect("mnemonic", mnemonics.mnemonic_of(entropy, language))
        case.expect("entropy", mnemonics.entropy_of(given, language))
    if "import_accepts" in case:
        try:
            mnemonics.check_import(given, language)
        except mnemonics.BadMnemonic:
            case.expect("import_accepts", False)
        else:
            case.expect("import_accepts", True)
    case.expect("seed", mnemonics.seed_of(given))
    case.expect("xprv", mnemonics.xprv_of(given))
    case.expect("xpub", chainkd.xpub(mnemonics.xprv_of(given)))


def key_file(case: Case) -> None:
    """Nothing that is shown of a difference holds a key or a password."""
    text, wanted = case.text("file"), case.hex("xprv")
    try:
        opened = keystore.open_key(text, case.text("password"))
    except keystore.WrongPassword:
        case.differs("password", "opens the file", "does not open the file")
    else:
        what = "the key of the case" if opened.xprv == wanted else "another key"
        case.same("xprv", "the key of the case", what)
    try:
        keystore.open_key(text, case.text("wrong_password"))
    except keystore.WrongPassword:
        return
    case.differs("wrong_password", "does not open the file", "opens the file")
