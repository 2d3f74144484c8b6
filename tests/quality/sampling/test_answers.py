"""What is told of a part's sampling: the state, every lot and every switch, with reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.deliveries.agreed import Filed
from quality.sampling.history import erase_sampled
from quality.sampling.severity import Severity
from quality.sampling.state_flags import state_flags
from quality.sampling.told import ROWS, SamplingQuestion, ToldSampling, tell_sampling
from tests.quality.sampling.filed import (
    CUSTOMER,
    LAB,
    OTHER,
    PART,
    SUPPLIER,
    a_laboratory,
    a_report,
    an_act,
    read_all,
)

PAIR = SamplingQuestion(CUSTOMER, SUPPLIER)


def told(records: list[Filed], question: SamplingQuestion = PAIR) -> ToldSampling:
    """The answer of these records."""
    return tell_sampling(read_all(records), [question])


def codes(records: list[Filed], question: SamplingQuestion = PAIR) -> list[Any]:
    """Why each class of each lot, or the lot as a whole, is as it is."""
    lots = told(records, question).rows["lots"]
    return [row["code"] or [one["code"] for one in row["classes"]] for row in lots]


def severities(records: list[Filed]) -> list[str]:
    """Those in force for the lots, and for the next one."""
    found = told(records)
    (state,) = found.rows["states"]
    classes = [one for row in found.rows["lots"] for one in row["classes"]]
    return [*(one["severity"] for one in classes), state["severity"]]


def lots(decisions: str, **given: Any) -> list[Filed]:
    """Reports: ``+`` is accepted, ``-`` is not, ``t`` is accepted by a tightened plan."""
    severities = {"t": "tightened"}
    return [
        a_report(i, defective=4 * (one == "-"), severity=severities.get(one, "normal"), **given)
        for i, one in enumerate(decisions)
    ]


@pytest.mark.item("6.2.state")
def test_every_lot_is_told_with_its_severity_and_every_switch_with_its_entry() -> None:
    records = lots("-+-ttttt")
    assert severities(records) == ["normal"] * 3 + ["tightened"] * 5 + ["normal"]
    found = told(records).rows
    switches = [(row["from"], row["to"], row["entry"], row["code"]) for row in found["switches"]]
    assert switches == [
        ("normal", "tightened", 2, "two-of-five"),
        ("tightened", "normal", 7, "five-accepted"),
    ]
    (state,) = found["states"]
    assert (state["since"], state["code"]) == ({"record": "r7", "entry": 7}, "five-accepted")
    assert all(row["en"] and row["zh"] for row in [*found["switches"], *found["states"]])


def test_at_the_beginning_normal_inspection_is_in_force() -> None:
    (state,) = told(lots("+")).rows["states"]
    assert (state["severity"], state["since"], state["code"]) == ("normal", None, "beginning")


@pytest.mark.item("6.2.whose")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, ["not-accepted"]),
        ({"stage": "in-process"}, "not-receiving"),
        ({"lot": {"resubmission_of": "r0"}}, ["resubmitted"]),
        # Neither a record that nobody knows nor one that comes later was turned away before.
        ({"lot": {"resubmission_of": "A" * 43}}, ["not-accepted"]),
        ({"lot": {"resubmission_of": "r1"}}, ["not-accepted"]),
        ({"lot": {"number": "L-0"}}, ["counted-already"]),
    ],
)
def test_a_report_that_does_not_count_is_told_with_its_reason(
    given: dict[str, Any], code: object
) -> None:
    records = [a_report(0, defective=4), a_report(1, defective=4, **given)]
    found = codes(records)
    assert found[0] == ["not-accepted"]
    assert found[1] == (["two-of-five"] if code == ["not-accepted"] else code)


@pytest.mark.item("6.2.whose")
@pytest.mark.parametrize(
    "given",
    [
        {"by": SUPPLIER, "subject": CUSTOMER},
        # Whatever relation it has with the customer, it does not judge its own lots.
        {"by": SUPPLIER, "subject": CUSTOMER, "to": [SUPPLIER]},
        {"by": OTHER, "to": [CUSTOMER]},
    ],
)
def test_a_report_of_neither_the_receiver_nor_its_laboratory_is_not_told(
    given: dict[str, Any],
) -> None:
    records = [*a_laboratory(0, provider=SUPPLIER), a_report(2), a_report(3, defective=4, **given)]
    found = told(records)
    assert [row["record"] for row in found.rows["lots"]] == ["r2"]
    assert found.inputs == ("r2",)


@pytest.mark.item("6.2.whose")
def test_a_laboratory_need_not_name_the_supplier_twice() -> None:
    lot = {"supplier": None, "inspected": {"party": SUPPLIER}}
    report = a_report(2, by=LAB, subject=CUSTOMER, to=[SUPPLIER], defective=4, lot=lot)
    (state,) = told([*a_laboratory(0), report]).rows["states"]
    assert (state["supplier"], state["lots"]) == (SUPPLIER, 1)


@pytest.mark.item("6.2.whose")
def test_a_laboratorys_report_counts_as_the_receivers_does() -> None:
    records = [*a_laboratory(0), *(a_report(i, by=LAB, to=[CUSTOMER], defective=4) for i in (2, 3))]
    assert severities(records)[-1] == "tightened"
    assert told(records).inputs == ("r0", "r1", "r2", "r3")


def test_a_correction_stands_where_the_first_version_stood() -> None:
    records = [*lots("-+++++"), a_report(6, corrects="r0", lot={"number": "L-0"})]
    rows = told([*records, a_report(7, defective=4)]).rows
    first = rows["lots"][0]
    assert (first["record"], first["entry"]) == ("r6", 0)
    assert first["classes"][0]["accepted"] is True
    assert [row["severity"] for row in rows["states"]] == ["normal"]


def test_a_correction_that_names_another_part_takes_the_report_away() -> None:
    records = [*lots("--"), a_report(2, corrects="r1", defective=4, lot={"part": "P-2"})]
    found = told(records, replace(PAIR, part="P-1"))
    assert [row["severity"] for row in found.rows["states"]] == ["normal"]
    assert [row["record"] for row in found.rows["lots"]] == ["r0"]
    assert (found.inputs, found.withdrawn) == (("r0", "r1", "r2"), ())


def test_what_a_report_between_others_corrects_is_withdrawn_and_that_one_is_not_told() -> None:
    away = a_report(2, corrects="r1", subject=OTHER, lot={"supplier": OTHER})
    found = told([*lots("--"), away])
    assert (found.inputs, found.withdrawn) == (("r0", "r1"), ("r1",))
    again = tell_sampling(read_all(lots("--")), [PAIR], withdrawn=found.withdrawn)
    assert again == found


@pytest.mark.item("6.2.switching")
@pytest.mark.parametrize(
    ("site", "class_name", "is_meant"),
    [
        ("NB-1", "major", True),
        (None, "major", True),
        ("NB-2", "major", False),
        ("NB-1", "minor", False),
    ],
)
def test_the_customers_wish_is_of_a_site_or_of_all_sites_and_of_one_class(
    site: str | None, class_name: str, is_meant: bool
) -> None:
    state: dict[str, Any] = {
        "act": "severity",
        "part": PART,
        "class": class_name,
        "to": "tightened",
    }
    state |= {"to": "tightened", **({"site": site} if site else {})}
    wish = an_act(1, **state, reason="customer-wish")
    records = [a_report(0, lot={"inspected": {"site": "NB-1"}}), wish]
    question = replace(PAIR, site="NB-1", defect_class="major")
    (row,) = told(records, question).rows["states"]
    assert (row["severity"] == "tightened") is is_meant


def test_sites_and_classes_have_states_of_their_own() -> None:
    sites = [lots("--", lot={"inspected": {"site": "NB-1"}}), [a_report(2)]]
    rows = told([record for of_site in sites for record in of_site]).rows
    states = [(row["site"], row["class"], row["severity"]) for row in rows["states"]]
    assert states == [(None, "major", "normal"), ("NB-1", "major", "tightened")]
    question = replace(PAIR, defect_class="minor")
    assert told(lots("--"), question).rows == {name: [] for name in ROWS}


@pytest.mark.parametrize("groups", [{"verdict"}, {"plan"}, {"plan", "defects"}])
def test_erasing_a_report_never_improves_the_severity(groups: set[str]) -> None:
    for decisions in ("--", "-+"):
        records = read_all(lots(decisions))
        erased = erase_sampled(records[1], groups)
        assert erased is not None
        found = tell_sampling([records[0], erased], [replace(PAIR, defect_class="major")])
        assert [row["severity"] for row in found.rows["states"]] == ["tightened"]
        assert found.rows["lots"][1]["classes"][0]["code"] == "erased"
        assert found.erased == ("r1",)


def test_a_report_of_which_the_part_is_not_known_is_named() -> None:
    (record,) = read_all([a_report(0)])
    erased = erase_sampled(record, {"lot"})
    assert erased is not None
    found = tell_sampling([erased], [PAIR])
    assert (found.rows["lots"], found.erased, found.inputs) == ([], ("r0",), ("r0",))


@given(st.text("+-", min_size=1, max_size=30), st.integers(0, 30))
def test_what_comes_later_changes_nothing_that_was_told_of_a_lot(decisions: str, cut: int) -> None:
    before = told(lots(decisions[:cut])).rows["lots"]
    assert told(lots(decisions)).rows["lots"][: len(before)] == before


@pytest.mark.parametrize(
    ("decisions", "flags"),
    [
        ("--t", []),
        ("--+", ["a normal plan, tightened inspection"]),
        ("++t", ["a tightened plan, normal inspection"]),
        ("-------+", ["discontinued"]),
    ],
)
def test_a_plan_of_another_severity_than_the_one_in_force_is_flagged(
    decisions: str, flags: list[str]
) -> None:
    records = read_all(lots(decisions))
    found = state_flags(records, f"r{len(decisions) - 1}")
    assert [flag.code for flag in found] == ["severity-not-in-force"] * len(flags)
    assert all(words in flag.en for words, flag in zip(flags, found, strict=True))
    assert {flag.pointer for flag in found} <= {"/plan/classes/0/severity"}


@pytest.mark.parametrize(
    ("decisions", "asked", "flags"),
    [
        ("++t", "tightened", []),
        ("+++", "tightened", ["a normal plan, the specification asks for tightened"]),
        ("--+", "tightened", ["a normal plan, tightened inspection was in force"]),
        # A specification never loosens.
        ("--t", "normal", []),
        ("--+", "normal", ["a normal plan, tightened inspection was in force"]),
        ("+++", "reduced", []),
    ],
)
def test_the_stricter_of_specified_and_in_force_binds_a_lot(
    decisions: str, asked: str, flags: list[str]
) -> None:
    specified = {"major": Severity(asked)}
    found = state_flags(read_all(lots(decisions)), "r2", specified=specified)
    assert len(found) == len(flags)
    assert all(words in flag.en for words, flag in zip(flags, found, strict=True))
    assert all(flag.zh.startswith("严重类") for flag in found)
