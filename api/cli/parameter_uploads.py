"""Files of process parameters (CSV, Parquet, DFQ) into drafts of ``parameter-upload/v1``.

The columns are found as ``lotmark anomaly`` finds them; ``--map`` says which one is time, lot or
set-up, or leaves one out, ``--set`` what no column says. Values keep the digits of the file. A
file becomes as many records as its rows need, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.cli.cells import CellReading, CellRefused, DecimalSign, Kind, Wanted, read_cell
from api.cli.draft_constants import put_constants
from api.cli.drafts import Draft
from api.cli.fault_lines import shorten
from api.cli.input_files import Input, InputOptions, assignments
from api.cli.measured.source import MeasuredSource
from api.cli.places import Places
from api.cli.table_errors import CellsRefused, MalformedDraft, MalformedMapping, TableUnreadable
from ledger import limits
from ledger.compose import Filing
from ledger.record_type import RecordType
from quality.errors import MeasurementFileRefused, UnknownUnit
from quality.readers.numbers import plain_decimal
from quality.units import recognise_unit
from scoring.errors import MalformedTable

if TYPE_CHECKING:
    from api.parameter_files import FileAsked, ParameterFile
    from scoring.anomaly.cells import Cells
    from scoring.anomaly.dfq_tables import MeasuredLimits
    from scoring.anomaly.file_layout import FileLayout
    from scoring.anomaly.files import ColumnBatch

VCT: Final = "parameter-upload/v1"
ROWS_MAX: Final = 10_000
#: Values of one file that are held as drafts; a longer file is to be split.
VALUES_MAX: Final = 3_000_000
_AT, _LOT, _SET_UP = "/values/rows/*/at", "/values/rows/*/lot", "/values/rows/*/set_up/"
_PARAMETERS: Final = "/process/parameters/"
#: A disclosure is written in base64url, which takes four bytes for three, beside salt and name.
_GROUP_BYTES_MAX: Final = limits.DISCLOSURE_BYTES_MAX * 3 // 4 - 1024
_INSTANT: Final = Wanted(Kind.INSTANT)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_parameter_input(
    path: Path, options: InputOptions, *, find_kind: Callable[[str], RecordType]
) -> Input:
    """Read a file of parameters.

    Raises:
        TableUnreadable: it is no table of parameters, or has no column of times.
        CellsRefused: cells that have no value of the kind wanted, each by its place.
        MalformedMapping, MalformedDraft: what was said does not fit, or too many values.
    """
    # numpy and the readers of parameters are loaded here alone.
    from api.parameter_files import open_parameters

    columns, constants = assignments(options)
    roles = _Roles.of(columns)
    try:
        with open_parameters(path, _asked(roles, options), options.progress) as opened:
            maker = _Maker(opened, roles, options)
            drafts = list(maker.drafts())
    except (MalformedTable, MeasurementFileRefused) as fault:
        raise TableUnreadable(
            str(fault), remedy="Mend the file, or say more of it with --map."
        ) from fault
    places = Places(find_kind(VCT).text)
    known = [one["id"] for one in maker.parameters]
    reading = CellReading(options.origin, DecimalSign.POINT, options.form.offset)
    made = tuple(
        _whole(put_constants(draft, _positioned(constants, known), places, reading=reading))
        for draft in drafts
    )
    return Input(path, made, tuple(_described(opened, made, maker.rows)))


@dataclass(frozen=True, slots=True)
class _Roles:
    """What ``--map`` says of columns."""

    at: str | None
    lot: str | None
    set_up: Mapping[str, str]
    left_out: tuple[str, ...]

    @staticmethod
    def of(columns: Mapping[str, str]) -> _Roles:
        by_place: dict[str, str] = {}
        for heading, pointer in columns.items():
            if pointer in (_AT, _LOT) or pointer.startswith(_SET_UP):
                by_place[pointer] = heading
            elif pointer:
                raise MalformedMapping(
                    f"expected a place of rows, found {pointer!r}",
                    remedy=f"A column is {_AT}, {_LOT}, {_SET_UP}tool, a parameter, or left out.",
                )
        set_up = {
            place.removeprefix(_SET_UP): name
            for place, name in by_place.items()
            if place.startswith(_SET_UP)
        }
        left_out = tuple(heading for heading, pointer in columns.items() if not pointer)
        return _Roles(by_place.get(_AT), by_place.get(_LOT), set_up, left_out)


def _asked(roles: _Roles, options: InputOptions) -> FileAsked:
    from api.parameter_files import FileAsked
    from scoring.anomaly.file_layout import ColumnsAsked
    from scoring.anomaly.text_files import TextAsked

    decimal = options.form.decimal
    columns = ColumnsAsked(
        time=roles.at,
        lot=roles.lot,
        setups=tuple(roles.set_up.values()),
        left_out=roles.left_out,
        is_comma=None if decimal is None else decimal is DecimalSign.COMMA,
    )
    return FileAsked(columns, TextAsked(options.form.delimiter, encoding=options.form.encoding))


def _positioned(constants: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """``/process/parameters/NAME/upper`` by the position of the parameter."""
    found = {}
    for pointer, value in constants.items():
        name, _, member = pointer.removeprefix(_PARAMETERS).rpartition("/")
        is_named = pointer.startswith(_PARAMETERS) and name in names
        place = f"{_PARAMETERS}{names.index(name)}/{member}" if is_named else pointer
        found[place] = value
    return found


def _whole(draft: Draft) -> Draft:
    """The draft with null for each limit that nobody has said."""
    process = dict(draft.groups["process"])
    unset = {"nominal": None, "lower": None, "upper": None}
    process["parameters"] = [{**unset, **one} for one in process["parameters"]]
    return replace(draft, groups={**draft.groups, "process": process})


def _described(opened: ParameterFile, drafts: Sequence[Draft], rows: int) -> Iterator[str]:
    names = opened.layout.parameter_names
    yield f"{opened.path}: {rows} rows of {len(names)} parameters, {len(drafts)} records of {VCT}"
    yield from (f"  {note}" for note in opened.notes)


class _Maker:
    """Makes a draft of as many rows as a record holds, and gathers what is wrong with cells."""

    def __init__(self, opened: ParameterFile, roles: _Roles, options: InputOptions) -> None:
        layout = opened.layout
        if layout.time is None:
            raise MalformedTable(
                f"{opened.path}: expected a column of times, found none: say which it is with"
                f" --map 'HEADING={_AT}'"
            )
        self._opened, self._layout = opened, layout
        self._reading = CellReading(options.origin, DecimalSign.POINT, options.form.offset)
        self._set_up = [
            (member, layout.setups[n]) for n, member in enumerate(roles.set_up) if layout.setups
        ]
        self._faults: list[str] = []
        self.parameters = list(_parameters(layout, opened.limits))
        self.rows = 0

    def drafts(self) -> Iterator[Draft]:
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        size = 0
        for number, row in self._read():
            own = _size(row)
            if rows and (len(rows) == ROWS_MAX or size + own > _GROUP_BYTES_MAX):
                yield self._draft(rows, numbers)
                rows, numbers, size = [], [], 0
            rows.append(row)
            numbers.append(number)
            size += own
        if self._faults:
            raise CellsRefused(
                f"{len(self._faults)} cells cannot be read; nothing was sent",
                remedy="Mend these cells; an empty one is a missing value.",
                places=shorten(self._faults, total=self.rows),
            )
        if not rows:
            raise MalformedTable(f"{self._opened.path}: expected a row or more, found none")
        yield self._draft(rows, numbers)

    def _draft(self, rows: list[dict[str, Any]], numbers: Sequence[int]) -> Draft:
        process = {"parameters": [dict(one) for one in self.parameters]}
        return Draft(
            VCT,
            {"process": process, "values": {"rows": rows}},
            Filing(),
            f"rows {numbers[0]} to {numbers[-1]}",
            table=MeasuredSource(self._opened.path.name),
            rows=tuple(numbers),
        )

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for batch in self._opened.columns:
            self.rows += len(batch.numbers)
            if self.rows * len(self.parameters) > VALUES_MAX:
                raise MalformedDraft(
                    f"{self._opened.path}: expected at most {VALUES_MAX} values, found more",
                    remedy="Split the file.",
                )
            yield from self._rows_of(batch)

    def _rows_of(self, batch: ColumnBatch) -> Iterator[tuple[int, dict[str, Any]]]:
        assert self._layout.time is not None, "looked at when the file was opened"
        times = self._texts(batch, self._layout.time, self._instant)
        values = [self._texts(batch, at, self._decimal) for at in self._layout.parameters]
        rows: Iterable[tuple[str | None, ...]] = zip(*values, strict=True)
        beside = [(name, _plain(batch.columns[at])) for name, at in self._set_up]
        lots = None if self._layout.lot is None else _plain(batch.columns[self._layout.lot])
        for position, (at_text, cells) in enumerate(zip(times, rows, strict=True)):
            row: dict[str, Any] = {"at": at_text, "values": list(cells)}
            if lots is not None and lots[position]:
                row["lot"] = lots[position]
            if told := {name: texts[position] for name, texts in beside if texts[position]}:
                row["set_up"] = told
            yield batch.numbers[position], row

    def _texts(
        self, batch: ColumnBatch, at: int, read: Callable[[str | float], str | None]
    ) -> list[str | None]:
        found: list[str | None] = []
        for position, cell in enumerate(batch.columns[at]):
            try:
                found.append(read(cell))
            except CellRefused as fault:
                place = f"row {batch.numbers[position]}, {self._layout.names[at]!r}"
                self._faults.append(f"{self._opened.path.name}, {place}: {fault}")
                found.append(None)
        return found

    def _instant(self, cell: str | float) -> str:
        from scoring.anomaly.cells import instant_of, number_of

        if not isinstance(cell, str):
            # Instants are whole microseconds; other numbers are Unix times.
            us = int(cell) if hasattr(cell, "bit_count") else instant_of(repr(float(cell)))
        elif number_of(cell) is None:
            return str(read_cell(cell, _INSTANT, self._reading))
        else:
            us = instant_of(cell)
        if us is None:
            raise CellRefused("a time", str(cell))
        moment = _EPOCH + timedelta(microseconds=us)
        return moment.isoformat().replace("+00:00", "Z")

    def _decimal(self, cell: str | float) -> str | None:
        from scoring.anomaly.cells import is_missing, number_of

        if not isinstance(cell, str):
            cell = repr(float(cell))
        if is_missing(cell):
            return None
        is_number = number_of(cell, is_comma=self._layout.is_comma) is not None
        found = plain_decimal(cell) if is_number else None
        if found is None:
            raise CellRefused("a number", cell)
        return found


def _parameters(
    layout: FileLayout, stated: Mapping[str, MeasuredLimits]
) -> Iterator[dict[str, Any]]:
    units = layout.parameter_units or ("",) * len(layout.parameters)
    for name, unit in zip(layout.parameter_names, units, strict=True):
        one: dict[str, Any] = {"id": name[:64]}
        if len(name) > 64:
            one["name"] = name[:200]
        if unit:
            one["unit"] = _unit(unit)
        limit = stated.get(name)
        if limit is not None:
            told = {"nominal": limit.nominal, "lower": limit.lower, "upper": limit.upper}
            one |= {member: value for member, value in told.items() if value is not None}
        yield one


def _unit(spelling: str) -> str:
    try:
        return recognise_unit(spelling)
    except UnknownUnit:
        return spelling[:64]


def _plain(cells: Cells) -> list[str]:
    return [cell.strip() if isinstance(cell, str) else f"{cell:g}" for cell in cells]


def _size(row: Mapping[str, Any]) -> int:
    """The bytes of a row as JSON, or a few more."""
    beside = len(str(row.get("set_up", ""))) + len(str(row.get("lot", "")).encode())
    return 64 + beside * 2 + sum(6 if cell is None else len(cell) + 3 for cell in row["values"])
