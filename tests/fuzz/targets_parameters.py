"""Targets of plain files of process parameters: text of any form, and measurement files."""

from __future__ import annotations

import json
from typing import Final

import numpy as np

from api.streaming.rows import parse_row
from quality.errors import MalformedReading, MeasurementFileRefused
from quality.readers.dfq import read_dfq
from quality.spc.runs import Rule
from scoring.anomaly.dfq_tables import BESIDE, read_measured_table
from scoring.anomaly.file_layout import ColumnsAsked, find_layout
from scoring.anomaly.files import read_tables, whole_table
from scoring.anomaly.limits_file import read_limits
from scoring.anomaly.line_file import LineBeside, decode_line, encode_line
from scoring.anomaly.rule_calibration import RuleCalibration
from scoring.anomaly.rules import RuleSet
from scoring.anomaly.specification import Limit, Limits
from scoring.anomaly.text_files import read_text_file
from scoring.errors import MalformedModel, MalformedTable
from tests.fuzz.target import RUNS, Target


def _read_text(data: bytes) -> None:
    # The first byte chooses the size of the pieces, and whether text counts as missing.
    chosen, body = (data[0] if data else 0), data[1:]
    size = 1 + chosen % 13
    file = read_text_file(body[at : at + size] for at in range(0, len(body), size))
    assert len(file.names) == len(file.first.columns)
    layout = find_layout(file.names, file.first.columns, ColumnsAsked(), units=file.units)
    found = whole_table(read_tables(file.batches(), layout, text_as_missing=chosen >= 128))
    assert len(found.table) == len(found.numbers)
    assert not np.isinf(found.table.values).any()


def _read_measured(data: bytes) -> None:
    found = read_measured_table(read_dfq([data]))
    asked = ColumnsAsked(beside=BESIDE)
    layout = find_layout(found.names, found.first.columns, asked, units=found.units)
    table = whole_table(read_tables(found.batches(), layout)).table
    assert not np.isnan(table.values).all(axis=1).any()


def _decode_line(data: bytes) -> None:
    beside = decode_line(data)
    assert encode_line(decode_line(encode_line(beside))) == encode_line(beside)


def _read_limits(data: bytes) -> None:
    for limit in read_limits([data]).by_parameter.values():
        assert limit.lower is None or limit.upper is None or limit.lower <= limit.upper


def _beside() -> bytes:
    calibration = RuleCalibration(
        ("a",), (Rule.N1, Rule.N2), np.ones((1, 2)), np.array([0.0, 1.5]), (False,), "00"
    )
    limits = Limits({"a": Limit(1.0, None, 2.0)})
    return encode_line(LineBeside("ab", limits, RuleSet(), calibration))


def _parse_row(data: bytes) -> None:
    found = parse_row(data, ("a", "b"))
    assert len(found.content["values"]) == 2
    assert parse_row(json.dumps(found.content).encode(), ("a", "b")).content == found.content


_REFUSALS: Final = (MalformedTable, MeasurementFileRefused)
TARGETS: Final = (
    Target(
        "parameter-text",
        _read_text,
        _REFUSALS,
        (read_text_file, read_tables),
        lambda: [
            b"\x07time,pressure [bar],speed\n2026-11-20 08:00,80.5,1\n2026-11-20 08:01,,3\n",
            b"\x87a;b;lot\nbar;mm/s;\n1,5;2;A\n3,25;x;B\n",
            b"\x03  1.5e+00  2.5e+00  3.5\n  1.6  2.6  3.6\n",
            b'\x05"a","b"\n"1,5","2"\n',
        ],
        words=(",", ";", "\t", "\n", "nan", "inf", "1e400", "1,234", "2026-11-20 08:00", '"', "#"),
        runs=RUNS // 20,
    ),
    Target(
        "parameter-dfq",
        _read_measured,
        _REFUSALS,
        (read_measured_table,),
        lambda: [
            b"K0100 2\nK1001/1 A\nK2001/1 D\nK2001/2 L\n"
            b"5,01\x140\x1401.01.2026/10:00:01\x0f2,5\n5,02\x140\x1401.01.2026/10:00:02\x0f2,5\n",
            b"K0100 1\nK2001/1 D\nK0001/1 1.6\nK0004/1 01.01.2013/15:18:31\n",
        ],
        words=("K2001/2 ", "K0001/1 ", "\x14", "\x0f", "K1001/2 B\n", "K2020/1 "),
        runs=RUNS // 4,
    ),
    Target(
        "anomaly-line",
        _decode_line,
        (MalformedModel,),
        (decode_line,),
        lambda: [_beside(), encode_line(LineBeside("ab", Limits(), RuleSet()))],
        words=('"f8":"', '"shape":[2]', '"N3"', "null", '"limits":{"b":[1,2,null]}'),
    ),
    Target(
        "limits-file",
        _read_limits,
        _REFUSALS,
        (read_limits,),
        lambda: [b"parameter;lower;upper\na;1,5;2,5\nb;;3\n", b"id,lsl\nx,1e3\n"],
        words=("nominal", "inf", ";", ",", "\n", "nan"),
        runs=RUNS // 4,
    ),
    Target(
        "stream-row",
        _parse_row,
        (MalformedReading,),
        (parse_row,),
        lambda: [
            b'{"at":"2026-11-20T08:00:00+08:00","values":{"a":"80.50","b":null},"lot":"A"}',
            b'{"at":"2026-11-20T08:00:00Z","values":[1,2.5e-1],"set_up":{"tool":"T"},"id":"7"}',
        ],
        words=('"lot":', '"set_up":{"recipe":', "1e99", '"1,5"', "null", "-0.0"),
    ),
)
