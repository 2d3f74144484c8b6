"""The fields Signature-Input and Signature, and the base that is signed (RFC 9421).

Sections 2.5 (base), 4.1 and 4.2 (fields). This module reads what is there; which
components and parameters a request must have is decided in :mod:`api.http_signatures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from api.request_errors import MalformedSignature
from api.structured_fields import encode_bytes_member, encode_inner_list, parse_dictionary
from ledger.limits import SIGNATURE_FIELD_BYTES_MAX

SIGNATURE_INPUT: Final = "signature-input"
SIGNATURE: Final = "signature"

Headers = tuple[tuple[str, str], ...]
Parameter = int | str


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """What one signature covers: components and parameters, in the order received."""

    components: tuple[str, ...]
    parameters: Mapping[str, Parameter]

    def encode(self) -> str:
        """Encode as the value of ``@signature-params`` (section 2.3)."""
        return encode_inner_list(self.components, self.parameters)


@dataclass(frozen=True, slots=True)
class SignatureFields:
    """The two dictionaries, parsed; their members are not judged yet."""

    inputs: Mapping[str, Any]
    signatures: Mapping[str, Any]

    def labels_tagged(self, tag: str) -> tuple[str, ...]:
        """Name the members of Signature-Input whose parameter ``tag`` is this one."""
        return tuple(
            label for label, (_, parameters) in self.inputs.items() if parameters.get("tag") == tag
        )

    def read_input(self, label: str) -> SignatureInput:
        """Read what the signature of this label covers.

        Raises:
            MalformedSignature: no inner list of strings, a component with parameters or
                twice, or a parameter that is neither an integer nor a string.
        """
        match self.inputs.get(label):
            case (list() as items, dict() as parameters):
                return SignatureInput(_read_components(items), _read_parameters(parameters))
            case _:
                raise MalformedSignature(f"expected a list of components under {label!r}")

    def read_signature(self, label: str) -> bytes:
        """Read the signature's bytes.

        Raises:
            MalformedSignature: Signature has no byte sequence of this label.
        """
        match self.signatures.get(label):
            case (bytes() as signature, _):
                return signature
            case _:
                raise MalformedSignature(f"expected a byte sequence under {label!r} in Signature")


def parse_signature_fields(headers: Headers) -> SignatureFields:
    """Parse both fields of a request.

    Raises:
        MalformedSignature: a field absent, twice, too long or no dictionary.
    """
    return SignatureFields(
        inputs=_parse_field(headers, SIGNATURE_INPUT),
        signatures=_parse_field(headers, SIGNATURE),
    )


def encode_signature_fields(
    label: str, covered: SignatureInput, *, signature: bytes
) -> dict[str, str]:
    """Encode both fields for one signature; :func:`parse_signature_fields` reads them."""
    return {
        SIGNATURE_INPUT: f"{label}={covered.encode()}",
        SIGNATURE: encode_bytes_member(label, signature),
    }


def build_signature_base(covered: SignatureInput, values: Mapping[str, str]) -> bytes:
    """Build the bytes that are signed (section 2.5).

    Args:
        covered: the components and parameters.
        values: each covered component's value, free of line breaks.
    """
    lines = [f'"{component}": {values[component]}' for component in covered.components]
    return "\n".join([*lines, f'"@signature-params": {covered.encode()}']).encode("ascii")


def find_field(headers: Headers, name: str) -> str | None:
    """Find the one value of a field that takes part in signing.

    Raises:
        MalformedSignature: the field is there twice (RFC 9110 would join the values, and a
            proxy that joins or drops differently would change what was signed), is too
            long, or has a character that is not printable ASCII.
    """
    values = [value for found, value in headers if found.lower() == name]
    if len(values) > 1:
        raise MalformedSignature(f"expected one {name} field, found {len(values)}")
    return _bounded(name, values[0].strip(" \t")) if values else None


def _bounded(name: str, value: str) -> str:
    if len(value) > SIGNATURE_FIELD_BYTES_MAX:
        raise MalformedSignature(
            f"expected at most {SIGNATURE_FIELD_BYTES_MAX} bytes of {name}, found {len(value)}"
        )
    if not (value.isascii() and value.isprintable()):
        raise MalformedSignature(f"expected printable ASCII in {name}, found {value[:40]!r}")
    return value


def _parse_field(headers: Headers, name: str) -> Mapping[str, Any]:
    value = find_field(headers, name)
    if value is None:
        raise MalformedSignature(f"expected a {name} field, found none")
    return parse_dictionary(name, value, refusal=MalformedSignature)


def _read_components(items: Iterable[tuple[object, Mapping[str, object]]]) -> tuple[str, ...]:
    components: list[str] = []
    for name, parameters in items:
        if not isinstance(name, str) or parameters or name in components:
            raise MalformedSignature(
                f"expected plain components, each once, found {name!r} {dict(parameters)}"
            )
        components.append(name)
    return tuple(components)


def _read_parameters(parameters: Mapping[str, object]) -> Mapping[str, Parameter]:
    read: dict[str, Parameter] = {}
    for name, value in parameters.items():
        # bool is an int to Python but another type in RFC 9651, hence no isinstance.
        if type(value) is not int and type(value) is not str:
            raise MalformedSignature(f"expected {name} as integer or string, found {value!r}")
        read[name] = value
    return MappingProxyType(read)
