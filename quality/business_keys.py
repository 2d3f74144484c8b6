"""Keys that the world outside gives to parties, places, goods and packages.

* GLN, GTIN, SSCC: GS1 General Specifications, section 7.9 (check digit), by weights 3 and 1 from
  the right. It finds every wrong digit, and every swap of neighbours but of digits that are five
  apart (0 and 5, 1 and 6 ...): their swap changes the sum by ten. Prefixes of restricted
  circulation (section 1.4) are refused: such numbers mean something inside one company only.
* USCC: GB 32100-2015, modulus 31, and inside it the organisation code of GB 11714, modulus 11.
  The first finds every wrong character and every swap of neighbours.
* DUNS: nine digits. It had a check digit once, which is given out no longer: none is judged.

Whether a key was ever given to anyone is not checked here: only registers know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ledger.faults import Fault
from quality.errors import MalformedBusinessKey

# Digits and capitals without I, O, S, V, Z, which are too like 1, 0, 5, U and 2.
USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_GS1_LENGTHS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"gln": (13,), "gtin": (8, 12, 13, 14), "sscc": (18,)}
)
#: Restricted circulation, by the first digits of a number of 13 (a GTIN-12 has a 0 before it).
_RESTRICTED: Final = ("02", "04", "2")
#: The same for a GTIN-8, which has a numbering of its own.
_RESTRICTED_8: Final = ("0", "2")
_DUNS: Final = re.compile(r"[0-9]{9}", re.ASCII)
#: Powers of 3 modulo 31 (GB 32100-2015).
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_USCC_FORM: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
#: Where the nine characters of the organisation code stand, and the weights of eight (GB 11714).
_ORGANISATION: Final = slice(8, 17)
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_SHOWN_CHARACTERS: Final = 24


def gs1_check_digit(digits: str) -> str:
    """The check digit that belongs after ``digits`` (GS1 General Specifications, 7.9)."""
    total = sum(
        int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)


def uscc_check_character(body: str) -> str:
    """The last character of a USCC after its 17 others (GB 32100-2015)."""
    total = sum(
        USCC_ALPHABET.index(character) * weight
        for character, weight in zip(body, _USCC_WEIGHTS, strict=True)
    )
    return USCC_ALPHABET[-total % 31]


def organisation_check_character(body: str) -> str:
    """The ninth character of an organisation code after its eight others (GB 11714)."""
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def check_business_key(kind: str, text: str) -> None:
    """Accept a key of a kind: ``gln``, ``gtin``, ``sscc``, ``duns`` or ``uscc``.

    Raises:
        MalformedBusinessKey: it is none; the text says the right check digit.
    """
    for fault in business_key_faults(kind, text, pointer=""):
        raise MalformedBusinessKey(f"{kind}: expected {fault.expected}, found {fault.found}")


def business_key_faults(kind: str, text: str, *, pointer: str) -> tuple[Fault, ...]:
    """What is wrong with a key of a kind (one of :data:`BUSINESS_KEYS`), at its place."""
    wrong = BUSINESS_KEYS[kind](text)
    return () if wrong is None else (Fault(pointer, wrong[0], wrong[1]),)


# ---- what was expected and what was found, or None ----

_Wrong = tuple[str, str] | None


def _gs1_wrong(kind: str, text: str) -> _Wrong:
    lengths = _GS1_LENGTHS[kind]
    if not (text.isascii() and text.isdigit() and len(text) in lengths):
        return f"{' or '.join(map(str, lengths))} digits", _shown(text)
    if wrong := _last_wrong(text, gs1_check_digit(text[:-1])):
        return wrong
    if _is_restricted(kind, text):
        return "a number with a prefix that GS1 gives out", f"{text}, of restricted circulation"
    return None


def _is_restricted(kind: str, text: str) -> bool:
    if len(text) == 8:
        return text.startswith(_RESTRICTED_8)
    # A GTIN-14 has an indicator, an SSCC an extension digit before the prefix.
    prefixed = text[1:] if len(text) == 14 or kind == "sscc" else text.zfill(13)
    return prefixed.startswith(_RESTRICTED)


def _duns_wrong(text: str) -> _Wrong:
    return None if _DUNS.fullmatch(text) else ("9 digits", _shown(text))


def _uscc_wrong(text: str) -> _Wrong:
    """Registry and kind, six digits of the division, organisation code, check character."""
    if not _USCC_FORM.fullmatch(text):
        form = "18 characters 0-9 and A-Z without I O S V Z, the third to eighth of them digits"
        return form, _shown(text)
    organisation = text[_ORGANISATION]
    return _last_wrong(text, uscc_check_character(text[:-1])) or _last_wrong(
        organisation, organisation_check_character(organisation[:-1])
    )


def _last_wrong(text: str, right: str) -> _Wrong:
    if text[-1] == right:
        return None
    return f"the check digit {right} at the end of {text}", text[-1]


def _shown(text: str) -> str:
    """What was found, cut: it came from outside."""
    if len(text) <= _SHOWN_CHARACTERS:
        return repr(text)
    return f"{text[:_SHOWN_CHARACTERS]!r} and more, {len(text)} characters"


#: The kinds of keys, and how each is judged.
BUSINESS_KEYS: Final[Mapping[str, Callable[[str], _Wrong]]] = MappingProxyType(
    {
        "gln": lambda text: _gs1_wrong("gln", text),
        "gtin": lambda text: _gs1_wrong("gtin", text),
        "sscc": lambda text: _gs1_wrong("sscc", text),
        "duns": _duns_wrong,
        "uscc": _uscc_wrong,
    }
)
