"""``lotmark serve``: the service, until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.listening import listen, run_server
from api.cli.options import ask_passphrase, data_option, pass_output, read_settings
from api.cli.output import Output

if TYPE_CHECKING:
    from api.cosigning import Cosigning


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

    On SQLite one process writes, and a second one on the same folder is refused; on PostgreSQL
    any number of replicas may, each with a folder of its own. Stop it with Ctrl-C.
    """
    with listen(host, port) as listener:
        # Imported here: no other command needs the web framework, and it takes time, in which
        # whoever connects is not refused but waits.
        from api import interpreter
        from api.app import build_app
        from api.http_server import bounds_of, build_server
        from api.observability import configure_logs
        from api.wiring import open_service

        taken = int(listener.getsockname()[1])
        settings = read_settings(data=data, host=host, port=taken, base_url=base_url)
        # Before anything is at work that logs: standard output is for the result alone.
        configure_logs()
        service = open_service(settings, passphrase=lambda: ask_passphrase("Passphrase of the log"))
        output.say(f"log {service.config.origin}, {service.ledger.size} entries")
        _tell_witnesses(output, service.cosigning)
        output.say(f"serving {settings.public_url}; Ctrl-C stops")
        output.result(
            {
                "origin": service.config.origin,
                "size": service.ledger.size,
                "url": settings.public_url,
            }
        )
        sys.stdout.flush()
        app = build_app(service)
        interpreter.settle()
        run_server(build_server(app, bounds_of(settings), dates_itself=True), listener)


def _tell_witnesses(output: Output, cosigning: Cosigning) -> None:
    """Say what each witness said before the log signed anything."""
    for answer in cosigning.start_answers:
        if answer.size is None:
            output.note(f"no answer: {answer.reason}; the high-water file vouches for the log")
        else:
            output.say(f"witness {answer.witness} has cosigned {answer.size} entries, as they are")
