"""The public read path of the log: C2SP tlog-tiles, anchor, charter, courtesy DID documents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import errors
from api.exchange import Refused, RequestJudge
from api.proposal_listing import list_proposals, list_recoveries
from api.published import Published, asks_for_cosigned
from keys.did_document import party_document
from keys.identifiers import Did, Multikey
from ledger.clock import Clock
from ledger.errors import MalformedTilePath
from ledger.faults import Refusal
from ledger.fold import Party, PublicFold, RegisteredKey, settle
from ledger.fold_state import Parameters
from ledger.party import Standing
from ledger.policy_history import PolicyVersion
from ledger.service import Ledger
from ledger.tiles import EntryBundle, is_implied, parse_tile_path
from ledger.tree import TreeSize

IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
IMMUTABLE_FOR_MEMBERS: Final = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Vary": "Signature, Signature-Input",
}
FRESH: Final = {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class LogDoor:
    """The HTTP routes that read the log itself."""

    ledger: Ledger
    anchor: str
    judge: RequestJudge
    published: Published
    clock: Clock

    def checkpoint(self, request: Request) -> Response:
        """``GET /checkpoint``: the newest note that the trust policy accepts.

        With ``cosigned=false`` the newest that the log has signed.
        """
        is_cosigned = asks_for_cosigned(request)
        self.ledger.catch_up()
        note = self.published.checkpoint(cosigned=is_cosigned).encode()
        return tagged(request, note, media_type="text/plain; charset=utf-8", headers=FRESH)

    def tile(self, request: Request) -> Response:
        """``GET /tile/...``: a hash tile or an entry bundle; the bytes never change."""
        path = "tile/" + request.path_params["path"]
        try:
            tile = parse_tile_path(path)
        except MalformedTilePath as fault:
            raise Refused(Refusal("not-found", str(fault))) from fault
        if not is_implied(tile, TreeSize(self.ledger.size)):
            self.ledger.catch_up()
        if not is_implied(tile, TreeSize(self.ledger.size)):
            raise Refused(Refusal("not-found", "no checkpoint implies this tile yet"))
        headers = IMMUTABLE
        if isinstance(tile, EntryBundle):
            headers = self._admit_to_bundles(request)
            data = self.ledger.reader.read_bundle(tile)
        else:
            data = self.ledger.reader.read_tile(tile)
        return tagged(request, data, media_type="application/octet-stream", headers=headers)

    def _admit_to_bundles(self, request: Request) -> dict[str, str]:
        """Who may read bundles, and so which caches may keep them."""
        fold = self.ledger.fold
        if fold.charter is not None and fold.rules.has_open_bundles:
            self.judge.pass_over(request)
            return IMMUTABLE
        reader = self.judge.reader_of(request).did
        if reader is None:
            raise Refused(Refusal("signature-required", "entry bundles are for members"))
        # By the fold of this moment: a party that was suspended reads its own records only.
        if fold.standing(reader) is not Standing.MEMBER:
            raise Refused(Refusal("not-permitted", "entry bundles are for members, not suspended"))
        return IMMUTABLE_FOR_MEMBERS

    def trust_anchor(self, request: Request) -> Response:
        """``GET /v1/anchor``: a courtesy copy; a verifier gets its own out of band."""
        return tagged(
            request,
            self.anchor.encode(),
            media_type="application/json",
            headers=FRESH,
        )

    def parties(self, request: Request) -> Response:
        """``GET /v1/parties``: the members, their roles and keys, as the log says."""
        del request
        recorded, fold = self._folds()
        members = [party_members(party, fold, recorded) for party in fold.parties.values()]
        types = [{"vct": vct, "entry": index} for vct, index in fold.type_entries.items()]
        return JSONResponse(
            {
                "origin": fold.origin,
                "charter": fold.charter_id,
                "size": self.ledger.size,
                "parties": members,
                "types": types,
            },
            headers=FRESH,
        )

    def proposals(self, request: Request) -> Response:
        """``GET /v1/proposals``: what is being decided, and what is missing for it."""
        del request
        _, fold = self._folds()
        return JSONResponse(
            {
                "origin": fold.origin,
                "charter": fold.charter_id,
                "size": self.ledger.size,
                "proposals": list_proposals(fold, now_ms=self.clock.now_ms()),
                "recoveries": list_recoveries(fold),
            },
            headers=FRESH,
        )

    def _folds(self) -> tuple[PublicFold, PublicFold]:
        """The fold of the entries, and as the next governance entry would find it.

        Recoveries that are due are complete in the second one.
        """
        self.ledger.catch_up()
        fold, size = self.ledger.fold, self.ledger.size
        return fold, settle(fold, index=size, admitted_ms=self.clock.now_ms())

    def record_type(self, request: Request) -> Response:
        """``GET /v1/types/{name}/{version}``: a definition, byte for byte as the log has it."""
        vct = f"{request.path_params['name']}/{request.path_params['version']}"
        if vct not in self.ledger.fold.types:
            self.ledger.catch_up()
        kind = self.ledger.fold.types.get(vct)
        if kind is None:
            raise Refused(Refusal("not-found", f"no type {vct[:60]!r}"))
        data = kind.text.encode()
        return tagged(request, data, media_type="application/json", headers=IMMUTABLE)

    def parameters(self, request: Request) -> Response:
        """``GET /v1/parameters``: what is in force by name, and what the charter lists."""
        del request
        self.ledger.catch_up()
        fold, size = self.ledger.fold, self.ledger.size
        listed = fold.charter.parameters.items() if fold.charter else ()
        return JSONResponse(
            {
                "origin": fold.origin,
                "charter": fold.charter_id,
                "size": size,
                "parameters": [parameters_members(item) for item in fold.parameters.values()],
                "listed": [{"name": name, "sha256": sha256} for name, sha256 in listed],
            },
            headers=FRESH,
        )

    def parameters_text(self, request: Request) -> Response:
        """``GET /v1/parameters/{name}``: the text in force, byte for byte as the log has it."""
        name = request.path_params["document"]
        self.ledger.catch_up()
        found = self.ledger.fold.parameters.get(name)
        if found is None:
            raise Refused(Refusal("not-found", f"no parameters {name[:60]!r}"))
        return tagged(request, found.text.encode(), media_type="application/json", headers=FRESH)

    def policies(self, request: Request) -> Response:
        """``GET /v1/policies``: every version of every sharing policy, and what is listed."""
        del request
        self.ledger.catch_up()
        fold, size = self.ledger.fold, self.ledger.size
        listed = fold.charter.policies.items() if fold.charter else ()
        return JSONResponse(
            {
                "origin": fold.origin,
                "charter": fold.charter_id,
                "size": size,
                "policies": [policy_members(item) for item in fold.policies],
                "listed": [{"name": name, "sha256": sha256} for name, sha256 in listed],
            },
            headers=FRESH,
        )

    def policy_text(self, request: Request) -> Response:
        """``GET /v1/policies/{policy}``: the text of one, byte for byte as the log has it."""
        record_id = request.path_params["policy"]
        self.ledger.catch_up()
        found = self.ledger.fold.policies.get(record_id)
        if found is None or not found.text:
            raise Refused(Refusal("not-found", f"no policy {record_id[:60]!r}"))
        return tagged(
            request, found.text.encode(), media_type="application/json", headers=IMMUTABLE
        )

    def did_document(self, request: Request) -> Response:
        """``GET /parties/{slug}/did.json``: a courtesy; keys come from entries."""
        self.ledger.catch_up()
        fold = self.ledger.fold
        slug = request.path_params["slug"]
        party = fold.party_of_slug(slug)
        if party is None:
            raise Refused(Refusal("not-found", f"no party {slug[:60]!r}"))
        # Outside software takes every key that it finds for one that signs now.
        multikeys = [Multikey(key.multikey) for key in party.signing_keys if key.is_current]
        sealing = [Multikey(key.multikey) for key in party.sealing_keys if key.is_current]
        return JSONResponse(
            party_document(Did(party.did), multikeys, sealing=sealing), headers=FRESH
        )


def parameters_members(parameters: Parameters) -> dict[str, Any]:
    """Parameters as plain values: the name, and where each of their versions stands."""
    versions = [{"entry": index, "sha256": sha256} for index, sha256 in parameters.versions]
    return {"name": parameters.name, **versions[-1], "versions": versions}


def policy_members(policy: PolicyVersion) -> dict[str, Any]:
    """A policy as plain values; the charter's default has no digest, being no document."""
    return {
        "record_id": policy.record_id,
        "name": policy.name,
        "version": policy.version,
        "entry": policy.index,
        "sha256": policy.sha256 or None,
    }


def party_members(party: Party, fold: PublicFold, recorded: PublicFold) -> dict[str, Any]:
    """A party as plain values: what it is, where it stands, every key it ever had.

    Args:
        party: of ``fold``.
        fold: as the next governance entry would find it.
        recorded: the fold of the entries alone, which the indices are from.
    """
    known = recorded.parties[party.did].keys
    admin = [key for key in party.keys.values() if key.is_admin]
    return {
        "did": party.did,
        "slug": party.slug,
        "names": dict(party.names),
        "roles": sorted(party.roles),
        "accreditations": sorted(party.accreditations),
        "entity": party.entity,
        "parent": party.parent,
        "standing": fold.standing(party.did),
        "next_key": party.commitment,
        "joined_at": None if party.did in fold.awaited else party.joined_at,
        "admin_keys": [_key_members(key, known.get(key.multikey)) for key in admin],
        "keys": [_key_members(key, known.get(key.multikey)) for key in party.own_keys],
    }


def _key_members(key: RegisteredKey, recorded: RegisteredKey | None) -> dict[str, Any]:
    # A recovery that is due has no entry yet: the next governance entry completes it.
    return {
        "kid": key.kid,
        "uses": sorted(key.uses),
        "holder_kind": key.holder_kind or None,
        "in_force": key.is_in_force,
        "registered_at": recorded.registered_at if recorded else None,
        "superseded_s": key.superseded_s,
        "ended_at": recorded.ended_at if recorded else None,
        "contested": [
            {"from": item.start, "before": item.stop, "at": item.at} for item in key.contested
        ],
    }


def tagged(request: Request, data: bytes, *, media_type: str, headers: dict[str, str]) -> Response:
    """An answer with a strong ETag, or 304 where the client has these bytes already."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    sent = {"ETag": etag, **headers}
    # A proxy that compresses marks a tag as weak; for this question the mark does not count.
    asked = request.headers.get("if-none-match", "").split(",")
    known = [tag.strip().removeprefix("W/") for tag in asked]
    if etag in known or "*" in known:
        return Response(status_code=errors.NOT_MODIFIED, headers=sent)
    return Response(data, media_type=media_type, headers=sent)
