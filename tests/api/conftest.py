"""Served logs, one for each test module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
