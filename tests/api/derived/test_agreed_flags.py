"""Flags beside what was agreed, over HTTP: of the record's own moment, for who reads it whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from openpyxl import load_workbook

from api.cli.places import Places
from api.cli.reporting import report_subject
from api.derived.database import DerivedDatabase, derived_url
from api.derived.tables import METADATA
from api.reports.inspection import outside_of
from api.reports.taking_back import take_back
from keys.identifiers import parse_origin
from ledger.compose import Filing
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.api.derived.trade import Trade
from tests.api.service import OEM, STRANGER, SUPPLIER, LiveService, serve
from tests.api.test_client import a_client
from tests.quality.examples import example
from tests.quality.master_stories import inspection_groups


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A part whose specification is in force."""
    for live in serve(tmp_path_factory.mktemp("log")):
        trade = Trade(live)
        trade.agree()
        trade.add_part("GR-1")
        specify(trade, "A", "2026-01-01")
        yield trade


def specify(trade: Trade, revision: str, day: str) -> str:
    state = {
        "specification": "SP-1",
        "revision": revision,
        "part": "GR-1",
        "customer": trade.did(OEM),
        "supplier": trade.did(SUPPLIER),
        "in_force_from": day,
    }
    groups = {
        "state": state,
        "characteristics": example("specification/v1")["characteristics"],
    }
    return trade.file("specification/v1", groups, by=OEM)


def measured(value: str, *, number: str = "D1", unit: str = "INH") -> dict[str, Any]:
    """An accepted inspection with one value, citing the specification of 0.975 to 1.025 INH."""
    groups = inspection_groups(cited="A")
    (one,) = groups["measurements"]["characteristics"]
    one |= {"id": number, "unit": unit, "values": [{"value": value}]}
    return groups


def flags(trade: Trade, record_id: str, *, by: str) -> list[str]:
    told = trade.live.signed(by).get(f"/v1/records/{record_id}/flags").json()
    return [flag["code"] for flag in told["flags"]]


@pytest.mark.item("4.done.superseded")
def test_an_inspection_is_flagged_by_what_was_in_force_before_it(trade: Trade) -> None:
    groups = measured("1")
    earlier = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    specify(trade, "B", "2026-11-20")
    later = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    for by in (OEM, SUPPLIER):
        assert flags(trade, earlier, by=by) == ["site-missing"]
        assert flags(trade, later, by=by) == ["site-missing", "specification-superseded"]
    assert flags(trade, later, by=STRANGER) == []


@pytest.mark.item("4.4.cited")
@pytest.mark.parametrize(
    ("groups", "flagged"),
    [
        pytest.param(measured("1.025"), {}, id="on the limit"),
        pytest.param(
            measured("1.026"),
            {"outside-limits-accepted": "/measurements/characteristics/0"},
            id="outside",
        ),
        pytest.param(
            measured("1", number="D9"),
            {"characteristic-not-specified": "/measurements/characteristics/0/id"},
            id="not of the specification",
        ),
        pytest.param(
            measured("26.035", unit="MMT"),
            {"unit-differs": "/measurements/characteristics/0/unit"},
            id="inside, in another unit",
        ),
        pytest.param(
            measured("26.036", unit="MMT"),
            {
                "outside-limits-accepted": "/measurements/characteristics/0",
                "unit-differs": "/measurements/characteristics/0/unit",
            },
            id="outside, in another unit",
        ),
    ],
)
def test_an_inspection_is_flagged_by_the_limits_of_the_specification_it_cites(
    trade: Trade, groups: dict[str, Any], flagged: dict[str, str]
) -> None:
    filed = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    for by in (OEM, SUPPLIER):
        told = trade.live.signed(by).get(f"/v1/records/{filed}/flags").json()["flags"]
        others = {flag["code"]: flag["pointer"] for flag in told}
        assert others.pop("site-missing")
        others.pop("specification-superseded", None)
        assert others == flagged
    assert flags(trade, filed, by=STRANGER) == []


@pytest.mark.item("4.4.cited")
def test_who_reads_the_inspection_and_not_the_specification_is_told_nothing_of_it(
    trade: Trade,
) -> None:
    groups = measured("1.026")
    groups["lot"] |= {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    for subject, is_told in ((OEM, True), (STRANGER, False)):
        filing = Filing(subject=trade.did(subject), to=[trade.did(subject)])
        text = trade.live.record(groups, by=SUPPLIER, filing=filing, vct="inspection-report/v1")
        filed = trade.live.admit(text)
        told = flags(trade, filed, by=subject)
        assert "site-missing" in told
        assert ("outside-limits-accepted" in told) is is_told


REPORTED = "/v1/records/{}/report?format=xlsx"


def sheets_of(data: bytes) -> dict[str, list[list[Any]]]:
    """The texts of every sheet, a list a row."""
    book = load_workbook(io.BytesIO(data))
    return {sheet.title: [[c.value for c in row] for row in sheet.iter_rows()] for sheet in book}


@pytest.mark.item("6.5.report-xlsx")
def test_a_report_tells_the_limits_of_the_cited_specification_and_comes_back_without_them(
    trade: Trade,
) -> None:
    groups = measured("1.026")
    filed = trade.file("inspection-report/v1", groups, by=SUPPLIER)
    for by in (OEM, SUPPLIER):
        data = trade.live.signed(by).get(REPORTED.format(filed)).content
        sheets = sheets_of(data)
        (row,) = sheets["Limits"][2:]
        assert row == ["D1", "INH", 0.975, 1, 1.025, 1, 1]
        flags_told = [row[1] for row in sheets["lotmark"] if row[0] == "Flag"]
        assert any(text.startswith("outside-limits-accepted") for text in flags_told)
        assert any(text.startswith("site-missing") for text in flags_told)
        assert len(flags_told) == len(set(flags_told))
        places = Places(trade.live.kind("inspection-report/v1").text)
        origin = parse_origin(trade.live.anchor.origin)
        assert take_back(data, places, origin=origin).groups == groups


@pytest.mark.item("6.5.report-xlsx")
@pytest.mark.parametrize(
    ("by", "is_compared"), [(SUPPLIER, True), (STRANGER, False), (None, False)]
)
def test_a_report_is_by_the_limits_that_its_reader_is_shown(
    trade: Trade, by: str | None, is_compared: bool
) -> None:
    groups = measured("1.026")
    groups["lot"] |= {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    to = trade.did(STRANGER)
    filing = Filing(subject=to, to=[to])
    text = trade.live.record(groups, by=SUPPLIER, filing=filing, vct="inspection-report/v1")
    filed = trade.live.admit(text)
    view = trade.live.signed(by or STRANGER).get(f"/v1/records/{filed}").content
    with a_client(trade.live, by) as client:
        given = client if by else None
        verified = verify_view(parse_view(view), trade.live.anchor)
        subject = report_subject(verified, trade.live.anchor, given, "en")
    (one,) = subject.limited["measurements"]["characteristics"]
    assert (outside_of(one), one.get("upper")) == ((1, "1.025") if is_compared else (None, None))
    assert any("outside-limits" in line for line in subject.flags) is is_compared
    if by == STRANGER:
        sheets = sheets_of(trade.live.signed(by).get(REPORTED.format(filed)).content)
        assert "Limits" not in sheets
        told = [row[1] for row in sheets["lotmark"] if row[0] == "Limits of"]
        assert [text for text in told if "could not be read" in text] == told != []


def test_what_was_agreed_is_told_without_derived_tables(own_service: LiveService) -> None:
    trade = Trade(own_service)
    trade.agree()
    filed = trade.shipment("1", part="P-1", on="2026-10-01", quantity="100")
    size = trade.await_tables()
    for is_away in (False, True):
        if is_away:
            drop_tables(trade)
        told = own_service.signed(SUPPLIER).get(f"/v1/records/{filed}/flags").json()
        assert "site-missing" in [flag["code"] for flag in told["flags"]]
        assert told["missing"] == (["deliveries"] if is_away else [])
        assert told["provenance"]["tree_size"] == (None if is_away else size)


def drop_tables(trade: Trade) -> None:
    """Take the derived tables away, as another hand could."""
    url = derived_url("", trade.live.folder.derived)
    with closing(DerivedDatabase(url)) as database, database.writing() as connection:
        METADATA.drop_all(connection)
