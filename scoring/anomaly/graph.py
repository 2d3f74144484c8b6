"""A model as an ONNX graph: state in, state out, in double precision on weights kept as float32.

Inputs are rows [chunks, length, m], standardised and filled in, what of them was present, and the
state [rows, m]; a stream that is served row by row has chunks and length 1. The same model gives
the same bytes. What the file holds beside the graph is a model's form (:mod:`.model_form`), so
that the file alone is the model.
"""

from __future__ import annotations

from onnx import GraphProto, ValueInfoProto, helper

from ledger.strict_json import encode_json
from scoring.anomaly.graph_layout import METADATA_KEY, groups_of, state_rows
from scoring.anomaly.graph_many import ManyRows
from scoring.anomaly.graph_nodes import IR_VERSION, OPSET, Nodes, value_of
from scoring.anomaly.graph_one import OneRow
from scoring.anomaly.graph_weights import add_weights
from scoring.anomaly.model import Model
from scoring.anomaly.model_form import take_model_apart


def export_model(model: Model) -> bytes:
    """The ONNX file of a model: the same bytes for the same model."""
    form, tensors = take_model_apart(model)
    nodes = Nodes()
    for place, array in tensors.items():
        nodes.kept(place, array)
    outputs = _outputs(model)
    weights = add_weights(nodes, model)
    is_one = nodes("Equal", nodes("Size", "rows"), nodes.whole(len(model.modelled)))
    branches = []
    for kind in (OneRow, ManyRows):
        names = {output.name: f"{kind.__name__}/{output.name}" for output in outputs}
        branch = Nodes(nodes, f"{kind.__name__}/")
        kind(branch, model, weights, outputs=names).write()
        branches.append(branch.graph([], _renamed(outputs, names)))
    nodes.choose(is_one, branches, [output.name for output in outputs])
    return _file(nodes.graph(_inputs(model), outputs), encode_json(form, numbers="any"))


def _inputs(model: Model) -> list[ValueInfoProto]:
    size, rows = len(model.modelled), state_rows(model)
    found = [value_of(name, ["chunks", "length", size]) for name in ("rows", "present")]
    return [*found, value_of("state", [rows, size])] if rows else found


def _outputs(model: Model) -> list[ValueInfoProto]:
    size, rows = len(model.modelled), state_rows(model)
    found = [value_of("score", ["n"])]
    found += [value_of(name, ["n", len(model.statistics)]) for name in ("statistics", "raw")]
    if rows:
        found.append(value_of("state_after", [rows, size]))
    channels = [model.level.name, *([model.innovation.name] if model.innovation else [])]
    found += [value_of(f"residuals/{channel}", ["n", size]) for channel in channels]
    for n, group in enumerate(groups_of(model.statistics)):
        found.append(value_of(group.name, ["chunks", f"averages{n}", size]))
    return found


def _renamed(values: list[ValueInfoProto], names: dict[str, str]) -> list[ValueInfoProto]:
    found = []
    for value in values:
        other = ValueInfoProto()
        other.CopyFrom(value)
        other.name = names[value.name]
        found.append(other)
    return found


def _file(graph: GraphProto, form: bytes) -> bytes:
    opsets = [helper.make_opsetid("", OPSET)]
    file = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    file.producer_name = "lotmark"
    helper.set_model_props(file, {METADATA_KEY: form.decode()})
    return bytes(file.SerializeToString(deterministic=True))
