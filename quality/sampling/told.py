"""An answer about sampling as JSON: states, lots, switches, and the records they rest on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quality.deliveries.agreed import Lane
from quality.in_force.parts import PartKey
from quality.sampling.answers import (
    BEGINNING,
    PartSampling,
    SampledLot,
    sampling_of,
    unknown_reports,
)
from quality.sampling.draws import draws_of
from quality.sampling.history import SampledRecord, corrects_of
from quality.sampling.reason import Reason
from quality.sampling.switching import At, SamplingHistory, SamplingKey, Switch
from quality.values import text

#: The lists of an answer.
ROWS: Final = ("states", "switches", "lots", "draws")


@dataclass(frozen=True, slots=True)
class SamplingQuestion:
    """Which parts, sites and classes of defects: None asks for all of them.

    ``as_of_ms`` is the moment at which draws that were not revealed are looked at.
    """

    customer: str | None = None
    supplier: str | None = None
    part: str | None = None
    site: str | None = None
    defect_class: str | None = None
    as_of_ms: int = 0

    def takes_part(self, part: PartKey) -> bool:
        """Whether the part is asked about."""
        asked = (self.customer, self.supplier, self.part)
        return all(name in (None, own) for name, own in zip(asked, part, strict=True))

    def takes_site(self, site: str | None) -> bool:
        """Whether the inspected site is."""
        return self.site in (None, site)

    def takes(self, key: SamplingKey) -> bool:
        """Whether the class of defects at the site is."""
        return self.takes_site(key.site) and self.defect_class in (None, key.defect_class)


@dataclass(frozen=True, slots=True)
class ToldSampling:
    """Rows by name, as JSON, and the ids of the records that they rest on.

    ``erased`` are those of which something was erased that counted. ``withdrawn`` are reports that
    a record between other parties corrects: that record is not for the ones who ask.
    """

    rows: dict[str, list[dict[str, Any]]]
    inputs: tuple[str, ...]
    erased: tuple[str, ...]
    withdrawn: tuple[str, ...]


def tell_sampling(
    records: Sequence[SampledRecord],
    questions: Sequence[SamplingQuestion],
    *,
    withdrawn: Collection[str] = (),
    reader: str | None = None,
) -> ToldSampling:
    """The answer to these questions.

    Args:
        records: all that concern the parts asked about, in the order of their entries.
        questions: their answers stand one behind the other.
        withdrawn: reports that are corrected by one that is not among the records.
        reader: who asks; to a supplier the relation with a laboratory is not named.
    """
    parts = sampling_of(records, withdrawn=withdrawn)
    asked = [
        (part, question)
        for question in questions
        for part in parts
        if question.takes_part(part.part)
    ]
    rows = {
        "states": [row for part, question in asked for row in _states(part, question)],
        "switches": [row for part, question in asked for row in _switches(part, question)],
        "lots": [row for part, question in asked for row in _lots(part, question)],
        "draws": [row for part, question in asked for row in _draws(part, question)],
    }
    told = [part for part, _ in asked]
    unknown = unknown_reports(records) if questions else ()
    erased = {lot.record.record_id for part in told for lot in part.lots if lot.is_erased}
    return ToldSampling(
        rows,
        inputs=tuple(sorted({*_inputs(told, records, reader=reader), *unknown})),
        erased=tuple(sorted({*erased, *unknown})),
        withdrawn=tuple(sorted({*_withdrawn(told, records), *withdrawn})),
    )


def _inputs(
    parts: Iterable[PartSampling], records: Iterable[SampledRecord], *, reader: str | None
) -> Iterator[str]:
    lanes = _lanes(parts)
    for record in records:
        # A correction that names another part takes a report away from the one asked about.
        corrected = lanes.get(corrects_of(record) or "")
        if record.filed.record_id in lanes or _is_of_pair(record, corrected):
            yield record.filed.record_id
            if reader in (None, record.lane.customer):
                yield from record.basis


def _withdrawn(parts: Iterable[PartSampling], records: Iterable[SampledRecord]) -> Iterator[str]:
    lanes = _lanes(parts)
    for record in records:
        corrects = corrects_of(record) or ""
        if corrects in lanes and not _is_of_pair(record, lanes[corrects]):
            yield corrects


def _lanes(parts: Iterable[PartSampling]) -> dict[str, Lane]:
    return {record.filed.record_id: record.lane for part in parts for record in part.records}


def _is_of_pair(record: SampledRecord, lane: Lane | None) -> bool:
    return lane is not None and record.lane[:2] == lane[:2]


# ---- rows ----


def _states(part: PartSampling, question: SamplingQuestion) -> Iterator[dict[str, Any]]:
    for key, history in part.histories.items():
        if question.takes(key):
            yield {**_key_members(key), **_state_members(history)}


def _state_members(history: SamplingHistory) -> dict[str, Any]:
    state = history.state
    last = history.switches[-1] if history.switches else None
    return {
        "severity": state.severity.value,
        "since": _at_members(last.at) if last else None,
        **_reason_members(last.reason if last else BEGINNING),
        "lots": len(state.counted),
        "recent": list(state.recent),
        "accepted_in_a_row": state.accepted_in_a_row,
        "not_accepted": state.not_accepted,
        "score": state.score,
        "authorised": state.is_authorised,
        "steady": state.is_steady,
    }


def _switches(part: PartSampling, question: SamplingQuestion) -> Iterator[dict[str, Any]]:
    for key, history in part.histories.items():
        if question.takes(key):
            yield from (_switch_members(key, switch) for switch in history.switches)


def _switch_members(key: SamplingKey, switch: Switch) -> dict[str, Any]:
    return {
        **_key_members(key),
        "from": switch.before.value,
        "to": switch.after.value,
        **_at_members(switch.at),
        **_reason_members(switch.reason),
    }


def _lots(part: PartSampling, question: SamplingQuestion) -> Iterator[dict[str, Any]]:
    for lot in part.lots:
        classes = [row for row in _class_rows(lot) if question.defect_class in (None, row["class"])]
        is_meant = question.takes_site(lot.observed.site)
        if is_meant and (classes or question.defect_class is None):
            yield {**_part_members(part.part), **_lot_members(lot), "classes": classes}


def _lot_members(lot: SampledLot) -> dict[str, Any]:
    groups, reason = lot.record.groups, lot.observed.reason
    return {
        "site": lot.observed.site,
        "lot": text(groups, "lot", "number"),
        "quantity": text(groups, "lot", "quantity"),
        "unit": text(groups, "lot", "unit"),
        "record": lot.record.record_id,
        "entry": lot.at.index,
        "by": lot.record.party,
        "decision": text(groups, "verdict", "decision"),
        "counts": reason is None,
        **(_reason_members(reason) if reason else {"code": None, "en": None, "zh": None}),
    }


def _class_rows(lot: SampledLot) -> Iterator[dict[str, Any]]:
    for name, found in lot.classes.items():
        verdict = found.verdict
        yield {
            "class": name,
            "severity": verdict.severity.value,
            "stated": found.stated.value if found.stated else None,
            "accepted": verdict.is_accepted,
            "counted": verdict.is_counted,
            **_reason_members(verdict.reason),
        }


def _draws(part: PartSampling, question: SamplingQuestion) -> Iterator[dict[str, Any]]:
    for found in draws_of(part, as_of_ms=question.as_of_ms):
        if question.takes(found.key):
            yield {
                **_key_members(found.key),
                "number": found.shipment.number,
                "shipment": found.shipment.record_id,
                "entry": found.shipment.index,
                "commit": found.commit,
                "position": found.draw.position,
                "outcome": found.draw.outcome.value,
                "reveal": found.draw.reveal,
                **_reason_members(found.draw.reason),
            }


def _key_members(key: SamplingKey) -> dict[str, Any]:
    return {**_part_members(key.part), "site": key.site, "class": key.defect_class}


def _part_members(part: PartKey) -> dict[str, Any]:
    return {"customer": part.customer, "supplier": part.supplier, "part": part.number}


def _at_members(at: At) -> dict[str, Any]:
    return {"record": at.record_id, "entry": at.index}


def _reason_members(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "en": reason.en, "zh": reason.zh}
