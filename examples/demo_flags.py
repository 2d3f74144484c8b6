"""What verified views say together: flags and deliveries, made anew from files alone.

The same folds that the log keeps, over records that the reader verified itself: what was in
force before each of them, and what it says beside that which is true but bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ledger.domain_state import Said
from ledger.fold_state import PublicFold
from ledger.verify import VerifiedRecord
from quality.agreed_limits import with_agreed_limits
from quality.deliveries.agreed import AgreedRecords, Filed
from quality.deliveries.answers import flags_of
from quality.deliveries.book import MemoryDeliveryBook
from quality.deliveries.fold import fold_page
from quality.deliveries.papers import Paper, read_paper
from quality.masters import Masters
from quality.rules import QualityRules


@dataclass(frozen=True, slots=True)
class ToldFlag:
    """A flag of a record that was verified, in words."""

    index: int
    number: str
    code: str
    words: str


def tell_flags(records: Iterable[VerifiedRecord], origin: str) -> None:
    """Print what was flagged, a line for each kind of flag."""
    numbers: dict[tuple[str, str], list[str]] = {}
    for flag in told_flags(records, origin):
        numbers.setdefault((flag.code, flag.words), []).append(flag.number)
    print("\n  true but bad, found by the same files:")
    for (code, words), told in numbers.items():
        print(f"  flagged  {code:<30} {', '.join(told)}: {words}")


def told_flags(records: Iterable[VerifiedRecord], origin: str) -> Iterator[ToldFlag]:
    """The flags of records, in the order of the log.

    Args:
        records: verified ones, shown in full.
        origin: that of their log.
    """
    replay = _Replay(PublicFold(origin))
    for record in sorted(records, key=lambda record: record.index):
        groups = {shown.group: shown.value for shown in record.groups}
        for code, words in replay.flags(record, groups):
            yield ToldFlag(record.index, str(groups["filing"]["number"]), code, words)


@dataclass(slots=True)
class _Replay:
    """The folds after the records so far."""

    fold: PublicFold
    masters: Masters = field(default_factory=Masters)
    agreed: AgreedRecords = field(default_factory=AgreedRecords)
    book: MemoryDeliveryBook = field(default_factory=MemoryDeliveryBook)
    specifications: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def flags(self, record: VerifiedRecord, groups: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Code and words of each flag of the next record."""
        rules = QualityRules()
        for flag in rules.flags(record.type, self._with_limits(record.type, groups)):
            yield flag.code, flag.en
        facts = rules.facts(record.type, groups)
        if facts is not None:
            said = _said(record, groups, facts)
            for flag in self.masters.flags(said):
                yield flag.code, flag.en
            self.masters = self.masters.apply(said, self.fold)
        yield from self._delivery_flags(record, groups)

    def _with_limits(self, vct: str, groups: dict[str, Any]) -> Any:
        if vct == "specification/v1":
            state = groups["state"]
            self.specifications[state["specification"], state["revision"]] = groups
        cited = groups.get("lot", {}).get("specification", {})
        held = self.specifications.get((cited.get("id"), cited.get("revision")))
        return groups if held is None else with_agreed_limits(groups, held)

    def _delivery_flags(
        self, record: VerifiedRecord, groups: dict[str, Any]
    ) -> Iterator[tuple[str, str]]:
        filed = Filed(record.index, record.record_id, record.issuer, record.type, groups)
        paper = read_paper(filed, self.agreed)
        self.agreed.apply(filed)
        if not isinstance(paper, Paper):
            return
        before = self.book.size()
        self.book.save(fold_page(self.book, [paper], size=record.index + 1), before=before)
        for flag in flags_of(self.book, record.record_id):
            yield flag.code, f"expected {flag.expected}, found {flag.found}"


def _said(record: VerifiedRecord, groups: dict[str, Any], facts: Any) -> Said:
    manifest, address = groups["manifest"], groups["address"]
    return Said(
        index=record.index,
        admitted_ms=record.admitted_ms,
        record_id=record.record_id,
        party=record.issuer,
        vct=record.type,
        to=tuple(address["to"]),
        subject=manifest["subject"],
        family=address["family"],
        corrects=manifest["corrects"],
        facts=facts,
    )
