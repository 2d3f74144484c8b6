"""Targets of the service's edge: fields of requests, signatures, targets, queries, answers."""

from __future__ import annotations

import atexit
import json
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from starlette.datastructures import QueryParams

from api.blob_door import parse_range
from api.client import Answer, parse_answer
from api.client_errors import AnswerMalformed
from api.client_transport import Incoming, parse_problem, read_problem
from api.content_digest import encode_content_digest, verify_content_digest
from api.data_folder import DataFolder, LogConfig, read_config, write_config
from api.devices import DEVICE_FORMAT, parse_device_key
from api.exchange import ANYONE, Reader, Refused
from api.http_signatures import HttpRequest, verify_request
from api.masters_query import decode_place, encode_place, parse_masters
from api.nonces import NonceMemory
from api.party_folder import (
    PartyFolder,
    PartyProfile,
    encode_statement,
    parse_statement,
    read_profile,
    write_profile,
)
from api.request_errors import DigestMismatch, MalformedTarget, RequestError
from api.search_query import decode_cursor, encode_cursor, parse_search
from api.setup_errors import FolderDamaged, MalformedStatement, PartyDamaged
from api.signature_fields import parse_signature_fields
from api.structured_fields import parse_dictionary
from api.target_uri import build_target_uri, parse_public_base, parse_target_uri
from ledger.audit_entries import check_chunk
from ledger.entry import entry_bytes
from ledger.possession import prove_possession
from portal.languages import choose_language, parse_language, prefer_language
from portal.pages import parse_before
from tests.api.signed_requests import KID, NOW, ListedKeys, a_post, signed
from tests.fuzz.choices import edited
from tests.fuzz.target import Target, raw_text_of, text_of
from tests.ledger.parties import ORIGIN, a_party
from tests.ledger.view_story import REPORT, a_story

_BODY: Final = b'{"a": 1}'


def _header_text(data: bytes) -> str:
    """A field's value as the server hands it on."""
    return data.decode("latin-1")


def _parse_dictionary(data: bytes) -> None:
    for label, member in parse_dictionary("x", _header_text(data), refusal=RequestError).items():
        assert label
        assert len(member) == 2


def _verify_request(data: bytes) -> None:
    signature_input, _, rest = data.partition(b"\n")
    signature, _, digest = rest.partition(b"\n")
    named = {"Signature-Input": signature_input, "Signature": signature, "Content-Digest": digest}
    fields = tuple((name, _header_text(value)) for name, value in named.items() if value)
    _verify(fields)


def _verify_edited_request(data: bytes) -> None:
    honest = _honest()
    which = data[0] % len(honest) if data else 0
    fields = [
        (name, _header_text(edited(value.encode("ascii"), data[1:])) if at == which else value)
        for at, (name, value) in enumerate(honest)
    ]
    _verify(tuple(fields))


def _verify(fields: tuple[tuple[str, str], ...]) -> None:
    request = HttpRequest("POST", a_post().target_uri, _BODY, fields)
    by = verify_request(request, now=NOW, keys=ListedKeys(), nonces=NonceMemory())
    # White space may differ, the bytes that were signed may not.
    assert by.kid == KID
    found, honest = (parse_signature_fields(some) for some in (fields, _honest()))
    (label,), (other,) = found.labels_tagged(_TAG), honest.labels_tagged(_TAG)
    assert found.read_signature(label) == honest.read_signature(other)


def _build_target(data: bytes) -> None:
    base, _, rest = data.partition(b"\n")
    path, _, query = rest.partition(b"\n")
    public = parse_public_base(raw_text_of(base))
    target = build_target_uri(public, path, query=query)
    assert parse_target_uri(target) == target
    assert target.startswith(public)


def _verify_content_digest(data: bytes) -> None:
    verify_content_digest(_header_text(data), _BODY)
    assert encode_content_digest(_BODY)[8:].strip("=: ") in _header_text(data)


def _parse_search(data: bytes) -> None:
    asked = QueryParams(_header_text(data[1:]))
    reader = Reader("did:web:log.example:parties:acme") if data[:1] == b"s" else ANYONE
    found = parse_search(asked, reader)
    assert 1 <= found.limit <= 200


def _decode_cursor(data: bytes) -> None:
    index = decode_cursor(text_of(data))
    assert decode_cursor(encode_cursor(index)) == index


def _parse_masters(data: bytes) -> None:
    asked = QueryParams(_header_text(data[1:]))
    reader = Reader("did:web:log.example:parties:acme") if data[:1] == b"s" else ANYONE
    found = parse_masters(asked, reader, names=("kind", "state", "party", "number"))
    assert 1 <= found.limit <= 200
    assert found.named.keys() <= {"kind", "state", "party", "number"}


def _decode_place(data: bytes) -> None:
    place = decode_place(text_of(data))
    assert decode_place(encode_place(place)) == place


def _parse_range(data: bytes) -> None:
    size = int.from_bytes(data[:3], "big")
    found = parse_range(_header_text(data[3:]), size)
    assert found is None or 0 <= found[0] < found[1] <= size


def _choose_page(data: bytes) -> None:
    text = _header_text(data)
    assert parse_before(text) >= 1
    assert parse_language(text) in {None, "en", "zh"}
    assert {prefer_language(text), choose_language(text, text, accepted=text)} <= {"en", "zh"}


def _parse_answer(data: bytes) -> None:
    read_problem(Incoming(400, {}, data))
    answer: Answer = parse_answer(data, 1)
    assert answer
    parse_problem(Incoming(400, {}, data).json())


def _parse_statement(data: bytes) -> None:
    found = parse_statement(data)
    assert parse_statement(encode_statement(found)) == found


def _parse_device_key(data: bytes) -> None:
    found = parse_device_key(data, origin=ORIGIN, did=a_party("acme").did)
    assert found.possession


def _device_keys() -> list[bytes]:
    party = a_party("acme")
    key = party.another_key("phone").key
    members = {
        "format": DEVICE_FORMAT,
        "party": party.did,
        "multikey": key.multikey,
        "possession": prove_possession(key, origin=ORIGIN, did=party.did),
    }
    return [json.dumps(members).encode()]


def _read_profile(data: bytes) -> None:
    folder = PartyFolder(scratch_folder())
    folder.profile.write_bytes(data)
    found = read_profile(folder)
    write_profile(folder, found)
    assert read_profile(folder) == found


def _read_config(data: bytes) -> None:
    folder = DataFolder(scratch_folder())
    folder.config.write_bytes(data)
    found = read_config(folder)
    assert isinstance(found.origin, str)


def _check_entries(data: bytes) -> None:
    log = a_story().log
    text = edited(entry_bytes(*log.entries[REPORT]), data)
    disclosures = raw_text_of(data) if len(data) % 2 else None
    assert len(check_chunk(ORIGIN, [(text, disclosures)])) == 1


# ---- what is changed ----

_TAG: Final = "lotmark-request/v1"
_PROGRAMS: Final = (b"", b"\x00\x00\x01\x02A", b"\x01\x10\x00\x00\x05", b"\x02\x20\x00\x02\x00")


@cache
def _honest() -> tuple[tuple[str, str], ...]:
    return signed(a_post(_BODY)).headers


@cache
def scratch_folder() -> Path:
    """A folder in memory where there is one: a write for every execution."""
    memory = Path("/dev/shm")
    folder = mkdtemp(dir=memory if memory.is_dir() else None)
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


def _field_lines() -> list[bytes]:
    values = {name.lower(): value for name, value in _honest()}
    lines = [values[name] for name in ("signature-input", "signature", "content-digest")]
    odd = 'a=("@method";req "b");created=1, b=@99999999999999999;x=%"%c3%a9"'
    return ["\n".join(lines).encode(), f"{odd}\na=:AA==:\nsha-256=:AA==:".encode()]


def _profiles() -> list[bytes]:
    folder = PartyFolder(scratch_folder())
    write_profile(folder, PartyProfile("acme", {"en": "Acme"}, ("oem",), "http://127.0.0.1:1"))
    return [folder.profile.read_bytes(), b"{}"]


def _configs() -> list[bytes]:
    folder = DataFolder(scratch_folder())
    write_config(folder, LogConfig(ORIGIN, "file:log.key"))
    return [folder.config.read_bytes(), b"[]"]


def _answers() -> list[bytes]:
    admitted = b'{"line":1,"record_id":"A","index":4,"receipt":"x","first":true}'
    problem = (
        b'{"line":1,"code":"x","status":400,"detail":"d","remedy":"r",'
        b'"errors":[{"pointer":"/a","expected":"e","found":"f"}]}'
    )
    return [admitted, problem, b"[" * 3000]


TARGETS: Final = (
    Target(
        "structured-field",
        _parse_dictionary,
        (RequestError,),
        (parse_dictionary,),
        lambda: [b'a=("x" y;q=1);b=:AA==:, c, d=?0, e=1.5, f=@1;g=%"%c3%a9"'],
        bytes_max=256,
        words=("@99999999999999", '%"', "%ff", "?1", ":AA==:", ';a="b"', "=("),
    ),
    Target(
        "request-signature",
        _verify_request,
        (RequestError,),
        (verify_request, parse_signature_fields),
        _field_lines,
        words=('"@method"', '"@target-uri"', '"content-digest"', ";created=", ';tag="', "=:", "@1"),
    ),
    Target(
        "request-signature-edits",
        _verify_edited_request,
        (RequestError,),
        (verify_request,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "target-uri",
        _build_target,
        (MalformedTarget,),
        (parse_public_base, build_target_uri, parse_target_uri),
        lambda: [b"https://log.example/quality\n/v1/records\nlimit=1", b"http://[::1]:8080\n/"],
        bytes_max=256,
        words=("https://", "%23", "#", "?", ":443"),
    ),
    Target(
        "content-digest",
        _verify_content_digest,
        (DigestMismatch,),
        (verify_content_digest,),
        lambda: [encode_content_digest(_BODY).encode(), b"md5=:AA==:"],
        bytes_max=256,
        words=("sha-256=:", "sha-512=:"),
    ),
    Target(
        "search-query",
        _parse_search,
        (Refused,),
        (parse_search,),
        lambda: [b"slimit=5&type=a&since=1", b"-field=%2Flot&value=1", b"smine=1&cursor=MSA0Mg"],
        bytes_max=256,
        words=("limit=", "cursor=", "mine=1", "field=", "value=", "owner=", "&", "%"),
    ),
    Target(
        "cursor",
        _decode_cursor,
        (Refused,),
        (decode_cursor,),
        lambda: [encode_cursor(42).encode(), encode_cursor(0).encode()],
        bytes_max=64,
    ),
    Target(
        "masters-query",
        _parse_masters,
        (Refused,),
        (parse_masters,),
        lambda: [b"slimit=5&kind=supply", b"snumber=GR-1&state=offered", b"-cursor=WyJhIl0"],
        bytes_max=256,
        words=("limit=", "cursor=", "kind=", "state=", "party=", "number=", "&", "%"),
    ),
    Target(
        "masters-cursor",
        _decode_place,
        (Refused,),
        (decode_place,),
        lambda: [encode_place(("did:web:a", "GR-1")).encode(), encode_place(("零件",)).encode()],
        bytes_max=128,
    ),
    Target(
        "range",
        _parse_range,
        (Refused,),
        (parse_range,),
        lambda: [b"\x00\x00\x10bytes=0-4", b"\x00\x01\x00bytes=-5", b"\x01\x00\x00bytes=9-"],
        bytes_max=64,
        words=("bytes=", "-"),
    ),
    Target(
        "page",
        _choose_page,
        (),
        (parse_before, parse_language, choose_language, prefer_language),
        lambda: [b"zh-CN,zh;q=0.9,en;q=0.8", b"en", b"42"],
        bytes_max=256,
        words=("zh", ";q=", "0.9", "*"),
    ),
    Target(
        "answer",
        _parse_answer,
        (AnswerMalformed,),
        (parse_answer, parse_problem, read_problem),
        _answers,
        bytes_max=4096,
        words=('"code"', '"status"', '"detail"', '"errors"', '"line":1', '"record_id"'),
    ),
    Target(
        "statement",
        _parse_statement,
        (MalformedStatement,),
        (parse_statement,),
        lambda: [encode_statement(a_party("acme").statement(["oem"]))],
        words=('"roles"', '"names"', '"admin_keys"', "[[]]", "[{}]", "null"),
    ),
    Target(
        "device-key", _parse_device_key, (MalformedStatement,), (parse_device_key,), _device_keys
    ),
    Target("profile", _read_profile, (PartyDamaged,), (read_profile,), _profiles, bytes_max=512),
    Target("config", _read_config, (FolderDamaged,), (read_config,), _configs, bytes_max=512),
    Target(
        "audited-entry",
        _check_entries,
        (),
        (check_chunk,),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
)
