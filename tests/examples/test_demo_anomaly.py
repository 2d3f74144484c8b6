"""The demo's press: good rows stay quiet, wear is told early, by name, in both languages."""

from __future__ import annotations

import pytest

from examples.demo_anomaly import (
    FAULT_ROWS,
    TRAINING_ROWS,
    WORN_FROM,
    Watched,
    pressed,
    told_of,
    train_on,
    upload_groups,
    watch,
)
from quality.rules import QualityRules
from scoring.anomaly.verdict import Level
from tests.quality.examples import validator

pytestmark = pytest.mark.item("7.demo")


@pytest.fixture(scope="module")
def watched() -> Watched:
    """The upload with the fault, watched."""
    rows = pressed(FAULT_ROWS, seed=11, first=TRAINING_ROWS, worn_from=WORN_FROM)
    return watch(train_on(pressed(TRAINING_ROWS, seed=7)), rows, source="u")


def test_wear_is_told_once_and_before_any_limit_is_reached(watched: Watched) -> None:
    assert watched.events == 1
    assert WORN_FROM <= watched.first.row <= watched.red.row <= WORN_FROM + 12
    assert not any(verdict.violations for verdict in watched.verdicts)
    before = [one.level for one in watched.verdicts if one.row < WORN_FROM]
    assert before == [Level.NONE] * (WORN_FROM - 1)


def test_why_is_told_by_name_in_both_languages(watched: Watched) -> None:
    english, chinese, first, *_ = told_of(watched)
    assert "force" in english
    assert "force" in chinese
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert first.startswith("  force ")


def test_the_decision_is_replayed_to_the_same_scores(watched: Watched) -> None:
    assert watched.replayed.rows == FAULT_ROWS
    assert watched.replayed.largest_difference <= 1e-6


def test_what_is_uploaded_is_a_record_in_order() -> None:
    groups = upload_groups(pressed(3, seed=7))
    assert validator("parameter-upload/v1").is_valid(groups)
    assert QualityRules().find_faults("parameter-upload/v1", groups) == ()
