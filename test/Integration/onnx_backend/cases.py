"""The node tests of the onnx package, with what the driver needs of each."""
from __future__ import annotations

import dataclasses
import re
import warnings

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

# Types of a graph's inputs and outputs that the C interface cannot carry.
_KIND_WORDS = {
    "sequence_type": "sequence",
    "optional_type": "optional",
    "sparse_tensor_type": "sparse",
    "map_type": "map",
}


@dataclasses.dataclass
class Case:
    """A model of one node (or of the nodes that define it), and its data."""

    name: str
    op: str  # the op under test, also for the expanded form
    model: onnx.ModelProto
    data_sets: list  # pairs (inputs, outputs) of lists of arrays
    rtol: float
    atol: float

    def words(self) -> set:
        """What a diagnostic about something unsupported here may name: the ops
        of the model and the types in it, in lower case."""
        words = set()
        _collect_graph(self.model.graph, words)
        return {word.lower() for word in words}


def _collect_graph(graph: onnx.GraphProto, words: set) -> None:
    for node in graph.node:
        words.add(node.op_type)
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                _collect_graph(attribute.g, words)
    for value in list(graph.input) + list(graph.output):
        kind = value.type.WhichOneof("value")
        if kind == "tensor_type":
            words.add(TensorProto.DataType.Name(value.type.tensor_type.elem_type))
        else:
            words.add(_KIND_WORDS.get(kind, str(kind)))


def _array(value):
    """The data sets hold arrays, tensors in protobuf form, lists and None."""
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, (list, tuple)) or value is None:
        return value
    return np.asarray(value)


def collect() -> list:
    """All node tests, by name."""
    with warnings.catch_warnings():
        # The expected values of some tests overflow or divide by zero.
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        tests = collect_testcases()
    ops = {t.name: t.model.graph.node[0].op_type for t in tests}
    result = []
    for test in tests:
        base = re.sub(r"_expanded(_ver\d+)?$", "", test.name)
        data_sets = [
            ([_array(v) for v in inputs], [_array(v) for v in outputs])
            for inputs, outputs in test.data_sets
        ]
        result.append(
            Case(
                test.name,
                ops.get(base, ops[test.name]),
                test.model,
                data_sets,
                test.rtol,
                test.atol,
            )
        )
    return sorted(result, key=lambda case: case.name)
