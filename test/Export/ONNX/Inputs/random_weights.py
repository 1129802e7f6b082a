"""Writes an ONNX model from its textual form; declared values that no node
makes become weights of random numbers.

usage: random_weights.py IN OUT.onnx   (lines that start with # are comments)
"""
import sys

import numpy as np
import onnx
import onnx.checker
import onnx.numpy_helper
import onnx.parser


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    model = onnx.parser.parse_model("".join(lines))
    rng = np.random.default_rng(0)
    made = {name for node in model.graph.node for name in node.output}
    for info in list(model.graph.value_info):
        if info.name in made:
            continue
        model.graph.value_info.remove(info)
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        data = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(
            onnx.numpy_helper.from_array(data, info.name))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
