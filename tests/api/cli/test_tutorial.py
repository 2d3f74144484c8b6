"""The tutorial's own commands, run as they stand on tables that it did not ship.

Only the three lines that a reader is told to change are changed: the file's name and two of
its headings. Everything else is taken from the document.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.api.cli.shell import ROOT, a_shell

TUTORIAL = ROOT / "docs" / "tutorial.md"

GERMAN = """\
Schmelze;laufendes Stück;Härte [HRC];Länge / mm;Anmerkung des Prüfers
S-4711;eins;58,5;120,030;
S-4711;zwei;58,0;119,985;
S-4711;drei;;120,010;
S-4712;eins;57,5;120,100;
"""
CHINESE = """\
炉批;样件编码;硬度 [HRC];外径 [mm]
L-1;a;58,5;12,30
L-1;b;58,4;12,31
L-2;a;58,6;12,29
"""

TABLES = [
    pytest.param(GERMAN, "cp1252", "Schmelze", "laufendes Stück", id="german-windows"),
    pytest.param(CHINESE, "gb18030", "炉批", "样件编码", id="chinese-gbk", marks=pytest.mark.long),
]


def commands(*, csv: str, lot: str, piece: str) -> str:
    """The tutorial's shell blocks as one script, its three variables set to these."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TUTORIAL.read_text("utf-8"), re.M | re.S)
    assert len(blocks) > 8
    script = "\n".join(blocks)
    for name, value in (("CSV", csv), ("LOT", lot), ("PIECE", piece)):
        script, count = re.subn(rf"^{name}=.*$", f"{name}='{value}'", script, flags=re.M)
        assert count == 1, f"expected one line {name}=, found {count}"
    return script


# Some fifty processes one after another, each a second or two on a busy machine.
@pytest.mark.timeout(500)
@pytest.mark.item("3.done.cli")
@pytest.mark.item("2.done.tutorial-csv")
@pytest.mark.item("2.7")
@pytest.mark.parametrize(("text", "encoding", "lot", "piece"), TABLES)
def test_the_tutorials_commands_work_on_a_table_it_did_not_ship(
    tmp_path: Path, text: str, encoding: str, lot: str, piece: str
) -> None:
    assert lot not in TUTORIAL.read_text("utf-8")
    shell = a_shell(tmp_path)
    (tmp_path / "werte.csv").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    ran = shell.run(commands(csv="werte.csv", lot=lot, piece=piece), seconds=480)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert "2 of 2 records have a receipt, 2 of them from before" in ran.stdout
    assert "nothing was found" in ran.stdout
    for words in (
        "nothing cosigned yet",
        "affirmed entry 32",
        "has yet to accept",
        "replace all admin keys of cygnus",
    ):
        assert words in ran.stdout
    assert "limit-typed" in ran.stdout
    assert "refused: the limits stand in SP-HS-20" in ran.stdout
    newest = "the newest month that has something is 2026-11: --month 2026-11"
    assert f"delivered, 2026-10: nothing; {newest}" in ran.stdout
    assert re.search(r"2026-11 +HS-20 +borealis +acme +500 ", ran.stdout)
    assert (tmp_path / "consortium" / "lost" / "next-admin.key").exists()
    # What was written with a comma is in the record with a point, digit for digit.
    view = (tmp_path / "views" / "records-0001.jsonl").read_text()
    assert view.count("\n") > 2
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["refused"] == 0
    mapping = json.loads((tmp_path / "werte.csv.mapping.json").read_text("utf-8"))
    assert mapping["form"]["decimal"] == "comma"
    assert mapping["form"]["encoding"] == encoding
