"""The verifier of the browser and Python say the same of every input, right or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.test_spec_readings import READINGS, check_reading
from tests.ledger.verdicts import disagreements, node_verdicts
from tests.ledger.view_mutations import mutated_receipts, mutated_views

pytestmark = [pytest.mark.item("2.8"), pytest.mark.item("2.done.spec")]


def test_javascript_reads_every_sentence_as_python_does(node: Path, tmp_path: Path) -> None:
    cases = [reading.case for reading in READINGS]
    verdicts = node_verdicts(cases, node=node, folder=tmp_path)
    for reading, verdict in zip(READINGS, verdicts, strict=True):
        check_reading(reading, verdict)
    assert disagreements(cases, node=node, folder=tmp_path) == []


def test_both_say_the_same_of_mutated_views_and_receipts(node: Path, tmp_path: Path) -> None:
    cases = [*mutated_views(0, 400), *mutated_receipts(0, 200)]
    assert disagreements(cases, node=node, folder=tmp_path) == []


# 64 rounds of 800 are 51,200 views, and 12,800 receipts; a round takes some twenty seconds.
@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 65))
def test_both_say_the_same_of_many_more(seed: int, node: Path, tmp_path: Path) -> None:
    cases = [*mutated_views(seed, 800), *mutated_receipts(seed, 200)]
    assert disagreements(cases, node=node, folder=tmp_path) == []
