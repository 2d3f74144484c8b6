"""The public read path of the log: C2SP tlog-tiles, anchor, charter, courtesy DID documents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.exchange import Refused, RequestJudge
from api.process_clock import ProcessClock
from keys.did_document import party_document
from keys.identifiers import Did, Multikey
from ledger.errors import LedgerError, MalformedTilePath
from ledger.faults import Refusal
from ledger.service import Ledger
from ledger.tiles import EntryBundle, is_implied, parse_tile_path
from ledger.tree import TreeSize

IMMUTABLE: Final = "public, max-age=31536000, immutable"
OPEN_TO_BROWSERS: Final = {"Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True, slots=True)
class LogDoor:
    """The HTTP routes that read the log itself."""

    ledger: Ledger
    anchor: str
    judge: RequestJudge
    clock: ProcessClock

    def checkpoint(self, request: Request) -> Response:
        """``GET /checkpoint``: the newest signed note."""
        try:
            note = self.ledger.reader.latest_checkpoint().encode()
        except LedgerError as fault:
            raise Refused(Refusal(fault.code, str(fault))) from fault
        headers = {"Cache-Control": "no-cache", **OPEN_TO_BROWSERS}
        return tagged(request, note, media_type="text/plain; charset=utf-8", headers=headers)

    def tile(self, request: Request) -> Response:
        """``GET /tile/...``: a hash tile or an entry bundle; the bytes never change."""
        path = "tile/" + request.path_params["path"]
        try:
            tile = parse_tile_path(path)
        except MalformedTilePath as fault:
            raise Refused(Refusal("not-found", str(fault))) from fault
        if not is_implied(tile, TreeSize(self.ledger.size)):
            raise Refused(Refusal("not-found", "no checkpoint implies this tile yet"))
        if isinstance(tile, EntryBundle):
            self._check_bundle_reader(request)
            data = self.ledger.reader.read_bundle(tile)
        else:
            data = self.ledger.reader.read_tile(tile)
        headers = {"Cache-Control": IMMUTABLE, **OPEN_TO_BROWSERS}
        return tagged(request, data, media_type="application/octet-stream", headers=headers)

    def _check_bundle_reader(self, request: Request) -> None:
        charter = self.ledger.fold.charter
        if charter is not None and charter.has_open_bundles:
            return
        reader = self.judge.reader_of(request, b"", now_s=self.clock.now_s())
        if reader.did is None:
            raise Refused(Refusal("signature-required", "entry bundles are for members"))

    def trust_anchor(self, request: Request) -> Response:
        """``GET /v1/anchor``: a courtesy copy; a verifier gets its own out of band."""
        return tagged(
            request,
            self.anchor.encode(),
            media_type="application/json",
            headers={"Cache-Control": "no-cache", **OPEN_TO_BROWSERS},
        )

    def parties(self, request: Request) -> Response:
        """``GET /v1/parties``: the members, their roles and keys, as the log says."""
        del request
        fold = self.ledger.fold
        members = [
            {
                "did": party.did,
                "slug": party.slug,
                "names": dict(party.names),
                "roles": sorted(party.roles),
                "keys": [
                    {"kid": key.kid, "uses": sorted(key.uses), "registered_at": key.registered_at}
                    for key in fold.keys.values()
                    if key.party == party.did
                ],
            }
            for party in fold.parties.values()
        ]
        types = [{"vct": vct, "entry": index} for vct, index in fold.type_entries.items()]
        return JSONResponse(
            {
                "origin": fold.origin,
                "charter": fold.charter_id,
                "size": self.ledger.size,
                "parties": members,
                "types": types,
            },
            headers=OPEN_TO_BROWSERS,
        )

    def record_type(self, request: Request) -> Response:
        """``GET /v1/types/{name}/{version}``: a definition, byte for byte as the log has it."""
        vct = f"{request.path_params['name']}/{request.path_params['version']}"
        kind = self.ledger.fold.types.get(vct)
        if kind is None:
            raise Refused(Refusal("not-found", f"no type {vct[:60]!r}"))
        headers = {"Cache-Control": IMMUTABLE, **OPEN_TO_BROWSERS}
        data = kind.text.encode()
        return tagged(request, data, media_type="application/json", headers=headers)

    def did_document(self, request: Request) -> Response:
        """``GET /parties/{slug}/did.json``: a courtesy; keys come from entries."""
        fold = self.ledger.fold
        slug = request.path_params["slug"]
        party = next((p for p in fold.parties.values() if p.slug == slug), None)
        if party is None:
            raise Refused(Refusal("not-found", f"no party {slug[:60]!r}"))
        kids = [kid for kid, key in fold.keys.items() if key.party == party.did]
        multikeys = [Multikey(kid.partition("#")[2]) for kid in kids]
        return JSONResponse(party_document(Did(party.did), multikeys), headers=OPEN_TO_BROWSERS)


def tagged(request: Request, data: bytes, *, media_type: str, headers: dict[str, str]) -> Response:
    """An answer with a strong ETag, or 304 where the client has these bytes already."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    sent = {"ETag": etag, **headers}
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=errors.NOT_MODIFIED, headers=sent)
    return Response(data, media_type=media_type, headers=sent)
