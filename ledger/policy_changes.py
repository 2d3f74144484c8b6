"""What changes between two versions of a policy, group by group (docs/spec/governance.md, 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.policy import NO_RETENTION, PolicyDocument
from ledger.record_type import RecordType


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that another version says otherwise.

    ``what`` is ``floor``, ``default`` or ``ceiling`` of a group, ``days_min`` or ``days_max``
    of a type, or ``purpose``; ``before`` and ``after`` are None where one says nothing.
    """

    what: str
    vct: str | None
    group: str | None
    before: str | None
    after: str | None


def find_changes(
    old: PolicyDocument, new: PolicyDocument, types: Mapping[str, RecordType]
) -> tuple[Change, ...]:
    """The changes from one version to the next, in the order of types, groups and purposes.

    A group that a version does not name has its type's own range there.
    """
    return (
        *_range_changes(old, new, types),
        *_retention_changes(old, new),
        *_purpose_changes(old, new),
    )


def _range_changes(
    old: PolicyDocument, new: PolicyDocument, types: Mapping[str, RecordType]
) -> Iterator[Change]:
    for vct, kind in types.items():
        for group in kind.groups:
            before, after = old.range_of(kind, group), new.range_of(kind, group)
            for what in ("floor", "default", "ceiling"):
                was, now = getattr(before, what), getattr(after, what)
                if was != now:
                    yield Change(what, vct, group, was, now)


def _retention_changes(old: PolicyDocument, new: PolicyDocument) -> Iterator[Change]:
    for vct in dict.fromkeys([*old.retention, *new.retention]):
        before = old.retention.get(vct, NO_RETENTION)
        after = new.retention.get(vct, NO_RETENTION)
        for what in ("days_min", "days_max"):
            was, now = getattr(before, what), getattr(after, what)
            if was != now:
                yield Change(what, vct, None, _text(was), _text(now))


def _text(days: int | None) -> str | None:
    return None if days is None else str(days)


def _purpose_changes(old: PolicyDocument, new: PolicyDocument) -> Iterator[Change]:
    before = {purpose.code for purpose in old.purposes}
    after = {purpose.code for purpose in new.purposes}
    for purpose in old.purposes:
        if purpose.code not in after:
            yield Change("purpose", None, None, purpose.code, None)
    for purpose in new.purposes:
        if purpose.code not in before:
            yield Change("purpose", None, None, None, purpose.code)
