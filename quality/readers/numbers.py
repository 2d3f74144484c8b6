"""Decimal text of measurement files: written once in the way records write it.

Digits are never rounded and never added: ``9,940`` becomes ``9.940``. Only a number with an
exponent loses trailing zeros of its fraction, for there they are filling, not precision.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: What a record holds of a decimal.
DECIMAL_CHARS_MAX: Final = 36
_NUMBER: Final = re.compile(r"([+-]?)(\d*)(?:[.,](\d*))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII)


# Gauges have a resolution: a file of a million values holds few different texts.
@lru_cache(maxsize=1 << 13)
def plain_decimal(text: str) -> str | None:
    """A number with a decimal point or comma, or an exponent, as plain decimal text.

    A comma is the decimal sign, for measurement files write no thousands; a text with both signs
    is no number. None where the text is none, or one that a record could not hold.
    """
    found = _NUMBER.fullmatch(text.strip()) if len(text) <= 2 * DECIMAL_CHARS_MAX else None
    if found is None or not (found[2] or found[3]):
        return None
    whole, fraction = found[2], found[3] or ""
    if found[4]:
        whole, fraction = _shifted(whole, fraction, int(found[4]))
    whole = whole.lstrip("0") or "0"
    number = f"{whole}.{fraction}" if fraction else whole
    # Minus nothing is nothing: records write no -0.
    if found[1] == "-" and number.strip("0."):
        number = "-" + number
    return number if len(number) <= DECIMAL_CHARS_MAX else None


def _shifted(whole: str, fraction: str, exponent: int) -> tuple[str, str]:
    digits, point = whole + fraction, len(whole) + exponent
    # One beyond the bound is refused by its length, and costs no memory here.
    width = 2 * DECIMAL_CHARS_MAX + 2
    if point <= 0:
        digits, point = "0" * min(-point, width) + digits, 0
    digits += "0" * min(max(point - len(digits), 0), width)
    return digits[:point], digits[point:].rstrip("0")


def plain_count(text: str) -> int | None:
    """A number of pieces, or None where the text is none."""
    text = text.strip()
    is_count = text.isascii() and text.isdigit() and len(text) <= 12
    return int(text) if is_count else None
