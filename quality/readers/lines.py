"""Pieces of a text file into numbered lines, in the encoding that it turns out to have.

Old measuring systems name no encoding. UTF-8 and UTF-16 are known by their mark, UTF-8 also by
being valid; what is left is GBK or ISO 8859-1 (as Windows-1252 extends it), and bytes of one are
often bytes of the other: ``Größe`` holds a pair that is a rare hanzi. The head of the file decides
for all of it, so that the answer does not depend on how the file is cut into pieces.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from quality.errors import MeasurementFileRefused

#: Decides about the encoding; descriptions stand at the beginning of a file.
HEAD_BYTES: Final = 1 << 18
#: Those in which a line ends where its bytes say so; UTF-16 has a mark.
ENCODINGS: Final = ("utf-8", "gb18030", "gbk", "gb2312", "iso-8859-1", "cp1252")
LINE_BYTES_MAX: Final = 1 << 20
FILE_BYTES_MAX: Final = 1 << 31
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
#: GB 2312: what Chinese files are written with; GBK adds rare characters.
_GB2312: Final = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")
_LETTER: Final = re.compile(rb"[A-Za-z]")


class Line(NamedTuple):
    """A line without its end. ``is_sound``: its bytes were text in the file's encoding."""

    number: int
    text: str
    is_sound: bool


class Lines:
    """The lines of a file. ``encoding`` is known from the first line on, None while all is ASCII.

    Raises:
        MeasurementFileRefused: a line or the file is beyond its bound, UTF-16 that is none, an
            encoding that is not read.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str | None = None) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            raise MeasurementFileRefused(
                f"expected one of {', '.join(ENCODINGS)}, found {encoding!r}"
            )
        self.encoding = encoding
        self._chunks = iter(chunks)
        self._number = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[Line]:
        left = b""
        for piece in self._pieces():
            whole, end, left = (left + piece).rpartition(b"\n")
            if len(left) > LINE_BYTES_MAX:
                raise MeasurementFileRefused(
                    f"expected at most {LINE_BYTES_MAX} bytes in a line, found more after line "
                    f"{self._number}"
                )
            if end:
                yield from self._lines_of(whole)
        if left:
            yield from self._lines_of(left)

    def _pieces(self) -> Iterator[bytes]:
        head = bytearray()
        for chunk in self._chunks:
            head += self._counted(chunk)
            if len(head) >= HEAD_BYTES:
                break
        yield from self._unmarked(bytes(head))

    def _counted(self, chunk: bytes) -> bytes:
        self._bytes += len(chunk)
        if self._bytes > FILE_BYTES_MAX:
            raise MeasurementFileRefused(
                f"expected a file of at most {FILE_BYTES_MAX} bytes, found more"
            )
        return chunk

    def _unmarked(self, head: bytes) -> Iterator[bytes]:
        rest = (self._counted(chunk) for chunk in self._chunks)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self.encoding = "utf-8"
            yield from _from_utf16(head, rest)
            return
        if head.startswith(codecs.BOM_UTF8):
            head, self.encoding = head[3:], "utf-8"
        self.encoding = self.encoding or guess_encoding(head[:HEAD_BYTES])
        yield head
        yield from rest

    def _lines_of(self, block: bytes) -> Iterator[Line]:
        if block.isascii():
            # Nearly every block of every file: decoded at once.
            first = self._number + 1
            texts = block.decode("ascii").split("\n")
            self._number += len(texts)
            for number, text in enumerate(texts, first):
                yield Line(number, text, True)
            return
        for line in block.split(b"\n"):
            self._number += 1
            yield self._decoded(line)

    def _decoded(self, line: bytes) -> Line:
        self.encoding = self.encoding or guess_encoding(line)
        try:
            return Line(self._number, line.decode(self.encoding or "ascii"), True)
        except UnicodeDecodeError:
            if self.encoding == "cp1252":
                # Five bytes that Windows left open are control characters in ISO 8859-1.
                return Line(self._number, line.decode("iso-8859-1"), True)
            return Line(self._number, line.decode("ascii", "replace"), False)


def _from_utf16(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        yield decoder.decode(head).encode()
        for chunk in rest:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", True).encode()
    except UnicodeError as error:
        raise MeasurementFileRefused("expected UTF-16 as its mark says, found none") from error


def guess_encoding(head: bytes) -> str | None:
    """``utf-8``, ``gb18030`` or ``cp1252``, whichever the bytes are; None where all are ASCII."""
    if head.isascii():
        return None
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The end of the head may cut a character in two.
        if not (error.reason == "unexpected end of data" and error.start >= len(head) - 3):
            return "gb18030" if _is_gbk(head) else "cp1252"
    return "utf-8"


def _is_gbk(head: bytes) -> bool:
    """Whether every run of high bytes is pairs of GB 2312, and one of them is surely Chinese.

    Surely is a run of two characters, or one that does not stand inside a word of letters:
    umlauts come singly or, as in ``Größe``, in twos between letters.
    """
    is_sure = False
    for run in _HIGH.finditer(head):
        if run.end() == len(head) and len(head) == HEAD_BYTES:
            break
        if not _GB2312.fullmatch(run[0]):
            return False
        before, after = head[run.start() - 1 : run.start()], head[run.end() : run.end() + 1]
        is_within = bool(_LETTER.match(before) and _LETTER.match(after))
        is_sure = is_sure or len(run[0]) >= 4 or not is_within
    return is_sure
