"""The contract of every blob store: in memory, in files, and in files opened anew each time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from keys.encoding import encode_base64url
from ledger.blob_errors import (
    BlobIncomplete,
    BlobNotFound,
    BlobTooLarge,
    OffsetMismatch,
    RangeNotSatisfiable,
    TooManyOpenBlobs,
)
from ledger.blob_files import FileBlobs
from ledger.blob_files_shared import SharedFileBlobs
from ledger.blobs import Blob, BlobId, BlobStore, Citations, MemoryBlobs
from ledger.limits import (
    BLOB_BYTES_MAX,
    BLOB_CHUNK_BYTES_MAX,
    BLOB_UNPINNED_SECONDS_MAX,
    BLOBS_OPEN_PER_PARTY_MAX,
)
from ledger.vault.shelf import KeyShelf

pytestmark = pytest.mark.item("2.3")

AT = 1_900_000_000_000
OVERDUE = AT + BLOB_UNPINNED_SECONDS_MAX * 1000 + 1
ACME = "did:web:log.example:parties:acme"
OTHER = "did:web:log.example:parties:other"


def shelf_of(directory: Path) -> KeyShelf:
    """The keys of a directory of uploads, beside it."""
    return KeyShelf(directory.with_name(f"{directory.name} shelf"))


class ReopenedFiles(BlobStore):
    """A directory that a new process opens for every call."""

    def __init__(self, directory: Path, *, random_bytes: Callable[[int], bytes]) -> None:
        self._now = partial(
            FileBlobs, directory, shelf=shelf_of(directory), random_bytes=random_bytes
        )

    def create(self, owner: str, declared_bytes: int, *, at_ms: int) -> BlobId:
        return self._now().create(owner, declared_bytes, at_ms=at_ms)

    def append(self, blob: BlobId, owner: str, *, offset: int, chunk: bytes) -> int:
        return self._now().append(blob, owner, offset=offset, chunk=chunk)

    def offset(self, blob: BlobId, owner: str) -> int:
        return self._now().offset(blob, owner)

    def describe(self, blob: BlobId) -> Blob:
        return self._now().describe(blob)

    def pin(self, blobs: Iterable[BlobId]) -> None:
        self._now().pin(blobs)

    def expire(self, *, now_ms: int, is_cited: Citations) -> int:
        return self._now().expire(now_ms=now_ms, is_cited=is_cited)

    def erase(self, blob: BlobId) -> None:
        self._now().erase(blob)

    def read(self, blob: BlobId, *, start: int, stop: int) -> bytes:
        return self._now().read(blob, start=start, stop=stop)


class TwoReplicas(ReopenedFiles):
    """A directory that two processes share, each called in turn."""

    def __init__(self, directory: Path, *, random_bytes: Callable[[int], bytes]) -> None:
        both = [
            SharedFileBlobs(directory, shelf=shelf_of(directory), random_bytes=random_bytes)
            for _ in range(2)
        ]
        self._turns = cycle(both)

    def _now(self) -> FileBlobs:  # type: ignore[override]
        return next(self._turns)


@pytest.fixture(params=["memory", "files", "reopened files", "shared files"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    source = random.Random(7).randbytes
    stores: dict[str, Callable[[], BlobStore]] = {
        "memory": lambda: MemoryBlobs(random_bytes=source),
        "files": lambda: FileBlobs(tmp_path, shelf=shelf_of(tmp_path), random_bytes=source),
        "reopened files": lambda: ReopenedFiles(tmp_path, random_bytes=source),
        "shared files": lambda: TwoReplicas(tmp_path, random_bytes=source),
    }
    return stores[request.param]()


def uploaded(blobs: BlobStore, content: bytes, *, owner: str = ACME, at_ms: int = AT) -> BlobId:
    """A blob with all its bytes."""
    blob = blobs.create(owner, len(content), at_ms=at_ms)
    blobs.append(blob, owner, offset=0, chunk=content)
    return blob


def nobody_cites(_: BlobId) -> bool:
    return False


# ---- upload ------------------------------------------------------------------------------


def test_an_id_is_22_base64url_characters_of_the_source(blobs: BlobStore) -> None:
    drawn = encode_base64url(random.Random(7).randbytes(16))
    assert blobs.create(ACME, 1, at_ms=AT) == drawn
    assert len(drawn) == 22


def test_a_new_blob_awaits_its_first_byte(blobs: BlobStore) -> None:
    blob = blobs.create(ACME, 5, at_ms=AT)
    assert blobs.offset(blob, ACME) == 0
    assert blobs.describe(blob) == Blob(ACME, 5, 0, sha256=None, created_ms=AT, is_pinned=False)


def test_chunks_add_up_and_the_last_one_brings_the_hash(blobs: BlobStore) -> None:
    blob = blobs.create(ACME, 5, at_ms=AT)
    assert blobs.append(blob, ACME, offset=0, chunk=b"ab") == 2
    assert blobs.describe(blob).sha256 is None
    assert blobs.append(blob, ACME, offset=2, chunk=b"cde") == 5
    found = blobs.describe(blob)
    assert found.is_complete
    assert found.sha256 == hashlib.sha256(b"abcde").digest()
    assert blobs.read(blob, start=0, stop=5) == b"abcde"


def test_a_blob_of_no_bytes_is_complete_from_the_start(blobs: BlobStore) -> None:
    blob = blobs.create(ACME, 0, at_ms=AT)
    assert blobs.describe(blob).sha256 == hashlib.sha256(b"").digest()
    blobs.pin([blob])
    assert blobs.describe(blob).is_pinned


@pytest.mark.parametrize("offset", [0, 1, 2, 3, 5])
def test_a_chunk_begins_where_the_blob_ends(blobs: BlobStore, offset: int) -> None:
    blob = blobs.create(ACME, 9, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=b"ab")
    if offset == 2:
        assert blobs.append(blob, ACME, offset=offset, chunk=b"c") == 3
    else:
        with pytest.raises(OffsetMismatch, match=f"expected offset 2, found {offset}") as refused:
            blobs.append(blob, ACME, offset=offset, chunk=b"c")
        assert refused.value.offset == blobs.offset(blob, ACME) == 2


@pytest.mark.parametrize("extra", [0, 1])
def test_a_blob_takes_no_more_than_it_declared(blobs: BlobStore, extra: int) -> None:
    blob = blobs.create(ACME, 5, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=b"ab")
    if extra:
        with pytest.raises(BlobTooLarge, match="expected 5 bytes as declared, found 6"):
            blobs.append(blob, ACME, offset=2, chunk=b"cdef")
        assert blobs.offset(blob, ACME) == 2
    else:
        assert blobs.append(blob, ACME, offset=2, chunk=b"cde") == 5


@pytest.mark.parametrize("extra", [0, 1])
def test_a_chunk_has_a_bound(blobs: BlobStore, extra: int) -> None:
    blob = blobs.create(ACME, BLOB_BYTES_MAX, at_ms=AT)
    chunk = bytes(BLOB_CHUNK_BYTES_MAX + extra)
    if extra:
        with pytest.raises(BlobTooLarge, match="expected a chunk of at most"):
            blobs.append(blob, ACME, offset=0, chunk=chunk)
    else:
        assert blobs.append(blob, ACME, offset=0, chunk=chunk) == len(chunk)


@pytest.mark.parametrize("size", [-1, 0, BLOB_BYTES_MAX, BLOB_BYTES_MAX + 1])
def test_a_declared_size_has_bounds(blobs: BlobStore, size: int) -> None:
    if 0 <= size <= BLOB_BYTES_MAX:
        blobs.create(ACME, size, at_ms=AT)
    else:
        with pytest.raises(BlobTooLarge, match=f"expected 0 to .* bytes, found {size}"):
            blobs.create(ACME, size, at_ms=AT)


def test_a_chunk_of_no_bytes_changes_nothing(blobs: BlobStore) -> None:
    blob = blobs.create(ACME, 5, at_ms=AT)
    assert blobs.append(blob, ACME, offset=0, chunk=b"") == 0
    assert blobs.describe(blob).received_bytes == 0


@pytest.mark.parametrize("is_pinned", [False, True])
def test_a_complete_blob_takes_nothing_more(blobs: BlobStore, is_pinned: bool) -> None:
    blob = uploaded(blobs, b"abc")
    if is_pinned:
        blobs.pin([blob])
    with pytest.raises(BlobTooLarge):
        blobs.append(blob, ACME, offset=3, chunk=b"d")
    with pytest.raises(OffsetMismatch):
        blobs.append(blob, ACME, offset=0, chunk=b"abc")
    assert blobs.append(blob, ACME, offset=3, chunk=b"") == 3
    assert blobs.read(blob, start=0, stop=3) == b"abc"


# ---- whose ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_pinned", [False, True])
def test_a_foreign_blob_looks_like_none(blobs: BlobStore, is_pinned: bool) -> None:
    blob = uploaded(blobs, b"abc")
    if is_pinned:
        blobs.pin([blob])
    absent = BlobId("A" * 22)
    assert blobs.offset(blob, ACME) == 3
    answers = []
    for asked in (blob, absent):
        with pytest.raises(BlobNotFound, match="expected a blob, found none of id") as refused:
            blobs.offset(asked, OTHER)
        answers.append(str(refused.value).replace(asked, "ID"))
        with pytest.raises(BlobNotFound) as refused:
            blobs.append(asked, OTHER, offset=1, chunk=b"x" * 9)
        answers.append(str(refused.value).replace(asked, "ID"))
    assert len(set(answers)) == 1


@pytest.mark.parametrize("text", ["", "../pinned/x", "A" * 21, "A" * 23, "a/b" * 8, "\0" * 22])
def test_what_is_no_id_is_no_blob(blobs: BlobStore, text: str) -> None:
    with pytest.raises(BlobNotFound):
        blobs.describe(BlobId(text))
    with pytest.raises(BlobNotFound):
        blobs.read(BlobId(text), start=0, stop=1)


def test_open_blobs_are_bounded_for_each_owner_apart(blobs: BlobStore) -> None:
    first, *_ = [uploaded(blobs, b"a") for _ in range(BLOBS_OPEN_PER_PARTY_MAX)]
    with pytest.raises(TooManyOpenBlobs, match="expected fewer than 32 open blobs, found 32"):
        blobs.create(ACME, 1, at_ms=AT)
    blobs.create(OTHER, 1, at_ms=AT)
    blobs.pin([first])
    blobs.create(ACME, 1, at_ms=AT)


# ---- reading ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "stop", "passes"),
    [(0, 5, True), (1, 3, True), (4, 5, True), (0, 6, False), (5, 6, False), (2, 2, False),
     (3, 2, False), (-1, 2, False)],
)  # fmt: skip
def test_a_range_lies_within_the_blob(
    blobs: BlobStore, start: int, stop: int, passes: bool
) -> None:
    blob = uploaded(blobs, b"abcde")
    if passes:
        assert blobs.read(blob, start=start, stop=stop) == b"abcde"[start:stop]
    else:
        with pytest.raises(RangeNotSatisfiable, match="within 5, found"):
            blobs.read(blob, start=start, stop=stop)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_read_is_one_chunk_at_most(blobs: BlobStore, extra: int) -> None:
    blob = blobs.create(ACME, BLOB_CHUNK_BYTES_MAX + 1, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=bytes(BLOB_CHUNK_BYTES_MAX))
    blobs.append(blob, ACME, offset=BLOB_CHUNK_BYTES_MAX, chunk=b"z")
    if extra:
        with pytest.raises(RangeNotSatisfiable):
            blobs.read(blob, start=0, stop=BLOB_CHUNK_BYTES_MAX + 1)
    else:
        assert blobs.read(blob, start=1, stop=BLOB_CHUNK_BYTES_MAX + 1)[-1:] == b"z"


@pytest.mark.parametrize("size", [3, 4])
def test_only_a_complete_blob_is_read_or_pinned(blobs: BlobStore, size: int) -> None:
    blob = blobs.create(ACME, size, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=b"abc")
    if size == 3:
        blobs.pin([blob])
        assert blobs.read(blob, start=0, stop=3) == b"abc"
        return
    with pytest.raises(BlobIncomplete, match=r"expected all 4 bytes of .*, found 3"):
        blobs.read(blob, start=0, stop=3)
    with pytest.raises(BlobIncomplete):
        blobs.pin([blob])


# ---- pinning and expiry -----------------------------------------------------------------


def test_pinning_twice_is_pinning_once(blobs: BlobStore) -> None:
    blob = uploaded(blobs, b"abc")
    blobs.pin([blob, blob])
    blobs.pin([blob])
    assert blobs.describe(blob).is_pinned


@pytest.mark.parametrize("other", ["absent", "incomplete"])
def test_pinning_is_all_or_nothing(blobs: BlobStore, other: str) -> None:
    good = uploaded(blobs, b"abc")
    bad = BlobId("A" * 22) if other == "absent" else blobs.create(ACME, 1, at_ms=AT)
    with pytest.raises((BlobNotFound, BlobIncomplete)):
        blobs.pin([good, bad])
    assert not blobs.describe(good).is_pinned


@pytest.mark.parametrize("late_ms", [0, 1])
@pytest.mark.parametrize("is_complete", [False, True])
def test_an_open_blob_expires_after_the_limit(
    blobs: BlobStore, late_ms: int, is_complete: bool
) -> None:
    blob = blobs.create(ACME, 3, at_ms=AT)
    blobs.append(blob, ACME, offset=0, chunk=b"abc" if is_complete else b"a")
    now_ms = AT + BLOB_UNPINNED_SECONDS_MAX * 1000 + late_ms
    assert blobs.expire(now_ms=now_ms, is_cited=nobody_cites) == late_ms
    if late_ms:
        with pytest.raises(BlobNotFound):
            blobs.offset(blob, ACME)
    else:
        assert blobs.offset(blob, ACME) > 0


def test_a_pinned_blob_never_expires(blobs: BlobStore) -> None:
    pinned, plain = uploaded(blobs, b"abc"), uploaded(blobs, b"def")
    blobs.pin([pinned])
    assert blobs.expire(now_ms=OVERDUE, is_cited=nobody_cites) == 1
    assert blobs.read(pinned, start=0, stop=3) == b"abc"
    with pytest.raises(BlobNotFound):
        blobs.describe(plain)


def test_a_blob_that_a_record_cites_is_pinned_instead_of_expired(blobs: BlobStore) -> None:
    cited, plain = uploaded(blobs, b"abc"), uploaded(blobs, b"def")
    assert blobs.expire(now_ms=OVERDUE, is_cited=lambda blob: blob == cited) == 1
    assert blobs.describe(cited).is_pinned
    with pytest.raises(BlobNotFound):
        blobs.describe(plain)


def test_expiry_makes_room_for_new_blobs(blobs: BlobStore) -> None:
    for _ in range(BLOBS_OPEN_PER_PARTY_MAX):
        blobs.create(ACME, 1, at_ms=AT)
    blobs.expire(now_ms=OVERDUE, is_cited=nobody_cites)
    blobs.create(ACME, 1, at_ms=OVERDUE)


# ---- threads ----------------------------------------------------------------------------


@pytest.fixture(params=["memory", "files"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "memory":
        return MemoryBlobs(random_bytes=random.Random(7).randbytes)
    return FileBlobs(tmp_path, shelf=shelf_of(tmp_path), random_bytes=random.Random(7).randbytes)


def test_of_many_threads_with_one_chunk_one_appends(shared: BlobStore) -> None:
    blob = shared.create(ACME, 16, at_ms=AT)

    def append(_: int) -> int:
        try:
            return shared.append(blob, ACME, offset=0, chunk=b"ab")
        except OffsetMismatch:
            return 0

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(append, range(16))) == 2
    assert shared.offset(blob, ACME) == 2


def test_pinning_and_expiring_at_once_loses_nothing_that_was_pinned(shared: BlobStore) -> None:
    made = [uploaded(shared, b"abc") for _ in range(BLOBS_OPEN_PER_PARTY_MAX)]

    def pin(blob: BlobId) -> BlobId | None:
        try:
            shared.pin([blob])
        except BlobNotFound:
            return None
        return blob

    with ThreadPoolExecutor(4) as threads:
        removed = threads.submit(shared.expire, now_ms=OVERDUE, is_cited=nobody_cites)
        pinned = [blob for blob in threads.map(pin, reversed(made)) if blob]
        assert removed.result() + len(pinned) == len(made)
    assert all(shared.read(blob, start=0, stop=3) == b"abc" for blob in pinned)
