"""Ed25519 as docs/spec/keys.md states it, slow and plain: what libsodium is compared with.

Written from sections 1 and 2 of that document with the curve arithmetic of RFC 8032,
section 5.1.4. Affine points, one field inversion per addition: clarity, not speed.
"""

from __future__ import annotations

import hashlib
from typing import Final

Point = tuple[int, int]

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
IDENTITY: Final[Point] = (0, 1)


def add(first: Point, second: Point) -> Point:
    (x1, y1), (x2, y2) = first, second
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def multiply(scalar: int, point: Point) -> Point:
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def negate(point: Point) -> Point:
    return -point[0] % P, point[1]


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """Find the point, canonical encoding or not; None if there is none."""
    number = int.from_bytes(data, "little")
    y, sign = (number & (2**255 - 1)) % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (x if x & 1 == sign else -x % P), y


BASE: Final = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_canonical(data: bytes) -> bool:
    return int.from_bytes(data, "little") & (2**255 - 1) < P


def has_small_order(point: Point) -> bool:
    return multiply(8, point) == IDENTITY


def is_registrable(key: bytes) -> bool:
    """Section 1 of the specification."""
    point = decode(key)
    if point is None or not is_canonical(key) or has_small_order(point):
        return False
    return multiply(L, point) == IDENTITY


def is_valid(key: bytes, message: bytes, signature: bytes) -> bool:
    """Section 2 of the specification, rule by rule."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    key_point, r_point = decode(key), decode(r)
    if s >= L:
        return False
    if key_point is None or not is_canonical(key) or has_small_order(key_point):
        return False
    if r_point is None or has_small_order(r_point):
        return False
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    assert BASE is not None
    return encode(add(multiply(s, BASE), negate(multiply(k, key_point)))) == r
