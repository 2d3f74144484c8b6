"""One small log and one server for all tests of the portal."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx
import pytest
from starlette.applications import Starlette

from portal.build import Portal, build_portal
from portal.messages import Words, load_words
from tests.portal.html_check import Page, read_page
from tests.portal.serving import serve
from tests.portal.small_log import SmallLog, a_small_log

GetPage = Callable[..., Page]


@pytest.fixture(scope="session")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Generator[SmallLog, None, None]:
    """A log with records of several kinds."""
    log = a_small_log(tmp_path_factory.mktemp("small-log"))
    yield log
    log.ledger.close()


@pytest.fixture(scope="session")
def portal(small_log: SmallLog) -> Portal:
    """The portal over the small log."""
    return build_portal(small_log.facts, small_log.own)


@pytest.fixture(scope="session")
def portal_url(portal: Portal) -> Generator[str, None, None]:
    """Where the portal is served."""
    with serve(Starlette(routes=portal.routes)) as url:
        yield url


@pytest.fixture
def client(portal_url: str) -> Generator[httpx.Client, None, None]:
    """A browser without a memory: cookies live as long as one test."""
    with httpx.Client(base_url=portal_url, verify=False) as found:
        yield found


@pytest.fixture
def get_page(client: httpx.Client) -> GetPage:
    """Fetch a page, which must be well formed."""

    def fetch(path: str, language: str = "en") -> Page:
        response = client.get(path, headers={"Accept-Language": language})
        assert response.is_success, response.text
        page = read_page(response.text)
        assert page.faults == []
        return page

    return fetch


@pytest.fixture(scope="session")
def english() -> Words:
    """The English words."""
    return load_words()["en"]


@pytest.fixture(scope="session")
def chinese() -> Words:
    """The Chinese words."""
    return load_words()["zh"]
