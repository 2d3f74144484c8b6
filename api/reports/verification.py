"""What a report says of its own worth: what was verified, what was not, how to do it again."""

from __future__ import annotations

from collections.abc import Iterator

from api.reports.inspection import VCT, limits_source
from api.reports.subject import Subject
from api.reports.words import word


def verification_lines(subject: Subject) -> Iterator[tuple[str, str]]:
    """A name and a text a line."""
    language = subject.language

    def named(name: str, text: str) -> tuple[str, str]:
        return word(name, language), text

    yield named("record", subject.record_id)
    yield named("entry", str(subject.index))
    yield named("log", subject.origin)
    yield named("issuer", subject.issuer)
    yield named("signed", subject.signed)
    yield named("admitted", subject.admitted)
    yield from (named("warning", text) for text in subject.warnings)
    yield from (named("flag", text) for text in subject.flags)
    if subject.kind.vct == VCT and (source := limits_source(subject)) is not None:
        yield named("limits_of", source)
    yield from (named("withheld", text) for text in withheld_lines(subject))
    yield from (named("erased", subject.labels.name(f"/{name}")) for name in subject.erased)
    yield from (named("verified_steps", text) for text in verified_lines(subject))
    yield from (named("log_word", text) for text in subject.log_word)
    yield from (named("again", text) for text in again_lines(subject))


def withheld_lines(subject: Subject) -> Iterator[str]:
    """What the reader was not given; nothing where it was given everything."""
    if subject.withheld:
        names = [subject.labels.name(f"/{name}") for name in subject.withheld]
        yield word("withheld_text", subject.language, names=", ".join(names))


def verified_lines(subject: Subject) -> Iterator[str]:
    """What was verified; first who did it, where it was not the reader."""
    if subject.is_by_service:
        yield word("by_service", subject.language)
    yield from subject.steps


def again_lines(subject: Subject) -> Iterator[str]:
    """How to verify the record oneself."""
    for name in ("again_view", "again_verify", "again_compare"):
        yield word(name, subject.language, record=subject.record_id)
