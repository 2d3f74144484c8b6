"""The high-water mark: what was signed is never signed otherwise, whatever the database says."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from keys.encoding import encode_base64
from ledger.errors import (
    HighWaterDamaged,
    LogRolledBack,
)
from ledger.high_water import HighWaterFile, HighWaterMemory, Mark
from ledger.service import Ledger
from ledger.store import Head, Store
from ledger.store_errors import (
    OutcomeUnknown,
    StoreUnavailable,
)
from ledger.store_faulty import FaultyStore
from ledger.store_memory import MemoryStore
from ledger.tree import EMPTY_ROOT
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    a_founded_story,
    a_report,
    a_story,
    check_ledger,
    reports,
)
from tests.ledger.sqlite_files import new_database, opened

pytestmark = pytest.mark.item("2.4")

ROLLED_BACK: Final = pytest.mark.item("2.bad.database-rolled-back")
ROOT: Final = bytes(range(32))
LINE: Final = f"{7:020d} {encode_base64(ROOT)}\n"


# ---- the file ----


def test_mark_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "high-water"
    marks = HighWaterFile(path)
    assert marks.read() is None
    for mark in (Mark(0, EMPTY_ROOT), Mark(7, ROOT), Mark(2**63 - 1, EMPTY_ROOT), Mark(8, ROOT)):
        marks.write(mark)
        assert marks.read() == HighWaterFile(path).read() == mark
    assert path.stat().st_size == 132
    assert path.stat().st_mode & 0o777 == 0o600
    marks.close()
    marks.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINE,
        LINE * 3,
        LINE * 2 + " ",
        LINE + LINE.replace("7", "8", 1),
        (LINE * 2).replace("\n", "\r\n"),
        (LINE * 2)[:-1],
        (LINE * 2).replace("0000000000000000000", "+", 1),
        LINE.replace("AAEC", "AAEB") + LINE,
        LINE.replace("8=", "9=") * 2,
        "{}",
        "\u00e9" * 66,
    ],
)
def test_damaged_file_is_no_mark(tmp_path: Path, text: str) -> None:
    path = tmp_path / "high-water"
    path.write_bytes((LINE * 2).encode())
    assert HighWaterFile(path).read() == Mark(7, ROOT)
    path.write_bytes(text.encode())
    with pytest.raises(HighWaterDamaged, match="high-water"):
        HighWaterFile(path).read()


def test_file_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(HighWaterDamaged):
        HighWaterFile(tmp_path).read()


def test_file_that_cannot_be_written_is_an_unavailable_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="high-water file"):
        HighWaterFile(tmp_path / "missing" / "high-water").write(Mark(7, ROOT))


@pytest.mark.item("3.6.disk-full")
@pytest.mark.parametrize("is_reopened", [False, True])
@pytest.mark.parametrize("taken", [0, 1, 64, 131])
def test_mark_that_the_disk_cuts_short_leaves_the_one_before(
    tmp_path: Path, taken: int, is_reopened: bool
) -> None:
    path = tmp_path / "high-water"
    marks = HighWaterFile(path)
    marks.write(Mark(7, ROOT))
    if is_reopened:
        marks.close()
        marks = HighWaterFile(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (taken, hard))
    try:
        with pytest.raises(StoreUnavailable, match="high-water file"):
            marks.write(Mark(8, EMPTY_ROOT))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert HighWaterFile(path).read() == Mark(7, ROOT)
    marks.write(Mark(8, EMPTY_ROOT))
    assert HighWaterFile(path).read() == Mark(8, EMPTY_ROOT)
    marks.close()


# ---- the start of a log ----


def test_new_log_is_marked_before_its_first_entry(tmp_path: Path) -> None:
    mark = HighWaterFile(tmp_path / "high-water")
    story = a_story(mark=mark)
    assert mark.read() == Mark(0, EMPTY_ROOT)
    story.admit(*FOUNDED.texts)
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


class LostMarks(HighWaterMemory):
    """Marks that a crash takes away: after so many writes, none is kept."""

    def __init__(self, kept: int) -> None:
        super().__init__()
        self._left = kept

    def write(self, mark: Mark) -> None:
        """Keep the mark, or die before it is kept."""
        if self._left == 0:
            raise StoreUnavailable("expected a disk, found none")
        self._left -= 1
        super().write(mark)


@pytest.mark.parametrize("kept", [1, 2])
def test_crash_between_commit_and_mark_is_made_up_for_by_a_restart(kept: int) -> None:
    mark = LostMarks(kept)
    story = a_story(mark=mark)
    if kept == 2:
        story.admit(*FOUNDED.texts)
    size = story.ledger.size
    text = FOUNDED.charter if kept == 1 else a_report()
    with pytest.raises(OutcomeUnknown, match="their mark is not"):
        story.submit(text)
    assert story.ledger.size == size
    assert story.ledger.find_repeats([story.checked(text).record_id]) == {}
    read = mark.read()
    assert read is not None
    story = story.restarted(high_water=HighWaterMemory(read))
    [admitted] = story.admit(text)
    assert (admitted.index, admitted.is_first) == (size, False)
    story.admit(a_report(9) if kept == 2 else FOUNDED.endorsements[0])
    check_ledger(story, size + 2)
    story.ledger.close()


# ---- a database that is older than what was signed ----


@ROLLED_BACK
def test_database_behind_the_mark_is_refused(tmp_path: Path) -> None:
    mark = HighWaterFile(tmp_path / "high-water")
    url = new_database(tmp_path)
    path = Path(url.removeprefix("sqlite:///"))
    with opened(url) as store:
        story = a_founded_story(store, mark=mark)
        story.ledger.close()
    shutil.copy(path, tmp_path / "yesterday.db")
    with opened(url) as store:
        story = story.restarted(store=store)
        story.admit(a_report())
        story.ledger.close()
    shutil.copy(path, tmp_path / "today.db")
    refusal = pytest.raises(LogRolledBack, match=f"at least {FOUNDING_SIZE + 1} entries, found")
    with opened(f"sqlite:///{tmp_path / 'yesterday.db'}") as store, refusal:
        story.reopened(store=store)
    with opened(f"sqlite:///{tmp_path / 'today.db'}") as store:
        restarted = story.restarted(store=store)
        check_ledger(restarted, FOUNDING_SIZE + 1)
        restarted.ledger.close()


@ROLLED_BACK
@pytest.mark.parametrize("more", [0, 1, 5])
def test_database_with_another_history_is_refused(more: int) -> None:
    story = a_founded_story()
    story.admit(*reports(3))
    other = a_founded_story()
    other.admit(a_report(9), *reports(2 + more))
    other.ledger.close()
    with pytest.raises(LogRolledBack, match=f"the first {FOUNDING_SIZE + 3} entries are not"):
        story.reopened(store=other.store)


@ROLLED_BACK
def test_missing_mark_is_refused_for_a_log_that_is_not_new() -> None:
    story = a_founded_story()
    with pytest.raises(LogRolledBack, match="expected the high-water file"):
        story.reopened(high_water=HighWaterMemory())
    # Being told that it is new does not help a log that has entries.
    unmarked = replace(story.parts, high_water=HighWaterMemory())
    with pytest.raises(LogRolledBack, match="expected the high-water file"):
        Ledger(unmarked, is_new=True)


@ROLLED_BACK
def test_empty_database_without_a_mark_is_refused_unless_it_is_new() -> None:
    story = a_story()
    with pytest.raises(LogRolledBack, match="expected the high-water file"):
        story.reopened(store=MemoryStore(), high_water=HighWaterMemory())
    story = story.restarted(store=MemoryStore())
    story.admit(*FOUNDED.texts)
    check_ledger(story, FOUNDING_SIZE)
    story.ledger.close()


def test_damaged_mark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "high-water"
    story = a_founded_story(mark=HighWaterFile(path))
    path.write_text(LINE)
    with pytest.raises(HighWaterDamaged):
        story.reopened()


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_log_that_extends_the_mark_goes_on(behind: int) -> None:
    story = a_founded_story()
    marks = [story.parts.high_water.read()]
    for text in reports(3):
        story.admit(text)
        marks.append(story.parts.high_water.read())
    older = marks[-1 - behind]
    assert older is not None
    story = story.restarted(high_water=HighWaterMemory(older))
    story.admit(a_report(9))
    check_ledger(story, FOUNDING_SIZE + 4)
    story.ledger.close()


# ---- a database whose head is not that of its entries ----


class OtherHead(FaultyStore):
    """A store that was damaged at rest: its head is not the one that was written."""

    def __init__(self, inner: Store, change: Callable[[Head], Head]) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self._change = change

    def head(self) -> Head | None:
        found = super().head()
        assert found is not None
        return self._change(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda head: replace(head, leaf=ROOT),
        lambda head: replace(head, root=ROOT),
        lambda head: replace(head, frontier=(ROOT, *head.frontier[1:])),
        lambda head: replace(head, frontier=head.frontier[::-1]),
    ],
)
@pytest.mark.parametrize("count", [2, 250])
def test_damaged_head_is_refused(change: Callable[[Head], Head], count: int) -> None:
    story = a_founded_story()
    story.admit(*reports(count))
    older = story.parts.high_water.read()
    story.admit(a_report(999))
    story = story.restarted(high_water=HighWaterMemory(older))
    sound = story.reopened(store=OtherHead(story.store, lambda head: head))
    assert sound.ledger.size == FOUNDING_SIZE + count + 1
    with pytest.raises(LogRolledBack, match=r"expected .* at the head, found another"):
        story.reopened(store=OtherHead(story.store, change))
