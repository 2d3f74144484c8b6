"""Pages of A4 with a font that has Chinese: texts, fields in two columns, tables over pages.

The font is Noto Sans SC from a package; only the glyphs that a report uses are embedded. A
character that it does not have is written as its code, ``[U+1F600]``, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, WrapMode
from fpdf.fonts import TTFFont

from api.cli.output import visible
from api.reports.columns import SIZE, SIZE_MIN, fit_columns, numbers_in
from api.reports.layout import Bar, Cell, Field, Grid

FONT: Final = "NotoSansSC"
MARGIN: Final = 15.0
WIDTH: Final = 180.0
_BOTTOM: Final = 282.0
_PAD: Final = 1.2
_SLACK: Final = 0.1
_SIZE_STEP: Final = 0.5
#: Places of text that half a line has room for.
_HALF_A_LINE: Final = 40
_LINES: Final = re.compile("[^\n]+")
Colour = tuple[int, int, int]
INK: Final[Colour] = (28, 32, 38)
FAINT: Final[Colour] = (110, 118, 129)
ALARM: Final[Colour] = (180, 35, 24)
GOOD: Final[Colour] = (26, 127, 55)
CAUTION: Final[Colour] = (154, 103, 0)
ACCENT: Final[Colour] = (31, 78, 121)
_RULE: Final[Colour] = (208, 215, 222)
_BAND: Final[Colour] = (226, 230, 235)


class Paper(FPDF):
    """Pages that are filled from the top; every one says which record it is of."""

    def __init__(self, *, title: str, foot: str, page_words: str, created: datetime) -> None:
        """Begin the first page; ``page_words`` has places for the page and their number."""
        super().__init__(format="A4")
        self._size = SIZE
        self._heading, self._foot, self._page_words = title, foot, page_words
        self.set_creation_date(created)
        self.add_font(FONT, fname=str(pylopdf_fonts_zh_cn.sans_path()))
        font = self.fonts[FONT.lower()]
        assert isinstance(font, TTFFont)
        self._glyphs = frozenset(font.cmap)
        self.set_font(FONT, size=9)
        self.set_title(title)
        self.set_subject(foot)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(auto=False)
        self.add_page()

    def header(self) -> None:
        """What stands above every page but the first."""
        if self.page_no() > 1:
            self._ink(FAINT, 7)
            self.set_xy(MARGIN, 8)
            self.cell(w=WIDTH, h=4, text=self.plain(self._heading))
            self.set_xy(MARGIN, MARGIN)

    def footer(self) -> None:
        """The record and the page."""
        self._ink(FAINT, 7)
        self.set_xy(MARGIN, 287)
        self.cell(w=WIDTH, h=4, text=self.plain(self._foot))
        words = self._page_words.format(page=self.page_no(), pages=self.str_alias_nb_pages)
        self.set_xy(MARGIN, 287)
        self.cell(w=WIDTH, h=4, text=words, align="R")

    def plain(self, text: str) -> str:
        """A text whose every character the font has, in one direction."""
        seen = _LINES.sub(lambda found: visible(found[0]), text)
        return "".join(
            letter if ord(letter) in self._glyphs or letter == "\n" else f"[U+{ord(letter):04X}]"
            for letter in seen
        )

    def say(self, text: str, *, size: float = 9, colour: Colour = INK, gap: float = 1) -> None:
        """A paragraph over the whole width."""
        self._ink(colour, size)
        for line in self._lines(text, WIDTH, size):
            self._need(size * 0.5)
            self.set_x(MARGIN)
            # A space for an empty line: the writer refuses a cell with nothing in it.
            self.cell(w=WIDTH, h=size * 0.5, text=line or " ", new_x="LMARGIN", new_y="NEXT")
        self.ln(gap)

    def masthead(self, text: str, verdict: tuple[str, Colour] | None) -> None:
        """The title of the report, and its verdict in a box beside it."""
        top = self.get_y()
        self._ink(ACCENT, 18)
        self.set_xy(MARGIN, top)
        self.cell(w=110, h=11, text=self.plain(text))
        if verdict is not None:
            words, colour = verdict
            self.set_fill_color(*colour)
            self.rect(MARGIN + 115, top, 65, 11, style="F")
            self._ink((255, 255, 255), 13)
            self.set_xy(MARGIN + 115, top)
            self.cell(w=65, h=11, text=self.plain(words), align="C")
        self.set_xy(MARGIN, top + 14)

    def section(self, title: str) -> None:
        """The title of a section, with room for something below it."""
        self._need(20)
        self.ln(2)
        self._ink(ACCENT, 11)
        self.set_x(MARGIN)
        self.cell(w=WIDTH, h=6, text=self.plain(title), new_x="LMARGIN", new_y="NEXT")
        self.set_draw_color(*ACCENT)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(1.5)

    def fields(self, fields: Sequence[Field]) -> None:
        """Names and texts, two a line; a long text has a line of its own."""
        half = WIDTH / 2
        pending: list[Field] = []
        for field in fields:
            if "\n" in field.text or _places(field.text) > _HALF_A_LINE:
                self._field_row(pending, half)
                pending = []
                self._field_row([field], WIDTH)
                continue
            pending.append(field)
            if len(pending) == 2:
                self._field_row(pending, half)
                pending = []
        self._field_row(pending, half)
        self.ln(1)

    def _field_row(self, fields: Sequence[Field], width: float) -> None:
        name_width = 38.0
        cells = [
            (
                self._lines(field.name, name_width - 2, 7.5),
                self._lines(field.text, width - name_width - 2, 9),
            )
            for field in fields
        ]
        for done in range(max((max(map(len, pair)) for pair in cells), default=0)):
            self._need(4.5)
            top = self.get_y()
            for at, (names, texts) in enumerate(cells):
                left = MARGIN + at * width
                colour = ALARM if fields[at].is_alarming else INK
                if done < len(names):
                    self._put(names[done], (left, top), colour=FAINT, size=7.5)
                if done < len(texts):
                    self._put(texts[done], (left + name_width, top), colour=colour, size=9)
            self.set_xy(MARGIN, top + 4.5)

    def _put(self, line: str, place: tuple[float, float], *, colour: Colour, size: float) -> None:
        if not line:
            return
        self._ink(colour, size)
        self.set_xy(*place)
        self.cell(h=4.5, text=line)

    def grid(self, grid: Grid) -> None:
        """A table; its headings stand again on every page."""
        if grid.title:
            self._need(14)
            self.say(grid.title, size=8.5, colour=FAINT, gap=0)
        self._size, widths = self._fit(grid)
        headings = [Cell(name) for name, _ in grid.headings]
        has_headings = any(cell.text for cell in headings)
        if has_headings:
            self._row(headings, widths, is_heading=True)
        for row in grid.rows:
            if self._is_full(self._height(row, widths)):
                self.add_page()
                if has_headings:
                    self._row(headings, widths, is_heading=True)
            self._row(row, widths, is_heading=False)
        self.ln(0.5)
        if grid.note:
            self.say(grid.note, size=7.5, colour=FAINT)
        self.ln(1)

    def _fit(self, grid: Grid) -> tuple[float, Sequence[float]]:
        """The size of a table's text and the widths of its columns, so that no number breaks."""
        shares = [share for _, share in grid.headings]
        longest = [0.0] * len(shares)
        self.set_font_size(SIZE)
        for row in grid.rows:
            for at, cell in enumerate(row):
                for number in numbers_in(cell.text):
                    longest[at] = max(longest[at], self.get_string_width(number))
        room = _PAD + 2 * self.c_margin + _SLACK
        # A column of words keeps room for some.
        floors = [share / sum(shares) * WIDTH / 2 for share in shares]
        size = SIZE
        while size > SIZE_MIN:
            needed = [
                max(least, width * size / SIZE + room)
                for least, width in zip(floors, longest, strict=True)
            ]
            if (widths := fit_columns(shares, needed, WIDTH)) is not None:
                return size, widths
            size -= _SIZE_STEP
        return SIZE_MIN, [share / sum(shares) * WIDTH for share in shares]

    def _height(self, row: Sequence[Cell], widths: Sequence[float]) -> float:
        lines = [
            len(self._lines(cell.text, width - _PAD, self._size)) if cell.text else 1
            for cell, width in zip(row, widths, strict=True)
        ]
        return 1.4 + 3.6 * max(lines)

    def _row(self, row: Sequence[Cell], widths: Sequence[float], *, is_heading: bool) -> None:
        height, top, left = self._height(row, widths), self.get_y(), MARGIN
        if is_heading:
            self.set_fill_color(*_BAND)
            self.rect(MARGIN, top, WIDTH, height, style="F")
        for cell, width in zip(row, widths, strict=True):
            if cell.bar is not None:
                self._bar(cell.bar, (left + 1, top + 0.8, width - 2, height - 1.6))
            self._ink(ALARM if cell.is_alarming else ACCENT if is_heading else INK, self._size)
            for at, line in enumerate(self._lines(cell.text, width - _PAD, self._size)):
                self.set_xy(left, top + 0.7 + 3.6 * at)
                self.cell(w=width, h=3.6, text=line)
            left += width
        self.set_draw_color(*_RULE)
        self.line(MARGIN, top + height, MARGIN + WIDTH, top + height)
        self.set_xy(MARGIN, top + height)

    def _bar(self, bar: Bar, area: tuple[float, float, float, float]) -> None:
        left, top, width, height = area
        marks = [mark for mark in (bar.lower, bar.upper, bar.least, bar.most) if mark is not None]
        low, high = min(marks), max(marks)
        room = (high - low) * 0.08 or 1.0
        low, span = low - room, (high - low) + 2 * room

        def at(value: float) -> float:
            return left + (value - low) / span * width

        begin = left if bar.lower is None else at(bar.lower)
        end = left + width if bar.upper is None else at(bar.upper)
        if bar.lower is not None or bar.upper is not None:
            self.set_fill_color(*_BAND)
            self.rect(begin, top, max(0.2, end - begin), height, style="F")
        colour = ALARM if bar.is_outside else ACCENT
        self.set_draw_color(*colour)
        self.set_fill_color(*colour)
        middle = top + height / 2
        self.line(at(bar.least), middle, at(bar.most), middle)
        self.ellipse(at(bar.mean) - 0.6, middle - 0.6, 1.2, 1.2, style="F")

    def _lines(self, text: str, width: float, size: float) -> list[str]:
        """A text in lines of a width; Chinese breaks anywhere, other words between them."""
        self.set_font_size(size)
        plain = self.plain(text)
        if "\n" in plain:
            # The writer cannot measure a line with nothing in it.
            return [line for part in plain.split("\n") for line in self._lines(part, width, size)]
        if not plain or self.get_string_width(plain) < width - 2 * self.c_margin:
            return [plain]
        lines = self.multi_cell(
            w=width,
            text=plain,
            dry_run=True,
            output=MethodReturnValue.LINES,
            wrapmode=WrapMode.WORD,
        )
        return [str(line) for line in lines] if isinstance(lines, list) else [plain]

    def _ink(self, colour: Colour, size: float) -> None:
        self.set_text_color(*colour)
        self.set_font_size(size)

    def _is_full(self, height: float) -> bool:
        return self.get_y() + height > _BOTTOM

    def _need(self, height: float) -> None:
        if self._is_full(height):
            self.add_page()


def _places(text: str) -> int:
    """The width of a text; Chinese characters take two places."""
    return sum(2 if letter >= "\u1100" else 1 for letter in text)
