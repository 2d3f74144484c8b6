"""What an audit reports: how much it looked at, what it could not look at, what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Final, NamedTuple

from ledger.record import encode_record_id

FINDINGS_MAX: Final = 1000


class Finding(NamedTuple):
    """Something that does not hold: where, a stable code, and what was found."""

    place: str
    code: str
    detail: str


@dataclass(slots=True)
class Tallies:
    """How much was looked at so far. Filled while an audit runs.

    ``against_state`` are business records judged against what parties had put in force,
    ``not_entitled`` those that could not be: their content, or that of what they depend on,
    is not held.
    """

    entries: int = 0
    signatures: int = 0
    disclosures: int = 0
    contents: int = 0
    without_disclosures: int = 0
    checkpoints: int = 0
    against_state: int = 0
    not_entitled: int = 0

    def counts(self) -> tuple[int, ...]:
        """The numbers, in the order of the members."""
        return astuple(self)

    def copied(self) -> Tallies:
        """As it is now."""
        return replace(self)


@dataclass(slots=True)
class AuditReport:
    """What an audit found, and how much it looked at.

    ``resumed_at`` counts the entries that an earlier audit had checked already, ``cosigned``
    the cosigned checkpoints that are those of the log.
    """

    origin: str
    tallies: Tallies = field(default_factory=Tallies)
    root: bytes = b""
    findings: list[Finding] = field(default_factory=list)
    resumed_at: int = 0
    cosigned: int = 0

    def add(self, place: str, code: str, detail: str) -> None:
        """Note a finding, at most FINDINGS_MAX of them."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(place, code, detail))

    @property
    def entries(self) -> int:
        """How many entries the audited log has."""
        return self.tallies.entries

    @property
    def signatures(self) -> int:
        """How many signatures hold."""
        return self.tallies.signatures

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def describe(report: AuditReport) -> Mapping[str, object]:
    """The report as plain values, for JSON."""
    tallies = report.tallies
    return {
        "origin": report.origin,
        "entries": tallies.entries,
        "resumed_at": report.resumed_at,
        "signatures": tallies.signatures,
        "disclosures": tallies.disclosures,
        "contents": tallies.contents,
        "without_disclosures": tallies.without_disclosures,
        "against_state": tallies.against_state,
        "not_entitled": tallies.not_entitled,
        "checkpoints": tallies.checkpoints,
        "cosigned": report.cosigned,
        "root": encode_record_id(report.root),
        "clean": report.is_clean,
        "findings": [finding._asdict() for finding in report.findings],
    }
