"""Business keys: real ones are taken, and what one slip makes of them is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.business_keys import (
    BUSINESS_KEYS,
    USCC_ALPHABET,
    business_key_faults,
    check_business_key,
    gs1_check_digit,
    organisation_check_character,
    uscc_check_character,
)
from quality.errors import MalformedBusinessKey

pytestmark = pytest.mark.item("4.7.keys")

#: Examples that GS1 prints, and codes that large companies print on their own pages.
REAL = [
    ("gln", "9506000134352"),
    ("gln", "4012345000009"),
    ("gtin", "73513537"),
    ("gtin", "614141000012"),
    ("gtin", "4006381333931"),
    ("gtin", "10614141000019"),
    ("sscc", "106141412345678908"),
    ("sscc", "376104250021234569"),
    ("duns", "150483782"),
    ("uscc", "914403001922038216"),
    ("uscc", "9144030071526726XG"),
    ("uscc", "91330100799655058B"),
    ("uscc", "91110000802100433B"),
]
CHECKED = [row for row in REAL if row[0] != "duns"]


def is_right(kind: str, text: str) -> bool:
    """Whether a key is one of its kind."""
    return not business_key_faults(kind, text, pointer="/key")


@pytest.mark.parametrize(("kind", "text"), REAL)
def test_a_real_key_is_accepted(kind: str, text: str) -> None:
    check_business_key(kind, text)


@pytest.mark.parametrize(("kind", "text"), CHECKED)
def test_one_wrong_character_is_always_found(kind: str, text: str) -> None:
    alphabet = USCC_ALPHABET if kind == "uscc" else "0123456789"
    missed = [
        text[:place] + other + text[place + 1 :]
        for place in range(len(text))
        for other in alphabet
        if other != text[place] and is_right(kind, text[:place] + other + text[place + 1 :])
    ]
    assert missed == []


@pytest.mark.parametrize(("kind", "text"), CHECKED)
def test_a_swap_of_neighbours_is_found_as_the_method_can(kind: str, text: str) -> None:
    for place in range(len(text) - 1):
        first, second = text[place], text[place + 1]
        swapped = text[:place] + second + first + text[place + 2 :]
        cannot = kind != "uscc" and abs(int(first) - int(second)) == 5
        assert is_right(kind, swapped) == (first == second or cannot)


@given(st.text("0123456789", min_size=17, max_size=17).filter(lambda body: body[1] not in "02"))
def test_a_computed_gs1_digit_is_accepted_and_each_other_one_refused(body: str) -> None:
    right = gs1_check_digit(body)
    assert [d for d in "0123456789" if is_right("sscc", body + d)] == [right]


@given(
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)
def test_a_computed_uscc_is_accepted_and_each_other_end_refused(
    registry: str, division: str, organisation: str
) -> None:
    body = registry + division + organisation + organisation_check_character(organisation)
    ends = [c for c in USCC_ALPHABET if is_right("uscc", body + c)]
    assert ends == [uscc_check_character(body)]


def test_a_wrong_organisation_code_inside_a_uscc_is_found() -> None:
    # The outer check character is right, so only the inner one can tell.
    body = "91440300192203822"
    with pytest.raises(MalformedBusinessKey, match="check digit 1 at the end of 192203822, found"):
        check_business_key("uscc", body + uscc_check_character(body))


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("gln", "9506000134353", "expected the check digit 2 at the end of 9506000134353, found 3"),
        ("gln", "950600013435", "expected 13 digits, found '950600013435'"),
        ("gln", "٩506000134352", "expected 13 digits"),
        ("gln", "2000000000008", "a prefix that GS1 gives out, found 2000000000008, of restricted"),
        ("gtin", "0200000000004", "restricted circulation"),
        ("gtin", "200000000004", "restricted circulation"),
        ("gtin", "20000004", "restricted circulation"),
        ("gtin", "12345", "expected 8 or 12 or 13 or 14 digits, found '12345'"),
        ("sscc", "0" * 40, "and more, 40 characters"),
        ("duns", "15-048-3782", "expected 9 digits, found '15-048-3782'"),
        ("uscc", "91440300192203821A", "the check digit 6 at the end of 91440300192203821A"),
        ("uscc", "91440300192203821O", "without I O S V Z"),
        ("uscc", "9144030071526726xg", "without I O S V Z"),
    ],
)
def test_a_refusal_says_what_belongs_there(kind: str, text: str, said: str) -> None:
    with pytest.raises(MalformedBusinessKey) as caught:
        check_business_key(kind, text)
    assert str(caught.value).startswith(f"{kind}: expected ")
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", BUSINESS_KEYS)
@given(text=st.text(max_size=20))
def test_any_text_is_judged_without_breaking(kind: str, text: str) -> None:
    business_key_faults(kind, text, pointer="/key")


def test_a_fault_names_its_place() -> None:
    (fault,) = business_key_faults("duns", "1", pointer="/identity/duns")
    assert (fault.pointer, fault.expected, fault.found) == ("/identity/duns", "9 digits", "'1'")
