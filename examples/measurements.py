"""The demo's measurements as records: ``data/plan.json`` filled from ``data/*.csv``.

The plan holds the groups of each record as they will be signed. Four forms stand for what
is put in: ``{"$rows": ...}`` for a list made of CSV rows, ``{"$summary": ...}`` for the
statistics of a column, ``{"$party": slug}`` for a DID, ``{"$file": name}`` for an uploaded
file. ``each`` makes one record per listed value of a column, and ``{column}`` in a text
stands for that value.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from pathlib import Path
from typing import Any, Final, TypeAlias

DATA: Final = Path(__file__).resolve().parent / "data"
Row: TypeAlias = Mapping[str, str]
#: Far more digits than any sum of these values has, so only the last step rounds.
_EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """One record of the demo; ``to``, ``subject`` and ``party`` are slugs.

    ``answers`` holds filing numbers of earlier planned records.
    """

    party: str
    vct: str
    number: str
    to: tuple[str, ...]
    subject: str | None
    family: str | None
    answers: tuple[str, ...]
    data: Path
    template: Mapping[str, Any]
    rows: tuple[Row, ...]

    def groups(
        self,
        did_of: Callable[[str], str],
        *,
        upload: Callable[[Path], Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """The groups to sign.

        Args:
            did_of: the DID of a slug.
            upload: stores a file and gives what a record says of it; without it the groups
                that cite files are left out.
        """
        filling = _Filling(self.rows, did_of, upload)
        return {
            name: filling.fill(value)
            for name, value in self.template.items()
            if upload is not None or not _cites_files(value)
        }


def planned_records() -> tuple[PlannedRecord, ...]:
    """Every record of the plan, in the order in which they are to be submitted."""
    plan = json.loads((DATA / "plan.json").read_text(encoding="utf-8"))
    return tuple(record for entry in plan["records"] for record in _expand(entry))


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of one of the data files, by column name; every value stays the text it is."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _expand(entry: Mapping[str, Any]) -> Iterator[PlannedRecord]:
    path = DATA / entry["data"]
    rows = read_rows(path)
    if "each" not in entry:
        yield _planned(entry, path, rows=rows)
        return
    ((column, values),) = entry["each"].items()
    for value in values:
        picked = tuple(row for row in rows if row[column] == value)
        yield _planned(_name(entry, f"{{{column}}}", text=value), path, rows=picked)


def _name(template: Any, placeholder: str, *, text: str) -> Any:
    """The template with the placeholder replaced in every text."""
    if isinstance(template, str):
        return template.replace(placeholder, text)
    if isinstance(template, list):
        return [_name(item, placeholder, text=text) for item in template]
    if isinstance(template, dict):
        return {key: _name(item, placeholder, text=text) for key, item in template.items()}
    return template


def _planned(entry: Mapping[str, Any], path: Path, *, rows: Sequence[Row]) -> PlannedRecord:
    return PlannedRecord(
        party=entry["party"],
        vct=entry["vct"],
        number=entry["number"],
        to=tuple(entry["to"]),
        subject=entry.get("subject"),
        family=entry.get("family"),
        answers=tuple(entry.get("answers", ())),
        data=path,
        template=entry["groups"],
        rows=tuple(rows),
    )


def _cites_files(template: Any) -> bool:
    if isinstance(template, dict):
        return "$file" in template or any(_cites_files(item) for item in template.values())
    return isinstance(template, list) and any(_cites_files(item) for item in template)


@dataclass(frozen=True, slots=True)
class _Filling:
    """What the four forms are filled with."""

    rows: tuple[Row, ...]
    did_of: Callable[[str], str]
    upload: Callable[[Path], Mapping[str, Any]] | None

    def fill(self, template: Any) -> Any:
        match template:
            case {"$rows": form}:
                return [_cells(form["columns"], row) for row in self._where(form)]
            case {"$summary": form}:
                return _summary(form, [Decimal(row[form["column"]]) for row in self._where(form)])
            case {"$party": slug}:
                return self.did_of(slug)
            case {"$file": name}:
                assert self.upload is not None
                return dict(self.upload(DATA / name))
            case dict():
                return {key: self.fill(item) for key, item in template.items()}
            case list():
                return [self.fill(item) for item in template]
        return template

    def _where(self, form: Mapping[str, Any]) -> list[Row]:
        wanted = form.get("where", {}).items()
        return [row for row in self.rows if all(row[name] == value for name, value in wanted)]


def _cells(columns: Mapping[str, Any], row: Row) -> dict[str, Any]:
    return {
        name: row[column] if isinstance(column, str) else [row[one] for one in column]
        for name, column in columns.items()
    }


def _summary(form: Mapping[str, Any], values: Sequence[Decimal]) -> dict[str, Any]:
    """Count, extremes, mean and standard deviation (n - 1), the last two rounded half to even."""
    unit = Decimal((0, (1,), -int(form["places"])))
    with localcontext(_EXACT):
        mean = sum(values, Decimal(0)) / len(values)
        squares = sum(((value - mean) ** 2 for value in values), Decimal(0))
        deviation = (squares / (len(values) - 1)).sqrt()
    return {
        "id": form["id"],
        "unit": form["unit"],
        "count": len(values),
        "minimum": str(min(values)),
        "mean": str(mean.quantize(unit, ROUND_HALF_EVEN)),
        "maximum": str(max(values)),
        "deviation": str(deviation.quantize(unit, ROUND_HALF_EVEN)),
    }
