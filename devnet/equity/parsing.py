"""
From a text to contracts.

    contract NAME(a, b: TYPE, ...) locks AMOUNT of ASSET { clause ... }
    clause NAME(c: TYPE, ...) { statement ... }

Whatever follows the last contract is not read, as in Bytom.
Source: Bytom/bytom v1.1.0, equity/compiler (parse), for grammar and messages.
"""

from __future__ import annotations

from devnet.engine.codec import MAX_63
from devnet.equity.errors import BadSyntax
from devnet.equity.syntax import (
    Assign,
    Binary,
    Call,
    ClauseText,
    ContractText,
    Data,
    Define,
    Expression,
    If,
    Lock,
    Name,
    Number,
    Parameter,
    Several,
    Statement,
    Truth,
    Unary,
    Unlock,
    Verify,
)
from devnet.equity.vocabulary import BINARY, DECLARABLE, UNARY, Operator

_SPACE = frozenset(b"\t\n\v\f\r \x85\xa0")
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_DIGITS = frozenset(b"0123456789")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_ESCAPES = dict(zip(b"'\"\\bfnrtv", b"'\"\\\b\f\n\r\t\v", strict=True))
_MOST_DEPTH, _MOST_SIGNS = 100, 150
"""Of blocks and brackets in one another, and of operators in a statement: ours."""


def parse(text: bytes) -> tuple[ContractText, ...]:
    """
    All contracts of a text, in their order.

    Raises:
        BadSyntax: where, and what was expected.
    """
    return _Parser(text).contracts()


class _Parser:
    """A text and a place in it."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._n_signs = 0

    # The grammar.

    def contracts(self) -> tuple[ContractText, ...]:
        if self._peek_word() != "contract":
            raise self._wrong("expected contract")
        found = []
        while self._peek_word() == "contract":
            found.append(self._contract())
        return tuple(found)

    def _contract(self) -> ContractText:
        self._keyword("contract")
        name, parameters = self._word(), self._parameters()
        self._keyword("locks")
        amount = self._word()
        self._keyword("of")
        asset = self._word()
        self._sign("{")
        clauses = []
        while not self._sees("}"):
            clauses.append(self._clause())
        self._sign("}")
        return ContractText(name, parameters, amount, asset, tuple(clauses))

    def _clause(self) -> ClauseText:
        self._keyword("clause")
        name, parameters = self._word(), self._parameters()
        return ClauseText(name, parameters, self._block())

    def _parameters(self) -> tuple[Parameter, ...]:
        self._sign("(")
        found: list[Parameter] = []
        while not self._sees(")"):
            if found:
                self._sign(",")
            names = [self._word()]
            while self._takes(","):
                names.append(self._word())
            self._sign(":")
            type_name = self._type()
            found += [Parameter(name, type_name) for name in names]
        self._sign(")")
        return tuple(found)

    def _type(self) -> str:
        name = self._word()
        if name not in DECLARABLE:
            raise self._wrong(f"unknown type {name}")
        return name

    def _block(self) -> tuple[Statement, ...]:
        self._sign("{")
        self._go_down()
        found = []
        while not self._sees("}"):
            found.append(self._statement())
        self._depth -= 1
        self._sign("}")
        return tuple(found)

    def _statement(self) -> Statement:
        word, self._n_signs = self._peek_word(), 0
        match word:
            case "if":
                return self._if()
            case "define":
                return self._define()
            case "assign":
                self._keyword(word)
                name = self._word()
                self._sign("=")
                return Assign(name, self._expression())
            case "verify":
                self._keyword(word)
                return Verify(self._expression())
            case "lock":
                self._keyword(word)
                amount = self._expression()
                self._keyword("of")
                asset = self._expression()
                self._keyword("with")
                return Lock(amount, asset, self._expression())
            case "unlock":
                self._keyword(word)
                amount = self._expression()
                self._keyword("of")
                return Unlock(amount, self._expression())
        raise self._wrong(f'unknown keyword "{word}"')

    def _if(self) -> If:
        self._keyword("if")
        condition, then = self._expression(), self._block()
        otherwise: tuple[Statement, ...] = ()
        if self._peek_word() == "else":
            self._keyword("else")
            otherwise = self._block()
        return If(condition, then, otherwise)

    def _define(self) -> Define:
        self._keyword("define")
        name = self._word()
        self._sign(":")
        variable = Parameter(name, self._type())
        value = self._expression() if self._takes("=") else None
        return Define(variable, value)

    # Expressions: those that bind tighter are read first.

    def _expression(self) -> Expression:
        self._go_down()
        found = self._rest(self._operand(), 0)
        self._depth -= 1
        return found

    def _rest(self, left: Expression, least_rank: int) -> Expression:
        while True:
            operator, end = self._binary_sign()
            if operator is None or operator.rank < least_rank:
                return left
            self._at = end
            self._count_sign()
            right = self._operand()
            while True:
                after, _ = self._binary_sign()
                if after is None or after.rank <= operator.rank:
                    break
                right = self._rest(right, after.rank)
            left = Binary(operator, left, right)

    def _operand(self) -> Expression:
        signs = []
        # "-3" is a number, not a sign and a number.
        while self._number_end() < 0:
            found = next((one for one in UNARY if self._sees(one.sign)), None)
            if found is None:
                break
            self._sign(found.sign)
            self._count_sign()
            signs.append(found)
        operand = self._literal() or self._call()
        for one in reversed(signs):
            operand = Unary(one, operand)
        return operand

    def _call(self) -> Expression:
        function = self._atom()
        if not self._takes("("):
            return function
        return Call(function, self._listed(")"))

    def _atom(self) -> Expression:
        if self._takes("("):
            inner = self._expression()
            self._sign(")")
            return inner
        if self._takes("["):
            return Several(self._listed("]"))
        return Name(self._word())

    def _listed(self, closing: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self._sees(closing):
            if found:
                self._sign(",")
            found.append(self._expression())
        self._sign(closing)
        return tuple(found)

    # Literals.

    def _literal(self) -> Expression | None:
        text, start, end = self._text, self._here(), self._number_end()
        if end >= 0:
            self._at = end
            return Number(int(text[start:end]))
        if text[start : start + 1] == b"'":
            return self._quoted(start)
        if _is_hex(text[start : start + 5]):
            return self._hex(start)
        word = self._peek_word()
        if word not in ("true", "false"):
            return None
        self._keyword(word)
        return Truth(word == "true")

    def _number_end(self) -> int:
        """Where the number at hand ends, or -1: there is none."""
        text, start = self._text, self._here()
        first = at = start + (text[start : start + 1] == b"-")
        while at < len(text) and text[at] in _DIGITS:
            if text[at : at + 2].lower() == b"0x":
                return -1
            at += 1
        n_digits = len(text[first:at].lstrip(b"0"))
        if at == first or n_digits > 19:
            return -1
        return at if -MAX_63 - 1 <= int(text[start:at]) <= MAX_63 else -1

    def _quoted(self, start: int) -> Data:
        text, at, found = self._text, start + 1, bytearray()
        while at < len(text):
            sign, after = text[at], text[at + 1 : at + 2]
            if sign == ord("'"):
                self._at = at + 1
                return Data(bytes(found))
            if sign == ord("\\") and after and after[0] in _ESCAPES:
                sign = _ESCAPES[after[0]]
                at += 1
            found.append(sign)
            at += 1
        raise BadSyntax(text, start, "unterminated string literal")

    def _hex(self, start: int) -> Data:
        text, at = self._text, start + 4
        last = len(text) - 1
        while at <= last and (at == last or text[at] in _HEX):
            if at == last or text[at + 1] not in _HEX:
                raise BadSyntax(text, start, "odd number of digits in hex literal")
            at += 2
        self._at = at
        return Data(bytes.fromhex(text[start + 2 : at].decode("ascii")))

    # Words and signs. Places in errors are those before space and comments.

    def _here(self) -> int:
        """The next place that is neither space nor comment."""
        text, at = self._text, self._at
        while at < len(text):
            if text[at : at + 2] == b"//":
                end = text.find(b"\n", at)
                at = len(text) if end < 0 else end
            elif text[at] in _SPACE:
                at += 1
            else:
                break
        return at

    def _peek_word(self) -> str:
        text, start = self._text, self._here()
        at = start
        while at < len(text) and (
            text[at] in _LETTERS or (at > start and text[at] in _DIGITS)
        ):
            at += 1
        return text[start:at].decode("ascii")

    def _word(self) -> str:
        word = self._peek_word()
        if not word:
            raise self._wrong("expected identifier")
        self._at = self._here() + len(word)
        return word

    def _keyword(self, word: str) -> None:
        if self._peek_word() != word:
            raise self._wrong(f"expected keyword {word}")
        self._at = self._here() + len(word)

    def _sees(self, sign: str) -> bool:
        return self._text.startswith(sign.encode(), self._here())

    def _takes(self, sign: str) -> bool:
        if not self._sees(sign):
            return False
        self._at = self._here() + len(sign)
        return True

    def _sign(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._wrong(f"expected {sign} token")

    def _binary_sign(self) -> tuple[Operator | None, int]:
        """The longest operator at hand, and where it ends."""
        found = [one for one in BINARY if self._sees(one.sign)]
        if not found:
            return None, -1
        longest = max(found, key=lambda one: len(one.sign))
        return longest, self._here() + len(longest.sign)

    def _go_down(self) -> None:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise self._wrong(f"more than {_MOST_DEPTH} levels in one another")

    def _count_sign(self) -> None:
        self._n_signs += 1
        if self._n_signs > _MOST_SIGNS:
            raise self._wrong(f"more than {_MOST_SIGNS} operators in one statement")

    def _wrong(self, what: str) -> BadSyntax:
        return BadSyntax(self._text, self._at, what)


def _is_hex(begin: bytes) -> bool:
    """Do these five bytes begin a literal of bytes?"""
    return (
        len(begin) == 5
        and begin[:2].lower() == b"0x"
        and begin[2] in _HEX
        and begin[3] in _HEX
    )
