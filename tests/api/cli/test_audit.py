"""An audit finds what was changed behind the log's back, from the folder and from outside."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.audit_sources import map_in_processes, open_public_source
from api.client import LogClient
from ledger.audit import audit
from tests.api.cli.solo import FOUNDED, SoloLog
from tests.api.cli.tables import VERDICT
from tests.ledger.vault.forged_contents import forge_contents

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.7")]

#: A charter, a key, the types, three records.
SIZE = FOUNDED + 3
REPORT = SIZE - 1
SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> SoloLog:
    """A log with three records, at rest."""
    log = SoloLog(tmp_path_factory.mktemp("audited"))
    table = log.root / "m.csv"
    table.write_text("Charge;D [mm]\nA;12,5\nB;12,6\nC;12,7\n")
    with log.served():
        log.json("submit", str(table), "--type", "inspection-report/v1", *SETS)
    return log


@pytest.fixture
def copied(kept: SoloLog, tmp_path: Path) -> Path:
    """A copy of its folder, to be damaged."""
    return Path(shutil.copytree(kept.data, tmp_path / "data"))


@contextmanager
def unguarded(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, as somebody has it who may drop its guards."""
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        yield database
        database.commit()


def findings(kept: SoloLog, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the findings of an audit."""
    result = kept.run("audit", str(folder), "--full", "--json")
    return result.exit_code, json.loads(result.stdout)["findings"]


def test_a_sound_log_is_clean_and_the_report_says_what_was_looked_at(
    kept: SoloLog, copied: Path
) -> None:
    report = kept.json("audit", str(copied))
    assert (report["clean"], report["entries"], report["signatures"]) == (True, SIZE, SIZE)
    assert report["disclosures"] == 21


def test_a_changed_entry_is_found_where_it_stands(kept: SoloLog, copied: Path) -> None:
    with unguarded(copied) as database:
        (text,) = database.execute("SELECT text FROM entry WHERE idx = 7").fetchone()
        changed = text[:-9] + bytes([text[-9] ^ 1]) + text[-8:]
        database.execute("UPDATE entry SET text = ? WHERE idx = 7", (changed,))
    status, found = findings(kept, copied)
    assert status == 1
    assert "entry 7" in {item["place"] for item in found}
    # The entry after it no longer follows, and no checkpoint over it covers this log.
    assert {"chain-broken", "root-mismatch"} <= {item["code"] for item in found}


def test_a_changed_disclosure_is_found(kept: SoloLog, copied: Path) -> None:
    assert findings(kept, copied) == (0, [])
    forge_contents(copied / "ledger.db", copied / "shelf", [REPORT], lambda text: text[4:])
    status, found = findings(kept, copied)
    assert (status, [item["place"] for item in found]) == (1, [f"entry {REPORT}"])


def test_what_was_audited_is_read_again_only_by_a_full_audit(kept: SoloLog, copied: Path) -> None:
    assert findings(kept, copied) == (0, [])
    forge_contents(copied / "ledger.db", copied / "shelf", [REPORT], lambda text: text[4:])
    assert kept.json("audit", str(copied))["resumed_at"] == SIZE
    assert findings(kept, copied)[0] == 1
    # Found once, it is remembered.
    assert kept.run("audit", str(copied)).exit_code == 1


def test_another_anchor_is_noticed(
    kept: SoloLog, copied: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = SoloLog(tmp_path_factory.mktemp("other"))
    result = kept.run("audit", str(copied), "--anchor", str(other.data / "anchor.json"), "--json")
    codes = {item["code"] for item in json.loads(result.stdout)["findings"]}
    assert result.exit_code == 1
    assert {"charter-mismatch", "log-key-mismatch"} <= codes


def test_a_log_behind_its_high_water_mark_is_noticed(kept: SoloLog, copied: Path) -> None:
    mark = copied / "high-water"
    line = mark.read_text().splitlines()[0]
    mark.write_text(f"{int(line[:20]) + 1:020d}{line[20:]}\n" * 2)
    status, found = findings(kept, copied)
    assert status == 1
    assert [item["code"] for item in found] == ["log-rolled-back"]


def test_a_folder_without_a_log_is_told(kept: SoloLog, tmp_path: Path) -> None:
    refused = kept.run("audit", str(tmp_path))
    assert refused.exit_code == 1
    assert "no-log-here" in refused.stderr


def test_processes_find_what_one_process_finds(kept: SoloLog) -> None:
    with kept.served(), LogClient(kept.url, signer=kept.signer()) as client:
        sources = [open_public_source(client, kept.anchor) for _ in range(2)]
        here, there = (
            audit(kept.anchor.origin, source, map_chunks=map_in_processes(count))
            for source, count in zip(sources, (1, 2), strict=True)
        )
    assert (here.root, here.tallies) == (there.root, there.tallies)
    assert here.is_clean
    assert there.is_clean


class Twisted(LogClient):
    """A service that serves a tile which is not that of its entries."""

    def tile(self, path: str) -> bytes:
        """One byte of every hash tile is another."""
        data = super().tile(path)
        return data if "entries" in path else bytes([data[0] ^ 1]) + data[1:]


@pytest.fixture
def served(kept: SoloLog) -> Iterator[SoloLog]:
    with kept.served():
        yield kept


def test_a_tile_that_is_not_of_the_entries_is_found(served: SoloLog) -> None:
    found = []
    for kind in (LogClient, Twisted):
        with kind(served.url, signer=served.signer()) as client:
            source = open_public_source(client, served.anchor)
            report = audit(served.anchor.origin, source)
            found.append([item.code for item in report.findings])
    assert found == [[], ["tile-mismatch"]]


def test_a_rebuild_restores_what_was_lost_and_says_how_much(kept: SoloLog, copied: Path) -> None:
    before = kept.json("rebuild", "--data", str(copied))
    assert (before["missing_before"], before["unreadable"]) == (0, 0)
    with unguarded(copied) as database:
        for table in ("search", "standing", "unmerged"):
            database.execute(f"DELETE FROM {table}")
    lost = [rebuilt(kept, copied, *check) for check in (("--check",), (), ("--check",))]
    assert [status for status, _ in lost] == [1, 1, 0]
    assert lost[0] == lost[1]
    assert lost[1][1]["missing_before"] == before["search_keys"] + before["standings"]
    missing = {name: found["count"] for name, found in lost[1][1]["differences"]["missing"].items()}
    assert missing == {"search": before["search_keys"], "standing": before["standings"]}
    # Anyone finds the entries that founded the log; of the three reports nobody but the signer.
    assert (before["search_keys"] > 0, before["standings"]) == (True, FOUNDED)
    assert kept.json("rebuild", "--data", str(copied)) == before


def rebuilt(kept: SoloLog, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the outcome of a rebuild, or of a comparison."""
    result = kept.run("rebuild", "--data", str(folder), "--json", *options)
    return result.exit_code, json.loads(result.stdout)


def test_what_was_put_in_is_told_by_kind_with_examples(kept: SoloLog, copied: Path) -> None:
    kept.json("rebuild", "--data", str(copied))
    with unguarded(copied) as database:
        database.execute("INSERT INTO pin (blob, idx) VALUES ('never-uploaded', 3)")
        database.execute("INSERT INTO search (prefix, idx) VALUES (-7, 4)")
        database.execute("INSERT INTO standing SELECT party, 5 FROM entry WHERE idx = 5")
        database.execute("DELETE FROM record_key WHERE idx = 6")
        database.execute("INSERT INTO jti_key (prefix, idx) VALUES (9, ?)", (REPORT,))
    status, told = rebuilt(kept, copied, "--check")
    assert (status, told["missing_before"], told["surplus_before"]) == (1, 1, 4)
    surplus = told["differences"]["surplus"]
    assert surplus["pin"] == {"count": 1, "examples": ["never-uploaded of entry 3"]}
    assert surplus["search"]["examples"] == ["fffffffffffffff9 of entry 4"]
    assert set(told["differences"]["missing"]) == {"record"}
    rebuilt(kept, copied)
    # What keeps an upload, or a record from being admitted twice, is never taken away.
    after = rebuilt(kept, copied)[1]
    assert (set(after["differences"]["surplus"]), after["missing_before"]) == ({"pin", "jti"}, 0)


def test_changed_column_and_a_gap_of_the_outbox_are_told(kept: SoloLog, copied: Path) -> None:
    with unguarded(copied) as database:
        database.execute("UPDATE entry SET admitted_ms = admitted_ms + 1 WHERE idx = ?", (REPORT,))
        # Its readers are done with all of it: the entry before last waits again, the last does not.
        database.execute("DELETE FROM outbox")
        waiting = (10**6, "record.admitted", REPORT - 1, 1)
        database.execute("INSERT INTO outbox VALUES (?, ?, ?, ?)", waiting)
    status, told = rebuilt(kept, copied, "--check")
    assert (status, told["changed_rows"], told["outbox_gaps"]) == (1, 1, 1)


def test_beside_its_service_a_log_is_compared_and_not_rebuilt(served: SoloLog) -> None:
    assert rebuilt(served, served.data, "--check")[0] == 0
    refused = served.run("rebuild", "--data", str(served.data), "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "store-in-use"


def test_records_without_disclosures_are_counted_and_not_invented(
    kept: SoloLog, copied: Path
) -> None:
    before = kept.json("rebuild", "--data", str(copied))
    with unguarded(copied) as database:
        database.execute("DELETE FROM vault WHERE idx = ?", (REPORT,))
    status, after = rebuilt(kept, copied)
    assert (status, after["missing_before"]) == (1, 0)
    assert after["without_disclosures"] == before["without_disclosures"] + 1
    assert after["search_keys"] < before["search_keys"]
    assert kept.json("audit", str(copied), "--full")["without_disclosures"] == 1
