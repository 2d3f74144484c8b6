"""Verification at the command line: every step in words, and each forgery refused by its code."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli.verification_words import _CODES, _LOG_WORD, _STEPS, Words
from tests.api.cli.shell import ROOT
from tests.api.cli.solo import FOUNDED, SoloLog
from tests.api.cli.tables import VERDICT

pytestmark = pytest.mark.item("2.7")

SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a party keeps of two records: views, a receipt, the journal, the anchor."""

    log: SoloLog
    folder: Path

    @property
    def view(self) -> Path:
        return self.folder / "view.json"

    @property
    def receipt(self) -> Path:
        return self.folder / "receipt.txt"

    @property
    def journal(self) -> Path:
        return self.folder / "m.csv.journal.jsonl"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Made with a service that is gone when the tests verify."""
    root = tmp_path_factory.mktemp("verify")
    log = SoloLog(root)
    found = Kept(log, root / "kept")
    found.folder.mkdir()
    table = found.folder / "m.csv"
    table.write_text("Charge;D [mm]\nA;12,5\nB;12,6\n")
    with log.served():
        sent = log.json("submit", str(table), "--type", "inspection-report/v1", *SETS)
        log.json("receipt", str(FOUNDED), "--out", str(found.receipt))
        log.json("export", str(found.folder), "--type", "inspection-report/v1")
        assert [item["index"] for item in sent["records"]] == [FOUNDED, FOUNDED + 1]
    lines = (found.folder / "records-0001.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    found.view.write_text(json.dumps(json.loads(lines[0]) | {"records": records}))
    return found


def verify(kept: Kept, view: View, tmp_path: Path, *more: str) -> Any:
    """Verify a view that was changed."""
    path = tmp_path / "view.json"
    path.write_text(json.dumps(view))
    return kept.log.run("verify", str(path), *more)


def test_every_step_is_named_and_nothing_says_valid(kept: Kept) -> None:
    document = kept.log.json("verify", str(kept.view))
    record = document["records"][0]
    assert [step["step"] for step in record["steps"]] == [
        "checkpoint",
        "cosigned_by",
        "included",
        "member_since",
        "key_registered_at",
        "authentic",
        "shown",
        "decision",
    ]
    assert record["log_word"] == ["approvals-sufficed", "no-later-revocation"]
    shown = ["lot", "measurements", "summary", "verdict"]
    assert (record["shown"], record["defined"]) == (shown, 11)
    assert "valid" not in json.dumps(document)


def test_it_is_told_in_english_and_in_chinese(kept: Kept) -> None:
    english, chinese = (
        kept.log.run("verify", str(kept.view), "--language", language).stdout
        for language in ("en", "zh")
    )
    assert f"the log holds the record as entry {FOUNDED} of {FOUNDED + 2}" in english
    assert "the log's word until you audit it" in english
    assert f"账本将该记录保存为条目 {FOUNDED}（共 {FOUNDED + 2} 个条目）" in chinese


def test_a_receipt_is_verified_with_the_record_that_was_kept(kept: Kept) -> None:
    document = kept.log.json("verify", str(kept.receipt), "--record", str(kept.journal))
    assert document["included"] == {"index": FOUNDED, "size": FOUNDED + 2}
    assert "key-in-force" in document["log_word"]


def test_a_receipt_without_its_record_is_no_command_line(kept: Kept) -> None:
    assert kept.log.run("verify", str(kept.receipt)).exit_code == 2


def test_a_receipt_with_another_record_is_refused(kept: Kept, tmp_path: Path) -> None:
    lines = kept.journal.read_text().splitlines()
    texts = [json.loads(line)["sd_jwt"] for line in lines if "sd_jwt" in line]
    for text, code in ((texts[0], 0), (texts[1], 1)):
        path = tmp_path / "record.txt"
        path.write_text(text)
        result = kept.log.run("verify", str(kept.receipt), "--record", str(path))
        assert result.exit_code == code
    assert "refused: not-included" in result.stderr


def flip(text: str, at: int) -> str:
    """The text with one character of its alphabet changed."""
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def _change_path(view: View) -> None:
    path = view["entries"][-1]["path"]
    raw = bytearray(base64.b64decode(path[0]))
    raw[0] ^= 1
    path[0] = base64.b64encode(raw).decode()


def _change_checkpoint(view: View) -> None:
    note = view["checkpoint"]
    view["checkpoint"] = note.replace(f"\n{FOUNDED + 2}\n", f"\n{FOUNDED + 3}\n", 1)


def _swap_entries(view: View) -> None:
    entries = view["entries"]
    entries[0], entries[1] = entries[1], entries[0]


def _foreign_disclosure(view: View) -> None:
    first, second = view["records"][:2]
    first["disclosures"][0] = second["disclosures"][0]


def _double_disclosure(view: View) -> None:
    disclosures = view["records"][0]["disclosures"]
    disclosures.append(disclosures[0])


def _unused_disclosure(view: View) -> None:
    disclosures = view["records"][0]["disclosures"]
    padded = disclosures[0] + "=" * (-len(disclosures[0]) % 4)
    salt, group, _ = json.loads(base64.urlsafe_b64decode(padded))
    forged = json.dumps([salt, group, {"changed": True}]).encode()
    disclosures[0] = base64.urlsafe_b64encode(forged).decode().rstrip("=")


def _drop_key(view: View) -> None:
    view["records"][0]["keys"] = view["records"][0]["keys"][:1]


def _change_head(view: View) -> None:
    entry = view["entries"][-1]
    lines = entry["head"].split("\n")
    lines[4] = str(int(lines[4]) + 1)
    entry["head"] = "\n".join(lines)


def _other_format(view: View) -> None:
    view["format"] = "lotmark.view/v2"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_change_path, "not-included"),
        (_change_head, "not-included"),
        (_change_checkpoint, "bad-log-signature"),
        (_swap_entries, "wrong-index"),
        (_foreign_disclosure, "disclosure-not-of-this-record"),
        (_double_disclosure, "disclosure-duplicate"),
        (_unused_disclosure, "disclosure-unused"),
        (_drop_key, "key-not-registered"),
        (_other_format, "malformed-view"),
    ],
)
def test_a_forgery_is_refused_by_its_code_with_what_it_means(
    kept: Kept, tmp_path: Path, change: Callable[[View], None], code: str
) -> None:
    view = json.loads(kept.view.read_text())
    assert verify(kept, view, tmp_path).exit_code == 0
    change(view)
    result = verify(kept, view, tmp_path, "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == code
    assert error["remedy"] == Words("en").code(code)
    chinese = verify(kept, view, tmp_path, "--language", "zh")
    assert Words("zh").code(code) in chinese.stderr


def test_another_logs_anchor_refuses_everything(
    kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = SoloLog(tmp_path_factory.mktemp("other"))
    anchor = str(other.data / "anchor.json")
    refused = kept.log.run("verify", str(kept.view), "--anchor", anchor)
    assert refused.exit_code == 1
    # The same origin by chance, another key: only the signature tells them apart.
    assert "log-signature-missing" in refused.stderr


def test_without_an_anchor_nothing_is_verified(kept: Kept, tmp_path: Path) -> None:
    refused = kept.log.run("verify", str(kept.view), "--party", str(tmp_path))
    assert refused.exit_code == 1
    assert "no-anchor-here" in refused.stderr


@pytest.mark.parametrize("text", ["", "{", "null", "c2sp.org/tlog-proof@v1\n"])
def test_what_is_no_view_and_no_receipt_is_refused(kept: Kept, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    refused = kept.log.run("verify", str(path), "--record", str(kept.journal))
    assert refused.exit_code == 1
    assert "refused: malformed-" in refused.stderr


def test_every_code_of_the_specification_has_its_words() -> None:
    spec = (ROOT / "docs" / "spec" / "view.md").read_text("utf-8")
    record = (ROOT / "docs" / "spec" / "record.md").read_text("utf-8")
    codes = set(re.findall(r"^\| [A-D]\d+ \|.*\| `([a-z-]+)` \|$", spec, re.M))
    codes |= set(re.findall(r"^\| .* \| `(disclosure-[a-z-]+)` \|$", record, re.M))
    assert len(codes) > 25
    assert codes <= set(_CODES)
    for table in (_CODES, _STEPS, _LOG_WORD):
        for english, chinese in table.values():
            assert english.isascii()
            assert not chinese.isascii()
