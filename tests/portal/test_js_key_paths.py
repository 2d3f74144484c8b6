"""Python and the browser's verifier walk every key path to the same end, honest or not."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.ledger.path_scenes import scenes
from tests.ledger.verdicts import VERIFIER, Case, disagreements, python_verdict
from tests.ledger.view_mutations_members import mutated_paths

pytestmark = pytest.mark.item("3.2.view")

RUNNER = Path(__file__).resolve().parent / "verdict_lines.mjs"
SLOW_TO_BUILD = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


class Browser:
    """The browser's verifier in a process that answers one case after the other."""

    def __init__(self, node: Path) -> None:
        command = [str(node), str(RUNNER), str(VERIFIER)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def verdict(self, case: Case) -> dict[str, Any]:
        """What it says of a view."""
        document, anchor = (base64.b64encode(d).decode() for d in (case.document, case.anchor))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"document": document, "anchor": anchor}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def browser(node: Path) -> Iterator[Browser]:
    """One process for all cases."""
    running = Browser(node)
    yield running
    running.close()


def test_both_say_the_same_of_changed_links(node: Path, tmp_path: Path) -> None:
    cases = list(mutated_paths(0, 120))
    assert disagreements(cases, node=node, folder=tmp_path) == []
    ends = {str(python_verdict(case).get("code", "accepted")) for case in cases}
    assert {"accepted", "key-path-broken", "key-not-registered", "malformed-claims"} <= ends


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 33))
def test_both_say_the_same_of_many_more_changed_links(
    seed: int, node: Path, tmp_path: Path
) -> None:
    assert disagreements(list(mutated_paths(seed, 1000)), node=node, folder=tmp_path) == []


@settings(max_examples=40, suppress_health_check=SLOW_TO_BUILD)
@given(case=scenes())
def test_both_end_every_path_alike(case: Case, browser: Browser) -> None:
    assert python_verdict(case) == browser.verdict(case)


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=5_000, suppress_health_check=SLOW_TO_BUILD)
@given(case=scenes())
def test_both_end_many_more_paths_alike(case: Case, browser: Browser) -> None:
    assert python_verdict(case) == browser.verdict(case)
