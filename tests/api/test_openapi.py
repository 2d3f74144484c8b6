"""The OpenAPI document: well-formed, whole, and true of what is served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import pytest
from starlette.routing import Route

from api import __version__
from api.errors import STATUS
from api.gate import _VERIFYING as VERIFYING
from api.openapi import describe_api
from ledger.compose import Filing
from ledger.record_type import document_digest
from tests.api.accesses.reads import SEEN, a_reader
from tests.api.anomaly.plant import a_training, an_alarm
from tests.api.sealed_records import admit_sealed
from tests.api.service import (
    CHUNK,
    JSON,
    JSON_LINES,
    LISTED,
    OEM,
    POLICY,
    SUPPLIER,
    LiveService,
    encode_submission,
)
from tests.api.test_uploads import DATA, cited, with_evidence

pytestmark = pytest.mark.item("2.6")
#: Addresses for programs; the pages for people are the portal's own.
OURS = ("/v1/", "/tile/", "/checkpoint", "/parties/", "/livez", "/readyz", "/metrics")
DOCUMENT: dict[str, Any] = describe_api("Lotmark", __version__)
METHODS = {"get", "head", "post", "patch", "put", "delete"}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    path: str
    method: str
    members: Mapping[str, Any]

    def parameters(self, place: str) -> dict[str, str]:
        """Its parameters of one place, with their examples."""
        listed = self.members.get("parameters", [])
        return {item["name"]: item["example"] for item in listed if item["in"] == place}

    def target(self, **values: str) -> str:
        """The path with examples, or with given values, in its templates."""
        known = self.parameters("path") | values
        return re.sub(r"\{(\w+)\}", lambda match: quote(known[match[1]]), self.path)


OPERATIONS = [
    Operation(path, method, members)
    for path, item in DOCUMENT["paths"].items()
    for method, members in item.items()
]
SEARCH = next(
    item.parameters("query")
    for item in OPERATIONS
    if (item.method, item.path) == ("get", "/v1/records")
)
each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda item: f"{item.method} {item.path}"
)


def schema_of(name: str) -> dict[str, Any]:
    """A schema that can be used by itself."""
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def check(instance: object, schema: Mapping[str, Any]) -> None:
    """Validate against a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(instance)


def references(value: object) -> Iterator[str]:
    """Every reference inside a value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


# ---- well-formed ----


def test_the_document_has_the_form_of_openapi_3_1() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert {"title", "version", "license"} <= DOCUMENT["info"].keys()
    assert DOCUMENT.keys() <= {"openapi", "info", "paths", "components", "servers", "tags"}
    assert all(path.startswith("/") for path in DOCUMENT["paths"])
    assert all(item.keys() <= METHODS for item in DOCUMENT["paths"].values())


@each_operation
def test_an_operation_is_described_in_full(operation: Operation) -> None:
    members = operation.members
    assert members["summary"]
    assert set(operation.parameters("path")) == set(re.findall(r"\{(\w+)\}", operation.path))
    listed = [(item["in"], item["name"]) for item in members.get("parameters", [])]
    assert len(listed) == len(set(listed))
    for item in members.get("parameters", []):
        assert item["required"] or item["in"] == "query"
        assert item["description"]
        check(item["example"], item["schema"])
    assert all(re.fullmatch(r"[1-5]\d\d|default", status) for status in members["responses"])
    assert all(answer["description"] for answer in members["responses"].values())
    for scheme in members.get("security", []):
        assert set(scheme) <= set(DOCUMENT["components"]["securitySchemes"])


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_one(name: str) -> None:
    jsonschema_rs.Draft202012Validator(schema_of(name))


def test_every_example_of_a_body_fits_its_schema() -> None:
    bodies = [item.members.get("requestBody", {}).get("content", {}) for item in OPERATIONS]
    answers = [
        answer.get("content", {}) for i in OPERATIONS for answer in i.members["responses"].values()
    ]
    found = [media for content in [*bodies, *answers] for media in content.values()]
    examples = [media for media in found if "example" in media]
    assert len(examples) >= 3
    for media in examples:
        check(media["example"], media["schema"])


def test_every_code_is_told() -> None:
    assert set(DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(
        STATUS
    )


# ---- whole ----


def test_what_is_described_is_what_is_served(service: LiveService) -> None:
    served = {
        (re.sub(r":path\}", "}", route.path), method.lower())
        for route in service.app.router.routes
        if isinstance(route, Route) and route.path.startswith(OURS)
        for method in route.methods or ()
    }
    described = {(item.path, item.method) for item in OPERATIONS}
    # OPTIONS is answered everywhere, and HEAD wherever GET is.
    implied = {(path, "options") for path, _ in described}
    implied |= {(path, "head") for path, method in described if method == "get"}
    assert served == described | implied


def test_the_document_is_served(service: LiveService) -> None:
    answer = service.http.get("/v1/openapi.json")
    assert answer.json() == DOCUMENT
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_gate_knows_every_route_that_may_ask_for_a_signature() -> None:
    """Where it does not, a party's signed requests are charged to the address as well."""
    asking = {item.target() for item in OPERATIONS if "401" in item.members["responses"]}
    asking = {target for target in asking if not target.startswith("/tile/0")}
    assert len(asking) > 10
    assert [target for target in asking if not VERIFYING.fullmatch(target)] == []


# ---- true ----


def check_answer(operation: Operation, answer: httpx.Response) -> None:
    """The status is one that the operation tells, the body what it tells for it."""
    responses = operation.members["responses"]
    assert str(answer.status_code) in responses, f"{answer.status_code} {answer.text}"
    told = responses[str(answer.status_code)].get("content", {})
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if operation.method == "head" or not told:
        assert not answer.content
        return
    assert media_type in told, media_type
    if media_type.endswith("json"):
        check(answer.json(), told[media_type]["schema"])


@each_operation
@pytest.mark.parametrize("reader", [None, OEM])
def test_every_example_is_answered_as_described(
    service: LiveService, operation: Operation, reader: str | None
) -> None:
    content = operation.members.get("requestBody", {}).get("content", {"": {}})
    for media_type, media in content.items():
        example = media.get("example", "")
        body = example if isinstance(example, str) else json.dumps(example)
        headers = operation.parameters("header") | ({"Content-Type": media_type} if body else {})
        method, target = operation.method.upper(), operation.target()
        if reader:
            answer = service.signed(reader).send(
                method, target, content=body.encode(), headers=headers
            )
        else:
            answer = service.http.request(method, target, content=body or None, headers=headers)
        check_answer(operation, answer)


@pytest.mark.parametrize(("name", "example"), SEARCH.items())
def test_every_example_of_a_search_is_answered(
    service: LiveService, name: str, example: str
) -> None:
    operation = operation_of("get", "/v1/records")
    pair = {"field": "value=L-2041", "value": "field=/lot/number", "owner": "field=/a&value=b"}
    target = f"/v1/records?{name}={quote(example)}" + (f"&{pair[name]}" if name in pair else "")
    answer = service.signed(OEM).get(target)
    assert answer.status_code == 200, answer.text
    check_answer(operation, answer)


def operation_of(method: str, path: str) -> Operation:
    """One operation."""
    return next(item for item in OPERATIONS if (item.method, item.path) == (method, path))


def _listed_parameters(service: LiveService) -> str:
    """The parameters that the charter lists, as founder 1 brings them."""
    body = {"name": LISTED.name, "sha256": document_digest(LISTED.text), "document": LISTED.text}
    founder = service.party(OEM).signing
    return service.consortium.governance(founder, "parameters/v1", body, label="listed")


def changes_of_alerts(service: LiveService) -> dict[tuple[str, str], list[httpx.Response]]:
    """A rule that is kept, a read that it is about, the alert acknowledged, the rule deleted."""
    client, rule = service.signed(SUPPLIER), "/v1/access-rules/{rule}"
    target = "/v1/access-rules/all"
    kept = client.send("PUT", target, content=b'{"when":"any-read"}')
    own = service.party(SUPPLIER).signing.kid.partition("#")[0]
    service.wired.accesses.note(a_reader(), [replace(SEEN, owners=(own,))])
    (alert,) = client.get("/v1/access-alerts").json()["alerts"]
    path = "/v1/access-alerts/{alert}/acknowledgement"
    known = client.send("POST", path.format(alert=alert["number"]))
    return {
        ("put", rule): [kept],
        ("post", path): [known],
        ("delete", rule): [client.send("DELETE", target)],
    }


def _listed_policy(service: LiveService) -> str:
    """The policy that the charter lists, as founder 1 brings it."""
    body = {"name": POLICY.name, "sha256": document_digest(POLICY.text), "document": POLICY.text}
    founder = service.party(OEM).signing
    return service.consortium.governance(founder, "policy/v1", body, label="listed policy")


def a_tally(service: LiveService) -> dict[tuple[str, str], list[httpx.Response]]:
    """A lot that is opened, inspected, drafted and done with."""
    client, path = service.signed(SUPPLIER), "/v1/tallies/{tally}"
    lot = {"number": "L-1", "part": "P-1", "quantity": "2", "unit": "H87"}
    body = json.dumps({"lot": lot, "stage": "outgoing"}).encode()
    opened = client.send("POST", "/v1/tallies", content=body)
    target = path.format(tally=opened.json()["tally"])
    good = json.dumps({"sequence": 1, "reading": {"good": {"pieces": 2}}}).encode()
    return {
        ("post", "/v1/tallies"): [opened],
        ("post", f"{path}/readings"): [client.send("POST", f"{target}/readings", content=good)],
        ("get", path): [client.get(target)],
        ("get", f"{path}/draft"): [client.get(f"{target}/draft")],
        ("delete", path): [client.send("DELETE", target)],
    }


def sealed_group(service: LiveService) -> dict[tuple[str, str], list[httpx.Response]]:
    """An envelope as it is got, and put in the place of itself."""
    record, envelope = admit_sealed(service, "of the description")
    path, target = "/v1/records/{record_id}/sealed/{group}", f"/v1/records/{record}/sealed/note"
    body, headers = json.dumps({"envelope": envelope}).encode(), {"Content-Type": JSON}
    client = service.signed(SUPPLIER)
    put = client.send("POST", target, content=body, headers=headers)
    return {("get", path): [client.get(target)], ("post", path): [put]}


def test_every_success_is_as_described(service: LiveService) -> None:
    client = service.signed(SUPPLIER)
    blob = client.upload(DATA)
    text = with_evidence(service, cited(blob))
    admitted = service.submit(text)
    record = admitted.json()["record_id"]
    upload = client.send("POST", "/v1/blobs", headers={"Upload-Length": "4"})
    open_blob = upload.json()["blob"]
    citing = service.record(filing=Filing(cites=[record]))
    assert service.submit(_listed_parameters(service)).is_success
    brought = service.submit(_listed_policy(service))
    assert brought.is_success, brought.text
    policy = brought.json()["record_id"]
    answers = {
        **sealed_group(service),
        ("post", "/v1/records"): [
            admitted,
            service.submit(text),
            service.post(encode_submission(citing), media_type=JSON_LINES),
        ],
        ("post", "/v1/blobs"): [upload],
        ("post", "/v1/page-links"): [client.send("POST", "/v1/page-links")],
        ("patch", "/v1/blobs/{blob}"): [client.append(open_blob, 0, b"0123")],
        ("head", "/v1/blobs/{blob}"): [client.send("HEAD", f"/v1/blobs/{open_blob}")],
        **changes_of_alerts(service),
        **(a_tally(service) | a_training(service)),
    }
    values = {
        "record_id": record,
        "alarm": an_alarm(service),
        "blob": blob,
        "path": "0/000.p/1",
        "name": "sample-report",
        "version": "v1",
        "slug": SUPPLIER,
        "document": LISTED.name,
        "policy": policy,
    }
    for operation in OPERATIONS:
        if operation.method == "get":
            target = operation.target(**values)
            key = (operation.method, operation.path)
            if key in answers:
                continue
            answers[key] = [client.get(target), client.get(target, Range="bytes=0-1")]
    assert set(answers) == {(item.method, item.path) for item in OPERATIONS}
    for (method, path), given in answers.items():
        for answer in given:
            assert answer.is_success, f"{method} {path}: {answer.text}"
            check_answer(operation_of(method, path), answer)


def test_media_types_of_requests_are_the_ones_that_are_taken() -> None:
    taken = operation_of("post", "/v1/records").members["requestBody"]["content"]
    assert set(taken) == {JSON, JSON_LINES}
    taken = operation_of("patch", "/v1/blobs/{blob}").members["requestBody"]["content"]
    assert set(taken) == {CHUNK}
