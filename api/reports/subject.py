"""What a report is of: a record, what was verified of it, and what its reader was not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from api.cli.content_words import Labels, read_labels
from api.cli.places import Places
from api.cli.verification_words import WARNINGS, Words, instant
from api.reports.cited import Beside, Cited, flag_lines, with_limits
from ledger.record_type import CLOSED_GROUPS, RecordType
from ledger.verify import VerifiedRecord

_ALONE: Final = Beside()


@dataclass(frozen=True, slots=True)
class Subject:
    """A record to report on, in one language.

    ``withheld`` are groups that the record may have and its reader was not given, and what
    would open them; ``steps`` is what was verified, ``log_word`` what was not;
    ``is_by_service`` where the log's own service verified it, and the reader did not yet;
    ``cited`` is the specification whose limits hold, where its reader was shown it.
    """

    language: str
    origin: str
    record_id: str
    index: int
    issuer: str
    signed: str
    admitted: str
    kind: RecordType
    groups: Mapping[str, Any]
    withheld: tuple[str, ...]
    erased: tuple[str, ...]
    steps: tuple[str, ...]
    warnings: tuple[str, ...]
    log_word: tuple[str, ...]
    flags: tuple[str, ...] = ()
    is_by_service: bool = False
    cited: Cited | None = None
    labels: Labels = field(default_factory=lambda: Labels("en"))

    @property
    def places(self) -> Places:
        """The places of the record's type."""
        return _places_of(self.kind.text)

    @property
    def limited(self) -> Mapping[str, Any]:
        """The groups with the limits of the specification that the record cites."""
        return with_limits(self.groups, self.cited)

    @property
    def content(self) -> dict[str, Any]:
        """The groups that say something, without those that file the record."""
        return {name: self.groups[name] for name in self.kind.groups if name in self.groups}


@lru_cache(maxsize=16)
def _places_of(definition: str) -> Places:
    return Places(definition)


def subject_of(
    record: VerifiedRecord,
    kind: RecordType,
    *,
    origin: str,
    language: str,
    beside: Beside = _ALONE,
) -> Subject:
    """A verified record of a business type, and what is known beside it, as a subject."""
    words = Words(language)
    groups = {item.group: item.value for item in record.groups}
    steps = words.record_steps(record)
    erased = {item.group: item.at for item in record.erased}
    return Subject(
        language=language,
        origin=origin,
        record_id=record.record_id,
        index=record.index,
        issuer=record.issuer,
        signed=instant(record.signed_s * 1000),
        admitted=instant(record.admitted_ms),
        kind=kind,
        groups=groups,
        withheld=_withheld(record, kind, groups),
        erased=tuple(name for name in kind.groups if name in erased),
        steps=tuple(step.text for step in steps if step.name not in WARNINGS),
        warnings=tuple(step.text for step in steps if step.name in WARNINGS),
        log_word=tuple(map(words.log_word, record.log_word)),
        flags=tuple(flag_lines(record.type, groups, beside, language=language)),
        cited=beside.cited,
        labels=read_labels(kind.text, language),
    )


def _withheld(
    record: VerifiedRecord, kind: RecordType, groups: Mapping[str, Any]
) -> tuple[str, ...]:
    """Groups that were not shown: those that the record says it has, else all that it could."""
    present = groups.get("filing", {}).get("present")
    erased = {item.group for item in record.erased}
    named = present if isinstance(present, list) else kind.groups
    missing = [name for name in named if name not in groups and name not in erased]
    if isinstance(present, list):
        return tuple(missing)
    # The decision of the log says what could be read; an absent group looks like a withheld one.
    decision = record.decision
    if decision is None:
        return tuple(missing)
    readable = {item.group for item in decision.groups if item.is_readable}
    return tuple(name for name in missing if name not in readable.union(CLOSED_GROUPS))
