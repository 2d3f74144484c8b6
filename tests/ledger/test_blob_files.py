"""Blobs in files: crashes at every touch of the disk, damage, and the comparison with memory."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from ledger.blob_errors import BlobError, BlobNotFound, BlobsUnavailable
from ledger.blob_files import FileBlobs
from ledger.blobs import BlobId, BlobStore, MemoryBlobs
from tests.ledger.crashes import run_and_die
from tests.ledger.test_blobs import ACME, AT, OTHER, OVERDUE, nobody_cites, shelf_of, uploaded

pytestmark = pytest.mark.item("2.3")

TOUCHES = range(70)


def opened(directory: Path) -> FileBlobs:
    return FileBlobs(directory, shelf=shelf_of(directory), random_bytes=random.Random(7).randbytes)


def the_only_id() -> BlobId:
    """The id that a freshly opened store draws first."""
    return MemoryBlobs(random_bytes=random.Random(7).randbytes).create(ACME, 0, at_ms=AT)


def finish(blobs: BlobStore, blob: BlobId, content: bytes) -> None:
    """What a client does that has lost its answer: ask for the offset, send the rest."""
    offset = blobs.offset(blob, ACME)
    blobs.append(blob, ACME, offset=offset, chunk=content[offset:])


# ---- crashes -----------------------------------------------------------------------------


# The child dies before its 1st, 2nd, ... touch of the disk, until it gets through.
@pytest.mark.item("2.bad.truncated-upload")
def test_an_upload_resumes_after_a_crash_at_any_moment(tmp_path: Path) -> None:
    resumed_at = set()
    for touch in TOUCHES:
        directory = tmp_path / str(touch)

        def upload(directory: Path = directory) -> None:
            blobs = opened(directory)
            blob = blobs.create(ACME, 8, at_ms=AT)
            blobs.append(blob, ACME, offset=0, chunk=b"abc")
            blobs.append(blob, ACME, offset=3, chunk=b"defgh")
            blobs.pin([blob])

        died = run_and_die(directory, upload, touch=touch)
        blobs = opened(directory)
        try:
            resumed_at.add(blobs.offset(the_only_id(), ACME))
        except BlobNotFound:
            assert touch < 20, "only a crash within create may leave nothing"
            continue
        finish(blobs, the_only_id(), b"abcdefgh")
        blobs.pin([the_only_id()])
        found = opened(directory).describe(the_only_id())
        assert (found.sha256, found.is_pinned) == (hashlib.sha256(b"abcdefgh").digest(), True)
        assert blobs.read(the_only_id(), start=0, stop=8) == b"abcdefgh"
        if not died:
            break
    else:
        pytest.fail(f"expected the upload to end within {len(TOUCHES)} touches")
    assert resumed_at == {0, 3, 8}


def test_a_crash_while_expiring_leaves_a_whole_blob_or_nothing(tmp_path: Path) -> None:
    outcomes = set()
    for touch in TOUCHES:
        directory = tmp_path / str(touch)
        blob = uploaded(opened(directory), b"abc")

        def expire(directory: Path = directory) -> None:
            opened(directory).expire(now_ms=OVERDUE, is_cited=nobody_cites)

        died = run_and_die(directory, expire, touch=touch)
        blobs = opened(directory)
        try:
            assert blobs.read(blob, start=0, stop=3) == b"abc"
            outcomes.add("whole")
        except BlobNotFound:
            assert [path for path in directory.rglob("*") if path.is_file()] == []
            outcomes.add("nothing")
        if not died:
            break
    assert outcomes == {"whole", "nothing"}


@pytest.mark.parametrize("torn", [b"", b"d", b"dXX", b"dXXXXXXXXXXXX"])
def test_what_a_torn_chunk_left_is_overwritten(tmp_path: Path, torn: bytes) -> None:
    blob = opened(tmp_path).create(ACME, 6, at_ms=AT)
    opened(tmp_path).append(blob, ACME, offset=0, chunk=b"abc")
    with (tmp_path / "sealed" / blob).open("ab") as file:
        file.write(torn)
    blobs = opened(tmp_path)
    assert blobs.offset(blob, ACME) == 3
    assert blobs.append(blob, ACME, offset=3, chunk=b"de") == 5
    finish(opened(tmp_path), blob, b"abcdef")
    found = opened(tmp_path).describe(blob)
    assert found.sha256 == hashlib.sha256(b"abcdef").digest()
    assert opened(tmp_path).read(blob, start=0, stop=6) == b"abcdef"


# ---- damage ------------------------------------------------------------------------------


def rewritten(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    members = json.loads(path.read_bytes())
    change(members)
    path.write_bytes(json.dumps(members).encode() + b"\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.update(owner=1),
        lambda members: members.update(received_bytes="3"),
        lambda members: members.update(sha256="A" * 42 + "B"),
        lambda members: members.update(sha256="padded=="),
        lambda members: members.update(extra=1),
        lambda members: members.update(format="lotmark.blob/v2"),
        lambda members: members.pop("created_ms"),
    ],
)
def test_a_sidecar_in_another_form_stops_the_store(
    tmp_path: Path, change: Callable[[dict[str, object]], object]
) -> None:
    blob = uploaded(opened(tmp_path), b"abc")
    path = tmp_path / "open" / f"{blob}.json"
    rewritten(path, lambda _: None)
    opened(tmp_path)
    rewritten(path, change)
    with pytest.raises(BlobsUnavailable, match="expected a blob's sidecar, found"):
        opened(tmp_path)


@pytest.mark.parametrize("content", [b"", b"null\n", b"[]\n", b"{\n", b"\xff\n", b"[" * 99_999])
def test_a_sidecar_that_is_no_json_object_stops_the_store(tmp_path: Path, content: bytes) -> None:
    blob = uploaded(opened(tmp_path), b"abc")
    (tmp_path / "open" / f"{blob}.json").write_bytes(content)
    with pytest.raises(BlobsUnavailable):
        opened(tmp_path)


@pytest.mark.parametrize("kept", [2, 3])
def test_missing_bytes_are_noticed_and_never_read_as_zeros(tmp_path: Path, kept: int) -> None:
    blobs = opened(tmp_path)
    blob = blobs.create(ACME, 4, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=b"abc")
    sealed = tmp_path / "sealed" / blob
    sealed.write_bytes(sealed.read_bytes()[: None if kept == 3 else -1])
    if kept == 3:
        assert blobs.append(blob, ACME, offset=3, chunk=b"d") == 4
        return
    with pytest.raises(BlobsUnavailable, match=r"expected 3 bytes in .*, found others"):
        blobs.append(blob, ACME, offset=3, chunk=b"d")
    assert blobs.offset(blob, ACME) == 3


@pytest.mark.parametrize("kept", [2, 3])
def test_a_short_file_is_no_blob(tmp_path: Path, kept: int) -> None:
    blobs = opened(tmp_path)
    blob = uploaded(blobs, b"abc")
    blobs.pin([blob])
    sealed = tmp_path / "sealed" / blob
    sealed.write_bytes(sealed.read_bytes()[: None if kept == 3 else -1])
    if kept == 3:
        assert blobs.read(blob, start=0, stop=3) == b"abc"
    else:
        with pytest.raises(BlobsUnavailable, match=r"expected 3 bytes in .*, found 0"):
            blobs.read(blob, start=0, stop=3)


def test_a_disk_that_refuses_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    blob = blobs.create(ACME, 3, at_ms=AT)
    # A directory in the way makes every write of this file fail, for root too.
    (tmp_path / "open" / f"{blob}.json.new").mkdir()
    with pytest.raises(BlobsUnavailable, match="expected to read and write the blob files"):
        blobs.append(blob, ACME, offset=0, chunk=b"abc")
    assert blobs.offset(blob, ACME) == 0
    (tmp_path / "open" / f"{blob}.json.new").rmdir()
    assert blobs.append(blob, ACME, offset=0, chunk=b"abc") == 3
    assert blobs.describe(blob).sha256 == hashlib.sha256(b"abc").digest()


def test_a_blob_that_could_not_be_created_takes_no_room(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    shutil.rmtree(tmp_path / "open")
    for _ in range(40):
        with pytest.raises(BlobsUnavailable):
            blobs.create(ACME, 3, at_ms=AT)
    (tmp_path / "open").mkdir()
    blobs.create(ACME, 3, at_ms=AT)


def test_a_pin_that_was_interrupted_can_be_repeated(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    blob = uploaded(blobs, b"abc")
    # The rename happened, the sync after it is not known to have.
    (tmp_path / "open" / f"{blob}.json").rename(tmp_path / "pinned" / f"{blob}.json")
    blobs.pin([blob])
    assert blobs.describe(blob).is_pinned
    assert opened(tmp_path).describe(blob).is_pinned


# ---- comparison --------------------------------------------------------------------------


class FilesLikeMemory(RuleBasedStateMachine):
    """Whatever is done, and however often the files are reopened, both stores answer alike."""

    ids = Bundle("ids")
    owners = st.sampled_from([ACME, OTHER])

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.random = random.Random(11)
        self.memory: BlobStore = MemoryBlobs(random_bytes=self.draw)
        self.files = self.open_files()
        self.drawn = b""

    def draw(self, size: int) -> bytes:
        """The same bytes for both stores."""
        assert len(self.drawn) == size
        return self.drawn

    def open_files(self) -> BlobStore:
        return FileBlobs(self.directory, shelf=shelf_of(self.directory), random_bytes=self.draw)

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    def both(self, act: Callable[[BlobStore], object]) -> object:
        expected, found = (self.answer(store, act) for store in (self.memory, self.files))
        assert found == expected
        return found

    @staticmethod
    def answer(store: BlobStore, act: Callable[[BlobStore], object]) -> object:
        try:
            return act(store)
        except BlobError as refused:
            return refused.code, str(refused)

    @rule(target=ids, owner=owners, size=st.integers(0, 12), at_ms=st.integers(AT, AT + 5))
    def create(self, owner: str, size: int, at_ms: int) -> BlobId:
        self.drawn = self.random.randbytes(16)
        return BlobId(str(self.both(lambda store: store.create(owner, size, at_ms=at_ms))))

    @rule(blob=ids, owner=owners, offset=st.integers(0, 12), chunk=st.binary(max_size=6))
    def append(self, blob: BlobId, owner: str, offset: int, chunk: bytes) -> None:
        self.both(lambda store: store.append(blob, owner, offset=offset, chunk=chunk))

    @rule(blob=ids, owner=owners, chunk=st.binary(max_size=6))
    def append_at_the_end(self, blob: BlobId, owner: str, chunk: bytes) -> None:
        def act(store: BlobStore) -> int:
            return store.append(blob, owner, offset=store.offset(blob, owner), chunk=chunk)

        self.both(act)

    @rule(blobs=st.lists(ids, max_size=3))
    def pin(self, blobs: list[BlobId]) -> None:
        # Which of several faults is named is left open, that nothing is pinned is not.
        try:
            self.memory.pin(blobs)
        except BlobError:
            with pytest.raises(BlobError):
                self.files.pin(blobs)
        else:
            self.files.pin(blobs)

    @rule(late_ms=st.integers(-2, 6), cited=st.none() | ids)
    def expire(self, late_ms: int, cited: BlobId | None) -> None:
        now_ms = OVERDUE + late_ms
        is_complete = cited is not None and self.is_complete(cited)
        self.both(
            lambda store: store.expire(
                now_ms=now_ms, is_cited=lambda blob: is_complete and blob == cited
            )
        )

    def is_complete(self, blob: BlobId) -> bool:
        try:
            return self.memory.describe(blob).is_complete
        except BlobError:
            return False

    @rule(blob=ids, start=st.integers(0, 12), stop=st.integers(0, 12))
    def read(self, blob: BlobId, start: int, stop: int) -> None:
        self.both(lambda store: store.describe(blob))
        self.both(lambda store: store.read(blob, start=start, stop=stop))

    @rule()
    def reopen(self) -> None:
        self.files = self.open_files()


TestFilesLikeMemory = FilesLikeMemory.TestCase
