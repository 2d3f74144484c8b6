"""Who holds the disclosures audits what they say, and the cosigned checkpoints of the log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from ledger.audit import Audit
from ledger.audit_contents import content_judge
from ledger.audit_entries import check_chunk
from ledger.audit_findings import AuditReport
from ledger.compose import Filing
from ledger.domain import NoDomainRules
from tests.ledger.audit_copies import FIRST_REPORT, LAST, TEXTS, CopiedLog, Forgery
from tests.ledger.ledger_stories import FOUNDED
from tests.ledger.parties import NOW_S, ORIGIN, SAMPLE_GROUPS
from tests.ledger.sample_types import sample_type_text

pytestmark = pytest.mark.item("3.7.audit")

HONEST: Final = Forgery()
_, SECOND, _ = FOUNDED.parties.values()
TYPES: Final = {kind.vct: kind.text for kind in FOUNDED.fold.types.values() if not kind.governs}


def judged(log: CopiedLog, types: dict[str, str] = TYPES) -> AuditReport:
    """The report of an audit that judges content by these definitions."""
    judge = content_judge(types.values(), NoDomainRules())
    running = Audit(ORIGIN, log, types=types)
    list(running.run(lambda origin, chunks: (check_chunk(origin, c, judge) for c in chunks)))
    return running.finish()


def found(log: CopiedLog, types: dict[str, str] = TYPES) -> list[tuple[str, str]]:
    """Place and code of every finding."""
    return [(item.place, item.code) for item in judged(log, types).findings]


def a_record(groups: dict[str, Any] | None = None, **filing: Any) -> str:
    """A record of the sample type, whatever stands in it."""
    composer = FOUNDED.composer(SECOND.signing, label="content")
    given = {**SAMPLE_GROUPS, **(groups or {})}
    return composer.compose_record(FOUNDED.kind, given, filing=Filing(**filing), iat=NOW_S)


def test_content_of_every_record_is_judged_where_it_is_held() -> None:
    copy = HONEST.copy()
    assert judged(copy).findings == []
    assert judged(copy).tallies.contents == len(TEXTS) - FIRST_REPORT
    bare = replace(copy, entries=tuple((text, None) for text, _ in copy.entries))
    tallies = judged(bare).tallies
    assert (tallies.contents, tallies.without_disclosures) == (0, len(TEXTS) - FIRST_REPORT)


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        (None, {}),
        ("invalid-claims", {"lot": {"number": "", "pieces": 1}}),
        ("invalid-claims", {"lot": {"number": "L", "pieces": -1}}),
        ("invalid-claims", {"note": 7}),
        ("invalid-claims", {"note": "turned \u202e round"}),
    ],
)
def test_content_that_admission_refuses_is_found(code: str | None, groups: dict[str, Any]) -> None:
    forged = HONEST.with_text(LAST, a_record(groups))
    assert found(forged.copy()) == ([(f"entry {LAST}", code)] if code else [])


def test_group_that_is_filed_and_not_there_is_found() -> None:
    text = a_record()
    jws, *disclosures = text[:-1].split("~")
    kept = HONEST.with_text(LAST, text)
    places = []
    for dropped in range(len(disclosures)):
        rest = disclosures[:dropped] + disclosures[dropped + 1 :]
        forged = HONEST.with_text(LAST, "~".join((jws, *rest, "")))
        places += found(forged.copy())
    assert found(kept.copy()) == []
    assert places == [(f"entry {LAST}", "disclosure-missing")] * len(disclosures)


def test_type_that_is_not_the_one_in_force_is_found() -> None:
    wider = {**TYPES, FOUNDED.kind.vct: sample_type_text(title={"en": "Other", "zh": "其他"})}
    codes = {code for _, code in found(HONEST.copy(), wider)}
    assert codes == {"type-mismatch"}


@pytest.mark.parametrize("size", [1, 3, len(TEXTS)])
def test_cosigned_checkpoints_are_those_of_the_log(size: int) -> None:
    log = HONEST.log()
    own, other = log.note(size=size), log.note(size=size - 1 or 2)
    copy = HONEST.copy()
    good, wrong = (replace(copy, cosigned_notes=((size, note),)) for note in (own, other))
    assert (judged(good).cosigned, found(good)) == (1, [])
    assert (judged(wrong).cosigned, found(wrong)) == (
        0,
        [(f"cosigned {size}", "root-mismatch")],
    )
