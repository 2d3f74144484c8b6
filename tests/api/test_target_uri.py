"""The signed name of a target: the configured base, then what was received."""

from __future__ import annotations

import pytest

from api.request_errors import MalformedTarget
from api.target_uri import build_target_uri, parse_public_base, parse_target_uri
from ledger.limits import TARGET_URI_BYTES_MAX

pytestmark = pytest.mark.item("2.6")


@pytest.mark.parametrize(
    ("base", "path", "query", "target"),
    [
        ("https://log.example", b"/v1/records", b"", "https://log.example/v1/records"),
        ("https://log.example", b"/", b"a=1&a=2", "https://log.example/?a=1&a=2"),
        ("https://log.example/quality", b"/v1/x", b"", "https://log.example/quality/v1/x"),
        ("http://127.0.0.1:8000", b"/v1/x", b"q=%C3%A4", "http://127.0.0.1:8000/v1/x?q=%C3%A4"),
        ("http://[::1]:8000", b"/a%2Fb", b"", "http://[::1]:8000/a%2Fb"),
        ("https://log.example", b"//other.example/x", b"", "https://log.example//other.example/x"),
    ],
)
def test_the_target_is_the_base_then_path_and_query_as_received(
    base: str, path: bytes, query: bytes, target: str
) -> None:
    assert build_target_uri(parse_public_base(base), path, query=query) == target


@pytest.mark.parametrize(
    "base",
    [
        "",
        "log.example",
        "ftp://log.example",
        "HTTPS://log.example",
        "https://LOG.example",
        "https://log.example/",
        "https://log.example:443",
        "http://log.example:80",
        "https://log.example:08443",
        "https://user@log.example",
        "https://log.example?x=1",
        "https://log.example#x",
        "https://log.example/a//b",
        "https://log.example\n",
        "https://lög.example",
    ],
)
def test_a_base_has_one_spelling(base: str) -> None:
    with pytest.raises(MalformedTarget, match="expected a public base URL"):
        parse_public_base(base)


@pytest.mark.parametrize("base", ["https://log.example:8443", "http://log.example:443"])
def test_a_port_that_is_not_the_schemes_own_is_kept(base: str) -> None:
    assert parse_public_base(base) == base


@pytest.mark.parametrize("path", [b"", b"v1", b"*", b"/\n", b"/a b", b"/\xc3\xa4", b"/#x"])
def test_a_path_that_no_client_sends_is_refused(path: bytes) -> None:
    with pytest.raises(MalformedTarget):
        build_target_uri(parse_public_base("https://log.example"), path)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_target_has_a_bound(extra: int) -> None:
    text = "https://log.example/".ljust(TARGET_URI_BYTES_MAX + extra, "a")
    if extra:
        with pytest.raises(MalformedTarget, match="expected at most"):
            parse_target_uri(text)
    else:
        assert parse_target_uri(text) == text
