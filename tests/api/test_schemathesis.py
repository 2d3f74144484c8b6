"""What schemathesis makes of the API description, put to the service as each role.

Every operation gets requests that the description allows and requests that it does not, and
every answer is compared with what it promises. They are signed after they were made up, so
that each is one its role could send. Some name records, uploads and types that are there, or
carry a record that the party has just signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckFunction, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok

from api import __version__
from api.errors import METHOD_NOT_ALLOWED
from api.openapi import describe_api
from tests.api.service import CHUNK, JSON, JSON_LINES, SUPPLIER, LiveService, serve
from tests.api.six_roles import ANONYMOUS, ROLES, ROLES_PLAN, RoleSession, slug_of
from tests.api.test_uploads import DATA, cited, with_evidence

pytestmark = pytest.mark.item("3.8.schemathesis")

EXAMPLES: Final = 6
EXAMPLES_LONG: Final = 150
# Left out: positive_data_acceptance, since most texts that fit the form name nothing that is
# there; and what asks for credentials in a fixed header, where each request has its own.
CHECKED: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
)
load_all_checks()
schemathesis.serializer.alias(CHUNK, "application/octet-stream")
schemathesis.serializer.alias(JSON_LINES, "text/plain")
SCHEMA: Final = schemathesis.openapi.from_dict(describe_api("Lotmark", __version__))
OPERATIONS: Final = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}


@dataclass(frozen=True)
class World:
    """A served log, and what a request can name in it, by the name of the parameter."""

    service: LiveService
    known: Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The log with a party of each role, with records, an upload that is cited, and one open."""
    for service in serve(tmp_path_factory.mktemp("log"), ROLES_PLAN):
        supplier = service.signed(SUPPLIER)
        blob = supplier.upload(DATA)
        cites = service.admit(with_evidence(service, cited(blob)))
        open_upload = supplier.send("POST", "/v1/blobs", headers={"Upload-Length": "9"})
        known = {
            "record_id": [cites, service.admit(service.record())],
            "blob": [blob, open_upload.json()["blob"]],
            "name": ["sample-report", "inspection-report"],
            "version": ["v1"],
            "slug": [SUPPLIER],
            "path": ["0/000.p/1", "entries/000.p/2", "0/000.p/20"],
            "type": ["sample-report/v1"],
            "party": [service.party(SUPPLIER).did],
            "field": ["/lot/number"],
            "Upload-Offset": ["0", "4"],
        }
        yield World(service, known)


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    """One connection; no proxy and no credentials of the environment."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def check_operation(world: World, session: RoleSession, label: str, *, examples: int) -> None:
    """Put generated requests for one operation, and judge every answer."""
    for mode in GenerationMode:
        try:
            _check_mode(world, session, label, mode=mode, examples=examples)
        except Unsatisfiable:
            # An operation without parameters and body has nothing that could be wrong.
            assert mode is GenerationMode.NEGATIVE


def _check_mode(
    world: World, session: RoleSession, label: str, *, mode: GenerationMode, examples: int
) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(OPERATIONS[label].as_strategy(generation_mode=mode), st.randoms(use_true_random=False))
    def check(case: Case[Any], chance: Any) -> None:
        if mode is GenerationMode.POSITIVE and chance.random() < 0.6:
            acquaint(case, world, session.role, chance=chance)
        answer = session.send(prepared(case, world.service))
        assume(answer is not None)
        assert answer is not None
        case.validate_response(answer, checks=checks_of(case))

    check()


def checks_of(case: Case[Any]) -> list[CheckFunction]:
    """The checks that make sense for a request."""
    # Bytes and lines are that whatever they were made of: no body of these types is a wrong one.
    is_never_wrong = case.media_type in {JSON_LINES, CHUNK} or _lacks_only_its_signature(case)
    names = [name for name in CHECKED if not (is_never_wrong and name == "negative_data_rejection")]
    return [cast(CheckFunction, CHECKS.get_one(name)) for name in names]


def _lacks_only_its_signature(case: Case[Any]) -> bool:
    """Whether nothing is wrong with a request but the signature that is put in later."""
    if case.operation.label == "POST /v1/blobs":
        headers = case.headers
        length = str(headers.get("Upload-Length", "")) if headers else ""
        return length.isascii() and length.isdecimal()
    described = {parameter.name for parameter in case.operation.headers}
    components = case.meta.components if case.meta else {}
    wrong = {place for place, part in components.items() if part.mode is GenerationMode.NEGATIVE}
    return described == {"Signature"} and wrong == {ParameterLocation.HEADER}


def acquaint(case: Case[Any], world: World, role: str, *, chance: Any) -> None:
    """Let a request name what is there, and submit what the party signed."""
    for values in (case.path_parameters, case.query, case.headers):
        for name in set(values or ()) & world.known.keys():
            values[name] = chance.choice(world.known[name])
    if case.operation.label == "POST /v1/records" and case.media_type == JSON:
        by = SUPPLIER if role == ANONYMOUS else slug_of(role)
        case.body = {"sd_jwt": world.service.record(by=by), "sealed": []}


def prepared(case: Case[Any], service: LiveService) -> requests.PreparedRequest:
    """The request as it would be sent, without the signature that was made up for it."""
    parts = case.as_transport_kwargs(base_url=service.settings.public_url)
    headers = {name: value for name, value in parts["headers"].items() if name != "Signature"}
    body = {name: parts[name] for name in ("data", "json", "params") if name in parts}
    return requests.Request(parts["method"], parts["url"], headers=headers, **body).prepare()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_answers_each_role_as_described(
    world: World, http: requests.Session, role: str, label: str
) -> None:
    check_operation(world, RoleSession(world.service, role, http), label, examples=EXAMPLES)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_answers_each_role_as_described_many_times(
    world: World, http: requests.Session, role: str, label: str
) -> None:
    check_operation(world, RoleSession(world.service, role, http), label, examples=EXAMPLES_LONG)


@pytest.mark.parametrize("role", ROLES)
def test_methods_that_are_not_described_are_refused_to_each_role(
    world: World, http: requests.Session, role: str
) -> None:
    session = RoleSession(world.service, role, http)
    for path, methods in methods_by_path().items():
        target = path
        for name, values in world.known.items():
            target = target.replace(f"{{{name}}}", values[0])
        for method in {"PUT", "DELETE", "PATCH", "TRACE"} - methods:
            url = f"{world.service.settings.public_url}{target}"
            answer = session.send(requests.Request(method, url).prepare())
            assert answer is not None
            assert answer.status_code == METHOD_NOT_ALLOWED, f"{method} {path}"
            assert methods <= set(answer.headers["Allow"].split(", ")), f"{method} {path}"


def methods_by_path() -> dict[str, set[str]]:
    """The described methods of every path."""
    found: dict[str, set[str]] = {}
    for operation in OPERATIONS.values():
        found.setdefault(operation.path, set()).add(operation.method.upper())
    return found


def test_the_description_is_read_whole() -> None:
    described = describe_api("Lotmark", __version__)["paths"]
    assert len(OPERATIONS) == sum(len(methods) for methods in described.values())


def test_every_role_is_that_of_a_party_of_the_log(world: World) -> None:
    parties = world.service.http.get("/v1/parties").json()["parties"]
    told = {role for party in parties for role in party["roles"]}
    assert told == set(ROLES) - {ANONYMOUS}


# Otherwise it would only be the refusals that are judged.
def test_some_of_what_is_made_up_is_admitted_and_found(
    world: World, http: requests.Session
) -> None:
    session = RoleSession(world.service, "supplier", http)
    for label in ("POST /v1/records", "GET /v1/records/{record_id}", "PATCH /v1/blobs/{blob}"):
        check_operation(world, session, label, examples=3 * EXAMPLES)
    wanted = {("POST", 201), ("POST", 400), ("GET", 200), ("GET", 404), ("PATCH", 404)}
    assert session.seen >= wanted
