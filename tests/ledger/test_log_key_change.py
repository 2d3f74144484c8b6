"""A change of log keys while replicas run: both keys sign where both are in force, then one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from ledger.audit import audit
from ledger.errors import LogKeyRetired, LogRolledBack
from ledger.log_keys import introduce_log_key
from ledger.note import Ed25519Signer, encode_note, encode_vkey, parse_note, sign_note
from ledger.reader import LogReader
from ledger.store import CommitGroup, Store
from ledger.store_faulty import FaultyStore
from ledger.store_memory import MemoryStore
from tests.ledger.acts import Members
from tests.ledger.ledger_stories import (
    FOUNDED,
    FOUNDING_SIZE,
    PublicBytes,
    Story,
    a_founded_story,
    a_report,
)
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.test_replicas import a_replica

pytestmark = pytest.mark.item("3.5.replicas")

OLD: Final = a_log_signer()
NEW: Final = a_log_signer(label="second")


class LogKeys:
    """The members that change the log's keys: each act is admitted at once or in parts."""

    def __init__(self) -> None:
        self._members = Members(FOUNDED)

    def change(self, story: Story, change: Mapping[str, Any]) -> str:
        """Propose and vote at a replica but for the last vote, which is returned."""
        oem, *others = FOUNDED.parties.values()
        done = len(self._members.log)
        self._members.decide(oem, "amend", {"log_keys": change}, others[0])
        texts = [text for text, _ in self._members.log[done:]]
        story.admit(*texts[:-1])
        return texts[-1]


def check_audit(story: Story) -> None:
    """Replay the log: every kept checkpoint is by a log key in force at its size."""
    report = audit(ORIGIN, PublicBytes(LogReader(story.store), story.store, story.ledger.size))
    assert report.findings == []


ADD: Final = {"add": [introduce_log_key(ORIGIN, NEW, OLD)], "retire": []}
RETIRE: Final = {"add": [], "retire": [encode_vkey(OLD.key)]}


def test_replicas_with_the_old_and_the_new_key_follow_each_other() -> None:
    founded, keys = a_founded_story(MemoryStore()), LogKeys()
    first = a_replica(founded)
    founded.ledger.close()
    first.admit(keys.change(first, ADD))
    second = a_replica(first, signer=NEW)
    second.admit(a_report(0))
    first.admit(a_report(1))
    second.admit(a_report(2))
    check_audit(second)
    for story in (first, second):
        story.ledger.close()


def test_a_replica_with_the_retired_key_reads_on_and_signs_nothing() -> None:
    founded, keys = a_founded_story(MemoryStore()), LogKeys()
    old = a_replica(founded)
    founded.ledger.close()
    old.admit(keys.change(old, ADD))
    new = a_replica(old, signer=NEW)
    last = keys.change(new, RETIRE)
    # The head over its own retirement would be one that no reader believes.
    with pytest.raises(LogKeyRetired, match="with a key that stays"):
        old.submit(last)
    # It is in force until then.
    old.admit(a_report(0))
    new.admit(last)
    size = new.ledger.size
    with pytest.raises(LogKeyRetired):
        old.submit(a_report(1))
    assert old.ledger.is_running
    assert new.admit(a_report(1))[0].index == size
    assert old.admit(a_report(1))[0].is_first is False
    check_audit(new)
    for story in (old, new):
        story.ledger.close()


class Resigned(FaultyStore):
    """A store in which every new head is signed by another key."""

    def __init__(self, inner: Store, signer: Ed25519Signer) -> None:
        super().__init__(inner, fail_on="close", when="before", calls_before=1_000_000)
        self._signer = signer

    def commit(self, group: CommitGroup) -> None:
        text = parse_note(group.checkpoint.encode()).text
        note = encode_note(sign_note(text, [self._signer])).decode()
        super().commit(replace(group, checkpoint=note))


@pytest.mark.parametrize("signer", [NEW, OLD])
def test_a_head_that_no_log_key_in_force_signed_stops_the_writer(signer: Ed25519Signer) -> None:
    founded = a_founded_story(MemoryStore())
    first, second = a_replica(founded), a_replica(founded, store=Resigned(founded.store, signer))
    founded.ledger.close()
    second.admit(a_report(0))
    if signer is OLD:
        assert first.admit(a_report(1))[0].index == FOUNDING_SIZE + 1
    else:
        with pytest.raises(LogRolledBack, match="signed by a log key in force"):
            first.submit(a_report(1))
    for story in (first, second):
        story.ledger.close()
