"""The demo's records: ``data/agreed.json`` and ``data/plan.json``, filled from ``data/*.csv``.

The plans hold the groups of each record as they will be signed. Five forms stand for what
is put in: ``{"$rows": ...}`` for a list made of CSV rows, ``{"$summary": ...}`` for the
statistics of a column, ``{"$party": slug}`` for a DID, ``{"$record": number}`` for the record
id of an earlier record, ``{"$file": name}`` for an uploaded file. ``each`` makes one record per
member: what it says of a column picks the rows, and ``{name}`` in a text stands for its words.
``like`` names an earlier entry whose members are taken over, with those of ``set`` changed by
their JSON pointers into the groups (null takes one away).
"""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

DATA: Final = Path(__file__).resolve().parent / "data"
Row: TypeAlias = Mapping[str, str]
#: What an entry has of its own, whatever it is like.
_EACH_ITS_OWN: Final = frozenset({"like", "set", "refused", "flags", "told", "each"})
#: Far more digits than any sum of these values has, so only the last step rounds.
_EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """One record of the demo; ``to``, ``subject`` and ``party`` are slugs.

    ``answers`` and ``cites`` hold filing numbers of earlier planned records. ``refused`` is the
    code that the record must be refused with, ``flags`` are those it must be admitted with.
    """

    party: str
    vct: str
    number: str
    to: tuple[str, ...]
    subject: str | None
    family: str | None
    answers: tuple[str, ...]
    cites: tuple[str, ...]
    told: str
    refused: str | None
    flags: tuple[str, ...]
    data: Path | None
    template: Mapping[str, Any]
    rows: tuple[Row, ...]

    def groups(
        self,
        did_of: Callable[[str], str],
        *,
        id_of: Callable[[str], str],
        upload: Callable[[Path], Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """The groups to sign.

        Args:
            did_of: the DID of a slug.
            id_of: the record id of an earlier record's number.
            upload: stores a file and gives what a record says of it; without it the groups
                that cite files are left out.
        """
        filling = _Filling(self.rows, did_of, id_of, upload)
        return {
            name: filling.fill(value)
            for name, value in self.template.items()
            if upload is not None or not _cites_files(value)
        }


def agreed_records() -> tuple[PlannedRecord, ...]:
    """What the parties agree on before they deliver, in order."""
    return _every_record()[0]


def planned_records() -> tuple[PlannedRecord, ...]:
    """What they deliver and measure, in the order in which it is to be submitted."""
    return _every_record()[1]


@cache
def _every_record() -> tuple[tuple[PlannedRecord, ...], tuple[PlannedRecord, ...]]:
    plans = [_entries(DATA / name) for name in ("agreed.json", "plan.json")]
    known: dict[str, Mapping[str, Any]] = {}
    agreed, planned = (
        tuple(record for entry in plan for record in _expand(_resolve(entry, known)))
        for plan in plans
    )
    return agreed, planned


def _entries(path: Path) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["records"]
    return entries


def _resolve(entry: Mapping[str, Any], known: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The entry with what it takes over from an earlier one, which it is known by afterwards."""
    base = known[entry["like"]] if "like" in entry else {}
    kept = {name: value for name, value in base.items() if name not in _EACH_ITS_OWN}
    whole = {**kept, **entry, "groups": copy.deepcopy(entry.get("groups", base.get("groups")))}
    for pointer, value in entry.get("set", {}).items():
        _change(whole["groups"], pointer.split("/")[1:], value)
    known[whole["number"]] = whole
    return whole


def _change(groups: Any, path: list[str], value: Any) -> None:
    *above, last = path
    for name in above:
        groups = groups[int(name) if isinstance(groups, list) else name]
    if isinstance(groups, list):
        groups[int(last)] = value
    elif value is None:
        del groups[last]
    else:
        groups[last] = value


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of one of the data files, by column name; every value stays the text it is."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _expand(entry: Mapping[str, Any]) -> Iterator[PlannedRecord]:
    path = DATA / entry["data"] if "data" in entry else None
    rows = read_rows(path) if path else ()
    for words in entry.get("each", [{}]):
        named = dict(entry)
        for name, word in words.items():
            named = _name(named, f"{{{name}}}", text=word)
        yield _planned(named, path, rows=[row for row in rows if _is_of(row, words)])


def _is_of(row: Row, words: Mapping[str, str]) -> bool:
    return all(row.get(name, word) == word for name, word in words.items())


def _name(template: Any, placeholder: str, *, text: str) -> Any:
    """The template with the placeholder replaced in every text."""
    if isinstance(template, str):
        return template.replace(placeholder, text)
    if isinstance(template, list):
        return [_name(item, placeholder, text=text) for item in template]
    if isinstance(template, dict):
        return {key: _name(item, placeholder, text=text) for key, item in template.items()}
    return template


def _planned(entry: Mapping[str, Any], path: Path | None, *, rows: Sequence[Row]) -> PlannedRecord:
    return PlannedRecord(
        party=entry["party"],
        vct=entry["vct"],
        number=entry["number"],
        to=tuple(entry["to"]),
        subject=entry.get("subject"),
        family=entry.get("family"),
        answers=tuple(entry.get("answers", ())),
        cites=tuple(entry.get("cites", ())),
        told=entry.get("told", ""),
        refused=entry.get("refused"),
        flags=tuple(entry.get("flags", ())),
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
    """What the five forms are filled with."""

    rows: tuple[Row, ...]
    did_of: Callable[[str], str]
    id_of: Callable[[str], str]
    upload: Callable[[Path], Mapping[str, Any]] | None

    def fill(self, template: Any) -> Any:
        match template:
            case {"$rows": form}:
                return [_cells(form["columns"], row) for row in self._where(form)]
            case {"$summary": form}:
                return _summary(form, [Decimal(row[form["column"]]) for row in self._where(form)])
            case {"$party": slug}:
                return self.did_of(slug)
            case {"$record": number}:
                return self.id_of(number)
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
