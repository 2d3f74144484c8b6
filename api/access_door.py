"""What owners are told of accesses, over HTTP (docs/spec/accesses.md, sections 4 and 6).

Every route needs a signed request and answers of rows of its signer alone: that somebody else's
records were read is nobody's to know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.access_query import encode_number, parse_access_query, parse_alert_query
from api.accesses.alert_rules import RULE_NAME, parse_alert_rule
from api.accesses.book import AccessBook, Alert, NumberedRow
from api.exchange import Reader, Refused, RequestJudge, read_body
from api.http_signatures import is_signed
from api.reading import ReadingDesk
from api.records import private
from ledger import limits
from ledger.clock import Clock
from ledger.faults import Refusal
from ledger.strict_json import parse_json_object

_NUMBER_DIGITS_MAX: Final = 15


@dataclass(frozen=True, slots=True)
class AccessDoor:
    """The routes of access receipts, alert rules and alerts."""

    book: AccessBook
    judge: RequestJudge
    reading: ReadingDesk
    clock: Clock

    def accesses(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/accesses``: who read what of the signer's records."""
        asked, has_evidence = parse_access_query(request.query_params, reader)
        # The mark first: an hour that it calls closed has all its rows in what is read now.
        mark = self.book.mark()
        rows = self.book.rows(asked)
        page = rows[: asked.limit]
        told: dict[str, Any] = {
            "accesses": [_row_members(row) for row in page],
            "mark": mark._asdict(),
            "next": encode_number(page[-1].number) if len(rows) > asked.limit else None,
        }
        if has_evidence:
            told["rows"] = [row.text for row in page]
            told["requests"] = self.book.evidence(sorted({row.request for row in page}))
        return private(JSONResponse(told))

    def rules(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/access-rules``: the signer's rules for alerts."""
        del request
        found = self.book.rules(_owner(reader))
        rules = [{"name": name, **rule.members()} for name, rule in found.items()]
        return private(JSONResponse({"rules": rules}))

    async def put_rule(self, request: Request) -> Response:
        """``PUT /v1/access-rules/{rule}``: keep a rule under a name."""
        owner, body = await self._signed(request, bytes_max=limits.ALERT_RULE_BYTES_MAX)
        name, rule = _rule_name(request), parse_alert_rule(body)
        await self.reading.run(owner, lambda: self.book.put_rule(owner, name, rule))
        return JSONResponse({"name": name, **rule.members()})

    async def drop_rule(self, request: Request) -> Response:
        """``DELETE /v1/access-rules/{rule}``: the rule, and alerts by it."""
        owner, _ = await self._signed(request, bytes_max=0)
        name = _rule_name(request)
        await self._change(owner, lambda: self.book.drop_rule(owner, name), f"no rule {name}")
        return Response(status_code=errors.NO_CONTENT)

    def alerts(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/access-alerts``: what rules were met, newest first."""
        owner = _owner(reader)
        asked = parse_alert_query(request.query_params)
        found = self.book.alerts(
            owner, limit=asked.limit + 1, after=asked.after, is_all=asked.is_all
        )
        page = found[: asked.limit]
        following = encode_number(page[-1].number) if len(found) > asked.limit else None
        told = {"alerts": [_alert_members(alert) for alert in page], "next": following}
        return private(JSONResponse(told))

    async def acknowledge(self, request: Request) -> Response:
        """``POST /v1/access-alerts/{alert}/acknowledgement``: the signer knows of it."""
        owner, _ = await self._signed(request, bytes_max=0)
        number = _alert_number(request)
        at_ms = self.clock.now_ms()
        work = lambda: self.book.acknowledge(owner, number, at_ms=at_ms)  # noqa: E731
        await self._change(owner, work, f"no alert {number}")
        return Response(status_code=errors.NO_CONTENT)

    async def _change(self, owner: str, work: Callable[[], bool], absent: str) -> None:
        if not await self.reading.run(owner, work):
            raise Refused(Refusal("not-found", absent))

    async def _signed(self, request: Request, *, bytes_max: int) -> tuple[str, bytes]:
        """Who signed the request, and its body, which is not read where nobody did."""
        if not is_signed(tuple(request.headers.items())):
            raise Refused(Refusal("signature-required", "accesses: sign the request"))
        body = await read_body(request, bytes_max)
        reader = await run_in_threadpool(self.judge.reader_of, request, body)
        return _owner(reader), body


def _owner(reader: Reader) -> str:
    if reader.did is None:
        raise Refused(Refusal("signature-required", "accesses: sign the request"))
    return reader.did


def _rule_name(request: Request) -> str:
    name = str(request.path_params["rule"])
    if not RULE_NAME.fullmatch(name):
        raise Refused(Refusal("not-found", "a rule's name: 1 to 40 of a-z, 0-9 and '-'"))
    return name


def _alert_number(request: Request) -> int:
    text = str(request.path_params["alert"])
    if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX):
        raise Refused(Refusal("not-found", "no alert of this number"))
    return int(text)


def _row_members(row: NumberedRow) -> dict[str, Any]:
    return {"number": row.number, **_members(row.text)}


def _alert_members(alert: Alert) -> dict[str, Any]:
    return {
        "number": alert.number,
        "rule": alert.name,
        "reader": alert.reader,
        "first_ms": alert.first_ms,
        "last_ms": alert.last_ms,
        "reads": alert.reads,
        "last": _members(alert.last),
        "acknowledged_ms": alert.acknowledged_ms,
    }


def _members(text: str) -> dict[str, Any]:
    return dict(parse_json_object(text.encode(), bytes_max=limits.ACCESS_BYTES_MAX))
