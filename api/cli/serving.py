"""``lotmark serve``: the service, one process, until it is told to stop."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.options import ask_passphrase, data_option, pass_output, read_settings
from api.cli.output import Output

_BACKLOG: Final = 1024
_STOP_SECONDS: Final = 20
_CONNECTIONS_MAX: Final = 800
_KEEP_ALIVE_SECONDS: Final = 15


@click.command()
@data_option
@click.option("--host", envvar="LOTMARK_HOST", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    envvar="LOTMARK_PORT",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--base-url",
    envvar="LOTMARK_BASE_URL",
    default="",
    help="Address that clients use, where a proxy stands in front. [LOTMARK_BASE_URL]",
)
@pass_output
def serve(output: Output, *, data: Path, host: str, port: int, base_url: str) -> None:
    """Serve the log in the data folder.

    One process writes; a second one on the same folder is refused. Stop it with Ctrl-C.
    """
    with _listen(host, port) as listener:
        # Imported here: no other command needs the web framework, and it takes time, in which
        # whoever connects is not refused but waits.
        from api import interpreter
        from api.app import build_app
        from api.observability import configure_logs
        from api.wiring import open_service

        taken = int(listener.getsockname()[1])
        settings = read_settings(data=data, host=host, port=taken, base_url=base_url)
        service = open_service(settings, passphrase=lambda: ask_passphrase("Passphrase of the log"))
        output.say(f"log {service.config.origin}, {service.ledger.size} entries")
        output.say(f"serving {settings.public_url}; Ctrl-C stops")
        output.result(
            {
                "origin": service.config.origin,
                "size": service.ledger.size,
                "url": settings.public_url,
            }
        )
        sys.stdout.flush()
        configure_logs()
        app = build_app(service)
        interpreter.settle()
        _run(app, listener)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as fault:
        listener.close()
        raise CommandFault(
            "address-in-use",
            f"expected to listen on {host}:{port}, found: {fault.strerror or fault}",
            remedy="Stop what listens there, or choose another --port.",
        ) from fault
    return listener


def _run(app: Any, listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        # Slow clients hold a place each; what is beyond is told to come back (503).
        limit_concurrency=_CONNECTIONS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        # Who stands in front is told by base_url; nobody's word is taken for it.
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    # Once it has stopped in order, uvicorn raises the signal again for whoever handled it
    # before; for us the story ends there, with status 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped)
    uvicorn.Server(config).run(sockets=[listener])


def _stopped(number: int, frame: FrameType | None) -> None:
    """Nothing is left to be done."""
    del number, frame
