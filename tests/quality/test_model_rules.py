"""Records about models: what contradicts itself, and what is not the signer's to say."""

from __future__ import annotations

from typing import Any

import pytest

from quality.rules import QualityRules
from tests.quality.anomaly_examples import OWNER
from tests.quality.examples import changed, example

CARD, LABEL, LIMITS = "model-card/v1", "alarm-label/v1", "rule-limits/v1"
OTHER = "did:web:log.example:parties:other"
LIMIT = {"statistic": "max_r", "limit": "4"}
SETTING = {"name": "gap", "value": "1"}
CASES = [
    (CARD, "/training/until", "2026-08-01T00:00:00+08:00", "2026-07-31T23:59:59+08:00"),
    (CARD, "/training/effective_rows", "12400", "12400.1"),
    (CARD, "/training/effective_rows", "0", "-1"),
    (CARD, "/results/alpha", "1", "1.01"),
    (CARD, "/results/alpha", "0.0001", "0"),
    (CARD, "/results/resolution", "0.1", "0.0"),
    (CARD, "/results/parity_error", "0", "-0.1"),
    (CARD, "/reference/parameters/0/spread", "0", "-0.5"),
    (CARD, "/reference/parameters/0/id", "soak", "pressure"),
    (LABEL, "/alarm/to_row", 17, 16),
    (LIMITS, "/rules/parameters/1/id", "soak", "temp"),
    (LIMITS, "/rules/parameters/0/lower", "864.9", "865.0"),
    (LIMITS, "/rules/parameters/0/weight", "10", "10.01"),
    (LIMITS, "/rules/parameters/0/weight", "0", "-1"),
    (LIMITS, "/effect/before", 12_400, 12_401),
    (LIMITS, "/effect/after", 12_400, 12_401),
]
LABELS: list[tuple[dict[str, str], str | None]] = [
    ({"action": "acknowledge"}, None),
    ({"action": "acknowledge", "label": "false"}, "/label/label"),
    ({"action": "acknowledge", "cause": "operation"}, "/label/cause"),
    ({"action": "label"}, "/label/label"),
    ({"action": "label", "label": "false"}, None),
    ({"action": "label", "label": "false", "cause": "operation"}, "/label/cause"),
    ({"action": "label", "label": "confirmed", "cause": "operation"}, None),
    ({"action": "label", "label": "known-cause"}, "/label/cause"),
    ({"action": "label", "label": "known-cause", "cause": "operation"}, None),
]


def pointers(vct: str, groups: dict[str, Any], roles: frozenset[str] | None = None) -> list[str]:
    found = QualityRules().judge(
        vct, groups, issuer=OWNER, roles=frozenset({"supplier"}) if roles is None else roles
    )
    return [fault.pointer for fault in found]


@pytest.mark.parametrize(("vct", "pointer", "allowed", "refused"), CASES)
def test_a_record_about_a_model_does_not_contradict_itself(
    vct: str, pointer: str, allowed: Any, refused: Any
) -> None:
    groups = example(vct)
    assert pointers(vct, changed(groups, pointer, allowed)) == []
    assert pointers(vct, changed(groups, pointer, refused)) == [pointer]


def test_a_setting_and_a_statistic_are_stated_once() -> None:
    for pointer, one in (("/settings", SETTING), ("/results/limits", LIMIT)):
        assert pointers(CARD, changed(example(CARD), pointer, [one])) == []
        name = next(iter(one))
        found = pointers(CARD, changed(example(CARD), pointer, [one, one]))
        assert found == [f"{pointer}/1/{name}"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([[3, 3], [5, 9]], None),
        ([[5, 9], [9, 12]], "/1"),
        ([[5, 4]], "/0"),
    ],
)
def test_rows_are_left_out_in_spans_that_follow_each_other(
    rows: list[list[int]], fault: str | None
) -> None:
    found = pointers(CARD, changed(example(CARD), "/training/left_out/0/rows", rows))
    assert found == ([] if fault is None else [f"/training/left_out/0/rows{fault}"])


def test_rows_are_left_out_of_records_that_were_trained_on() -> None:
    found = pointers(CARD, changed(example(CARD), "/training/left_out/0/record", "w" * 43))
    assert found == ["/training/left_out/0/record"]


@pytest.mark.item("7.7.labels")
@pytest.mark.parametrize(("label", "fault"), LABELS)
def test_a_label_says_one_of_three_things_and_an_acknowledgement_none(
    label: dict[str, str], fault: str | None
) -> None:
    found = pointers(LABEL, changed(example(LABEL), "/label", label))
    assert found == ([] if fault is None else [fault])


def test_only_the_operator_files_a_card_of_anothers_line_and_shows_it_whole_to_its_owner() -> None:
    groups = changed(example(CARD), "/state/owner", OTHER)
    operator = frozenset({"operator"})
    assert pointers(CARD, groups) == ["/state/owner"]
    assert pointers(CARD, groups, operator) == []
    manifest = {"owner": OWNER, "subject": OTHER, "groups": {}}
    assert pointers(CARD, {**groups, "manifest": manifest}, operator) == []
    hidden = {**groups, "manifest": {**manifest, "subject": None}}
    assert pointers(CARD, hidden, operator) == ["/manifest/subject"]
