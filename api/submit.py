"""``POST /v1/records``: one record, or many, one a line; the door for everything signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import errors
from api.claimants import source_of
from api.desk import SubmissionDesk
from api.exchange import Refused, language_of, media_type_of, read_body
from api.published import Published, asks_for_cosigned
from api.refusal_notes import RefusalNotes, asks_for_signed
from api.target_uri import PublicBase
from ledger import limits
from ledger.faults import Refusal
from ledger.submission import Admitted, Outcome

JSON: Final = "application/json"
JSON_LINES: Final = ("application/jsonl", "application/x-ndjson")


class SubmissionDoor:
    """Takes submissions and answers each with its receipt.

    A signature over the request is not looked at: the record speaks for itself, and its key
    may be the very one that it registers.
    """

    def __init__(
        self,
        desk: SubmissionDesk,
        base: PublicBase,
        *,
        published: Published,
        notes: RefusalNotes,
    ) -> None:
        """Have them admitted at ``desk``; addresses begin with ``base``.

        ``notes`` signs refusals where that is asked for.
        """
        self._notes = notes
        self._published = published
        self._desk = desk
        self._base = base

    async def submit(self, request: Request) -> Response:
        """Answer one request."""
        asks_for_cosigned(request)
        asks_for_signed(request)
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
        outcome = await self._desk.admit_line(body, source_of(request))
        (outcome,) = await self._cosigned(request, [outcome])
        if isinstance(outcome, Refusal):
            (note,) = await self._signed(request, [body], [outcome])
            language, extra = language_of(request), _note_members(note)
            return errors.problem_response(outcome, language=language, extra=extra)
        status = errors.CREATED if outcome.is_first else errors.OK
        headers = {"Location": f"{self._base}/v1/records/{outcome.record_id}"}
        return Response(orjson.dumps(_members(outcome)), status, headers, media_type=JSON)

    async def _submit_lines(self, request: Request, body: bytes) -> Response:
        lines = split_lines(body)
        outcomes = await self._desk.admit_lines(lines, source_of(request))
        outcomes = await self._cosigned(request, outcomes)
        notes = await self._signed(request, lines, outcomes)
        text = _encode_lines(outcomes, notes, language_of(request))
        return Response(text, media_type=JSON_LINES[0])

    async def _cosigned(self, request: Request, outcomes: list[Outcome]) -> list[Outcome]:
        """The same outcomes, their receipts cosigned where that was asked for and came in time."""
        if not asks_for_cosigned(request):
            return outcomes
        return await self._published.await_cosigned(outcomes)

    async def _signed(
        self, request: Request, lines: Sequence[bytes], outcomes: Sequence[Outcome]
    ) -> Sequence[str | None]:
        """For each line the log's note on its refusal, where notes were asked for."""
        if not asks_for_signed(request):
            return [None] * len(outcomes)
        return await self._notes.sign_all(lines, outcomes, source_of(request))


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
    return {
        "record_id": outcome.record_id,
        "index": outcome.index,
        "receipt": outcome.receipt,
        "cosigned": outcome.is_cosigned,
    }


def _note_members(note: str | None) -> dict[str, Any]:
    return {} if note is None else {errors.SIGNED: note}


def _encode_lines(outcomes: Sequence[Outcome], notes: Sequence[str | None], language: str) -> bytes:
    # A microsecond a line: cheaper here than handing it to another thread.
    lines = []
    for number, (outcome, note) in enumerate(zip(outcomes, notes, strict=True), start=1):
        if isinstance(outcome, Refusal):
            told = errors.problem_members(outcome, language=language)
            members = {"line": number, **told, **_note_members(note)}
        else:
            members = {"line": number, **_members(outcome), "first": outcome.is_first}
        lines.append(orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)
