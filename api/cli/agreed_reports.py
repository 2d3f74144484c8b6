"""Reports that are made of readings: put on the specification they cite, judged, summarised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from api.cli.cited_specifications import SpecificationBook, citation_of
from api.cli.drafts import Draft
from api.cli.places import Places
from ledger.faults import Fault
from ledger.record_type import RecordType
from quality.agreed_readings import AgreedReadings, agree_readings, own_readings
from quality.report_summary import with_performance, with_summary

REPORT: Final = "inspection-report/v1"
_MEASURED: Final = frozenset({"measurements", "summary"})
_TOLD_MAX: Final = 20


@dataclass(slots=True)
class Agreeing:
    """Completes the reports of one file; ``notes`` is what should be told, once each."""

    book: SpecificationBook
    has_summary: bool
    admits_implausible: bool
    _notes: dict[str, None] = field(default_factory=dict)
    _places: Places | None = None

    @property
    def notes(self) -> Sequence[str]:
        """What was changed and what should be known, in the order in which it was found."""
        found = [*self.book.notes, *self._notes]
        more = len(found) - _TOLD_MAX
        return [*found[:_TOLD_MAX], *([f"... and {more} more"] if more > 0 else [])]

    def agree(self, draft: Draft, kind: RecordType) -> Draft:
        """A report on its specification, with a summary; any other draft as it is.

        Raises:
            ClientError: the specification was asked for and no answer came.
            CommandFault, LedgerError: what the service showed does not verify.
        """
        if draft.vct != REPORT or not _MEASURED & draft.groups.keys():
            return draft
        groups = with_summary(draft.groups) if self.has_summary else draft.groups
        cited = citation_of(groups)
        specification = self.book.find(cited) if cited is not None else None
        made = (
            own_readings(groups) if specification is None else agree_readings(groups, specification)
        )
        whole = with_performance(made.groups, made.limits) if self.has_summary else made.groups
        self._notes |= dict.fromkeys(made.notes)
        places = self._places = self._places or Places(kind.text)
        return replace(draft, groups=places.ordered(whole), faults=self._lines(draft, made))

    def _lines(self, draft: Draft, made: AgreedReadings) -> tuple[str, ...]:
        lines = [_line(draft, fault) for fault in made.faults]
        implausible = [_line(draft, fault) for fault in made.implausible]
        if self.admits_implausible:
            self._notes |= dict.fromkeys(f"sent as it is: {line}" for line in implausible)
            return (*draft.faults, *lines)
        said = (f"{line}; --admit-implausible sends it as it is" for line in implausible)
        return (*draft.faults, *lines, *said)


def _line(draft: Draft, fault: Fault) -> str:
    return f"{draft.locate(fault.pointer)}: expected {fault.expected}, found {fault.found}"
