"""Signing in to the pages: a signed request gets a link, the link leaves a cookie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api import errors
from api.exchange import LogKeys, Reader, Refused
from api.nonces import Nonce, Nonces, UnixSeconds
from api.page_sessions import LINK, LINK_SECONDS, SESSION, SESSION_SECONDS, PageSeals, Pass
from api.request_errors import RequestError
from api.target_uri import PublicBase
from keys.identifiers import KeyId
from ledger.clock import Clock
from ledger.faults import Refusal
from portal.own_facts import SignedIn

COOKIE: Final = "lotmark-party"
_COOKIE_FIELD_MAX: Final = 4_096
# Only this one cookie is looked for: see portal.rendering.
_COOKIE = re.compile(rf"(?:^|;\s*){COOKIE}=([A-Za-z0-9_.-]{{1,2048}})(?=;|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PageDoor:
    """Who is signed in to the pages, and how they get there."""

    seals: PageSeals
    keys: LogKeys
    nonces: Nonces
    clock: Clock
    base: PublicBase

    def link(self, request: Request, reader: Reader) -> Response:
        """``POST /v1/page-links``: a link that signs a browser in, once."""
        del request
        if reader.signed is None:
            raise Refused(Refusal("signature-required", "page-links: sign the request"))
        text = self.seals.link(str(reader.signed.kid), now_s=self._now_s())
        url = f"{self.base}/sign-in?link={text}"
        headers = {"Cache-Control": "no-store"}
        members = {"url": url, "seconds": LINK_SECONDS}
        return JSONResponse(members, errors.CREATED, headers=headers)

    def sign_in(self, request: Request) -> Response:
        """``GET /sign-in?link=``: leaves the cookie and leads on; a link that is spent does not."""
        given = self.seals.open(request.query_params.get("link", ""), LINK, now_s=self._now_s())
        response = RedirectResponse("/mine", status_code=errors.SEE_OTHER)
        response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        # Who only looks whether a link is there (HEAD) does not use it up.
        is_followed = request.method == "GET"
        if is_followed and given and self._is_in_force(given) and self._take(given):
            response.set_cookie(
                COOKIE,
                self.seals.session(given.kid, now_s=self._now_s()),
                max_age=SESSION_SECONDS,
                path="/mine",
                httponly=True,
                secure=str(self.base).startswith("https:"),
                samesite="lax",
            )
        return response

    def signed_in(self, request: Request) -> SignedIn | None:
        """Who a request is from, by its cookie; None where that is nobody any more."""
        found = _COOKIE.search(request.headers.get("cookie", "")[:_COOKIE_FIELD_MAX])
        given = self.seals.open(found[1], SESSION, now_s=self._now_s()) if found else None
        if given is None or not self._is_in_force(given):
            return None
        return SignedIn(given.did, given.until_s)

    def _take(self, given: Pass) -> bool:
        """Whether the link was not used before; it is now."""
        try:
            self.nonces.claim(
                f"page {given.kid}",
                Nonce(given.nonce),
                created=UnixSeconds(given.created_s),
                now=UnixSeconds(self._now_s()),
            )
        except RequestError:
            return False
        return True

    def _is_in_force(self, given: Pass) -> bool:
        return self.keys.may_sign_requests(KeyId(given.kid))

    def _now_s(self) -> int:
        return self.clock.now_ms() // 1000
