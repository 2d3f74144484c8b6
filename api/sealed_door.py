"""The HTTP routes of sealed groups: an envelope for who may open it, and more recipients.

Nothing is opened here (docs/spec/sealed.md, section 4). Whoever gets no envelope is answered
as if there were none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.accesses.rows import RECIPIENT, Seen, ShownGroup
from api.exchange import Reader, Refused, RequestJudge, media_type_of, read_body
from api.reading import ReadingDesk
from api.records import RecordShelf, private
from api.sharing import Reading, Sharing
from api.submit import JSON
from keys.encoding import encode_base64url
from ledger import limits
from ledger.admission import judge_recipients
from ledger.disclosure import open_disclosures
from ledger.entry import split_entry
from ledger.errors import MalformedJson
from ledger.faults import Refusal
from ledger.kept import Kept, join_kept, split_kept
from ledger.record import GOVERNANCE_VCTS, parse_jws
from ledger.sealed import Envelope, parse_envelope
from ledger.sealed_errors import MalformedEnvelope
from ledger.service import Ledger
from ledger.store import EntryRow, Store
from ledger.strict_json import parse_json

_ATTEMPTS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """A sealed group as it is kept: the entry, all that is kept beside it, and the envelope.

    ``parties`` get it; ``told`` are to know of it.
    """

    row: EntryRow
    text: str
    envelope: Envelope
    parties: frozenset[str]
    owner: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedDoor:
    """Envelopes of the records of a ledger, and who gets them."""

    ledger: Ledger
    store: Store
    shelf: RecordShelf
    sharing: Sharing
    judge: RequestJudge
    reading: ReadingDesk

    def show(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}/sealed/{group}``: the envelope.

        Raises:
            Refused: there is none for this reader.
        """
        found = self._find_for(request, reader)
        if reader.did not in found.parties:
            raise _absent(request)
        self._note(reader, found)
        return _answer(_text_of(found))

    def _note(self, reader: Reader, found: _Found) -> None:
        """Keep a receipt of an envelope that is about to be shown."""
        row, group = found.row, found.envelope.group
        own = {row.party: "issuer", found.owner: "owner"}
        shown = ShownGroup(group, "sealed", own.get(str(reader.did), RECIPIENT), None)
        record_id = encode_base64url(row.record_id)
        self.shelf.note_seen([Seen(record_id, row.index, row.vct, found.told, (shown,))], reader)

    async def add(self, request: Request) -> Response:
        """``POST`` to the same: the envelope with more recipients, by the owner.

        Raises:
            Refused: it is not the owner's, or not the same envelope with more recipients.
        """
        body = await read_body(request, limits.ENVELOPE_BODY_BYTES_MAX)
        reader = await run_in_threadpool(self.judge.reader_of, request, body)
        if reader.did is None:
            raise Refused(Refusal("signature-required", "a sealed group: sign the request"))
        if media_type_of(request) != JSON:
            raise Refused(Refusal("unsupported-media-type", f"expected {JSON}"))
        text = _read_posted(body)
        return await self.reading.run(reader.did, lambda: self._replace(request, reader, text))

    def _replace(self, request: Request, reader: Reader, text: str) -> Response:
        posted = parse_envelope(text)
        for _ in range(_ATTEMPTS_MAX):
            found = self._find_for(request, reader)
            if reader.did != found.owner:
                raise _absent(request)
            self._expect_longer(found.envelope, posted)
            after = _with_envelope(found, text)
            # Between may come an erasure, or another device of the owner's.
            if after == found.text or self.store.replace_disclosures(
                found.row.index, before=found.text, after=after
            ):
                return _answer(text)
        raise Refused(Refusal("too-busy", "others change what is kept of this record: try again"))

    def _expect_longer(self, before: Envelope, posted: Envelope) -> None:
        same = (posted.group, posted.digest, posted.ciphertext)
        count = len(before.recipients)
        if (
            same != (before.group, before.digest, before.ciphertext)
            or posted.recipients[:count] != before.recipients
        ):
            raise Refused(
                Refusal(
                    "envelope-differs",
                    "expected the envelope that is kept with recipients added behind "
                    f"its {count}, found another",
                )
            )
        self.ledger.catch_up()
        refusal = judge_recipients(posted.kids[count:], self.ledger.fold)
        if refusal is not None:
            raise Refused(refusal)

    def _find_for(self, request: Request, reader: Reader) -> _Found:
        """The envelope that is asked for; the same is read where there is none.

        Raises:
            Refused: there is no such envelope.
        """
        try:
            row = self.shelf.find(request.path_params["record_id"])
        except Refused as fault:
            raise _absent(request) from fault
        text = self.store.disclosures([row.index]).get(row.index, "")
        found = self._open(row, text, request.path_params["group"], self.sharing.reading(reader))
        if found is None:
            raise _absent(request)
        return found

    def _open(self, row: EntryRow, text: str, group: str, reading: Reading) -> _Found | None:
        kept = split_kept(text)
        if row.vct in GOVERNANCE_VCTS or not kept.envelopes:
            return None
        envelopes = [parse_envelope(item) for item in kept.envelopes]
        envelope = next((item for item in envelopes if item.group == group), None)
        record_id = encode_base64url(row.record_id)
        # From the admission of the act on, be it carried out or not.
        if envelope is None or group in self.ledger.state.agreements.erased(record_id):
            return None
        claims = parse_jws(split_entry(row.text)[1], origin=self.ledger.fold.origin).claims
        opened = open_disclosures(claims, kept.disclosures)
        values = {item.group: item.value for item in opened}
        owner = values["manifest"]["owner"] if "manifest" in values else row.party
        case = values["address"]["case"] if "address" in values else None
        # A party that is suspended reads what is its own.
        own = frozenset({row.party, owner})
        parties = envelope.parties | own if reading.principal.is_member else own
        return _Found(row, text, envelope, parties, owner, reading.owners(owner, case))


def _read_posted(body: bytes) -> str:
    try:
        members = parse_json(body, bytes_max=limits.ENVELOPE_BODY_BYTES_MAX)
    except MalformedJson as fault:
        raise Refused(Refusal(fault.code, str(fault))) from fault
    match members:
        case {"envelope": str(text), **others} if not others:
            return text
    raise MalformedEnvelope('expected {"envelope": "!..."}, found another body')


def _text_of(found: _Found) -> str:
    texts = split_kept(found.text).envelopes
    return next(text for text in texts if parse_envelope(text).group == found.envelope.group)


def _with_envelope(found: _Found, text: str) -> str:
    kept = split_kept(found.text)
    before = _text_of(found)
    return join_kept(
        Kept(kept.disclosures, [text if item == before else item for item in kept.envelopes])
    )


def _answer(text: str) -> Response:
    return private(JSONResponse({"envelope": text}))


def _absent(request: Request) -> Refused:
    """One answer for what is not there and for what is not the reader's."""
    named = f"{request.path_params['record_id'][:60]!r}"
    group = f"{request.path_params['group'][:60]!r}"
    return Refused(Refusal("not-found", f"no sealed group {group} of {named}"))
