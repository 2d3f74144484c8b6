"""The benchmarks run, and print one JSON object with the figures that they promise."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.item("2.10"),
    pytest.mark.item("2.done.speed"),
    pytest.mark.item("3.5.bench"),
    pytest.mark.timeout(240),
]

PROMISED = {
    "fairness": {
        "alone_p50_ms",
        "alone_p99_ms",
        "beside_flood_p50_ms",
        "beside_flood_p99_ms",
        "beside_flood_count",
        "flood_per_s",
        "flood_batch_p50_ms",
    },
    "witness": {
        "ceiling_commits_per_s",
        "add_checkpoint_per_s",
        "add_checkpoint_p50_ms",
        "add_checkpoint_p99_ms",
        "ingest_plain_per_s",
        "ingest_cosigned_per_s",
        "ingest_cosigned_of_plain",
        "checkpoints_cosigned",
    },
    "ingest": {
        "ceiling_verify_per_s",
        "ceiling_commits_per_s",
        "library_batch_per_s",
        "http_batch_per_s",
        "http_single_per_s",
        "http_single_p50_ms",
        "http_single_p99_ms",
        "http_at200_p50_ms",
        "http_at200_p99_ms",
    },
    "masters": {
        "ceiling_verify_per_s",
        "ceiling_commits_per_s",
        "ceiling_row_p99_ms",
        "draft_per_s",
        "sign_per_s",
        "load_per_s",
        "load_follow_per_s",
        "delivered_p50_ms",
        "delivered_p99_ms",
        "audit_per_s",
        "disk_per_record_byte",
        "rss_mib",
    },
    "quality": {
        "dfq_1m_s",
        "dfq_rss_mib",
        "spc_1m_s",
        "plan_us",
        "plan_again_us",
        "c_zero_us",
        "ceiling_csv_1m_s",
        "ceiling_numpy_1m_s",
        "ceiling_lookup_us",
    },
    "sharing": {
        "decision_us",
        "decision_groups",
        "ceiling_answer_us",
        "peer_sql_us",
        "principal_us",
        "vault_overhead",
        "view_records_per_s",
        "view_records_per_cpu_s",
    },
    "growth": {
        "append_ratio_1m_to_10k",
        "proof_p99_ms",
        "audit_per_s",
        "rss_mib",
        "disk_per_record_byte",
    },
}


WITNESS = pytest.mark.item("3.done.bench-witness")
MASTERS = pytest.mark.item("4.done.bench")
SHARING = pytest.mark.item("5.done.bench")
QUALITY = pytest.mark.item("6.done.bench")
#: Two of them start and stop much, and what they share with the others is run with those.
ITEMS = {
    "witness": WITNESS,
    "masters": MASTERS,
    "sharing": SHARING,
    "quality": QUALITY,
    "fairness": pytest.mark.long,
    "growth": pytest.mark.long,
}
ENGINES = ("sqlite", "postgresql")
#: The published speeds come from SQLite; each of the others starts a server of its own as well.
BRIEFLY = {
    "fairness": ENGINES[1:],
    "growth": ENGINES[:1],
    "ingest": ENGINES[:1],
    "masters": ENGINES[:1],
    "quality": ENGINES[:1],
    "sharing": ENGINES[:1],
    "witness": ENGINES[:1],
}


def run(name: str, engine: str = "both") -> dict[str, Any]:
    """The one object that a benchmark prints with the smallest plan, on an engine or both."""
    engines = ["--engine", engine] if engine else []
    ended = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--json", "--quick", *engines],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    (line,) = ended.stdout.splitlines()
    report = json.loads(line)
    assert isinstance(report, dict)
    return report


@pytest.mark.long
def test_two_replicas_are_compared_with_one() -> None:
    report = run("replicas", engine="")
    figures = report["postgresql"]
    expected = {
        *("ceiling_verify_per_s", "ceiling_commits_per_s"),
        *("one_batch_per_s", "two_batch_per_s", "batch_ratio_two_to_one"),
        *("one_single_per_s", "two_single_per_s", "single_ratio_two_to_one"),
    }
    assert expected - figures.keys() == set()
    assert all(value > 0 for value in figures.values())


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=ITEMS[name]) if name in ITEMS else name for name in sorted(PROMISED)],
)
def test_a_benchmark_prints_one_object_with_its_figures(name: str) -> None:
    check_figures(name, BRIEFLY[name])


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_benchmark_measures_both_engines(name: str) -> None:
    check_figures(name, ENGINES)


def check_figures(name: str, engines: Sequence[str]) -> None:
    report = run(name, "both" if engines == ENGINES else engines[0])
    for engine in engines:
        figures = report[engine]
        assert PROMISED[name] - figures.keys() == set()
        assert all(value > 0 for value in figures.values())
    assert report["machine"]["cores"] >= 1
