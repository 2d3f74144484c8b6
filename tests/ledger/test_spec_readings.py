"""Where docs/spec could be read in two ways, Python reads it as the text now says."""

from __future__ import annotations

import pytest

from tests.ledger.receipt_readings import receipt_readings
from tests.ledger.record_readings import record_readings
from tests.ledger.spec_readings import Reading, document_readings
from tests.ledger.verdicts import Verdict, python_verdict

pytestmark = [pytest.mark.item("2.8"), pytest.mark.item("2.done.spec")]

READINGS = [*document_readings(), *record_readings(), *receipt_readings()]


def check_reading(reading: Reading, verdict: Verdict) -> None:
    """Compare what is expected with what a verifier says; members that are not named are free."""
    if isinstance(reading.expected, str):
        assert verdict == {"code": reading.expected}
        return
    assert "result" in verdict, verdict
    result = verdict["result"]
    record = result["records"][0] if "records" in result else result
    assert {name: record[name] for name in reading.expected} == reading.expected


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_a_sentence_has_one_reading(reading: Reading) -> None:
    check_reading(reading, python_verdict(reading.case))


def test_no_reading_stands_twice() -> None:
    names = [str(reading) for reading in READINGS]
    assert len(set(names)) == len(names)
