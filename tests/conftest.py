"""What holds for every test: no network, no skipping in CI, named Hypothesis profiles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import playwright
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, sync_playwright

from tests.loopback import refuse_other_hosts
from tests.postgres import LogDatabase, PostgresServer, running

IS_CI = os.environ.get("LOTMARK_CI") == "1"

# Timing rules are off throughout: two busy cores would turn them into chance failures.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _UNTIMED, max_examples=30)
settings.register_profile("ci", _UNTIMED, max_examples=30, derandomize=True)
settings.register_profile("long", _UNTIMED, max_examples=2_000)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile and close the network before anything of the project is imported."""
    settings.load_profile(os.environ.get("LOTMARK_HYPOTHESIS", "ci" if IS_CI else "quick"))
    refuse_other_hosts()


#: Files of few tests that take long. Begun last, one of them would keep one core waiting.
SLOW_FILES = (
    "examples/test_demo.py",
    "api/cli/test_tutorial.py",
    "bench/test_benchmarks.py",
    "reliability/test_kills.py",
    "reliability/test_disk_full.py",
    "examples/test_readme.py",
    "api/cli/test_story.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and skip the browser tests where there is no browser."""
    items.sort(key=lambda item: not str(item.path).endswith(SLOW_FILES))
    if shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="chromium is not installed (tests/install_chromium.sh)")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)


# First means outermost: expected failures become skips in a wrapper of pytest's own.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that skips, or is expected to fail, fails."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips as a whole fails."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IS_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped under LOTMARK_CI=1: {report.longrepr}"
        # With this attribute left, pytest would show the failure and still exit with 0.
        vars(report).pop("wasxfail", None)


# A module's and not the session's: while Playwright runs, asyncio.run() refuses to.
@pytest.fixture(scope="module")
def browser() -> Generator[Browser, None, None]:
    """Debian's chromium under Playwright, for tests marked ``browser``; it calls nobody."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    found = shutil.which("chromium")
    assert found, "expected the mark browser on a test that uses one, found none"
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=[*flags, *quiet])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Generator[Page, None, None]:
    """A page in a browser profile of its own."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer, None, None]:
    """One PostgreSQL server for all tests of this process; its commits wait for no disk."""
    with running() as server:
        yield server


@pytest.fixture
def postgres_log(postgres: PostgresServer) -> Generator[LogDatabase, None, None]:
    """A PostgreSQL database with an empty log."""
    with postgres.log_database() as log:
        yield log


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node.js that Playwright brings along, so that no other one has to be installed."""
    found = Path(playwright.__file__).parent / "driver" / "node"
    assert found.is_file(), f"expected Node.js at {found}, found nothing"
    return found
