"""QIF 3 as a stream of events, and what a document may not be."""

from __future__ import annotations

import pytest

from quality.errors import MeasurementFileRefused
from quality.readers.model import Characteristic, Event, Fault, Note, Part, Reading, Summary
from quality.readers.qif import FAULTS_MAX, read_qif
from quality.readers.qif_records import DEPTH_MAX, RECORD_ELEMENTS_MAX, TAG_BYTES_MAX
from tests.quality.readers.qif_document import DOCUMENT
from tests.quality.readers.told import faults, last, of

pytestmark = pytest.mark.item("6.5.qif")

START = "2024-05-17T08:00:00+02:00"


def qif(text: str | bytes = DOCUMENT, *, piece: int = 0) -> list[Event]:
    """The events of a document, read whole or in pieces of a size."""
    data = text.encode() if isinstance(text, str) else text
    size = piece or len(data) or 1
    return list(read_qif(data[at : at + size] for at in range(0, len(data), size)))


def changed(old: str, new: str) -> list[Event]:
    """The events of the document with one thing changed, once."""
    assert DOCUMENT.count(old) >= 1, old
    return qif(DOCUMENT.replace(old, new, 1))


def line_of(text: str) -> int:
    """The line that a text begins in."""
    return DOCUMENT[: DOCUMENT.index(text)].count("\n") + 1


def test_the_part_and_what_it_was_ordered_by() -> None:
    assert of(Part, qif()) == [
        Part("1", "SH-100", "轴", "C", order="PO 7", supplier="RT-01"),
    ]


def test_an_item_has_the_limits_and_unit_of_its_definition() -> None:
    assert of(Characteristic, qif()) == [
        Characteristic(
            *("31", "1", "10", "直径", "mm", "25.00", "24.98", "25.05"),
            criticality="KEY",
            gauge="M-17",
            gauge_resolution="0.001",
        ),
        # One-sided: no limit below, which is not 0.
        Characteristic("32", "1", "Chamfer", "Chamfer", "degree", upper="45.5"),
        # No flatness is below 0, and that is no limit.
        Characteristic("33", "1", "Face", "Face", "mm", upper="0.1", lower_natural="0"),
        Characteristic("34", "1", "Scratch", "Scratch", is_attributive=True),
        Characteristic("35", "1", "Length", "Length", "mm"),
    ]


def test_a_reading_has_what_its_results_and_its_process_say() -> None:
    first = Reading("", 0, at=START, operator="Huber", piece="S-1")
    lines = [line_of(f'id="{number}"') for number in (51, 52, 53, 54)]
    assert of(Reading, qif()) == [
        first._replace(
            characteristic="31", line=lines[0], value="25.012", machine="L-3", status="pass"
        ),
        first._replace(
            characteristic="32", line=lines[1], value="46.1", status="fail", remark="N-4"
        ),
        first._replace(
            characteristic="34",
            line=lines[2],
            sample=1,
            defective=1,
            status="fail",
            remark="one scratch",
        ),
        Reading("31", lines[3], "24.998", piece="S-2", status="pass"),
    ]


def test_a_measurement_without_value_is_told() -> None:
    (fault,) = of(Fault, qif())
    assert fault.is_dropped
    place = f"line {line_of('<FlatnessCharacteristicMeasurement')}"
    assert str(fault).startswith(f"{place}, FlatnessCharacteristicMeasurement: expected a value")


def test_statistics_are_shown_as_the_document_states_them() -> None:
    assert of(Summary, qif()) == [Summary("31", (("TotalNumber", "2"), ("Cpk", "1.41")))]
    assert Note("CapabilityStudyResults", "PASS; NumberOfSamples 2") in qif()
    assert Note("version", "3.0.0") in qif()


@pytest.mark.item("6.5.cells")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<Value>25.012", "<Value>about 25", "Value: expected a number, found 'about 25'"),
        (
            "<Value>25.012",
            '<Value linearUnit="inch">0.98',
            "Value: expected a value in mm, found one in inch",
        ),
        (
            "<CharacteristicItemId>32",
            "<CharacteristicItemId>99",
            "CharacteristicItemId: expected an item of this document, found '99'",
        ),
        (
            "<TargetValue>25.00</TargetValue>",
            "",
            "Tolerance: expected a target value that the limits are relative to, found none",
        ),
        (
            "<InspectionStart>2024-05-17T",
            "<InspectionStart>17/05/2024 ",
            "InspectionStart: expected a date and time, found '17/05/2024 08:00:00+02:00'",
        ),
    ],
)
def test_a_fault_names_line_and_element(old: str, new: str, told: str) -> None:
    first, *others = faults(changed(old, new))
    lines = {line_of(old), line_of('id="52"'), line_of("<Tolerance>")}
    assert first in {f"line {line}, {told}" for line in lines}
    assert len(others) == 1


def test_an_attribute_that_neither_passed_nor_failed_is_told() -> None:
    status = "FAIL</CharacteristicStatusEnum></Status>\n      <CharacteristicItemId>34"
    events = changed(status, status.replace("FAIL", "UNDEFINED"))
    assert "expected PASS or FAIL, found 'undefined'" in faults(events)[0]


def test_a_primary_unit_may_be_named_at_a_value() -> None:
    events = changed("<Value>25.012", '<Value linearUnit="mm">25.012')
    assert events == qif()


def test_an_item_may_be_in_another_unit_throughout() -> None:
    names = ("TargetValue>25", "MaxValue>0.05", "MinValue>-0.02", "Value>25.012", "Value>2.4998")
    text = DOCUMENT
    for name in names:
        text = text.replace("<" + name, "<" + name.replace(">", ' linearUnit="inch">'))
    events = qif(text)
    assert last(events)["31"].unit == "inch"
    assert of(Reading, events) == of(Reading, qif())
    # One value of it in the primary unit is none of its values.
    mixed = qif(text.replace('<Value linearUnit="inch">25.012', "<Value>25.012"))
    assert faults(mixed)[0].endswith("Value: expected a value in inch, found one in mm")
    assert len(of(Reading, mixed)) == len(of(Reading, events)) - 1


def test_limits_that_exclude_their_target_are_taken_as_they_stand() -> None:
    limits = "<MaxValue>0.05</MaxValue><MinValue>-0.02</MinValue>"
    events = changed(limits, "<MaxValue>25.05</MaxValue><MinValue>24.98</MinValue>")
    assert (last(events)["31"].lower, last(events)["31"].upper) == ("24.98", "25.05")
    assert [note.text for note in of(Note, events) if note.name == "tolerance"] == [
        f"line {line_of('<Tolerance>')}, Tolerance: taken as absolute limits, for relative ones "
        "would exclude 25.00"
    ]


def test_an_interference_fit_is_relative_though_it_excludes_its_target() -> None:
    limits = "<MaxValue>0.05</MaxValue><MinValue>-0.02</MinValue>"
    events = changed(limits, "<MaxValue>0.042</MaxValue><MinValue>0.026</MinValue>")
    assert (last(events)["31"].lower, last(events)["31"].upper) == ("25.026", "25.042")


def test_a_designator_that_several_items_share_is_no_number() -> None:
    events = changed(
        "<Name>Chamfer</Name>",
        "<Name>Chamfer</Name><KeyCharacteristic><Designator>10</Designator></KeyCharacteristic>",
    )
    assert [one.number for one in of(Characteristic, events)][:2] == ["直径", "Chamfer"]


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_pieces_of_any_size_are_the_same_document(piece: int) -> None:
    assert qif(piece=piece) == qif()


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param("GBK", marks=pytest.mark.item("6.bad.gbk")),
        "GB18030",
        "UTF-16",
    ],
)
def test_a_document_in_another_encoding_says_the_same(encoding: str) -> None:
    text = DOCUMENT.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    assert qif(text.encode(encoding)) == qif()


@pytest.mark.item("6.bad.iso-8859-1")
def test_a_german_document_in_iso_8859_1_is_read() -> None:
    text = DOCUMENT.replace("UTF-8", "ISO-8859-1").replace("直径", "Größe").replace("轴", "Welle")
    assert last(qif(text.encode("iso-8859-1")))["31"].name == "Größe"


def test_the_namespace_of_version_2_is_read_as_well() -> None:
    assert last(changed("qif3", "qif2")) == last(qif())


DOCTYPE = '<!DOCTYPE QIFDocument [<!ENTITY a "aaaa">]>'
EXTERNAL = '<!DOCTYPE QIFDocument SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected well-formed XML"),
        ("K0100 1\n", "expected well-formed XML"),
        ("<a/>", "expected QIFDocument of"),
        ('<QIFDocument xmlns="http://qifstandards.org/xsd/qif1"/>', "expected QIFDocument of"),
        (DOCUMENT[:-20], "expected well-formed XML"),
        (DOCUMENT.replace("?>\n<Q", f"?>{DOCTYPE}\n<Q"), "expected no document type"),
        (DOCUMENT.replace("?>\n<Q", f"?>{EXTERNAL}\n<Q"), "expected no document type"),
        (DOCUMENT.replace("轴", "&a;"), "expected well-formed XML"),
        (DOCUMENT.replace("UTF-8", "klingon"), "expected well-formed XML"),
        (DOCUMENT.replace("<Features>", "<x>" * DEPTH_MAX), f"at most {DEPTH_MAX} elements in"),
        (
            DOCUMENT.replace("<Name>Face", "<x/>" * RECORD_ELEMENTS_MAX + "<Name>Face"),
            f"at most {RECORD_ELEMENTS_MAX} elements in FlatnessCharacteristicItem",
        ),
        (DOCUMENT.replace("<Features>", "<x " + "a" * TAG_BYTES_MAX * 2), "the end of a tag"),
        (
            DOCUMENT.replace(
                "</CharacteristicMeasurements>",
                "<LengthCharacteristicMeasurement/>" * (FAULTS_MAX + 1)
                + "</CharacteristicMeasurements>",
            ),
            f"expected at most {FAULTS_MAX} faults",
        ),
    ],
)
def test_what_is_no_such_document_is_refused(text: str, told: str) -> None:
    with pytest.raises(MeasurementFileRefused) as refused:
        qif(text)
    assert told in str(refused.value)
