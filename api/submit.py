"""``POST /v1/records``: one record, or many, one a line; the door for everything signed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.check_pool import Checked, CheckPool, check_line, parse_submission
from api.exchange import Refused, language_of, media_type_of, read_body
from ledger import limits
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import record_id
from ledger.service import Admitted, Ledger, Outcome

JSON = "application/json"
JSON_LINES = ("application/jsonl", "application/x-ndjson")


class SubmissionDoor:
    """Takes submissions, has them checked and admitted, and answers each with its receipt."""

    def __init__(self, ledger: Ledger, pool: CheckPool) -> None:
        """Admit through ``ledger``, check batches in ``pool``."""
        self._ledger = ledger
        self._pool = pool

    async def submit(self, request: Request) -> Response:
        """Answer one request."""
        media_type = media_type_of(request)
        if media_type == JSON:
            body = await read_body(request, limits.SUBMISSION_LINE_BYTES_MAX)
            return await self._submit_one(request, body)
        if media_type in JSON_LINES:
            body = await read_body(request, limits.SUBMISSION_BODY_BYTES_MAX)
            return await self._submit_lines(request, body)
        expected = f"expected {JSON} or {JSON_LINES[0]}, found {media_type[:80]!r}"
        raise Refused(Refusal("unsupported-media-type", expected))

    async def _submit_one(self, request: Request, body: bytes) -> Response:
        # Checked right here: handing one record to another thread costs more than the check.
        checked = check_line(body, self._ledger.checker)
        outcome = self._repeated(body, checked)
        if isinstance(checked, CheckedRecord):
            (outcome,) = await self._admit([checked])
        if isinstance(outcome, Refusal):
            return errors.problem_response(outcome, language=language_of(request))
        status = errors.CREATED if outcome.is_first else errors.OK
        location = f"/v1/records/{outcome.record_id}"
        return JSONResponse(_members(outcome), status, headers={"Location": location})

    async def _submit_lines(self, request: Request, body: bytes) -> Response:
        lines = split_lines(body)
        checked = await self._pool.check_lines(lines, self._ledger.checker)
        records = [item for item in checked if isinstance(item, CheckedRecord)]
        admitted = iter(await self._admit(records) if records else ())
        outcomes = [
            next(admitted) if isinstance(item, CheckedRecord) else self._repeated(line, item)
            for line, item in zip(lines, checked, strict=True)
        ]
        language = language_of(request)
        text = await asyncio.to_thread(_encode_lines, outcomes, language)
        return Response(text, media_type=JSON_LINES[0])

    async def _admit(self, records: Sequence[CheckedRecord]) -> tuple[Outcome, ...]:
        try:
            return await asyncio.wrap_future(self._ledger.submit(records))
        except LedgerError as fault:
            raise Refused(Refusal(fault.code, str(fault))) from fault

    def _repeated(self, line: bytes, checked: Checked) -> Outcome:
        """A refused submission whose JWS is in the log already gets its first receipt."""
        if isinstance(checked, CheckedRecord):
            return Refusal("internal", "a checked record was not handed on")
        sd_jwt = parse_submission(line)
        if isinstance(sd_jwt, Refusal):
            return checked
        try:
            jws, _ = split_submission(sd_jwt)
        except LedgerError:
            return checked
        return self._ledger.find_repeat(record_id(jws)) or checked


def split_lines(body: bytes) -> list[bytes]:
    """The lines of a JSONL body; a last line without LF counts, a wholly empty one does not.

    Raises:
        Refused: more lines than one request may have, or none.
    """
    lines = body.split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    if not 1 <= len(lines) <= limits.SUBMISSION_LINES_MAX:
        bound = limits.SUBMISSION_LINES_MAX
        raise Refused(Refusal("too-large", f"expected 1..{bound} lines, found {len(lines)}"))
    return lines


def _members(outcome: Admitted) -> dict[str, Any]:
    return {"record_id": outcome.record_id, "index": outcome.index, "receipt": outcome.receipt}


def _encode_lines(outcomes: Sequence[Outcome], language: str) -> bytes:
    lines = []
    for number, outcome in enumerate(outcomes, start=1):
        if isinstance(outcome, Refusal):
            members = {"line": number, **errors.problem_members(outcome, language=language)}
        else:
            members = {"line": number, **_members(outcome), "first": outcome.is_first}
        lines.append(json.dumps(members, ensure_ascii=False, separators=(",", ":")))
    return ("\n".join(lines) + "\n").encode()
