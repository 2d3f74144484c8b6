"""What comes from others stays harmless: their words on a terminal, the files a draft names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.drafts import cited_files, file_below, put_files
from api.cli.faults import CommandFault
from api.cli.output import Output, visible
from api.cli.proposal_words import ProposalWords
from api.cli.table_errors import MalformedDraft

pytestmark = pytest.mark.item("2.7")


@pytest.mark.parametrize(
    "character",
    [
        "\x1b",
        "\x07",
        "\r",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2066",
        "\u200e",
        "\u200f",
        "\u061c",
        "\u2028",
        "\u2029",
    ],
)
def test_a_control_character_is_written_out(character: str) -> None:
    assert visible(f"a{character}b") == f"a\\u{ord(character):04x}b"


@pytest.mark.parametrize("text", ["Größe 直径\t10,02", "\u0627\u0644"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_a_text_of_others_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\n" * 300 + "approved\u2028by\u200fall\x9b"
    Output(is_json=False).say(hostile)
    CommandFault("x", hostile, places=[hostile]).show()
    shown = capsys.readouterr()
    assert shown.out == "\\n" * 300 + "approved\\u2028by\\u200fall\\u009b\n"
    assert shown.err.count("\n") == 2


def test_the_json_document_shows_no_such_character_and_says_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    members = {"reason": "a\nb\u202ec\u2028d\x9b直"}
    Output(is_json=True).result(members)
    shown = capsys.readouterr().out
    assert (json.loads(shown), shown.count("\n")) == (members, 3)
    assert not set("\u202e\u2028\x9b") & set(shown)


def test_words_of_an_amendment_begin_no_line() -> None:
    content = {"names": {"en": "a\u2028  b\n  c"}}
    lines = list(ProposalWords("en").content("amend", content))
    assert len(lines) == 5
    assert all(line.startswith(("  {", "   ", "  }")) for line in lines)


def test_a_refusal_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    CommandFault("x", "clear \x1b[2J", remedy="do \x9b2J").show()
    assert "\x1b" not in capsys.readouterr().err


def test_a_draft_s_own_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    assert file_below(tmp_path, "note.txt") == tmp_path.resolve() / "note.txt"


@pytest.mark.parametrize("name", ["../secret.txt", "link.txt", "pipe", "absent.txt", "."])
def test_a_draft_cannot_name_a_file_elsewhere_or_no_file(tmp_path: Path, name: str) -> None:
    import os

    folder = tmp_path / "drafts"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe")
    with pytest.raises(MalformedDraft, match=r"in .*drafts or below it"):
        file_below(folder, name)


def test_only_a_lone_file_member_names_a_file() -> None:
    alone = {"$file": "a.txt"}
    beside = {"$file": "a.txt", "blob": "x"}
    assert list(cited_files([alone, beside])) == ["a.txt"]
    assert put_files(beside, {"a.txt": {"blob": "y"}}) == beside
