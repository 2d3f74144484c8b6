"""Verified records as findings look at them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from ledger.verify import VerifiedRecord
from quality.findings.finding import Finding
from quality.findings.reported import Reported, report_of_groups
from quality.findings.search import find
from quality.values import text

_INSPECTION: Final = "inspection-report/v1"


def report_of_record(record: VerifiedRecord) -> Reported | None:
    """What a verified record shows of measured values and times; None of other types."""
    if record.type != _INSPECTION:
        return None
    groups = {item.group: item.value for item in record.groups}
    return report_of_groups(
        record.record_id,
        groups,
        corrects=text(groups, "manifest", "corrects"),
        signed_at=datetime.fromtimestamp(record.signed_s, UTC),
        admitted_at=datetime.fromtimestamp(record.admitted_ms / 1000, UTC),
    )


def record_findings(record: VerifiedRecord) -> tuple[Finding, ...]:
    """What looks made up in one record by itself."""
    report = report_of_record(record)
    return () if report is None else find([report])


def finding_members(finding: Finding) -> dict[str, Any]:
    """A suspicion as plain values."""
    return {
        "code": finding.code,
        "p_value": finding.p_value,
        "evidence": list(finding.evidence),
        "en": finding.en,
        "zh": finding.zh,
    }
