"""A table as a model wants it: its columns, its units, its rows or its lots."""

from __future__ import annotations

from scoring.anomaly.columns import align
from scoring.anomaly.lots import lot_rows
from scoring.anomaly.model import Model
from scoring.anomaly.table import ParameterTable
from scoring.anomaly.units import expect_written_units


def in_columns(model: Model, table: ParameterTable) -> ParameterTable:
    """The table in the model's columns; one row a lot where the model is of lots.

    Values that look as if they were in another unit stay as they are: a fault may look so too.

    Raises:
        ParametersDiffer: a parameter is missing, or unknown to the model.
        UnitsDiffer: a unit is written otherwise.
        MalformedTable: a model of lots, and rows that do not say theirs.
    """
    if model.lots is not None:
        rows = lot_rows(align(table, model.lots.names), model.lots)
    else:
        rows = align(table, model.names)
    expect_written_units(model, rows)
    return rows
