"""Checking drafts before anything is signed or sent: the same checks as the log's own.

A draft is composed with a key drawn for the purpose and judged as a submission would be, so
that nothing is refused later for its content. What only the log knows (standing of keys and
parties, earlier records, uploads) is judged there.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from api.cli.cells import Wanted
from api.cli.drafts import Draft, cited_files, put_files
from api.cli.places import Missing, Places
from api.party_folder import signer_for
from keys.ed25519 import SEED_BYTES
from keys.encoding import encode_base64url
from keys.identifiers import parse_origin
from keys.signer import SeedSigner
from ledger.anchor import Anchor
from ledger.compose import Composer, RecordSigner
from ledger.content import CheckedRecord, Checker, TypeBook, check_submission
from ledger.faults import Fault, Refusal
from ledger.record_type import SEALED, RecordType
from ledger.schema_faults import UNKNOWN
from ledger.sealed import OpenerKey
from ledger.sealing_submission import seal_submission
from quality.rules import QualityRules
from quality.values import items, text

_CORRECTION: Final = "/correction"


class DraftCheck:
    """Checks drafts of one type for one party."""

    def __init__(self, kind: RecordType, *, anchor: Anchor, slug: str) -> None:
        """Check drafts of ``kind`` as the party ``slug`` of the anchor's log."""
        self.kind = kind
        self.places = Places(kind.text)
        self._checker = Checker(
            anchor.origin, TypeBook({kind.vct: kind}), QualityRules(), bytes(32)
        )
        stand_in = signer_for(
            parse_origin(anchor.origin), slug, SeedSigner(secrets.token_bytes(SEED_BYTES))
        )
        self._composer = _composer(anchor, stand_in)
        self._sealing = OpenerKey.of(stand_in.did, secrets.token_bytes(SEED_BYTES))

    def faults(self, draft: Draft) -> list[str]:
        """Everything that is wrong with a draft, a line each."""
        stand_ins = dict.fromkeys(cited_files(draft.groups), _STAND_IN)
        groups = put_files(draft.groups, stand_ins)
        missing = self.places.missing(groups)
        lines = [
            *(_missing_line(draft, item) for item in missing if not _UNIT.fullmatch(item.pointer)),
            *_unit_lines(draft, missing),
        ]
        judged = self._judge(draft, groups)
        if isinstance(judged, Refusal):
            lines += _refusal_lines(draft, judged, missing)
            if any(fault.pointer == _CORRECTION for fault in judged.faults):
                lines.append(f"{draft.whole_place}: {self._correction_remedy()}")
        return lines

    def _correction_remedy(self) -> str:
        """What makes a correction one: the record that it corrects, and the reason."""
        reasons = self.places.wanted(f"{_CORRECTION}/reason").words
        first, *others = reasons or ("REASON",)
        choice = f" (or {', '.join(others)})" if others else ""
        return f"a correction is --corrects RECORD and --set {_CORRECTION}/reason={first}{choice}"

    def _judge(self, draft: Draft, groups: Mapping[str, Any]) -> CheckedRecord | Refusal:
        """As the log will judge it; and of what is sealed what nobody else can see."""
        sealed = [name for name in groups if self._tier(draft, name) == SEALED]
        whole = self._compose(draft, groups, readable=sealed)
        judged = check_submission(whole, self._checker)
        if not sealed or isinstance(judged, Refusal):
            return judged
        text = self._compose(draft, groups)
        kids = {name: [self._sealing.kid] for name in sealed}
        origin = self._checker.origin
        return check_submission(
            seal_submission(text, kids, origin=origin, random_bytes=secrets.token_bytes),
            self._checker,
        )

    def _tier(self, draft: Draft, group: str) -> str | None:
        rule = self.kind.groups.get(group)
        return draft.filing.tiers.get(group, rule.default if rule else None)

    def _compose(
        self, draft: Draft, groups: Mapping[str, Any], *, readable: Sequence[str] = ()
    ) -> str:
        """The draft signed; ``readable`` groups at their widest tier instead of sealed."""
        open_tiers = {n: self.kind.groups[n].floor for n in readable if n in self.kind.groups}
        filing = replace(draft.filing, tiers={**draft.filing.tiers, **open_tiers})
        return self._composer.compose_record(self.kind, groups, filing=filing, iat=int(time.time()))


_UNIT: Final = re.compile(r"/(?P<group>measurements|summary)/characteristics/(?P<at>[0-9]+)/unit")
_NAMED_MAX: Final = 10
_STAND_IN: Final[Mapping[str, Any]] = {
    "blob": "A" * 22,
    "sha256": encode_base64url(bytes(32)),
    "bytes": 0,
    "media_type": "application/octet-stream",
}


def _composer(anchor: Anchor, signer: RecordSigner) -> Composer:
    return Composer(anchor.origin, anchor.charter, signer, secrets.token_bytes)


def _refusal_lines(draft: Draft, refusal: Refusal, missing: Sequence[Missing]) -> Iterator[str]:
    if not refusal.faults:
        yield f"{draft.whole_place}: {refusal.code}: {refusal.detail}"
    for fault in refusal.faults:
        # What is missing was told better already, by the place that is to be filled.
        if not any(f"{item.pointer}/".startswith(f"{fault.pointer}/") for item in missing):
            yield _fault_line(draft, fault)


def _fault_line(draft: Draft, fault: Fault) -> str:
    if fault.expected.startswith(UNKNOWN):
        known = fault.expected.removeprefix(UNKNOWN)
        return f"{draft.locate(fault.pointer)}: unknown member {fault.found!r}{known}"
    return f"{draft.locate(fault.pointer)}: expected {fault.expected}, found {fault.found}"


def _missing_line(draft: Draft, missing: Missing) -> str:
    line = f"{draft.whole_place}: nothing gives {missing.pointer}{_choice(missing.wanted)}"
    if not draft.sources:
        return line
    return f"{line}; say --set {missing.pointer}=VALUE or --map 'COLUMN={missing.pointer}'"


def _unit_lines(draft: Draft, missing: Sequence[Missing]) -> Iterator[str]:
    """Units of characteristics that nothing gives, in one line: a summary takes those measured."""
    found = [match for item in missing if (match := _UNIT.fullmatch(item.pointer))]
    group = "measurements" if any(one["group"] == "measurements" for one in found) else "summary"
    places = [int(one["at"]) for one in found if one["group"] == group]
    if not places:
        return
    measured = items(draft.groups, group, "characteristics")
    named = [text(measured[at], "id") or str(at) for at in places]
    shown = ", ".join(named[:_NAMED_MAX]) + (", ..." if len(named) > _NAMED_MAX else "")
    every = f"/{group}/characteristics/*/unit"
    yield (
        f"{draft.whole_place}: nothing gives the unit of {shown}; say --set '{every}=mm' for all "
        f"that have none, or --set /{group}/characteristics/{places[0]}/unit=mm for one"
    )


def _choice(wanted: Wanted) -> str:
    if wanted.words:
        return f" (one of {', '.join(wanted.words)})"
    return f" ({wanted.kind.value})"
