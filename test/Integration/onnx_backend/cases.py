"""The node tests of the onnx package, with what the driver needs of each."""
from __future__ import annotations

import dataclasses
import re
import warnings

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

# Kinds of values that are no tensors; a diagnostic may call them just that.
_KIND_WORDS = {
    "sequence_type": {"sequence", "tensor"},
    "optional_type": {"optional", "tensor"},
    "sparse_tensor_type": {"sparse", "tensor"},
    "map_type": {"map", "tensor"},
}

# Element types by their names in MLIR, where those differ from ONNX's.
_TYPE_WORDS = {
    "INT2": {"i2", "si2"},
    "UINT2": {"ui2"},
    "INT4": {"i4", "si4"},
    "UINT4": {"ui4"},
    "FLOAT4E2M1": {"f4E2M1FN"},
    "FLOAT8E4M3FN": {"f8E4M3FN"},
    "FLOAT8E4M3FNUZ": {"f8E4M3FNUZ"},
    "FLOAT8E5M2": {"f8E5M2"},
    "FLOAT8E5M2FNUZ": {"f8E5M2FNUZ"},
    "FLOAT8E8M0": {"f8E8M0FNU"},
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
        of the model, the types in it and its opset, in lower case."""
        words = {"opset"}
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
            name = TensorProto.DataType.Name(value.type.tensor_type.elem_type)
            words.update({name}, _TYPE_WORDS.get(name, set()))
        else:
            words.update(_KIND_WORDS.get(kind, set()))


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
