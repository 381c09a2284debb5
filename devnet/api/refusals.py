"""
How a request is refused: Bytom's codes, its words for each, and both shapes.

`Refused` is the answer of a handler (HTTP 200, "error_detail"); `NotUnderstood` that of
everything before one (HTTP 400, 401, 500, "detail").
Source: protocol page "http-api", section 4; Bytom/bytom v1.1.0, api/errors.go.
"""

from __future__ import annotations

from typing import Any

from devnet.engine.errors import CodecError, DevnetError, RequestError
from devnet.wallet.errors import WalletError
from devnet.wallet.staking import VOTE_LOCKED

MESSAGES = {
    "BTM000": "Bytom API Error",
    "BTM001": "Request timed out",
    "BTM002": "Invalid request body",
    "BTM860": "Request could not be authenticated",
    "BTM200": "Quorum must be greater than or equal to 1, and must be less than or "
    "equal to the length of xpubs",
    "BTM202": "At least one xpub is required",
    "BTM203": "Root XPubs cannot contain the same key more than once",
    "BTM300": "Compile contract failed",
    "BTM301": "Instantiate contract failed",
    "BTM700": "Funds of account are insufficient",
    "BTM701": "Available funds of account are immature",
    "BTM702": "Available UTXOs of account have been reserved",
    "BTM703": "UTXO with given hash not found",
    "BTM704": "Invalid action type",
    "BTM705": "Invalid action object",
    "BTM706": "Invalid action construction",
    "BTM707": "One or more fields are missing",
    "BTM708": "Invalid asset amount",
    "BTM709": "Account not found",
    "BTM710": "Asset not found",
    "BTM711": "Invalid contract argument type",
    "BTM712": "Transaction input UTXO not found",
    "BTM713": "Transaction fee exceeded max limit",
    "BTM714": "Transaction has no gas input",
    "BTM730": "Invalid transaction version",
    "BTM731": "Invalid transaction size",
    "BTM732": "Invalid transaction time range",
    "BTM733": "Not standard transaction",
    "BTM734": "Invalid coinbase transaction",
    "BTM735": "Invalid coinbase assetID",
    "BTM736": "Invalid coinbase arbitrary size",
    "BTM737": "No results in the transaction",
    "BTM738": "Mismatched assetID",
    "BTM739": "Mismatched value source/dest position",
    "BTM740": "Mismatched reference",
    "BTM741": "Mismatched value",
    "BTM742": "Missing required field",
    "BTM743": "No source for value",
    "BTM744": "Arithmetic overflow/underflow",
    "BTM745": "Invalid source or destination position",
    "BTM746": "Unbalanced asset amount between input and output",
    "BTM747": "Gas credit has been spent",
    "BTM748": "Gas usage calculate got a math error",
    "BTM760": "Alt stack underflow",
    "BTM761": "Bad value",
    "BTM762": "Wrong context",
    "BTM763": "Data stack underflow",
    "BTM764": "Disallowed opcode",
    "BTM765": "Division by zero",
    "BTM766": "False result for executing VM",
    "BTM767": "Program size exceeds max int32",
    "BTM768": "Arithmetic range error",
    "BTM769": "RETURN executed",
    "BTM770": "Run limit exceeded because the BTM Fee is insufficient",
    "BTM771": "Unexpected end of program",
    "BTM772": "Unrecognized token",
    "BTM773": "Unexpected error",
    "BTM774": "Unsupported VM because the version of VM is mismatched",
    "BTM775": "VERIFY failed",
    "BTM800": "Key Alias already exists",
    "BTM801": "Key not found or wrong password",
    "BTM802": "Could not decrypt key with given passphrase",
}

SIDE_MESSAGES = {
    VOTE_LOCKED: "Locked by the vote",
    "BTM749": "Invalid vote amount",
}
"""What a sidechain's node alone refuses."""
_KNOWN = MESSAGES | SIDE_MESSAGES

_HTTP_STATUS = {"BTM001": 408, "BTM002": 400, "BTM860": 401, "BTM000": 500}

# What the engine says under its own codes, in the node's words.
_ENGINE = {
    "tx.fee-too-high": ("BTM713", "transaction fee exceed max limit"),
    "tx.no-gas-input": ("BTM714", "transaction has no gas input"),
    "tx.orphan": ("BTM712", "finalize can't find transaction input utxo"),
    "tx.vote-locked": (VOTE_LOCKED, "locked by the vote"),
    "tx.vote-too-small": ("BTM749", "invalid vote amount"),
    "tx.output-missing": ("BTM712", "finalize can't find transaction input utxo"),
    "codec.short-program": ("BTM771", "unexpected end of program"),
    "block.orphan": ("BTM000", "block submitted is orphan"),
    "block.work": ("BTM000", "invalid difficulty proof of work: invalid block"),
}


class NotUnderstood(RequestError):
    """The request cannot be read, or whoever sends it is not known."""

    code = "api.not-understood"

    def __init__(self, btm_code: str, detail: str) -> None:
        super().__init__(detail)
        self.btm_code, self.detail = btm_code, detail


class Refused(RequestError):
    """A handler refuses: one of Bytom's codes and free text."""

    code = "api.refused"

    def __init__(self, detail: str, btm_code: str = "BTM000") -> None:
        super().__init__(detail)
        self.btm_code, self.detail = btm_code, detail


def bad_body(why: str) -> NotUnderstood:
    """The body is not what the endpoint takes."""
    hint = "check request parameters for missing and/or incorrect values"
    return NotUnderstood("BTM002", f"{why}: {hint}")


def shape_of(error: DevnetError) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of the answer to a request that failed."""
    if isinstance(error, NotUnderstood):
        status = _HTTP_STATUS[error.btm_code]
        return status, {
            "code": error.btm_code, "msg": MESSAGES[error.btm_code], "status": "fail",
            "detail": error.detail, "temporary": status == 500,
        }  # fmt: skip
    code, detail = _code_and_words(error)
    return 200, {
        "status": "fail", "code": code, "msg": _KNOWN[code], "error_detail": detail,
    }  # fmt: skip


def _code_and_words(error: DevnetError) -> tuple[str, str]:
    if isinstance(error, Refused):
        return error.btm_code, error.detail
    if isinstance(error, WalletError):
        return error.btm_code, error.message
    if error.code in _ENGINE:
        return _ENGINE[error.code]
    code = getattr(error, "btm_code", "BTM000")
    rejected = "tx rejected: " if code != "BTM000" else ""
    return code if code in _KNOWN else "BTM000", f"{rejected}{error.message}"


def unreadable(error: CodecError) -> NotUnderstood:
    """Bytes of a request that should be an object of the protocol and are none."""
    return bad_body(error.message)
