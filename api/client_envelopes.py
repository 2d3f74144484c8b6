"""What a client sends and gets of sealed groups (docs/spec/sealed.md, section 4)."""

from __future__ import annotations

import json
from urllib.parse import quote

from api.client_errors import AnswerMalformed


def envelope_path(record_id: str, group: str) -> str:
    """Where the envelope of a group is."""
    return f"/v1/records/{quote(record_id, safe='')}/sealed/{quote(group, safe='')}"


def encode_posted(envelope: str) -> bytes:
    """The body that puts an envelope in the place of one with fewer recipients."""
    return json.dumps({"envelope": envelope}, separators=(",", ":")).encode()


def envelope_of(members: object) -> str:
    """The envelope in an answer, as it was sent.

    Raises:
        AnswerMalformed: there is none.
    """
    match members:
        case {"envelope": str(envelope)}:
            return envelope
    raise AnswerMalformed(f"expected an envelope, found {str(members)[:80]}")
