"""Signed requests: RFC 9421 narrowed to one form (docs/spec/requests.md).

A signature covers the method, the target, the digest of a body and the fields that steer
an upload, as far as they are there; it names its key, the time and a nonce, and carries the
tag of this protocol. The algorithm is Ed25519 because the key is an Ed25519 key; nothing in
the request can choose another.

Pure but for the nonce memory, which is passed in. It does **not** decide what the key may
read, nor does it cover any other field of the request: nothing that decides may be taken
from one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from api.accesses.errors import MalformedEvidence
from api.content_digest import CONTENT_DIGEST, encode_content_digest, verify_content_digest
from api.nonces import Nonce, Nonces, UnixSeconds
from api.request_errors import (
    BadRequestSignature,
    MalformedSignature,
    MalformedTarget,
    MissingComponent,
    SignatureExpired,
    SignatureRequired,
    UnknownKey,
)
from api.request_evidence import RequestEvidence
from api.signature_fields import (
    SIGNATURE,
    SIGNATURE_INPUT,
    Headers,
    Parameter,
    SignatureInput,
    build_signature_base,
    encode_signature_fields,
    find_field,
    parse_signature_fields,
)
from api.target_uri import TargetUri
from keys.ed25519 import verify
from keys.errors import BadSignature, MalformedIdentifier, MalformedKey
from keys.identifiers import Did, KeyId, kid, parse_kid
from keys.multikey import parse_multikey
from keys.signer import Signer
from ledger.limits import REQUEST_WINDOW_SECONDS

TAG: Final = "lotmark-request/v1"
LABEL: Final = "lotmark"
ALGORITHM: Final = "ed25519"
METHOD: Final = "@method"
TARGET: Final = "@target-uri"

# What a handler lets decide must be here, else whoever stands between could change it.
STEERING_FIELDS: Final = ("upload-length", "upload-offset")

_FIELDS: Final = (CONTENT_DIGEST, *STEERING_FIELDS)
_COMPONENTS: Final = frozenset({METHOD, TARGET, *_FIELDS})
_PARAMETERS_REQUIRED: Final = frozenset({"created", "nonce", "keyid", "tag"})
_PARAMETERS_ALLOWED: Final = _PARAMETERS_REQUIRED | {"alg", "expires"}
_METHOD = re.compile(r"[A-Z]{1,20}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The parts of a request that a signature can speak about."""

    method: str
    target_uri: TargetUri
    body: bytes = b""
    headers: Headers = ()

    def __post_init__(self) -> None:
        """Refuse a method that could forge lines of the signature base."""
        if not _METHOD.fullmatch(self.method):
            raise MalformedTarget(f"expected an upper-case method, found {self.method[:40]!r}")


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signed a request, proven; ``evidence`` shows it to others."""

    kid: KeyId
    did: Did
    evidence: RequestEvidence = field(compare=False, repr=False)


class RequestKeys(Protocol):
    """Knows from the log which keys may sign requests now."""

    def may_sign_requests(self, kid: KeyId) -> bool:
        """Whether this key is registered for signing requests and in force."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """The one signature of a request, of accepted form, not yet believed."""

    covered: SignatureInput
    signature: bytes
    kid_text: str
    nonce: Nonce
    created: UnixSeconds
    expires: UnixSeconds | None


def is_signed(headers: Headers) -> bool:
    """Whether a request claims a signature, which then must verify."""
    return any(name.lower() in {SIGNATURE_INPUT, SIGNATURE} for name, _ in headers)


def sign_request(
    request: HttpRequest, signer: Signer, *, did: Did, created: UnixSeconds, nonce: Nonce
) -> dict[str, str]:
    """Sign a request; the inverse of :func:`verify_request`.

    Args:
        request: as it will be sent; of its headers, those that steer an upload are covered.
        signer: the party's key, registered for signing requests.
        did: the party.
        created: the client's time.
        nonce: 22 base64url characters, random, never used before with this key.

    Returns:
        The fields to add: Signature-Input, Signature and, if there is a body,
        Content-Digest. The request must have none of them already.
    """
    digest = {CONTENT_DIGEST: encode_content_digest(request.body)} if request.body else {}
    values = _derive_values(request) | digest | _find_fields(request.headers, STEERING_FIELDS)
    covered = SignatureInput(
        components=tuple(values),
        parameters={
            "created": created,
            "nonce": nonce,
            "keyid": kid(did, signer.multikey),
            "tag": TAG,
        },
    )
    signature = signer.sign(build_signature_base(covered, values))
    return digest | encode_signature_fields(LABEL, covered, signature=signature)


def verify_request(
    request: HttpRequest, *, now: UnixSeconds, keys: RequestKeys, nonces: Nonces
) -> SignedBy:
    """Establish who signed a request, or refuse it.

    The nonce is taken last, so that only the holder of a registered key can spend one.

    Args:
        request: what was received, the target built from the configured base.
        now: the server's time.
        keys: which keys may sign requests.
        nonces: the nonces already used.

    Raises:
        SignatureRequired: no signature has the tag of this protocol.
        MalformedSignature: fields, components or parameters outside the one form.
        MissingComponent: method, target, body or a steering field is not covered.
        SignatureExpired: ``created`` or ``expires`` does not fit ``now``.
        UnknownKey: the key may not sign requests.
        BadRequestSignature: libsodium refuses the signature.
        DigestMismatch: the body is not the one that was signed.
        NonceReplayed, NoncesFull: from ``nonces``.
    """
    signed = _read_signed(request.headers)
    fields = _find_fields(request.headers, _FIELDS)
    _check_coverage(signed.covered, fields, has_body=bool(request.body))
    _check_times(signed, now)
    kid_found, did = _find_signer(signed.kid_text, keys)
    base = _check_signature(signed, _derive_values(request) | fields)
    if CONTENT_DIGEST in fields:
        verify_content_digest(fields[CONTENT_DIGEST], request.body)
    nonces.claim(kid_found, signed.nonce, created=signed.created, now=now)
    return SignedBy(kid_found, did, _evidence_of(request, base))


def prove_request(evidence: RequestEvidence) -> KeyId:
    """Check the signature of a request that was kept; gives the key that made it.

    Neither its time nor its nonce is judged: both were when it was answered. Whose key it is,
    and whether it was in force, is for the log to say.

    Raises:
        MalformedEvidence: the base that was kept is not that of this request.
        RequestError: as :func:`verify_request` of a request that is not signed in the one form.
    """
    request = HttpRequest(
        evidence.method, TargetUri(evidence.target), headers=tuple(evidence.fields)
    )
    signed = _read_signed(request.headers)
    fields = _find_fields(request.headers, _FIELDS)
    _check_coverage(signed.covered, fields, has_body=False)
    kid_found = _parse_signer(signed.kid_text)[0]
    base = _check_signature(signed, _derive_values(request) | fields)
    if base.decode("ascii") != evidence.base:
        raise MalformedEvidence("expected the base that this request signs, found another")
    return kid_found


def _evidence_of(request: HttpRequest, base: bytes) -> RequestEvidence:
    fields = _find_fields(request.headers, (SIGNATURE_INPUT, SIGNATURE, *_FIELDS))
    return RequestEvidence(
        request.method, request.target_uri, tuple(fields.items()), base.decode("ascii")
    )


def _derive_values(request: HttpRequest) -> dict[str, str]:
    return {METHOD: request.method, TARGET: request.target_uri}


def _find_fields(headers: Headers, names: Iterable[str]) -> dict[str, str]:
    found = {name: find_field(headers, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _read_signed(headers: Headers) -> _Signed:
    if not is_signed(headers):
        raise SignatureRequired(f"expected a signature tagged {TAG!r}, found none")
    fields = parse_signature_fields(headers)
    labels = fields.labels_tagged(TAG)
    if not labels:
        raise SignatureRequired(f"expected a signature tagged {TAG!r}, found other tags only")
    if len(labels) > 1:
        raise MalformedSignature(f"expected one signature tagged {TAG!r}, found {len(labels)}")
    covered = fields.read_input(labels[0])
    _check_parameter_names(covered.parameters)
    return _Signed(
        covered=covered,
        signature=fields.read_signature(labels[0]),
        kid_text=_read_text(covered.parameters, "keyid"),
        nonce=_read_nonce(covered.parameters),
        created=_read_seconds(covered.parameters, "created"),
        expires=_read_expires(covered.parameters),
    )


def _check_parameter_names(parameters: Mapping[str, Parameter]) -> None:
    names = parameters.keys()
    if not _PARAMETERS_REQUIRED <= names <= _PARAMETERS_ALLOWED:
        raise MalformedSignature(
            f"expected the parameters {sorted(_PARAMETERS_REQUIRED)}, found {sorted(names)}"
        )
    if parameters.get("alg", ALGORITHM) != ALGORITHM:
        raise MalformedSignature(f"expected alg {ALGORITHM!r}, found {parameters['alg']!r}")


def _read_text(parameters: Mapping[str, Parameter], name: str) -> str:
    value = parameters[name]
    if not isinstance(value, str):
        raise MalformedSignature(f"expected {name} as a string, found {value!r}")
    return value


def _read_seconds(parameters: Mapping[str, Parameter], name: str) -> UnixSeconds:
    value = parameters[name]
    if not isinstance(value, int):
        raise MalformedSignature(f"expected {name} as whole Unix seconds, found {value!r}")
    return UnixSeconds(value)


def _read_nonce(parameters: Mapping[str, Parameter]) -> Nonce:
    value = _read_text(parameters, "nonce")
    if not _NONCE.fullmatch(value):
        raise MalformedSignature(f"expected a nonce of 22 base64url characters, found {value!r}")
    return Nonce(value)


def _read_expires(parameters: Mapping[str, Parameter]) -> UnixSeconds | None:
    return _read_seconds(parameters, "expires") if "expires" in parameters else None


def _check_coverage(covered: SignatureInput, fields: Mapping[str, str], *, has_body: bool) -> None:
    components = set(covered.components)
    if not components <= _COMPONENTS:
        raise MalformedSignature(
            f"expected no components but {sorted(_COMPONENTS)}, found {sorted(components)}"
        )
    required = {METHOD, TARGET, *fields} | ({CONTENT_DIGEST} if has_body else set())
    if not required <= components:
        raise MissingComponent(f"expected {sorted(required)} covered, found {sorted(components)}")
    if absent := components - {METHOD, TARGET, *fields}:
        raise MissingComponent(f"expected the covered fields {sorted(absent)}, found none")


def _check_times(signed: _Signed, now: UnixSeconds) -> None:
    skew = now - signed.created
    if abs(skew) > REQUEST_WINDOW_SECONDS:
        raise SignatureExpired(
            f"expected created within {REQUEST_WINDOW_SECONDS} s of the server's time {now}, "
            f"found {signed.created}, {abs(skew)} s {'behind' if skew > 0 else 'ahead'}",
            server_seconds=now,
            skew_seconds=skew,
        )
    if signed.expires is not None and signed.expires < now:
        raise SignatureExpired(
            f"expected expires at or after the server's time {now}, found {signed.expires}",
            server_seconds=now,
            skew_seconds=skew,
        )


def _find_signer(kid_text: str, keys: RequestKeys) -> tuple[KeyId, Did]:
    found = _parse_signer(kid_text)
    if not keys.may_sign_requests(found[0]):
        raise UnknownKey(f"expected a key that may sign requests, found {kid_text}")
    return found


def _parse_signer(kid_text: str) -> tuple[KeyId, Did]:
    try:
        return KeyId(kid_text), parse_kid(kid_text).did
    except (MalformedIdentifier, MalformedKey) as fault:
        raise MalformedSignature(f"expected a kid as keyid: {fault}") from fault


def _check_signature(signed: _Signed, values: Mapping[str, str]) -> bytes:
    """Gives the base that was signed."""
    public = parse_multikey(parse_kid(signed.kid_text).multikey)
    base = build_signature_base(signed.covered, values)
    try:
        verify(public, base, signed.signature)
    except BadSignature as fault:
        raise BadRequestSignature(f"expected a signature over this request: {fault}") from fault
    return base
