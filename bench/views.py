"""Views of many records, filtered for one partner and written in pieces, as an export reads them.

The records are small uploads of several suppliers, addressed to the reader by a relation in
force; the log is the one that ``bench.ingest`` founds. Nothing goes over a network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from api.exchange import Reader
from api.http_signatures import SignedBy
from api.process_clock import ProcessClock
from api.record_stream import RecordStream
from api.request_evidence import RequestEvidence
from api.routes import Served, open_served
from api.search_query import EVERYTHING
from api.wiring import Service, open_service
from bench.consortium import FAMILY, OEM, ORIGIN, VCT, Consortium, found_consortium, upload_of
from bench.engines import Engine
from bench.report import Figures
from keys.identifiers import KeyId, party_did
from ledger.compose import Filing
from ledger.content import CheckedRecord, check_submission

ROUNDS: Final = 3
RECORDS_AT_ONCE: Final = 500


def measure_views(records: int, engine: Engine, root: Path) -> Figures:
    """Records a second, of the clock on the wall and of this process's processor time."""
    consortium = found_consortium(engine.folder(root / "views"))
    settings = consortium.settings(check_processes=0)
    service = open_service(settings, passphrase=lambda: consortium.passphrase)
    try:
        _fill(service, consortium, records)
        rounds = [_round(open_served(service), records) for _ in range(ROUNDS)]
    finally:
        service.close()
    return {
        "view_records_per_s": median(wall for wall, _ in rounds),
        "view_records_per_cpu_s": median(cpu for _, cpu in rounds),
    }


def _fill(service: Service, consortium: Consortium, records: int) -> None:
    kind, now_s = service.ledger.fold.types[VCT], ProcessClock().now_s()
    composers = [party.machine_composer(consortium.policy) for party in consortium.suppliers]
    filing = Filing(to=(party_did(ORIGIN, OEM),), family=FAMILY)
    for start in range(0, records, RECORDS_AT_ONCE):
        group: list[CheckedRecord] = []
        for number in range(start, min(start + RECORDS_AT_ONCE, records)):
            composer = composers[number % len(composers)]
            text = composer.compose_record(kind, upload_of(number), filing=filing, iat=now_s)
            checked = check_submission(text, service.ledger.checker)
            assert isinstance(checked, CheckedRecord), checked
            group.append(checked)
        service.ledger.submit(group).result()


def _round(served: Served, records: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    size = sum(map(len, _pieces(served, records)))
    assert size > records, "a line for each record"
    return records / (time.perf_counter() - wall), records / (time.process_time() - cpu)


def _pieces(served: Served, records: int) -> Iterator[bytes]:
    service, reader = served.service, _reader()
    stream = RecordStream(service.ledger, service.store, served.shelf, served.sharing)
    reading = served.sharing.reading(reader)
    asked = replace(EVERYTHING, limit=records, vct=VCT)
    indices, _ = served.search.all_of(asked, reading)
    assert len(indices) == records
    note = served.published.checkpoint_over(indices[0] + 1)
    return stream.write(stream.select(indices, checkpoint=note), reading, reader)


def _reader() -> Reader:
    """The partner, with a request as evidence: what is shown to it leaves receipts."""
    did = party_did(ORIGIN, OEM)
    evidence = RequestEvidence("GET", "http://127.0.0.1/v1/records", fields=(), base="")
    return Reader(did, SignedBy(KeyId(f"{did}#z6Mk"), did, evidence))
