"""Which language a page is in: the link that was followed, then the cookie, then the browser."""

from __future__ import annotations

import re
from typing import Final, Literal

from portal.limits import ACCEPT_LANGUAGE_CHARACTERS_MAX

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
#: The value of the attribute ``lang``: browsers choose the form of Han characters by it.
HTML_LANG: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{1,3})?)\s*)?"
)


def parse_language(text: str | None) -> Language | None:
    """One of the languages, None for anything else."""
    return next((language for language in LANGUAGES if language == text), None)


def choose_language(asked: str | None, cookie: str | None, *, accepted: str) -> Language:
    """The language of a page.

    Args:
        asked: the parameter ``lang`` of the address.
        cookie: what an earlier ``lang`` left behind.
        accepted: the field Accept-Language (RFC 9110, section 12.5.4).
    """
    return parse_language(asked) or parse_language(cookie) or prefer_language(accepted)


def prefer_language(accepted: str) -> Language:
    """What the browser likes best; English where it likes neither language."""
    weights: dict[Language, float] = {}
    for part in accepted[:ACCEPT_LANGUAGE_CHARACTERS_MAX].split(","):
        found = _RANGE.fullmatch(part.strip())
        language = parse_language(found[1].lower()) if found else None
        if found and language and language not in weights:
            weights[language] = float(found[2] or 1)
    best = max(LANGUAGES, key=lambda language: weights.get(language, 0.0))
    return best if weights.get(best, 0.0) > 0 else "en"
