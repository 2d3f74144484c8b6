"""Builds the portal: everything is read here once, and nothing on import."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.error_page import PageRefusal, error_page
from portal.facts import PortalFacts
from portal.messages import load_words
from portal.own_facts import OwnFacts
from portal.own_pages import OwnPages
from portal.pages import Pages
from portal.rendering import Renderer
from portal.static_files import load_static_files


@dataclass(frozen=True, slots=True)
class Portal:
    """The routes to mount, and the page for requests that end badly."""

    routes: tuple[Route, ...]
    renderer: Renderer

    def wants_page(self, request: Request) -> bool:
        """Whether a person asks: a browser, and not for one of the addresses of programs."""
        is_for_programs = request.url.path.startswith(("/v1/", "/tile/", "/static/"))
        return not is_for_programs and "text/html" in request.headers.get("accept", "")

    def refuse(self, request: Request, refusal: PageRefusal) -> Response:
        """The page for a refusal, with its status."""
        page = error_page(refusal, self.renderer.words(request))
        response = self.renderer.render(request, "error.html", page=page)
        response.status_code = refusal.status
        return response


def build_portal(facts: PortalFacts, own: OwnFacts) -> Portal:
    """The portal over the facts of one service, and those of a party that has signed in."""
    files = load_static_files()
    renderer = Renderer(load_words(), files)
    pages = Pages(facts, renderer, files)
    mine = OwnPages(own, renderer)
    return Portal(
        routes=(
            Route("/", pages.home),
            Route("/entries", pages.entries),
            Route("/records/{record_id}", pages.record),
            Route("/verify", pages.verify),
            Route("/about", pages.about),
            Route("/mine", mine.home),
            Route("/mine/sharing", mine.readers),
            Route("/mine/sharing/{slug}", mine.seen),
            Route("/mine/accesses", mine.accesses),
            *(Route(f"/static/{name}", files.serve, name=name) for name in files),
        ),
        renderer=renderer,
    )
