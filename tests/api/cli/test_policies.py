"""``lotmark policy``: checked, compared and tried out before anybody votes on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quality.builtin_policies import builtin_policies
from tests.api.cli.solo import SoloLog, lotmark

pytestmark = pytest.mark.item("5.1.cli")

VCT = "parameter-upload/v1"


def default() -> dict[str, Any]:
    document = json.loads(builtin_policies()[0].text)
    assert isinstance(document, dict)
    return document


def written(tmp_path: Path, document: dict[str, Any]) -> str:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def answer(*arguments: str) -> dict[str, Any]:
    result = lotmark("policy", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


def test_the_built_in_policy_is_free_of_contradictions() -> None:
    assert answer("check", "default")["unnamed"] == []


def test_a_contradiction_is_told_by_its_place(tmp_path: Path) -> None:
    document = default()
    document["types"][VCT]["recipe"]["floor"] = "sealed"
    document["types"][VCT]["recipe"]["ceiling"] = "restricted"
    document["types"][VCT]["values"]["default"] = "partner"
    refused = lotmark("policy", "check", written(tmp_path, document), "--json")
    error = json.loads(refused.stdout)["error"]
    assert (refused.exit_code, error["code"]) == (1, "policy-contradiction")
    assert [place.partition(":")[0] for place in error["places"]] == [
        "/types/parameter-upload~1v1/values/default",
        "/types/parameter-upload~1v1/recipe/floor",
    ]


@pytest.mark.parametrize(
    ("floor", "readers", "words"),
    [
        ("partner", "more", "records filed before stay as narrow"),
        ("sealed", "less", "records filed before, too"),
    ],
)
def test_a_change_is_told_by_what_it_means(
    tmp_path: Path, floor: str, readers: str, words: str
) -> None:
    document = default()
    span = document["types"][VCT]["recipe"]
    span["floor"] = floor
    span["default"] = span["default"] if floor == "partner" else "sealed"
    changes = answer("diff", "default", written(tmp_path, document), "--language", "en")["changes"]
    (change,) = [item for item in changes if item["what"] == "floor"]
    assert (change["type"], change["group"]) == (VCT, "recipe")
    assert (change["before"], change["after"]) == ("restricted", floor)
    assert change["readers"] == readers
    assert words in change["meaning"]
    assert answer("diff", "default", "default")["changes"] == []


def test_purposes_and_retention_are_compared(tmp_path: Path) -> None:
    document = default()
    document["purposes"] = document["purposes"][1:]
    document["retention"][VCT] = {"days_max": 4_000}
    path = written(tmp_path, document)
    changes = answer("diff", "default", path, "--language", "zh")["changes"]
    assert [(item["what"], item["before"], item["after"]) for item in changes] == [
        ("days_max", "5475", "4000"),
        ("purpose", "supplier-approval", None),
    ]
    assert "至多保存 4000 天" in changes[0]["meaning"]


def test_a_simulation_says_who_would_see_what() -> None:
    seen = answer("simulate", "default", "--type", VCT)["types"][VCT]
    readers = {reader for reader, groups in seen.items() if groups["recipe"]["readable"]}
    assert readers == {"grantee", "authority", "case", "subject", "owner"}
    assert seen["partner"]["recipe"]["needs"] == ["grant"]
    table = lotmark("policy", "simulate", "default", "--type", VCT, "--language", "zh").stdout
    assert "获得授权者" in table


def test_a_draft_is_tried_out_with_its_own_tiers(tmp_path: Path) -> None:
    draft = {
        "type": "inspection-report/v1",
        "groups": {"verdict": {}, "lot": {}},
        "filing": {"tiers": {"verdict": "public"}},
    }
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(draft), encoding="utf-8")
    arguments = ("simulate", "default", "--record", str(path), "--as", "public")
    seen = answer(*arguments)["types"]["inspection-report/v1"]["public"]
    assert {group: item["readable"] for group, item in seen.items()} == {
        "lot": False,
        "verdict": True,
    }


def test_a_draft_with_a_misspelt_group_is_not_tried_out_at_the_default(tmp_path: Path) -> None:
    draft = {"type": VCT, "groups": {"recipe": {}}, "filing": {"tiers": {"recipee": "sealed"}}}
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(draft), encoding="utf-8")
    refused = lotmark("policy", "simulate", "default", "--record", str(path), "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "group-not-known"
    assert "/filing/tiers: expected a group of parameter-upload/v1 such as recipe" in refused.stdout


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    refused = lotmark("policy", "simulate", "default", "--type", "nothing/v1")
    assert (refused.exit_code, VCT in refused.stderr) == (1, True)


def test_the_policy_of_a_log_is_shown_verified(solo: SoloLog) -> None:
    shown = solo.json("policy", "show")
    assert (shown["name"], shown["version"]) == ("default", 1)
    assert shown["document"] == builtin_policies()[0].text
    assert VCT in solo.json("policy", "check", "default", "--log")["types"]
