"""The independent verifier of the browser comes to the same outcome as Python in every case."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Route

from tests.ledger.view_vectors import VECTORS, decode_vectors

pytestmark = [pytest.mark.item("2.8"), pytest.mark.item("3.2.view")]

HERE: Final = Path(__file__).resolve().parent
VERIFIER: Final = HERE.parents[1] / "portal" / "static" / "verifier.mjs"
# A secure context, which Web Crypto asks for; nothing of it leaves the browser.
PAGE: Final = "https://verifier.test/"
FILES: Final = {
    "verifier.mjs": VERIFIER,
    "consistency.mjs": VERIFIER.with_name("consistency.mjs"),
    "decision.mjs": VERIFIER.with_name("decision.mjs"),
    "key-path.mjs": VERIFIER.with_name("key-path.mjs"),
    "view_outcomes.mjs": HERE / "view_outcomes.mjs",
    "views.json": VECTORS,
}
RUN: Final = """async () => {
    const [verifier, { viewOutcomes }, vectors] = await Promise.all([
        import('/verifier.mjs'),
        import('/view_outcomes.mjs'),
        fetch('/views.json').then((answer) => answer.json()),
    ]);
    return JSON.stringify(await viewOutcomes(verifier, vectors));
}"""

Outcome = Mapping[str, Any]


def test_node_comes_to_the_same_outcomes(node: Path) -> None:
    command = [str(node), str(HERE / "run_in_node.mjs"), str(VERIFIER), str(VECTORS)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    check_outcomes(json.loads(ended.stdout))


@pytest.mark.browser
def test_browser_comes_to_the_same_outcomes(page: Page) -> None:
    page.route(f"{PAGE}**", serve)
    page.goto(PAGE)
    check_outcomes(json.loads(page.evaluate(RUN)))


def serve(route: Route) -> None:
    """Answer from the files; the page itself is empty."""
    name = route.request.url.removeprefix(PAGE)
    if not name:
        route.fulfill(content_type="text/html", body="<!doctype html><title>verify</title>")
        return
    kind = "application/json" if name.endswith(".json") else "text/javascript"
    route.fulfill(content_type=kind, body=FILES[name].read_text("utf-8"))


def check_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Compare with the vector file, and say every disagreement at once."""
    cases = decode_vectors(VECTORS.read_text("utf-8"))
    assert [outcome["name"] for outcome in outcomes] == [case.name for case in cases]
    differing = [
        (case.name, case.expected, found)
        for case, outcome in zip(cases, outcomes, strict=True)
        if (found := outcome.get("code") or stated(outcome["result"])) != case.expected
    ]
    assert differing == []


def stated(result: dict[str, Any]) -> dict[str, Any]:
    """What docs/spec/view.md names of a result; a verifier may say more."""
    whole = {name: result.get(name) for name in ("origin", "size", "cosigned_by")}
    return {**whole, "records": [stated_of_record(record) for record in result["records"]]}


def stated_of_record(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in RECORD_MEMBERS}


RECORD_MEMBERS: Final = (
    "record_id",
    "index",
    "issuer",
    "type",
    "admitted_ms",
    "signed_s",
    "authentic",
    "included",
    "cosigned_by",
    "key_registered_at",
    "member_since",
    "approved_by",
    "key_ended_at",
    "contested",
    "reaffirmed_at",
    "shown",
    "defined",
    "decision",
    "erased",
    "log_word",
)
