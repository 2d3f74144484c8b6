"""Whether an inspection report counts for the switching rules, and what each class of it was.

Receiving inspections alone tell how a supplier's lots arrive. One of another stage, one that was
skipped and one that names no class do not count, and the reason is said. Which reports concern a
part at all, the receiver's and those of its laboratories, is told by
:mod:`quality.sampling.history`. What the record's rules admit is not judged again here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from quality.in_force.parts import PartKey
from quality.sampling import observed_words as words
from quality.sampling.counting import ClassCount, class_count
from quality.sampling.parameters import CLASSES
from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.switching import At, InspectedLot, SamplingKey
from quality.values import Groups, count, items, text

#: The acceptance numbers of the tables of ISO 2859-1 in their order: at the same letter, one
#: step to a tighter AQL leads from each of them to the one before it.
_ACCEPTANCE_NUMBERS: Final = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44)
_TIGHTER: Final = MappingProxyType(
    dict(zip(_ACCEPTANCE_NUMBERS[1:], _ACCEPTANCE_NUMBERS[:-1], strict=True))
)
_NO_LOTS: Final[Mapping[str, InspectedLot]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Observed:
    """What a report is to the switching rules of the part that was inspected.

    Attributes:
        at: the entry of the report.
        part: what was inspected.
        site: where it was made, as far as stated.
        lots: the inspection of each class; none where it does not count.
        reason: why it does not count; None where it does.
    """

    at: At
    part: PartKey
    site: str | None
    lots: Mapping[str, InspectedLot] = field(default_factory=lambda: _NO_LOTS)
    reason: Reason | None = None

    def by_key(self) -> dict[SamplingKey, InspectedLot]:
        """The inspection of each class under the key whose severity it changes."""
        return {SamplingKey(self.part, self.site, name): lot for name, lot in self.lots.items()}


def observe(at: At, inspected: PartKey, groups: Groups) -> Observed:
    """What an inspection report that concerns a part is to the switching rules.

    Args:
        at: the entry of the report; of the first one where it was corrected.
        inspected: the part.
        groups: of type ``inspection-report/v1``.
    """
    seen = Observed(at, inspected, text(groups, "lot", "inspected", "site"))
    reason = _why_not_counted(groups)
    if reason:
        # A lot that was turned away is one of every class, where the report names none.
        is_bad = reason is words.NO_CLASS and text(groups, "verdict", "decision") != "accept"
        if not is_bad:
            return replace(seen, reason=reason)
        return replace(seen, lots=MappingProxyType(not_accepted(at, groups)))
    lots = {
        name: _lot_of(at, groups, planned=planned)
        for planned in items(groups, "plan", "classes")
        if (name := text(planned, "class")) is not None
    }
    return replace(seen, lots=MappingProxyType(lots))


def _why_not_counted(groups: Groups) -> Reason | None:
    if text(groups, "verdict", "decision") is None:
        return words.NOT_TOLD
    if text(groups, "verdict", "stage") != "receiving":
        return words.not_receiving(text(groups, "verdict", "stage") or "")
    if text(groups, "plan", "standard") == "skip-lot" or text(groups, "plan", "skipped_by"):
        return words.SKIPPED
    if not items(groups, "plan", "classes"):
        return words.NO_CLASS
    return None


# ---- what each class was ----


def not_accepted(
    at: At, groups: Groups, classes: Collection[str] = CLASSES
) -> dict[str, InspectedLot]:
    """A lot that was not accepted, of these classes; nothing is known of their plans."""
    is_original = text(groups, "lot", "resubmission_of") is None
    return {
        name: InspectedLot(at, lot_name(groups), is_accepted=False, is_original=is_original)
        for name in classes
    }


def _lot_of(at: At, groups: Groups, *, planned: object) -> InspectedLot:
    name = text(planned, "class") or ""
    accept, reject = count(planned, "accept"), count(planned, "reject")
    severity = _severity(text(planned, "severity") or text(groups, "plan", "severity"))
    found = class_count(groups, planned)
    is_accepted = _is_accepted(groups, name)
    tighter = _TIGHTER.get(accept) if accept is not None else None
    return InspectedLot(
        at,
        lot_name(groups),
        is_accepted=is_accepted,
        is_original=text(groups, "lot", "resubmission_of") is None,
        is_complete=_is_complete(groups, planned),
        severity=severity,
        accept=accept,
        passes_tighter=None if tighter is None or found is None else found.most <= tighter,
        is_in_gap=is_accepted and _may_be_above(found, accept, reject),
    )


def lot_name(groups: Groups) -> str:
    """What names a lot among those of a part: its number, and the shipment that brought it.

    A delivery note is free text: whoever writes another one has no other lot.
    """
    number = text(groups, "lot", "number") or ""
    brought = text(groups, "lot", "shipment")
    return f"{number} / {brought}" if brought else number


def _is_complete(groups: Groups, planned: object) -> bool:
    """Whether as many units were inspected as the plan of the class asks for, as far as told."""
    inspected = count(groups, "defects", "inspected")
    stated = count(planned, "sample")
    sample = count(groups, "plan", "sample") if stated is None else stated
    return inspected is None or sample is None or inspected >= sample


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
