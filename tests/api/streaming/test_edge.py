"""The edge keeps rows before it answers, signs them once, and goes on after any interruption."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli.table_errors import JournalDamaged, JournalInUse
from api.client_errors import ServerUnreachable
from api.streaming import spool as spooling
from api.streaming.door import build_door
from api.streaming.edge import RETRY_SECONDS, Batching, Edge
from api.streaming.rows import StreamRow, parse_row
from api.streaming.spool import Spool
from ledger.submission import Admitted
from quality.errors import MalformedReading

NAMES = ("pressure", "speed")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def line(number: int, **more: Any) -> bytes:
    """A row as a machine sends it."""
    at = f"2026-11-20T08:{number // 60:02}:{number % 60:02}Z"
    return json.dumps({"at": at, "values": {"pressure": "80.50"}, **more}).encode()


def row(number: int, **more: Any) -> StreamRow:
    return parse_row(line(number, **more), NAMES)


@dataclass(slots=True)
class Log:
    """A log that may be away, or break off behind a signature or an admission."""

    admitted: list[str] = field(default_factory=list)
    signed: list[list[str]] = field(default_factory=list)
    is_away: bool = False
    is_lost: bool = False
    refuses: bool = False

    def sign(self, rows: Sequence[dict[str, Any]]) -> str:
        self.signed.append([each["at"] for each in rows])
        return json.dumps([each["at"] for each in rows])

    def submit(self, sd_jwt: str) -> Admitted | str:
        if self.is_away:
            raise ServerUnreachable("away")
        if self.refuses:
            return "invalid-claims"
        if sd_jwt not in self.admitted:
            self.admitted.append(sd_jwt)
        if self.is_lost:
            raise ServerUnreachable("the answer was lost")
        return Admitted("r" * 43, self.admitted.index(sd_jwt), "receipt", False)

    def rows(self) -> list[str]:
        return [at for text in self.admitted for at in json.loads(text)]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def told() -> list[str]:
    return []


def an_edge(folder: Path, log: Log, told: list[str]) -> tuple[Edge, Spool]:
    spool = Spool(folder / "spool")
    return Edge(spool, log, Batching(rows=3, seconds=10), tell=told.append), spool


@pytest.fixture
def edge(tmp_path: Path, log: Log, told: list[str]) -> Iterator[Edge]:
    made, spool = an_edge(tmp_path, log, told)
    yield made
    spool.close()


@pytest.mark.item("7.6.streaming")
def test_a_batch_is_closed_by_its_rows_or_by_its_age(edge: Edge, log: Log) -> None:
    edge.accept([row(n) for n in range(4)], at=0.0)

    edge.tick(at=1.0)
    by_rows = len(log.admitted)
    edge.tick(at=10.9)
    before_its_age = len(log.admitted)
    edge.tick(at=11.0)

    assert (by_rows, before_its_age, len(log.admitted)) == (1, 1, 2)
    assert log.rows() == [row(n).content["at"] for n in range(4)]


@pytest.mark.item("7.6.streaming")
def test_what_is_sent_twice_is_one_row_by_its_id(edge: Edge) -> None:
    assert edge.accept([row(1, id="a"), row(1, id="a"), row(2, id="b")], at=0.0) == 2
    assert edge.accept([row(2, id="b"), row(3)], at=0.0) == 1
    assert edge.counts()["rows_waiting"] == 3


@pytest.mark.item("7.6.streaming")
def test_rows_are_kept_while_the_service_is_away(edge: Edge, log: Log, told: list[str]) -> None:
    log.is_away = True
    edge.accept([row(n) for n in range(7)], at=0.0)

    assert not edge.tick(at=0.0)
    log.is_away = False
    assert not edge.tick(at=RETRY_SECONDS / 2)
    assert edge.tick(at=RETRY_SECONDS, is_last=True)

    assert "does not answer" in told[0]
    assert log.rows() == [row(n).content["at"] for n in range(7)]
    assert edge.counts()["records_admitted"] == 3


@pytest.mark.item("7.6.streaming")
def test_after_a_crash_everything_goes_on_and_nothing_is_signed_twice(
    tmp_path: Path, log: Log, told: list[str]
) -> None:
    edge, spool = an_edge(tmp_path, log, told)
    edge.accept([row(n, id=str(n)) for n in range(5)], at=0.0)
    log.is_lost = True
    edge.tick(at=0.0)
    spool.close()
    # The end of a write that was cut off: nobody was told that it is kept.
    with (tmp_path / "spool" / "rows.jsonl").open("ab") as file:
        file.write(b'{"n": 6, "id"')

    log.is_lost = False
    again, spool = an_edge(tmp_path, log, told)
    again.accept([row(9)], at=0.0)
    assert again.tick(at=0.0, is_last=True)
    spool.close()

    assert log.rows() == [row(n).content["at"] for n in (0, 1, 2, 3, 4, 9)]
    assert [len(rows) for rows in log.signed] == [3, 3]


def test_rows_of_a_record_that_a_crash_left_in_the_file_too_are_passed_over(
    tmp_path: Path, log: Log, told: list[str]
) -> None:
    edge, spool = an_edge(tmp_path, log, told)
    edge.accept([row(n) for n in range(3)], at=0.0)
    before = (tmp_path / "spool" / "rows.jsonl").read_bytes()
    log.is_away = True
    edge.tick(at=0.0)
    spool.close()
    (tmp_path / "spool" / "rows.jsonl").write_bytes(before)

    log.is_away = False
    again, spool = an_edge(tmp_path, log, told)
    assert again.counts()["rows_waiting"] == 0
    again.tick(at=0.0, is_last=True)
    spool.close()

    assert len(log.rows()) == 3


def test_a_refused_record_stays_in_the_spool_and_is_told(
    edge: Edge, log: Log, told: list[str], tmp_path: Path
) -> None:
    log.refuses = True
    edge.accept([row(1)], at=0.0)

    assert edge.tick(at=0.0, is_last=True)

    assert told == ["refused: invalid-claims: 1 rows stay in the spool"]
    assert [path.name for path in (tmp_path / "spool").glob("*.refused")] == ["00000001.refused"]
    assert edge.counts()["records_refused"] == 1


def test_a_spool_is_one_process_s_and_a_damaged_one_is_told(edge: Edge, tmp_path: Path) -> None:
    with pytest.raises(JournalInUse):
        Spool(tmp_path / "spool")
    other = tmp_path / "other"
    Spool(other).close()
    (other / "rows.jsonl").write_bytes(b"nothing\n")
    with pytest.raises(JournalDamaged, match="expected lines of a spool"):
        Spool(other)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[]", "expected a row as a JSON object"),
        (b'{"at": "2026-11-20 08:00", "values": [1, 2]}', "expected an instant"),
        (b'{"at": "2026-02-30T08:00:00Z", "values": [1, 2]}', "expected an instant"),
        (b'{"at": "2026-11-20T08:00:00Z", "values": [1]}', "expected 2 of them, found 1"),
        (b'{"at": "2026-11-20T08:00:00Z", "values": {"sped": 1}}', "found 'sped'"),
        (b'{"at": "2026-11-20T08:00:00Z", "values": ["1,5", 2]}', "pressure: expected a number"),
        (b'{"at": "2026-11-20T08:00:00Z", "values": [true, 2]}', "pressure: expected a number"),
        (b'{"at": "2026-11-20T08:00:00Z", "values": [1, 2], "x": 1}', "found 'x'"),
    ],
)
def test_what_is_no_row_is_refused_with_what_was_expected(text: bytes, told: str) -> None:
    with pytest.raises(MalformedReading, match=told):
        parse_row(text, NAMES)


def test_values_keep_the_digits_that_they_were_sent_with() -> None:
    found = parse_row(
        b'{"at": "2026-11-20T08:00:00Z", "values": {"pressure": "80.50", "speed": 2.5e-1}}', NAMES
    )

    assert found.content["values"] == ["80.50", "0.25"]


@pytest.mark.item("7.6.streaming")
def test_the_door_answers_when_rows_are_kept_and_takes_all_or_none(edge: Edge) -> None:
    async def ask() -> list[httpx.Response]:
        door = httpx.ASGITransport(app=build_door(edge, NAMES, clock=lambda: NOW))
        async with httpx.AsyncClient(transport=door, base_url="http://127.0.0.1") as client:
            jsonl = {"content-type": "application/x-ndjson"}
            return [
                await client.post("/rows", content=line(1) + b"\n" + line(2), headers=jsonl),
                await client.post("/rows", content=line(3) + b"\n{}\n", headers=jsonl),
                await client.post("/rows", content=line(3), headers={"content-type": "text/plain"}),
                await client.get("/status"),
            ]

    taken, bad, form, status = asyncio.run(ask())

    assert taken.json() == {"accepted": 2, "repeated": 0}
    assert (bad.status_code, bad.json()["code"]) == (422, "malformed-reading")
    assert "line 2: " in bad.json()["detail"]
    assert form.status_code == 415
    assert status.json()["rows_waiting"] == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8090"}, 200),
        ({"host": "localhost:8090"}, 200),
        ({"host": "evil.example:8090"}, 403),
        ({"host": "127.0.0.1:8091"}, 403),
        ({"host": "127.0.0.1:8090", "origin": "http://127.0.0.1:8090"}, 403),
    ],
)
def test_the_door_answers_programs_of_its_own_machine_alone(
    edge: Edge, headers: dict[str, str], status: int
) -> None:
    async def ask() -> httpx.Response:
        door = httpx.ASGITransport(app=build_door(edge, NAMES, clock=lambda: NOW))
        async with httpx.AsyncClient(transport=door, base_url="http://127.0.0.1:8090") as client:
            return await client.get("/status", headers=headers)

    assert asyncio.run(ask()).status_code == status


def test_an_id_of_another_row_is_told_and_nothing_is_kept(edge: Edge) -> None:
    async def ask(content: bytes) -> httpx.Response:
        door = httpx.ASGITransport(app=build_door(edge, NAMES, clock=lambda: NOW))
        async with httpx.AsyncClient(transport=door, base_url="http://127.0.0.1") as client:
            jsonl = {"content-type": "application/x-ndjson"}
            return await client.post("/rows", content=content, headers=jsonl)

    edge.accept([row(1, id="a")], at=0.0)
    same, other = (asyncio.run(ask(line(n, id="a"))) for n in (1, 2))

    assert same.json() == {"accepted": 0, "repeated": 1}
    assert (other.status_code, other.json()["code"]) == (409, "reading-contradicts")
    assert edge.counts()["rows_waiting"] == 1


def test_a_refused_record_stays_though_a_crash_came_before_its_new_name(
    tmp_path: Path, log: Log, told: list[str]
) -> None:
    edge, spool = an_edge(tmp_path, log, told)
    log.refuses = True
    edge.accept([row(1)], at=0.0)
    edge.tick(at=0.0, is_last=True)
    spool.close()
    refused = tmp_path / "spool" / "00000001.refused"
    refused.replace(refused.with_suffix(".record"))

    Spool(tmp_path / "spool").close()

    assert refused.exists()


def test_a_batch_is_closed_by_its_bytes_too(
    edge: Edge, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "BATCH_BYTES_MAX", 150)
    edge.accept([row(n) for n in range(3)], at=0.0)
    edge.tick(at=0.0, is_last=True)
    assert [len(rows) for rows in log.signed] == [2, 1]


def test_rows_beyond_the_bytes_of_a_spool_are_refused(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "BYTES_MAX", 150)
    edge.accept([row(1)], at=0.0)
    with pytest.raises(JournalDamaged, match="bytes of rows"):
        edge.accept([row(2)], at=0.0)
    assert edge.counts()["rows_waiting"] == 1


def test_the_file_of_rows_is_not_written_anew_for_each_batch(edge: Edge, tmp_path: Path) -> None:
    edge.accept([row(n) for n in range(9)], at=0.0)
    file = tmp_path / "spool" / "rows.jsonl"
    before = file.read_bytes()

    edge._sign(0.0)
    after_one = file.read_bytes()
    edge._sign(0.0)

    assert after_one == before
    assert len(file.read_bytes().splitlines()) == 3


@pytest.mark.parametrize("days", [1, -366])
def test_a_time_that_no_machine_measures_is_refused_by_name(edge: Edge, days: int) -> None:
    def ask(beyond: timedelta) -> httpx.Response:
        async def post() -> httpx.Response:
            door = httpx.ASGITransport(app=build_door(edge, NAMES, clock=lambda: now))
            async with httpx.AsyncClient(transport=door, base_url="http://127.0.0.1") as client:
                jsonl = {"content-type": "application/x-ndjson"}
                return await client.post("/rows", content=line(1), headers=jsonl)

        at = datetime.fromisoformat(row(1).content["at"])
        now = at - timedelta(days=days) - (beyond if days > 0 else -beyond)
        return asyncio.run(post())

    taken, refused = ask(timedelta()), ask(timedelta(seconds=1))
    assert taken.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (400, "time-out-of-range")
    assert refused.json()["detail"].startswith("line 1: at: expected a time of the last year")
