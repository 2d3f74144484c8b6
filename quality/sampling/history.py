"""What the log says about the sampling of a part, cut down to what its state follows from.

Reading alone: which records concern one customer, supplier and part, and which of their groups
are looked at. Whether a report counts, and what it leads to, is judged by
:mod:`quality.sampling.observed` and :mod:`quality.sampling.switching`, when somebody asks.

A record concerns a part only where both sides read all that is looked at; so nothing that one
side cannot see moves a figure (docs/spec/sampling-state.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from ledger.relations import ACT_VCT
from quality.deliveries.agreed import LAST_MONTH, Filed, Lane
from quality.deliveries.papers import SHIPMENT_VCT
from quality.values import Groups, items, part, text

INSPECTION_VCT: Final = "inspection-report/v1"
SAMPLED_VCTS: Final = (INSPECTION_VCT, SHIPMENT_VCT)
SEVERITY, COMMIT, REVEAL, END = "severity", "skip-commit", "skip-reveal", "end"
LABORATORY: Final = "laboratory"
#: Groups of a report that an erasure may take, and that its lot is counted by.
LOT, PLAN, VERDICT, DEFECTS = "lot", "plan", "verdict", "defects"
#: The group of a shipment that names its lots.
GOODS: Final = "goods"
#: The part of a report that does not say any more which part it was about.
UNKNOWN_PART: Final = ""

# What is looked at of each type: members of its groups, or None for all of a group. Remarks
# and measurements stay behind: they are long, and not everybody entitled here reads the latter.
_MANIFEST: Final = ("owner", "subject", "corrects")
_KEPT: Final[Mapping[str, Mapping[str, Collection[str] | None]]] = MappingProxyType(
    {
        INSPECTION_VCT: {
            "manifest": _MANIFEST,
            LOT: None,
            PLAN: None,
            VERDICT: ("decision", "decided_at", "stage"),
            DEFECTS: ("inspected", "defective", "items"),
        },
        SHIPMENT_VCT: {
            "manifest": _MANIFEST,
            "state": None,
            GOODS: ("quantity", "unit", "lots"),
        },
        ACT_VCT: {"state": None},
    }
)
_DEFECT: Final = ("code", "class", "units", "nonconformities")
#: What whoever is only addressed reads: groups above it are for grants, or sealed.
_ADDRESSED: Final = frozenset({"public", "consortium", "partner"})


@dataclass(frozen=True, slots=True)
class SampledRecord:
    """A record that concerns the sampling of a part.

    Attributes:
        lane: the customer, the supplier and the part; :data:`UNKNOWN_PART` where the report
            does not say it any more.
        filed: the record with the groups that are looked at, and no others.
        basis: the records by which a laboratory's report concerns the part: its relation with
            the customer, and the endorsement of that.
    """

    lane: Lane
    filed: Filed
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampledParts:
    """Whose sampling is asked about: None asks for every customer, supplier or part."""

    customer: str | None = None
    supplier: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class _Relation:
    record_id: str
    customer: str
    provider: str
    offered_by: str
    endorsed_by: str = ""


class SamplingRecords:
    """Reads records in the order of the log, each beside what acts said before it.

    Not for several threads. It judges nothing: what was admitted was judged at admission.
    """

    def __init__(self, *, takes_laboratories: bool = False) -> None:
        """Nothing was said yet.

        Args:
            takes_laboratories: a report of neither side is one of a laboratory, whatever
                relation there is: for a supplier, to whom that relation is not shown.
        """
        self._takes_laboratories = takes_laboratories
        self._relations: dict[str, _Relation] = {}
        # In force, by customer and laboratory.
        self._laboratories: dict[tuple[str, str], dict[str, _Relation]] = {}
        self._commits: dict[str, Lane] = {}
        self._committed: set[Lane] = set()

    def read(self, record: Filed) -> SampledRecord | None:
        """What the record says of the sampling of a part; None where it says nothing."""
        if record.vct == INSPECTION_VCT:
            return self._read_report(record)
        if record.vct == SHIPMENT_VCT:
            return self._read_shipment(record)
        return self._read_act(record) if record.vct == ACT_VCT else None

    def apply(self, record: Filed) -> None:
        """Take in an act; one of another kind, or a record of another type, says nothing."""
        if record.vct != ACT_VCT:
            return
        of, act = text(record.groups, "state", "of") or "", text(record.groups, "state", "act")
        if act == "relation" and text(record.groups, "state", "kind") == LABORATORY:
            self._offer(record)
        elif act == "endorse":
            is_approved = text(record.groups, "state", "meaning") == "approve"
            self._answer(record, of, is_approved=is_approved)
        elif act == END:
            self._end(of)
        elif act == COMMIT and (lane := _lane_of_act(record)):
            self._commits[record.record_id] = lane
            self._committed.add(lane)

    # ---- reading ----

    def _read_report(self, record: Filed) -> SampledRecord | None:
        if LOT in record.erased:
            return _unknown_part(record)
        lane = _lane_of_lot(record)
        if lane is None:
            return None
        if record.party == lane.customer:
            is_read = text(record.groups, "manifest", "subject") == lane.supplier
            return SampledRecord(lane, _kept(record)) if is_read else None
        basis = self._laboratory(lane.customer, record.party)
        is_laboratory = bool(basis) or self._takes_laboratories
        if record.party == lane.supplier or not is_laboratory:
            return None
        if not _is_given_to_both(record, lane):
            return None
        return SampledRecord(lane, _kept(record), basis)

    def _read_shipment(self, record: Filed) -> SampledRecord | None:
        lane = _lane_of(part(record.groups, "state", "part"))
        if lane is None or record.party != lane.supplier:
            return None
        # A correction may take a shipment away from a part that has a commit to one without.
        corrects = text(record.groups, "manifest", "corrects")
        if lane not in self._committed and corrects is None:
            return None
        is_read = text(record.groups, "manifest", "subject") == lane.customer
        return SampledRecord(lane, _kept(record)) if is_read else None

    def _read_act(self, record: Filed) -> SampledRecord | None:
        act = text(record.groups, "state", "act")
        lane: Lane | None = None
        if act in (SEVERITY, COMMIT):
            lane = _lane_of_act(record)
        elif act in (REVEAL, END):
            lane = self._commits.get(text(record.groups, "state", "of") or "")
        if lane is None or record.party != lane.customer:
            return None
        return SampledRecord(lane, _kept(record))

    def _laboratory(self, customer: str, provider: str) -> tuple[str, ...]:
        """The records by which the party is the customer's laboratory now; none where it is not."""
        found = self._laboratories.get((customer, provider))
        first = next(iter(found.values()), None) if found else None
        return (first.record_id, first.endorsed_by) if first else ()

    # ---- acts ----

    def _offer(self, record: Filed) -> None:
        customer = text(record.groups, "state", "customer")
        provider = text(record.groups, "state", "provider")
        if customer and provider and record.party in (customer, provider):
            self._relations[record.record_id] = _Relation(
                record.record_id, customer, provider, record.party
            )

    def _answer(self, record: Filed, of: str, *, is_approved: bool) -> None:
        offer = self._relations.get(of)
        if offer is None or offer.endorsed_by or record.party == offer.offered_by:
            return
        if record.party not in (offer.customer, offer.provider):
            return
        if not is_approved:
            del self._relations[of]
            return
        agreed = replace(offer, endorsed_by=record.record_id)
        self._relations[of] = agreed
        self._laboratories.setdefault((offer.customer, offer.provider), {})[of] = agreed

    def _end(self, of: str) -> None:
        ended = self._relations.pop(of, None)
        if ended is not None:
            self._laboratories.get((ended.customer, ended.provider), {}).pop(of, None)


def erase_sampled(record: SampledRecord, groups: Collection[str]) -> SampledRecord | None:
    """The record without what was erased of it; None where nothing is left to tell.

    The same as if it had been read without these groups from the beginning.
    """
    filed = record.filed
    erased = filed.erased | frozenset(groups)
    left = {name: value for name, value in filed.groups.items() if name not in erased}
    filed = replace(filed, groups=left, erased=erased)
    if filed.vct == INSPECTION_VCT and LOT in erased:
        return _unknown_part(filed)
    return replace(record, filed=filed)


def corrects_of(record: SampledRecord) -> str | None:
    """The id of the record that it corrects; None where it corrects none."""
    return text(record.filed.groups, "manifest", "corrects")


def _unknown_part(record: Filed) -> SampledRecord | None:
    """A report of which not even the part is known: only its signer and its subject."""
    subject = text(record.groups, "manifest", "subject")
    if subject is None or subject == record.party:
        return None
    manifest = {"manifest": part(record.groups, "manifest")}
    filed = replace(_kept(record), groups=_members(manifest, {"manifest": _MANIFEST}))
    return SampledRecord(Lane(record.party, subject, UNKNOWN_PART), filed)


def _lane_of_lot(record: Filed) -> Lane | None:
    groups = record.groups
    customer, number = text(groups, LOT, "customer"), text(groups, LOT, "part")
    supplier = text(groups, LOT, "supplier") or text(groups, LOT, "inspected", "party")
    if customer is None or supplier is None or number is None:
        return None
    return Lane(customer, supplier, number)


def _lane_of_act(record: Filed) -> Lane | None:
    return _lane_of(part(record.groups, "state", "part"))


def _lane_of(said: object) -> Lane | None:
    customer, supplier = text(said, "customer"), text(said, "supplier")
    number = text(said, "number")
    if customer is None or supplier is None or number is None:
        return None
    return Lane(customer, supplier, number)


def _is_given_to_both(record: Filed, lane: Lane) -> bool:
    """Whether both sides read all that is looked at of a laboratory's report.

    One of them is its subject and reads it in full. Who is only addressed reads what stands at
    the tier of partners, or below.
    """
    subject = text(record.groups, "manifest", "subject")
    if subject not in (lane.customer, lane.supplier):
        return False
    other = lane.customer if subject == lane.supplier else lane.supplier
    tiers = part(record.groups, "manifest", "groups")
    looked_at = _KEPT[INSPECTION_VCT].keys() - {"manifest"}
    is_open = all((text(tiers, name) or "partner") in _ADDRESSED for name in looked_at)
    return is_open and other in items(record.groups, "address", "to")


def _kept(record: Filed) -> Filed:
    """The record with the groups that are looked at, and no others."""
    groups = _members(record.groups, _KEPT[record.vct])
    # In which month it was admitted is nothing that sampling asks for.
    return replace(record, groups=groups, month=LAST_MONTH)


def _members(groups: Groups, kept: Mapping[str, Collection[str] | None]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, members in kept.items():
        value = groups.get(name)
        if isinstance(value, dict):
            found[name] = _cut(name, value, members)
    return found


def _cut(name: str, value: dict[str, Any], members: Collection[str] | None) -> dict[str, Any]:
    cut = {key: item for key, item in value.items() if members is None or key in members}
    if name == DEFECTS:
        cut["items"] = [
            {key: item[key] for key in _DEFECT if key in item}
            for item in items(value, "items")
            if isinstance(item, dict)
        ]
    return cut
