"""Which language a page is in (RFC 9110, section 12.5.4, as far as two languages need it)."""

from __future__ import annotations

import pytest

from portal.languages import choose_language, prefer_language
from portal.limits import ACCEPT_LANGUAGE_CHARACTERS_MAX

pytestmark = pytest.mark.item("2.8")


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hans-CN", "zh"),
        ("ZH", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de,zh;q=0.5,en;q=0.4", "zh"),
        ("de-DE,de;q=0.9", "en"),
        ("zh;q=0", "en"),
        ("en;q=0,zh;q=0.001", "zh"),
        ("en;q=0.5 , zh ; q=0.9", "zh"),
        ("en,zh", "en"),
        ("zho", "en"),
        ("zh;q=2,en;q=0.1", "en"),
        ("*", "en"),
        (",;=,q=1,,zh", "zh"),
    ],
)
def test_the_browsers_preference_decides(accepted: str, expected: str) -> None:
    assert prefer_language(accepted) == expected


def test_only_the_beginning_of_a_long_preference_is_read() -> None:
    padding = "x," * ACCEPT_LANGUAGE_CHARACTERS_MAX
    assert prefer_language("zh," + padding) == "zh"
    assert prefer_language(padding + "zh") == "en"


@pytest.mark.parametrize(
    ("asked", "cookie", "expected"),
    [
        (None, None, "zh"),
        (None, "en", "en"),
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
        ("fr", "en", "en"),
        ("fr", "<script>", "zh"),
    ],
)
def test_a_link_outranks_the_cookie_and_the_cookie_the_browser(
    asked: str | None, cookie: str | None, expected: str
) -> None:
    assert choose_language(asked, cookie, accepted="zh") == expected
