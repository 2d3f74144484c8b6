"""Files that nobody's training has written are refused in milliseconds, whatever they hold."""

from __future__ import annotations

import time

import pytest

from scoring.anomaly.onnx_file import parse_onnx
from scoring.errors import MalformedModel

GRAPH, NODE, TENSOR, ATTRIBUTE = 7, 1, 5, 5


def varint(number: int) -> bytes:
    """A whole number as the wire format has it."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(found + bytes([number]))


def field(number: int, data: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(dims: bytes, raw: bytes = b"") -> bytes:
    """A file with one tensor of float64 with packed ``dims``."""
    kind = varint(2 << 3) + varint(11)
    return field(GRAPH, field(TENSOR, field(1, dims) + kind + field(8, b"t") + field(9, raw)))


def test_a_tensor_of_three_axes_is_read() -> None:
    found = parse_onnx(tensor(b"\x01\x02\x01", bytes(16)))
    assert found.tensors["t"].shape == (1, 2, 1)


@pytest.mark.parametrize(
    "dims",
    [
        b"\x01" * 4,
        b"\x01" * 1_000_000,
        b"\x00" + varint(2**63 - 1),
        varint(2**63 - 1) + b"\x00",
        varint(2**64 - 1),
    ],
    ids=["four axes", "a million axes", "0 before", "0 behind", "negative"],
)
def test_a_shape_that_no_array_has_is_refused(dims: bytes) -> None:
    with pytest.raises(MalformedModel, match="expected 3 axes"):
        parse_onnx(tensor(dims))


def test_fields_within_fields_are_counted_together() -> None:
    node = field(NODE, field(4, b"Add") + field(ATTRIBUTE, b"\x08\x01") * 40)
    began = time.perf_counter()
    with pytest.raises(MalformedModel, match="expected at most 100000 fields"):
        parse_onnx(field(GRAPH, node * 20_000))
    assert time.perf_counter() - began < 2.0
