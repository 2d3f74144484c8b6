"""A graph under construction: nodes and constants with names that follow from their order.

Imports onnx, so only what writes graphs may import this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from scoring.anomaly.table import Numbers

#: An operator set that every onnxruntime from 1.14 on runs.
OPSET: Final = 18
IR_VERSION: Final = 9
_AXES: Final = frozenset({"ReduceMax", "ReduceSum", "Unsqueeze"})


class Nodes:
    """Adds nodes and gives back the name of what they compute."""

    def __init__(self, within: Nodes | None = None, name: str = "") -> None:
        """A main graph, or a branch ``name`` that sees what ``within`` has computed so far."""
        self._name = name
        self._main: Nodes = within._main if within else self
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output; ``axes`` becomes the input that newer operators take."""
        if operator in _AXES:
            inputs = (*inputs, self.whole(attributes.pop("axes")))
        output = f"{self._name}{operator.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def named(self, name: str, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node whose output has this name."""
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def split(self, value: str, outputs: Sequence[str], *, sizes: Sequence[int], axis: int) -> None:
        """Add a node that gives parts of these sizes these names."""
        inputs = [value, self.whole(sizes)]
        self._nodes.append(helper.make_node("Split", inputs, list(outputs), axis=axis))

    def choose(
        self, condition: str, branches: Sequence[GraphProto], outputs: Sequence[str]
    ) -> None:
        """Add an If with these outputs, which are those of the branches (then, else)."""
        then, otherwise = branches
        self._nodes.append(
            helper.make_node(
                "If", [condition], list(outputs), then_branch=then, else_branch=otherwise
            )
        )

    def kept(self, name: str, array: npt.NDArray[Any]) -> str:
        """Add a tensor of this name; what computes with a float32 one has it as double."""
        constants = self._main._constants
        if name not in constants:
            constants[name] = _tensor(name, array)
        return name

    def double(self, name: str) -> str:
        """A kept tensor in double precision; the runtime converts it once, when it loads."""
        if self._main._constants[name].data_type == TensorProto.DOUBLE:
            return name
        return self._main("Cast", name, to=TensorProto.DOUBLE)

    def number(self, *values: float) -> str:
        """A constant [n] of double precision."""
        return self.array(np.array(values, np.float64))

    def array(self, values: Numbers) -> str:
        """A constant of double precision."""
        return self._shared(values)

    def whole(self, values: Sequence[int] | int) -> str:
        """A constant of whole numbers, [n] or a scalar."""
        return self._shared(np.array(values, np.int64))

    def _shared(self, array: npt.NDArray[Any]) -> str:
        """The same constant is kept once."""
        key = f"constant/{array.dtype.str[1:]}/{array.shape}/{array.tobytes().hex()}"
        constants = self._main._constants
        if key not in constants:
            constants[key] = _tensor(f"constant{len(constants)}", array)
        return str(constants[key].name)

    def graph(
        self, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
    ) -> GraphProto:
        """What has been added, as a graph."""
        return helper.make_graph(
            self._nodes,
            self._name or "lotmark",
            list(inputs),
            list(outputs),
            list(self._constants.values()),
        )


def value_of(name: str, axes: Sequence[str | int]) -> ValueInfoProto:
    """A double input or output; an axis of a name has any length."""
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE, list(axes))


def _tensor(name: str, array: npt.NDArray[Any]) -> TensorProto:
    kinds = {"f4": TensorProto.FLOAT, "f8": TensorProto.DOUBLE, "i8": TensorProto.INT64}
    kind = kinds[array.dtype.str[1:]]
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return helper.make_tensor(name, kind, array.shape, little.tobytes(), raw=True)
