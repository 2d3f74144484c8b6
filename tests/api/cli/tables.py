"""Tables and mappings to start tests from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.cli.column_map import ColumnMap, Grouping, TableForm
from api.cli.drafts import Draft
from api.cli.places import Places
from api.cli.suggestion import suggest
from api.cli.table import Table, TableOptions, read_table
from api.cli.table_drafts import table_drafts
from keys.identifiers import parse_origin
from ledger.record_type import parse_record_type
from quality.types import business_types

ORIGIN = parse_origin("quality.example")
INSPECTION, _, _, PARAMETERS = (Places(text) for text in business_types()[:4])
KINDS = {kind.vct: kind for kind in map(parse_record_type, business_types())}

#: The lines of an inspection that a table of measurements leaves out.
VERDICT = {
    "/lot/part": "GR-1001",
    "/lot/quantity": "200",
    "/verdict/stage": "outgoing",
    "/verdict/decision": "accept",
    "/verdict/decided_at": "2026-11-20T09:30:00+01:00",
}


def a_table(text: str) -> Table:
    """A table of semicolons."""
    return read_table(text.encode(), TableOptions(delimiter=";"))


def mapped(
    text: str,
    columns: Mapping[str, str],
    *,
    per: Grouping = "row",
    constants: Mapping[str, Any] | None = None,
    places: Places = INSPECTION,
) -> list[Draft]:
    """The drafts of a table under a mapping."""
    mapping = ColumnMap(places.vct, per, columns, constants or {}, form=TableForm(offset="+01:00"))
    return list(table_drafts(a_table(text), mapping, places=places, origin=ORIGIN).drafts)


def mapped_table(table: Table, columns: Mapping[str, str]) -> list[Draft]:
    """The drafts of a table that was read, a record a row."""
    mapping = ColumnMap(INSPECTION.vct, "row", columns)
    return list(table_drafts(table, mapping, places=INSPECTION, origin=ORIGIN).drafts)


def suggested(text: str, places: Places = INSPECTION) -> ColumnMap:
    """The mapping that is made of the headings alone."""
    return suggest(a_table(text), places, given={}, constants={})
