"""Drafts from JSON files: their forms, their files, and what is refused."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli.cells import CellReading, DecimalSign
from api.cli.draft_check import DraftCheck
from api.cli.draft_constants import put_constants
from api.cli.drafts import (
    Draft,
    cited_files,
    content_key,
    put_files,
    read_drafts,
    with_filing,
)
from api.cli.places import Places
from api.cli.table_errors import MalformedDraft, MalformedMapping
from api.cli.template import fill_template
from ledger.anchor import Anchor
from ledger.compose import Filing
from ledger.record import NO_POLICY
from ledger.record_type import parse_record_type
from ledger.trust_policy import TrustPolicy
from quality.rules import QualityRules
from tests.api.cli.shell import ROOT
from tests.api.cli.tables import INSPECTION, KINDS, ORIGIN, VERDICT, mapped
from tests.ledger.sample_types import sample_definition, sample_type_text
from tests.quality.examples import example

pytestmark = pytest.mark.item("2.7")

VCT = "inspection-report/v1"
GROUPS: Any = {"lot": {"number": "A"}}


def read(text: str, name: str = "r.json", vct: str | None = VCT) -> list[Draft]:
    return read_drafts(Path(name), text.encode(), vct=vct, origin=ORIGIN)


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("r.json", json.dumps(GROUPS), 1),
        ("r.json", json.dumps([GROUPS, GROUPS]), 2),
        ("r.json", json.dumps({"type": VCT, "groups": GROUPS}), 1),
        ("r.json", json.dumps({"type": VCT, **GROUPS}), 1),
        ("r.json", json.dumps({"type": VCT, **GROUPS, "filing": {}}), 1),
        ("r.json", json.dumps({**GROUPS, "filing": {}}), 1),
        ("r.jsonl", f"{json.dumps(GROUPS)}\n\n{json.dumps(GROUPS)}\n", 2),
    ],
)
def test_drafts_come_alone_in_an_array_or_one_a_line(name: str, text: str, count: int) -> None:
    drafts = read(text, name)
    assert [draft.groups for draft in drafts] == [GROUPS] * count
    assert {draft.vct for draft in drafts} == {VCT}


def test_a_draft_names_parties_by_slug_and_its_own_type() -> None:
    text = json.dumps(
        {"type": "other/v1", "groups": GROUPS, "filing": {"to": ["borealis"], "subject": "acme"}}
    )
    (draft,) = read(text)
    assert draft.vct == "other/v1"
    assert draft.filing.to == ("did:web:quality.example:parties:borealis",)
    assert draft.filing.subject == "did:web:quality.example:parties:acme"


@pytest.mark.parametrize(
    "text",
    [
        '{"lot": {"quantity": 1.5}}',
        '{"lot": 1, "lot": 2}',
        "[]x",
        "[1]",
        "{}",
        '{"type": "a/v1", "groups": []}',
        '{"groups": {"a": 1}, "filing": {"unknown": 1}}',
        '{"groups": {"a": 1}, "filing": {"to": "borealis"}}',
        '{"groups": {"a": 1}, "filing": {"to": ["NOT A SLUG"]}}',
        '{"groups": {"a": 1}, "filing": {"cites": [{}]}}',
        '{"groups": {"a": 1}, "filing": {"tiers": ["lot"]}}',
        '{"groups": {"a": 1}, "filing": {"tiers": {"lot": 1}}}',
        '{"groups": {"a": 1}, "filing": {"number": 7}}',
    ],
)
def test_what_is_no_draft_is_refused(text: str) -> None:
    with pytest.raises(MalformedDraft):
        read(text)
    assert read(json.dumps(GROUPS))


def test_a_type_must_come_from_somewhere() -> None:
    with pytest.raises(MalformedDraft, match="type"):
        read(json.dumps(GROUPS), vct=None)


@pytest.mark.parametrize("is_flat", [True, False])
def test_a_draft_of_either_shape_names_its_own_type(is_flat: bool) -> None:
    groups = GROUPS if is_flat else {"groups": GROUPS}
    (draft,) = read(json.dumps({"type": "a/v1", **groups, "filing": {"number": "7"}}), vct=None)
    assert (draft.vct, draft.groups, draft.filing.number) == ("a/v1", GROUPS, "7")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("r.json", '{\n "a": 1,\n "b" 2\n}', "line 3, column 6"),
        ("r.jsonl", '{"lot": {}}\n\n{"a": }\n', "line 3, column 7"),
    ],
)
def test_broken_json_is_told_by_line_and_column_alone(name: str, text: str, place: str) -> None:
    with pytest.raises(MalformedDraft, match=place) as refused:
        read(text, name)
    assert "12.50" not in refused.value.remedy


def test_a_number_with_a_fraction_is_told_to_be_written_as_a_text() -> None:
    with pytest.raises(MalformedDraft, match="/lot/quantity") as refused:
        read('{"lot": {"quantity": 1.5}}')
    assert '"12.50"' in refused.value.remedy


def test_what_is_set_fills_what_the_file_does_not_give() -> None:
    groups = {"lot": {"number": "A"}, "measurements": {"characteristics": [{"id": "D"}, {}]}}
    base = "/measurements/characteristics"
    given = {
        "/lot/number": "B",
        "/lot/quantity": "5",
        "/lot/supplier": "acme",
        f"{base}/*/unit": "mm",
        f"{base}/1/id": "L",
        "/correction/reason": "typing",
        "/filing/number": "8",
        "/address/to/0": "acme",
    }
    draft = Draft(VCT, groups, Filing(number="7"), "x")
    filled = put_constants(draft, given, INSPECTION, reading=CellReading(ORIGIN))
    acme = "did:web:quality.example:parties:acme"
    assert filled.groups["lot"] == {"number": "A", "quantity": "5", "supplier": acme}
    assert filled.groups["correction"] == {"reason": "typing"}
    assert filled.groups["measurements"] == {
        "characteristics": [{"id": "D", "unit": "MMT"}, {"unit": "MMT", "id": "L"}]
    }
    assert (filled.filing.number, filled.filing.to) == ("7", (acme,))
    assert draft.groups["lot"] == {"number": "A"}


def test_what_is_set_at_no_place_or_in_another_form_is_refused() -> None:
    draft = Draft(VCT, GROUPS, Filing(), "x")
    for pointer, value in (("/lot/colour", "red"), ("/lot/quantity", "many")):
        with pytest.raises(MalformedMapping, match=pointer):
            put_constants(draft, {pointer: value}, INSPECTION, reading=CellReading(ORIGIN))


def test_the_command_line_fills_what_the_draft_leaves_open() -> None:
    draft = Draft(VCT, GROUPS, Filing(number="IR-1"), "x")
    filled = with_filing(draft, Filing(number="IR-2", family="gears")).filing
    assert (filled.number, filled.family) == ("IR-1", "gears")


def test_files_are_found_and_replaced_wherever_they_stand() -> None:
    value = {"evidence": {"files": [{"$file": "a.txt"}, {"$file": "b/c.pdf"}]}}
    assert list(cited_files(value)) == ["a.txt", "b/c.pdf"]
    uploaded = {"a.txt": {"blob": "1"}, "b/c.pdf": {"blob": "2"}}
    assert put_files(value, uploaded) == {"evidence": {"files": [{"blob": "1"}, {"blob": "2"}]}}


def test_drafts_that_say_the_same_share_a_key_and_others_do_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    draft = Draft(VCT, {"a": {"x": 1, "y": {"$file": "a.txt"}}}, Filing(), "p", folder=tmp_path)
    same = replace(draft, groups={"a": {"y": {"$file": "a.txt"}, "x": 1}}, place="q")
    assert content_key(draft) == content_key(same)
    others = [
        replace(draft, vct="other/v1"),
        replace(draft, groups={"a": {"x": 2, "y": {"$file": "a.txt"}}}),
        replace(draft, filing=Filing(number="1")),
    ]
    keys = {content_key(item) for item in (draft, *others)}
    (tmp_path / "a.txt").write_text("two")
    assert len(keys | {content_key(draft)}) == 5


def test_a_file_that_is_not_there_is_told_by_its_path(tmp_path: Path) -> None:
    draft = Draft(VCT, {"a": {"$file": "gone.txt"}}, Filing(), "p", folder=tmp_path)
    with pytest.raises(MalformedDraft, match=r"gone\.txt"):
        content_key(draft)


# ---- the same checks as the log's ----


def check(draft: Draft, *, slug: str = "acme") -> list[str]:
    anchor = Anchor(ORIGIN, TrustPolicy((), (), (), quorum=None), NO_POLICY)
    return DraftCheck(KINDS[draft.vct], anchor=anchor, slug=slug).faults(draft)


def test_a_correction_without_its_reason_is_told_the_options_and_the_reasons() -> None:
    groups = example(VCT)
    del groups["correction"]
    lines = check(Draft(VCT, groups, Filing(corrects="c" * 42 + "A"), "r.json"))
    told = "--set /correction/reason=typing (or measurement, wrong-lot"
    assert [line for line in lines if told in line] != []


def test_a_record_in_order_has_no_faults() -> None:
    draft = Draft(VCT, example(VCT), Filing(corrects="c" * 42 + "A"), "r.json")
    assert check(draft) == []


@pytest.mark.parametrize("group", ["measurements", "summary"])
def test_a_unit_that_nothing_gives_is_told_once_with_what_gives_it(group: str) -> None:
    groups = deepcopy(dict(example(VCT)))
    one = groups["measurements"]["characteristics"][0]
    summary = {"id": one["id"], "count": 1, "minimum": "1", "mean": "1", "maximum": "1"}
    groups["summary"] = {"characteristics": [summary]}
    del one["unit"]
    if group == "summary":
        del groups["measurements"]
    (line,) = check(Draft(VCT, groups, Filing(), "part T-77"))
    every = f"/{group}/characteristics/*/unit"
    assert f"nothing gives the unit of {one['id']}; say --set '{every}=mm'" in line
    given = Draft(VCT, groups, Filing(), "part T-77")
    reading = CellReading(ORIGIN, DecimalSign.POINT)
    put = put_constants(given, {every: "mm"}, Places(KINDS[VCT].text), reading=reading)
    assert put.groups[group]["characteristics"][0]["unit"] == "MMT"


def test_what_nothing_gives_is_told_with_the_option_that_would() -> None:
    (draft,) = mapped("L\nA\n", {"L": "/lot/number"}, constants=VERDICT)
    (line,) = check(draft)
    assert "nothing gives /lot/unit (text)" in line
    assert "--set /lot/unit=VALUE" in line
    (draft,) = mapped("L\nA\n", {"L": "/lot/number"}, constants=VERDICT | {"/lot/unit": "H87"})
    assert check(draft) == []


def test_a_rule_of_the_trade_is_told_by_row_and_column() -> None:
    constants = VERDICT | {"/lot/unit": "H87"}
    del constants["/lot/quantity"]
    columns = {"L": "/lot/number", "Menge": "/lot/quantity"}
    (good,) = mapped("L;Menge\nA;200\n", columns, constants=constants)
    assert check(good) == []
    (bad,) = mapped("L;Menge\nA;0\n", columns, constants=constants)
    (line,) = check(bad)
    assert line.startswith("row 2, column B 'Menge' (/lot/quantity): expected more than zero")


def test_what_is_of_another_form_is_told_in_words_and_without_patterns() -> None:
    groups = {
        "verdict": {"decision": "yes", "decided_at": "monday", "stage": "outgoing", "colour": "x"},
        "lot": {"number": 500, "part": "P", "quantity": "many", "unit": "H87"},
    }
    lines = check(Draft(VCT, groups, Filing(), "r.json"))
    told = "\n".join(lines)
    assert "one of accept, reject, conditional, found" in told
    assert "a day and a time such as 2026-11-20T09:30:00+01:00" in told
    assert "unknown member 'colour' (known: decision, decided_at, stage, remark)" in told
    assert 'a text: write "500"' in told
    assert 'a number as a text, such as "12.50"' in told
    assert "[0-9]" not in told


#: Of these the customer is the signer, who is borealis in the templates.
BY_CUSTOMER = {"part/v1", "specification/v1", "requirement/v1", "goods-receipt/v1"}


@pytest.mark.parametrize("vct", sorted(KINDS))
def test_the_template_of_each_type_is_a_record_in_order(vct: str) -> None:
    (draft,) = read(json.dumps(fill_template(KINDS[vct])), vct=None)
    assert draft.vct == vct
    assert check(draft, slug="borealis" if vct in BY_CUSTOMER else "acme") == []


#: What they say is about another record, or about a site itself.
PLACELESS = {"act/v1", "site/v1", "model-decision/v1", "alarm-label/v1"}


def test_the_example_report_is_a_record_in_order() -> None:
    path = ROOT / "examples" / "data" / "report.json"
    (draft,) = read_drafts(path, path.read_bytes(), vct=None, origin=ORIGIN)
    assert check(draft) == []


@pytest.mark.parametrize("vct", sorted(set(KINDS) - PLACELESS))
def test_the_template_names_a_site_as_a_party_with_sites_has_to(vct: str) -> None:
    facts: Any = QualityRules().facts(vct, fill_template(KINDS[vct])["groups"])
    # Where the site stands is told by the rule that asks for it.
    site, line = facts.get("site"), facts.get("state", {}).get("line", {})
    assert (site[0] if site else line["site"]) == "PLANT-1"


def test_the_template_has_a_place_for_what_a_type_requires_and_does_not_describe() -> None:
    schema = sample_definition()["schema"]
    schema["properties"]["lot"] = {"type": "object", "required": ["a"], "properties": {"b": {}}}
    kind = parse_record_type(sample_type_text(schema=schema))
    assert fill_template(kind)["groups"] == {"lot": {"a": "a"}}
