"""A contradiction inside one record, in words and as plain values."""

from __future__ import annotations

import json
from typing import Any, Final

from ledger.consistency import Contradiction

#: English, Chinese.
_TEXTS: Final = (
    "the record contradicts itself under the signature of {issuer}: {stated} says {found}, "
    "while {basis} come to {expected}; this view is the evidence",
    "记录在 {issuer} 的签名下自相矛盾：{stated} 为 {found}，而由 {basis} 得出 {expected}；"
    "本视图即为证据",
)


def tell_contradiction(found: Contradiction, *, issuer: str, at: int) -> str:
    """A contradiction in a sentence; ``at`` is 0 for English and 1 for Chinese."""
    return _TEXTS[at].format(
        issuer=issuer,
        stated=found.stated,
        basis=", ".join(found.basis),
        expected=json.dumps(found.expected),
        found=json.dumps(found.found, ensure_ascii=False)[:80],
    )


def contradiction_members(found: Contradiction) -> dict[str, Any]:
    """The two places, what is said and what follows."""
    return {
        "stated": found.stated,
        "basis": list(found.basis),
        "expected": found.expected,
        "found": found.found,
    }
