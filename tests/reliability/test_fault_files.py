"""Files that a process replaces are old or new ones, whenever it dies or is refused."""

from __future__ import annotations

import itertools
import resource
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.durable_files import replace_file
from ledger.store import Store
from ledger.store_errors import StoreUnavailable
from ledger.store_faulty import FaultyStore, When
from tests.ledger.crashes import run_and_die
from tests.ledger.store_groups import append

pytestmark = pytest.mark.item("3.6.fault-table")
OLD, NEW = b"old\n" * 100, b"new, and longer\n" * 100


def test_a_file_replaced_by_a_process_that_dies_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    found = []
    for touch in itertools.count():
        path.write_bytes(OLD)
        has_died = run_and_die(tmp_path, lambda: replace_file(path, NEW), touch=touch)
        found.append(path.read_bytes())
        # What the dead process left beside it does not stop the next one.
        replace_file(path, OLD)
        if not has_died:
            break
    assert found[0] == OLD
    assert found[-1] == NEW
    assert set(found) == {OLD, NEW}


@pytest.mark.parametrize("limit", [0, 10, len(NEW) - 1])
def test_a_file_that_the_disk_does_not_take_is_the_old_one(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "config.json"
    replace_file(path, OLD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            replace_file(path, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == OLD
    replace_file(path, NEW)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cosigned_checkpoint_that_failed_is_kept_once_when_it_comes_again(
    store: Store, when: When
) -> None:
    append(store, 2)
    faulty = FaultyStore(store, fail_on="keep_cosigned", when=when)
    with pytest.raises(StoreUnavailable):
        faulty.keep_cosigned(2, "note of 2\n")
    assert list(store.cosigned(0)) == ([] if when == "before" else [(2, "note of 2\n")])
    with suppress(StoreUnavailable):
        faulty.keep_cosigned(2, "note of 2\n")
    assert list(store.cosigned(0)) == [(2, "note of 2\n")]
