"""A QIF document as its records: small trees of the elements that say what was measured.

Expat reads the document in pieces. Most of it (geometry, plans, measured points) is passed over
without being kept; of the rest each record is bounded in elements, text and depth. A document
type is refused, and with it every entity and every reference to another file.

What a name may mean depends on where it stands: ``InspectionTraceability`` is kept of the
document, of a set of results and of a study.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from xml.parsers import expat

from quality.errors import MeasurementFileRefused

NAMESPACES: Final = ("http://qifstandards.org/xsd/qif2", "http://qifstandards.org/xsd/qif3")
FILE_BYTES_MAX: Final = 1 << 28
TAG_BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 64
RECORD_ELEMENTS_MAX: Final = 20_000
TEXT_CHARS_MAX: Final = 4_096
_PIECE: Final = 1 << 16
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9_.-]+)["']""")
#: Chinese encodings, which expat does not know.
_CHINESE: Final = frozenset(("gbk", "gb2312", "gb18030", "gb_2312-80"))

#: Every element directly in one of these is a record.
_HOLDERS: Final = frozenset(
    (
        *("PartSet", "MeasurementDevices", "ActualComponentSet", "PrimaryUnits"),
        *("CharacteristicDefinitions", "CharacteristicNominals", "CharacteristicItems"),
        *("CharacteristicActuals", "CharacteristicMeasurements"),
        *("StatisticalStudiesResults", "ManufacturingProcessTraceabilities"),
    )
)
#: These are records in one of the places after them.
_RECORDS: Final = {
    "PreInspectionTraceability": ("QIFDocument",),
    "InspectionTraceability": ("Results", "MeasurementsResults", "MeasurementResults"),
    "ActualComponentIds": ("MeasurementResults",),
    "InspectionStatus": ("MeasurementResults",),
}
#: Lists of references, of which the first is enough.
_LONG: Final = frozenset(("Ids", "ActualIds", "MeasurementIds", "MeasurementResultsIds"))


class Element:
    """An element of a record, with what stands in it."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.text = ""
        self.children: list[Element] = []

    def find(self, *path: str) -> Element | None:
        """The first element under the names ``path``."""
        found: Element | None = self
        for name in path:
            children = found.children if found else ()
            found = next((child for child in children if child.name == name), None)
        return found

    def said(self, *path: str) -> str | None:
        """The text of the first element under ``path``, None where there is none."""
        found = self.find(*path)
        return (" ".join(found.text.split()) or None) if found else None

    def within(self, name: str) -> Element | None:
        """The first element of a name at any depth."""
        for child in self.children:
            found = child if child.name == name else child.within(name)
            if found:
                return found
        return None

    def leaf(self, name: str) -> str | None:
        """The first text in the first element of a name at any depth."""
        found = self.within(name)
        while found and not found.text.strip() and found.children:
            found = found.children[0]
        return found.said() if found else None


class Record(NamedTuple):
    """A record, the element that holds it, and the number of the results that it is in."""

    holder: str
    element: Element
    results: int


def qif_records(chunks: Iterable[bytes]) -> Iterator[Record]:
    """The records of a document, and last of all its root, with the version.

    Raises:
        MeasurementFileRefused: no QIF 2 or 3, malformed, with a document type, beyond a bound.
    """
    records = _Records()
    for piece in _pieces(chunks, records):
        records.parse(piece)
        yield from records.taken()
    records.parse(b"", is_last=True)
    yield from records.taken()
    if records.root is None:
        raise MeasurementFileRefused("expected a QIF document, found nothing")
    yield Record("", records.root, 0)


def _pieces(chunks: Iterable[bytes], records: _Records) -> Iterator[bytes]:
    decoder, count = None, 0
    for chunk in chunks:
        count += len(chunk)
        if count > FILE_BYTES_MAX:
            raise MeasurementFileRefused(
                f"expected a document of at most {FILE_BYTES_MAX} bytes, found more"
            )
        if count == len(chunk):
            declared = _DECLARED.match(chunk[:200])
            if declared and declared[1].decode("ascii").lower() in _CHINESE:
                decoder = codecs.getincrementaldecoder("gb18030")("replace")
                records.is_utf_8()
        for start in range(0, len(chunk), _PIECE):
            piece = chunk[start : start + _PIECE]
            yield decoder.decode(piece).encode() if decoder else piece


class _Records:
    """What expat has reported so far, and the record that is being built."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._path: list[str] = []
        self._building: list[Element] = []
        self._fed = 0
        self._elements = 0
        self._results = 0
        self._taken: list[Record] = []
        self._parser = self._a_parser(None)

    def is_utf_8(self) -> None:
        """The bytes that come are UTF-8, whatever the document declares."""
        self._parser = self._a_parser("utf-8")

    def _a_parser(self, encoding: str | None) -> expat.XMLParserType:
        parser = expat.ParserCreate(encoding, namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        return parser

    def parse(self, piece: bytes, *, is_last: bool = False) -> None:
        """Take a piece of the document."""
        try:
            self._parser.Parse(piece, is_last)
            self._fed += len(piece)
            # A tag is kept whole until it ends, and may be read again with every piece.
            if self._fed - max(self._parser.CurrentByteIndex, 0) > TAG_BYTES_MAX:
                raise MeasurementFileRefused("expected the end of a tag, found none")
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise MeasurementFileRefused(f"expected well-formed XML, found {error}") from error

    def taken(self) -> Iterator[Record]:
        """The records that are complete."""
        yield from self._taken
        self._taken.clear()

    def _doctype(self, *_: object) -> None:
        raise MeasurementFileRefused(
            f"line {self._parser.CurrentLineNumber}: expected no document type (QIF has none, and "
            "entities are not read), found one"
        )

    def _start(self, full: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full.rpartition(" ")
        name = name if namespace in NAMESPACES else full
        element = Element(name, attributes, self._parser.CurrentLineNumber)
        if self.root is None:
            self._begin(element)
        holder = self._path[-1] if self._path else ""
        self._path.append(name)
        if len(self._path) > DEPTH_MAX:
            raise MeasurementFileRefused(
                f"line {element.line}: expected at most {DEPTH_MAX} elements in each other"
            )
        if name == "MeasurementResults":
            self._results += 1
        if self._building:
            self._grow(element)
        elif holder in _HOLDERS or holder in _RECORDS.get(name, ()):
            self._building, self._elements = [element], 1

    def _begin(self, root: Element) -> None:
        if root.name != "QIFDocument":
            raise MeasurementFileRefused(
                f"line {root.line}: expected QIFDocument of {' or '.join(NAMESPACES)}, found "
                f"{root.name[:100]!r}"
            )
        self.root = root

    def _grow(self, element: Element) -> None:
        above = self._building[-1]
        self._elements += 1
        if self._elements > RECORD_ELEMENTS_MAX:
            raise MeasurementFileRefused(
                f"line {element.line}: expected at most {RECORD_ELEMENTS_MAX} elements in "
                f"{self._building[0].name}, found more"
            )
        if above.children and above.name in _LONG:
            self._elements -= 1
        else:
            above.children.append(element)
        self._building.append(element)

    def _end(self, _: str) -> None:
        self._path.pop()
        if not self._building:
            return
        element = self._building.pop()
        if not self._building:
            holder = self._path[-1] if self._path else ""
            within = self._results if "MeasurementResults" in self._path else 0
            self._taken.append(Record(holder, element, within))

    def _characters(self, text: str) -> None:
        if self._building:
            element = self._building[-1]
            element.text += text[: TEXT_CHARS_MAX - len(element.text)]
