"""Reading a charter before it is endorsed: verified from the anchor, compared with this version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from api.builtin_types import builtin_types
from api.setup_errors import CharterUnexpected
from ledger import limits
from ledger.anchor import Anchor
from ledger.charter import Charter, parse_charter
from ledger.note import encode_vkey
from ledger.record_type import builtin_governance_types, document_digest, parse_record_type
from ledger.verify import verify_view
from ledger.view import parse_view
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies


@dataclass(frozen=True, slots=True)
class ReadCharter:
    """A charter that a view shows, verified, and what its endorser should know about it."""

    record_id: str
    charter: Charter
    notices: tuple[str, ...]


def read_charter(view: bytes, anchor: Anchor) -> ReadCharter:
    """Verify a view of the charter and read it.

    Raises:
        CharterUnexpected: the view shows another record, or log keys that are not the
            anchor's.
        LedgerError, KeysError: the view does not verify.
    """
    verified = verify_view(parse_view(view), anchor)
    (record, *others) = verified.records
    if others or record.record_id != anchor.charter or record.body is None:
        raise CharterUnexpected(f"expected a view of the charter {anchor.charter} alone")
    charter = parse_charter(record.body, origin=anchor.origin)
    trusted = {encode_vkey(log.key) for log in anchor.policy.logs}
    if not set(charter.log_keys) & trusted:
        raise CharterUnexpected(
            "expected a log key of your trust anchor in the charter, found none: get the "
            "anchor and the charter from the same founder"
        )
    return ReadCharter(record.record_id, charter, tuple(_notices(charter)))


def _notices(charter: Charter) -> Iterator[str]:
    for kind in builtin_governance_types():
        found = charter.governance_types.get(kind.vct)
        if found is None or _normal(found.text) != _normal(kind.text):
            yield f"{kind.vct} is not the definition that this version of Lotmark brings"
    for text in builtin_types():
        vct = parse_record_type(text).vct
        if charter.types.get(vct, "") != document_digest(text):
            yield f"{vct} is not the definition that this version of Lotmark brings"
    for document in builtin_parameters():
        if charter.parameters.get(document.name, "") != document_digest(document.text):
            yield f"{document.name} is not the document that this version of Lotmark brings"
    for policy in builtin_policies():
        if charter.policies.get(policy.name, "") != document_digest(policy.text):
            yield f"policy {policy.name} is not the one that this version of Lotmark brings"
    bounds = charter.rules.limits
    if bounds.entry_bytes_max < limits.ENTRY_BYTES_MAX:
        yield f"entries are limited to {bounds.entry_bytes_max} bytes"


def _normal(definition: str) -> object:
    return json.loads(definition)
