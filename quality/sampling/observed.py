"""Which inspection report counts for the switching rules, and what each class of it was.

Receiving inspections alone tell how a supplier's lots arrive: the receiver's own, or those of a
party that has a laboratory relation with the receiver in force. A supplier's look at its own
lot, a resubmitted lot, one that was skipped and a report that names no class do not count, and
the reason is said. What the record's rules admit is not judged again here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from ledger.relations import Relations
from quality.in_force.parts import PartKey
from quality.sampling import observed_words as words
from quality.sampling.counting import ClassCount, class_count
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.switching import At, InspectedLot, SamplingKey
from quality.values import Groups, count, items, part, text

#: The acceptance numbers of the tables of ISO 2859-1 in their order: at the same letter, one
#: step to a tighter AQL leads from each of them to the one before it.
_ACCEPTANCE_NUMBERS: Final = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44)
_TIGHTER: Final = MappingProxyType(
    dict(zip(_ACCEPTANCE_NUMBERS[1:], _ACCEPTANCE_NUMBERS[:-1], strict=True))
)
_NO_LOTS: Final[Mapping[str, InspectedLot]] = MappingProxyType({})

IsLaboratory = Callable[[str, str], bool]
"""Whether a customer had a laboratory relation with a party in force at the report's entry."""


@dataclass(frozen=True, slots=True)
class Report:
    """An admitted inspection report: where it stands, whose it is, and its groups."""

    at: At
    party: str
    groups: Groups
    subject: str | None = field(default=None, kw_only=True)
    to: tuple[str, ...] = field(default=(), kw_only=True)
    corrects: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a report is to the switching rules of the inspected party.

    Attributes:
        at: the entry of the report.
        corrects: the record that it takes the place of.
        part: what was inspected; None where the report does not tell between whom.
        site: where it was made, as far as stated.
        lots: the inspection of each class; none where it does not count.
        reason: why it does not count; None where it does.
    """

    at: At
    corrects: str | None
    part: PartKey | None
    site: str | None
    lots: Mapping[str, InspectedLot] = field(default_factory=lambda: _NO_LOTS)
    reason: Reason | None = None

    def by_key(self) -> dict[SamplingKey, InspectedLot]:
        """The inspection of each class under the key whose severity it changes."""
        if self.part is None:
            return {}
        return {SamplingKey(self.part, self.site, name): lot for name, lot in self.lots.items()}


def observe(report: Report, is_laboratory: IsLaboratory) -> Observed:
    """What an admitted inspection report is to the switching rules.

    Args:
        report: of type ``inspection-report/v1``.
        is_laboratory: answers for the entry of the report.
    """
    groups = report.groups
    key, site = _part_of(report), text(groups, "lot", "inspected", "site")
    seen = Observed(report.at, report.corrects, key, site)
    reason = _why_not_counted(report, key, is_laboratory=is_laboratory)
    if reason:
        return replace(seen, reason=reason)
    lots = {
        name: _lot_of(report, name, planned=planned)
        for planned in items(groups, "plan", "classes")
        if (name := text(planned, "class")) is not None
    }
    return replace(seen, lots=MappingProxyType(lots))


def was_laboratory(relations: Relations, index: int) -> IsLaboratory:
    """The answers for the entry of an index."""

    def is_laboratory(customer: str, party: str) -> bool:
        return any(
            relation.kind == "laboratory" and relation.was_in_force(index)
            for relation in relations.between(customer, party)
        )

    return is_laboratory


def current(reports: Iterable[Observed]) -> list[Observed]:
    """The reports that no other one corrects, in the order of their first versions.

    A correction stands where the record stood that it corrects: what was inspected before
    something else stays before it. Of several corrections of one record the last one holds.

    Args:
        reports: all of them, those that do not count too, in the order of their entries.
    """
    roots: dict[str, At] = {}
    newest: dict[str, Observed] = {}
    for report in reports:
        at = roots.get(report.corrects or "", report.at)
        roots[report.at.record_id] = at
        newest[at.record_id] = _moved(report, at)
    return sorted(newest.values(), key=lambda report: report.at.index)


def _moved(report: Observed, at: At) -> Observed:
    lots = {name: replace(lot, at=at) for name, lot in report.lots.items()}
    return replace(report, at=at, lots=MappingProxyType(lots))


# ---- whose it is ----


def _part_of(report: Report) -> PartKey | None:
    """The part, as admission reads it (:func:`quality.in_force.folds.inspected_part`)."""
    lot = part(report.groups, "lot")
    customer, supplier, number = (text(lot, name) for name in ("customer", "supplier", "part"))
    other = report.subject or (report.to[0] if len(report.to) == 1 else None)
    is_receiving = text(report.groups, "verdict", "stage") == "receiving"
    if customer is None and supplier is None:
        sides = (report.party, other) if is_receiving else (other, report.party)
        customer, supplier = sides
    elif customer is None:
        customer = report.party if supplier != report.party else other
    elif supplier is None:
        supplier = report.party if customer != report.party else other
    if customer is None or supplier is None or number is None:
        return None
    return PartKey(customer, supplier, number)


def _why_not_counted(
    report: Report, key: PartKey | None, *, is_laboratory: IsLaboratory
) -> Reason | None:
    groups = report.groups
    if key is None or text(groups, "verdict", "decision") is None:
        return words.NOT_TOLD
    if text(groups, "verdict", "stage") != "receiving":
        return words.not_receiving(text(groups, "verdict", "stage") or "")
    if report.party == key.supplier:
        return words.SUPPLIERS_OWN
    if report.party != key.customer and not is_laboratory(key.customer, report.party):
        return words.NOT_THE_RECEIVERS
    if text(groups, "plan", "standard") == "skip-lot" or text(groups, "plan", "skipped_by"):
        return words.SKIPPED
    if not items(groups, "plan", "classes"):
        return words.NO_CLASS
    return None


# ---- what each class was ----


def _lot_of(report: Report, name: str, *, planned: object) -> InspectedLot:
    groups = report.groups
    accept, reject = count(planned, "accept"), count(planned, "reject")
    severity = _severity(text(planned, "severity") or text(groups, "plan", "severity"))
    found = class_count(groups, planned)
    is_accepted = _is_accepted(groups, name)
    tighter = _TIGHTER.get(accept) if accept is not None else None
    return InspectedLot(
        report.at,
        lot_name(groups),
        is_accepted=is_accepted,
        is_original=text(groups, "lot", "resubmission_of") is None,
        severity=severity,
        accept=accept,
        passes_tighter=None if tighter is None or found is None else found.most <= tighter,
        is_in_gap=is_accepted and _may_be_above(found, accept, reject),
    )


def lot_name(groups: Groups) -> str:
    """What names a lot among those of a part: its number, and the delivery that brought it."""
    number = text(groups, "lot", "number") or ""
    brought = text(groups, "lot", "shipment") or text(groups, "lot", "delivery_note")
    return f"{number} / {brought}" if brought else number


def _may_be_above(found: ClassCount | None, accept: int | None, reject: int | None) -> bool:
    """Whether more than Ac may have been found: of an accepted lot, that it is in the gap."""
    if accept is None:
        return False
    if found is None:
        return reject is not None and reject - accept > 1
    return found.most > accept


def _is_accepted(groups: Groups, name: str) -> bool:
    """Whether a class of the lot was accepted.

    A lot is turned away for the classes of which the rejection number may be reached; where none
    is, for those that may be above Ac, or else for all: then the report does not say for which.
    """
    if text(groups, "verdict", "decision") == "accept":
        return True
    planned = items(groups, "plan", "classes")
    for is_failed in (_may_be_rejected, _may_exceed):
        failed = {text(one, "class") for one in planned if is_failed(groups, one)}
        if failed:
            return name not in failed
    return False


def _may_be_rejected(groups: Groups, planned: object) -> bool:
    found, reject = class_count(groups, planned), count(planned, "reject")
    return found is None or (reject is not None and found.most >= reject)


def _may_exceed(groups: Groups, planned: object) -> bool:
    found, accept = class_count(groups, planned), count(planned, "accept")
    return found is None or (accept is not None and found.most > accept)


def _severity(stated: str | None) -> Severity | None:
    return Severity(stated) if stated in set(Severity) else None
