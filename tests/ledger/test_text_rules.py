"""Texts for people and exact decimals: one accepted form each."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import limits
from ledger.errors import MalformedDecimal, MalformedText
from ledger.strict_json import check_decimal, check_text

pytestmark = pytest.mark.item("2.3")

REFUSED_CHARACTERS = frozenset(
    {*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)}
    | {*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)}
)


def test_each_character_is_judged_as_the_specification_lists_it() -> None:
    # Every code point of the basic plane but those that NFC replaces.
    for code in range(0x10000):
        text = f"a{chr(code)}b"
        if code in REFUSED_CHARACTERS:
            with pytest.raises(MalformedText, match=f"found U\\+{code:04X} at 1"):
                check_text(text)
        elif unicodedata.is_normalized("NFC", text):
            assert check_text(text) == text


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines", "Gießerei Müller", "שלום\u200f!", "日本", "😀", "\u2028"]
)
def test_ordinary_text_is_accepted(text: str) -> None:
    assert check_text(text) == text


@pytest.mark.parametrize("text", ["e\u0301", "A\u030a", "\u212b", "\u1100\u1161"])
def test_text_that_is_not_composed_is_refused(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert check_text(composed) == composed
    with pytest.raises(MalformedText, match="expected text in NFC, found ") as refusal:
        check_text(text)
    assert refusal.value.code == "malformed-text"


def test_text_may_have_exactly_the_characters_of_the_bound() -> None:
    assert check_text("x" * limits.TEXT_CHARACTERS_MAX)
    with pytest.raises(MalformedText, match="expected at most 65536 characters, found 65537"):
        check_text("x" * (limits.TEXT_CHARACTERS_MAX + 1))


@pytest.mark.parametrize(
    "text",
    ["0", "1", "-1", "10", "0.0", "0.5", "-0.5", "1.20", "-12.500", "9" * 34, "0." + "1" * 33],
)
def test_a_decimal_in_its_one_form_is_accepted(text: str) -> None:
    assert check_decimal(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1\n",
        *[
            "-",
            "+1",
            "01",
            "-01",
            "00",
            ".5",
            "1.",
            "-.5",
            "1e3",
            "1,5",
            "1_0",
            "٣",
            "1.2.3",
            "--1",
            "NaN",
            "0x1",
            "1.٣",
            "−1",
        ],
    ],
)
def test_another_form_of_decimal_is_refused(text: str) -> None:
    with pytest.raises(MalformedDecimal, match=r"expected a decimal such as -12\.50, found"):
        check_decimal(text)


@pytest.mark.parametrize("text", ["-0", "-0.0", "-0.000"])
def test_zero_has_no_sign(text: str) -> None:
    assert check_decimal(text[1:]) == text[1:]
    with pytest.raises(MalformedDecimal, match=re.escape(f"zero without a sign, found {text!r}")):
        check_decimal(text)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("form", ["1{}", "0.{}", "{}.5"])
def test_a_decimal_has_at_most_34_digits_signs_and_point_aside(sign: str, form: str) -> None:
    digits = 34 - sum(map(str.isdigit, form))
    accepted = sign + form.format("7" * digits)
    assert check_decimal(accepted) == accepted
    with pytest.raises(MalformedDecimal, match="expected at most 34 digits, found 35"):
        check_decimal(sign + form.format("7" * (digits + 1)))


@given(st.decimals(places=4, min_value=-(10**20), max_value=10**20))
def test_a_decimal_keeps_its_value_and_its_trailing_zeros(number: Decimal) -> None:
    text = f"{abs(number) if number == 0 else number:f}"
    assert Decimal(check_decimal(text)).as_tuple().exponent == -4
