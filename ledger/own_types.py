"""The record types that the log itself files.

Not governance, and not of the trade: what the service signs with its own key about the log
(docs/spec/accesses.md, section 3). They are defined on a log as business types are.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final

ACCESS_DIGEST: Final = "access-digest/v1"
#: What a service key signs of them: its use in ``key/v1``.
ACCESS_DIGEST_USE: Final = "record:access-digest"


@cache
def own_types() -> tuple[str, ...]:
    """The definition texts of the log's own types, without white space."""
    file = resources.files("ledger") / "types" / "access-digest.v1.json"
    members = json.loads(file.read_text(encoding="utf-8"))
    return (json.dumps(members, ensure_ascii=False, separators=(",", ":")),)
