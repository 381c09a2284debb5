"""
Points of Ed25519 in plain Python: exact for every point, small-order ones included.

A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, T = XY/Z on -x² + y² = 1 + d·x²·y² over
the integers modulo p. The addition formula is complete: it has no exceptions, so the
odd keys that the chain accepts (identity, order 2, 4, 8) need no special case.

This is the second opinion behind libsodium, which refuses such keys, and the floor
where libsodium is missing. pycryptodome cannot be that floor: up to 3.23 it says that
the point of order 2 is not on the curve.

Source: protocol page "keys", section 4; RFC 8032 section 5.1 for the curve.
"""

from __future__ import annotations

from functools import cache, lru_cache

Point = tuple[int, int, int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

IDENTITY: Point = (0, 1, 1, 0)
_WINDOW_BITS = 4


def decode(encoded: bytes) -> Point | None:
    """
    The point of 32 bytes, or None when there is none on the curve.

    y is taken modulo p, so values of p and more are fine; where x is 0 its sign bit is
    ignored. Both are what the chain does, neither is what RFC 8032 asks.
    """
    if len(encoded) != 32:
        return None
    return _decode(encoded)


@lru_cache(maxsize=4096)
def _decode(encoded: bytes) -> Point | None:
    number = int.from_bytes(encoded, "little")
    y, sign = (number & (2**255 - 1)) % P, number >> 255
    above = (y * y - 1) % P
    below = (D * y * y + 1) % P
    # A root of above/below without a division: p = 5 mod 8, so this is it up to i.
    x = above * pow(below, 3, P) * pow(above * pow(below, 7, P), (P - 5) // 8, P) % P
    if (below * x * x - above) % P:
        x = x * SQRT_OF_MINUS_ONE % P
        if (below * x * x - above) % P:
            return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def encode(point: Point) -> bytes:
    """32 bytes: y, and the parity of x in the top bit."""
    x, y, z, _ = point
    scale = pow(z, -1, P)
    parity = (x * scale % P) & 1
    return (y * scale % P | parity << 255).to_bytes(32, "little")


def add(one: Point, two: Point) -> Point:
    """The sum of two points, whatever they are."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = two
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(point: Point) -> Point:
    """The point added to itself, a little faster than `add`."""
    x, y, z, _ = point
    a = x * x % P
    b = y * y % P
    h = a + b
    e = h - (x + y) * (x + y) % P
    g = a - b
    f = 2 * z * z % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(point: Point) -> Point:
    """The point that adds up to the identity with this one."""
    x, y, z, t = point
    return -x % P, y, z, -t % P


def multiply(point: Point, scalar: int) -> Point:
    """`scalar` (0 or more) times the point; not reduced modulo anything."""
    multiples = _multiples(point)
    n_windows = -(-scalar.bit_length() // _WINDOW_BITS)
    result = IDENTITY
    for window in reversed(range(n_windows)):
        for _ in range(_WINDOW_BITS):
            result = double(result)
        digit = scalar >> window * _WINDOW_BITS & 15
        if digit:
            result = add(result, multiples[digit])
    return result


def multiply_base(scalar: int) -> Point:
    """`scalar` times the base point. The base point has order L."""
    result = IDENTITY
    for window, multiples in enumerate(_base_table()):
        digit = scalar % L >> window * _WINDOW_BITS & 15
        if digit:
            result = add(result, multiples[digit])
    return result


def is_sound(encoded: bytes) -> bool:
    """
    Are these 32 bytes the one form of a point, and not of one of the eight smallest?
    For those anybody can make signatures.
    """
    point = decode(encoded)
    if point is None or encode(point) != encoded:
        return False
    return encode(multiply(point, 8)) != encode(IDENTITY)


def _multiples(point: Point) -> tuple[Point, ...]:
    """0 to 15 times the point."""
    multiples = [IDENTITY]
    for _ in range(15):
        multiples.append(add(multiples[-1], point))
    return tuple(multiples)


@cache
def _base_table() -> tuple[tuple[Point, ...], ...]:
    """0 to 15 times 16**i times the base point, for each of 64 windows."""
    base = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert base is not None
    table = []
    for _ in range(64):
        multiples = _multiples(base)
        table.append(multiples)
        base = add(multiples[15], base)
    return tuple(table)
