"""Subjects of reports that no log was founded for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.cli.content_words import read_labels
from api.reports.subject import Subject
from keys.identifiers import parse_slug, party_did
from tests.api.cli.tables import KINDS, ORIGIN

RECORD_ID = "r" * 43
ISSUER = party_did(ORIGIN, parse_slug("hanfeng-drive"))
INSPECTION = "inspection-report/v1"


def a_subject(
    groups: Mapping[str, Any],
    *,
    vct: str = INSPECTION,
    language: str = "en",
    withheld: tuple[str, ...] = (),
) -> Subject:
    """The subject of a report on these groups."""
    kind = KINDS[vct]
    return Subject(
        language=language,
        origin=ORIGIN,
        record_id=RECORD_ID,
        index=41,
        issuer=ISSUER,
        signed="2026-11-20T01:30:00+00:00",
        admitted="2026-11-20T01:31:00+00:00",
        kind=kind,
        groups=groups,
        withheld=withheld,
        erased=(),
        steps=("the log holds the record as entry 41 of 60",),
        warnings=(),
        log_word=("that the approvals it needed were given",),
        labels=read_labels(kind.text, language),
    )
