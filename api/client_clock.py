"""The distance between a client's clock and the service's, and what a person can do about it.

Every answer tells the service's time (``Date``, RFC 9110, section 6.6.1). It is only ever used
to say how far apart the clocks are and, once, to sign a request again that was refused for its
time: by no more than an hour, because whoever could choose the time freely could collect
signatures of the future, and only from a service that is on this machine or behind TLS.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from api.client_errors import Problem
from api.request_errors import SignatureExpired
from ledger import limits

_DATE_CHARACTERS_MAX: Final = 40
_SECONDS_MAX: Final = 2**53
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_ADVICE: Final = {
    "en": (
        "This computer's clock is {distance} {side} the log's. Set it, best by a time server "
        "(Linux: 'timedatectl set-ntp true'; Windows and macOS: set date and time "
        "automatically), then run the same command again."
    ),
    "zh": (
        "本机时钟比账本的时钟{side} {distance}。请校准时钟，最好开启网络对时"
        "（Linux：timedatectl set-ntp true；Windows 和 macOS：自动设置日期和时间），"
        "然后重新运行同一命令。"
    ),
}
_NOTICE: Final = {
    "en": (
        "This computer's clock is {distance} {side} the log's. The log has accepted it so far; "
        "beyond {window} s it refuses what is signed. Set the clock by a time server."
    ),
    "zh": (
        "本机时钟比账本的时钟{side} {distance}。账本目前仍接受；超过 {window} 秒的签名将被拒绝。"
        "请用网络对时校准时钟。"
    ),
}
_SIDES: Final = {"en": ("behind", "ahead of"), "zh": ("慢", "快")}
_UNITS: Final = {"en": ("s", "min", "h", "days"), "zh": ("秒", "分钟", "小时", "天")}


@dataclass(slots=True)
class ClockWatch:
    """What one client knows of the service's clock.

    ``skew_seconds`` is what must be added to the client's time to get the service's, None
    before the first answer. ``correction`` is what is added when it signs: nothing, until a
    request was refused for its time.
    """

    skew_seconds: int | None = None
    correction: int = 0

    def note(self, date: str | None, *, sent_s: int, received_s: int) -> None:
        """Compare the time that an answer tells with our own between question and answer."""
        told = _parse_date(date)
        # What was long under way, or came from a cache, tells nothing of the clock.
        if told is not None and 0 <= received_s - sent_s <= limits.CLIENT_CLOCK_SECONDS_MAX:
            self.skew_seconds = round(told - (sent_s + received_s) / 2)

    def correct(self, problem: Problem) -> bool:
        """Follow the service's clock after a refusal; False where that is no use, or no good."""
        skew = skew_of(problem)
        if skew is None or self.correction:
            return False
        if abs(skew) > limits.CLIENT_SKEW_CORRECTED_SECONDS_MAX:
            return False
        self.correction = skew
        return True


def skew_of(problem: Problem) -> int | None:
    """The skew that a refusal for its time tells, what must be added to the client's time."""
    told = problem.more.get("skew_seconds")
    if problem.code != SignatureExpired.code or not isinstance(told, int):
        return None
    return told if abs(told) < _SECONDS_MAX else None


def advise(skew: int, language: str) -> str:
    """What to do about a clock that is too far off."""
    return _fill(_ADVICE, skew, language)


def warn(skew: int, language: str) -> str:
    """What to say of a clock that is off and still accepted."""
    return _fill(_NOTICE, skew, language)


def _fill(texts: dict[str, str], skew: int, language: str) -> str:
    known = language if language in texts else "en"
    side = _SIDES[known][0 if skew > 0 else 1]
    return texts[known].format(
        side=side, distance=_distance(abs(skew), known), window=limits.REQUEST_WINDOW_SECONDS
    )


def _distance(seconds: int, language: str) -> str:
    units = _UNITS[language]
    steps = ((1, 2 * _MINUTE), (_MINUTE, 2 * _HOUR), (_HOUR, 2 * _DAY))
    for unit, (size, most) in zip(units, steps, strict=False):
        if seconds < most:
            return f"{seconds // size} {unit}"
    return f"{seconds // _DAY} {units[-1]}"


def _parse_date(text: str | None) -> int | None:
    if text is None or len(text) > _DATE_CHARACTERS_MAX:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None
