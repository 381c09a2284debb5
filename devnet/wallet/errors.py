"""
What the wallet refuses, under Bytom's codes and in its words.

Source: Bytom/bytom v1.1.0, api/errors.go, account/, asset/, blockchain/txbuilder/.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import RequestError


class WalletError(RequestError):
    """The wallet refuses. `btm_code`: what Bytom's API answers."""

    code = "wallet.refused"
    btm_code: ClassVar[str] = "BTM000"
    words: ClassVar[str] = ""

    def __init__(self, message: str = "", *, hint: str = "", **facts: object) -> None:
        super().__init__(message or self.words, hint=hint, **facts)


class KeyAliasTaken(WalletError):
    """Another key has this alias."""

    code = "wallet.key-alias-taken"
    btm_code = "BTM800"
    words = "duplicate key alias"
    default_hint = "Choose another alias; upper and lower case are the same."


class NoKeyOrPassword(WalletError):
    """There is no such key, or the password is another."""

    code = "wallet.no-key"
    btm_code = "BTM801"
    words = "key not found or wrong password "
    default_hint = "list-keys shows the keys."


class KeyLocked(WalletError):
    """The password does not open the key."""

    code = "wallet.key-locked"
    btm_code = "BTM802"
    words = "could not decrypt key with given passphrase"
    default_hint = "Type the password again; upper and lower case matter."


class QuorumOutOfRange(WalletError):
    """The quorum is not between 1 and the number of keys."""

    code = "wallet.bad-quorum"
    btm_code = "BTM200"
    words = (
        "quorum must be greater than or equal to 1, and must be less than or equal to "
        "the length of xpubs"
    )


class NoKeys(WalletError):
    """No key is named."""

    code = "wallet.no-xpubs"
    btm_code = "BTM202"
    words = "at least one xpub is required"


class RepeatedKey(WalletError):
    """A key is named twice."""

    code = "wallet.repeated-xpub"
    btm_code = "BTM203"
    words = "xpubs cannot contain the same key more than once"


class AccountAliasTaken(WalletError):
    """Another account has this alias."""

    code = "wallet.account-alias-taken"
    words = "Duplicate account alias"


class NoAccount(WalletError):
    """There is no such account."""

    code = "wallet.no-account"
    btm_code = "BTM709"
    words = "Failed to find account"
    default_hint = "list-accounts shows the accounts."


class NoAsset(WalletError):
    """There is no such asset."""

    code = "wallet.no-asset"
    btm_code = "BTM710"
    words = "fail to find asset"
    default_hint = "list-assets shows the assets."


class Insufficient(WalletError):
    """The account's coins do not suffice, reserved and immature ones included."""

    code = "wallet.insufficient"
    btm_code = "BTM700"
    words = "reservation found insufficient funds"


class Immature(WalletError):
    """The account's coins suffice only with those that must mature."""

    code = "wallet.immature"
    btm_code = "BTM701"
    words = "reservation found immature funds"


class Reserved(WalletError):
    """The account's coins suffice only with those that another build holds."""

    code = "wallet.reserved"
    btm_code = "BTM702"
    words = "reservation found outputs already reserved"


class NotOpened(WalletError):
    """A verb needs a key whose password nobody gave since the devnet started."""

    code = "wallet.not-opened"
    default_hint = "give the password: wallet unlock WHO --password PASSWORD"


class NoCoin(WalletError):
    """There is no such unspent output."""

    code = "wallet.no-coin"
    btm_code = "BTM703"
    words = "can't find utxo with given hash"


class BadActionType(WalletError):
    """An action of no known type."""

    code = "wallet.action-type"
    btm_code = "BTM704"


class BadAction(WalletError):
    """An action that cannot be read."""

    code = "wallet.action"
    btm_code = "BTM705"


class OnlyInputs(WalletError):
    """The actions make no output."""

    code = "wallet.only-inputs"
    btm_code = "BTM706"
    words = (
        "transaction contains only input actions and no output actions: "
        "bad action construction"
    )


class MissingField(WalletError):
    """An action lacks a field, or has zero in it."""

    code = "wallet.missing-field"
    btm_code = "BTM707"
    words = "required field is missing"


class AmountTooLarge(WalletError):
    """An amount above 2^63-1."""

    code = "wallet.amount"
    btm_code = "BTM708"
    words = "bad asset amount"


class BadArgument(WalletError):
    """An argument of a contract of no known type."""

    code = "wallet.argument-type"
    btm_code = "BTM711"
    words = "invalid contract argument type"


class BadTemplate(WalletError):
    """The signing instructions do not fit the transaction."""

    code = "wallet.template"
    words = "the signing instructions do not fit the transaction"
