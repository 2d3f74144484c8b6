"""The default policy: it fits the built-in types, and tells people why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from ledger.policy import PolicyDocument, parse_policy_document
from ledger.record_type import RecordType, builtin_governance_types, parse_record_type
from quality.builtin_policies import builtin_policies
from quality.types import business_types

pytestmark = pytest.mark.item("5.1.default")

TYPES: dict[str, RecordType] = {
    kind.vct: kind
    for kind in (*map(parse_record_type, business_types()), *builtin_governance_types())
}


def default() -> PolicyDocument:
    (document,) = builtin_policies()
    assert document.name == "default"
    return parse_policy_document(document.text, TYPES)


def _texts(policy: PolicyDocument) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "title", policy.titles
    for purpose in policy.purposes:
        yield purpose.code, purpose.titles
    for (vct, group), span in policy.ranges.items():
        yield f"{vct} {group}", span.reasons


def test_the_default_policy_has_a_word_on_every_group_of_every_type() -> None:
    groups = {(kind.vct, group) for kind in TYPES.values() for group in kind.groups}
    assert set(default().ranges) == groups


def test_it_gives_its_reasons_in_english_and_chinese() -> None:
    wanting = [place for place, texts in _texts(default()) if set(texts) != {"en", "zh"}]
    assert wanting == []
    assert len(default().purposes) >= 8


def test_know_how_and_persons_are_never_wider_than_a_grant() -> None:
    guarded = [
        ("parameter-upload/v1", "values"),
        ("parameter-upload/v1", "recipe"),
        ("inspection-report/v1", "inspectors"),
        ("corrective-action/v1", "team"),
        ("site/v1", "contact"),
        ("key/v1", "holder"),
    ]
    assert {default().ranges[place].floor for place in guarded} == {"restricted"}


def test_what_is_kept_longest_is_kept_longer_than_its_type_asks() -> None:
    for vct, kept in default().retention.items():
        assert kept.days_max is not None
        assert kept.days_max > (TYPES[vct].retention_days or 0)
