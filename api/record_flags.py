"""The flags of a record that only what was in force before it tells (docs/spec/masters.md).

They are computed when they are asked for, of the state after the last entry: what came after
the record changes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.records import OpenedRecord
from keys.encoding import encode_base64url
from ledger.domain_state import DomainState, Said
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
    if not isinstance(state, Masters) or not _is_whole(groups):
        return ()
    facts = QualityRules().facts(record.row.vct, groups)
    if facts is None:
        return ()
    return state.flags(
        Said(
            index=record.row.index,
            admitted_ms=record.row.admitted_ms,
            record_id=encode_base64url(record.row.record_id),
            party=record.row.party,
            vct=record.row.vct,
            to=tuple(groups["address"]["to"]),
            subject=groups["manifest"]["subject"],
            family=groups["address"]["family"],
            corrects=groups["manifest"]["corrects"],
            facts=facts,
        )
    )


def encode_agreed_flag(flag: Flag) -> dict[str, Any]:
    """A flag as JSON."""
    return {"code": flag.code, "pointer": flag.pointer, "en": flag.en, "zh": flag.zh}


def _is_whole(groups: Mapping[str, Any]) -> bool:
    filing = groups.get("filing")
    return filing is not None and {"manifest", "address", *filing["present"]} <= groups.keys()
