"""The list of witnessed logs, changed by several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.witness_folder import add_log, read_logs
from tests.api.live_witness import LiveWitness
from tests.ledger.signers import a_signer

pytestmark = pytest.mark.item("3.4")


def test_logs_that_are_added_at_the_same_time_are_all_witnessed(tmp_path: Path) -> None:
    folder = LiveWitness(tmp_path / "w").folder
    origins = [f"log{number}.example/lots" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda origin: add_log(folder, origin, [a_signer(origin).key]), origins))
    assert sorted(read_logs(folder)) == sorted(origins)
