"""
The words of the language: types, operators, functions, keywords.

Source: Bytom/bytom v1.1.0, equity/compiler (types, builtins), for the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

AMOUNT, ASSET, BOOLEAN, CONTRACT = "Amount", "Asset", "Boolean", "Contract"
HASH, INTEGER, LIST, NOTHING = "Hash", "Integer", "List", ""
PREDICATE, PROGRAM, PUBLIC_KEY = "Predicate", "Program", "PublicKey"
SIGNATURE, STRING = "Signature", "String"

HASHES_OF = {
    (function, argument): f"{function.capitalize()}({argument})"
    for function in ("sha3", "sha256")
    for argument in (STRING, PUBLIC_KEY)
}
"""What a hash of a known type is: a subtype of Hash."""
HASH_SUBTYPES = frozenset(HASHES_OF.values())
DECLARABLE = frozenset(
    (
        AMOUNT, ASSET, BOOLEAN, HASH, INTEGER, LIST, PREDICATE, PROGRAM, PUBLIC_KEY,
        SIGNATURE, STRING,
    )
)  # fmt: skip
"""Types that a parameter or a variable can be given."""
NUMBERS = (AMOUNT, INTEGER)

KEYWORDS = (
    "contract", "clause", "verify", "locks", "of", "lock", "with", "unlock", "if",
    "else", "define", "assign", "true", "false",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """
    Args:
        opcodes: what it does to the stack.
        operand: the type that each operand must have; nothing: any.
        rank: how tightly it binds; unary ones have none.
    """

    sign: str
    opcodes: str
    operand: str
    result: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function; a type of nothing takes any value."""

    name: str
    opcodes: str
    takes: tuple[str, ...]
    result: str


BINARY = (
    Operator("||", "BOOLOR", BOOLEAN, BOOLEAN, 1),
    Operator("&&", "BOOLAND", BOOLEAN, BOOLEAN, 2),
    Operator(">", "GREATERTHAN", INTEGER, BOOLEAN, 3),
    Operator("<", "LESSTHAN", INTEGER, BOOLEAN, 3),
    Operator(">=", "GREATERTHANOREQUAL", INTEGER, BOOLEAN, 3),
    Operator("<=", "LESSTHANOREQUAL", INTEGER, BOOLEAN, 3),
    Operator("==", "EQUAL", NOTHING, BOOLEAN, 3),
    Operator("!=", "EQUAL NOT", NOTHING, BOOLEAN, 3),
    Operator("^", "XOR", NOTHING, NOTHING, 4),
    Operator("|", "OR", NOTHING, NOTHING, 4),
    Operator("+", "ADD", INTEGER, INTEGER, 4),
    Operator("-", "SUB", INTEGER, INTEGER, 4),
    Operator("&", "AND", NOTHING, NOTHING, 5),
    Operator("<<", "LSHIFT", INTEGER, INTEGER, 5),
    Operator(">>", "RSHIFT", INTEGER, INTEGER, 5),
    Operator("%", "MOD", INTEGER, INTEGER, 5),
    Operator("*", "MUL", INTEGER, INTEGER, 5),
    Operator("/", "DIV", INTEGER, INTEGER, 5),
)
UNARY = (
    Operator("-", "NEGATE", INTEGER, INTEGER),
    Operator("!", "NOT", BOOLEAN, BOOLEAN),
    Operator("~", "INVERT", NOTHING, NOTHING),
)
MULTISIG = "checkTxMultiSig"
FUNCTIONS = {
    one.name: one
    for one in (
        Function("sha3", "SHA3", (NOTHING,), HASH),
        Function("sha256", "SHA256", (NOTHING,), HASH),
        Function("size", "SIZE SWAP DROP", (NOTHING,), INTEGER),
        Function("abs", "ABS", (INTEGER,), INTEGER),
        Function("min", "MIN", (INTEGER, INTEGER), INTEGER),
        Function("max", "MAX", (INTEGER, INTEGER), INTEGER),
        Function(
            "checkTxSig", "TXSIGHASH SWAP CHECKSIG", (PUBLIC_KEY, SIGNATURE), BOOLEAN
        ),
        Function("concat", "CAT", (NOTHING, NOTHING), STRING),
        Function("concatpush", "CATPUSHDATA", (NOTHING, NOTHING), STRING),
        Function("below", "BLOCKHEIGHT GREATERTHAN", (INTEGER,), BOOLEAN),
        Function("above", "BLOCKHEIGHT LESSTHAN", (INTEGER,), BOOLEAN),
        Function(MULTISIG, "", (LIST, LIST), BOOLEAN),
    )
}
