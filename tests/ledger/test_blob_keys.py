"""Uploads under keys of the shelf: sealed on the disk, erased for good, moved from before."""

from __future__ import annotations

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from ledger.blob_errors import BlobError, BlobNotFound, BlobsUnavailable
from ledger.blob_files import FileBlobs
from ledger.blob_moving import has_plain_uploads, move_uploads
from ledger.blobs import BlobId
from ledger.vault.blob_keys import BlobKeys
from tests.ledger.crashes import run_and_die
from tests.ledger.test_blob_files import TOUCHES, finish, opened
from tests.ledger.test_blobs import ACME, AT, shelf_of, uploaded


@pytest.mark.item("5.6")
def test_what_lies_on_the_disk_is_sealed_and_opens_in_ranges(tmp_path: Path) -> None:
    blobs, content = opened(tmp_path), random.Random(3).randbytes(200_000)
    blob = blobs.create(ACME, len(content), at_ms=AT)
    offset = 0
    for size in (1, 70_000, 5, 129_994):
        offset = blobs.append(blob, ACME, offset=offset, chunk=content[offset : offset + size])
    assert blobs.describe(blob).sha256 == hashlib.sha256(content).digest()
    lies = (tmp_path / "sealed" / blob).read_bytes()
    assert all(content[at : at + 16] not in lies for at in range(0, len(content) - 16, 999))
    for start, stop in ((0, 1), (0, 200_000), (1, 70_001), (69_999, 70_010), (199_999, 200_000)):
        assert opened(tmp_path).read(blob, start=start, stop=stop) == content[start:stop]


@pytest.mark.item("5.6")
@pytest.mark.parametrize("change", [-1, 0, 4, 20])
def test_changed_or_moved_segments_do_not_open(tmp_path: Path, change: int) -> None:
    blob = uploaded(opened(tmp_path), b"abc")
    sealed = tmp_path / "sealed" / blob
    data = bytearray(sealed.read_bytes())
    assert opened(tmp_path).read(blob, start=0, stop=3) == b"abc"
    data[change] ^= 1
    sealed.write_bytes(data)
    with pytest.raises(BlobsUnavailable):
        opened(tmp_path).read(blob, start=0, stop=3)


@pytest.mark.item("5.6")
def test_bytes_of_another_upload_do_not_open(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    first, second = uploaded(blobs, b"abc"), uploaded(blobs, b"xyz")
    (tmp_path / "sealed" / first).write_bytes((tmp_path / "sealed" / second).read_bytes())
    with pytest.raises(BlobsUnavailable):
        blobs.read(first, start=0, stop=3)


@pytest.mark.item("5.done.erased-raw")
@pytest.mark.item("5.done.erased-backup")
def test_an_erased_blob_is_gone_from_backups_too(tmp_path: Path) -> None:
    blobs = opened(tmp_path / "now")
    erased, kept = uploaded(blobs, b"abc"), uploaded(blobs, b"xyz")
    blobs.pin([erased, kept])
    shutil.copytree(tmp_path / "now", tmp_path / "yesterday")
    for _ in range(2):
        blobs.erase(erased)
        with pytest.raises(BlobNotFound):
            blobs.describe(erased)
    assert not (tmp_path / "now" / "sealed" / erased).exists()
    back = FileBlobs(
        tmp_path / "yesterday", shelf=shelf_of(tmp_path / "now"), random_bytes=random.randbytes
    )
    assert back.read(kept, start=0, stop=3) == b"xyz"
    with pytest.raises(BlobsUnavailable, match="expected the key of"):
        back.read(erased, start=0, stop=3)


@pytest.mark.item("5.6")
def test_an_erasure_that_is_killed_leaves_a_blob_or_none(tmp_path: Path) -> None:
    outcomes = set()
    for touch in TOUCHES:
        directory = tmp_path / str(touch)
        blob = uploaded(opened(directory), b"abc")
        opened(directory).pin([blob])

        def erase(directory: Path = directory, blob: BlobId = blob) -> None:
            opened(directory).erase(blob)

        died = run_and_die(tmp_path, erase, touch=touch)
        try:
            assert opened(directory).read(blob, start=0, stop=3) == b"abc"
            outcomes.add("whole")
        except BlobError:
            outcomes.add("gone")
        opened(directory).erase(blob)
        with pytest.raises(BlobNotFound):
            opened(directory).describe(blob)
        if not died:
            break
    assert outcomes == {"whole", "gone"}


@pytest.mark.item("5.6.migration")
def test_plain_uploads_of_an_earlier_version_move(tmp_path: Path) -> None:
    blobs = opened(tmp_path / "now")
    whole, part = uploaded(blobs, b"abc"), blobs.create(ACME, 6, at_ms=AT)
    blobs.append(part, ACME, offset=0, chunk=b"def")
    blobs.pin([whole])
    shutil.rmtree(tmp_path / "now" / "sealed")
    shutil.rmtree(tmp_path / "now shelf")
    plain = tmp_path / "now" / "data"
    plain.mkdir()
    for name, content in ((whole, b"abc"), (part, b"defXX"), ("A" * 22, b"nobody's")):
        (plain / name).write_bytes(content)
    keys = BlobKeys(shelf_of(tmp_path / "now"))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_uploads(tmp_path / "now", keys, on_moved=stop)
    assert has_plain_uploads(tmp_path / "now")
    assert move_uploads(tmp_path / "now", keys, on_moved=lambda _: None) == 2
    assert not plain.exists()
    moved = opened(tmp_path / "now")
    assert moved.read(whole, start=0, stop=3) == b"abc"
    finish(moved, part, b"defghi")
    assert moved.read(part, start=0, stop=6) == b"defghi"
