"""Sealed groups from the command line: a key, a sealed recipe, a second device, who opens it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.shell import PASSPHRASE
from tests.api.cli.solo import SLUG, SoloLog, lotmark
from tests.quality import examples

pytestmark = pytest.mark.item("5.6.sealed")
VCT = "parameter-upload/v1"


def groups() -> dict[str, Any]:
    """The groups of a right record, its recipe among them."""
    found = dict(examples.example(VCT))
    found.pop("correction", None)
    assert "recipe" in found
    return found


def drafted(folder: Path, name: str, **members: Any) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"type": VCT, "groups": groups()} | members))
    return str(path)


def on_device(log: SoloLog, device: Path, *arguments: str) -> Any:
    """Run a command on the second device of the party."""
    env = {"LOTMARK_PARTY": str(device), "LOTMARK_URL": log.url}
    return lotmark(*arguments, "--json", env=env)


def told(result: Any) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def code(result: Any) -> str:
    assert result.exit_code == 1, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def the_record(answer: dict[str, Any]) -> str:
    (record,) = answer["records"]
    return str(record["record_id"])


def test_nothing_is_sealed_before_there_is_a_key(solo: SoloLog, tmp_path: Path) -> None:
    path = drafted(tmp_path, "early")
    refused = solo.run("submit", path, "--seal", "recipe", "--json")
    assert code(refused) == "no-sealing-key"
    assert not list(tmp_path.glob("*.journal.jsonl")) or solo.run("submit", path, "--dry-run")


@pytest.mark.item("5.6.rewrap")
def test_a_sealed_recipe_is_opened_by_its_owner_and_then_by_a_new_device(
    solo: SoloLog, tmp_path: Path
) -> None:
    key = solo.json("seal", "key")
    assert key["multikey"].startswith("z6LS")
    assert [item["uses"] for item in solo.json("keys")["keys"]].count(["seal"]) == 1
    record = the_record(solo.json("submit", drafted(tmp_path, "r"), "--seal", "recipe"))
    shown = solo.json("show", record)["records"][0]["groups"]
    assert "values" in shown
    assert "recipe" not in shown
    # The owner opens it, and hands on a view that shows it.
    view = tmp_path / "opened.json"
    opened = solo.json("open", record, "recipe", "--out", str(view))
    assert opened["value"] == groups()["recipe"]
    verified = solo.json("verify", str(view), "--anchor", str(solo.data / "anchor.json"))
    assert verified["records"][0]["groups"]["recipe"] == groups()["recipe"]
    assert solo.json("open", str(view), "recipe")["value"] == groups()["recipe"]
    # A second device has keys of its own, and opens it once the owner has added it.
    device = tmp_path / "device"
    anchor = str(solo.data / "anchor.json")
    told(on_device(solo, device, "device-key", SLUG, "--anchor", anchor, "--party", str(device)))
    new = told(on_device(solo, device, "seal", "key"))
    for name in ("device.json", "sealing.json"):
        solo.json("register-key", "--from", str(device / name))
    assert code(on_device(solo, device, "open", record, "recipe")) == "wrong-recipient"
    added = solo.json("seal", "add", record, "recipe", "--to", SLUG)
    assert {kid.partition("#")[2] for kid in added["kids"]} == {key["multikey"], new["multikey"]}
    assert told(on_device(solo, device, "open", record, "recipe"))["value"] == groups()["recipe"]
    # Adding whom it is sealed to already changes nothing.
    assert solo.json("seal", "add", record, "recipe", "--to", SLUG)["kids"] == added["kids"]


def test_a_draft_names_its_own_readers(solo: SoloLog, tmp_path: Path) -> None:
    path = drafted(tmp_path, "own", filing={"number": "SEAL-1"}, seal={"recipe": [SLUG]})
    record = the_record(solo.json("submit", path))
    assert solo.json("open", record, "recipe")["value"] == groups()["recipe"]


@pytest.mark.parametrize(("seal", "expected"), [("recipe", None), ("nothing", "group-not-known")])
def test_a_group_that_the_type_does_not_have_is_not_taken_for_sealed(
    solo: SoloLog, tmp_path: Path, seal: str, expected: str | None
) -> None:
    result = solo.run("submit", drafted(tmp_path, "d"), "--dry-run", "--seal", seal, "--json")
    assert (result.exit_code and code(result)) == (expected or 0)


@pytest.mark.parametrize("member", ["tiers", "seal"])
@pytest.mark.parametrize(
    ("group", "expected"), [("recipe", None), ("recipee", "such as recipe, found 'recipee'")]
)
def test_a_misspelt_group_of_a_draft_is_refused_and_not_filed_in_clear(
    solo: SoloLog, tmp_path: Path, member: str, group: str, expected: str | None
) -> None:
    said = (
        {"seal": {group: [SLUG]}} if member == "seal" else {"filing": {"tiers": {group: "sealed"}}}
    )
    result = solo.run("submit", drafted(tmp_path, "d", **said), "--dry-run", "--json")
    assert (result.exit_code and code(result)) == ("group-not-known" if expected else 0)
    assert (expected or "") in result.stdout


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("recipe=sealed", None),
        ("recipe=public", "tier-outside-range"),
        ("recipee=sealed", "group-not-known"),
        ("values=restricted", None),
        ("process=public", "tier-outside-range"),
    ],
)
def test_a_tier_is_chosen_inside_the_range_of_the_type(
    solo: SoloLog, tmp_path: Path, tier: str, expected: str | None
) -> None:
    path = drafted(tmp_path, "d")
    result = solo.run("submit", path, "--dry-run", "--tier", tier, "--json")
    assert (result.exit_code and code(result)) == (expected or 0)
    if expected is None:
        group, _, chosen = tier.partition("=")
        assert json.loads(result.stdout)["records"][0]["tiers"] == {group: chosen}


def test_a_dry_run_tells_the_tiers_and_for_whom_a_group_is_sealed(
    solo: SoloLog, tmp_path: Path
) -> None:
    path = drafted(tmp_path, "d")
    given = ("submit", path, "--dry-run", "--seal", f"recipe={SLUG}")
    told = solo.run(*given, "--tier", "values=restricted").stdout
    assert f"tiers: recipe sealed (for {SLUG}), values restricted; the others as the" in told
    refused = solo.run(*given, "--tier", "recipe=restricted", "--json")
    assert code(refused) == "tier-contradicted"


def test_what_is_sealed_is_checked_before_it_is_sealed(solo: SoloLog, tmp_path: Path) -> None:
    """Nobody can tell its faults afterwards."""
    wrong = {**groups(), "recipe": {"temperature": 812}}
    path = drafted(tmp_path, "wrong", groups=wrong)
    result = solo.run("submit", path, "--dry-run", "--seal", "recipe", "--json")
    assert code(result) == "invalid-claims"


def test_the_keys_of_others_stay_closed(solo: SoloLog) -> None:
    env = {"LOTMARK_PASSPHRASE": f"not {PASSPHRASE}", "LOTMARK_PARTY": str(solo.party)}
    result = lotmark("open", "2", "recipe", "--url", solo.url, "--json", env=env)
    assert code(result) == "wrong-passphrase"
