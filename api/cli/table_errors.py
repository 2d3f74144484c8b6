"""The errors of reading tables, drafts and journals.

::

    TableError
    +-- TableUnreadable     bytes that are no table: encoding, quotes, too large
    |   +-- WorkbookRefused   a workbook that is damaged, protected, hostile or too large
    +-- FormUnclear         delimiter, encoding or decimal sign that could be two things
    +-- MalformedMapping    a mapping that names columns or places that are not there
    +-- CellsRefused        cells that cannot become part of a record, each by row and column
    +-- MalformedDraft      a JSON file that holds no records to be signed
    +-- JournalDamaged      a journal of another log or party, or not a journal
    +-- JournalInUse        the same file is being submitted by another process
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class TableError(Exception):
    """Root of the family; ``places`` holds every place concerned, one line each."""

    code: ClassVar[str] = "table-error"

    def __init__(self, message: str, *, remedy: str = "", places: Sequence[str] = ()) -> None:
        """Say what was expected and found, what to do, and where."""
        super().__init__(message)
        self.remedy = remedy
        self.places = tuple(places)


class TableUnreadable(TableError):
    """The bytes are no table."""

    code = "table-unreadable"


class WorkbookRefused(TableUnreadable):
    """The bytes are no workbook that may be opened."""

    code = "workbook-refused"


class FormUnclear(TableError):
    """The table could be read in two ways."""

    code = "table-form-unclear"


class MalformedMapping(TableError):
    """The mapping does not fit the table or the type."""

    code = "malformed-mapping"


class CellsRefused(TableError):
    """Cells that cannot become part of a record."""

    code = "cells-refused"


class MalformedDraft(TableError):
    """Not records to be signed."""

    code = "malformed-draft"


class JournalDamaged(TableError):
    """The journal is not one of this log and party."""

    code = "journal-damaged"


class JournalInUse(TableError):
    """Another process is submitting the same file."""

    code = "journal-in-use"
