"""Served logs, one for each test module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from api.observability import log
from tests.api.service import MEMBERS_PLAN, LiveService, serve


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A served log whose entry bundles are open to everyone."""
    yield from serve(tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def members_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The same log, but its entry bundles are for members."""
    yield from serve(tmp_path_factory.mktemp("log"), MEMBERS_PLAN)


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[LiveService]:
    """A served log of the test's own: to be stopped, damaged, or moved through time."""
    yield from serve(tmp_path / "log")


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged during the test."""
    capture = LogCapture()
    configured = structlog.get_config()
    # A command of an earlier test may have configured the logs, which the logger keeps to.
    vars(log).pop("bind", None)
    structlog.reset_defaults()
    structlog.configure(processors=[capture])
    yield capture.entries
    structlog.configure(**configured)
