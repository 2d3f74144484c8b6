"""Sharing: what a decision costs, beside the answer alone and beside the same question in SQL.

One known reader is asked about many records of an owner, in turns: an addressee with a
relation, and nobody in particular with grants. Types are the built-in inspection report with
its groups, its policy was narrowed since.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Final

from bench import vault
from bench.engines import Engine
from bench.report import Figures, run_benchmark
from bench.views import measure_views
from ledger.grown_map import GrownMap
from ledger.party import Party, Standing
from ledger.policy import PolicyDocument, TierRange
from ledger.policy_history import PolicyVersion, founding_history
from ledger.record_type import RecordType, parse_record_type
from ledger.relations import Relation, Relations
from ledger.sharing.agreements import Agreements, Grant
from ledger.sharing.decision import (
    Decision,
    GroupDecision,
    SharingState,
    decide,
    principal_of,
)
from ledger.sharing.filed import Filed
from quality.types import business_types

OWNER, READER = "did:web:log.example:parties:acme", "did:web:log.example:parties:borg"
VCT: Final = "inspection-report/v1"
CHARTER: Final = "c" * 43
NOW_MS: Final = 1_800_000_000_000
DAY_MS: Final = 24 * 3600 * 1000
RECORDS: Final = 1_000
AT_ONCE: Final = 1_000
GRANTS: Final = 8
RELATIONS: Final = 4
MICROSECONDS: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each figure is measured, and how many records a view shows."""

    seconds: float
    view_records: int


QUICK: Final = Plan(seconds=0.1, view_records=50)
FULL: Final = Plan(seconds=3.0, view_records=10_000)


def measure(plan: Plan, engine: Engine, root: Path) -> Figures:
    """All figures of one run; each part stands by itself."""
    ingested = vault.QUICK if plan is QUICK else vault.FULL
    return {
        **measure_decisions(plan),
        **measure_views(plan.view_records, engine, root),
        **vault.measure_vault(ingested, engine, root),
    }


def measure_decisions(plan: Plan) -> Figures:
    """What a decision costs for a known reader with grants and relations."""
    kind = next(k for k in map(parse_record_type, business_types()) if k.vct == VCT)
    state = _state(kind)
    reader = principal_of(READER, state)
    records = [_filed(kind, number) for number in range(RECORDS)]
    shown = decide(records[-1], state, reader, at_ms=NOW_MS)
    turns = cycle(records)
    decision = _microseconds(lambda: decide(next(turns), state, reader, at_ms=NOW_MS), plan)
    return {
        "decision_us": decision,
        "decision_groups": float(len(shown.groups)),
        "ceiling_answer_us": _microseconds(lambda: _answered(shown), plan),
        "peer_sql_us": _peer_sql_us(kind, plan),
        "principal_us": _microseconds(lambda: principal_of(READER, state), plan),
    }


def _microseconds(action: Callable[[], object], plan: Plan) -> float:
    """Processor time of this thread: other work on the machine is not counted in."""
    rounds: list[float] = []
    stop = time.perf_counter() + plan.seconds
    while time.perf_counter() < stop or not rounds:
        started = time.thread_time()
        for _ in range(AT_ONCE):
            action()
        rounds.append((time.thread_time() - started) / AT_ONCE)
    return median(rounds) * MICROSECONDS


def _answered(shown: Decision) -> Decision:
    """The same answer with nothing left to decide: what its values alone cost."""
    groups = sorted(GroupDecision(*item) for item in shown.groups)
    return Decision(*shown[:5], groups=tuple(groups))


def _state(kind: RecordType) -> SharingState:
    grants = [_grant(kind, number) for number in range(GRANTS)]
    relations = [_relation(number) for number in range(RELATIONS)]
    history = founding_history(CHARTER)
    narrower = PolicyDocument({(VCT, name): _narrowed(kind, name) for name in kind.groups})
    version = PolicyVersion("p" * 43, "default", 1, 7, "", "", narrower)
    return SharingState(
        size=RECORDS + 100,
        parties={did: _party(did) for did in (OWNER, READER)},
        tiers=history.with_version(version),
        relations=Relations(
            GrownMap((item.record_id, item) for item in relations),
            GrownMap([((READER, OWNER), GrownMap((item.record_id, None) for item in relations))]),
        ),
        agreements=Agreements(
            grants=GrownMap((item.record_id, item) for item in grants),
            by_reader=GrownMap([(READER, GrownMap((item.record_id, None) for item in grants))]),
        ),
    )


def _narrowed(kind: RecordType, group: str) -> TierRange:
    rule = kind.groups[group]
    return TierRange(rule.default, rule.default, rule.ceiling)


def _party(did: str) -> Party:
    return Party(
        did=did,
        slug=did.rpartition(":")[2],
        names={},
        roles=frozenset({"supplier"}),
        accreditations=frozenset(),
        entity="",
        parent=None,
        commitment="",
        joined_at=1,
        standings=((1, Standing.MEMBER),),
    )


def _relation(number: int) -> Relation:
    """Of one family each; the last one is that of the records."""
    base = Relation(f"r{number:042}", "supply", READER, OWNER, frozenset({f"f{number}"}), READER, 2)
    return replace(base, in_force_at=3)


def _grant(kind: RecordType, number: int) -> Grant:
    """Every other one is over; the last ones open what is restricted."""
    return Grant(
        record_id=f"g{number:042}",
        index=20 + number,
        owner=OWNER,
        granted_by=OWNER,
        reader=READER,
        opens={VCT: frozenset(list(kind.groups)[number % 4 :: 2])},
        purpose="audit",
        reads_from_ms=NOW_MS - DAY_MS,
        reads_until_ms=NOW_MS + (DAY_MS if number % 2 else -1),
    )


def _filed(kind: RecordType, number: int) -> Filed:
    """A record; every other one is addressed to the reader."""
    return Filed(
        record_id=f"{number:043}",
        index=100 + number,
        admitted_ms=NOW_MS - DAY_MS,
        vct=VCT,
        issuer=OWNER,
        owner=OWNER,
        subject=None,
        tiers=tuple((name, rule.default) for name, rule in kind.groups.items()),
        to=(READER,) if number % 2 else (),
        case=None,
        family=f"f{RELATIONS - 1}",
        policy=CHARTER,
    )


_TABLES: Final = """
CREATE TABLE filed (id INTEGER PRIMARY KEY, party TEXT, addressee TEXT, family TEXT);
CREATE TABLE tier (id INTEGER, name TEXT, rank INTEGER, PRIMARY KEY (id, name)) WITHOUT ROWID;
CREATE TABLE relation (customer TEXT, provider TEXT, family TEXT, since INTEGER);
CREATE INDEX pair ON relation (customer, provider);
CREATE TABLE permit
    (reader TEXT, owner TEXT, name TEXT, since INTEGER, opens INTEGER, ends INTEGER);
CREATE INDEX reader ON permit (reader, owner, name);
"""
_QUESTION: Final = """
SELECT tier.name, tier.rank <= 1
    OR (tier.rank = 2 AND filed.addressee = :reader AND EXISTS (
        SELECT 1 FROM relation WHERE customer = :reader AND provider = filed.party
        AND relation.family = filed.family AND relation.since < filed.id))
    OR (tier.rank < 4 AND EXISTS (
        SELECT 1 FROM permit WHERE reader = :reader AND owner = filed.party
        AND permit.name = tier.name AND permit.since < filed.id
        AND :now >= permit.opens AND :now < permit.ends))
FROM filed JOIN tier USING (id) WHERE filed.id = :id ORDER BY tier.name
"""


def _peer_sql_us(kind: RecordType, plan: Plan) -> float:
    """The same relations and grants as rows in memory, asked for which groups are readable.

    It knows neither standing nor cases nor needs, and names no rule.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        _fill(connection, kind)
        turns = cycle(range(100, 100 + RECORDS))

        def ask() -> object:
            asked = {"id": next(turns), "reader": READER, "now": NOW_MS}
            return connection.execute(_QUESTION, asked).fetchall()

        return _microseconds(ask, plan)


def _fill(connection: sqlite3.Connection, kind: RecordType) -> None:
    ranks = {"public": 0, "consortium": 1, "partner": 2, "restricted": 3, "sealed": 4}
    records = [_filed(kind, number) for number in range(RECORDS)]
    connection.executemany(
        "INSERT INTO filed VALUES (?, ?, ?, ?)",
        [(item.index, OWNER, item.to[0] if item.to else None, item.family) for item in records],
    )
    connection.executemany(
        "INSERT INTO tier VALUES (?, ?, ?)",
        [(item.index, name, ranks[tier]) for item in records for name, tier in item.tiers],
    )
    connection.executemany(
        "INSERT INTO relation VALUES (?, ?, ?, 3)",
        [(READER, OWNER, f"f{number}") for number in range(RELATIONS)],
    )
    connection.executemany(
        "INSERT INTO permit VALUES (?, ?, ?, ?, ?, ?)",
        [
            (READER, OWNER, name, grant.index, grant.reads_from_ms, grant.reads_until_ms)
            for grant in (_grant(kind, number) for number in range(GRANTS))
            for name in grant.opens[VCT]
        ],
    )


if __name__ == "__main__":
    run_benchmark("sharing", __doc__, measure=measure, quick=QUICK, full=FULL)
