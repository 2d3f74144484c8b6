"""The engines of a story, and the consortium that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.consortium import Consortium
from tests.stories.engines import Engine, Postgresql, Sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each story is played on each of them."""
    if request.param == "sqlite":
        return Sqlite()
    return Postgresql(request.getfixturevalue("postgres"))


@pytest.fixture
def consortium(engine: Engine, tmp_path: Path) -> Iterator[Consortium]:
    """Four founders, their keys and types, and a service at the moment its clock shows."""
    with Consortium.founded(tmp_path, engine) as founded:
        yield founded
