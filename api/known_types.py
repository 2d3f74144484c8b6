"""Record types for a party's own software: the built-in ones, or verified from the log.

The definition says how widely each group is shared unless the party says otherwise, so one
from the service is believed only through its entry, verified from the trust anchor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.builtin_types import builtin_types
from api.client import LogClient
from api.client_errors import AnswerMalformed, NoSuchEntry, UnknownType
from api.search_query import encode_cursor
from ledger.anchor import Anchor
from ledger.record_type import RecordType, document_digest, parse_record_type
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view


def find_type(vct: str, *, client: LogClient | None, anchor: Anchor) -> RecordType:
    """The definition of a type.

    Args:
        vct: the type.
        client: asked where the type is none of the built-in ones; None asks nobody.
        anchor: what the log's answer is verified from.

    Raises:
        UnknownType: it is not defined.
        ClientError, LedgerError: the service's answer could not be had, or does not verify.
    """
    for text in builtin_types():
        if json.loads(text)["vct"] == vct:
            return parse_record_type(text)
    if client is None:
        known = ", ".join(json.loads(text)["vct"] for text in builtin_types())
        raise UnknownType(f"expected one of {known}, found {vct!r}: name a type of the log")
    return parse_record_type(_definition(vct, client, anchor))


def record_at(index: int, client: LogClient) -> Mapping[str, Any]:
    """The entry at an index, as the service describes it.

    Raises:
        NoSuchEntry: the log has none of this number.
        AnswerMalformed: the service shows another one.
    """
    page = client.search(cursor=encode_cursor(index + 1), limit=1)
    newest = page.records[0].get("index") if page.records else None
    if newest == index:
        return page.records[0]
    if newest is None or (isinstance(newest, int) and newest < index):
        has = "none" if newest is None else f"entries 0 to {newest}"
        raise NoSuchEntry(f"expected an entry of the log, found {index}: it has {has}")
    raise AnswerMalformed(f"expected entry {index}, found entry {newest}")


def _definition(vct: str, client: LogClient, anchor: Anchor) -> str:
    entries = {item["vct"]: item["entry"] for item in client.parties().get("types", ())}
    if vct not in entries:
        known = ", ".join(sorted(entries))
        raise UnknownType(f"expected one of {known}, found {vct!r}: name a type of the log")
    record_id = str(record_at(int(entries[vct]), client)["record_id"])
    body = shown_record(record_id, client, anchor).body or {}
    text = body.get("definition") or client.record_type(vct)
    if body.get("vct") != vct or document_digest(text) != body.get("sha256"):
        raise AnswerMalformed(f"expected the definition of {vct}, found another")
    return str(text)


def shown_record(record_id: str, client: LogClient, anchor: Anchor) -> VerifiedRecord:
    """A record as the service shows it, verified.

    Raises:
        AnswerMalformed: the service shows another one.
        ClientError, LedgerError: the answer could not be had, or does not verify.
    """
    verified = verify_view(parse_view(client.view(record_id)), anchor)
    found = next((item for item in verified.records if item.record_id == record_id), None)
    if found is None:
        raise AnswerMalformed(f"expected a view of {record_id}, found one of another record")
    return found
