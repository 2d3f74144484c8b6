"""Reports of readings are put on the specification that the log shows, verified, or told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli.agreed_reports import Agreeing
from api.cli.cited_specifications import Citation, SpecificationBook
from api.cli.drafts import Draft
from api.client import LogClient
from api.client_errors import ServerUnreachable
from ledger.compose import Filing
from tests.api.cli.reading_files import options, read
from tests.api.derived.trade import Trade
from tests.api.service import OEM, STRANGER, SUPPLIER, serve
from tests.api.test_client import a_client
from tests.quality.examples import example
from tests.quality.master_stories import inspection_groups

VCT = "inspection-report/v1"


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """A part with a specification of 0.975 to 1.025 INH in force, its number D1."""
    for live in serve(tmp_path_factory.mktemp("log")):
        trade = Trade(live)
        trade.agree()
        trade.add_part("GR-1")
        state = {
            "specification": "SP-1",
            "revision": "A",
            "part": "GR-1",
            "customer": trade.did(OEM),
            "supplier": trade.did(SUPPLIER),
            "in_force_from": "2026-01-01",
        }
        said = example("specification/v1")["characteristics"]
        trade.file("specification/v1", {"state": state, "characteristics": said}, by=OEM)
        yield trade


def a_report(trade: Trade, *values: str, **members: Any) -> Draft:
    """A report of readings that cites the specification."""
    groups = inspection_groups(cited="A")
    (one,) = groups["measurements"]["characteristics"]
    one |= {"id": "D1", "unit": "INH", "lower": None, "upper": None, **members}
    one["values"] = [{"value": value} for value in values]
    groups["lot"] |= {"customer": trade.did(OEM), "supplier": trade.did(SUPPLIER)}
    filing = Filing(subject=trade.did(OEM), to=(trade.did(OEM),))
    return Draft(VCT, groups, filing, "row 2")


def agreeing(trade: Trade, *, by: str = SUPPLIER, admits: bool = False) -> Agreeing:
    """What completes reports as a party."""
    book = SpecificationBook(lambda: a_client(trade.live, by), trade.live.anchor, is_optional=False)
    return Agreeing(book, has_summary=True, admits_implausible=admits)


def test_a_report_gets_its_summary_by_the_limits_of_the_log_and_is_admitted(trade: Trade) -> None:
    draft = agreeing(trade).agree(a_report(trade, "0.99", "1.00", "1.01"), trade.live.kind(VCT))
    (measured,) = draft.groups["measurements"]["characteristics"]
    (summary,) = draft.groups["summary"]["characteristics"]
    assert not {"lower", "upper", "nominal"} & measured.keys()
    assert (summary["mean"], summary["deviation"], summary["ppk"]["value"]) == (
        *("1.00000", "0.01"),
        "0.833",
    )
    assert draft.faults == ()
    text = trade.live.record(draft.groups, by=SUPPLIER, filing=draft.filing, vct=VCT)
    assert trade.live.admit(text)


@pytest.mark.item("6.bad.units")
def test_a_unit_that_disagrees_with_the_log_is_told_by_its_place(trade: Trade) -> None:
    draft = agreeing(trade).agree(a_report(trade, "25.4", unit="mm"), trade.live.kind(VCT))
    (line,) = (line for line in draft.faults if "/unit" in line)
    assert line.startswith("row 2 (/measurements/characteristics/0/unit): expected INH (inch)")


@pytest.mark.item("6.bad.implausible")
@pytest.mark.parametrize(("admits", "faults", "notes"), [(False, 1, 0), (True, 0, 1)])
def test_a_value_that_cannot_be_is_sent_only_where_that_is_said(
    trade: Trade, admits: bool, faults: int, notes: int
) -> None:
    run = agreeing(trade, admits=admits)
    draft = run.agree(a_report(trade, "-1"), trade.live.kind(VCT))
    assert len(draft.faults) == faults
    assert sum("sent as it is" in note for note in run.notes) == notes


def test_who_is_not_shown_the_specification_is_told_so(trade: Trade) -> None:
    run = agreeing(trade, by=STRANGER)
    draft = run.agree(a_report(trade, "1.00"), trade.live.kind(VCT))
    assert draft.groups["measurements"]["characteristics"][0]["id"] == "D1"
    assert "ppk" not in draft.groups["summary"]["characteristics"][0]
    assert run.notes[0].startswith("the log shows no specification SP-1 revision A")


@pytest.mark.parametrize("is_optional", [True, False])
def test_a_dry_run_goes_on_without_the_service(trade: Trade, is_optional: bool) -> None:
    def nobody() -> LogClient:
        raise ServerUnreachable("expected an answer, found nobody")

    book = SpecificationBook(nobody, trade.live.anchor, is_optional=is_optional)
    cited = Citation("SP-1", "A")
    if is_optional:
        assert book.find(cited) is None
        assert any("was not looked up" in note for note in book.notes)
        return
    with pytest.raises(ServerUnreachable):
        book.find(cited)


def test_one_table_of_an_inspector_is_one_report_with_no_limit_typed(
    trade: Trade, tmp_path: Path
) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("Charge;Stück;D1\nLG-1;1;0.99\nLG-1;2;1.00\nLG-1;3;1.01\n")
    run = agreeing(trade)
    cited = {
        "/lot/specification/id": "SP-1",
        "/lot/specification/revision": "A",
        "/lot/part": "GR-1",
        "/lot/part_revision": "A",
        "/lot/customer": trade.did(OEM),
        "/lot/supplier": trade.did(SUPPLIER),
    }
    found = run.book.characteristics
    said = replace(options(sets=cited), own=trade.did(SUPPLIER), find_agreed=found)
    (draft,) = (run.agree(item, trade.live.kind(VCT)) for item in read(path, said).drafts)
    (measured,) = draft.groups["measurements"]["characteristics"]
    (summary,) = draft.groups["summary"]["characteristics"]
    assert (measured["id"], measured["unit"]) == ("D1", "INH")
    assert not {"lower", "upper", "nominal"} & measured.keys()
    assert summary["ppk"]["value"] == "0.833"
    text = trade.live.record(draft.groups, by=SUPPLIER, filing=draft.filing, vct=VCT)
    assert trade.live.admit(text)
