"""The HTTP routes of lines, models and trainings: the owner's own, and absent to everyone else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.anomaly.alarm_book import AlarmBook, ToldLine
from api.anomaly.keeping import QUEUED, Job, KeptModel
from api.anomaly.line_rates import cards_of, life_of_line, rates_of
from api.anomaly.training import TrainingParts, TrainingWorker
from api.deliveries_query import read_text
from api.exchange import Reader, Refused, RequestJudge, read_body
from api.http_signatures import is_signed
from api.reading import ReadingDesk
from api.records import private
from api.search_query import check_names
from keys.encoding import encode_base64url
from ledger.errors import MalformedJson
from ledger.faults import Refusal
from ledger.record import DIGEST_FORM
from ledger.strict_json import parse_json_object
from quality.deliveries.agreed import Filed
from quality.values import part

if TYPE_CHECKING:
    from api.anomaly.rule_effect import TrainedOn

BODY_BYTES_MAX: Final = 1 << 20
RECORDS_MAX: Final = 10_000
ONNX_TYPE: Final = "application/octet-stream"
_ID_BYTES: Final = 16
_FACTS: Final = ("status", "stage", "rows", "uploads", "newest_us", "card", "model", "rules")


@dataclass(frozen=True, slots=True)
class AnomalyDoor:
    """Answers about the lines of one log."""

    trainings: TrainingWorker
    parts: TrainingParts
    judge: RequestJudge
    reading: ReadingDesk

    # ---- what is there ----

    def lines(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/anomaly/lines``: the reader's own, each with its model and status."""
        check_names(request.query_params, frozenset())
        owner = _signer(reader)
        with AlarmBook(self.parts.worker.database).at_once() as book:
            found, size = book.lines(owner), book.size()
        rates = {each.pop("line"): each for each in rates_of(found)}
        lines = [{**_told(line), "false_alarms": rates[line.key]} for line in found]
        told = {"lines": lines, "provenance": _provenance(size)}
        return private(JSONResponse(told))

    def models(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/anomaly/models?line=``: the cards of a line and where each stands."""
        found = [
            {"line": line.key, **card}
            for line in self._lines(request, reader)
            for card in cards_of(line)
        ]
        return private(JSONResponse({"models": found}))

    def model(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/anomaly/models/{model}``: what is kept of a model; its bytes by ``Accept``.

        Raises:
            Refused: there is no such model of the reader.
        """
        digest = str(request.path_params["model"])
        kept = self.parts.worker.models.model(digest[:64])
        if kept is None or kept.owner != _signer(reader):
            raise _absent("model", digest)
        if ONNX_TYPE in request.headers.get("accept", ""):
            return private(Response(kept.onnx, media_type=ONNX_TYPE))
        return private(JSONResponse(self._model(kept)))

    def job(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/anomaly/jobs/{job}``: how far a training is, and the card to sign.

        Raises:
            Refused: there is no such training of the reader.
        """
        name = str(request.path_params["job"])
        job = self.parts.worker.models.job(name[:40], owner=_signer(reader))
        if job is None:
            raise _absent("training", name)
        return private(JSONResponse(_job(job)))

    def far(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/anomaly/far?line=``: the realised false-alarm rate, with its interval."""
        found = rates_of(self._lines(request, reader))
        return private(JSONResponse({"lines": found}))

    # ---- what is asked for ----

    async def train(self, request: Request) -> Response:
        """``POST /v1/anomaly/models``: train on records of a line, or on all that count as good."""
        reader, body = await self._signed(request)
        return await self.reading.run(reader.did or "", lambda: self._train(reader, body))

    async def preview(self, request: Request) -> Response:
        """``POST /v1/anomaly/rules/preview``: what other rules would call of good rows."""
        reader, body = await self._signed(request)
        return await self.reading.run(reader.did or "", lambda: self._preview(reader, body))

    def _train(self, reader: Reader, body: bytes) -> Response:
        asked = _parse(body, {"line", "records", "challenger"})
        line = self._own(str(asked.get("line", "")), reader)
        now_ms = self.parts.clock.now_ms()
        name = encode_base64url(secrets.token_bytes(_ID_BYTES))
        facts = {"records": _records(asked), **_kind(asked), "done": 0, "of": 0}
        job = Job(name, line.place.owner, line.key, QUEUED, now_ms, now_ms, facts)
        if not self.parts.worker.models.add_job(job):
            raise Refused(Refusal("too-many-trainings", "expected few that wait, found more"))
        self.trainings.wake()
        answer = JSONResponse(_job(job), status_code=errors.ACCEPTED)
        answer.headers["Location"] = f"/v1/anomaly/jobs/{name}"
        return private(answer)

    def _preview(self, reader: Reader, body: bytes) -> Response:
        from api.anomaly.rule_effect import effect_of
        from scoring.errors import ScoringError

        asked = _parse(body, {"line", "rules"})
        line = self._own(str(asked.get("line", "")), reader)
        rules = asked.get("rules")
        if not isinstance(rules, dict):
            raise _unfit("rules: expected the group rules of rule-limits/v1, found none")
        onnx = self.parts.worker.models.onnx(line.facts["model"] or "")
        if onnx is None:
            raise _unfit(f"line {line.key}: expected a model in force, found none")
        try:
            before = self._rules_in_force(line)
            found = effect_of(onnx, self._trained_on(line), before=before, after=rules)
        except ScoringError as fault:
            raise _unfit(f"{fault.code}: {fault}") from fault
        return private(JSONResponse({"line": line.key, **found}))

    def _rules_in_force(self, line: ToldLine) -> dict[str, Any]:
        named = line.facts["rules"]
        found = [part(record.groups, "rules") for record in self._records([named] if named else [])]
        return dict(found[0]) if found and isinstance(found[0], dict) else {}

    def _trained_on(self, line: ToldLine) -> TrainedOn:
        from api.anomaly.events import rows_not_trained_on
        from api.anomaly.rule_effect import TrainedOn

        (card,) = self._records([line.facts["card"]])
        named = part(card.groups, "training", "records")
        found = self._records(named if isinstance(named, list) else [])
        if not found:
            raise _unfit("expected the records that the model was trained on, found none held")
        return TrainedOn(found, rows_not_trained_on(card))

    # ---- both ----

    def _records(self, record_ids: Sequence[str]) -> Sequence[Filed]:
        return self.parts.records(record_ids)

    def _model(self, kept: KeptModel) -> dict[str, Any]:
        with AlarmBook(self.parts.worker.database).at_once() as book:
            line = book.line(kept.line)
        cards = [] if line is None else cards_of(line)
        return {
            "model": kept.digest,
            "line": kept.line,
            "made_ms": kept.made_ms,
            "bytes": len(kept.onnx),
            "cards": [card for card in cards if card["model"] == kept.digest],
        }

    def _lines(self, request: Request, reader: Reader) -> Sequence[ToldLine]:
        """The line that is asked for, or all of the reader's."""
        check_names(request.query_params, frozenset({"line"}))
        key = read_text(request.query_params, "line")
        if key is not None:
            return [self._own(key, reader)]
        with AlarmBook(self.parts.worker.database).at_once() as book:
            return book.lines(_signer(reader))

    def _own(self, key: str, reader: Reader) -> ToldLine:
        """A line of the reader; that of another party looks like none."""
        owner = _signer(reader)
        with AlarmBook(self.parts.worker.database).at_once() as book:
            line = book.line(key[:100].replace("\0", ""))
        if line is None or line.place.owner != owner:
            raise _absent("line", key)
        return line

    async def _signed(self, request: Request) -> tuple[Reader, bytes]:
        if not is_signed(tuple(request.headers.items())):
            raise Refused(Refusal("signature-required", "models of a line: sign the request"))
        body = await read_body(request, BODY_BYTES_MAX)
        return await run_in_threadpool(self.judge.reader_of, request, body), body


def _signer(reader: Reader) -> str:
    if reader.did is None:
        raise Refused(Refusal("signature-required", "models of a line: sign the request"))
    return reader.did


def _absent(what: str, name: str) -> Refused:
    return Refused(Refusal("not-found", f"no {what} {name[:80]!r}"))


def _unfit(detail: str) -> Refused:
    return Refused(Refusal("anomaly-unfit", detail))


def _provenance(size: int) -> dict[str, Any]:
    return {"method": "ANM-1", "tree_size": size}


def _told(line: ToldLine) -> dict[str, Any]:
    facts = {name: line.facts[name] for name in _FACTS}
    facts |= {"regime": line.facts["out_of_domain"], **life_of_line(line)}
    return {"key": line.key, **line.place._asdict(), **facts}


def _job(job: Job) -> dict[str, Any]:
    return {"job": job.id, "line": job.line, "status": job.status, **job.facts}


def _parse(body: bytes, names: set[str]) -> dict[str, Any]:
    try:
        found = parse_json_object(body, bytes_max=BODY_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise Refused(Refusal("malformed-json", str(fault))) from fault
    if not found.keys() <= names:
        raise _unfit(f"expected members {', '.join(sorted(names))}, found {sorted(found)[:5]}")
    return dict(found)


def _kind(asked: dict[str, Any]) -> dict[str, bool]:
    """Whether a challenger is asked for; nothing where the model is."""
    found = asked.get("challenger", False)
    if not isinstance(found, bool):
        raise _unfit("challenger: expected true or false, found another kind of value")
    return {"challenger": True} if found else {}


def _records(asked: dict[str, Any]) -> list[str]:
    found = asked.get("records", [])
    is_list = isinstance(found, list) and len(found) <= RECORDS_MAX
    if not is_list or not all(
        isinstance(each, str) and re.fullmatch(DIGEST_FORM, each) for each in found
    ):
        raise _unfit(f"records: expected at most {RECORDS_MAX} record ids, found others")
    return list(dict.fromkeys(found))
