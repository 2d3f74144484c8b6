"""A signed request passes once: at one process, after a restart of it, and at its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.client import LogClient
from api.client_transport import Effects
from api.data_folder import DataFolder
from api.party_folder import PartySigner
from keys.identifiers import Did
from tests.api.service import (
    SUPPLIER,
    LiveService,
    code_of,
    found_log,
    problem_of,
    request_key,
)

pytestmark = pytest.mark.item("3.3")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[LiveService]:
    """A service that has just started."""
    folder = DataFolder(tmp_path)
    service = LiveService(folder, found_log(folder), started_seconds_ago=0)
    service.start()
    yield service
    service.stop()


def test_a_captured_request_passes_neither_again_nor_after_a_restart(fresh: LiveService) -> None:
    captured = fresh.signed(SUPPLIER).sign("GET", "/v1/records")

    def replay() -> str | None:
        answer = fresh.http.get("/v1/records", headers=captured)
        return None if answer.is_success else code_of(answer)

    assert replay() is None
    assert replay() == "nonce-replayed"
    fresh.clock.advance(1_000)
    port = fresh.settings.port
    fresh.restart(port=port)
    assert replay() == "signature-before-start"
    assert fresh.signed(SUPPLIER).get("/v1/records").is_success


def test_a_request_signed_before_the_start_is_told_when_a_new_one_passes(
    fresh: LiveService,
) -> None:
    fields = fresh.signed(SUPPLIER).sign("GET", "/v1/records")
    fresh.clock.advance(3_000)
    fresh.restart(port=fresh.settings.port)
    answer = fresh.http.get("/v1/records", headers=fields)
    problem = problem_of(answer)
    assert (problem["code"], answer.status_code) == ("signature-before-start", 401)
    assert (problem["skew_seconds"], answer.headers["retry-after"]) == (3, "3")


@pytest.mark.parametrize("behind", [1, 4])
def test_a_client_signs_again_by_itself(fresh: LiveService, behind: int) -> None:
    key = request_key(fresh.party(SUPPLIER))
    waits: list[float] = []
    effects = Effects(now_s=lambda: fresh.now_s - behind + int(sum(waits)), wait=waits.append)
    signer = PartySigner(Did(key.did), key.key)
    with LogClient(fresh.settings.public_url, signer=signer, effects=effects) as client:
        assert len(client.search(limit=1).records) == 1
    assert len(waits) == 1
    assert behind <= waits[0] <= 1.25 * behind, "the time asked for, and up to a quarter more"
