"""Why something about a lot or a severity is as it is: a stable code, and words for people."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; the text may change, the ``code`` not."""

    code: str
    en: str = field(kw_only=True)
    zh: str = field(kw_only=True)
