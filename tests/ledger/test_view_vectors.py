"""Views end as the cases say: with the code of the first failing row, or with the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from keys.errors import KeysError
from ledger.anchor import parse_anchor
from ledger.errors import LedgerError
from ledger.sharing.members import decision_members
from ledger.verify import VerifiedRecord, VerifiedView, verify_view
from ledger.view import View, encode_view, encode_view_lines, parse_view
from ledger.view_builder import Shown, build_view
from tests.ledger.ledger_stories import a_story, check_ledger
from tests.ledger.view_cases import all_cases
from tests.ledger.view_edits import LOG, STORY
from tests.ledger.view_log import as_lines, as_text
from tests.ledger.view_vectors import VECTORS, ViewCase, bytes_of, decode_vectors, encode_vectors

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("3.2.view")]

CASES: Final = all_cases()
REFUSED: Final = [case for case in CASES if isinstance(case.expected, str)]
ACCEPTED: Final = [case for case in CASES if not isinstance(case.expected, str)]
SPEC: Final = Path(__file__).resolve().parents[2] / "docs" / "spec" / "view.md"


def verify(case: ViewCase) -> VerifiedView:
    anchor = parse_anchor(bytes_of(case.anchor))
    return verify_view(parse_view(bytes_of(case.view)), anchor)


def described(view: VerifiedView) -> dict[str, Any]:
    """The result under the names of docs/spec/view.md."""
    return {
        "origin": view.origin,
        "size": view.size,
        "cosigned_by": list(view.cosigned_by),
        "records": [described_record(record) for record in view.records],
    }


def described_record(record: VerifiedRecord) -> dict[str, Any]:
    return {
        "record_id": record.record_id,
        "index": record.index,
        "issuer": record.issuer,
        "type": record.type,
        "admitted_ms": record.admitted_ms,
        "signed_s": record.signed_s,
        "authentic": record.authentic,
        "included": {"index": record.index, "size": record.included_in},
        "cosigned_by": list(record.cosigned_by),
        "key_registered_at": record.signer.key_registered_at,
        "member_since": record.signer.member_since,
        "approved_by": list(record.signer.approved_by),
        "key_ended_at": record.aftermath.key_ended_at,
        "contested": _contested(record),
        "reaffirmed_at": record.aftermath.reaffirmed_at,
        "shown": list(record.shown),
        "defined": record.defined,
        "decision": None if record.decision is None else decision_members(record.decision),
        "erased": [{"group": item.group, "at": item.at} for item in record.erased],
        "log_word": list(record.log_word),
    }


def _contested(record: VerifiedRecord) -> dict[str, int] | None:
    found = record.aftermath.contested
    return None if found is None else {"from": found.start, "at": found.at}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_tampered_view_is_refused_with_its_code(case: ViewCase) -> None:
    with pytest.raises((LedgerError, KeysError)) as refusal:
        verify(case)
    assert getattr(refusal.value, "code", None) == case.expected


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_honest_view_has_its_result(case: ViewCase) -> None:
    assert described(verify(case)) == case.expected


def test_every_row_of_the_standard_has_a_case() -> None:
    rows = set(re.findall(r"^\| ([A-D][0-9]+) \|", SPEC.read_text("utf-8"), re.MULTILINE))
    assert len(rows) == 36
    assert {case.rule for case in REFUSED} == rows


def test_every_code_of_the_standard_has_a_case() -> None:
    table = re.findall(r"^\| [A-D].*`([a-z-]+)` \|$", SPEC.read_text("utf-8"), re.MULTILINE)
    disclosures = {"disclosure-malformed", "disclosure-not-of-this-record"}
    disclosures |= {"disclosure-duplicate", "disclosure-unused"}
    assert {case.expected for case in REFUSED} == {*table, *disclosures}


def test_cases_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_vector_file_is_that_of_the_cases() -> None:
    assert VECTORS.read_text("utf-8") == encode_vectors(CASES)


def test_vector_file_gives_back_every_case() -> None:
    def whole(case: ViewCase) -> tuple[str, bytes, bytes, str | Mapping[str, Any]]:
        return case.name, bytes_of(case.anchor), bytes_of(case.view), case.expected

    decoded = decode_vectors(VECTORS.read_text("utf-8"))
    assert [whole(case) for case in decoded] == [whole(case) for case in CASES]


def test_vector_file_stays_small() -> None:
    assert VECTORS.stat().st_size < 2_300_000


# The cases are cut from a log that was built for them; a ledger writes the same one.
@pytest.mark.parametrize("encode", [encode_view, encode_view_lines])
def test_honest_log_is_the_one_that_a_ledger_writes(encode: Callable[[View], str]) -> None:
    running = a_story()
    for text in STORY.submissions:
        running.admit(text)
        running.clock.advance(1000)
    check_ledger(running, len(STORY.submissions))
    everything = [STORY.show(index) for index in range(len(STORY.submissions))]
    rows = list(running.store.entries(0, running.ledger.size))
    shown = [
        Shown(row, tuple(show.disclosures)) for row, show in zip(rows, everything, strict=True)
    ]
    view = build_view(shown, running.ledger.reader, running.ledger.fold)
    document = LOG.view(*everything)
    assert encode(view) == (as_text if encode is encode_view else as_lines)(document)
    running.ledger.close()
