"""Number formats (ECMA-376 part 1, 18.8.30): what a spreadsheet shows for a number.

Shown are digits, not pictures: decimals are filled up with zeros and never rounded away,
thousands are not grouped, a unit that the format writes is written too. Days are ISO 8601.
Not read: the sections for negative numbers, fractions, and conditions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

#: The formats that are known by number alone (18.8.30; 27 to 58 as in Chinese and Japanese).
_BUILT_IN: Final = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "hh:mm:ss"),
    22: "yyyy-mm-dd hh:mm",
    **dict.fromkeys((37, 38), "#,##0"),
    **dict.fromkeys((39, 40), "#,##0.00"),
    46: "[h]:mm:ss",
    48: "##0.0E+0",
}
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"'
    r"|\\(?P<escaped>.)"
    r"|[_*]."
    r"|\[\$(?P<money>[^\]-]*)[^\]]*\]"
    r"|\[(?P<elapsed>h+|m+|s+)\]"
    r"|\[[^\]]*\]"
    r"|(?P<noon>AM/PM|A/P|上午/下午)"
    r"|(?P<general>General|G/通用格式)"
    r"|(?P<clock>[ymdhs]+)"
    r"|(?P<power>E[+-])"
    r"|(?P<digit>[0#?.,%])"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
#: A comma behind the digits and not among them divides what is shown by a thousand.
_SCALED: Final = re.compile(r"[0#?],+(?:[.%]|$)")
#: As a workbook keeps numbers; Decimal takes 1_0 and the digits of every script as well.
_KEPT: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_CODE_CHARACTERS_MAX: Final = 255
_NUMBER_CHARACTERS_MAX: Final = 64
#: What a spreadsheet keeps of a number (IEEE 754 double) and shows of it.
_DIGITS_MAX: Final = 15
_FIFTEEN: Final = Context(prec=_DIGITS_MAX, rounding=ROUND_HALF_EVEN)
_DAY_MS: Final = 86_400_000
_LAST_DAY: Final = date(9999, 12, 31)


class NumberRefused(ValueError):
    """A number that cannot be shown as it was meant: what was found."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What a format says that matters for the text of a number."""

    decimals: int = 0
    zeros: int = 0
    is_percent: bool = False
    has_day: bool = False
    has_time: bool = False
    is_elapsed: bool = False
    is_scaled: bool = False
    before: str = ""
    after: str = ""

    @property
    def is_clock(self) -> bool:
        """Whether numbers are days or times."""
        return self.has_day or self.has_time or self.is_elapsed


GENERAL: Final = NumberFormat()


def built_in_format(number: int) -> NumberFormat:
    """The format of a number below 164; unknown ones are general."""
    return parse_number_format(_BUILT_IN.get(number, ""))


def parse_number_format(code: str) -> NumberFormat:
    """What a format code says; one that cannot be understood is general."""
    if len(code) > _CODE_CHARACTERS_MAX:
        return GENERAL
    digits, clock, before, after = "", "", "", ""
    is_elapsed = is_power = False
    for token in _TOKEN.finditer(_first_section(code)):
        literal = token["quoted"] or token["escaped"] or token["money"] or ""
        if digits:
            after += literal
        else:
            before += literal
        digits += token["digit"] or ""
        clock += (token["clock"] or "").lower()
        is_elapsed |= token["elapsed"] is not None
        is_power |= token["power"] is not None
    if clock or is_elapsed:
        return _clock_format(clock, is_elapsed=is_elapsed)
    whole, _, fraction = digits.partition(".")
    return NumberFormat(
        decimals=0 if is_power else len(re.findall("0", fraction)),
        zeros=whole.count("0") if whole.strip(",") == "0" * whole.count("0") else 0,
        is_percent="%" in digits,
        is_scaled=_SCALED.search(digits) is not None,
        before=_words(before),
        after=_words(after),
    )


def _first_section(code: str) -> str:
    """The section for positive numbers; a semicolon in quotes divides nothing."""
    found = re.match(r'(?:"[^"]*"|\\.|[^;"\\])*', code, re.DOTALL)
    return found[0] if found else code


def _words(literal: str) -> str:
    """A literal that says something, such as a unit; brackets and blanks do not."""
    return literal if any(sign.isalnum() or sign in "€$£¥%°" for sign in literal) else ""


def _clock_format(letters: str, *, is_elapsed: bool) -> NumberFormat:
    has_time = "h" in letters or "s" in letters
    # 'm' is a month unless it stands beside hours or seconds.
    has_day = "y" in letters or "d" in letters or not has_time
    return NumberFormat(
        has_day=has_day and not is_elapsed, has_time=has_time, is_elapsed=is_elapsed
    )


def show_number(text: str, form: NumberFormat, *, is_1904: bool) -> str:
    """What a spreadsheet shows for a stored number.

    Raises:
        NumberRefused: no number, no day, or more digits than a number keeps.
    """
    number = _read(text)
    if form.is_elapsed:
        return _elapsed(number)
    if form.is_clock:
        return _moment(number, form, is_1904=is_1904)
    if number.adjusted() >= _DIGITS_MAX:
        raise NumberRefused(
            f"a number of more than {_DIGITS_MAX} digits, of which the last are lost: write it "
            "as text"
        )
    if form.is_scaled and number:
        raise NumberRefused(
            f"{format(number, 'f')}, shown as thousands or millions of it: give the cell a "
            "number format without the comma at its end"
        )
    if form.is_percent:
        number = number.scaleb(2)
    shown = _padded(format(number, "f"), form)
    return f"{form.before}{shown}{'%' if form.is_percent else ''}{form.after}"


def _read(text: str) -> Decimal:
    if len(text) > _NUMBER_CHARACTERS_MAX or not _KEPT.fullmatch(text):
        raise NumberRefused(f"{text[:40]!r} where a number is kept")
    try:
        number = Decimal(text)
    except InvalidOperation as fault:
        raise NumberRefused(f"{text[:40]!r} where a number is kept") from fault
    if not number.is_finite() or abs(number.adjusted()) > 308:
        raise NumberRefused(f"{text[:40]!r} where a number is kept")
    # Stored are up to 17 digits of a double: 1.1000000000000001 is the 1.1 that was typed,
    # and 0.30000000000000004, a sum, is shown as 0.3.
    if len(number.as_tuple().digits) > _DIGITS_MAX:
        number = _FIFTEEN.create_decimal(repr(float(number)))
    return number


def _padded(text: str, form: NumberFormat) -> str:
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.rstrip("0").ljust(form.decimals, "0")
    shown = whole.zfill(form.zeros) + (f".{fraction}" if fraction else "")
    return sign + shown if shown.strip("0.") else shown


def _elapsed(number: Decimal) -> str:
    seconds = int((number * 86_400).to_integral_value(ROUND_HALF_EVEN))
    if not 0 <= seconds < 10**12:
        raise NumberRefused("a time span below zero or without end")
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _moment(number: Decimal, form: NumberFormat, *, is_1904: bool) -> str:
    if not 0 <= number < 3_000_000:
        raise NumberRefused(f"{number} where a day is shown")
    # Times are kept as fractions of a day; a millisecond is what they are good for.
    moment = int((number * _DAY_MS).to_integral_value(ROUND_HALF_EVEN))
    if form.has_day and form.has_time:
        return f"{_day(moment // _DAY_MS, is_1904=is_1904)} {_time(moment % _DAY_MS)}"
    if form.has_day:
        return _day(moment // _DAY_MS, is_1904=is_1904)
    return _time(moment % _DAY_MS)


def _day(serial: int, *, is_1904: bool) -> str:
    if is_1904:
        first = date(1904, 1, 1)
    elif serial in (0, 60):
        raise NumberRefused(f"day {serial} of 1900, which never was (29 February 1900 is no day)")
    else:
        # The calendar of 1900 counts a 29 February that never was (18.17.4.1).
        first = date(1899, 12, 31) if serial < 60 else date(1899, 12, 30)
    if serial > (_LAST_DAY - first).days:
        raise NumberRefused(f"day {serial}, beyond the year 9999")
    return (first + timedelta(days=serial)).isoformat()


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{clock}.{rest:03}" if rest else clock
