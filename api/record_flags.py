"""The flags of a record that only what was in force before it tells (docs/spec/masters.md).

They are computed when they are asked for, of the state after the last entry: what came after
the record changes none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from api.records import OpenedRecord
from ledger.domain_state import DomainState
from ledger.entitled_reading import said_of_entry
from quality.agreed_limits import cited_flags, with_agreed_limits
from quality.flags import Flag
from quality.masters import Masters
from quality.rules import QualityRules
from quality.values import Groups

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
    cited = state.cited_specification(said)
    beside = _beside(groups, open_record(cited.record_id)) if cited else ()
    return (*state.flags(said), *beside)


def encode_agreed_flag(flag: Flag) -> dict[str, Any]:
    """A flag as JSON."""
    return {"code": flag.code, "pointer": flag.pointer, "en": flag.en, "zh": flag.zh}


def _beside(groups: Groups, cited: OpenedRecord) -> Iterator[Flag]:
    """What an inspection shows by the limits of the specification, and not without them."""
    if not cited.sight.is_whole:
        return
    specification = _groups(cited)
    vct, rules = "inspection-report/v1", QualityRules()
    alone = rules.flags(vct, groups)
    for flag in rules.flags(vct, with_agreed_limits(groups, specification)):
        # A nominal value outside its limits is a flag of the specification itself.
        if flag not in alone and flag.code != "nominal-outside-limits":
            yield flag
    yield from cited_flags(groups, specification)


def _groups(record: OpenedRecord) -> dict[str, Any]:
    return {item.group: item.value for item in record.groups}
