"""``submit --signed-refusals`` keeps the log's word on a refusal, and ``verify`` tells it."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli.refusal_words import CODES, STEPS
from api.client import encode_line
from ledger.anchor import encode_anchor
from ledger.note import encode_vkey
from ledger.sharing.errors import RefusalMismatch
from ledger.sharing.members import SignedRefusal, Submitted, submission_digest
from ledger.sharing.signed import check_refusal_fits
from tests.api.cli.solo import SoloLog
from tests.api.cli.tables import VERDICT
from tests.ledger.parties import a_log_signer

pytestmark = pytest.mark.item("5.3.refusals")
SETS = tuple(part for item in VERDICT.items() for part in ("--set", "=".join(item)))
SUBMIT = ("--type", "inspection-report/v1", *SETS, "--to", "stranger", "--json")


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the log refused twice, once with its signed word on it."""

    log: SoloLog
    folder: Path
    asked: dict[str, Any]
    silent: dict[str, Any]

    @property
    def note(self) -> Path:
        return Path(self.asked["signed_refusal"])

    @property
    def journal(self) -> Path:
        return self.folder / "m.csv.journal.jsonl"


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """Made with a service that is gone when the tests verify."""
    root = tmp_path_factory.mktemp("refused")
    log, folder = SoloLog(root), root / "kept"
    folder.mkdir()
    table = folder / "m.csv"
    table.write_text("Charge;D [mm]\nA;12,5\n")
    with log.served():
        runs = [
            log.run("submit", str(table), *SUBMIT, *more) for more in (("--signed-refusals",), ())
        ]
    assert [run.exit_code for run in runs] == [1, 1]
    asked, silent = (json.loads(run.stdout)["records"][0] for run in runs)
    return Refused(log, folder, asked, silent)


def test_a_note_is_kept_where_that_was_asked_for(refused: Refused) -> None:
    assert refused.asked["code"] == refused.silent["code"] == "unknown-party"
    assert "signed_refusal" not in refused.silent
    assert [item.name for item in (refused.folder / "m.csv.refusals").iterdir()] == [
        refused.note.name
    ]
    assert stat.S_IMODE(refused.note.parent.stat().st_mode) == 0o700


def test_a_note_is_verified_offline_with_the_journal(refused: Refused) -> None:
    told = refused.log.json("verify", str(refused.note), "--record", str(refused.journal))
    assert told["refusal"]["code"] == "unknown-party"
    assert refused.note.name == f"{told['refusal']['record']}.note"
    assert [item["step"] for item in told["steps"]] == ["signed", "refused", "record", "same_bytes"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "a log key of your trust anchor"), ("zh", "账本密钥签名")],
)
def test_a_note_is_told_in_words(refused: Refused, language: str, words: str) -> None:
    told = refused.log.run("verify", str(refused.note), "--language", language)
    assert told.exit_code == 0, told.stderr
    assert words in told.stdout
    assert "unknown-party" in told.stdout


def test_a_changed_note_is_refused_by_its_code(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "changed.note"
    path.write_text(refused.note.read_text().replace("unknown-party", "invalid-claims"))
    told = refused.log.run("verify", str(path))
    assert told.exit_code == 1
    assert "bad-refusal-signature" in told.stderr


def test_another_anchor_does_not_vouch_for_a_note(refused: Refused, tmp_path: Path) -> None:
    anchor, path = refused.log.anchor, tmp_path / "anchor.json"
    key = a_log_signer(anchor.origin).key
    policy = f"log {encode_vkey(key)}\nquorum none\n"
    path.write_text(encode_anchor(anchor.origin, policy, anchor.charter))
    told = refused.log.run("verify", str(refused.note), "--anchor", str(path))
    assert told.exit_code == 1
    assert "bad-refusal-signature" in told.stderr


def test_a_note_on_another_record_is_a_mismatch(refused: Refused, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("aaaa.bbbb.cccc~\n")
    told = refused.log.run("verify", str(refused.note), "--record", str(other))
    assert told.exit_code == 1
    assert "refusal-mismatch" in told.stderr


@pytest.mark.parametrize(
    ("sent", "code"), [("another~", "unknown-party"), ("this~", "invalid-claims")]
)
def test_a_note_is_kept_for_what_was_sent_and_told_alone(sent: str, code: str) -> None:
    of = Submitted(None, submission_digest(encode_line("this~")), 1, 2)
    found = SignedRefusal(of, "unknown-party", "", (), 0)
    check_refusal_fits(found, encode_line("this~"), code="unknown-party")
    with pytest.raises(RefusalMismatch):
        check_refusal_fits(found, encode_line(sent), code=code)


def test_every_word_stands_in_both_languages() -> None:
    for english, chinese in (*CODES.values(), *STEPS.values()):
        assert english.isascii()
        assert not chinese.isascii()
