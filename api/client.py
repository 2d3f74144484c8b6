"""A client of the service: submit, read, upload. Used by the command line, demo and benchmarks.

Every method may raise a :class:`api.client_errors.ClientError`, and nothing else because of
the network. What is read is handed on as bytes or text and is **not** verified here:
:mod:`ledger.verify` and :mod:`ledger.receipt` do that with the trust anchor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, TypeAlias
from urllib.parse import quote

from api import errors
from api.client_envelopes import encode_posted, envelope_of, envelope_path
from api.client_errors import AnswerMalformed, FileUnreadable, Problem, RequestRefused
from api.client_questions import LogQuestions, query_of
from api.client_transport import (
    Effects,
    Incoming,
    Outgoing,
    RequestSigner,
    Transport,
    parse_problem,
)
from keys.encoding import encode_base64url
from ledger import limits
from ledger.submission import Admitted

JSON: Final = "application/json"
_JSON: Final = {"content-type": JSON}
JSON_LINES: Final = "application/jsonl"
VIEW: Final = "application/vnd.lotmark.view+json"
VIEW_LINES: Final = "application/vnd.lotmark.view+jsonl"
CHUNK: Final = "application/offset+octet-stream"
OFFSET: Final = "upload-offset"

Answer: TypeAlias = Admitted | Problem


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search: described records, newest first, and the cursor of the next page."""

    records: tuple[Mapping[str, Any], ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload that has ended, as a record cites it."""

    blob: str
    sha256: str
    bytes: int
    media_type: str

    def members(self) -> dict[str, str | int]:
        """The file as it stands in a record (docs/spec/record-types.md, section 4)."""
        return asdict(self)


class LogClient(LogQuestions):
    """Speaks to one log's service, in the name of one party or of nobody."""

    def __init__(
        self, base_url: str, *, signer: RequestSigner | None = None, effects: Effects | None = None
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            base_url: where the service is, as it was told itself (``LOTMARK_BASE_URL``).
            signer: signs every request; without it only public content is read.
            effects: clock, chance and waiting, for tests.

        Raises:
            MalformedAddress: no service can have this address.
        """
        #: The party that signs; None where nobody does.
        self.did = signer.did if signer else None
        super().__init__(Transport(base_url, signer=signer, effects=effects))

    @property
    def base(self) -> str:
        """The address of the service."""
        return self.transport.base

    def close(self) -> None:
        """Release the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        """Use the client in a ``with`` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the connections."""
        self.close()

    # ---- submitting ----

    def submit(self, sd_jwt: str, *, cosigned: bool = False) -> Admitted:
        """Submit one record. Sending the same text again gives the first receipt.

        Args:
            sd_jwt: the record.
            cosigned: wait for witnesses; ``is_cosigned`` says whether they came in time.

        Raises:
            RequestRefused: it was not admitted.
        """
        answer = self.transport.send(Outgoing("POST", _door(cosigned), encode_line(sd_jwt), _JSON))
        is_first = answer.status == errors.CREATED
        return _read_admitted(answer.json(), is_first=is_first)

    def submit_many(self, sd_jwts: Iterable[str]) -> Iterator[Answer]:
        """Submit records in batches; one answer each, in their order.

        An iteration that ends in an error may be begun again with the same texts.
        """
        for batch in batches(sd_jwts):
            yield from self.submit_batch(batch)

    def submit_batch(
        self, sd_jwts: list[str], *, cosigned: bool = False, signed_refusals: bool = False
    ) -> list[Answer]:
        """Submit records in one request; valid ones are committed together.

        With ``signed_refusals`` the problem of a refused record has the log's note on it among
        ``more``, as ``signed``.
        """
        body = b"\n".join(encode_line(sd_jwt) for sd_jwt in sd_jwts) + b"\n"
        answer = self.transport.send(
            Outgoing("POST", _door(cosigned, signed_refusals), body, {"content-type": JSON_LINES})
        )
        lines = answer.body.splitlines()
        if len(lines) != len(sd_jwts):
            raise AnswerMalformed(f"expected {len(sd_jwts)} answers, found {len(lines)}")
        return [parse_answer(line, number) for number, line in enumerate(lines, start=1)]

    # ---- reading records ----

    def view(self, record_id: str) -> bytes:
        """A record as a view, with what this reader may see of it."""
        return self._get(f"/v1/records/{quote(record_id, safe='')}", accept=VIEW).body

    def receipt(self, record_id: str, *, cosigned: bool = False) -> str:
        """The first receipt of a record, always the same bytes.

        With ``cosigned`` the one against the first cosigned checkpoint over it, which is
        waited for a little while.
        """
        query = "?cosigned=true" if cosigned else ""
        return self._get(f"/v1/records/{quote(record_id, safe='')}/receipt{query}").body.decode()

    def search(self, **conditions: str | int) -> Page:
        """A page of records; conditions are the parameters of ``GET /v1/records``."""
        answer = self._get(f"/v1/records{query_of(conditions)}", accept=JSON).json()
        match answer:
            case {"records": list(records), "next": str() | None as cursor}:
                return Page(tuple(records), cursor)
        raise AnswerMalformed(f"expected records and next, found {str(answer)[:80]}")

    def search_view(self, **conditions: str | int) -> tuple[bytes, str | None, int]:
        """Records as one view in JSON lines, the cursor of the next page, how many are meant.

        The bytes are empty where nothing matches; a view may end before all that are meant.
        """
        answer = self._get(f"/v1/records{query_of(conditions)}", accept=VIEW_LINES)
        is_view = answer.headers.get("content-type", "").startswith(VIEW_LINES)
        meant = answer.headers.get("x-view-records", "")
        count = int(meant) if meant.isascii() and meant.isdecimal() and len(meant) < 6 else 0
        return (answer.body if is_view else b""), answer.headers.get("x-next-cursor"), count

    def deliveries(self, what: str, **conditions: str | int) -> Mapping[str, Any]:
        """The answer of ``GET /v1/deliveries/{what}``, as the service says."""
        return self._get_object(f"/v1/deliveries/{what}{query_of(conditions)}")

    def sampling(self, **conditions: str | int) -> Mapping[str, Any]:
        """The answer of ``GET /v1/sampling``, as the service says."""
        return self._get_object(f"/v1/sampling{query_of(conditions)}")

    def flags(self, record_id: str) -> Mapping[str, Any]:
        """What a record shows beside others, as the service says."""
        return self._get_object(f"/v1/records/{quote(record_id, safe='')}/flags")

    def masters(self, name: str, **conditions: str | int) -> Mapping[str, Any]:
        """``GET /v1/{name}``: a page of relations, masters, erasures, ..., as the service says."""
        return self._get_object(f"/v1/{quote(name)}{query_of(conditions)}")

    def envelope(self, record_id: str, group: str) -> str:
        """The envelope of a sealed group; nothing in it is opened or believed here."""
        return envelope_of(self._get(envelope_path(record_id, group)).json())

    def replace_envelope(self, record_id: str, group: str, *, envelope: str) -> str:
        """Put the same envelope with more recipients in its place; the one that is kept now."""
        post = Outgoing("POST", envelope_path(record_id, group), encode_posted(envelope), _JSON)
        return envelope_of(self.transport.send(post).json())

    # ---- uploads ----

    def upload(self, path: Path, *, media_type: str) -> Uploaded:
        """Upload a file whole; a broken connection is taken up where it broke.

        Raises:
            FileUnreadable: the file cannot be read, or changed under way.
        """
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                blob = self.create_blob(size)
                sha256 = self._send_rest(blob, file, size)
        except OSError as fault:
            raise FileUnreadable(f"{path}: {fault.strerror or fault}") from fault
        return Uploaded(blob, sha256, size, media_type)

    def create_blob(self, size: int) -> str:
        """Begin an upload of ``size`` bytes; the answer is its id."""
        # Repeated it would leave a second open upload behind, of which a party may have few.
        answer = self.transport.send(
            Outgoing("POST", "/v1/blobs", headers={"upload-length": str(size)}, may_repeat=False)
        )
        match answer.json():
            case {"blob": str(blob)}:
                return blob
        raise AnswerMalformed("expected the id of the upload, found none")

    def append_blob(self, blob: str, offset: int, *, chunk: bytes) -> int:
        """Send bytes of an upload; the answer is the offset to go on from."""
        headers = {"content-type": CHUNK, OFFSET: str(offset)}
        request = Outgoing("PATCH", f"/v1/blobs/{quote(blob, safe='')}", chunk, headers)
        return _read_offset(self.transport.send(request))

    def blob_offset(self, blob: str) -> int:
        """How many bytes of an upload have arrived."""
        answer = self.transport.send(Outgoing("HEAD", f"/v1/blobs/{quote(blob, safe='')}"))
        return _read_offset(answer)

    def read_blob(self, record_id: str, blob: str, *, size: int) -> Iterator[bytes]:
        """The bytes of a file that a record cites, in pieces."""
        target = f"/v1/records/{quote(record_id, safe='')}/blobs/{quote(blob, safe='')}"
        if size == 0:
            yield self.transport.send(Outgoing("GET", target)).body
        for start in range(0, size, limits.BLOB_CHUNK_BYTES_MAX):
            stop = min(start + limits.BLOB_CHUNK_BYTES_MAX, size)
            headers = {"range": f"bytes={start}-{stop - 1}"}
            yield self.transport.send(Outgoing("GET", target, headers=headers)).body

    def _send_rest(self, blob: str, file: BinaryIO, size: int) -> str:
        digest = hashlib.sha256()
        offset = 0
        while offset < size:
            chunk = file.read(limits.BLOB_CHUNK_BYTES_MAX)
            if not chunk or offset + len(chunk) > size:
                raise FileUnreadable("the file changed while it was read: upload it again")
            digest.update(chunk)
            offset = self._send_chunk(blob, offset, chunk)
        return encode_base64url(digest.digest())

    def _send_chunk(self, blob: str, offset: int, chunk: bytes) -> int:
        """Send one chunk, in as many pieces as broken connections make of it."""
        stop = offset + len(chunk)
        while offset < stop:
            try:
                offset = self.append_blob(blob, offset, chunk=chunk[offset - stop :])
            except RequestRefused as refused:
                # The answer to an earlier try was lost: the upload is further than we knew.
                arrived = self.blob_offset(blob)
                if refused.problem.code != "offset-mismatch" or not offset < arrived <= stop:
                    raise
                offset = arrived
        return offset


def batches(sd_jwts: Iterable[str]) -> Iterator[list[str]]:
    """Cut submissions into lists that one request may carry."""
    batch: list[str] = []
    size = 0
    for sd_jwt in sd_jwts:
        is_full = len(batch) >= limits.CLIENT_BATCH_RECORDS_MAX
        if batch and (is_full or size + len(sd_jwt) > limits.CLIENT_BATCH_BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(sd_jwt)
        size += len(sd_jwt)
    if batch:
        yield batch


def encode_line(sd_jwt: str) -> bytes:
    """The bytes by which a record is submitted: a body, or a line of one."""
    return json.dumps({"sd_jwt": sd_jwt, "sealed": []}, separators=(",", ":")).encode()


def _door(cosigned: bool, signed_refusals: bool = False) -> str:
    asked = {"cosigned": "true"} if cosigned else {}
    if signed_refusals:
        asked[errors.REFUSALS] = errors.SIGNED
    return f"/v1/records{query_of(asked)}"


def parse_answer(line: bytes, number: int) -> Answer:
    """Read one line of the answer to many submissions.

    Raises:
        AnswerMalformed: no JSON, another line's answer, or one of another form.
    """
    try:
        members = json.loads(line)
    # A long row of brackets exhausts the decoder's stack.
    except (ValueError, RecursionError) as fault:
        raise AnswerMalformed(f"answer {number}: expected JSON") from fault
    if not isinstance(members, dict) or members.get("line") != number:
        raise AnswerMalformed(f"expected the answer to line {number}, found another")
    if "record_id" in members:
        return _read_admitted(members, is_first=bool(members.get("first")))
    return parse_problem(members)


def _read_admitted(members: object, *, is_first: bool) -> Admitted:
    match members:
        case {"record_id": str(record_id), "index": int(index), "receipt": str(receipt)}:
            is_cosigned = isinstance(members, dict) and members.get("cosigned") is True
            return Admitted(record_id, index, receipt, is_first, is_cosigned)
    raise AnswerMalformed(f"expected record_id, index, receipt; found {str(members)[:80]}")


def _read_offset(answer: Incoming) -> int:
    text = answer.headers.get(OFFSET, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 17):
        raise AnswerMalformed(f"expected Upload-Offset, found {text[:40]!r}")
    return int(text)
