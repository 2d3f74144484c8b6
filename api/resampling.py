"""Folding the sampling of parts again, offline: from the records that an answer rests on.

What the service says is compared with what its own inputs come to. A record that it leaves out
is not noticed here: whoever misses one of its own reports among the inputs asks about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.client import LogClient
from api.client_errors import AnswerMalformed
from api.exchange import Reader
from api.recounting import fetch_records
from api.sampling_query import AskedSampling, parts_for, question_of
from ledger.anchor import Anchor
from quality.deliveries.agreed import Filed
from quality.sampling.history import SampledRecord, SamplingRecords
from quality.sampling.told import ROWS, tell_sampling

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class ToldState:
    """What the service answered; ``withdrawn`` are reports that it says others correct."""

    rows: Rows
    provenance: Mapping[str, Any]
    entries: Sequence[str]
    erased: Sequence[str]
    withdrawn: Sequence[str]


def read_state(members: Mapping[str, Any]) -> ToldState:
    """Read an answer.

    Raises:
        AnswerMalformed: it is of another form.
    """
    rows = {name: members.get(name) for name in ROWS}
    lists = [members.get(name, []) for name in ("entries", "erased", "withdrawn")]
    provenance = members.get("provenance")
    are_rows = all(_are(found, dict) for found in rows.values())
    are_ids = all(_are(found, str) for found in lists)
    if not (are_rows and are_ids and isinstance(provenance, dict)):
        raise AnswerMalformed(f"expected states and provenance, found {str(members)[:80]}")
    entries, erased, withdrawn = lists
    return ToldState(
        {name: found or [] for name, found in rows.items()}, provenance, entries, erased, withdrawn
    )


def resample(
    client: LogClient,
    anchor: Anchor,
    entries: Iterable[str],
    *,
    asked: AskedSampling,
    withdrawn: Sequence[str],
) -> Rows:
    """The rows that these records come to, each fetched and verified offline.

    Args:
        client: signs as the reader.
        anchor: what the records are verified from.
        entries: the ids of the records.
        asked: the question, and the moment at which it was asked.
        withdrawn: reports that are corrected by records which are not for the reader.

    Raises:
        AnswerMalformed: another record came than was asked for.
        LedgerError, KeysError: one does not verify.
        ClientError: the service did not give one.
    """
    parts = parts_for(asked.parts, Reader(client.did))
    questions = [question_of(asked, part) for part in parts]
    filed = sorted(fetch_records(client, anchor, entries), key=lambda record: record.index)
    records = read_sampled(filed, reader=client.did)
    told = tell_sampling(records, questions, withdrawn=withdrawn, reader=client.did)
    return told.rows


def read_sampled(filed: Iterable[Filed], *, reader: str | None) -> list[SampledRecord]:
    """What these records say of sampling, to one side of it.

    Args:
        filed: in the order of their entries.
        reader: one of the two sides.
    """
    # To a supplier it is not shown who measures for its customer: that is the service's word.
    reading, trusting = SamplingRecords(), SamplingRecords(takes_laboratories=True)
    found = []
    for record in filed:
        said = reading.read(record) or trusting.read(record)
        reading.apply(record)
        trusting.apply(record)
        if said is not None and (said.basis or _needs_no_basis(said, reader)):
            found.append(said)
    return found


def _needs_no_basis(said: SampledRecord, reader: str | None) -> bool:
    return said.filed.party in said.lane[:2] or reader == said.lane.supplier


def _are(found: object, kind: type) -> bool:
    return isinstance(found, list) and all(isinstance(item, kind) for item in found)
