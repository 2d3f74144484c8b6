"""``POST /v1/records``: one record, or many, one a line; the door for everything signed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.check_pool import Checked, CheckPool, check_line, parse_submission
from api.exchange import Refused, language_of, media_type_of, read_body
from api.target_uri import PublicBase
from ledger import limits
from ledger.content import CheckedRecord, split_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.record import record_id
from ledger.service import Admitted, Ledger, Outcome

JSON: Final = "application/json"
JSON_LINES: Final = ("application/jsonl", "application/x-ndjson")


class SubmissionDoor:
    """Takes submissions, has them checked and admitted, and answers each with its receipt.

    A signature over the request is not looked at: the record speaks for itself, and its key
    may be the very one that it registers.
    """

    def __init__(self, ledger: Ledger, pool: CheckPool, base: PublicBase) -> None:
        """Admit through ``ledger``, check batches in ``pool``; addresses begin with ``base``."""
        self._ledger = ledger
        self._pool = pool
        self._base = base

    async def submit(self, request: Request) -> Response:
        """Answer one request."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused(Refusal("unsupported-media-type", "expected no Content-Encoding"))
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
        if isinstance(checked, CheckedRecord):
            (outcome,) = await self._admit([checked])
        else:
            (outcome,) = await run_in_threadpool(self._find_repeats, [body], [checked])
        if isinstance(outcome, Refusal):
            return errors.problem_response(outcome, language=language_of(request))
        status = errors.CREATED if outcome.is_first else errors.OK
        location = f"{self._base}/v1/records/{outcome.record_id}"
        return JSONResponse(_members(outcome), status, headers={"Location": location})

    async def _submit_lines(self, request: Request, body: bytes) -> Response:
        lines = split_lines(body)
        checked = await self._pool.check_lines(lines, self._ledger.checker)
        records = [item for item in checked if isinstance(item, CheckedRecord)]
        admitted = await self._admit(records) if records else ()
        text = await run_in_threadpool(
            self._answer_lines, lines, checked, admitted=admitted, language=language_of(request)
        )
        return Response(text, media_type=JSON_LINES[0])

    async def _admit(self, records: Sequence[CheckedRecord]) -> tuple[Outcome, ...]:
        return await asyncio.wrap_future(self._ledger.submit(records))

    def _answer_lines(
        self,
        lines: Sequence[bytes],
        checked: Sequence[Checked],
        *,
        admitted: Sequence[Outcome],
        language: str,
    ) -> bytes:
        refused = [
            (line, item)
            for line, item in zip(lines, checked, strict=True)
            if isinstance(item, Refusal)
        ]
        others = iter(
            self._find_repeats([line for line, _ in refused], [item for _, item in refused])
        )
        judged = iter(admitted)
        outcomes = [
            next(judged) if isinstance(item, CheckedRecord) else next(others) for item in checked
        ]
        return _encode_lines(outcomes, language)

    def _find_repeats(self, lines: Sequence[bytes], refused: Sequence[Refusal]) -> list[Outcome]:
        """Refused submissions, but for those whose JWS is in the log: they get its receipt."""
        ids = [_record_id_of(line) for line in lines]
        known = self._ledger.find_repeats([name for name in ids if name is not None])
        return [
            known.get(name, refusal) if name is not None else refusal
            for name, refusal in zip(ids, refused, strict=True)
        ]


def _record_id_of(line: bytes) -> bytes | None:
    """The record id of a submission, whatever else is wrong with it."""
    sd_jwt = parse_submission(line)
    if isinstance(sd_jwt, Refusal):
        return None
    try:
        jws, _ = split_submission(sd_jwt)
    except LedgerError:
        return None
    return record_id(jws)


def split_lines(body: bytes) -> list[bytes]:
    """The lines of a JSONL body; a last line without LF counts, a wholly empty one does not.

    Raises:
        Refused: more lines than one request may have, or none.
    """
    bound = limits.SUBMISSION_LINES_MAX
    lines = body.split(b"\n", bound + 1)
    if lines[-1] == b"":
        lines.pop()
    if not lines:
        raise Refused(Refusal("malformed-submission", "expected a submission a line, found none"))
    if len(lines) > bound:
        raise Refused(Refusal("too-large", f"expected at most {bound} lines, found more"))
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
