"""The page of one record, made from a verification of the very view that it offers.

Nothing of a record is shown that was not proved first: the content comes out of the verifier,
not out of the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from keys.errors import KeysError
from ledger.anchor import parse_anchor
from ledger.disclosure import Disclosure
from ledger.errors import LedgerError
from ledger.fold import PublicFold
from ledger.record import encode_record_id
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from portal.contents import Node, Reading
from portal.facts import PublicRecord
from portal.instants import Instant, describe_span, instant_of_ms
from portal.messages import Words
from portal.names import Labels, Name, PartyName, TypeName, labels_of, name_party, name_type
from portal.steps import Step, steps_of

ANCHOR_FILE: Final = "anchor.json"


@dataclass(frozen=True, slots=True)
class Section:
    """One group that is shown, or the body of a governance record."""

    title: Name
    name: str
    content: Node


@dataclass(frozen=True, slots=True)
class NotVerified:
    """Why the service's own view does not verify."""

    is_proved: ClassVar[bool] = False
    code: str


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """What the verification of a record brought to light.

    ``gap`` is how long before its admission the record says it was signed. ``withheld`` names
    the groups of the type that are not shown: filed for others, or not filed at all.
    """

    is_proved: ClassVar[bool] = True
    signed: Instant | None
    gap: str
    sections: tuple[Section, ...]
    shown: int
    defined: int | None
    withheld: tuple[Name, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A record: what the log says of it, and what its verification said."""

    record_id: str
    index: int
    type: TypeName
    issuer: PartyName
    admitted: Instant | None
    outcome: ShownRecord | NotVerified
    view_file: str
    receipt_file: str
    command: str


def record_page(record: PublicRecord, fold: PublicFold, *, anchor: str, words: Words) -> RecordPage:
    """Verify the view of a record against the service's own anchor and say what came of it."""
    row = record.row
    record_id = encode_record_id(row.record_id)
    # A record id may begin with a hyphen, and would then be an option on the command line.
    view_file = f"record-{record_id}.view.json"
    shown = _verify(record.view, anchor)
    return RecordPage(
        record_id=record_id,
        index=row.index,
        type=name_type(row.vct, fold, words=words),
        issuer=name_party(row.party, fold, words=words),
        admitted=instant_of_ms(row.admitted_ms, words),
        outcome=shown if isinstance(shown, NotVerified) else shown_record(shown, fold, words=words),
        view_file=view_file,
        receipt_file=f"record-{record_id}.tlog-proof",
        command=verify_command(view_file),
    )


def verify_command(view_file: str) -> str:
    """The command that verifies a view file offline."""
    return f"lotmark verify {view_file} --anchor {ANCHOR_FILE}"


def _verify(view: bytes, anchor: str) -> VerifiedRecord | NotVerified:
    try:
        return verify_view(parse_view(view), parse_anchor(anchor.encode())).records[0]
    except (LedgerError, KeysError) as fault:
        return NotVerified(fault.code)


def shown_record(record: VerifiedRecord, fold: PublicFold, *, words: Words) -> ShownRecord:
    """A verified record as a page shows it."""
    kind = fold.types.get(record.type)
    labels = labels_of(kind)
    reading = Reading(labels, fold, words)
    defined = kind.groups if kind else {}
    return ShownRecord(
        signed=instant_of_ms(record.signed_s * 1000, words),
        gap=_gap(record.admitted_ms // 1000 - record.signed_s, words),
        sections=(*_body(record, reading), *_groups(record.groups, labels, reading)),
        shown=len(record.shown),
        defined=record.defined,
        withheld=tuple(
            labels.of_group(name, words) for name in defined if name not in record.shown
        ),
        steps=steps_of(record, words),
    )


def _gap(seconds: int, words: Words) -> str:
    if seconds == 0:
        return words.text("record.gap.none")
    key = "record.gap.before" if seconds >= 0 else "record.gap.after"
    return words.text(key, span=describe_span(abs(seconds), words))


def _body(record: VerifiedRecord, reading: Reading) -> tuple[Section, ...]:
    if record.body is None:
        return ()
    content = reading.read(dict(record.body), "")
    return (Section(Name(reading.words.text("record.body")), "body", content),)


def _groups(
    groups: tuple[Disclosure, ...], labels: Labels, reading: Reading
) -> tuple[Section, ...]:
    return tuple(
        Section(
            labels.of_group(group.group, reading.words),
            group.group,
            reading.read(group.value, f"/{group.group}"),
        )
        for group in groups
    )
