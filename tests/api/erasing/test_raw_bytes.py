"""After an erasure no byte on disk holds what was erased, and no old backup opens it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keys.encoding import decode_base64url
from ledger.store_open import open_store
from ledger.vault.erasing import group_of
from tests.api.erasing.test_worker import PLAIN, UPLOAD, Erasing, erasing
from tests.api.service import OEM, SUPPLIER

__all__ = ["erasing"]

GROUPS = ("evidence", "lot", "note")
CLOSED = {"manifest", "address", "filing"}


def secrets_of(text: str) -> Iterator[bytes]:
    """What must be nowhere: the disclosure, its salt, and its content as it was said."""
    for disclosure in text.split("~")[1:-1]:
        if group_of(disclosure) in GROUPS:
            plain = decode_base64url(disclosure)
            yield disclosure.encode()
            yield plain
            # The salt's random part: its tag follows from the entry.
            yield plain[2:24]
    yield PLAIN.encode()
    yield UPLOAD[:25]


def files_with(root: Path, secret: bytes) -> list[str]:
    """The files below a folder that hold these bytes."""
    found = (path for path in root.rglob("*") if path.is_file())
    return [str(path.relative_to(root)) for path in found if secret in path.read_bytes()]


def held(folder: Path, shelf: Path, entries: list[int]) -> dict[int, set[str]]:
    """The groups that a database opens with a shelf, by entry."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    with closing(open_store(url, shelf=shelf, read_only=True)) as store:
        texts = store.disclosures(entries)
    return {
        entry: {str(group_of(part)) for part in text.split("~")[:-1]}
        for entry, text in texts.items()
    }


@pytest.mark.item("5.done.erased-raw")
def test_no_file_of_the_log_holds_plaintext_or_salt_of_what_was_erased(
    erasing: Erasing, logged: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    live = erasing.live
    assert erasing.groups(OEM) >= {"note"}
    act = erasing.erase(*GROUPS)
    erasing.await_done()
    assert live.submit(erasing.text).json()["code"] == "erased"
    root = live.folder.root
    # While it runs, with its write-ahead logs, and after it has stopped.
    for _ in range(2):
        for secret in secrets_of(erasing.text):
            assert files_with(root, secret) == []
        live.stop()
        live.start()
    assert not any(PLAIN in str(event) for event in logged)
    assert PLAIN not in "".join(capfd.readouterr())
    assert act["index"]


@pytest.mark.item("5.done.erased-backup")
def test_backup_of_before_opens_with_the_shelf_of_after_all_but_what_was_erased(
    erasing: Erasing, tmp_path: Path
) -> None:
    live, old = erasing.live, tmp_path / "old"
    other = live.record()
    live.admit(other)
    entries = [erasing.entry, erasing.entry + 1]
    live.stop()
    shutil.copytree(live.folder.root, old)
    live.start()
    before = held(old, old / "shelf", entries)
    assert before[erasing.entry] == CLOSED | {*GROUPS}
    erasing.erase("note", "evidence")
    erasing.await_done()
    live.stop()
    after = held(old, live.folder.shelf, entries)
    live.start()
    assert after == {erasing.entry: CLOSED | {"lot"}, erasing.entry + 1: before[erasing.entry + 1]}


@pytest.mark.item("5.done.erased-backup")
def test_survivors_are_served_as_before(erasing: Erasing) -> None:
    other = erasing.report()
    admitted = erasing.live.admit(other)
    erasing.erase("note")
    erasing.await_done()
    target = f"/v1/records/{admitted}"
    assert erasing.live.signed(SUPPLIER).get(target).is_success
    assert erasing.groups() == CLOSED | {"evidence", "lot"}
