"""The pages of a party that has signed in: what others see of its records, and who read them.

They are private: no cache keeps them, and without a session each of them says how to sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ledger.fold import Party
from portal.instants import instant_of_ms
from portal.names import name_party
from portal.own_facts import OwnFacts, SignedIn
from portal.own_view_models import (
    ANYONE,
    OwnPage,
    ReadersPage,
    accesses_page,
    reader_line,
    seen_page,
)
from portal.rendering import Renderer

READERS_SHOWN_MAX: Final = 60
_CURSOR_CHARACTERS_MAX: Final = 200
_UNAUTHORIZED: Final = 401
_MISSING: Final = 404


@dataclass(frozen=True, slots=True)
class OwnPages:
    """The HTTP routes below ``/mine``."""

    facts: OwnFacts
    renderer: Renderer

    def home(self, request: Request) -> Response:
        """``GET /mine``: who is signed in, and where to go."""

        def show(who: SignedIn) -> Response:
            words = self.renderer.words(request)
            page = OwnPage(
                name_party(who.did, self.facts.fold, words=words),
                instant_of_ms(who.until_s * 1000, words),
            )
            return self.renderer.render(request, "mine.html", page=page)

        return self._for_its_party(request, show)

    def readers(self, request: Request) -> Response:
        """``GET /mine/sharing``: what each other party sees of the party's records."""

        def show(who: SignedIn) -> Response:
            fold, words = self.facts.fold, self.renderer.words(request)
            others = [did for did in fold.parties if did != who.did]
            seen_by = self.facts.sight(who.did)
            seen = [seen_by(did) for did in (None, *others[:READERS_SHOWN_MAX])]
            lines = [reader_line(one, fold, words=words) for one in seen]
            page = ReadersPage(
                owner=name_party(who.did, fold, words=words),
                records=seen[0].records,
                has_more=seen[0].has_more,
                readers=tuple(sorted(lines, key=lambda line: (-line.shown, line.slug))),
                left_out=max(0, len(others) - READERS_SHOWN_MAX),
            )
            return self.renderer.render(request, "readers.html", page=page)

        return self._for_its_party(request, show)

    def seen(self, request: Request) -> Response:
        """``GET /mine/sharing/{slug}``: what one of them sees, group by group."""

        def show(who: SignedIn) -> Response:
            reader = self._reader(request.path_params["slug"])
            did = None if reader is None else reader.did
            words = self.renderer.words(request)
            page = seen_page(self.facts.sight(who.did)(did), self.facts.fold, words=words)
            return self.renderer.render(request, "seen.html", page=page)

        return self._for_its_party(request, show)

    def accesses(self, request: Request) -> Response:
        """``GET /mine/accesses?before=``: who read the party's records, newest first."""

        def show(who: SignedIn) -> Response:
            before = (request.query_params.get("before") or "")[:_CURSOR_CHARACTERS_MAX] or None
            words = self.renderer.words(request)
            found = self.facts.accesses(who.did, before)
            page = accesses_page(who.did, found, self.facts.fold, words=words)
            return self.renderer.render(request, "accesses.html", page=page)

        return self._for_its_party(request, show)

    def _reader(self, slug: str) -> Party | None:
        """The party of the slug; None for anyone."""
        found = self.facts.fold.party_of_slug(slug)
        if found is None and slug != ANYONE:
            raise HTTPException(_MISSING)
        return found

    def _for_its_party(self, request: Request, show: Callable[[SignedIn], Response]) -> Response:
        who = self.facts.signed_in(request)
        if who is None:
            response: Response = self.renderer.render(request, "sign_in.html", page=None)
            response.status_code = _UNAUTHORIZED
        else:
            response = show(who)
        response.headers["Cache-Control"] = "no-store"
        return response
