"""QIF 2.0, 2.1 and 3.0 (ISO 23952): results, with the items, parts and studies they belong to.

Results come before the serial numbers they refer to, so the readings of a document are held until
its end; bounds on their number and on the document keep that small. Statistics in a document are
given as its own figures, never used. Not read: geometry, plans, measured points, and references
to other documents; not checked: the schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from quality.errors import MeasurementFileRefused
from quality.readers.instants import iso_moment
from quality.readers.model import Event, Fault, MeasuredFile, Note, Part, Reading, Summary
from quality.readers.qif_items import Catalogue, characteristics, is_attributive, quantity
from quality.readers.qif_records import Element, Record, qif_records

READINGS_MAX: Final = 250_000
DECLARED_MAX: Final = 100_000
FAULTS_MAX: Final = 1_000
#: What is told of the document as a whole, by the path in a traceability.
_TRACEABILITY: Final = {
    "inspecting-organization": ("InspectingOrganization", "Name"),
    "customer-organization": ("CustomerOrganization", "Name"),
    "supplier-code": ("SupplierCode",),
    "purchase-order": ("PurchaseOrderNumber",),
    "report-number": ("ReportNumber",),
    "inspection-scope": ("InspectionScope",),
    "inspection-mode": ("InspectionMode",),
    "inspection-start": ("InspectionStart",),
    "report-preparer": ("ReportPreparer", "Name"),
    "report-prepared-at": ("ReportPreparationDate",),
}
_VERDICTS: Final = {"PASS": "pass", "FAIL": "fail"}
_ACTUALS: Final = frozenset(("CharacteristicActuals", "CharacteristicMeasurements"))


def read_qif(chunks: Iterable[bytes]) -> MeasuredFile:
    """The parts, characteristics, readings, summaries, notes and faults of a document.

    Args:
        chunks: the document in pieces of any size.

    Raises:
        MeasurementFileRefused: no QIF 2 or 3, malformed XML, a document type, beyond a bound.
    """
    document = _Document()
    for record in qif_records(chunks):
        document.take(record)
    faults = 0
    for event in document.events():
        faults += isinstance(event, Fault) and not event.is_dropped
        if faults > FAULTS_MAX:
            raise MeasurementFileRefused(
                f"expected at most {FAULTS_MAX} faults in a document, found more"
            )
        yield event


class _Document:
    """The records of a document, sorted."""

    def __init__(self) -> None:
        self._catalogue = Catalogue()
        self._parts: dict[str, Element] = {}
        self._serials: dict[str, str] = {}
        self._processes: dict[str, Element] = {}
        self._actuals: list[tuple[Element, int]] = []
        self._results: dict[int, dict[str, Element]] = {}
        self._studies: list[Element] = []
        self._notes: dict[str, str] = {}
        self._items_of: dict[str, str] = {}
        self._moments: dict[int, str | None] = {}

    def take(self, record: Record) -> None:
        """Take a record."""
        holder, element, results = record
        if holder in _ACTUALS:
            self._actuals.append((element, results))
            _bounded(len(self._actuals), READINGS_MAX, element)
        elif holder == "PrimaryUnits":
            unit = element.said("UnitName") or element.said("SIUnitName")
            self._catalogue.units[element.name] = unit or ""
        elif holder == "MeasurementResults":
            self._results.setdefault(results, {})[element.name] = element
        elif holder == "":
            self._notes["version"] = element.attributes.get("versionQIF", "")
        elif element.name.endswith("InspectionTraceability"):
            self._trace(element)
        elif holder == "ActualComponentSet":
            self._serials[_id(element)] = element.said("SerialNumber") or ""
        elif holder == "StatisticalStudiesResults":
            self._studies.append(element)
        else:
            declared = self._declared(holder)
            declared[_id(element)] = element
            _bounded(len(declared), DECLARED_MAX, element)

    def _declared(self, holder: str) -> dict[str, Element]:
        catalogue = self._catalogue
        return {
            "PartSet": self._parts,
            "MeasurementDevices": catalogue.devices,
            "CharacteristicDefinitions": catalogue.definitions,
            "CharacteristicNominals": catalogue.nominals,
            "CharacteristicItems": catalogue.items,
            "ManufacturingProcessTraceabilities": self._processes,
        }[holder]

    def _trace(self, element: Element) -> None:
        for name, path in _TRACEABILITY.items():
            said = element.said(*path)
            if said:
                self._notes.setdefault(name, said)

    def events(self) -> Iterator[Event]:
        """The document as events: parts, characteristics, readings, what it says itself."""
        for study in self._studies:
            traced = study.find("InspectionTraceability")
            if traced:
                self._trace(traced)
        parts = [self._part(key, part) for key, part in self._parts.items()] or [Part("")]
        yield from parts
        yield from characteristics(self._catalogue, parts[0].key)
        for element, results in self._actuals:
            yield from self._reading(element, results)
        for study in self._studies:
            yield from self._study(study)
        yield from (Note(name, said) for name, said in self._notes.items() if said)

    def _part(self, key: str, part: Element) -> Part:
        name = part.said("Name") or part.attributes.get("label")
        drawing = part.within("DrawingNumber")
        return Part(
            key=key,
            number=part.said("ModelNumber") or name,
            name=name or part.said("Description"),
            revision=part.said("Version"),
            drawing=drawing.text.strip() if drawing else None,
            order=self._notes.get("purchase-order"),
            supplier=self._notes.get("supplier-code"),
            customer=self._notes.get("customer-organization"),
        )

    def _reading(self, actual: Element, results: int) -> Iterator[Event]:
        key = actual.said("CharacteristicItemId") or ""
        item = self._catalogue.items.get(key)
        if item is None:
            place = f"line {actual.line}, CharacteristicItemId"
            yield Fault(place, "an item of this document", repr(key))
            return
        problems: list[Event] = []
        reading = self._beside(actual, results, key=key, problems=problems)
        if is_attributive(item):
            yield from (*problems, *_judged(actual, reading))
            return
        value = actual.find("Value")
        number = quantity(value, self._catalogue.scale_of(key, item), problems)
        yield from problems
        if number is not None:
            yield reading._replace(value=number)
        elif value is None:
            place = f"line {actual.line}, {actual.name}"
            yield Fault(place, "a value", f"none ({reading.status})", is_dropped=True)

    def _beside(self, actual: Element, results: int, *, key: str, problems: list[Event]) -> Reading:
        """A reading without its value: what the results and the process say of it."""
        around = self._results.get(results, {})
        traced, components = around.get("InspectionTraceability"), around.get("ActualComponentIds")
        ids = [child.text.strip() for child in components.children] if components else []
        process = self._processes.get(actual.said("ManufacturingProcessId") or "")
        parameter = process.find("ProcessParameter") if process else None
        word, remark = actual.leaf("Status") or "", actual.said("NonConformanceDesignator")
        return Reading(
            key,
            actual.line,
            at=self._moment(results, traced, problems),
            operator=traced.said("InspectionOperator", "Name") if traced else None,
            piece=(self._serials.get(ids[0]) or None) if len(ids) == 1 else None,
            machine=process.said("MachineIdentifier") if process else None,
            process=_parameter(parameter) if parameter else None,
            status=_VERDICTS.get(word, word.lower()) or None,
            remark=None if remark == "NA" else remark,
        )

    def _moment(self, results: int, traced: Element | None, problems: list[Event]) -> str | None:
        """When these results were begun; what is wrong with it is told once."""
        if results not in self._moments:
            start = traced.find("InspectionStart") if traced else None
            self._moments[results] = iso_moment(start.text) if start else None
            if start and self._moments[results] is None:
                place = f"line {start.line}, InspectionStart"
                problems.append(Fault(place, "a date and time", repr(start.said())))
        return self._moments[results]

    def _study(self, study: Element) -> Iterator[Event]:
        told = [study.leaf("Status") or "", *(f"{name} {said}" for name, said in _figures(study))]
        yield Note(study.name, "; ".join(filter(None, told)))
        stats = study.find("CharacteristicsStats")
        for one in stats.children if stats else ():
            values = one.find("ValueStats") or one.find("AttributeStats")
            figures = tuple(_figures(values)) if values else ()
            if figures:
                yield Summary(self._characteristic_of(one), figures)

    def _characteristic_of(self, stats: Element) -> str:
        """The item of figures: named, or that of their first value, or the only one."""
        named = stats.leaf("CharacteristicItemId") or stats.leaf("CharacteristicItemIds")
        first = stats.leaf("ActualIds") or stats.leaf("MeasurementIds")
        if named is None and first:
            named = self._item_of_actual().get(first)
        items = self._catalogue.items
        return named or (next(iter(items)) if len(items) == 1 else "")

    def _item_of_actual(self) -> dict[str, str]:
        if not self._items_of:
            for one, _ in self._actuals:
                self._items_of.setdefault(_id(one), one.said("CharacteristicItemId") or "")
        return self._items_of


def _judged(actual: Element, reading: Reading) -> Iterator[Event]:
    """A characteristic that is judged: one piece, defective or not; its word is the remark."""
    if reading.status not in _VERDICTS.values():
        place = f"line {actual.line}, {actual.name}"
        yield Fault(place, "PASS or FAIL", repr(reading.status or ""))
        return
    defective = int(reading.status == "fail")
    remark = actual.said("Value") or reading.remark
    yield reading._replace(sample=1, defective=defective, remark=remark)


def _parameter(parameter: Element) -> str | None:
    said = (parameter.said("ParameterType"), parameter.said("ParameterValue"))
    return ": ".join(filter(None, said)) or None


def _figures(element: Element) -> Iterator[tuple[str, str]]:
    for child in element.children:
        if not child.children and child.text.strip() and not child.name.endswith(("Id", "QPId")):
            yield child.name, child.text.strip()


def _id(element: Element) -> str:
    return element.attributes.get("id", "")


def _bounded(count: int, most: int, element: Element) -> None:
    if count > most:
        raise MeasurementFileRefused(
            f"line {element.line}: expected at most {most} of {element.name}, found more"
        )
