"""A challenger beside the model in force, on the same good rows, before anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scoring.anomaly.false_alarms import NOMINAL, RealisedRate, realised_rate
from scoring.anomaly.injected import STORED_SET, Reference, injected
from scoring.anomaly.port import Detector, StreamState
from scoring.anomaly.table import ParameterTable
from scoring.errors import TooFewRows

#: Good rows that a challenger has to have seen in shadow.
SHADOW_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault that was confirmed: the rows, and the first one of them that was bad."""

    name: str
    table: ParameterTable
    onset: int


@dataclass(frozen=True, slots=True)
class Found:
    """How much of one fault both models called: shares of its rows."""

    name: str
    rows: int
    champion: float
    challenger: float


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What the comparison has shown; ``champion`` and ``challenger`` name ONNX digests."""

    champion: str
    challenger: str
    champion_rate: RealisedRate
    challenger_rate: RealisedRate
    faults: tuple[Found, ...]
    incidents: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is compared, and at which level of p a row is called."""

    champion: Detector
    challenger: Detector
    alpha: float
    nominal: float = NOMINAL


def shadow_report(
    contest: Contest,
    good: ParameterTable,
    *,
    reference: Reference,
    incidents: Sequence[Incident] = (),
) -> ShadowReport:
    """Compare two models on good rows, on faults put into them and on past incidents.

    Faults are put into the second half; the first half is what the models' averages stand on.

    Args:
        contest: who is compared.
        good: rows that were confirmed good and that neither model was trained on, in their order.
        reference: centre and spread of each parameter, of the model in force.
        incidents: rows of confirmed faults.

    Raises:
        TooFewRows: fewer than :data:`SHADOW_ROWS` rows.
        ParametersDiffer, UnitsDiffer: not the columns of both models.
    """
    if len(good) < SHADOW_ROWS:
        raise TooFewRows(f"expected {SHADOW_ROWS} good rows in shadow or more, found {len(good)}")
    half = len(good) // 2
    pair = contest.champion, contest.challenger
    starts = [each.score(good.take(slice(0, half)), each.start()).state for each in pair]
    rest = good.take(slice(half, None))
    faults = []
    for fault in STORED_SET:
        tables = list(injected(rest, fault, reference))
        if not tables:
            continue
        shares = [
            _mean([_called(each, table, start, alpha=contest.alpha) for table in tables])
            for each, start in zip(pair, starts, strict=True)
        ]
        faults.append(Found(fault.name, len(rest) * len(tables), shares[0], shares[1]))
    return ShadowReport(
        contest.champion.digest,
        contest.challenger.digest,
        _rate(contest.champion, good, contest),
        _rate(contest.challenger, good, contest),
        tuple(faults),
        tuple(_incident(contest, incident) for incident in incidents),
    )


def _rate(detector: Detector, good: ParameterTable, contest: Contest) -> RealisedRate:
    p = detector.score(good, detector.start()).p_value
    called = int((p < contest.alpha).sum())
    return realised_rate(called, len(good), nominal=contest.nominal)


def _called(
    detector: Detector, table: ParameterTable, state: StreamState, *, alpha: float
) -> float:
    return float((detector.score(table, state).p_value < alpha).mean())


def _incident(contest: Contest, incident: Incident) -> Found:
    before = incident.table.take(slice(0, incident.onset))
    rows = incident.table.take(slice(incident.onset, None))
    shares = []
    for each in (contest.champion, contest.challenger):
        state = each.score(before, each.start()).state if len(before) else each.start()
        shares.append(_called(each, rows, state, alpha=contest.alpha))
    return Found(incident.name, len(rows), shares[0], shares[1])


def _mean(shares: list[float]) -> float:
    return sum(shares) / len(shares)
