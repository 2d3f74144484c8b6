"""The Ed25519 edge cases of C2SP/CCTV are decided alike by Python, Node and a browser.

Every case is put to the verifier as it is, and once more with one bit of its signature and of
its key changed: where one of the two knew the cases by heart, the siblings would tell.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Route

from tests.keys.decisions import is_registrable, verifies
from tests.keys.test_edge_case_signatures import edge_cases

pytestmark = [pytest.mark.item("3.2.edge-cases"), pytest.mark.item("2.2")]

HERE: Final = Path(__file__).resolve().parent
VERIFIER: Final = HERE.parents[1] / "portal" / "static" / "verifier.mjs"
# A secure context, which Web Crypto asks for; nothing of it leaves the browser.
PAGE: Final = "https://edges.test/"
SCRIPTS: Final = {
    "verifier.mjs": VERIFIER,
    "consistency.mjs": VERIFIER.with_name("consistency.mjs"),
    "decision.mjs": VERIFIER.with_name("decision.mjs"),
    "key-path.mjs": VERIFIER.with_name("key-path.mjs"),
    "edge_outcomes.mjs": HERE / "edge_outcomes.mjs",
}
RUN: Final = """async (cases) => {
    const [verifier, { edgeOutcomes }] = await Promise.all([
        import('/verifier.mjs'),
        import('/edge_outcomes.mjs'),
    ]);
    return edgeOutcomes(verifier, cases);
}"""

Case = tuple[bytes, bytes, bytes]
Decision = tuple[bool, bool]


def cases() -> list[Case]:
    """Key, message and signature of each edge case."""
    return [(case.key, case.message, case.signature) for case in edge_cases()]


def siblings() -> list[Case]:
    """A few cases of each key, with one bit changed in the signature or in the key."""
    first = {case[0]: case for case in reversed(cases())}
    valid = [case for case in cases() if verifies(*case)]
    changed = []
    for key, message, signature in (*first.values(), *valid[:20]):
        changed += [(key, message, flipped(signature, place)) for place in (0, 31, 32, 63)]
        changed += [(flipped(key, 0), message, signature), (flipped(key, 31), message, signature)]
    return changed


def flipped(data: bytes, place: int) -> bytes:
    """The bytes with one bit of one of them changed."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def python_decisions(asked: Sequence[Case]) -> list[Decision]:
    """(may this key be registered, does this signature verify) of each."""
    return [(is_registrable(key), verifies(key, *rest)) for key, *rest in asked]


def encoded(asked: Sequence[Case]) -> list[dict[str, str]]:
    """The cases as JavaScript takes them."""
    names = ("key", "message", "signature")
    return [dict(zip(names, (part.hex() for part in case), strict=True)) for case in asked]


def check_decisions(found: Sequence[Sequence[bool]], asked: Sequence[Case]) -> None:
    """Compare one by one, and say every disagreement at once."""
    ours = python_decisions(asked)
    assert len(found) == len(ours)
    differing = [
        (number, mine, tuple(other))
        for number, (mine, other) in enumerate(zip(ours, found, strict=True))
        if mine != tuple(other)
    ]
    assert differing == []


def node_decisions(asked: Sequence[Case], *, node: Path, folder: Path) -> list[list[bool]]:
    """What the verifier decides in Node."""
    file = folder / "cases.json"
    file.write_text(json.dumps(encoded(asked)), encoding="utf-8")
    command = [str(node), str(HERE / "edges_in_node.mjs"), str(VERIFIER), str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return list(json.loads(ended.stdout))


def test_node_decides_all_edge_cases_as_python_does(node: Path, tmp_path: Path) -> None:
    asked = cases()
    assert len(asked) == 914
    found = node_decisions(asked, node=node, folder=tmp_path)
    check_decisions(found, asked)
    assert sum(verifies for _, verifies in found) == 43


def test_node_decides_their_tampered_siblings_as_python_does(node: Path, tmp_path: Path) -> None:
    asked = siblings()
    assert len(asked) > 200
    check_decisions(node_decisions(asked, node=node, folder=tmp_path), asked)


@pytest.mark.browser
def test_a_browser_decides_all_edge_cases_as_python_does(page: Page) -> None:
    page.route(f"{PAGE}**", serve)
    page.goto(PAGE)
    asked = cases()
    check_decisions(page.evaluate(RUN, encoded(asked)), asked)


def serve(route: Route) -> None:
    """Answer from the files; the page itself is empty."""
    name = route.request.url.removeprefix(PAGE)
    if not name:
        route.fulfill(content_type="text/html", body="<!doctype html><title>edges</title>")
        return
    route.fulfill(content_type="text/javascript", body=SCRIPTS[name].read_text("utf-8"))
