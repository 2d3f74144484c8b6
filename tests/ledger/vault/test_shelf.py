"""The key shelf: one file an epoch, made once, replaced whole; hostile files are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.vault.epoch_file import EpochFile, Kept, encode_epoch, parse_epoch
from ledger.vault.errors import ShelfDamaged, ShelfUnavailable
from ledger.vault.shelf import KeyShelf, new_epoch
from ledger.vault.shelf_copies import ShelfCopy, encode_copies, parse_copies

pytestmark = pytest.mark.item("5.6")

FILE = EpochFile(
    1,
    bytes(8),
    bytes(range(32)),
    survivors={4_096: bytes(32), 8_191: bytes(32)},
    kept={5_000: Kept(2, bytes(32), b"sealed")},
)
COPIES = (ShelfCopy("/media/safe", 1_000, 2_000, {0: bytes(8), 7: bytes(8)}),)


@pytest.fixture
def shelf(tmp_path: Path) -> KeyShelf:
    """A shelf that is empty."""
    return KeyShelf(tmp_path / "shelf")


def test_files_read_back_as_written() -> None:
    assert parse_epoch(encode_epoch(FILE)) == FILE
    assert parse_copies(encode_copies(COPIES)) == COPIES


def edited(*path: str, value: object) -> bytes:
    """The file with one member changed."""
    members: Any = json.loads(encode_epoch(FILE))
    inner = members
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


KEY = "A" * 43


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        (("format",), "lotmark.epoch/v1", "lotmark.epoch/v2"),
        (("epoch",), 1, 2),
        (("epoch",), 1, -1),
        (("epoch",), 1, True),
        (("epoch",), 1, 1.0),
        (("key", "id"), "A" * 11, "A" * 10),
        (("key", "secret"), KEY, KEY[:-1]),
        (("key", "secret"), KEY, None),
        (("survivors", "4097"), KEY, "A"),
        (("survivors", "5000"), None, KEY),
        (("kept", "5000", "version"), 3, 0),
        (("kept", "5000", "version"), 3, 2**32),
        (("kept", "5000", "content"), "AA", "A"),
        (("more",), None, 1),
    ],
)
def test_a_file_of_another_form_is_refused(
    path: tuple[str, ...], allowed: object, refused: object
) -> None:
    if allowed is not None and path != ("survivors", "4097"):
        parse_epoch(edited(*path, value=allowed))
    with pytest.raises(ShelfDamaged):
        parse_epoch(edited(*path, value=refused))


@pytest.mark.parametrize("index", ["4095", "8192", "-1", "04096", "4096 ", "9" * 5_000, "x"])
def test_an_index_of_another_epoch_is_refused(index: str) -> None:
    with pytest.raises(ShelfDamaged):
        parse_epoch(edited("kept", index, value=json.loads(encode_epoch(FILE))["kept"]["5000"]))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_file_are_refused(data: bytes) -> None:
    for parse in (parse_epoch, parse_copies):
        with pytest.raises(ShelfDamaged):
            parse(data)


def test_an_epoch_gets_one_key_however_many_ask(shelf: KeyShelf) -> None:
    first = shelf.ensure(3)
    assert KeyShelf(shelf.folder).ensure(3).file == first.file
    shelf._create(new_epoch(3))
    assert shelf.ensure(3).file == first.file


def test_files_are_the_owners_alone(shelf: KeyShelf) -> None:
    shelf.replace(replace(shelf.ensure(0).file, key=bytes(32)))
    shelf.write_copies(COPIES)
    for path in shelf.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_another_process_replaced_is_read_again(shelf: KeyShelf) -> None:
    other, before = KeyShelf(shelf.folder), shelf.ensure(0)
    assert other.read(0).file == before.file
    shelf.replace(replace(before.file, key_id=b"8 bytes."))
    assert other.read(0).file.key_id == b"8 bytes."


def test_a_damaged_file_is_named_and_never_replaced(shelf: KeyShelf) -> None:
    shelf.ensure(0)
    path = shelf.folder / "epochs" / f"{0:012d}.json"
    path.write_bytes(b"{}")
    with pytest.raises(ShelfDamaged, match="put it back as it was"):
        shelf.ensure(0)
    assert shelf.find(0) is None
    assert path.read_bytes() == b"{}"


def test_a_file_under_another_name_is_refused(shelf: KeyShelf) -> None:
    epochs = shelf.folder / "epochs"
    shelf.ensure(0)
    (epochs / f"{1:012d}.json").write_bytes((epochs / f"{0:012d}.json").read_bytes())
    with pytest.raises(ShelfDamaged, match="expected the file of epoch 1, found 0"):
        shelf.read(1)


def test_a_shelf_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "shelf").write_bytes(b"a file")
    with pytest.raises(ShelfUnavailable):
        KeyShelf(tmp_path / "shelf").ensure(0)


@pytest.mark.item("5.8.report")
def test_copies_that_hold_a_destroyed_key_are_told(shelf: KeyShelf) -> None:
    before = shelf.ensure(0)
    with shelf.locked():
        shelf.write_copies((ShelfCopy("/safe", 1, 2, {0: before.file.key_id}),))
    assert shelf.copies_before(5) == ()
    shelf.replace(replace(before.file, key_id=b"8 bytes."))
    assert shelf.copies_before(5) == shelf.copies()
    assert shelf.copies_before(5_000) == ()
