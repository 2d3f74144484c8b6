"""The XML of a workbook's parts, as a stream of elements, within bounds.

No document type is accepted, so no entity can be declared, let alone expand or fetch
anything. Elements go by their local name: strict and transitional workbooks differ in
their namespaces only (ECMA-376 part 1 and part 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from api.cli.table_errors import WorkbookRefused
from ledger import limits


class Elements(Protocol):
    """What takes the elements of a part as they come."""

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """An element begins; attributes of other namespaces are named ``uri name``."""

    def end(self, name: str, /) -> None:
        """An element ends."""

    def text(self, data: str, /) -> None:
        """Some text of the element that is open."""


def read_part(chunks: Iterable[bytes], elements: Elements, *, name: str) -> None:
    """Read a small part at one go.

    Raises:
        WorkbookRefused: as :func:`stream_part` does.
    """
    for _ in stream_part(chunks, elements, name=name):
        pass


def stream_part(chunks: Iterable[bytes], elements: Elements, *, name: str) -> Iterator[None]:
    """Hand the elements of a part over, stopping after each chunk.

    Raises:
        WorkbookRefused: no XML, with a document type, nested too deep, or a tag too long.
    """
    parser = _a_parser(elements, name)
    fed = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            # A tag is kept whole until it ends, and may be read again with every chunk.
            if fed - max(parser.CurrentByteIndex, 0) > limits.WORKBOOK_TAG_BYTES_MAX:
                raise _refuse(name, "a tag without an end")
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as fault:
        # Unknown encodings raise LookupError or ValueError.
        raise _refuse(name, str(fault)) from fault
    yield


def _a_parser(elements: Elements, part: str) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    local: dict[str, str] = {}
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.WORKBOOK_XML_DEPTH_MAX:
            raise _refuse(part, f"elements more than {limits.WORKBOOK_XML_DEPTH_MAX} deep")
        if name not in local:
            if len(local) >= limits.WORKBOOK_NAMES_MAX:
                raise _refuse(part, f"more than {limits.WORKBOOK_NAMES_MAX} kinds of elements")
            local[name] = name.rpartition(" ")[2]
        elements.start(local[name], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        elements.end(local[name])

    def doctype(*_: object) -> None:
        raise _refuse(part, "a document type (DTD), which could declare entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = elements.text
    parser.StartDoctypeDeclHandler = doctype
    return parser


def _refuse(part: str, found: str) -> WorkbookRefused:
    return WorkbookRefused(
        f"expected the XML of a workbook in {part[:80]!r}, found {found[:200]}",
        remedy="Open it in a spreadsheet program and save it again, or export the sheet as CSV.",
    )
