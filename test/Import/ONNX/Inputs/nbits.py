"""Random MatMulNBits models give what ONNX Runtime makes of them.

usage: nbits.py SLIMC SLIM-RUN DIRECTORY
"""
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

slimc, slim_run, directory = sys.argv[1:]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(7)


def make_model(bits, block, n, k, has_zeros, has_bias, is_flat):
    blocks = -(-k // block)
    scales = rng.uniform(0.01, 0.1, (n, blocks)).astype(np.float32)
    tensors = {
        "codes": rng.integers(0, 256, (n, blocks, block * bits // 8), np.uint8),
        "scales": scales.ravel() if is_flat else scales,
    }
    inputs = ["x", "codes", "scales"]
    if has_zeros or has_bias:
        inputs.append("zeros" if has_zeros else "")
    if has_zeros:
        zeros = rng.integers(0, 256, (n, -(-blocks * bits // 8)), np.uint8)
        tensors["zeros"] = zeros.ravel() if is_flat else zeros
    if has_bias:
        inputs += ["", "bias"]
        tensors["bias"] = rng.standard_normal(n).astype(np.float32)
    attributes = dict(K=k, N=n, bits=bits, block_size=block)
    node = helper.make_node(
        "MatMulNBits", inputs, ["y"], domain="com.microsoft", **attributes
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, None, k])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, None, n])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    return model


CASES = [
    # bits, block, N, K, zero points, bias, flat scales and zero points
    (4, 32, 24, 96, False, False, False),
    (4, 32, 7, 80, True, False, True),
    (4, 16, 33, 150, True, True, False),
    (4, 128, 5, 300, False, True, True),
    (8, 32, 12, 70, False, False, False),
    (8, 64, 9, 64, True, True, False),
]
for case in CASES:
    model = make_model(*case)
    onnx.save(model, "model.onnx")
    x = rng.standard_normal((2, 3, case[3])).astype(np.float32)
    np.save("x.npy", x)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    expected = session.run(None, {"x": x})[0]
    subprocess.run([slimc, "model.onnx", "-o", "model.so"], check=True)
    subprocess.run(
        [slim_run, "./model.so", "--input", "x=x.npy", "--output-dir", "."],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    error = np.abs(np.load("y.npy") - expected).max() / np.abs(expected).max()
    assert error < 1e-5, (case, error)
print(f"{len(CASES)} models alike")
