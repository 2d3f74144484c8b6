"""Targets of measurement files: DFQ, QIF, numbers, dates and encodings."""

from __future__ import annotations

from typing import Final

from quality.errors import MeasurementFileRefused
from quality.readers.dfq import read_dfq
from quality.readers.instants import iso_moment
from quality.readers.lines import guess_encoding
from quality.readers.model import Characteristic, Fault, Group, Part, Reading
from quality.readers.numbers import DECIMAL_CHARS_MAX, plain_decimal
from quality.readers.qif import read_qif
from quality.values import exact
from tests.fuzz.target import RUNS, Target, raw_text_of
from tests.quality.readers.qif_document import DOCUMENT

_HEAD: Final = b"K0100 2\nK1001/1 A\nK2001/1 1\nK2101/1 5,0\nK2112/1 -1\nK2001/2 2\n"


def _read_dfq(data: bytes) -> None:
    # Whole and in pieces, as the first byte says: the same events.
    whole = list(read_dfq([data]))
    size = 1 + data[0] % 16
    assert list(read_dfq(data[at : at + size] for at in range(0, len(data), size))) == whole
    parts, keys = set(), set()
    for event in whole:
        if isinstance(event, Part):
            parts.add(event.key)
        elif isinstance(event, Group):
            assert event.part in parts
        elif isinstance(event, Characteristic):
            assert event.part in parts
            keys.add(event.key)
        elif isinstance(event, Reading):
            assert event.characteristic in keys
            assert (event.value is None) != (event.defective is None)
            assert event.value is None or exact(event.value) is not None
        elif isinstance(event, Fault):
            assert event.place.startswith("line ")


def _read_qif(data: bytes) -> None:
    whole = list(read_qif([data]))
    assert list(read_qif(data[at : at + 100] for at in range(0, len(data), 100))) == whole
    keys = {event.key for event in whole if isinstance(event, Characteristic)}
    for event in whole:
        if isinstance(event, Reading):
            assert event.characteristic in keys
            assert event.value is None or exact(event.value) is not None


def _small_qif(what: str) -> bytes:
    # One item of the whole document, so that edits reach what matters.
    return f"""<QIFDocument xmlns="http://qifstandards.org/xsd/qif3" versionQIF="3.0.0">
<Characteristics>
<CharacteristicDefinitions><{what}CharacteristicDefinition id="1"><Tolerance><MaxValue>1</MaxValue>
<MinValue>-1</MinValue></Tolerance></{what}CharacteristicDefinition></CharacteristicDefinitions>
<CharacteristicNominals><{what}CharacteristicNominal id="2"><CharacteristicDefinitionId>1
</CharacteristicDefinitionId><TargetValue>5</TargetValue></{what}CharacteristicNominal>
</CharacteristicNominals><CharacteristicItems><{what}CharacteristicItem id="3"><Name>B</Name>
<CharacteristicNominalId>2</CharacteristicNominalId></{what}CharacteristicItem>
</CharacteristicItems></Characteristics><Results><MeasurementResults id="4">
<CharacteristicMeasurements><{what}CharacteristicMeasurement><Status>PASS</Status>
<CharacteristicItemId>3</CharacteristicItemId><Value>5.5</Value></{what}CharacteristicMeasurement>
</CharacteristicMeasurements></MeasurementResults></Results></QIFDocument>""".encode()


def _plain(data: bytes) -> None:
    text = raw_text_of(data)
    number = plain_decimal(text)
    assert number is None or (len(number) <= DECIMAL_CHARS_MAX and plain_decimal(number) == number)
    moment = iso_moment(text)
    assert moment is None or iso_moment(moment) == moment
    assert guess_encoding(data) in (None, "utf-8", "gb18030", "cp1252")


TARGETS: Final = (
    Target(
        "dfq",
        _read_dfq,
        (MeasurementFileRefused,),
        (read_dfq,),
        lambda: [
            _HEAD + b"K0001/1 1.6\nK0004/1 01.01.2013/15:18:31\nK0001/1/2 1,7\n",
            _HEAD + b"1.5\x140\x1401.01.2013\x0f2E+0\x14255\nK0053/0 A\n",
            _HEAD + b"K2004/1 1\n2000\x141\x14\x140\nK0020/2 155000\nK0021/2 8\n",
            _HEAD + b"K5002/1 g\nK5111/1 1\nK5113/2 1\nK5112/3 1\nK5103/1 2\nK5102/2 1\n" + _HEAD,
        ],
        words=("K0001/1 ", "K0002/1 256\n", "K2110/0 ", "\x14", "\x0f", "K0100 1\n", "K5102/2 1\n"),
    ),
    Target(
        "qif",
        _read_qif,
        (MeasurementFileRefused,),
        (read_qif,),
        lambda: [
            DOCUMENT.encode(),
            *(_small_qif(what) for what in ("Diameter", "PointProfile", "UserDefinedAttribute")),
        ],
        bytes_max=8192,
        words=("<Id>3</Id>", "<ToleranceValue>", "<!DOCTYPE", "&#65;", "<Value>", "qif2", 'id="3"'),
        runs=RUNS // 10,
    ),
    Target(
        "plain-number",
        _plain,
        (),
        (guess_encoding,),
        lambda: [b"9,94", b"-2.5E+0003", b"31.12.1999/23:59:59", b"2024-02-29T10:00:00+0800"],
        bytes_max=64,
        words=("e-", "E+", "/", "T", "+08:00", ",", "0000"),
    ),
)
