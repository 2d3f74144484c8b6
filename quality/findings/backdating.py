"""Times that contradict each other, and verdicts signed long after they are said to have been made.

Two clocks meet in a record: the signer's, which says what it wants, and the log's, which does not.
Where the log's is not known the signature's own time stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from quality.findings.finding import EN, ZH, Finding, Thresholds
from quality.findings.reported import Reported

#: The day of manufacture ends this much earlier somewhere on the globe.
_ZONES: Final = timedelta(hours=14)
_HOUR: Final = 3600


def backdating_findings(reports: Sequence[Reported], limits: Thresholds) -> Iterator[Finding]:
    """Reports whose times cannot all be true, or lie far apart."""
    grace = timedelta(minutes=limits.clock_minutes)
    for report in reports:
        yield from _contradictions(report, grace)
        yield from _gap(report, timedelta(hours=limits.late_hours))


def _contradictions(report: Reported, grace: timedelta) -> Iterator[Finding]:
    decided, known = report.decided_at, _known_by(report)
    verdict = f"{report.source}#/verdict/decided_at"
    if decided is not None:
        late = [place for place, at in report.readings if at > decided + grace]
        if late:
            yield _contradiction(
                (*late, verdict),
                f"{len(late)} readings are later than the verdict on them",
                f"{len(late)} 个读数晚于其判定时间",
            )
        if known is not None and decided > known + grace:
            yield _contradiction(
                (verdict,),
                "the verdict is later than its own signature",
                "判定时间晚于签名时间",
            )
    if report.manufactured_on is not None:
        begin = datetime.combine(report.manufactured_on, time(), UTC) - _ZONES
        early = [place for place, at in report.readings if at < begin]
        if early:
            yield _contradiction(
                (*early, f"{report.source}#/lot/manufactured_on"),
                f"{len(early)} readings are earlier than the day on which the lot was made",
                f"{len(early)} 个读数早于该批次的生产日期",
            )


def _gap(report: Reported, most: timedelta) -> Iterator[Finding]:
    said, known = _said_at(report), _known_by(report)
    if said is None or known is None or known - said <= most:
        return
    hours = (known - said).total_seconds() / _HOUR
    allowed = most.total_seconds() / _HOUR
    yield Finding(
        "backdated",
        None,
        (f"{report.source}#/verdict/decided_at",),
        f"{EN}backdating: on the log {hours:.0f} hours after the time that it states; more than "
        f"{allowed:.0f} is unusual",
        f"{ZH}倒填日期：上账晚于所述时间 {hours:.0f} 小时，超过 {allowed:.0f} 小时属异常",
    )


def _said_at(report: Reported) -> datetime | None:
    """When it was done, as it says: the verdict, else the last reading."""
    if report.decided_at is not None:
        return report.decided_at
    return max((at for _, at in report.readings), default=None)


def _known_by(report: Reported) -> datetime | None:
    """The latest time that is not the report's own choice alone."""
    return report.admitted_at or report.signed_at


def _contradiction(places: tuple[str, ...], en: str, zh: str) -> Finding:
    return Finding(
        "times-contradict", None, places, f"{EN}wrong times: {en}", f"{ZH}时间有误：{zh}"
    )
