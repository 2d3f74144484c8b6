"""A newcomer's story, in processes of their own: found, serve, submit, show, verify, audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.cli.shell import Shell, a_shell
from tests.api.cli.solo import FOUNDED

pytestmark = pytest.mark.item("2.7")

TABLE = """\
Charge;Sachnummer;Menge;Prüfzeit;Befund;Prüfart;Ø [mm]
A-1;GR-1;200;20.11.2026 09:30;i.O.;Ausgang;12,50
A-1;GR-1;200;20.11.2026 09:30;i.O.;Ausgang;12,48
A-2;GR-1;250;20.11.2026 10:30;n.i.O.;Ausgang;12,90
"""


def document(shell: Shell, *arguments: str) -> dict[str, Any]:
    """Run a command that must succeed with --json; its one document."""
    ran = shell.lotmark(*arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def test_from_nothing_to_a_verified_record_in_processes_of_their_own(tmp_path: Path) -> None:
    shell = a_shell(tmp_path)
    (tmp_path / "m.csv").write_text(TABLE)
    founded = document(shell, "init", "--solo", "hanfeng-drive")
    assert founded["size"] == FOUNDED
    with shell.served():
        options = ("--type", "inspection-report/v1", "--offset", "+01:00")
        sent = document(shell, "submit", "m.csv", *options)
        assert [item["index"] for item in sent["records"]] == [FOUNDED, FOUNDED + 1]
        assert [item["place"] for item in sent["records"]] == ["rows 2 to 3", "row 4"]

        shown = document(shell, "show", str(FOUNDED))
        (record,) = shown["records"]
        assert record["record_id"] == sent["records"][0]["record_id"]
        found = record["groups"]["measurements"]["characteristics"][0]["values"]
        assert [item["value"] for item in found] == ["12.50", "12.48"]

        document(shell, "export", "views", "--type", "inspection-report/v1")
        # Beside the running service, and through it.
        assert document(shell, "audit", "data")["clean"] is True
        assert document(shell, "audit", shell.environment["LOTMARK_URL"])["clean"] is True
        held = shell.lotmark("rebuild", "--json")
        assert json.loads(held.stdout)["error"]["code"] == "store-in-use"

    verified = document(shell, "verify", "views/records-0001.jsonl")
    assert [item["index"] for item in verified["records"]] == [FOUNDED + 1, FOUNDED]
    rebuilt = document(shell, "rebuild")
    assert (rebuilt["entries"], rebuilt["missing_before"]) == (FOUNDED + 2, 0)

    again = shell.lotmark("init", "--solo", "hanfeng-drive", "--json")
    assert again.returncode == 1
    assert json.loads(again.stdout)["error"]["code"] == "log-exists"
