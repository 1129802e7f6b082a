#!/usr/bin/env python3
"""Write models that ONNX's textual form cannot express, for the tests here.

usage: make_models.py NAME OUT.onnx [--external FILE]
       make_models.py check-mapped MODULE.mlir
"""
import argparse
import os
import re

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializers=(), opset=17, **kwargs):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
        **kwargs,
    )


def ramp(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def mapped():
    """Weights of all kinds: large and small, in a branch, packed, typed data."""
    then_graph = helper.make_graph(
        [
            helper.make_node(
                "Constant",
                [],
                ["in_branch"],
                value=numpy_helper.from_array(ramp(16, 32) * 2),
            ),
            helper.make_node("MatMul", ["h", "in_branch"], ["t"]),
        ],
        "then",
        [],
        [value("t", FLOAT, None)],
    )
    else_graph = helper.make_graph(
        [helper.make_node("MatMul", ["h", "in_else"], ["e"])],
        "else",
        [],
        [value("e", FLOAT, None)],
        [numpy_helper.from_array(ramp(16, 32) * 3, "in_else")],
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node(
            "If", ["c"], ["y"], then_branch=then_graph, else_branch=else_graph
        ),
        helper.make_node("Identity", ["nibbles"], ["n"]),
        helper.make_node("Identity", ["half"], ["f"]),
        helper.make_node("Identity", ["small"], ["s"]),
    ]
    initializers = [
        numpy_helper.from_array(ramp(32, 16), "w"),
        helper.make_tensor(
            "nibbles", TensorProto.INT4, [9], [-8, -7, 7, 0, 1, 2, 3, 4, -1]
        ),
        # Without raw data: f16 as bits in int32_data.
        helper.make_tensor("half", TensorProto.FLOAT16, [5], [1, 2, 3, 4, 5]),
        helper.make_tensor("small", FLOAT, [6], [1, 2, 3, 4, 5, 6]),
    ]
    inputs = [value("x", FLOAT, ["N", 32]), value("c", TensorProto.BOOL, [])]
    outputs = [
        value("y", FLOAT, ["N", 32]),
        value("n", TensorProto.INT4, [9]),
        value("f", TensorProto.FLOAT16, [5]),
        value("s", FLOAT, [6]),
    ]
    return model(nodes, inputs, outputs, initializers, opset=21)


def check_mapped(path):
    """The mapped ranges that a module names hold what `mapped` wrote."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expected = {
        "w": ramp(32, 16),
        "in_branch": ramp(16, 32) * 2,
        "in_else": ramp(16, 32) * 3,
    }
    for name, array in expected.items():
        match = re.search(
            rf'slim\.weight @{name} : .* = #slim\.external<"(.*)", (\d+)>', text
        )
        data = np.fromfile(
            match[1], np.float32, count=array.size, offset=int(match[2])
        )
        assert (data == array.ravel()).all(), name


def function_call():
    """A model-local function with an attribute, one with a default."""
    body = [
        helper.make_node("LeakyRelu", ["a"], ["l"]),
        helper.make_node("Elu", ["l"], ["b"]),
    ]
    for node, name in zip(body, ["slope", "alpha"]):
        attribute = node.attribute.add()
        attribute.name = "alpha"
        attribute.type = onnx.AttributeProto.FLOAT
        attribute.ref_attr_name = name
    function = helper.make_function(
        "custom",
        "Twice",
        ["a"],
        ["b"],
        body,
        [helper.make_opsetid("", 17)],
        attributes=["slope"],
        attribute_protos=[helper.make_attribute("alpha", 0.5)],
    )
    node = helper.make_node("Twice", ["x"], ["y"], domain="custom", slope=0.25)
    result = model([node], [value("x", FLOAT, [4])], [value("y", FLOAT, [4])])
    result.functions.append(function)
    result.opset_import.append(helper.make_opsetid("custom", 1))
    return result


def sparse():
    """A sparse initializer."""
    result = model(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [value("x", FLOAT, [3, 3])],
        [value("y", FLOAT, [3, 3])],
    )
    result.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            helper.make_tensor("w", FLOAT, [2], [1.5, 2.5]),
            helper.make_tensor("i", TensorProto.INT64, [2], [1, 8]),
            [3, 3],
        )
    )
    return result


def escape():
    """External data outside of the model's directory."""
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../weights.bin")
    return model(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [value("x", FLOAT, [4])],
        [value("y", FLOAT, [4])],
        [tensor],
    )


MODELS = {f.__name__.replace("_", "-"): f for f in [mapped, function_call, sparse, escape]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(MODELS) + ["check-mapped"])
    parser.add_argument("path")
    parser.add_argument("--external", metavar="FILE")
    args = parser.parse_args()
    if args.name == "check-mapped":
        check_mapped(args.path)
        return
    result = MODELS[args.name]()
    if args.external:
        onnx.save(
            result,
            args.path,
            save_as_external_data=True,
            location=args.external,
            size_threshold=1024,
        )
    else:
        onnx.save(result, args.path)


if __name__ == "__main__":
    main()
