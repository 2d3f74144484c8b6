"""``lotmark verify`` says who let a party in, and what became of a key, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.cli.solo import lotmark
from tests.ledger.view_honest_members import HONEST
from tests.ledger.view_log import anchor_text, as_text
from tests.ledger.view_members import KESTREL, STORY, at, member_log

pytestmark = pytest.mark.item("3.2.view")

CONTESTED = "a report contested and re-affirmed"


def told(name: str, folder: Path, *options: str) -> str:
    """What the command says of an honest view."""
    view, anchor = folder / "view.json", folder / "anchor.json"
    view.write_text(as_text(member_log().view(HONEST[name][0])), "utf-8")
    anchor.write_text(anchor_text(STORY.charter), "utf-8")
    done = lotmark("verify", str(view), "--anchor", str(anchor), *options)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a proposal", "borealis-motors founded the log"),
        ("an approval of a proposal", "hanfeng-drive is a founder and endorsed the charter"),
        (
            "a report of a party admitted later",
            "kestrel-forge accepted its membership or last recovery at entry "
            f"{at('kestrel-accepts')}; borealis-motors, hanfeng-drive approved",
        ),
        ("a consent to be admitted", "kestrel-forge becomes a member with this very record"),
        ("an admin key that was committed to", "comes in force with this very record"),
        ("a report signed before its key was ended", "linden-plating ended the key ..."),
        (CONTESTED, "was in force when this record was admitted"),
        (CONTESTED, "! contested: with entry"),
        (CONTESTED, f"declared the key compromised from entry {at('kestrel-report')} on"),
        (CONTESTED, f"affirmed it anew with entry {at('kestrel-reaffirms')}"),
    ],
)
def test_each_step_of_the_key_path_is_told(name: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in " ".join(told(name, tmp_path).split())


def test_it_is_told_in_chinese(tmp_path: Path) -> None:
    words = "".join(told(CONTESTED, tmp_path, "--language", "zh").split())
    for sentence in ("接受其准入", "终止了密钥", "有争议", "重新确认", "是否足数仅为账本之言"):
        assert sentence in words


def test_programs_read_the_same_names_as_the_specification(tmp_path: Path) -> None:
    record = json.loads(told(CONTESTED, tmp_path, "--json"))["records"][0]
    for member, value in HONEST[CONTESTED][1].members().items():
        assert record[member] == value
    assert record["approved_by"] != [KESTREL.did]
    steps = [step["step"] for step in record["steps"]]
    assert steps[-4:-1] == ["key_ended_at", "contested", "reaffirmed_at"]
    assert record["log_word"] == ["approvals-sufficed", "no-later-revocation"]
