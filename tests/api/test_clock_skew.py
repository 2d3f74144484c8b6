"""Clocks that are apart: said in words, corrected once where that is safe, warned of in time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from api.cli.faults import command_fault
from api.client import LogClient
from api.client_clock import ClockWatch, advise, warn
from api.client_errors import Problem, RequestRefused
from api.client_transport import Effects
from api.party_folder import PartySigner
from keys.identifiers import Did
from ledger import limits
from tests.api.service import SUPPLIER, LiveService, request_key

pytestmark = pytest.mark.item("3.3.skew")
WINDOW = limits.REQUEST_WINDOW_SECONDS


class Apart:
    """A party whose clock is apart from the service's, and what it is told."""

    def __init__(self, service: LiveService, behind: int) -> None:
        self.told: list[int] = []
        effects = Effects(
            now_s=lambda: service.now_s - behind,
            wait=lambda _: None,
            tell_skew=self.told.append,
        )
        key = request_key(service.party(SUPPLIER))
        signer = PartySigner(Did(key.did), key.key)
        self.client = LogClient(service.settings.public_url, signer=signer, effects=effects)

    def search(self, times: int = 1) -> Sequence[object]:
        """A read that is signed, by one client; what the last one finds."""
        with self.client as client:
            return [client.search(mine=1, limit=1).records for _ in range(times)][-1]


@pytest.mark.parametrize("behind", [0, 10, -10, 11, -11, WINDOW])
def test_a_clock_within_the_window_is_accepted_and_warned_of_beyond_ten_seconds(
    service: LiveService, behind: int
) -> None:
    apart = Apart(service, behind)
    apart.search(times=2)
    assert apart.told == ([behind] if abs(behind) > 10 else []), "once"


@pytest.mark.parametrize("behind", [WINDOW + 30, -(WINDOW + 30), 3_600, -3_600])
def test_a_clock_outside_the_window_is_followed_and_told(service: LiveService, behind: int) -> None:
    apart = Apart(service, behind)
    service.admit(service.record())
    assert len(apart.search()) == 1
    assert apart.told == [behind]


@pytest.mark.parametrize("behind", [3_700, -86_400 * 400])
def test_a_clock_far_outside_is_not_followed(service: LiveService, behind: int) -> None:
    """Who could choose the time freely could collect signatures of the future."""
    apart = Apart(service, behind)
    with pytest.raises(RequestRefused) as refused:
        apart.search()
    assert refused.value.problem.code == "signature-expired"
    assert refused.value.problem.more["skew_seconds"] == behind
    assert refused.value.problem.more["server_time"] == service.now_s


def expired(skew: object) -> Problem:
    """A refusal for its time."""
    more = {"server_time": 1, "skew_seconds": skew}
    return Problem("signature-expired", 401, "d", "r", more=more)


def test_the_clock_of_a_service_is_followed_once() -> None:
    watch = ClockWatch()
    assert watch.correct(expired(95))
    assert watch.correction == 95
    assert not watch.correct(expired(95))


@pytest.mark.parametrize("skew", [None, "95", 95.5, 10**30, [], 3_601, -3_601])
def test_what_is_no_skew_or_too_much_is_not_followed(skew: object) -> None:
    watch = ClockWatch()
    assert not watch.correct(expired(skew))
    assert watch.correction == 0


@pytest.mark.parametrize(
    "date", [None, "", "soon", "x" * 100, "Tue, 99 Apr 2021 02:07:55 GMT", "0"]
)
def test_a_date_that_is_none_tells_nothing(date: str | None) -> None:
    watch = ClockWatch()
    watch.note(date, sent_s=0, received_s=0)
    assert watch.skew_seconds is None


def test_an_answer_that_was_long_under_way_tells_nothing() -> None:
    watch = ClockWatch()
    watch.note("Tue, 20 Apr 2021 02:07:55 GMT", sent_s=0, received_s=60)
    assert watch.skew_seconds is None


@pytest.mark.parametrize(
    ("skew", "language", "words"),
    [
        (95, "en", "clock is 95 s behind the log's"),
        (-95, "en", "clock is 95 s ahead of the log's"),
        (600, "en", "10 min behind"),
        (-7_300, "en", "2 h ahead"),
        (400 * 86_400, "en", "400 days behind"),
        (95, "zh", "慢 95 秒"),
        (-600, "zh", "快 10 分钟"),
        (95, "fr", "95 s behind"),
    ],
)
def test_words_say_by_how_much_and_what_to_do(skew: int, language: str, words: str) -> None:
    assert words in advise(skew, language)
    assert "timedatectl" in advise(skew, language)
    assert words in warn(skew, language)


@pytest.mark.parametrize(
    ("locale", "words"), [("zh_CN.UTF-8", "慢 2 小时"), ("C.UTF-8", "2 h behind")]
)
def test_the_command_line_says_what_to_do_about_the_clock(
    monkeypatch: pytest.MonkeyPatch, locale: str, words: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert words in command_fault(RequestRefused(expired(7_300))).remedy


def test_every_answer_is_dated_by_the_clock_that_judges(own_service: LiveService) -> None:
    first = own_service.http.get("/livez").headers["date"]
    own_service.clock.advance(90_000)
    second = own_service.http.get("/nothing").headers["date"]
    assert first != second
    watch = ClockWatch()
    watch.note(second, sent_s=own_service.now_s, received_s=own_service.now_s)
    assert watch.skew_seconds == 0
