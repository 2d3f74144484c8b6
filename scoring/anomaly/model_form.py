"""A model as JSON and tensors, and back: what a file of it holds beside the graph.

The form follows the dataclasses of :mod:`scoring.anomaly.model` field by field, so a field that is
added there is kept. Arrays become tensors by their place (``level.centre``): float32 where that
loses nothing, a symmetric precision as its upper triangle, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from ledger.strict_json import JsonObject, JsonValue
from scoring.anomaly.model import FORMAT, Model
from scoring.anomaly.model_check import expect_consistent
from scoring.anomaly.table import Numbers
from scoring.errors import MalformedModel, ScoringError

#: A matrix beyond this is not one of PARAMETERS_MAX parameters and their lags.
ELEMENTS_MAX: Final = 8_000_000
_LIST_MAX: Final = 100_000

_Kind = TypeVar("_Kind")
Tensor = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def take_model_apart(model: object) -> tuple[JsonValue, dict[str, Tensor]]:
    """The JSON form of a model, or of a challenger, and its arrays by their place in it."""
    tensors: dict[str, Tensor] = {}
    return _form(model, "", tensors), tensors


def put_model_together(form: JsonValue, tensors: Mapping[str, Tensor]) -> Model:
    """The model of a form and its tensors.

    Raises:
        MalformedModel: a member that is missing, unknown or of another kind; a tensor that is
            not there; or numbers that do not fit together.
    """
    model = put_together(Model, form, tensors, told=FORMAT)
    expect_consistent(model)
    return model


def put_together(
    kind: type[_Kind], form: JsonValue, tensors: Mapping[str, Tensor], *, told: str
) -> _Kind:
    """A dataclass with a ``format`` of its form and its tensors.

    Raises:
        MalformedModel: a member that is missing, unknown or of another kind, a tensor that is not
            there, or another format than the one ``told``.
    """
    if not isinstance(form, dict) or form.get("format") != told:
        raise MalformedModel(f"expected a model of {told}, found another format")
    try:
        found = _Reader(tensors).value(kind, form, "")
    except (ScoringError, RecursionError) as fault:
        raise MalformedModel(f"expected a model, found: {fault}") from fault
    assert isinstance(found, kind)
    return found


def is_symmetric(array: Numbers) -> bool:
    """Whether a matrix is its own transpose, number by number."""
    return array.ndim == 2 and len(array) == array.shape[1] > 1 and np.array_equal(array, array.T)


def _form(value: object, place: str, tensors: dict[str, Tensor]) -> JsonValue:
    if isinstance(value, np.ndarray):
        return _keep(value, place, tensors)
    if is_dataclass(value):
        return {
            field.name: _form(getattr(value, field.name), _below(place, field.name), tensors)
            for field in fields(value)
        }
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return [_form(one, _below(place, str(n)), tensors) for n, one in enumerate(value)]
    if isinstance(value, Mapping):
        # As pairs: JSON has no numbers for names.
        return [[key, _form(one, _below(place, str(key)), tensors)] for key, one in value.items()]
    assert value is None or isinstance(value, bool | int | float | str)
    return value


def _keep(array: Numbers, place: str, tensors: dict[str, Tensor]) -> JsonObject:
    # Others may be symmetric by chance, and are read by the graph as they are.
    is_half = place.endswith("precision") and is_symmetric(array)
    kept = array[np.triu_indices(len(array))] if is_half else array
    single = kept.astype(np.float32)
    exact = np.array_equal(single.astype(np.float64), kept)
    tensors[place] = single if exact else np.ascontiguousarray(kept)
    return {"shape": list(array.shape)}


def _below(place: str, step: str) -> str:
    return f"{place}.{step}" if place else step


class _Reader:
    """Reads values by the types that the dataclasses state."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors

    def value(self, kind: Any, form: JsonValue, place: str) -> object:
        origin = get_origin(kind)
        if origin in (Union, UnionType):
            return self._optional(kind, form, place)
        if origin is np.ndarray:
            return self._array(form, place)
        if origin is tuple:
            return self._tuple(kind, form, place)
        if origin is dict:
            return self._mapping(kind, form, place)
        if is_dataclass(kind):
            return self._members(kind, form, place)
        return _scalar(kind, form, place)

    def _optional(self, kind: Any, form: JsonValue, place: str) -> object:
        if form is None and NoneType in get_args(kind):
            return None
        (inner,) = (one for one in get_args(kind) if one is not NoneType)
        return self.value(inner, form, place)

    def _members(self, kind: Any, form: JsonValue, place: str) -> object:
        hints = get_type_hints(kind)
        expected = [field.name for field in fields(kind)]
        if not isinstance(form, dict) or list(form) != expected:
            raise MalformedModel(f"{place or 'model'}: expected {expected}, found other members")
        return kind(**{name: self.value(hints[name], form[name], _below(place, name))
                       for name in expected})  # fmt: skip

    def _tuple(self, kind: Any, form: JsonValue, place: str) -> object:
        inner = get_args(kind)
        found = _list(form, place)
        if inner[-1] is Ellipsis:
            inner = (inner[0],) * len(found)
        if len(inner) != len(found):
            raise MalformedModel(f"{place}: expected {len(inner)} values, found {len(found)}")
        return tuple(
            self.value(one, value, _below(place, str(n)))
            for n, (one, value) in enumerate(zip(inner, found, strict=True))
        )

    def _mapping(self, kind: Any, form: JsonValue, place: str) -> object:
        key_kind, value_kind = get_args(kind)
        pairs = [_list(pair, place) for pair in _list(form, place)]
        if any(len(pair) != 2 for pair in pairs):
            raise MalformedModel(f"{place}: expected pairs, found others")
        return {
            _scalar(key_kind, key, place): self.value(value_kind, value, _below(place, str(key)))
            for key, value in pairs
        }

    def _array(self, form: JsonValue, place: str) -> Numbers:
        if not isinstance(form, dict) or list(form) != ["shape"]:
            raise MalformedModel(f"{place}: expected the shape of a tensor, found another value")
        shape = tuple(_axis(axis, place) for axis in _list(form["shape"], place))
        kept = self._tensors.get(place)
        if kept is None:
            raise MalformedModel(f"{place}: expected a tensor of that name, found none")
        array = kept.astype(np.float64)
        if not np.isfinite(array).all():
            raise MalformedModel(f"{place}: expected finite numbers, found others")
        return _unpacked(array, shape, place)


def _unpacked(array: Numbers, shape: tuple[int, ...], place: str) -> Numbers:
    if array.shape == shape:
        return array
    if len(shape) != 2 or shape[0] != shape[1]:
        raise MalformedModel(f"{place}: expected a tensor {shape}, found {array.shape}")
    size = shape[0]
    if array.shape != (size * (size + 1) // 2,):
        raise MalformedModel(f"{place}: expected the half of {shape}, found {array.shape}")
    whole = np.zeros(shape)
    upper = np.triu_indices(size)
    whole[upper] = array
    whole.T[upper] = array
    return whole


def _scalar(kind: Any, form: JsonValue, place: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(form)
        except ValueError as fault:
            raise MalformedModel(f"{place}: expected {[str(one) for one in kind]}") from fault
    if kind is float and isinstance(form, int) and not isinstance(form, bool):
        return float(form)
    if type(form) is not kind:
        raise MalformedModel(f"{place}: expected a value of type {kind.__name__}, found another")
    return form


def _list(form: JsonValue, place: str) -> list[JsonValue]:
    if not isinstance(form, list) or len(form) > _LIST_MAX:
        raise MalformedModel(f"{place}: expected at most {_LIST_MAX} values, found others")
    return form


def _axis(form: JsonValue, place: str) -> int:
    if isinstance(form, bool) or not isinstance(form, int) or not 0 <= form <= ELEMENTS_MAX:
        raise MalformedModel(f"{place}: expected the length of an axis, found another value")
    return form
