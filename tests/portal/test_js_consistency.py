"""The browser's verifier finds the same contradictions as Python, rule by rule."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.consistency import compile_rules, find_contradictions
from tests.ledger.contradictory_log import ContradictoryLog
from tests.ledger.verdicts import VERIFIER

pytestmark = pytest.mark.item("5.5.reader")

CONSISTENCY: Final = VERIFIER.with_name("consistency.mjs")
RUN: Final = """
import { readFileSync } from 'node:fs';
const { findContradictions } = await import(process.argv[1]);
const { verifyView } = await import(process.argv[2]);
const { cases, view, anchor } = JSON.parse(readFileSync(0, 'utf-8'));
const bytes = (text) => new TextEncoder().encode(text);
const found = cases.map(({ rules, groups }) => findContradictions(rules, groups));
const { records: [record] } = await verifyView(bytes(view), bytes(anchor));
process.stdout.write(JSON.stringify({ found, record: record.contradictions }));
"""
GROUPS: Final = ("bands", "exact", "list")
_OF: Final = (
    "/exact/a",
    {"least": "/list/*/v"},
    {"greatest": "/list/*/v"},
    {"sum": "/list/*/v"},
    {"ratio": ["/exact/a", {"sum": "/list/*/v"}], "times": "-2.50"},
)
_EDGES: Final = [{"name": "low", "below": "-1"}, {"name": "mid", "below": "2.5"}, {"name": "high"}]
RULES: Final[list[dict[str, Any]]] = [
    *({"band": f"/bands/b{at}", "of": of, "edges": _EDGES} for at, of in enumerate(_OF)),
    *({"flag": f"/bands/f{at}", "of": of, "at_least": "2.50"} for at, of in enumerate(_OF)),
    {"flag": "/bands/t", "text": "/exact/t", "among": ["yes", "on"]},
]
_VALUES: Final = (None, True, "", "x", "yes", "-0", "2.5", "2.50", "-1", "0.1", 0, 2, 3, "9" * 35)


def _case(chance: random.Random) -> dict[str, Any]:
    def value() -> Any:
        return chance.choice(_VALUES)

    names = [rule.get("band") or rule["flag"] for rule in RULES]
    said = ("low", "mid", "high", True, False, 1, None)
    groups = {
        "bands": {name.rpartition("/")[2]: chance.choice(said) for name in names},
        "exact": chance.choice([{"a": value(), "t": value()}, {}, [], value()]),
        "list": chance.choice([[{"v": value()} for _ in range(chance.randrange(4))], {}, value()]),
    }
    for group in GROUPS:
        if chance.random() < 0.1:
            del groups[group]
    return {"rules": RULES, "groups": groups}


def test_node_and_python_find_the_same(node: Path) -> None:
    chance = random.Random(5)
    cases = [_case(chance) for _ in range(400)]
    story = ContradictoryLog()
    view = story.view(story.disclosures).decode()
    ran = subprocess.run(
        [str(node), "--input-type=module", "-e", RUN, str(CONSISTENCY), str(VERIFIER)],
        input=json.dumps({"cases": cases, "view": view, "anchor": story.anchor_text}),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(ran.stdout)
    rules = compile_rules(RULES, GROUPS)
    expected = [
        [
            {"stated": c.stated, "basis": list(c.basis), "expected": c.expected, "found": c.found}
            for c in find_contradictions(rules, case["groups"])
        ]
        for case in cases
    ]
    assert answer["found"] == expected
    assert any(expected)
    assert [item["stated"] for item in answer["record"]] == ["/bands/many"]
