"""``lotmark stream``: rows from machines become signed parameter uploads at the edge."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from api.cli.draft_check import DraftCheck
from api.cli.drafts import Draft, read_drafts
from api.cli.faults import CommandFault
from api.cli.options import Place, Session, open_session, pass_output, place_options, read_file
from api.cli.output import Output
from api.client import LogClient
from api.known_types import find_type
from api.party_folder import PartySigner
from api.streaming.edge import Batching, Edge
from api.streaming.rows import check_time, parse_row
from api.streaming.spool import Spool
from keys.identifiers import parse_origin
from ledger import limits
from ledger.compose import Composer
from ledger.receipt import verify_receipt
from ledger.record_type import RecordType
from ledger.submission import Admitted
from quality.errors import MalformedReading, ReadingContradicts

VCT: Final = "parameter-upload/v1"
_TICK_SECONDS: Final = 0.5
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command("stream")
@click.argument("head", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--spool",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which rows and signed records are kept until they are admitted.",
)
@click.option("--listen", metavar="127.0.0.1:PORT", help="Take rows by HTTP, on this machine.")
@click.option("--stdin", "is_stdin", is_flag=True, help="Take rows from standard input.")
@click.option(
    "--rows", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Of a record."
)
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, 86_400.0),
    default=60.0,
    show_default=True,
    help="A record waits no longer for more rows.",
)
@place_options
@pass_output
def stream(output: Output, *, place: Place, **asked: Any) -> None:
    """Take rows of parameters, and make parameter uploads of them.

    HEAD is a JSON draft of parameter-upload/v1 without rows: its process (site, line, machine,
    part, parameters) and its filing. A row is a line of JSON: {"at": ..., "values": {...}}; it is
    on the disk before it is answered. What was signed is sent again after a crash as it was.
    """
    if bool(asked["listen"]) == asked["is_stdin"]:
        raise click.UsageError("Name one of --listen and --stdin.")
    session = open_session(place)
    head = _read_head(asked["head"], session)
    signer = session.open_key(session.folder.signing_key)
    parameters = tuple(one["id"] for one in head.groups["process"]["parameters"])
    spool = Spool(asked["spool"])
    sender = RecordSender(session, signer, head)
    edge = Edge(spool, sender, Batching(asked["rows"], asked["seconds"]), tell=output.note)
    try:
        sender.check()
        with _ticking(edge):
            if asked["is_stdin"]:
                _take_lines(output, edge, parameters)
            else:
                _serve(output, edge, parameters, address=asked["listen"])
        is_done = edge.tick(at=time.monotonic(), is_last=asked["is_stdin"])
        counts = edge.counts()
    finally:
        spool.close()
    _tell(output, counts, is_done=is_done or not asked["is_stdin"])


def _read_head(path: Path, session: Session) -> Draft:
    data = read_file(path, "the head of uploads", bytes_max=limits.DISCLOSURE_BYTES_MAX)
    origin = parse_origin(session.anchor.origin)
    drafts = read_drafts(path, data, vct=VCT, origin=origin)
    process = drafts[0].groups.get("process") if len(drafts) == 1 else None
    named = process.get("parameters") if isinstance(process, Mapping) else None
    is_sound = isinstance(named, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("id"), str) for one in named
    )
    if not is_sound or not named or drafts[0].vct != VCT:
        raise CommandFault(
            "malformed-draft",
            f"{path}: expected one draft of {VCT} with process.parameters, found another",
            remedy=f"'lotmark template {VCT}' writes one; leave out its values.",
        )
    return drafts[0]


@dataclass(slots=True)
class RecordSender:
    """Signs with the party's key, submits to its log, and verifies every receipt."""

    session: Session
    signer: PartySigner
    head: Draft
    _kind: RecordType | None = field(default=None)
    _composer: Composer | None = field(default=None)

    def check(self) -> None:
        """Judge the head by the log's type, where the service can be reached.

        Raises:
            CommandFault: no upload could be made of it.
        """
        from api.client_errors import ServerUnreachable

        try:
            with self.session.client(self.signer) as client:
                kind = self._known(client)
        except ServerUnreachable:
            return
        blank = [None] * len(self.head.groups["process"]["parameters"])
        draft = self._draft([{"at": "2026-01-01T00:00:00Z", "values": blank}])
        check = DraftCheck(kind, anchor=self.session.anchor, slug=self.session.profile.slug)
        if faults := check.faults(draft):
            raise CommandFault(
                "invalid-claims",
                "the head makes no upload that is in order; no row was taken",
                remedy="Mend these places and run this again.",
                places=faults,
            )

    def sign(self, rows: Sequence[dict[str, Any]]) -> str:
        """A record of these rows.

        Raises:
            ClientError: the type or the policy could not be had.
        """
        with self.session.client(self.signer) as client:
            kind = self._known(client)
            if self._composer is None:
                self._composer = self.session.filing_composer(self.signer, client)
        draft = self._draft(rows)
        return self._composer.compose_record(
            kind, draft.groups, filing=draft.filing, iat=int(time.time())
        )

    def submit(self, sd_jwt: str) -> Admitted | str:
        """The receipt, verified, or the code that the record was refused with.

        Raises:
            ClientError: no answer came.
            LedgerError: a receipt does not verify; the record is sent again the next time.
        """
        with self.session.client(self.signer) as client:
            (answer,) = client.submit_batch([sd_jwt])
        if not isinstance(answer, Admitted):
            return answer.code
        anchor = self.session.anchor
        if not answer.is_cosigned:
            anchor = replace(anchor, policy=replace(anchor.policy, quorum=None))
        verify_receipt(answer.receipt.encode(), sd_jwt.partition("~")[0], anchor=anchor)
        return answer

    def _known(self, client: LogClient) -> RecordType:
        if self._kind is None:
            self._kind = find_type(VCT, client=client, anchor=self.session.anchor)
        return self._kind

    def _draft(self, rows: Sequence[dict[str, Any]]) -> Draft:
        return replace(self.head, groups={**self.head.groups, "values": {"rows": list(rows)}})


@contextmanager
def _ticking(edge: Edge) -> Iterator[None]:
    """Close, sign and send beside the taking of rows."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(_TICK_SECONDS):
            edge.tick(at=time.monotonic())

    thread = threading.Thread(target=run, name="stream")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _take_lines(output: Output, edge: Edge, parameters: Sequence[str]) -> None:
    refused = 0
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            row = parse_row(line.strip().encode(), parameters)
            check_time(row, datetime.now(UTC))
            edge.accept([row], at=time.monotonic())
        except (MalformedReading, ReadingContradicts) as fault:
            refused += 1
            output.note(f"line {number}: {fault}")
    if refused:
        output.note(f"{refused} lines were no rows of their own and are not kept")


def _serve(output: Output, edge: Edge, parameters: Sequence[str], *, address: str) -> None:
    from api.cli.listening import listen, run_app
    from api.streaming.door import build_door

    host, _, port = address.rpartition(":")
    if host.strip("[]") not in _LOOPBACK or not port.isdecimal() or int(port) > 65_535:
        raise click.UsageError(
            "--listen: expected an address of this machine such as 127.0.0.1:8090, found"
            f" {address!r}"
        )
    host = {"localhost": "127.0.0.1"}.get(host, host.strip("[]"))
    listener = listen(host, int(port))
    output.note(f"rows are taken at http://{host}:{listener.getsockname()[1]}/rows")
    run_app(build_door(edge, parameters), listener)


def _tell(output: Output, counts: Mapping[str, int], *, is_done: bool) -> None:
    output.say(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
    output.result(json.loads(json.dumps(counts)))
    if not is_done:
        raise CommandFault(
            "interrupted",
            "rows or records wait for the service",
            remedy="Run the same command again: it goes on from there, nothing is sent twice.",
        )
