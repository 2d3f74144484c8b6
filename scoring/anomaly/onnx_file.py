"""What an ONNX file holds, read without running it: tensors, metadata, operators.

A file comes from a database, a partner or a disk. So it is looked at before a runtime is: the
protocol-buffer wire format (protobuf.dev, encoding) of the few fields that a model of ours has,
bounded, and no operator beyond those that our graphs consist of, among them none that repeats.
What the graph computes is told by its digest, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.anomaly.model_form import ELEMENTS_MAX, Tensor
from scoring.errors import MalformedModel

#: A dynamic model of a thousand parameters has some 20 MiB.
MODEL_BYTES_MAX: Final = 32 * 1024 * 1024
_FIELDS_MAX: Final = 100_000
_DEPTH_MAX: Final = 3
_AXES_MAX: Final = 3
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
# Numbers of fields in onnx.proto3, IR version 9.
_MODEL_GRAPH, _MODEL_METADATA, _MODEL_FUNCTIONS = 7, 14, 25
_GRAPH_NODE, _GRAPH_TENSOR = 1, 5
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS = 6, 11
_TENSOR_DIMS, _TENSOR_KIND, _TENSOR_NAME, _TENSOR_RAW, _TENSOR_LOCATION = 1, 2, 8, 9, 14
_KINDS: Final = {1: "<f4", 11: "<f8"}
_WHOLE: Final = 7


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """The metadata of a file, its tensors of real numbers by name, and its operators."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]
    operators: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    whole: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class _Found:
    tensors: dict[str, Tensor]
    operators: set[str]


class _Budget:
    """Fields that a file may have yet. One for all of it: fields hold fields, which multiplies."""

    def __init__(self) -> None:
        self._left = _FIELDS_MAX

    def spend(self) -> None:
        """One field."""
        self._left -= 1
        if self._left < 0:
            raise MalformedModel(f"expected at most {_FIELDS_MAX} fields, found more")


def parse_onnx(data: bytes) -> OnnxFile:
    """Read a file.

    Raises:
        MalformedModel: not the wire format, beyond a bound, tensors kept elsewhere, functions,
            or operators of another domain.
    """
    if len(data) > MODEL_BYTES_MAX:
        raise MalformedModel(f"expected at most {MODEL_BYTES_MAX} bytes, found {len(data)}")
    metadata: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    operators: set[str] = set()
    budget = _Budget()
    for field in _fields(memoryview(data), budget):
        if field.number == _MODEL_FUNCTIONS:
            raise MalformedModel("expected a graph alone, found functions")
        if field.number == _MODEL_METADATA:
            pair = {one.number: _text(one.data) for one in _fields(field.data, budget)}
            metadata[pair.get(1, "")] = pair.get(2, "")
        if field.number == _MODEL_GRAPH:
            _read_graph(field.data, _Found(tensors, operators), budget)
    return OnnxFile(metadata, tensors, frozenset(operators))


def _read_graph(data: memoryview, found: _Found, budget: _Budget, *, depth: int = 0) -> None:
    if depth > _DEPTH_MAX:
        raise MalformedModel(f"expected branches {_DEPTH_MAX} deep at most, found deeper ones")
    for field in _fields(data, budget):
        if field.number == _GRAPH_NODE:
            _read_node(field.data, found, budget, depth=depth)
        elif field.number == _GRAPH_TENSOR:
            _read_tensor(field.data, found.tensors, budget)


def _read_node(data: memoryview, found: _Found, budget: _Budget, *, depth: int) -> None:
    for field in _fields(data, budget):
        if field.number == _NODE_OPERATOR:
            found.operators.add(_text(field.data))
        elif field.number == _NODE_DOMAIN and len(field.data):
            raise MalformedModel(f"expected no domain, found {_text(field.data)[:40]!r}")
        elif field.number == _NODE_ATTRIBUTE:
            for part in _fields(field.data, budget):
                if part.number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                    _read_graph(part.data, found, budget, depth=depth + 1)


def _read_tensor(data: memoryview, tensors: dict[str, Tensor], budget: _Budget) -> None:
    shape: list[int] = []
    name, kind, raw = "", 0, memoryview(b"")
    for field in _fields(data, budget):
        match field.number:
            case n if n == _TENSOR_DIMS:
                shape += _whole_numbers(field)
                _expect_axes(shape)
            case n if n == _TENSOR_KIND:
                kind = field.whole
            case n if n == _TENSOR_NAME:
                name = _text(field.data)
            case n if n == _TENSOR_RAW:
                raw = field.data
            case n if n == _TENSOR_LOCATION and field.whole:
                raise MalformedModel("expected tensors in the file, found one kept elsewhere")
            case _:
                pass
    if kind in _KINDS:
        tensors[name] = _array(name, shape, raw=raw, kind=_KINDS[kind])
    elif kind != _WHOLE:
        raise MalformedModel(f"tensor {name[:40]!r}: expected real or whole numbers, found others")


def _array(name: str, shape: list[int], *, raw: memoryview, kind: str) -> Tensor:
    count = 1
    for axis in shape:
        count *= axis
        if count > ELEMENTS_MAX:
            raise MalformedModel(f"tensor {name[:40]!r}: expected at most {ELEMENTS_MAX} numbers")
    if len(raw) != count * int(kind[2:]):
        raise MalformedModel(f"tensor {name[:40]!r}: expected {count} numbers, found others")
    try:
        found: Tensor = np.frombuffer(raw, kind).reshape(shape)
    except ValueError as fault:
        raise MalformedModel(f"tensor {name[:40]!r}: expected an array, found {fault}") from fault
    return found


def _expect_axes(shape: list[int]) -> None:
    """Refuse axes that no model of ours has; also those behind one of length 0."""
    if len(shape) > _AXES_MAX or any(axis > ELEMENTS_MAX for axis in shape):
        raise MalformedModel(f"expected {_AXES_MAX} axes up to {ELEMENTS_MAX}, found others")


def _whole_numbers(field: _Field) -> list[int]:
    """One whole number, or a packed row of them as long as a shape may be and one more."""
    if not len(field.data):
        return [field.whole]
    found: list[int] = []
    place = 0
    while place < len(field.data) and len(found) <= _AXES_MAX:
        value, place = _varint(field.data, place)
        found.append(value)
    return found


def _fields(data: memoryview, budget: _Budget) -> Iterator[_Field]:
    place = 0
    while place < len(data):
        budget.spend()
        key, place = _varint(data, place)
        field, place = _field(data, place, key=key)
        yield field


def _field(data: memoryview, place: int, *, key: int) -> tuple[_Field, int]:
    number, wire = key >> 3, key & 7
    if wire == _VARINT:
        whole, place = _varint(data, place)
        return _Field(number, whole, memoryview(b"")), place
    if wire == _BYTES:
        size, place = _varint(data, place)
    elif wire in (_EIGHT, _FOUR):
        size = 8 if wire == _EIGHT else 4
    else:
        raise MalformedModel(f"expected an ONNX file, found wire type {wire}")
    if place + size > len(data):
        raise MalformedModel(f"expected {size} bytes of field {number}, found fewer")
    return _Field(number, 0, data[place : place + size]), place + size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    found = 0
    for shift in range(0, 64, 7):
        if place >= len(data):
            raise MalformedModel("expected a whole number, found the end of the file")
        byte = data[place]
        place += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, place
    raise MalformedModel("expected a whole number of ten bytes at most, found a longer one")


def _text(data: memoryview) -> str:
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise MalformedModel("expected UTF-8, found other bytes") from fault
