"""The one page of a witness: which logs it witnesses, how far, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.instants import Instant, instant_of_ms
from portal.messages import Words, load_words
from portal.rendering import Renderer
from portal.static_files import load_static_files

LOGS_SHOWN_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class WitnessedState:
    """How a witness stands to one log; no root where nothing was cosigned."""

    origin: str
    size: int
    root: str
    cosigned_ms: int
    path: str
    forks: int
    refused: int


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What a witness shows of itself."""

    name: str
    vkey: str
    logs: Sequence[WitnessedState]


@dataclass(frozen=True, slots=True)
class _LogShown:
    origin: str
    size: int
    root: str
    at: Instant | None
    path: str
    forks: int
    refused: int


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    vkey: str
    logs: Sequence[_LogShown]


def build_witness_routes(state: Callable[[], WitnessState]) -> tuple[Route, ...]:
    """The page at ``/``, and the files it needs."""
    files = load_static_files()
    renderer = Renderer(load_words(), files)

    def show(request: Request) -> Response:
        page = _page(state(), renderer.words(request))
        return renderer.render(request, "witness.html", page=page)

    return (
        Route("/", show),
        *(Route(f"/static/{name}", files.serve, name=name) for name in files),
    )


def _page(state: WitnessState, words: Words) -> _Page:
    # Those with evidence first: they are what somebody has to see.
    ordered = sorted(state.logs, key=lambda log: (-log.forks, log.origin))
    return _Page(
        state.name,
        state.vkey,
        [
            _LogShown(
                log.origin,
                log.size,
                log.root,
                instant_of_ms(log.cosigned_ms, words),
                log.path,
                log.forks,
                log.refused,
            )
            for log in ordered[:LOGS_SHOWN_MAX]
        ],
    )
