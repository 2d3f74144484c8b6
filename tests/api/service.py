"""The whole service for tests: a founded log on SQLite behind the real server on loopback.

:func:`found_log` lays a data folder out as ``lotmark init`` would leave it; the parties and
their first records are those of :mod:`tests.ledger.parties`. :class:`LiveService` serves it
with uvicorn in a thread, at the moment that its clock shows, and has a client that signs for
each party. Nothing is faked but time.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from api.app import build_app
from api.data_folder import DataFolder, LogConfig, write_config, write_search_secret
from api.errors import MEDIA_TYPE as PROBLEM
from api.errors import status_of
from api.http_server import bounds_of, build_server
from api.http_signatures import HttpRequest, sign_request
from api.migrate import upgrade
from api.nonces import Nonce, UnixSeconds
from api.settings import Settings
from api.target_uri import parse_target_uri
from api.wiring import Service, open_service
from keys.encoding import encode_base64url
from ledger.anchor import Anchor, encode_anchor, parse_anchor
from ledger.blob_files import FileBlobs
from ledger.clock import ManualClock
from ledger.compose import Filing
from ledger.high_water import HighWaterFile
from ledger.limits import REQUEST_WINDOW_SECONDS
from ledger.note import encode_vkey
from ledger.record_type import RecordType, document_digest
from ledger.service import Ledger, LedgerParts
from ledger.store_sql import SqlStore
from ledger.submission import Admitted
from ledger.vault.shelf import KeyShelf
from ledger.verify import VerifiedView, verify_view
from ledger.view import parse_view
from quality.builtin_codebooks import builtin_codebooks
from quality.builtin_policies import builtin_policies
from quality.rules import QualityRules
from quality.types import business_types
from tests.ledger.parties import (
    NOW_MS,
    ORIGIN,
    SAMPLE_GROUPS,
    Consortium,
    PartyKeys,
    PartySigner,
    Plan,
    a_consortium,
    a_log_signer,
    a_seed,
    record_id_of,
    sign_key,
)
from tests.ledger.sample_types import sample_type_text
from tests.server_thread import client_of_many, start_server, stop_server

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonl"
CHUNK: Final = "application/offset+octet-stream"
LOG_KEY_VARIABLE: Final = "LOTMARK_TEST_LOG_KEY"
OEM, SUPPLIER, LABORATORY, STRANGER = (
    "borealis-motors",
    "hanfeng-drive",
    "meridian-cert",
    "sierra-castings",
)
FOUNDERS: Final[Mapping[str, Sequence[str]]] = {
    OEM: ("oem", "operator"),
    SUPPLIER: ("supplier",),
    LABORATORY: ("certifier", "laboratory"),
    STRANGER: ("supplier",),
}
#: Parameters that the charter lists; a test that wants them in force brings them.
LISTED: Final = builtin_codebooks()[0]
#: A policy that the charter lists, likewise.
POLICY: Final = builtin_policies()[0]


def _list_parameters(body: dict[str, Any]) -> None:
    body["parameters"] = [{"name": LISTED.name, "sha256": document_digest(LISTED.text)}]
    body["policies"] = [{"name": POLICY.name, "sha256": document_digest(POLICY.text)}]


#: Owned by its subject, where the sample type is owned by its issuer.
SUBJECT_VCT: Final = "sample-verdict/v1"
OPEN_PLAN: Final = Plan(
    founders=FOUNDERS,
    types=(
        sample_type_text(),
        sample_type_text(vct=SUBJECT_VCT, owner="subject"),
        *business_types(),
    ),
    amend=_list_parameters,
)


def _close_bundles(body: dict[str, Any]) -> None:
    body["entry_bundles"] = "members"


MEMBERS_PLAN: Final = Plan(founders=FOUNDERS, types=OPEN_PLAN.types, amend=_close_bundles)


def request_key(party: PartyKeys) -> PartySigner:
    """The key by which a party signs requests, and nothing else."""
    return party.another_key("requests")


def found_log(folder: DataFolder, plan: Plan = OPEN_PLAN) -> Consortium:
    """Lay out a data folder with a log in it: genesis, signing keys, types, request keys."""
    os.environ[LOG_KEY_VARIABLE] = encode_base64url(a_seed("log"))
    for name, content in _files_of_new_log(plan).items():
        path = folder.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return a_consortium(plan)


@cache
def _files_of_new_log(plan: Plan) -> Mapping[str, bytes]:
    # Founded once: a folder that is copied is as good as one that was made, and much faster.
    with TemporaryDirectory() as root:
        folder = DataFolder(Path(root))
        _found_log(folder, plan)
        files = (path for path in folder.root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in files}


def _found_log(folder: DataFolder, plan: Plan) -> None:
    consortium = a_consortium(plan)
    write_config(folder, LogConfig(ORIGIN, f"env:{LOG_KEY_VARIABLE}"))
    write_search_secret(folder)
    upgrade(folder.database_url)
    policy = f"log {encode_vkey(a_log_signer().key)}\nquorum none\n"
    folder.anchor.write_text(encode_anchor(ORIGIN, policy, consortium.fold.charter_id))
    keys = (
        sign_key(consortium, party, request_key(party), uses=("requests",))
        for party in consortium.parties.values()
    )
    _write_log(folder, [*consortium.texts, *keys])


def _write_log(folder: DataFolder, texts: Sequence[str]) -> None:
    store, mark = SqlStore(folder.database_url), HighWaterFile(folder.high_water)
    ledger = Ledger(
        LedgerParts(
            origin=ORIGIN,
            store=store,
            high_water=mark,
            clock=ManualClock(NOW_MS),
            signer=a_log_signer(),
            blobs=FileBlobs(folder.blobs, shelf=KeyShelf(folder.shelf), random_bytes=os.urandom),
            rules=QualityRules(),
            search_secret=folder.search_secret.read_bytes(),
        ),
        is_new=True,
    )
    ledger.start()
    try:
        for text in texts:
            outcome = ledger.submit_text(text)
            assert isinstance(outcome, Admitted), outcome
    finally:
        ledger.close()
        store.close()
        mark.close()


@dataclass
class SignedClient:
    """Sends requests signed by one key of one party."""

    service: LiveService
    key: PartySigner

    def send(
        self,
        method: str,
        target: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Sign and send."""
        fields = self.sign(method, target, content=content, headers=headers)
        return self.service.http.request(method, target, content=content or None, headers=fields)

    def sign(
        self,
        method: str,
        target: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        nonce: str | None = None,
    ) -> dict[str, str]:
        """The fields of such a request, those that sign it among them."""
        given = dict(headers or {})
        target_uri = parse_target_uri(self.service.settings.public_url + target)
        request = HttpRequest(method, target_uri, content, tuple(given.items()))
        return given | sign_request(
            request,
            self.key.key,
            did=self.key.did,
            created=UnixSeconds(self.service.now_s),
            nonce=Nonce(nonce or self.fresh_nonce()),
        )

    @staticmethod
    def fresh_nonce() -> str:
        """A nonce that was never used."""
        return encode_base64url(os.urandom(16))

    def get(self, target: str, **headers: str) -> httpx.Response:
        """A signed ``GET``; field names are written with ``_`` for ``-``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", target, headers=fields)

    def upload(self, data: bytes, *, chunk_bytes: int = 1 << 22) -> str:
        """Upload a blob whole."""
        created = self.send("POST", "/v1/blobs", headers={"Upload-Length": str(len(data))})
        blob = str(created.json()["blob"])
        for start in range(0, len(data), chunk_bytes):
            answer = self.append(blob, start, data[start : start + chunk_bytes])
            assert answer.is_success, answer.text
        return blob

    def append(self, blob: str, offset: int, chunk: bytes) -> httpx.Response:
        """Send one chunk."""
        headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK}
        return self.send("PATCH", f"/v1/blobs/{blob}", content=chunk, headers=headers)


@dataclass
class LiveService:
    """A served log. Texts from :meth:`record` are each another record."""

    folder: DataFolder
    consortium: Consortium
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW_MS))
    given: Mapping[str, Any] = field(default_factory=dict)
    started_seconds_ago: int = REQUEST_WINDOW_SECONDS

    def __post_init__(self) -> None:
        """Nothing runs yet."""
        self._labels = itertools.count()
        self.anchor: Anchor = parse_anchor(self.folder.anchor.read_bytes())

    # ---- running ----

    def start(self, *, port: int = 0) -> None:
        """Serve on a free port, or on this one."""
        listener = socket.create_server(("127.0.0.1", port))
        port = int(listener.getsockname()[1])
        given = {
            "check_processes": 0,
            "database_url": self.folder.server_url,
            "shelf": self.folder.keys,
            **self.given,
        }
        self.settings = Settings(data=self.folder.root, port=port, **given)
        # What was signed before a service started is refused: this one has run for a while.
        self.clock.advance(-1000 * self.started_seconds_ago)
        self.wired: Service = open_service(self.settings, clock=self.clock)
        self.clock.advance(1000 * self.started_seconds_ago)
        self.app = build_app(self.wired)
        self.server = build_server(self.app, bounds_of(self.settings), dates_itself=True)
        self.thread = start_server(self.server, listener)
        self.http = client_of_many(self.settings.public_url)

    def stop(self) -> None:
        """Stop as SIGTERM would, and wait."""
        self.http.close()
        stop_server(self.server, self.thread)

    def restart(self, *, port: int = 0) -> None:
        """Stop and start; the port is another one then unless it is given."""
        self.stop()
        self.start(port=port)

    # ---- parties ----

    @property
    def now_s(self) -> int:
        """The service's time."""
        return self.clock.now_ms() // 1000

    def party(self, slug: str) -> PartyKeys:
        """A member and its keys."""
        return self.consortium.parties[slug]

    def signed(self, slug: str) -> SignedClient:
        """A client that signs as a member."""
        return SignedClient(self, request_key(self.party(slug)))

    # ---- records ----

    def kind(self, vct: str) -> RecordType:
        """A type of this log."""
        return self.consortium.fold.types[vct]

    def record(
        self,
        groups: Mapping[str, Any] = SAMPLE_GROUPS,
        *,
        by: str = SUPPLIER,
        filing: Filing = Filing(),  # noqa: B008  (immutable)
        vct: str = "sample-report/v1",
        iat: int | None = None,
    ) -> str:
        """A new record, signed and ready to submit."""
        signing, label = self.party(by).signing, f"api {next(self._labels)}"
        composer = self.consortium.composer(signing, label=label)
        at = self.now_s if iat is None else iat
        return composer.compose_record(self.kind(vct), groups, filing=filing, iat=at)

    def submit(self, sd_jwt: str) -> httpx.Response:
        """Submit one record."""
        return self.post(encode_submission(sd_jwt))

    def submit_many(self, lines: Sequence[str | bytes]) -> list[dict[str, Any]]:
        """Submit records, or whatever else stands on a line; the answer to each."""
        coded = [i if isinstance(i, bytes) else encode_submission(i).encode() for i in lines]
        answer = self.post(b"\n".join(coded) + b"\n", media_type=JSON_LINES)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def post(self, body: str | bytes, *, media_type: str = JSON) -> httpx.Response:
        """Post a body to the one door."""
        return self.http.post("/v1/records", content=body, headers={"Content-Type": media_type})

    def admit(self, sd_jwt: str) -> str:
        """Submit a record that must be admitted; its id."""
        answer = self.submit(sd_jwt)
        assert answer.status_code == 201, answer.text
        assert answer.json()["record_id"] == record_id_of(sd_jwt)
        return record_id_of(sd_jwt)

    def size(self) -> int:
        """How many entries the log says it has."""
        return int(self.http.get("/readyz").json()["size"])

    def verify(self, view: bytes) -> VerifiedView:
        """Verify a view offline, from the trust anchor."""
        return verify_view(parse_view(view), self.anchor)

    def exchange(self, data: bytes, *, then_close: bool = False) -> bytes:
        """Send bytes as they are; what comes back until the service falls silent or closes."""
        address = ("127.0.0.1", self.settings.port)
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(data)
            if then_close:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """The problem document that an answer is, with what every refusal carries."""
    assert answer.headers["content-type"] == PROBLEM, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    members: dict[str, Any] = answer.json()
    assert members["status"] == answer.status_code == status_of(members["code"])
    assert members["type"] == f"urn:lotmark:problem:{members['code']}"
    assert members["title"]
    assert members["remedy"]
    return members


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal."""
    return str(problem_of(answer)["code"])


def encode_submission(sd_jwt: str) -> str:
    """The JSON that carries one record."""
    return json.dumps({"sd_jwt": sd_jwt, "sealed": []})


def serve(root: Path, plan: Plan = OPEN_PLAN, **settings: Any) -> Iterator[LiveService]:
    """Found a log below ``root`` and serve it: the body of a fixture."""
    folder = DataFolder(root)
    live = LiveService(folder, found_log(folder, plan), given=settings)
    live.start()
    yield live
    live.stop()
