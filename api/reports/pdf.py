"""A report as a PDF: what a quality engineer hands to a customer, and how the reader checks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from api.reports.inspection import VCT, inspection_sections, lot_line, verdict_of
from api.reports.layout import Field, Section, group_section
from api.reports.paper import ALARM, CAUTION, FAINT, GOOD, Colour, Paper
from api.reports.subject import Subject
from api.reports.times import beside_utc, in_offset, offset_of
from api.reports.verification import again_lines, verified_lines, withheld_lines
from api.reports.words import word

_VERDICTS: Final[dict[str, Colour]] = {"accept": GOOD, "reject": ALARM}


def report_pdf(subject: Subject) -> bytes:
    """The report as the bytes of a PDF; the same subject makes the same bytes."""
    language = subject.language
    title = subject.labels.title or subject.kind.vct
    facts = [field.text for field in lot_line(subject)] if subject.kind.vct == VCT else []
    paper = Paper(
        title=" · ".join([title, *facts]),
        foot=f"{word('record', language)} {subject.record_id} · {subject.origin}",
        page_words=word("page", language, page="{page}", pages="{pages}"),
        created=datetime.fromisoformat(subject.admitted),
    )
    paper.set_lang("zh-CN" if language == "zh" else "en")
    paper.masthead(title, _verdict(subject))
    paper.fields(tuple(_head(subject)))
    for section in _sections(subject):
        _draw(paper, section)
    _draw_verification(paper, subject)
    return bytes(paper.output())


def _verdict(subject: Subject) -> tuple[str, Colour] | None:
    found = verdict_of(subject) if subject.kind.vct == VCT else None
    return None if found is None else (found[1], _VERDICTS.get(found[0], CAUTION))


def _head(subject: Subject) -> Iterator[Field]:
    language = subject.language
    yield Field(word("issuer", language), subject.issuer.rpartition(":")[2])
    number = subject.groups.get("filing", {}).get("number")
    if number:
        yield Field(subject.labels.name("/filing/number"), str(number))
    # The signature tells an instant and no offset: that of the record's own times is taken.
    offset = offset_of(subject.content)
    yield Field(word("signed", language), beside_utc(subject.signed, offset))
    yield Field(word("admitted", language), in_offset(subject.admitted, offset))
    for text in subject.warnings:
        yield Field(word("warning", language), text, is_alarming=True)
    for text in subject.flags:
        yield Field(word("flag", language), text, is_alarming=True)
    for text in withheld_lines(subject):
        yield Field(word("withheld", language), text)
    for name in subject.erased:
        yield Field(word("erased", language), subject.labels.name(f"/{name}"))


def _sections(subject: Subject) -> Iterator[Section]:
    if subject.kind.vct == VCT:
        yield from inspection_sections(subject)
        return
    for name in subject.content:
        yield group_section(subject, name)


def _draw(paper: Paper, section: Section) -> None:
    paper.section(section.title)
    paper.fields(section.fields)
    for grid in section.grids:
        paper.grid(grid)
    for line in section.lines:
        paper.say(line, size=8.5)


def _draw_verification(paper: Paper, subject: Subject) -> None:
    language = subject.language
    paper.section(word("verification", language))
    paper.fields(
        (
            Field(word("record", language), subject.record_id),
            Field(word("entry", language), str(subject.index)),
            Field(word("log", language), subject.origin),
            Field(word("issuer", language), subject.issuer),
        )
    )
    for number, step in enumerate(verified_lines(subject), start=1):
        paper.say(f"{number}. {step}", size=8, gap=0.2)
    paper.ln(1)
    if subject.log_word:
        paper.say(word("log_word", language), size=8, colour=FAINT, gap=0.2)
        for text in subject.log_word:
            paper.say(f"– {text}", size=8, gap=0.2)
    paper.ln(1)
    for text in again_lines(subject):
        paper.say(text, size=8, gap=0.4)
