"""The flags of a record that only what was in force before it tells (docs/spec/masters.md).

They are computed when they are asked for, of the state after the last entry: what came after
the record changes none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.exchange import Refused
from api.limit_flags import flags_by_limits
from api.records import OpenedRecord
from ledger.domain_state import DomainState
from ledger.entitled_reading import said_of_entry
from quality.flags import Flag
from quality.masters import Masters
from quality.rules import QualityRules

Opening = Callable[[str], OpenedRecord]
"""Opens a record by its id as the reader gets it who asks for flags."""


def agreed_flags(
    record: OpenedRecord, state: DomainState, *, open_record: Opening
) -> tuple[Flag, ...]:
    """What a record shows beside what was agreed before it; nothing unless it is read whole.

    Args:
        record: a record as its reader gets it.
        state: what is in force after this entry or a later one.
        open_record: opens the specification that it cites, for the same reader: who does not
            read it whole is told nothing that follows from it.
    """
    groups = _groups(record)
    if not isinstance(state, Masters) or not record.sight.is_whole:
        return ()
    facts = QualityRules().facts(record.row.vct, groups)
    if facts is None:
        return ()
    said = said_of_entry(record.row, groups, facts=facts)
    cited = cited_record(record, state, open_record=open_record)
    if cited is None or not cited.sight.is_whole:
        return (*state.flags(said),)
    return (*state.flags(said), *flags_by_limits(groups, _groups(cited)))


def encode_agreed_flag(flag: Flag) -> dict[str, Any]:
    """A flag as JSON."""
    return {"code": flag.code, "pointer": flag.pointer, "en": flag.en, "zh": flag.zh}


def cited_record(
    record: OpenedRecord, state: DomainState, *, open_record: Opening
) -> OpenedRecord | None:
    """The specification that a record cites, as its reader gets it; None where it is not shown.

    Args:
        record: a record as its reader gets it.
        state: what is in force after this entry or a later one.
        open_record: opens the specification for the same reader.
    """
    groups = _groups(record)
    facts = QualityRules().facts(record.row.vct, groups) if record.sight.is_whole else None
    if facts is None or not isinstance(state, Masters):
        return None
    cited = state.cited_specification(said_of_entry(record.row, groups, facts=facts))
    if cited is None:
        return None
    try:
        return open_record(cited.record_id)
    except Refused:
        # Who may not know of the specification reads the inspection all the same.
        return None


def cited_groups(
    record: OpenedRecord, state: DomainState, *, open_record: Opening
) -> dict[str, Any] | None:
    """The groups of the specification that a record cites; None unless it is read whole."""
    cited = cited_record(record, state, open_record=open_record)
    return _groups(cited) if cited is not None and cited.sight.is_whole else None


def _groups(record: OpenedRecord) -> dict[str, Any]:
    return {item.group: item.value for item in record.groups}
