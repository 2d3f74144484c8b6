"""Flags: true but bad is admitted and shown, in both languages, and is never a fault."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from quality.rules import QualityRules
from tests.quality.examples import VCTS, Json, changed, example, validator

pytestmark = pytest.mark.item("2.3")
INSPECTION, CREDENTIAL, ACTION, PARAMETERS, *_ = VCTS
RULES = QualityRules()
CHARACTERISTIC = "/measurements/characteristics/0"


class Case(NamedTuple):
    """A value without a flag and one with it; ``given`` changes both."""

    vct: str
    code: str
    pointer: str
    good: Json
    bad: Json
    place: str
    given: tuple[tuple[str, Json], ...] = ()


ZERO = (("/plan/classes/1/accept", 0), ("/plan/classes/1/reject", 2))
#: Changes after which the examples, which show every group, raise no flag at all.
QUIET: dict[str, tuple[tuple[str, Json], ...]] = {
    INSPECTION: (("/plan/standard", "contract"), *ZERO),
    "rule-limits/v1": (("/rules/parameters/1/rules", ["N1"]),),
}
PARITY = "/results/parity_error"
BENCHMARK = {"name": "detection", "value": "0.97"}
ACTION_0 = "/actions/actions/0"
MODEL_CARD, MODEL_DECISION, ALARM_LABEL, RULE_LIMITS = VCTS[-4:]
CASES = [
    Case(MODEL_CARD, "model-learning", "/state/stage", "prior", "learning", "/state/stage"),
    Case(MODEL_CARD, "parity-missed", PARITY, "0.001", "0.0011", PARITY),
    Case(MODEL_CARD, "benchmark-missing", "/results/benchmark", [BENCHMARK], [], "/results"),
    Case(
        MODEL_DECISION,
        "reason-missing",
        "/state/reason",
        "drift",
        "other",
        "/state/reason",
        given=(("/note", ...),),
    ),
    Case(
        ALARM_LABEL,
        "alarm-without-cause",
        "/label",
        {"action": "label", "label": "confirmed", "cause": "tool-wear"},
        {"action": "label", "label": "confirmed"},
        "/label/label",
    ),
    Case(RULE_LIMITS, "more-alarms", "/effect/after", 118, 119, "/effect/after"),
    Case(
        RULE_LIMITS,
        "parameter-without-rules",
        "/rules/parameters/1/rules",
        ["N1"],
        [],
        "/rules/parameters/1",
        given=(("/rules/parameters/1/lower", None),),
    ),
    Case(INSPECTION, "defects-unaccounted", "/defects/defective", 1, 2, "/defects/items"),
    Case(INSPECTION, "sample-short", "/defects/inspected", 80, 79, "/defects/inspected"),
    Case(
        INSPECTION,
        "acceptance-number-above-zero",
        "/plan/classes/1/accept",
        0,
        1,
        "/plan/classes/1/accept",
    ),
    Case(
        INSPECTION,
        "outside-limits-accepted",
        f"{CHARACTERISTIC}/values/0/value",
        "1.025",
        "1.026",
        CHARACTERISTIC,
    ),
    Case(
        INSPECTION,
        "outside-limits-accepted",
        "/verdict/decision",
        "reject",
        "accept",
        CHARACTERISTIC,
        ((f"{CHARACTERISTIC}/values/0/value", "0.9749"),),
    ),
    Case(
        INSPECTION,
        "gauge-overdue",
        f"{CHARACTERISTIC}/gauge/due_on",
        "2026-11-20",
        "2026-11-19",
        f"{CHARACTERISTIC}/gauge/due_on",
    ),
    Case(
        INSPECTION,
        "nominal-outside-limits",
        f"{CHARACTERISTIC}/nominal",
        "1.025",
        "1.1",
        f"{CHARACTERISTIC}/nominal",
    ),
    Case(
        INSPECTION,
        "deviation-expired",
        "/disposition/deviation/expires_on",
        "2026-11-20",
        "2026-11-19",
        "/disposition/deviation/expires_on",
    ),
    Case(
        INSPECTION,
        "acceptance-number-above-zero",
        "/plan/classes/0/accept",
        0,
        1,
        "/plan/classes/0/accept",
        (("/plan/classes/0/reject", 2), ("/measurements", ...)),
    ),
    Case(
        INSPECTION,
        "shelf-life-over",
        "/lot/expires_on",
        "2026-11-20",
        "2026-11-19",
        "/lot/expires_on",
    ),
    Case(
        INSPECTION,
        "shelf-life-over",
        "/lot/lots/0/expires_on",
        "2026-11-20",
        "2026-11-19",
        "/lot/lots/0/expires_on",
        (("/lot/lots", [{"number": "A", "quantity": "500"}]),),
    ),
    Case(
        INSPECTION,
        "shelf-life-over",
        "/verdict/decision",
        "reject",
        "accept",
        "/lot/expires_on",
        (("/lot/expires_on", "2026-11-19"),),
    ),
    Case(
        INSPECTION,
        "value-implausible",
        f"{CHARACTERISTIC}/values/1/value",
        "0",
        "-0.996",
        f"{CHARACTERISTIC}/values/1/value",
        (("/verdict/decision", "reject"), ("/summary", ...)),
    ),
    Case(
        INSPECTION,
        "value-implausible",
        "/summary/characteristics/0/minimum",
        "-273.15",
        "-273.16",
        "/summary/characteristics/0/minimum",
        (("/summary/characteristics/0/unit", "CEL"), ("/measurements", ...)),
    ),
    Case(
        INSPECTION,
        "deviation-exceeded",
        "/disposition/quantity",
        "1",
        "2",
        "/disposition/quantity",
    ),
    Case(
        INSPECTION,
        "review-missing",
        "/disposition/action",
        "sort",
        "use-as-is",
        "/disposition",
        (("/disposition/mrb", ...),),
    ),
    Case(
        CREDENTIAL,
        "result-outside-limits",
        "/results/items/0/value",
        "2.01",
        "2.0101",
        "/results/items/0/value",
    ),
    Case(
        CREDENTIAL,
        "uncertainty-missing",
        "/credential/kind",
        "msa-study",
        "calibration",
        "/results/items/0",
        (("/results/items/0/uncertainty", ...),),
    ),
    Case(
        CREDENTIAL,
        "accreditation-missing",
        "/credential/kind",
        "process-audit",
        "system-certificate",
        "/detail",
        (("/detail/accreditation", ...),),
    ),
    Case(
        ACTION,
        "containment-place-missing",
        "/containment/measures/4/place",
        "field",
        "customer",
        "/containment/measures",
    ),
    Case(ACTION, "cause-missing", "/cause/causes/3/kind", "SUN", "SUA", "/cause/causes"),
    Case(
        ACTION,
        "human-error-only",
        "/cause/causes/0/category",
        "method",
        "human",
        "/cause/causes/0/category",
    ),
    Case(
        ACTION,
        "cause-not-reproduced",
        "/cause/causes/2/reproduced",
        True,
        False,
        "/cause/causes/2/reproduced",
    ),
    Case(ACTION, "criterion-missing", f"{ACTION_0}/criterion", "n >= 30", ..., ACTION_0),
    Case(ACTION, "action-not-validated", f"{ACTION_0}/validation/met", True, False, ACTION_0),
    Case(
        ACTION,
        "closed-with-open-action",
        f"{ACTION_0}/implemented_on",
        "2026-11-13",
        None,
        ACTION_0,
    ),
    Case(
        PARAMETERS,
        "parameter-outside-limits",
        "/values/rows/0/values",
        ["22.0", "97.0"],
        ["22.0", "96.999"],
        "/process/parameters/1",
    ),
    Case(
        PARAMETERS,
        "rows-out-of-order",
        "/values/rows/1/at",
        "2026-11-20T17:41:00Z",
        "2026-11-20T17:40:59Z",
        "/values/rows/1/at",
    ),
    Case(
        "part/v1",
        "conversion-missing",
        "/detail/pieces_per_unit",
        "2.5",
        ...,
        "/state/unit",
    ),
    Case(
        "specification/v1",
        "nominal-outside-limits",
        "/characteristics/0/nominal",
        "0.975",
        "0.974",
        "/characteristics/0/nominal",
    ),
]


def quiet(vct: str) -> dict[str, Json]:
    """An example that raises no flag."""
    groups = example(vct)
    for pointer, value in QUIET.get(vct, ()):
        groups = changed(groups, pointer, value)
    return groups


@pytest.mark.parametrize("vct", VCTS)
def test_a_good_record_raises_no_flag(vct: str) -> None:
    assert RULES.flags(vct, quiet(vct)) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}:{case.pointer}")
def test_true_but_bad_is_flagged_and_admitted(case: Case) -> None:
    groups = quiet(case.vct)
    for pointer, value in case.given:
        groups = changed(groups, pointer, value)
    assert RULES.flags(case.vct, changed(groups, case.pointer, case.good)) == ()
    bad = changed(groups, case.pointer, case.bad)
    assert list(validator(case.vct).iter_errors(bad)) == []
    assert RULES.find_faults(case.vct, bad) == ()
    assert [(flag.code, flag.pointer) for flag in RULES.flags(case.vct, bad)] == [
        (case.code, case.place)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}:{case.pointer}")
def test_a_flag_says_it_in_english_and_chinese(case: Case) -> None:
    groups = quiet(case.vct)
    for pointer, value in case.given:
        groups = changed(groups, pointer, value)
    (flag,) = RULES.flags(case.vct, changed(groups, case.pointer, case.bad))
    assert flag.en.replace("≥", "").isascii()
    assert any("\u4e00" <= character <= "\u9fff" for character in flag.zh)


@pytest.mark.parametrize("vct", VCTS)
def test_a_reader_who_sees_no_group_is_shown_no_flag(vct: str) -> None:
    assert RULES.flags(vct, {}) == ()


def test_values_outside_are_counted_for_each_characteristic() -> None:
    groups = quiet(INSPECTION)
    values = [{"value": value} for value in ("1.026", "1.025", "0.974", "1.000")]
    groups = changed(groups, f"{CHARACTERISTIC}/values", values)
    (flag,) = RULES.flags(INSPECTION, groups)
    assert flag.en == "accepted although 2 of 4 values are outside the limits"
    assert flag.zh == "4 个测量值中有 2 个超出规格限，但判定为接收"


def test_a_withheld_verdict_leaves_values_unjudged() -> None:
    groups = changed(quiet(INSPECTION), f"{CHARACTERISTIC}/values/0/value", "2")
    assert RULES.flags(INSPECTION, groups) != ()
    assert RULES.flags(INSPECTION, changed(groups, "/verdict", ...)) == ()


def test_missing_parameter_values_are_no_flag() -> None:
    groups = changed(quiet(PARAMETERS), "/values/rows/0/values", [None, None])
    assert RULES.flags(PARAMETERS, groups) == ()
