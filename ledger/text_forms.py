"""What a pattern of a schema wants, in words and by an example, without showing the pattern.

A pattern is asked which of the well-known texts it accepts; nothing is taken apart. It is
asked by the linear engine that judges records, so a pattern from outside cannot stall it.
"""

from __future__ import annotations

import string
from functools import lru_cache
from typing import Final

from ledger.schema_rules import Validator, compile_schema

_INSTANT: Final = "2026-11-20T09:30:00+01:00"
_DAY: Final = "2026-11-20"
_DID: Final = "did:web:quality.example:parties:acme"
_RECORD_ID: Final = "A" * 43
#: Text, and what it is called; from the narrowest form to the widest.
_FORMS: Final = (
    (_INSTANT, f"a day and a time such as {_INSTANT}"),
    (_DAY, f"a day such as {_DAY}"),
    (_DID, f"a party's identifier such as {_DID}"),
    (_RECORD_ID, "a record id or digest: 43 characters of base64url"),
    ("A" * 22, "an id of 22 characters of base64url"),
    ("text/plain", "a media type such as text/plain"),
    ("12.50", 'a number as a text, such as "12.50"'),
    ("12", 'a whole number as a text, such as "12"'),
)
#: What only a pattern for any text accepts.
_PROSE: Final = "Text, of (any) kind: ä 文!"
_WORD: Final = "text"
_CHARACTERS: Final = string.digits + string.ascii_letters


def describe_pattern(pattern: str) -> str:
    """What a pattern wants, for a message."""
    return _read(pattern)[0]


def sample_text(pattern: str) -> str | None:
    """A text that a pattern accepts; None where none of the well-known ones is."""
    return _read(pattern)[1]


@lru_cache(maxsize=256)
def _read(pattern: str) -> tuple[str, str | None]:
    form = compile_schema({"type": "string", "pattern": pattern})
    # A pattern without anchors may find what it wants in the one and not in the other.
    if form.is_valid(_PROSE) and form.is_valid(_WORD):
        return ("a text of one line that is not empty", _WORD)
    for sample, words in _FORMS:
        if form.is_valid(sample):
            return (words, sample)
    letters = _letters(form)
    if letters:
        return (f"one character of {letters}", letters[0])
    return ("a text in another form", None)


def _letters(form: Validator) -> str:
    """The characters that a pattern accepts, where it accepts no two of them."""
    found = "".join(item for item in _CHARACTERS if form.is_valid(item))
    return found if found and not form.is_valid(found[0] * 2) else ""
