"""The page for a request that was refused: what happened, and where to go from there."""

from __future__ import annotations

from dataclasses import dataclass

from portal.messages import Words


@dataclass(frozen=True, slots=True)
class PageRefusal:
    """An answer other than success, as the service gives it to a program too."""

    status: int
    code: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """A refusal in words."""

    title: str
    text: str
    refusal: PageRefusal


def error_page(refusal: PageRefusal, words: Words) -> ErrorPage:
    """The words for a refusal; codes that no visitor causes share one wording."""
    known = refusal.code if words.has(f"error.{refusal.code}.title") else "other"
    return ErrorPage(words.text(f"error.{known}.title"), words.text(f"error.{known}.text"), refusal)
