"""What an audit that holds the disclosures says of the content of a record: as admission did.

Schema, groups that ``filing`` names, tiers and the trade's rules, by the type of the record.
The types are handed in, because a worker sees no other entry; the audit compares them with
those of its own fold. Addressees and links are not asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.content import CheckedRecord
from ledger.content_rules import Content, judge_content
from ledger.domain import DomainRules
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record_type import CLOSED_GROUPS, RecordType, parse_record_type

ABSENT: Final = "disclosure-missing"
_CLOSED: Final = frozenset(CLOSED_GROUPS)


@dataclass(frozen=True, slots=True)
class ContentJudge:
    """Judges content by the types of a log and the rules of its trade."""

    types: Mapping[str, RecordType]
    rules: DomainRules

    def judge(
        self, record: CheckedRecord, content: Content
    ) -> tuple[CheckedRecord, Refusal | None] | None:
        """The record with what its content says of roles and tiers, and what is wrong with it.

        None where nothing can be said: no disclosures, governance, or a type that is not known.
        """
        claims, values = content.claims, content.values
        kind = self.types.get(claims.vct)
        if kind is None or kind.governs or not content.disclosures:
            return None
        refusal = judge_content(content, kind=kind, rules=self.rules)
        if refusal and not _may_be_erased(refusal, values):
            return record, refusal
        manifest, address = values["manifest"], values["address"]
        said = record._replace(
            roles=self.rules.roles_for(claims.vct, values),
            credential=self.rules.credential_kind(claims.vct, values),
            tiers=tuple(manifest["groups"].items()),
            corrects=manifest["corrects"],
            to=tuple(address["to"]),
            subject=manifest["subject"],
            family=address["family"],
            case=address["case"],
            facts=self.rules.facts(claims.vct, values),
        )
        return said, refusal


def _may_be_erased(refusal: Refusal, values: Mapping[str, object]) -> bool:
    """Whether nothing is wrong but that groups are absent which an entry may have erased."""
    filing = values.get("filing")
    if refusal.code != ABSENT or not (values.keys() >= _CLOSED and isinstance(filing, dict)):
        return False
    return "state" in values or "state" not in filing["present"]


def absent_groups(refusal: Refusal | None) -> tuple[str, ...]:
    """The groups whose absence is all that is wrong."""
    if refusal is None or refusal.code != ABSENT:
        return ()
    return tuple(fault.pointer.removeprefix("/") for fault in refusal.faults)


def content_judge(texts: Iterable[str], rules: DomainRules) -> ContentJudge:
    """A judge for the types of these definitions; what is no definition is left out."""
    kinds = []
    for text in texts:
        try:
            kinds.append(parse_record_type(text))
        except LedgerError:
            continue
    return ContentJudge({kind.vct: kind for kind in kinds}, rules)
