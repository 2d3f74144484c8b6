"""A flag: something true but bad that a record says.

The ledger refuses what is malformed or not the signer's to say. What is true but bad (an
accepted value outside its limits, an overdue gauge) is admitted, because a ledger that
refuses bad news receives none, and is shown to everyone who may read the groups it is in.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: a stable ``code``, a JSON pointer into ``{group: value}``, a text per language."""

    code: str
    pointer: str
    en: str = field(kw_only=True)
    zh: str = field(kw_only=True)
