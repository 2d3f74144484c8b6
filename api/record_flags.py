"""The flags of a record that only what was in force before it tells (docs/spec/masters.md).

They are computed when they are asked for, of the state after the last entry: what came after
the record changes none of them.
"""

from __future__ import annotations

from typing import Any

from api.records import OpenedRecord
from ledger.domain_state import DomainState
from ledger.entitled_reading import is_whole, said_of_entry
from quality.flags import Flag
from quality.masters import Masters
from quality.rules import QualityRules


def agreed_flags(record: OpenedRecord, state: DomainState) -> tuple[Flag, ...]:
    """What a record shows beside what was agreed before it; nothing unless it is read whole.

    Args:
        record: a record as its reader gets it.
        state: what is in force after this entry or a later one.
    """
    groups = {item.group: item.value for item in record.groups}
    if not isinstance(state, Masters) or not is_whole(groups):
        return ()
    facts = QualityRules().facts(record.row.vct, groups)
    if facts is None:
        return ()
    return state.flags(said_of_entry(record.row, groups, facts=facts))


def encode_agreed_flag(flag: Flag) -> dict[str, Any]:
    """A flag as JSON."""
    return {"code": flag.code, "pointer": flag.pointer, "en": flag.en, "zh": flag.zh}
