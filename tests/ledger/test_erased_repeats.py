"""A record that is submitted again brings back what was lost, and nothing that was erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from ledger.faults import Refusal
from ledger.grown_map import GrownMap
from ledger.relations_state import RelationsState
from ledger.sharing.agreements import Agreements, Erasure
from ledger.submission import Admitted
from ledger.vault.erasing import group_of
from tests.ledger.forgetful_store import ForgetfulStore
from tests.ledger.ledger_stories import FOUNDED, Story, a_report, a_story
from tests.ledger.parties import record_id_of

pytestmark = pytest.mark.item("5.8")

REPORT: Final = a_report()


class LosingStore(ForgetfulStore):
    """Holds again what it was given back, and that alone."""

    def restore_disclosures(self, index: int, disclosures: str) -> None:
        """What is given is held, where nothing was."""
        if not self.lost[index]:
            self.lost[index] = disclosures


def erased(record_id: str, groups: Sequence[str]) -> Agreements:
    """What is in force after an entry that ordered groups of a record erased."""
    act = Erasure("A" * 43, 90, record_id, frozenset(groups), "did:web:owner", "owner")
    none: GrownMap[str, GrownMap[str, None]] = GrownMap()
    return Agreements(
        erasures=GrownMap([(act.record_id, act)]),
        erasures_of=none.grown(record_id, GrownMap([(act.record_id, None)])),
    )


def by_group(text: str) -> dict[str, str]:
    """The disclosures of a submission."""
    return {str(group_of(one)): one for one in text.split("~")[1:-1]}


def joined(found: Mapping[str, str], *left_out: str) -> str:
    """Disclosures as a store keeps them."""
    return "".join(f"{one}~" for group, one in found.items() if group not in left_out)


def a_log_after_erasing(groups: Sequence[str], left: str) -> tuple[Story, int]:
    """A log that holds ``left`` of a report of which ``groups`` were ordered erased."""
    store = LosingStore()
    state = RelationsState(agreements=erased(record_id_of(REPORT), groups))
    story = a_story(store, state=state)
    [*_, first] = story.admit(*FOUNDED.texts, REPORT)
    store.lost[first.index] = left
    return story, first.index


def test_repeat_whose_missing_groups_are_all_erased_is_refused_as_erased() -> None:
    given = by_group(REPORT)
    group = sorted(given)[-1]
    story, index = a_log_after_erasing([group], joined(given, group))
    [found] = story.submit(REPORT)
    assert isinstance(found, Refusal)
    assert found.code == "erased"
    assert group in found.detail
    assert story.store.disclosures([index])[index] == joined(given, group)
    story.ledger.close()


def test_repeat_without_the_erased_group_gets_its_receipt() -> None:
    given = by_group(REPORT)
    group = sorted(given)[-1]
    story, index = a_log_after_erasing([group], joined(given, group))
    jws = REPORT.partition("~")[0]
    bare = story.checked(REPORT)._replace(disclosures=joined(given, group), jws=jws)
    [found] = story.ledger.submit([bare]).result(timeout=30)
    assert isinstance(found, Admitted)
    assert (found.index, found.is_first) == (index, False)
    story.ledger.close()


def test_what_the_store_lost_comes_back_without_what_was_erased() -> None:
    given = by_group(REPORT)
    group = sorted(given)[-1]
    story, index = a_log_after_erasing([group], "")
    story.admit(REPORT)
    assert story.store.disclosures([index]) == {index: joined(given, group)}
    story.ledger.close()
