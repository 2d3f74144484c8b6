"""Reading: what is shown was verified first, and an answer that is not is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.anchor_words import anchor_words
from api.client import LogClient
from api.client_errors import UnknownType
from api.known_types import find_type
from ledger.anchor import Anchor, encode_anchor, parse_anchor
from ledger.note import ED25519_NOTE, encode_vkey
from ledger.verify import verify_view
from ledger.view import parse_view
from tests.api.cli.solo import SLUG, SoloLog
from tests.api.cli.tables import VERDICT
from tests.api.service import SUPPLIER, LiveService
from tests.api.test_client import Misbehaving, a_client, answer
from tests.ledger.signers import key_of

pytestmark = pytest.mark.item("2.7")

SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))


@pytest.fixture(scope="module")
def record(solo: SoloLog, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of one admitted record."""
    table = tmp_path_factory.mktemp("table") / "m.csv"
    table.write_text("Charge;D [mm]\nA-17;12,50\n")
    sent = solo.json("submit", str(table), "--type", "inspection-report/v1", *SETS)
    return str(sent["records"][0]["record_id"])


def test_a_record_is_shown_by_id_and_by_its_entry_number(solo: SoloLog, record: str) -> None:
    by_id = solo.json("show", record)
    by_number = solo.json("show", str(by_id["records"][0]["index"]))
    assert by_number["records"][0]["record_id"] == record
    assert by_id["records"][0]["groups"]["lot"]["number"] == "A-17"


def test_labels_are_those_of_the_type_in_the_language_asked_for(solo: SoloLog, record: str) -> None:
    assert "Lot number: A-17" in solo.run("show", record, "--language", "en").stdout
    assert "批号: A-17" in solo.run("show", record, "--language", "zh").stdout


def test_a_view_file_is_shown_without_a_service(solo: SoloLog, record: str, tmp_path: Path) -> None:
    solo.json("export", str(tmp_path), "--type", "inspection-report/v1")
    view = str(tmp_path / "records-0001.jsonl")
    away = solo.run("show", view, "--url", "http://service.invalid")
    assert away.exit_code == 0, away.stderr
    assert "A-17" in away.stdout
    assert record in away.stdout


def test_a_record_is_handed_on_as_a_file_that_verifies(
    solo: SoloLog, record: str, tmp_path: Path
) -> None:
    file = tmp_path / "view.json"
    told = solo.json("show", record, "--out", str(file))
    verified = verify_view(parse_view(file.read_bytes()), solo.anchor)
    assert [item.record_id for item in verified.records] == [record]
    assert {item.group for item in verified.records[0].groups} == set(told["records"][0]["groups"])
    assert solo.json("verify", str(file))["records"][0]["record_id"] == record


@pytest.mark.parametrize("source", ["service", "file"])
def test_groups_are_left_out_and_what_is_left_verifies(
    solo: SoloLog, record: str, tmp_path: Path, source: str
) -> None:
    whole, file = tmp_path / "whole.json", tmp_path / "view.json"
    solo.json("show", record, "--out", str(whole))
    named = record if source == "service" else str(whole)
    told = solo.json("show", named, "--groups", "verdict,lot", "--out", str(file))
    verified = verify_view(parse_view(file.read_bytes()), solo.anchor)
    assert {item.group for item in verified.records[0].groups} == {"verdict", "lot"}
    assert set(told["records"][0]["groups"]) == {"verdict", "lot"}
    kept = parse_view(file.read_bytes()).records[0].disclosures
    dropped = set(parse_view(whole.read_bytes()).records[0].disclosures) - set(kept)
    assert dropped
    assert not any(text in file.read_text() for text in dropped)


def test_several_records_of_a_file_are_redacted_together(
    solo: SoloLog, record: str, tmp_path: Path
) -> None:
    solo.json("export", str(tmp_path))
    view, file = str(tmp_path / "records-0001.jsonl"), tmp_path / "view.jsonl"
    solo.json("show", view, "--groups", "lot", "--out", str(file))
    verified = verify_view(parse_view(file.read_bytes()), solo.anchor)
    assert len(verified.records) > 1
    shown = {item.record_id: [group.group for group in item.groups] for item in verified.records}
    assert shown.pop(record) == ["lot"]
    assert not any(shown.values())


def test_a_group_that_is_not_there_is_told_and_nothing_is_written(
    solo: SoloLog, record: str, tmp_path: Path
) -> None:
    file = tmp_path / "view.json"
    refused = solo.run("show", record, "--groups", "verdict,price", "--out", str(file))
    assert refused.exit_code == 1
    assert "group-not-shown" in refused.stderr
    assert "'price'" in refused.stderr
    assert not file.exists()


def test_a_stranger_is_told_of_no_record_without_public_groups(solo: SoloLog, record: str) -> None:
    refused = solo.run("show", record, "--anonymous", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "not-found"


def test_governance_is_shown_to_everybody(solo: SoloLog) -> None:
    charter = solo.json("show", "0", "--anonymous")["records"][0]
    assert charter["body"]["operator"] == SLUG


@pytest.mark.parametrize(
    ("record_name", "code"), [("999999", "no-such-entry"), ("A" * 43, "not-found")]
)
def test_what_is_not_there_is_told(solo: SoloLog, record_name: str, code: str) -> None:
    refused = solo.run("show", record_name, "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == code


def test_an_export_pages_through_all_and_every_file_verifies_by_itself(
    solo: SoloLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.reading._PAGE", 3)
    told = solo.json("export", str(tmp_path))
    assert told["records"] == solo.json("audit")["entries"]
    assert len(told["files"]) == -(-told["records"] // 3)
    found = [
        record.index
        for file in told["files"]
        for record in verify_view(parse_view(Path(file).read_bytes()), solo.anchor).records
    ]
    assert found == list(reversed(range(told["records"])))
    for file in told["files"][2:]:
        Path(file).unlink()
    again = solo.json("export", str(tmp_path), "--resume")
    assert (again["files"], again["records"]) == (told["files"], told["records"] - 6)


def test_a_service_under_another_name_says_which_one_it_signs_as(
    solo: SoloLog, record: str
) -> None:
    refused = solo.run("show", record, "--url", solo.url.replace("127.0.0.1", "localhost"))
    assert refused.exit_code == 1
    assert "bad-request-signature" in refused.stderr
    assert f"This service signs as {solo.url}: use exactly that with --url." in refused.stderr


def test_another_record_than_the_one_asked_for_is_refused(solo: SoloLog, record: str) -> None:
    charter = solo.anchor.charter
    with LogClient(solo.url) as client:
        view = client.view(charter)
    # This server answers whatever is asked with a true view, but always of the charter.
    server = Misbehaving([answer(200, view)])
    with server.served():
        options = ("--anonymous", "--url", server.url)
        refused = solo.run("show", record, *options)
        assert solo.run("show", charter, *options).exit_code == 0
    assert refused.exit_code == 1
    assert "answer-malformed" in refused.stderr


def test_the_anchor_is_printed_as_the_party_holds_it(solo: SoloLog) -> None:
    printed = solo.run("anchor")
    assert printed.stdout == (solo.party / "anchor.json").read_text()
    assert solo.json("anchor")["charter"] == solo.anchor.charter


def _written(policy: str, charter: str = "A" * 43) -> Anchor:
    return parse_anchor(encode_anchor("log.example", policy, charter).encode())


@pytest.mark.item("3.1.anchor")
def test_an_anchor_has_words_to_compare_by_phone(solo: SoloLog) -> None:
    printed = solo.run("anchor").stderr
    told = solo.json("anchor")["words"]
    assert {len(line.split()) for line in told.values()} == {12}
    assert all(line in printed for line in told.values())
    assert told == {name: anchor_words(solo.anchor, name) for name in ("en", "zh")}


@pytest.mark.item("3.1.anchor")
def test_the_words_are_those_of_what_is_trusted() -> None:
    log = encode_vkey(key_of("log.example", ED25519_NOTE))
    other = encode_vkey(key_of("log.example", ED25519_NOTE, seed=bytes(32)))
    words = anchor_words(_written(f"log {log}\nquorum none\n"), "en")
    same = _written(f"# printed in May\n\nlog  {log} https://log.example/\nquorum none\n")
    assert anchor_words(same, "en") == words
    assert anchor_words(_written(f"log {other}\nquorum none\n"), "en") != words
    assert anchor_words(_written(f"log {log}\nquorum none\n", "B" * 42 + "A"), "en") != words


# ---- types that are not built in ----


def test_a_type_of_the_log_is_believed_through_its_own_entry(service: LiveService) -> None:
    with a_client(service, SUPPLIER) as client:
        kind = find_type("sample-report/v1", client=client, anchor=service.anchor)
        assert kind.sha256 == service.kind("sample-report/v1").sha256
        with pytest.raises(UnknownType, match="no-such/v1"):
            find_type("no-such/v1", client=client, anchor=service.anchor)
    with pytest.raises(UnknownType, match="sample-report/v1"):
        find_type("sample-report/v1", client=None, anchor=service.anchor)


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
def test_a_signer_is_told_that_all_is_its_own(solo: SoloLog, record: str) -> None:
    (told,) = solo.json("decide", record)["decisions"]
    assert told["record"] == record
    assert told["groups"]["lot"]["rule"] == "issuer"
    assert set(told["recomputed"].values()) == {"agrees"}


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
def test_anyone_is_told_nothing_of_a_record_without_public_groups(
    solo: SoloLog, record: str
) -> None:
    refused = solo.run("decide", record, "--anonymous")
    assert refused.exit_code == 1
    assert "not-found" in refused.stderr


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "its signer  follows from what you know"), ("zh", "签署方本身  可由您所知推出")],
)
def test_it_is_told_in_words(solo: SoloLog, record: str, language: str, words: str) -> None:
    shown = solo.run("decide", record, "--language", language)
    assert shown.exit_code == 0, shown.stderr
    assert words in shown.stdout


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
def test_a_view_file_is_enough(solo: SoloLog, record: str, tmp_path: Path) -> None:
    view = tmp_path / "view.json"
    solo.run("show", record, "--out", str(view))
    told = solo.json("decide", str(view), "--url", "http://service.invalid")["decisions"]
    assert set(told[0]["recomputed"].values()) == {"agrees"}


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
def test_a_changed_decision_is_refused(solo: SoloLog, record: str, tmp_path: Path) -> None:
    view = tmp_path / "view.json"
    solo.run("show", record, "--out", str(view))
    document = json.loads(view.read_text())
    decision = document["records"][0]["decision"]
    document["records"][0]["decision"] = decision.replace('"rule":"issuer"', '"rule":"owner"')
    view.write_text(json.dumps(document))
    refused = solo.run("decide", str(view))
    assert refused.exit_code == 1
    assert "bad-decision-signature" in refused.stderr


@pytest.mark.item("5.3")
@pytest.mark.item("5.3.signed")
def test_of_a_governance_record_nothing_is_decided(solo: SoloLog) -> None:
    refused = solo.run("decide", "0")
    assert refused.exit_code == 1
    assert "decision-missing" in refused.stderr


@pytest.mark.item("6.5.report-xlsx")
def test_a_report_is_written_of_a_record_or_its_view_and_comes_back(
    solo: SoloLog, record: str, tmp_path: Path
) -> None:
    view, of_record, of_view = (str(tmp_path / name) for name in ("v.json", "r.xlsx", "v.xlsx"))
    shown = solo.json("show", record, "--out", view)["records"][0]
    told = solo.json("report", record, "--out", of_record)
    assert told["record_id"] == record
    solo.json("report", view, "--out", of_view, "--url", "http://service.invalid")
    assert Path(of_record).read_bytes()[:2] == b"PK"
    for path in (of_record, of_view):
        back = solo.json("import", "inspection-report", path, "--dry-run")
        closed = ("manifest", "address", "filing")
        content = {name: group for name, group in shown["groups"].items() if name not in closed}
        assert back["records"][0]["groups"] == content


@pytest.mark.item("6.5.report-pdf")
def test_a_report_is_written_as_a_pdf_and_as_nothing_else(
    solo: SoloLog, record: str, tmp_path: Path
) -> None:
    solo.json("report", record, "--out", str(tmp_path / "r.pdf"), "--language", "zh")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
    refused = solo.run("report", record, "--out", str(tmp_path / "r.doc"))
    assert refused.exit_code == 1
    assert "--out report.pdf" in refused.stderr


@pytest.mark.parametrize("entry", ["0", "1"])
def test_a_record_of_governance_has_no_report(solo: SoloLog, entry: str, tmp_path: Path) -> None:
    refused = solo.run("report", entry, "--out", str(tmp_path / "r.xlsx"))
    assert "refused: report-of-one" in refused.stderr
