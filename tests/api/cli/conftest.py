"""A served log of one party for each test module of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.cli.solo import SoloLog


@pytest.fixture(scope="module")
def solo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoloLog]:
    """A log that is served as long as the module's tests run."""
    log = SoloLog(tmp_path_factory.mktemp("solo"))
    with log.served():
        yield log
