"""What a service tells of members and proposals is foreign: another form is refused by name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.api.cli.solo import SLUG, SoloLog

pytestmark = pytest.mark.item("3.done.cli")

FORMS = [
    {"proposals": [{}], "recoveries": [], "parties": [{}]},
    {"proposals": 5, "recoveries": [], "parties": None},
    {"proposals": [{"act": "admit"}], "recoveries": [], "parties": [{"slug": SLUG}]},
    {},
]


@contextmanager
def lying(members: Mapping[str, Any]) -> Iterator[str]:
    """The address of a service that answers everything with these members."""
    body = json.dumps(members).encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("members", FORMS)
def test_an_answer_of_another_form_is_refused_and_nothing_is_signed(
    solo: SoloLog, members: Mapping[str, Any]
) -> None:
    with lying(members) as url:
        for command in (
            ("proposals",),
            ("keys",),
            ("revoke", "--signing", "--reason", "lost", "--yes"),
            ("propose", "roles", SLUG, "--yes"),
            ("rotate", "--signing", "--yes"),
            ("approve", "A" * 43, "--yes"),
        ):
            result = solo.run(*command, "--url", url, "--json")
            assert result.exit_code == 1, (command, result.stderr)
            found = json.loads(result.stdout)["error"]["code"]
            assert found in {"answer-malformed", "malformed-view", "malformed-json"}, command
    assert not list(solo.party.glob("*.pending"))
