"""The HTTP routes of tallies: an inspection while it is done (docs/spec/tally.md).

Every route needs a signed request of a member in good standing, and knows its own tallies only:
whatever is another's, expired or never was looks the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.exchange import Reader, Refused, RequestJudge, read_body
from api.http_signatures import is_signed
from api.reading import ReadingDesk
from api.records import RecordShelf, private
from api.tallies.book import NewReading, Tally, TallyBook
from api.tallies.opening import REPORT, Due, Opened, TallyOpener
from api.tallies.severities import DerivedSeverities
from keys.encoding import encode_base64url
from ledger import limits
from ledger.clock import Clock
from ledger.errors import MalformedJson
from ledger.faults import Refusal
from ledger.service import Ledger
from ledger.strict_json import encode_json, parse_json_object
from quality.errors import MalformedReading, QualityError
from quality.in_force.parts import PartKey
from quality.tally.draft import Frame, draft_report
from quality.tally.fold import Fold, Numbered, Tallied, tally_up
from quality.tally.judging import judge_reading
from quality.tally.opening import Opening, parse_opening
from quality.tally.plan import TallyPlan, plan_of
from quality.tally.readings import Reading, parse_reading, parse_sequence, reading_members
from quality.tally.severities import InForce
from quality.tally.telling import tell

Result = TypeVar("Result")
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class TallyParts:
    """What the door works with; ``severities`` are those in force for the next lot of a part."""

    book: TallyBook
    ledger: Ledger
    shelf: RecordShelf
    clock: Clock
    severities: DerivedSeverities


class TallyDoor:
    """The routes of tallies."""

    def __init__(self, parts: TallyParts, judge: RequestJudge, reading: ReadingDesk) -> None:
        """Answer from ``parts``; ``judge`` tells who asks, and ``reading`` when it is its turn."""
        self._parts, self._judge, self._reading = parts, judge, reading

    async def open(self, request: Request) -> Response:
        """``POST /v1/tallies``: open one for a lot."""
        reader, body = await self._signed(request, bytes_max=limits.TALLY_OPENING_BYTES_MAX)
        return await self._run(reader, lambda: self._open(reader, body))

    async def take(self, request: Request) -> Response:
        """``POST /v1/tallies/{tally}/readings``: take one reading, tell the state of the lot."""
        reader, body = await self._signed(request, bytes_max=limits.TALLY_READING_BYTES_MAX)
        tally_id = str(request.path_params["tally"])
        return await self._run(reader, lambda: self._take(reader, tally_id, body))

    async def drop(self, request: Request) -> Response:
        """``DELETE /v1/tallies/{tally}``: with all its readings."""
        reader, _ = await self._signed(request, bytes_max=0)
        tally_id = str(request.path_params["tally"])
        return await self._run(reader, lambda: self._drop(reader, tally_id))

    def listed(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/tallies``: the party's own, the newest first."""
        del request
        party = self._member(reader)
        found = self._parts.book.of_party(party, now_ms=self._now_ms)
        return private(JSONResponse({"tallies": [_head(tally) for tally in found]}))

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/tallies/{tally}``: the plan, and the state after the last reading."""
        tally = self._find(reader, str(request.path_params["tally"]))
        plan, tallied = self._counted(tally)
        told = {**_head(tally), **_opened(tally), "state": tell(plan, tallied)}
        return private(JSONResponse(told))

    def draft(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/tallies/{tally}/draft``: the report that the party signs."""
        tally = self._find(reader, str(request.path_params["tally"]))
        plan, tallied = self._counted(tally)
        opened = _opened(tally)
        instant = datetime.fromtimestamp(tally.touched_ms // 1000, UTC)
        frame = Frame(opened["lot"], opened["stage"], f"{instant:%Y-%m-%dT%H:%M:%SZ}")
        groups = _told(lambda: draft_report(plan, tallied, frame))
        told: dict[str, Any] = {"type": REPORT, "groups": groups}
        filing = _filing(opened["lot"], tally.party)
        return private(JSONResponse({**told, "filing": filing} if filing else told))

    # ---- the work ----

    def _open(self, reader: Reader, body: bytes) -> Response:
        party = self._member(reader)
        opening = _told(lambda: parse_opening(body))
        self._parts.ledger.catch_up()
        now_ms = self._now_ms
        opener = TallyOpener(self._parts.ledger.tip, self._parts.shelf, reader, now_ms)
        key = opener.expect_sayable(opening)
        due = self._due(opening, key, party)
        made = _told(lambda: opener.open(opening, key, due=due))
        document = encode_json(_document(opening, made, due)).decode()
        tally_id = encode_base64url(secrets.token_bytes(_ID_BYTES))
        tally = Tally(tally_id, party, document, now_ms, now_ms, 0)
        self._parts.book.open(tally)
        told = {**_head(tally), **_opened(tally), "state": tell(made.planned.plan, _nothing(made))}
        answer = JSONResponse(told, status_code=errors.CREATED)
        answer.headers["Location"] = f"/v1/tallies/{tally_id}"
        return private(answer)

    def _take(self, reader: Reader, tally_id: str, body: bytes) -> Response:
        tally = self._find(reader, tally_id)
        plan = plan_of(_opened(tally)["plan"])
        sequence, reading = _told(lambda: _parse_numbered(body))
        folds: list[Fold] = []

        def judge(_: Tally, before: Sequence[str]) -> None:
            folds.append(Fold(plan, _numbered(before)))
            judge_reading(reading, plan, folds[0].tallied)

        text = encode_json(reading_members(reading)).decode()
        new = NewReading(sequence, text, self._now_ms)
        texts = _told(lambda: self._parts.book.add(tally, new, judge=judge))
        if texts is None:
            raise _absent(tally_id)
        if folds:
            return private(JSONResponse(tell(plan, folds[0].take(sequence, reading))))
        # Sent again: judged before, and answered from all up to it.
        return private(JSONResponse(tell(plan, tally_up(plan, _numbered(texts)))))

    def _due(self, opening: Opening, key: PartKey | None, party: str) -> Due:
        if key is None:
            return Due(InForce())
        return _told(lambda: self._parts.severities.due(opening, key, party=party))

    def _drop(self, reader: Reader, tally_id: str) -> Response:
        party = self._member(reader)
        if not self._parts.book.drop(tally_id, party=party, now_ms=self._now_ms):
            raise _absent(tally_id)
        return Response(status_code=errors.NO_CONTENT)

    def _find(self, reader: Reader, tally_id: str) -> Tally:
        party = self._member(reader)
        tally = self._parts.book.find(tally_id, party=party, now_ms=self._now_ms)
        if tally is None:
            raise _absent(tally_id)
        return tally

    def _counted(self, tally: Tally) -> tuple[TallyPlan, Tallied]:
        plan = plan_of(_opened(tally)["plan"])
        return plan, tally_up(plan, _numbered(self._parts.book.readings(tally)))

    def _member(self, reader: Reader) -> str:
        """The DID of a member in good standing; to others there are no tallies.

        Raises:
            Refused: the request is not signed, or its signer is no member.
        """
        if reader.did is None:
            raise Refused(Refusal("signature-required", "tallies: sign the request"))
        if not self._parts.shelf.is_member(reader):
            raise Refused(Refusal("not-found", "no tallies here for you"))
        return reader.did

    @property
    def _now_ms(self) -> int:
        return self._parts.clock.now_ms()

    async def _run(self, reader: Reader, work: Callable[[], Response]) -> Response:
        return await self._reading.run(reader.did or "", work)

    async def _signed(self, request: Request, *, bytes_max: int) -> tuple[Reader, bytes]:
        """Who signed the request, and its body, which is not read where nobody did."""
        if not is_signed(tuple(request.headers.items())):
            raise Refused(Refusal("signature-required", "tallies: sign the request"))
        body = await read_body(request, bytes_max)
        return await run_in_threadpool(self._judge.reader_of, request, body), body


def _parse_numbered(body: bytes) -> tuple[int, Reading]:
    """The sequence and the reading in a body.

    Raises:
        MalformedReading: it has another form.
    """
    try:
        members = parse_json_object(body, bytes_max=limits.TALLY_READING_BYTES_MAX)
    except MalformedJson as fault:
        raise MalformedReading(f"expected sequence and reading: {fault}") from fault
    if members.keys() != {"sequence", "reading"}:
        named = ", ".join(sorted(members))[:60]
        raise MalformedReading(f"expected members sequence and reading, found {named or 'none'}")
    sequence = parse_sequence(members["sequence"], "/sequence")
    return sequence, parse_reading(members["reading"])


def _numbered(texts: Sequence[str]) -> list[Numbered]:
    """Readings as they were kept, with their sequences."""
    return [
        (at, parse_reading(parse_json_object(text.encode(), bytes_max=len(text.encode()))))
        for at, text in enumerate(texts, start=1)
    ]


def _nothing(made: Opened) -> Tallied:
    return tally_up(made.planned.plan, ())


def _document(opening: Opening, made: Opened, due: Due) -> Any:
    """What a tally was opened for, as it is kept and told."""
    planned = made.planned
    return {
        "lot": dict(opening.lot),
        "stage": opening.stage,
        "plan": planned.plan.members(),
        "risks": planned.risks,
        "severities": {
            name: {"severity": severity, "from": source}
            for name, (severity, source) in planned.severities.items()
        },
        "sampling_size": due.size,
        "specification": made.specification,
        "flags": [dict(one) for one in planned.flags],
    }


def _head(tally: Tally) -> dict[str, Any]:
    return {
        "tally": tally.tally_id,
        "opened_ms": tally.opened_ms,
        "expires_ms": tally.expires_ms,
        "sequence": tally.last,
    }


def _opened(tally: Tally) -> dict[str, Any]:
    found = parse_json_object(tally.opened.encode(), bytes_max=len(tally.opened.encode()))
    return dict(found)


def _filing(lot: Mapping[str, Any], party: str) -> dict[str, Any]:
    """Whom the report is given to: the other side of the part, where it is one."""
    sides = [lot.get(name) for name in ("customer", "supplier")]
    others = [side for side in sides if side not in (None, party)]
    return {"subject": others[0], "to": others} if len(others) == 1 else {}


def _absent(tally_id: str) -> Refused:
    return Refused(Refusal("not-found", f"no tally {tally_id[:60]!r}"))


def _told(work: Callable[[], Result]) -> Result:
    """What the work gives; an error of the trade becomes the answer.

    Raises:
        Refused: with the code of the error.
    """
    try:
        return work()
    except QualityError as fault:
        raise Refused(Refusal(fault.code, str(fault))) from fault
