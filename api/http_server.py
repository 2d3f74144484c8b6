"""The HTTP server around the application: uvicorn, bounded."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

import uvicorn

from api.bounded_http import BoundedHttp, Connections, HttpBounds
from api.settings import Settings

_STOP_SECONDS: Final = 20


def bounds_of(settings: Settings) -> HttpBounds:
    """The bounds on connections that the settings say."""
    return HttpBounds(
        connections=settings.connections,
        connections_per_address=settings.connections_per_address,
        head_seconds=settings.head_seconds,
        idle_seconds=settings.idle_seconds,
        body_seconds=settings.body_seconds,
        body_bytes_per_s=settings.body_bytes_per_s,
        answer_seconds=settings.answer_seconds,
        answer_bytes_per_s=settings.answer_bytes_per_s,
        unread_bytes=settings.unread_bytes,
    )


def build_server(app: Any, bounds: HttpBounds, *, dates_itself: bool) -> uvicorn.Server:
    """A server of ``app``, which may date its answers itself; run it with its sockets."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=_protocol(bounds),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=not dates_itself,
        timeout_keep_alive=bounds.idle_seconds,
        # Who stands in front is told by base_url; nobody's word is taken for it.
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    return uvicorn.Server(config)


def _protocol(bounds: HttpBounds) -> type[asyncio.Protocol]:
    # uvicorn asks for a class and calls it; one that has its book already serves as well.
    made: Any = partial(BoundedHttp, book=Connections(bounds))
    protocol: type[asyncio.Protocol] = made
    return protocol
