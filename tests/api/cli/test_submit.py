"""Submitting is safe to repeat: nothing is sent twice, nothing is lost, bad rows are named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.cli.drafts import Draft
from api.cli.faults import CommandFault
from api.cli.journal import Journal
from api.cli.submission import Submission, tell_interruption
from api.client import Answer, LogClient
from api.client_errors import ServerUnreachable
from ledger.compose import Composer, Filing
from ledger.submission import Admitted
from tests.api.cli.solo import SoloLog, lotmark
from tests.api.cli.tables import KINDS, VERDICT

pytestmark = pytest.mark.item("2.7")

VCT = "inspection-report/v1"
SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))


def a_csv(folder: Path, lots: list[str], name: str = "m.csv") -> Path:
    """A table with a row a lot, and the mapping that its verdict is set by."""
    path = folder / name
    rows = "".join(f"{lot};12,5\n" for lot in lots)
    path.write_text(f"Charge;D [mm]\n{rows}")
    return path


def submit(solo: SoloLog, path: Path) -> list[dict[str, object]]:
    """Submit a table; what became of its records."""
    records = solo.json("submit", str(path), "--type", VCT, *SETS)["records"]
    assert isinstance(records, list)
    return records


def test_a_second_run_sends_nothing_and_shows_the_first_receipts(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = a_csv(tmp_path, ["A", "B"])
    first = submit(solo, path)
    again = submit(solo, path)
    assert [item["first"] for item in first] == [True, True]
    assert [item["first"] for item in again] == [False, False]
    assert [item["receipt"] for item in again] == [item["receipt"] for item in first]


def test_a_mended_table_sends_only_what_is_new_in_it(solo: SoloLog, tmp_path: Path) -> None:
    before = submit(solo, a_csv(tmp_path, ["A", "B"]))
    after = submit(solo, a_csv(tmp_path, ["B", "C", "A"]))
    assert [item["first"] for item in after] == [False, True, False]
    assert after[2]["record_id"] == before[0]["record_id"]


def test_equal_rows_are_records_of_their_own(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    groups = {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-20T09:00:00Z",
            "stage": "outgoing",
        },
        "lot": {"number": "A", "part": "P", "quantity": "1", "unit": "H87"},
    }
    path.write_text(json.dumps([groups, groups]))
    first = solo.json("submit", str(path), "--type", VCT)["records"]
    again = solo.json("submit", str(path), "--type", VCT)["records"]
    assert len({item["record_id"] for item in first}) == 2
    assert [item["record_id"] for item in again] == [item["record_id"] for item in first]


class CutOff(LogClient):
    """A client whose connection breaks after the log has taken its batch."""

    def submit_batch(self, sd_jwts: list[str], **asked: bool) -> list[Answer]:
        super().submit_batch(sd_jwts, **asked)
        raise ServerUnreachable("expected an answer, found the line cut")


class Stopped(LogClient):
    """A client whose user presses Ctrl-C while the second batch is under way."""

    batches = 0

    def submit_batch(self, sd_jwts: list[str], **asked: bool) -> list[Answer]:
        self.batches += 1
        if self.batches == 2:
            raise KeyboardInterrupt
        return super().submit_batch(sd_jwts, **asked)


@pytest.fixture
def parts(solo: SoloLog, tmp_path: Path) -> Iterator[tuple[Composer, Journal]]:
    """A composer for the party's key, and an open journal."""
    origin, party = solo.anchor.origin, solo.signer()
    composer = Composer(origin, solo.anchor.charter, party, os.urandom)
    with Journal(tmp_path / "j.jsonl", origin=origin, party=party.did) as journal:
        yield composer, journal


def test_after_a_lost_answer_the_same_bytes_get_the_first_receipt(
    solo: SoloLog, parts: tuple[Composer, Journal]
) -> None:
    composer, journal = parts
    groups = {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-20T09:00:00Z",
            "stage": "outgoing",
        },
        "lot": {"number": "lost answer", "part": "P", "quantity": "1", "unit": "H87"},
    }
    draft = Draft(VCT, groups, Filing(), "here")
    with CutOff(solo.url) as client:
        cut = Submission(client, composer, solo.anchor, KINDS, journal)
        with pytest.raises(ServerUnreachable):
            list(cut.send([draft]))
    with LogClient(solo.url) as client:
        (sent,) = Submission(client, composer, solo.anchor, KINDS, journal).send([draft])
    assert isinstance(sent.answer, Admitted)
    # The log had it already: this is the first receipt, not a second record.
    assert sent.answer.is_first is False


def test_ctrl_c_says_how_far_it_came_and_how_it_goes_on(
    solo: SoloLog, parts: tuple[Composer, Journal]
) -> None:
    composer, journal = parts
    groups = {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-20T09:00:00Z",
            "stage": "outgoing",
        },
        "lot": {"number": "stopped", "part": "P", "quantity": "1", "unit": "H87"},
    }
    drafts = [Draft(VCT, groups, Filing(number=name), name) for name in ("first", "second")]
    with Stopped(solo.url) as client:
        submission = Submission(client, composer, solo.anchor, KINDS, journal)
        list(submission.send(drafts[:1]))
        with pytest.raises(CommandFault) as stopped, tell_interruption(journal):
            list(submission.send(drafts[1:]))
    assert "2 signed records, 1 of them with a receipt" in stopped.value.message
    assert "same command again" in stopped.value.remedy


def test_nothing_is_sent_while_a_row_is_bad_and_every_bad_row_is_told(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_text("Charge;Menge;D [mm]\nA;1;12,5\nB;0;x\nC;many;12,5\n")
    before = solo.json("audit")["entries"]
    options = ("--type", VCT, *SETS[:2], *SETS[4:])
    # A column of which one cell is no number is no column of numbers.
    refused = solo.run("submit", str(path), *options, "--map", "D [mm]=/lot/material")
    assert refused.exit_code == 1
    assert "row 4, column B 'Menge'" in refused.stderr
    path.write_text("Charge;Menge;D [mm]\nA;1;12,5\nB;0;12,5\nC;2;12,5\n")
    refused = solo.run("submit", str(path), *options)
    assert refused.exit_code == 1
    assert "row 3, column B 'Menge' (/lot/quantity): expected more than zero" in refused.stderr
    assert solo.json("audit")["entries"] == before


def test_good_rows_go_ahead_where_that_was_asked_for(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("Charge;Menge\nA-skip;1\nB-skip;0\n")
    options = ("--type", VCT, *SETS[:2], *SETS[4:], "--skip-faulty", "--json")
    sent = solo.run("submit", str(path), *options)
    assert sent.exit_code == 1
    found = json.loads(sent.stdout)
    assert (len(found["records"]), found["left_out"]) == (1, 1)


def test_a_dry_run_signs_and_sends_nothing(solo: SoloLog, tmp_path: Path) -> None:
    path = a_csv(tmp_path, ["A"])
    before = solo.json("audit")["entries"]
    shown = solo.json("submit", str(path), "--type", VCT, *SETS, "--dry-run")
    assert shown["records"][0]["groups"]["lot"]["number"] == "A"
    assert solo.json("audit")["entries"] == before
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m.csv", "m.csv.mapping.json"]


def test_a_dry_run_shows_flags_and_labels_in_the_readers_language(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = a_csv(tmp_path, ["A"])
    limit = "/measurements/characteristics/0/upper=12.0"
    arguments = ("submit", str(path), "--type", VCT, *SETS, "--set", limit, "--dry-run")
    english, chinese = (solo.run(*arguments, "--language", name) for name in ("en", "zh"))
    assert "Lot number: A" in english.stdout
    assert "批号: A" in chinese.stdout
    assert "outside-limits-accepted" in english.stderr


def test_a_refusal_by_the_log_is_told_and_signed_anew_the_next_time(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = a_csv(tmp_path, ["to a stranger"])
    refused = solo.run("submit", str(path), "--type", VCT, *SETS, "--to", "stranger")
    assert refused.exit_code == 1
    assert "unknown-party" in refused.stdout
    again = solo.run("submit", str(path), "--to", "stranger", "--json")
    (record,) = json.loads(again.stdout)["records"]
    assert record["code"] == "unknown-party"
    assert record["remedy"]


def test_a_file_is_uploaded_and_cited(solo: SoloLog, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" + bytes(1000))
    path = tmp_path / "r.json"
    groups = {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-20T09:00:00Z",
            "stage": "outgoing",
        },
        "lot": {"number": "A", "part": "P", "quantity": "1", "unit": "H87"},
        "evidence": {"files": [{"$file": "photo.jpg"}]},
    }
    path.write_text(json.dumps(groups))
    (sent,) = solo.json("submit", str(path), "--type", VCT)["records"]
    (shown,) = solo.json("show", sent["record_id"])["records"]
    (file,) = shown["groups"]["evidence"]["files"]
    assert (file["bytes"], file["media_type"]) == (1002, "image/jpeg")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--type", "no-such/v1"), "unknown-type"),
        (("--type", VCT, "--map", "X=/lot/number"), "malformed-mapping"),
        (("--type", VCT, "--set", "lot=1"), "malformed-mapping"),
        (("--type", VCT, "--set", "x"), "malformed-mapping"),
        ((), "malformed-mapping"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_what_to_do(
    solo: SoloLog, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    # Headings of their own: what the party remembers of others gives no type.
    path = tmp_path / "m.csv"
    path.write_text("Charge;Ra [um];Rz [um]\nA;1,5;2,5\n")
    refused = solo.run("submit", str(path), *arguments, "--json")
    assert refused.exit_code == 1
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == code
    assert error["remedy"] or ":" in error["detail"]


def test_what_is_set_goes_into_a_record_in_json_too(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(lotmark("template", VCT).stdout)
    shown = solo.json("submit", str(path), "--set", "/lot/drawing=D-7", "--dry-run")
    (record,) = shown["records"]
    assert record["groups"]["lot"]["drawing"] == "D-7"
    refused = solo.run("submit", str(path), "--set", "/lot/colour=red", "--dry-run")
    assert refused.exit_code == 1
    assert "no place /lot/colour" in refused.stderr


def test_a_correction_names_what_it_corrects_and_why(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(lotmark("template", VCT).stdout)
    (wrong,) = solo.json("submit", str(path))["records"]
    reason = ("--set", "/correction/reason=typing", "--set", "/correction/note=12 and not 21")
    corrects = ("--corrects", str(wrong["index"]))
    (sent,) = solo.json("submit", str(path), *corrects, *reason)["records"]
    (shown,) = solo.json("show", str(sent["record_id"]))["records"]
    assert shown["groups"]["correction"] == {"reason": "typing", "note": "12 and not 21"}
    assert shown["groups"]["manifest"]["corrects"] == wrong["record_id"]
    unexplained = solo.run("submit", str(path), *corrects)
    assert unexplained.exit_code == 1
    assert "/correction" in unexplained.stderr


def test_a_report_that_comes_back_unchanged_is_not_filed_again(
    solo: SoloLog, tmp_path: Path
) -> None:
    path, book = tmp_path / "r.json", tmp_path / "r.xlsx"
    draft = json.loads(lotmark("template", VCT).stdout)
    draft["filing"]["number"] = "BACK-1"
    path.write_text(json.dumps(draft))
    (filed,) = solo.json("submit", str(path))["records"]
    solo.json("report", str(filed["record_id"]), "--out", str(book))
    told = solo.run("submit", str(book))
    assert told.exit_code == 0, told.stderr
    assert f"already there as entry {filed['index']}" in told.stdout + told.stderr
    changed = solo.run("submit", str(book), "--set", "/lot/drawing=D-9")
    assert changed.exit_code == 1
    assert f"--corrects {filed['index']}" in changed.stderr
    (again,) = solo.json("submit", str(book), "--again")["records"]
    assert again["record_id"] != filed["record_id"]


@pytest.mark.item("6.5.dfq")
@pytest.mark.item("6.bad.implausible")
def test_a_measurement_file_is_a_report_once_and_none_of_what_cannot_be(
    solo: SoloLog, tmp_path: Path
) -> None:
    text = "K0100 1\nK1001/1 T-77\nK2001/1 12\nK2142/1 mm\n12,51\n12,52\n"
    path = tmp_path / "m.dfq"
    path.write_text(text)
    said = (*SETS, "--set", "/lot/number=DFQ-1")
    first = solo.json("submit", str(path), *said)["records"]
    again = solo.json("submit", str(path), *said)["records"]
    assert [item["first"] for item in (*first, *again)] == [True, False]
    path.write_text(text.replace("12,52", "-12,52"))
    refused = solo.run("submit", str(path), *said)
    assert "m.dfq, line 6, '12'" in refused.stderr
    assert "--admit-implausible" in refused.stderr
    assert solo.run("submit", str(path), *said, "--admit-implausible").exit_code == 0


PROCESS = {"site": "PLANT-1", "line": "L1", "machine": "M4", "part": "GR-7"}


@pytest.mark.item("7.6.streaming")
def test_rows_from_a_pipe_become_records_of_the_log_once(solo: SoloLog, tmp_path: Path) -> None:
    head = tmp_path / "head.json"
    parameter = {"id": "D1", "unit": "MMT", "nominal": None, "lower": "4.9", "upper": "5.1"}
    draft = {"process": {**PROCESS, "parameters": [parameter]}}
    head.write_text(json.dumps({"type": "parameter-upload/v1", "groups": draft}))
    start = datetime.now(UTC) - timedelta(minutes=1)
    times = [(start + timedelta(seconds=n)).isoformat(timespec="seconds") for n in range(5)]
    rows = "".join(
        json.dumps({"at": at, "values": {"D1": f"5.0{n}"}}) + "\n" for n, at in enumerate(times)
    )
    asked = ("stream", str(head), "--spool", str(tmp_path / "spool"), "--stdin", "--rows", "3")

    first = solo.run(*asked, "--json", lines=rows + "no row\n")
    again = solo.run(*asked, "--json", lines="")

    assert first.exit_code == 0, first.stderr
    assert "line 6: expected a row as a JSON object" in first.stderr
    told = json.loads(first.stdout)
    assert (told["rows_waiting"], told["records_admitted"]) == (0, 2)
    assert json.loads(again.stdout) == told
    index = json.loads((tmp_path / "spool" / "sent.jsonl").read_text().splitlines()[0])["index"]
    assert "5.02" in json.dumps(solo.json("show", str(index)))


@pytest.mark.item("7.6")
def test_a_table_of_parameters_is_submitted_as_an_upload(solo: SoloLog, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("time;D1 [mm]\n2026-11-20 08:00;5,01\n2026-11-20 08:01;5,02\n")
    sets = [
        part for name, value in PROCESS.items() for part in ("--set", f"/process/{name}={value}")
    ]
    asked = ("submit", str(path), "--type", "parameter-upload/v1", "--offset", "+08:00", *sets)

    (record,) = solo.json(*asked)["records"]
    again = solo.json(*asked)["records"]

    assert record["first"]
    assert [item["record_id"] for item in again] == [record["record_id"]]
